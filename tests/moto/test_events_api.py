"""Conferences over HTTP, on a table."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import pytest

from functions.events import use_cases, worker
from functions.events.agenda import Rendered
from functions.events.api import app, handler
from functions.events.cache import agenda_cache
from functions.events.domain import Overtaken
from functions.events.dynamo import DynamoConferences
from functions.events.items import ConferenceItem, TicketTypeItem, partition
from functions.events.use_cases import publish, release_agenda
from shared.caller import Caller
from shared.clock import now
from shared.ids import new_id
from shared.messages import (
    AgendaReleased,
    ConferencePublished,
    MemberInvited,
    MembershipChanged,
    Message,
    PoolChanged,
    TicketTypeChanged,
)
from tests.support import Answer, Table, call, deliver

ADA = Caller("usr_ada", "ada@example.org", "Ada")
BOB = Caller("usr_bob", "bob@example.org", "Bob")
NEW = {
    "name": "PyCon Überlingen",
    "time_zone": "Europe/Berlin",
    "starts_at": "2099-09-01T08:00:00+02:00",
    "ends_at": "2099-09-02T18:00:00+02:00",
    "currency": "EUR",
}
TALK = {"title": "Talk", "type": "talk", "starts_at": "2099-09-01T09:00:00+02:00", "ends_at": "2099-09-01T10:00:00+02:00"}
STANDARD = {"name": "Standard", "price": 4900, "capacity": 100}


@dataclass(frozen=True)
class Site:
    """A conference over HTTP, as its founder sees it."""

    id: str
    table: Table

    def call(self, method: str, path: str = "", body: Any = None, caller: Caller | None = ADA, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return call(handler, method, f"/events/conferences/{self.id}{path}", body, caller=caller, headers=sent)

    def make(self, path: str, body: Any, **headers: str) -> Any:
        answer = self.call("POST", path, body, **headers)
        assert answer.status == 201, answer
        return answer.json

    def publish(self) -> None:
        assert self.call("POST", "/publish").status == 200

    def release(self, **headers: str) -> Any:
        """Of something that changed: a new venue each time."""
        assert self.call("PATCH", body={"venue": new_id("venue")}).status == 200
        return self.make("/agenda/releases", None, **headers)

    def messages(self, kind: type[Message]) -> list[Any]:
        return [message for message in self.table.outbox() if isinstance(message, kind)]

    def admit(self, caller: Caller, role: str) -> None:
        token = self.make("/members", {"email": caller.email, "role": role})["token"]
        assert accept(token, caller).status == 200


def accept(token: str, caller: Caller = BOB) -> Answer:
    return call(handler, "POST", "/events/invitations/accept", {"token": token}, caller=caller)


def found(body: Any = NEW, caller: Caller = ADA, **headers: str) -> Answer:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return call(handler, "POST", "/events/conferences", body, caller=caller, headers=sent)


@pytest.fixture
def site(table: Table) -> Site:
    return Site(found().json["id"], table)


def test_a_new_conference_is_a_draft_that_only_its_founder_sees(site: Site) -> None:
    assert site.call("GET").json == {
        "id": site.id,
        "slug": f"pycon-uberlingen-{site.id[-8:].lower()}",
        "name": "PyCon Überlingen",
        "description": None,
        "venue": None,
        "time_zone": "Europe/Berlin",
        "starts_at": "2099-09-01T06:00:00Z",
        "ends_at": "2099-09-02T16:00:00Z",
        "currency": "EUR",
        "hold_minutes": 15,
        "contact_email": None,
        "status": "draft",
        "release": 0,
        "revision": 1,
        "version": 1,
        "retention_days": None,
        "retention_told_at": None,
        "retention_ended_at": None,
    }
    assert site.call("GET", caller=BOB).problem() == site.call("GET", caller=None).problem() == "not-found"


def test_the_founder_is_its_organizer_at_once_and_others_hear_of_it(site: Site) -> None:
    assert site.call("PATCH", body={"venue": "Harbour"}).json["venue"] == "Harbour"  # the token knows of no role yet
    [message] = site.table.outbox()
    assert isinstance(message, MembershipChanged)
    assert (message.user_id, message.role, message.revision) == ("usr_ada", "organizer", 1)


def test_a_repeated_creation_makes_one_conference(table: Table) -> None:
    first, second = found(idempotency_key="k"), found(idempotency_key="k")
    assert (first.status, first.json) == (second.status, second.json)
    assert len(table.outbox()) == 1
    assert found({**NEW, "name": "Else"}, idempotency_key="k").problem() == "idempotency-key-reused"
    assert found(caller=BOB, idempotency_key="k").json["id"] != first.json["id"]


def test_a_slug_names_one_conference(table: Table) -> None:
    assert found({**NEW, "slug": "pycon-2099"}).json["slug"] == "pycon-2099"
    before = table.items()
    assert found({**NEW, "slug": "pycon-2099"}, caller=BOB).problem() == "slug-taken"
    assert table.items() == before


def test_the_list_shows_what_is_published_by_its_start_and_pages(table: Table) -> None:
    starts = ["2099-03-01T00:00:00Z", "2099-01-01T00:00:00Z", "2099-02-01T00:00:00Z"]
    for start in starts:
        Site(found({**NEW, "starts_at": start}).json["id"], table).publish()
    found({**NEW, "name": "Draft"})
    seen, cursor = [], ""
    while cursor is not None:
        listed = call(handler, "GET", f"/events/conferences?limit=2{cursor and '&cursor=' + cursor}").json
        seen += [conference["starts_at"] for conference in listed["items"]]
        cursor = listed["next_cursor"]
    assert seen == sorted(starts)


def test_mine_are_those_i_am_a_member_of_drafts_too(site: Site) -> None:
    found(caller=BOB)
    listed = call(handler, "GET", "/events/conferences?mine=true", caller=ADA).json["items"]
    assert [conference["id"] for conference in listed] == [site.id]
    assert call(handler, "GET", "/events/conferences?mine=true").problem() == "unauthenticated"


def test_publishing_opens_it_to_all_and_tells_once(site: Site) -> None:
    site.make("/ticket-types", STANDARD)
    site.make("/ticket-types", {**STANDARD, "name": "Free", "price": 0})
    assert len(site.table.outbox()) == 1  # nothing of ticket types before publication
    first, second = site.call("POST", "/publish"), site.call("POST", "/publish")
    assert first.json == second.json
    assert (first.json["status"], first.json["release"]) == ("published", 1)
    assert site.call("GET", caller=None).json == first.json
    [published] = site.messages(ConferencePublished)
    [released] = site.messages(AgendaReleased)
    changed = site.messages(TicketTypeChanged)
    assert (published.published_by, released.release) == ("usr_ada", 1)
    assert sorted((message.name, message.price.amount, message.price.currency) for message in changed) == [
        ("Free", 0, "EUR"),
        ("Standard", 4900, "EUR"),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"hold_minutes": 5},
        {"name": "PyCon"},
        {"starts_at": "2099-09-01T09:00:00+02:00"},
        {"ends_at": "2099-09-03T18:00:00+02:00"},
    ],
)
def test_what_the_shop_should_know_is_told_with_a_greater_revision(site: Site, changes: dict[str, Any]) -> None:
    site.make("/ticket-types", STANDARD)
    site.publish()
    [before] = site.messages(TicketTypeChanged)
    assert site.call("PATCH", body=changes).status == 200
    _, after = site.messages(TicketTypeChanged)
    assert after.revision > before.revision
    conference = site.call("GET").json
    assert (after.conference_name, after.hold_minutes) == (conference["name"], conference["hold_minutes"])
    assert (f"{after.valid_from:%FT%TZ}", f"{after.sale_ends_at:%FT%TZ}") == ("2099-08-31T22:00:00Z", conference["ends_at"])


def test_the_shop_hears_of_another_time_zone(site: Site) -> None:
    site.make("/ticket-types", STANDARD)
    site.publish()
    site.call("PATCH", body={"time_zone": "Asia/Jakarta"})
    assert [message.time_zone for message in site.messages(TicketTypeChanged)] == ["Europe/Berlin", "Asia/Jakarta"]


def test_what_the_shop_need_not_know_is_not_told(site: Site) -> None:
    site.make("/ticket-types", STANDARD)
    site.publish()
    before = site.table.outbox()
    assert site.call("PATCH", body={"description": "All of it", "venue": None}).status == 200
    assert site.table.outbox() == before


def test_a_change_that_changes_nothing_writes_nothing(site: Site) -> None:
    room = site.make("/rooms", {"name": "Hall"})
    before = site.table.items()
    assert site.call("PATCH", body={"name": NEW["name"]}).status == 200
    assert site.call("PATCH", body={}).status == 200
    assert site.call("PATCH", f"/rooms/{room['id']}", {"name": "Hall"}).status == 200
    assert site.table.items() == before


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


def test_the_agenda_is_the_latest_release_and_not_what_is_being_edited(site: Site) -> None:
    assert site.call("GET", "/agenda", caller=None).problem() == "not-found"
    session = site.make("/sessions", TALK)["id"]
    site.publish()
    assert site.call("PATCH", f"/sessions/{session}", {"title": "Moved"}).status == 200
    first = site.call("GET", "/agenda", caller=None)
    assert (first.json["release"], first.json["days"][0]["sessions"][0]["title"]) == (1, "Talk")
    released = site.make("/agenda/releases", None)
    assert released["release"] == 2
    second = site.call("GET", "/agenda", caller=None)
    assert (second.json["release"], second.json["days"][0]["sessions"][0]["title"]) == (2, "Moved")
    assert second.headers["ETag"] != first.headers["ETag"]
    assert second.headers["Cache-Control"] == "public, max-age=1, stale-while-revalidate=1"
    assert site.call("GET").json["release"] == 2


def test_a_client_that_has_the_agenda_is_not_sent_it_again(site: Site) -> None:
    site.publish()
    etag = site.call("GET", "/agenda", caller=None).headers["ETag"]
    again = site.call("GET", "/agenda", caller=None, if_none_match=etag)
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)
    assert site.call("GET", "/agenda", caller=None, if_none_match='"else"').status == 200


def test_a_repeated_release_is_one_release(site: Site) -> None:
    site.publish()
    assert site.release(idempotency_key="k") == site.make("/agenda/releases", None, idempotency_key="k")
    assert [message.release for message in site.messages(AgendaReleased)] == [1, 2]


def test_an_agenda_of_several_pieces_is_read_whole(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.make("/sessions", TALK)
    site.publish()
    monkeypatch.setattr("functions.events.dynamo._PIECE", 50)
    monkeypatch.setattr("functions.events.dynamo._PIECES", 100)
    site.release()
    answer = site.call("GET", "/agenda", caller=None).json
    assert (answer["release"], answer["days"][0]["sessions"][0]["title"]) == (2, "Talk")


def test_an_agenda_that_does_not_fit_is_not_released(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.publish()
    site.make("/sessions", TALK)
    monkeypatch.setattr("functions.events.dynamo._PIECE", 1)
    before = site.table.items()
    assert site.call("POST", "/agenda/releases").problem() == "agenda-too-large"
    assert site.table.items() == before


class Shelf:
    """An agenda cache that remembers."""

    def __init__(self) -> None:
        self.held: dict[str, Rendered] = {}

    def get(self, conference_id: str) -> Rendered | None:
        return self.held.get(conference_id)

    def keep(self, conference_id: str, rendered: Rendered) -> bool:
        self.held[conference_id] = rendered
        return True

    def turn(self, conference_id: str) -> AbstractContextManager[bool]:
        return nullcontext(True)


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    made = Shelf()
    monkeypatch.setattr(app, "dependency_overrides", {agenda_cache: lambda: made})
    return made


def test_a_release_is_in_the_cache_as_soon_as_it_is_made(site: Site, shelf: Shelf) -> None:
    site.publish()
    assert shelf.held[site.id].release == 1
    site.release()
    assert shelf.held[site.id].release == 2
    assert site.call("GET", "/agenda", caller=None).body == shelf.held[site.id].body


def test_an_agenda_in_the_cache_needs_no_table(aws: None, shelf: Shelf) -> None:
    shelf.keep("cnf_1", Rendered.of(7, b'{"release":7}'))
    assert call(handler, "GET", "/events/conferences/cnf_1/agenda").json == {"release": 7}


def test_a_release_that_crashed_before_the_cache_is_seen_once_a_reader_asks(site: Site, shelf: Shelf) -> None:
    site.publish()
    first = shelf.held[site.id]
    site.release()
    shelf.held[site.id] = first
    assert site.call("GET", "/agenda", caller=None).json["release"] == 1
    shelf.held[site.id] = replace(first, is_due=True)
    assert site.call("GET", "/agenda", caller=None).json["release"] == 2
    assert shelf.held[site.id].release == 2


def test_a_redis_that_is_down_changes_no_answer_and_fails_no_message(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENDA_CACHE_URL", "redis://127.0.0.1:1/0")
    site.publish()
    assert site.release()["release"] == 2
    assert site.call("GET", "/agenda", caller=None).json["release"] == 2
    messages = site.messages(AgendaReleased)
    assert deliver(worker.handler, messages[-1], messages[-1], AgendaReleased(conference_id="cnf_none", release=1)) == []


def test_an_invitation_makes_a_member_whoever_holds_it_and_once(site: Site) -> None:
    invited = site.make("/members", {"email": "b@example.org", "role": "exhibitor", "company": "Navy"})
    assert invited["status"] == "invited"
    [message] = site.messages(MemberInvited)
    assert (message.email, message.role, message.token) == ("b@example.org", "exhibitor", invited["token"])
    assert deliver(worker.handler, message) == []  # it arrived: the table need not keep it any longer
    assert invited["token"].rpartition(".")[2] not in str(site.table.items())
    first, second = accept(invited["token"]), accept(invited["token"])
    assert first.status == second.status == 200
    assert first.json == second.json
    assert (first.json["user_id"], first.json["role"], first.json["company"]) == ("usr_bob", "exhibitor", "Navy")
    assert site.call("GET", caller=BOB).status == 200  # a draft, and Bob's token knows of no role yet
    changed = [(message.user_id, message.role, message.revision) for message in site.messages(MembershipChanged)]
    assert changed == [("usr_ada", "organizer", 1), ("usr_bob", "exhibitor", 1)]
    eve = Caller("usr_eve", "eve@example.org", "Eve")
    assert accept(invited["token"], eve).problem() == "invitation-used"


def test_a_repeated_invitation_is_one_and_its_token_still_works(site: Site) -> None:
    body = {"email": "b@example.org", "role": "staff"}
    first, second = (site.make("/members", body, idempotency_key="k") for _ in range(2))
    assert first == second
    assert len(site.messages(MemberInvited)) == 1
    assert accept(first["token"]).status == 200
    assert site.call("POST", "/members", {**body, "role": "speaker"}, idempotency_key="k").problem() == "idempotency-key-reused"


def test_a_stranger_is_told_the_name_of_a_conference_only_by_who_has_proven_an_email(site: Site) -> None:
    body = {"email": "b@example.org", "role": "staff"}
    site.make("/members", body)
    assert site.call("POST", "/members", body, caller=replace(ADA, email_verified=True)).status == 201
    assert sorted(message.conference_name for message in site.messages(MemberInvited)) == ["", NEW["name"]]


def test_the_list_of_members_shows_active_and_invited_and_none_who_left(site: Site) -> None:
    site.admit(BOB, "staff")
    invited = site.make("/members", {"email": "carol@example.org", "role": "speaker"})["id"]

    def listed() -> set[tuple[str, str, str]]:
        first = site.call("GET", "/members?limit=2").json
        rest = site.call("GET", f"/members?limit=100&cursor={first['next_cursor']}").json if first["next_cursor"] else {"items": []}
        return {(member["id"], member["role"], member["status"]) for member in first["items"] + rest["items"]}

    organizer, staff = ("usr_ada", "organizer", "active"), ("usr_bob", "staff", "active")
    assert listed() == {organizer, staff, (invited, "speaker", "invited")}
    assert site.call("DELETE", "/members/usr_bob").status == site.call("DELETE", f"/members/{invited}").status == 204
    assert listed() == {organizer}


def test_a_withdrawn_invitation_is_no_more(site: Site) -> None:
    invited = site.make("/members", {"email": "b@example.org", "role": "staff"})
    assert site.call("DELETE", f"/members/{invited['id']}").status == 204
    assert accept(invited["token"]).problem() == "not-found"


def test_a_removed_organizer_can_do_no_more_whatever_the_token_says(site: Site) -> None:
    site.admit(BOB, "organizer")
    still = Caller("usr_bob", "bob@example.org", "Bob", {site.id: "organizer"})
    assert site.call("PATCH", body={"venue": "Harbour"}, caller=still).status == 200
    assert site.call("DELETE", "/members/usr_bob").status == 204
    assert site.call("PATCH", body={"venue": "Elsewhere"}, caller=still).status == 404
    site.admit(BOB, "staff")
    told = [(message.role, message.revision) for message in site.messages(MembershipChanged) if message.user_id == "usr_bob"]
    assert told == [("organizer", 1), (None, 2), ("staff", 3)]


def test_the_last_organizer_stays(site: Site) -> None:
    site.admit(BOB, "staff")
    assert site.call("DELETE", "/members/usr_ada").problem() == "last-organizer"
    assert site.call("DELETE", "/members/usr_bob").status == 204
    site.admit(BOB, "organizer")
    assert site.call("DELETE", "/members/usr_ada").status == 204
    assert site.call("DELETE", "/members/usr_bob", caller=BOB).problem() == "last-organizer"


class Meddled(DynamoConferences):
    """Somebody else's change comes in between what is read first and what is written."""

    def __init__(self, meddle: Callable[[], object]) -> None:
        self._meddle = [meddle]

    def every(self, kind: Any, conference_id: str) -> Any:
        return self._meddled(super().every(kind, conference_id))

    def contents(self, conference_id: str) -> Any:
        return self._meddled(super().contents(conference_id))

    def _meddled(self, found: Any) -> Any:
        while self._meddle:
            self._meddle.pop()()
        return found


