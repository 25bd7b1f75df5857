"""What a conference has several of, over HTTP, on a table."""

from typing import Any

import pytest

from functions.events.items import ConferenceItem, TicketTypeItem, partition
from shared.messages import (
    PoolChanged,
    TicketTypeChanged,
)
from tests.moto.events_site import ADA, BOB, STANDARD, TALK, Site, found
from tests.support import Table


@pytest.fixture
def site(table: Table) -> Site:
    return Site(found().json["id"], table)


def test_a_changed_ticket_type_is_told_each_time_and_a_later_one_at_once(site: Site) -> None:
    path = f"/ticket-types/{site.make('/ticket-types', STANDARD)['id']}"
    site.publish()
    site.call("PATCH", path, {"price": 5900, "hidden": True})
    site.make("/ticket-types", {**STANDARD, "name": "Late"})
    told = site.messages(TicketTypeChanged)
    assert [(message.name, message.price.amount, message.hidden) for message in told] == [
        ("Standard", 4900, False),
        ("Standard", 5900, True),
        ("Late", 4900, False),
    ]
    assert [message.revision for message in told] == sorted({message.revision for message in told})


PARTS: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("/rooms", {"name": "Hall", "capacity": 300}, {"capacity": None}, {"name": "Hall", "capacity": None}),
    ("/tracks", {"name": "Data", "color": "#2266aa"}, {"name": "AI"}, {"name": "AI", "color": "#2266aa"}),
    (
        "/speakers",
        {"name": "Grace", "company": "Navy"},
        {"biography": "Rear admiral"},
        {"name": "Grace", "company": "Navy", "biography": "Rear admiral", "user_id": None},
    ),
    (
        "/sessions",
        TALK,
        {"language": "en", "ends_at": "2099-09-01T11:00:00+02:00", "level": "beginner", "recording_url": "https://example.org/v"},
        {
            "title": "Talk",
            "type": "talk",
            "abstract": None,
            "room_id": None,
            "speaker_ids": [],
            "language": "en",
            "level": "beginner",
            "track_id": None,
            "recording_url": "https://example.org/v",
            "starts_at": "2099-09-01T07:00:00Z",
            "ends_at": "2099-09-01T09:00:00Z",
        },
    ),
    (
        "/ticket-types",
        {**STANDARD, "sale_starts_at": "2099-01-01T00:00:00Z"},
        {"max_per_order": 2, "max_per_person": 4, "valid_until": "2099-09-01T18:00:00+02:00"},
        {
            "name": "Standard",
            "description": None,
            "price": 4900,
            "currency": "EUR",
            "capacity": 100,
            "min_per_order": 1,
            "max_per_order": 2,
            "sale_starts_at": "2099-01-01T00:00:00Z",
            "sale_ends_at": "2099-09-02T16:00:00Z",
            "hidden": False,
            "valid_from": "2099-08-31T22:00:00Z",
            "valid_until": "2099-09-01T16:00:00Z",
            "pool_id": None,
            "max_per_person": 4,
        },
    ),
    ("/pools", {"name": "The hall", "capacity": 500}, {"capacity": 450}, {"name": "The hall", "capacity": 450}),
]


@pytest.mark.parametrize(("path", "body", "changes", "then"), PARTS)
def test_a_part_is_added_changed_shown_listed_and_deleted(
    site: Site, path: str, body: dict[str, Any], changes: dict[str, Any], then: dict[str, Any]
) -> None:
    one = f"{path}/{site.make(path, body)['id']}"
    then = {"id": one.rpartition("/")[2], **then}
    assert site.call("PATCH", one, changes).json == then
    assert site.call("GET", one).json == then
    assert site.call("GET", path).json == {"items": [then], "next_cursor": None}
    assert site.call("GET", one, caller=None).status == 404  # a draft
    assert site.call("GET", path, caller=None).status == 404
    deleted = site.call("DELETE", one)
    assert (deleted.status, deleted.body) == (204, b"")
    assert site.call("DELETE", one).problem() == "not-found"
    assert site.call("GET", path).json["items"] == []


