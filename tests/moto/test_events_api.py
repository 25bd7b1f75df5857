"""Conferences over HTTP, on a table."""

from typing import Any

import pytest

from functions.events import use_cases
from functions.events.api import handler
from functions.events.domain import Overtaken
from functions.events.dynamo import DynamoConferences
from shared.messages import (
    AgendaReleased,
    ConferencePublished,
    MembershipChanged,
    TicketTypeChanged,
)
from tests.moto.events_site import ADA, BOB, NEW, STANDARD, Site, found
from tests.support import Table, call


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


def test_endless_contention_is_told_as_such(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def overtaken(*_: object) -> None:
        raise Overtaken

    monkeypatch.setattr(DynamoConferences, "revise", overtaken)
    monkeypatch.setattr(use_cases.time, "sleep", lambda _: None)
    answer = site.call("PATCH", body={"venue": "Harbour"})
    assert (answer.status, answer.problem(), answer.headers["Retry-After"]) == (409, "busy", "1")
