"""Waits grow and end."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.auth.proofs import LIVES
from functions.auth.throttle import (
    ADDRESS_FAILURES,
    ANYWHERE,
    HERE,
    MAILS,
    Client,
    Pace,
    TooManyAttempts,
    Tries,
    Visit,
    network_of,
    window_of,
)

NOW = datetime(2026, 6, 1, 9, 3, tzinfo=UTC)


@pytest.mark.parametrize("pace", [HERE, ANYWHERE, MAILS])
@given(tries=st.integers(0, 10_000))
def test_a_wait_never_shrinks_and_never_becomes_for_ever(pace: Pace, tries: int) -> None:
    assert timedelta(0) <= pace.wait(tries) <= pace.wait(tries + 1) <= pace.longest <= timedelta(minutes=15)
    assert (pace.wait(tries) > timedelta(0)) == (tries >= pace.free)


def test_the_last_mail_is_good_until_the_next_may_be_sent() -> None:
    assert all(life > MAILS.longest for life in LIVES.values())


def test_a_door_that_is_closed_opens_by_itself() -> None:
    tries = Tries()
    for _ in range(50):
        tries = tries.next(HERE, max(NOW, tries.open_at))
    with pytest.raises(TooManyAttempts) as refused:
        tries.next(HERE, tries.open_at - timedelta(seconds=30))
    assert refused.value.headers == {"Retry-After": "30"}
    assert tries.next(HERE, tries.open_at).number == 51


def test_tries_are_forgotten_after_a_day_of_quiet() -> None:
    tries = Tries(40, NOW, NOW + HERE.memory)
    assert tries.next(HERE, NOW + HERE.memory).number == 1


def test_where_one_is_trusted_only_ones_own_tries_count() -> None:
    attacked = Tries(500, NOW + timedelta(minutes=15), NOW + timedelta(days=1))
    stranger = Visit("ada@example.org", "203.0.113.1", anywhere=attacked)
    with pytest.raises(TooManyAttempts):
        stranger.knock(NOW)
    home = Visit("ada@example.org", "192.0.2.1", Tries(trusted_until=NOW + timedelta(days=1)), attacked, ADDRESS_FAILURES)
    assert home.knock(NOW).here.number == 1


def test_a_window_of_failures_ends() -> None:
    crowded = Visit("ada@example.org", "203.0.113.1", address_failures=ADDRESS_FAILURES)
    with pytest.raises(TooManyAttempts) as refused:
        crowded.knock(NOW)
    assert refused.value.seconds == 7 * 60
    assert window_of(NOW) + timedelta(minutes=10) == window_of(NOW + timedelta(minutes=7))


@pytest.mark.parametrize(
    ("source", "network"),
    [
        ("192.0.2.10", "192.0.2.10"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::"),
        ("", ""),
        ("no address", "no address"),
    ],
)
def test_a_subscriber_is_one_address(source: str, network: str) -> None:
    assert network_of(source) == network


@given(st.text())
def test_a_device_is_one_short_line(user_agent: str) -> None:
    device = Client.of("192.0.2.1", user_agent).device
    assert 0 < len(device) <= 200
    assert device.isprintable()


def test_an_email_and_an_address_are_not_shown_where_they_could_be_logged() -> None:
    shown = repr((Visit("ada@example.org", "192.0.2.1"), Client("192.0.2.1", "curl")))
    assert "ada" not in shown
    assert "192.0.2.1" not in shown