@pytest.mark.parametrize(("path", "body", "_changes", "_then"), PARTS)
def test_a_repeated_addition_adds_one(site: Site, path: str, body: dict[str, Any], _changes: Any, _then: Any) -> None:
    first, second = (site.make(path, body, idempotency_key="k") for _ in range(2))
    assert first == second
    assert len(site.call("GET", path).json["items"]) == 1
    name = "title" if "title" in body else "name"
    assert site.call("POST", path, {**body, name: "Else"}, idempotency_key="k").problem() == "idempotency-key-reused"


@pytest.mark.parametrize(("path", "body", "_changes", "_then"), PARTS)
def test_a_published_conference_lists_its_parts_page_by_page(
    site: Site, path: str, body: dict[str, Any], _changes: Any, _then: Any
) -> None:
    made = [site.make(path, body)["id"] for _ in range(3)]
    site.publish()
    reader = None if path == "/ticket-types" else ADA
    first = site.call("GET", f"{path}?limit=2", caller=reader).json
    second = site.call("GET", f"{path}?limit=2&cursor={first['next_cursor']}", caller=reader).json
    assert [part["id"] for part in first["items"] + second["items"]] == sorted(made)
    assert second["next_cursor"] is None


@pytest.mark.parametrize(("path", "body", "_changes", "_then"), PARTS)
def test_what_is_not_released_is_the_teams_own(site: Site, path: str, body: dict[str, Any], _changes: Any, _then: Any) -> None:
    made = site.make(path, body)["id"]
    site.publish()
    shown = path == "/ticket-types"
    for caller in (None, BOB):
        for url in (path, f"{path}/{made}"):
            answer = site.call("GET", url, caller=caller)
            assert answer.status == 200 if shown else answer.problem() == "work-in-progress", url


def test_a_hidden_ticket_type_is_there_for_members_only(site: Site) -> None:
    hidden = site.make("/ticket-types", {**STANDARD, "hidden": True})["id"]
    site.publish()
    assert site.call("GET", "/ticket-types", caller=BOB).json["items"] == []
    assert site.call("GET", f"/ticket-types/{hidden}", caller=None).problem() == "not-found"
    assert [each["id"] for each in site.call("GET", "/ticket-types").json["items"]] == [hidden]
    assert site.call("GET", f"/ticket-types/{hidden}").status == 200


def test_two_sessions_are_not_in_one_room_at_once(site: Site) -> None:
    room = site.make("/rooms", {"name": "Hall"})["id"]
    first = site.make("/sessions", {**TALK, "room_id": room})
    overlapping = {**TALK, "title": "Other", "starts_at": "2099-09-01T09:59:00+02:00", "ends_at": "2099-09-01T11:00:00+02:00"}
    refused = site.call("POST", "/sessions", {**overlapping, "room_id": room})
    assert (refused.problem(), refused.json["session_id"]) == ("room-taken", first["id"])
    other = site.make("/sessions", overlapping)  # in no room
    assert site.call("PATCH", f"/sessions/{other['id']}", {"room_id": room}).problem() == "room-taken"
    moved = {"room_id": room, "starts_at": "2099-09-01T10:00:00+02:00"}  # as the first ends
    assert site.call("PATCH", f"/sessions/{other['id']}", moved).status == 200
    assert site.call("PATCH", f"/sessions/{first['id']}", {"title": "Renamed"}).status == 200  # it does not meet itself


def test_what_a_session_names_is_not_deleted_under_it(site: Site) -> None:
    room, speaker = site.make("/rooms", {"name": "Hall"})["id"], site.make("/speakers", {"name": "Grace"})["id"]
    session = site.make("/sessions", {**TALK, "room_id": room, "speaker_ids": [speaker, speaker]})
    assert session["speaker_ids"] == [speaker]
    for path in (f"/rooms/{room}", f"/speakers/{speaker}"):
        refused = site.call("DELETE", path)
        assert (refused.status, refused.problem(), refused.json["session_id"]) == (409, "in-use", session["id"])
    assert site.call("PATCH", f"/sessions/{session['id']}", {"room_id": None, "speaker_ids": []}).status == 200
    assert site.call("DELETE", f"/rooms/{room}").status == site.call("DELETE", f"/speakers/{speaker}").status == 204


