"""Whatever is sent: a problem that says what is wrong, and nothing written."""

from typing import Any

from tests.moto.events_refused import CONFERENCES, KINDS, refused, world
from tests.moto.events_site import NEW, STANDARD, TALK

__all__ = ["refused", "world"]

LONG = "x" * 5000


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
MALFORMED = [("POST", path) for path in (CONFERENCES, *(f"$site/{kind}" for kind in KINDS))] + [
    ("PATCH", "$site"),
    ("PATCH", "$site/rooms/$room"),
    ("PATCH", "$site/sessions/$session"),
    ("POST", "$site/members"),
    ("POST", "/events/invitations/accept"),
]
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
