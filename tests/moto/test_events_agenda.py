"""Releases of the agenda, in the table and in the cache."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from functions.events import worker
from functions.events.agenda import Rendered
from functions.events.api import app, handler
from functions.events.cache import agenda_cache
from functions.events.dynamo import DynamoConferences
from functions.events.use_cases import publish, release_agenda
from shared.clock import now
from shared.messages import (
    AgendaReleased,
    TicketTypeChanged,
)
from tests.moto.events_site import ADA, STANDARD, TALK, Shelf, Site, found
from tests.support import Table, call, deliver


@pytest.fixture
def site(table: Table) -> Site:
    return Site(found().json["id"], table)


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    made = Shelf()
    monkeypatch.setattr(app, "dependency_overrides", {agenda_cache: lambda: made})
    return made


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
