"""Whatever is sent: a problem that says what is wrong, and nothing written."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from functions.events.api import handler
from shared.caller import Caller
from shared.table import encode_cursor
from tests.moto.events_site import ADA, BOB, NEW, STANDARD, TALK, Site, accept, found
from tests.support import Table, call

STAFF = Caller("usr_sam", "sam@example.org", "Sam")
LONG = "x" * 5000
CONFERENCES = "/events/conferences"


@dataclass(frozen=True)
class World:
    """A draft and a published conference with one part of each kind; Ada organises both, Sam is staff of both."""

    draft: Site
    site: Site
    ids: dict[str, str]

    def fill(self, template: Any) -> Any:
        if isinstance(template, str):
            for name, value in self.ids.items():
                template = template.replace(f"${name}", value)
            return template
        if isinstance(template, dict):
            return {name: self.fill(value) for name, value in template.items()}
        return [self.fill(value) for value in template] if isinstance(template, list) else template


@pytest.fixture
def world(table: Table) -> World:
    draft, site = Site(found().json["id"], table), Site(found().json["id"], table)
    for each in (draft, site):
        each.admit(STAFF, "staff")
    room, speaker = site.make("/rooms", {"name": "Hall"})["id"], site.make("/speakers", {"name": "Grace"})["id"]
    session = site.make("/sessions", {**TALK, "room_id": room, "speaker_ids": [speaker]})["id"]
    pool = site.make("/pools", {"name": "The hall", "capacity": 500})["id"]
    ticket_type = site.make("/ticket-types", {**STANDARD, "pool_id": pool})["id"]
    token = site.make("/members", {"email": "bob@example.org", "role": "staff"})["token"]
    used = site.make("/members", {"email": "sam@example.org", "role": "staff"})["token"]
    accept(used, Caller("usr_eve", "eve@example.org", "Eve"))
    site.publish()
    return World(
        draft,
        site,
        {
            "draft": f"{CONFERENCES}/{draft.id}",
            "site": f"{CONFERENCES}/{site.id}",
            "none": f"{CONFERENCES}/cnf_none",
            "room": room,
            "speaker": speaker,
            "session": session,
            "type": ticket_type,
            "pool": pool,
            "token": token,
            "used": used,
        },
    )


def bad(body: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The body with some members changed; `...` takes one out."""
    return {name: value for name, value in {**body, **changes}.items() if value is not ...}


