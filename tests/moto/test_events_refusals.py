"""Who may not, what is not there and what the state forbids: a problem that says so, and nothing written."""

from typing import Any

import pytest

from shared.caller import Caller
from shared.table import encode_cursor
from tests.moto.events_refused import CONFERENCES, KINDS, STAFF, World, refused, world
from tests.moto.events_site import BOB, NEW, STANDARD, TALK

__all__ = ["refused", "world"]

# Every route that only organizers may use, with a body that they could send.
ORGANIZERS: list[tuple[str, str, Any]] = [
    ("PATCH", "", {"venue": "Harbour"}),
    ("POST", "/publish", None),
    ("POST", "/archive", None),
    ("POST", "/agenda/releases", None),
    ("POST", "/rooms", {"name": "Hall"}),
    ("PATCH", "/rooms/$room", {"name": "Else"}),
    ("DELETE", "/rooms/$room", None),
    ("POST", "/speakers", {"name": "Grace"}),
    ("PATCH", "/speakers/$speaker", {"name": "Else"}),
    ("DELETE", "/speakers/$speaker", None),
    ("POST", "/sessions", TALK),
    ("PATCH", "/sessions/$session", {"title": "Else"}),
    ("DELETE", "/sessions/$session", None),
    ("POST", "/ticket-types", STANDARD),
    ("PATCH", "/ticket-types/$type", {"price": 1}),
    ("DELETE", "/ticket-types/$type", None),
    ("POST", "/pools", {"name": "The hall", "capacity": 500}),
    ("PATCH", "/pools/$pool", {"capacity": 1}),
    ("DELETE", "/pools/$pool", None),
    ("POST", "/members", {"email": "eve@example.org", "role": "organizer"}),
    ("GET", "/members", None),
    ("DELETE", "/members/usr_ada", None),
]
VISITORS = [
    "",
    "/rooms",
    "/rooms/$room",
    "/speakers",
    "/speakers/$speaker",
    "/sessions",
    "/sessions/$session",
    "/ticket-types",
    "/ticket-types/$type",
    "/pools",
    "/pools/$pool",
    "/agenda",
    "/agenda/now",
    "/agenda/releases",
    "/agenda/releases/1",
]


def test_what_only_organizers_may_do(refused: Any) -> None:
    for method, path, body in ORGANIZERS:
        assert refused(method, f"$site{path}", body, caller=None) == (401, "unauthenticated"), path
        assert refused(method, f"$site{path}", body, caller=BOB) == (403, "forbidden"), path
        assert refused(method, f"$site{path}", body, caller=STAFF) == (403, "forbidden"), path
        assert refused(method, f"$draft{path}", body, caller=BOB) == (404, "not-found"), path
        assert refused(method, f"$draft{path}", body, caller=STAFF) == (403, "forbidden"), path
        assert refused(method, f"$none{path}", body) == (404, "not-found"), path
        assert refused(method, f"{CONFERENCES}/{'x' * 65}{path}", body) == (422, "invalid"), path


def test_a_role_that_only_the_token_knows_of_opens_nothing(refused: Any, world: World) -> None:
    liar = Caller("usr_eve2", "eve@example.org", "Eve", {world.site.id: "organizer", world.draft.id: "organizer"})
    for method, path, body in ORGANIZERS:
        assert refused(method, f"$site{path}", body, caller=liar) == (403, "forbidden"), path
        assert refused(method, f"$draft{path}", body, caller=liar) == (404, "not-found"), path


def test_a_draft_is_not_there_for_others(refused: Any) -> None:
    for path in VISITORS:
        for caller in (None, BOB):
            assert refused("GET", f"$draft{path}", caller=caller) == (404, "not-found"), path
            assert refused("GET", f"$none{path}", caller=caller) == (404, "not-found"), path


@pytest.mark.parametrize(
    ("path", "body"),
    list(zip(KINDS, ({"name": "X"}, {"name": "X"}, {"title": "X"}, {"name": "X"}, {"price": 1}), strict=True)),
)
def test_parts_that_are_not_there(refused: Any, path: str, body: Any) -> None:
    another_kind = "$room" if path == "speakers" else "$speaker"
    for part_id in ("room_none", "CONF", "MEMBER%23usr_ada", another_kind):
        for method, sent in (("GET", None), ("PATCH", body), ("DELETE", None)):
            assert refused(method, f"$site/{path}/{part_id}", sent) == (404, "not-found"), (method, part_id)
    assert refused("GET", f"$site/{path}/{'x' * 65}") == (422, "invalid")


def test_things_of_another_conference(refused: Any) -> None:
    assert refused("GET", "$draft/rooms/$room") == (404, "not-found")
    assert refused("PATCH", "$draft/sessions/$session", {"title": "X"}) == (404, "not-found")
    assert refused("POST", "$draft/sessions", {**TALK, "room_id": "$room"}) == (422, "unknown-room")
    assert refused("DELETE", "$draft/members/usr_none") == (404, "not-found")
    assert refused("DELETE", "$draft/members/inv_none") == (404, "not-found")


def test_what_the_state_forbids(refused: Any) -> None:
    assert refused("POST", "$draft/agenda/releases") == (409, "not-published")
    assert refused("DELETE", "$site/rooms/$room") == (409, "in-use")
    assert refused("DELETE", "$site/speakers/$speaker") == (409, "in-use")
    assert refused("DELETE", "$site/ticket-types/$type") == (409, "on-sale")
    assert refused("DELETE", "$site/pools/$pool") == (409, "in-use")
    assert refused("DELETE", "$site/members/usr_ada") == (409, "last-organizer")


def test_pages_that_no_list_gave(refused: Any) -> None:
    elsewhere = "eyJwayI6eyJTIjoiQ09ORiN4In0sInNrIjp7IlMiOiJDT05GIn19"  # {"pk":{"S":"CONF#x"},"sk":{"S":"CONF"}}
    for url in (CONFERENCES, *(f"$site/{kind}" for kind in (*KINDS, "members"))):
        assert refused("GET", f"{url}?limit=0") == (422, "invalid"), url
        assert refused("GET", f"{url}?limit=101") == (422, "invalid"), url
        assert refused("GET", f"{url}?limit=many") == (422, "invalid"), url
        assert refused("GET", f"{url}?cursor=nonsense") == (400, "malformed"), url
        assert refused("GET", f"{url}?cursor={elsewhere}") == (400, "malformed"), url
        assert refused("GET", f"{url}?cursor={'x' * 1025}") == (422, "invalid"), url
    assert refused("GET", f"{CONFERENCES}?mine=perhaps") == (422, "invalid")
    assert refused("GET", f"{CONFERENCES}?mine=true", caller=None) == (401, "unauthenticated")


def test_a_cursor_of_another_list_of_the_same_conference(refused: Any, world: World) -> None:
    cursor = encode_cursor({"pk": {"S": f"CONF#{world.site.id}"}, "sk": {"S": "RELEASE#1"}})
    for path in ("rooms", "members"):
        assert refused("GET", f"$site/{path}?cursor={cursor}") == (400, "malformed")


def test_headers_that_are_not_acceptable(refused: Any) -> None:
    assert refused("POST", CONFERENCES, NEW, **{"Idempotency-Key": "x" * 256}) == (400, "malformed")
    assert refused("POST", "$site/rooms", {"name": "Hall"}, **{"Idempotency-Key": "ü"}) == (400, "malformed")
    assert refused("GET", "$site/agenda", caller=None, **{"If-None-Match": "x" * 1025}) == (422, "invalid")