def test_a_change_in_between_is_seen_by_whoever_was_overtaken(site: Site, shelf: Shelf) -> None:
    meddled = Meddled(lambda: site.make("/ticket-types", STANDARD))
    publish(meddled, shelf, now, caller=ADA, conference_id=site.id)
    assert [message.name for message in site.messages(TicketTypeChanged)] == ["Standard"]


def test_two_releases_at_once_are_two_numbers(site: Site, shelf: Shelf) -> None:
    site.publish()
    meddled = Meddled(lambda: site.release() and site.make("/rooms", {"name": "Hall"}))
    site.make("/sessions", TALK)
    release = release_agenda(meddled, shelf, now, caller=ADA, conference_id=site.id, release_id="rel_1", fingerprint="f")
    assert release.release == 3
    assert [message.release for message in site.messages(AgendaReleased)] == [1, 2, 3]


def test_endless_contention_is_told_as_such(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def overtaken(*_: object) -> None:
        raise Overtaken

    monkeypatch.setattr(DynamoConferences, "revise", overtaken)
    monkeypatch.setattr(use_cases.time, "sleep", lambda _: None)
    answer = site.call("PATCH", body={"venue": "Harbour"})
    assert (answer.status, answer.problem(), answer.headers["Retry-After"]) == (409, "busy", "1")