BODIES: list[tuple[str, str, Any, str]] = [
    *[
        ("POST", CONFERENCES, bad(NEW, **changes), slug)
        for changes, slug in [
            ({"name": ...}, "invalid"),
            ({"name": ""}, "invalid"),
            ({"name": "   "}, "invalid"),
            ({"name": "x" * 201}, "invalid"),
            ({"name": 7}, "invalid"),
            ({"name": None}, "invalid"),
            ({"slug": "No Slug"}, "invalid"),
            ({"slug": "ab"}, "invalid"),
            ({"slug": "x" * 61}, "invalid"),
            ({"slug": "a\u0000bc"}, "invalid"),
            ({"description": LONG}, "invalid"),
            ({"time_zone": ...}, "invalid"),
            ({"time_zone": "Mars/Olympus"}, "unknown-time-zone"),
            ({"time_zone": "../../etc/passwd"}, "unknown-time-zone"),
            ({"time_zone": "Europe"}, "unknown-time-zone"),
            ({"time_zone": "a\u0000b"}, "unknown-time-zone"),
            ({"starts_at": "2099-09-01T08:00:00"}, "invalid"),
            ({"starts_at": "yesterday"}, "invalid"),
            ({"starts_at": "0001-01-01T00:00:00+14:00"}, "invalid"),
            ({"ends_at": "9999-12-31T23:59:59-14:00"}, "invalid"),
            ({"ends_at": NEW["starts_at"]}, "invalid-window"),
            ({"ends_at": "2098-01-01T00:00:00Z"}, "invalid-window"),
            ({"currency": "euro"}, "invalid"),
            ({"currency": "eur"}, "invalid"),
            ({"retention_days": 0}, "invalid"),
            ({"retention_days": -1}, "invalid"),
            ({"retention_days": 3651}, "invalid"),
            ({"retention_days": 1.5}, "invalid"),
            ({"retention_days": "30"}, "invalid"),
            ({"retention_days": True}, "invalid"),
            ({"hold_minutes": 0}, "invalid"),
            ({"hold_minutes": 0.05}, "invalid"),
            ({"hold_minutes": float("nan")}, "invalid"),
            ({"hold_minutes": 1441}, "invalid"),
            ({"hold_minutes": "15"}, "invalid"),
            ({"hold_minutes": True}, "invalid"),
            ({"contact_email": "nobody"}, "invalid"),
            ({"contact_email": f"{LONG}@example.org"}, "invalid"),
            ({"status": "published"}, "invalid"),
            ({"id": "cnf_mine"}, "invalid"),
        ]
    ],
    *[
        ("PATCH", "$site", changes, slug)
        for changes, slug in [
            ({"name": None}, "invalid"),
            ({"time_zone": None}, "invalid"),
            ({"starts_at": None}, "invalid"),
            ({"hold_minutes": None}, "invalid"),
            ({"slug": "another"}, "invalid"),
            ({"status": "draft"}, "invalid"),
            ({"currency": "CHF"}, "currency-fixed"),
            ({"ends_at": "2090-01-01T00:00:00Z"}, "invalid-window"),
            ({"time_zone": "Nowhere"}, "unknown-time-zone"),
            ({"ends_at": "2099-09-01T07:30:00Z"}, "sessions-left-outside"),
        ]
    ],
    *[
        (method, path, body, "invalid")
        for method, path in (("POST", "$site/rooms"), ("PATCH", "$site/rooms/$room"))
        for body in [
            {"name": ""},
            {"name": "x" * 201},
            {"name": None},
            {"name": ["Hall"]},
            {"name": "Hall", "capacity": 0},
            {"name": "Hall", "capacity": 1.5},
            {"name": "Hall", "capacity": 10**30},
            {"name": "Hall", "floor": 3},
        ]
    ],
    ("POST", "$site/rooms", {}, "invalid"),
    *[
        (method, path, body, "invalid")
        for method, path in (("POST", "$site/speakers"), ("PATCH", "$site/speakers/$speaker"))
        for body in [
            {"name": ""},
            {"name": None},
            {"name": "Grace", "biography": LONG},
            {"name": "Grace", "email": "g@example.org"},
        ]
    ],
    ("POST", "$site/speakers", {}, "invalid"),
    *[
        ("POST", "$site/sessions", bad(TALK, **changes), slug)
        for changes, slug in [
            ({"title": ...}, "invalid"),
            ({"type": "party"}, "invalid"),
            ({"abstract": LONG}, "invalid"),
            ({"language": "English!"}, "invalid"),
            ({"speaker_ids": "$speaker"}, "invalid"),
            ({"speaker_ids": [f"spk_{number}" for number in range(21)]}, "invalid"),
            ({"speaker_ids": [LONG]}, "invalid"),
            ({"speaker_ids": ["spk_none"]}, "unknown-speaker"),
            ({"speaker_ids": ["$room"]}, "unknown-speaker"),
            ({"room_id": "room_none"}, "unknown-room"),
            ({"room_id": "$speaker"}, "unknown-room"),
            ({"room_id": ""}, "invalid"),
            ({"room_id": "$room"}, "room-taken"),
            ({"ends_at": TALK["starts_at"]}, "invalid-window"),
            ({"starts_at": "2099-08-31T09:00:00Z"}, "session-outside-conference"),
            ({"ends_at": "2099-09-05T09:00:00Z"}, "session-outside-conference"),
        ]
    ],
    *[
        ("PATCH", "$site/sessions/$session", changes, slug)
        for changes, slug in [
            ({"title": None}, "invalid"),
            ({"speaker_ids": None}, "invalid"),
            ({"type": None}, "invalid"),
            ({"room_id": "room_none"}, "unknown-room"),
            ({"speaker_ids": ["spk_none"]}, "unknown-speaker"),
            ({"ends_at": "2099-09-01T06:30:00Z"}, "invalid-window"),
            ({"starts_at": "2099-08-31T09:00:00Z"}, "session-outside-conference"),
        ]
    ],
    *[
        ("POST", "$site/ticket-types", bad(STANDARD, **changes), slug)
        for changes, slug in [
            ({"name": ...}, "invalid"),
            ({"price": ...}, "invalid"),
            ({"price": -1}, "invalid"),
            ({"price": 10**12 + 1}, "invalid"),
            ({"price": 49.5}, "invalid"),
            ({"price": "4900"}, "invalid"),
            ({"price": {"amount": 4900}}, "invalid"),
            ({"capacity": 0}, "invalid"),
            ({"capacity": 100_001}, "invalid"),
            ({"max_per_order": 21}, "invalid"),
            ({"min_per_order": 11}, "order-limits"),
            ({"hidden": "yes"}, "invalid"),
            ({"sale_ends_at": "2020-01-01T00:00:00Z"}, "invalid-window"),
            ({"sale_starts_at": "2099-09-03T00:00:00Z"}, "invalid-window"),
            ({"valid_until": "2099-08-01T00:00:00Z"}, "invalid-window"),
            ({"currency": "USD"}, "invalid"),
            ({"pool_id": 7}, "invalid"),
            ({"max_per_person": 0}, "invalid"),
            ({"max_per_person": "2"}, "invalid"),
            ({"min_per_order": 3, "max_per_person": 2}, "order-limits"),
            ({"pool_id": ""}, "invalid"),
            ({"pool_id": "pool_none"}, "unknown-pool"),
            ({"pool_id": "$room"}, "unknown-pool"),
        ]
    ],
    *[
        ("POST", "$site/pools", bad({"name": "The hall", "capacity": 500}, **changes), "invalid")
        for changes in [
            {"name": ...},
            {"name": ""},
            {"name": LONG},
            {"capacity": ...},
            {"capacity": None},
            {"capacity": 0},
            {"capacity": 100_001},
            {"capacity": "500"},
            {"ticket_type_ids": []},
        ]
    ],
    ("PATCH", "$site/pools/$pool", {"capacity": 0}, "invalid"),
    ("PATCH", "$site/pools/$pool", {"name": None}, "invalid"),
    *[
        ("PATCH", "$site/ticket-types/$type", changes, slug)
        for changes, slug in [
            ({"price": None}, "invalid"),
            ({"sale_starts_at": None}, "invalid"),
            ({"max_per_order": 0}, "invalid"),
            ({"min_per_order": 11}, "order-limits"),
            ({"valid_from": "2099-12-01T00:00:00Z"}, "invalid-window"),
            ({"pool_id": "pool_none"}, "unknown-pool"),
            ({"pool_id": None}, "pool-fixed"),
        ]
    ],
    *[
        ("POST", "$site/members", body, "invalid")
        for body in [
            {},
            {"email": "bob@example.org"},
            {"email": "bob@example.org", "role": "owner"},
            {"email": "bob", "role": "staff"},
            {"email": "bob@example.org\n", "role": "staff", "company": LONG},
            {"email": "bob@example.org", "role": "staff", "token": "mine"},
            {"email": "bob@example.org", "role": "staff", "team_id": "exh_1"},
            {"email": "bob@example.org", "role": "exhibitor", "team_id": "exh_1", "company": "Acme"},
            {"email": "bob@example.org", "role": "exhibitor", "team_id": LONG},
        ]
    ],
    *[
        ("POST", "/events/invitations/accept", body, slug)
        for body, slug in [
            ({}, "invalid"),
            ({"token": ""}, "invalid"),
            ({"token": LONG}, "invalid"),
            ({"token": 7}, "invalid"),
            ({"token": "nonsense"}, "not-found"),
            ({"token": "a.b.c"}, "not-found"),
            ({"token": "..."}, "not-found"),
            ({"token": "$tokenx"}, "not-found"),
            ({"token": "$token"}, "already-member"),  # Ada holds it up, who is its organizer
            ({"token": "$used"}, "invitation-used"),
        ]
    ],
]