def test_a_conference_does_not_shrink_below_its_sessions(site: Site) -> None:
    site.make("/sessions", TALK)
    assert site.call("PATCH", body={"starts_at": "2099-09-01T09:30:00+02:00"}).problem() == "sessions-left-outside"
    assert site.call("PATCH", body={"starts_at": "2099-09-01T09:00:00+02:00"}).status == 200


def test_a_type_that_was_on_sale_stays(site: Site) -> None:
    ticket_type = site.make("/ticket-types", STANDARD)["id"]
    site.publish()
    assert site.call("DELETE", f"/ticket-types/{ticket_type}").problem() == "on-sale"


def test_a_pool_stays_while_a_ticket_type_draws_from_it(site: Site) -> None:
    pool, other = (site.make("/pools", {"name": name, "capacity": 500})["id"] for name in ("The hall", "The garden"))
    ticket_type = site.make("/ticket-types", {**STANDARD, "pool_id": pool})
    assert ticket_type["pool_id"] == pool
    refused = site.call("DELETE", f"/pools/{pool}")
    assert (refused.status, refused.problem(), refused.json["ticket_type_id"]) == (409, "in-use", ticket_type["id"])
    assert site.call("PATCH", f"/ticket-types/{ticket_type['id']}", {"pool_id": other}).json["pool_id"] == other
    assert site.call("DELETE", f"/pools/{pool}").status == 204


def test_a_type_that_was_on_sale_keeps_its_pool(site: Site) -> None:
    pool = site.make("/pools", {"name": "The hall", "capacity": 500})["id"]
    within, beside = site.make("/ticket-types", {**STANDARD, "pool_id": pool})["id"], site.make("/ticket-types", STANDARD)["id"]
    site.publish()
    assert site.call("PATCH", f"/ticket-types/{within}", {"pool_id": None}).problem() == "pool-fixed"
    assert site.call("PATCH", f"/ticket-types/{beside}", {"pool_id": pool}).problem() == "pool-fixed"
    assert site.call("PATCH", f"/ticket-types/{within}", {"pool_id": pool, "price": 1}).status == 200


def test_pools_are_told_at_publication_and_with_each_change(site: Site) -> None:
    pool = site.make("/pools", {"name": "The hall", "capacity": 500})["id"]
    ticket_type = site.make("/ticket-types", {**STANDARD, "pool_id": pool})["id"]
    assert site.messages(PoolChanged) == []
    site.publish()
    assert site.call("PATCH", f"/pools/{pool}", {"capacity": 450}).status == 200
    later = site.make("/pools", {"name": "The garden", "capacity": 80})["id"]
    told = site.messages(PoolChanged)
    assert [(message.pool_id, message.capacity) for message in told] == [(pool, 500), (pool, 450), (later, 80)]
    assert [message.revision for message in told] == sorted({message.revision for message in told})
    assert [(message.ticket_type_id, message.pool_id) for message in site.messages(TicketTypeChanged)] == [(ticket_type, pool)]


def test_there_are_no_more_ticket_types_than_a_publication_can_announce(site: Site) -> None:
    first = site.make("/ticket-types", STANDARD)["id"]
    for number in range(48):
        copied = TicketTypeItem.get(partition(site.id), f"PART#{first}")
        copied.id = f"typ_{number:026}"
        copied.sk = f"PART#{copied.id}"
        copied.save()
    ConferenceItem.key(site.id).update(actions=[ConferenceItem.ticket_types.set(49)])
    site.make("/ticket-types", STANDARD)
    assert site.call("POST", "/ticket-types", STANDARD).problem() == "limit-reached"
    site.publish()
    assert len(site.messages(TicketTypeChanged)) == 50
    assert site.call("PATCH", body={"hold_minutes": 3}).status == 200
    assert len(site.messages(TicketTypeChanged)) == 100
