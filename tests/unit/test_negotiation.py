import pytest

from shared.negotiation import NotAcceptable, choose, takes

PNG, SVG = "image/png", "image/svg+xml"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", PNG),
        ("*/*", PNG),
        ("image/*", PNG),
        ("image/png", PNG),
        ("image/svg+xml", SVG),
        ("IMAGE/SVG+XML", SVG),
        ("image/svg+xml;charset=utf-8", SVG),
        ("image/svg+xml, image/png", PNG),
        ("image/png;q=0.5, image/svg+xml", SVG),
        ("image/svg+xml;q=0.9,*/*;q=0.1", SVG),
        ("image/png;q=0, */*", SVG),
        ("image/png; q=0.2 , image/*; q=0.4", SVG),
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", PNG),
        ("text/html, image/svg+xml;q=0.1", SVG),
        ("nonsense, image/svg+xml", SVG),
    ],
)
def test_the_client_gets_what_it_likes_best_and_else_our_first(accept: str, chosen: str) -> None:
    assert choose(accept, PNG, SVG) == chosen


@pytest.mark.parametrize("accept", ["text/html", "image/webp", "*/*;q=0", "image/*;q=0.0, text/plain", "nonsense", ",", ";q=1"])
def test_a_client_that_takes_none_is_told_what_there_is(accept: str) -> None:
    with pytest.raises(NotAcceptable) as failure:
        choose(accept, PNG, SVG)
    assert PNG in failure.value.detail
    assert SVG in failure.value.detail


@pytest.mark.parametrize(
    ("accept_encoding", "taken"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("br, gzip;q=0.1", True),
        ("deflate, br", False),
        ("*", True),
        ("*;q=0", False),
        ("gzip;q=0, *", False),
        ("gzip;q=0.000", False),
        ("identity", False),
        ("x-gzip", False),
        (",,;;=", False),
    ],
)
def test_only_whoever_takes_a_coding_is_sent_it(accept_encoding: str, taken: bool) -> None:
    assert takes("gzip", accept_encoding) is taken