KINDS = ("rooms", "speakers", "sessions", "pools", "ticket-types")
MALFORMED = [("POST", path) for path in (CONFERENCES, *(f"$site/{kind}" for kind in KINDS))] + [
    ("PATCH", "$site"),
    ("PATCH", "$site/rooms/$room"),
    ("PATCH", "$site/sessions/$session"),
    ("POST", "$site/members"),
    ("POST", "/events/invitations/accept"),
]

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


@pytest.fixture
def refused(world: World) -> Iterator[Any]:
    """Call, for the status and the problem; nothing that is called in the test may have written."""

    def refusal(method: str, url: str, body: Any = None, caller: Caller | None = ADA, **headers: str) -> tuple[int, str]:
        answer = call(handler, method, world.fill(url), world.fill(body), caller=caller, headers=headers)
        return answer.status, answer.problem()

    before = world.site.table.items()
    yield refusal
    assert world.site.table.items() == before


STATUSES = {
    "invalid": 422,
    "invalid-window": 422,
    "unknown-time-zone": 422,
    "unknown-room": 422,
    "unknown-pool": 422,
    "pool-fixed": 409,
    "unknown-speaker": 422,
    "session-outside-conference": 422,
    "order-limits": 422,
    "currency-fixed": 409,
    "sessions-left-outside": 409,
    "room-taken": 409,
    "already-member": 409,
    "invitation-used": 409,
    "not-found": 404,
}


def test_a_body_that_is_not_acceptable(refused: Any) -> None:
    for method, url, body, slug in BODIES:
        assert refused(method, url, body) == (STATUSES[slug], slug), (method, url, body)


def test_a_body_that_cannot_be_read(refused: Any) -> None:
    for method, url in MALFORMED:
        assert refused(method, url, "{no json") == (400, "malformed"), url
        assert refused(method, url, "[1]") == (422, "invalid"), url
        assert refused(method, url, '"text"') == (422, "invalid"), url
        assert refused(method, url, None) == (422, "invalid"), url


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
