"""Releases over HTTP: each says what it changed, to everybody, for ever."""

from typing import Any

import pytest

from functions.events import use_cases
from functions.events.items import partition
from shared.messages import AgendaChange, AgendaReleased
from shared.table import encode_cursor
from tests.moto.events_site import ADA, BOB, TALK, Site, found
from tests.support import Table

NONE = {"old_start": None, "new_start": None, "old_room": None, "new_room": None, "fields": []}
NINE, ELEVEN = "2099-09-01T07:00:00Z", "2099-09-01T09:00:00Z"
LATER = {"starts_at": "2099-09-01T11:00:00+02:00", "ends_at": "2099-09-01T12:00:00+02:00"}


@pytest.fixture
def site(table: Table) -> Site:
    return Site(found().json["id"], table)


@pytest.fixture
def edited(site: Site) -> dict[str, str]:
    """Ids of a published conference in which, since, a session came, one went, one moved and one was changed."""
    hall, attic = (site.make("/rooms", {"name": name})["id"] for name in ("Hall", "Attic"))
    ids = {
        name: site.make("/sessions", {**TALK, "title": name, "room_id": room})["id"]
        for name, room in (("goes", None), ("moves", hall), ("changes", None))
    }
    site.publish()
    ids["comes"] = site.make("/sessions", {**TALK, "title": "comes"})["id"]
    assert site.call("DELETE", f"/sessions/{ids['goes']}").status == 204
    assert site.call("PATCH", f"/sessions/{ids['moves']}", {"room_id": attic, **LATER}).status == 200
    assert site.call("PATCH", f"/sessions/{ids['changes']}", {"abstract": "New"}).status == 200
    return ids


def test_a_release_says_what_it_changed_and_keeps_saying_so(site: Site, edited: dict[str, str]) -> None:
    released = site.make("/agenda/releases", None)
    assert {name: released[name] for name in ("release", "summary", "added", "canceled", "moved", "changed")} == {
        "release": 2,
        "summary": {"added": 1, "canceled": 1, "moved": 1, "changed": 1},
        "added": [{**NONE, "session_id": edited["comes"], "title": "comes", "new_start": NINE}],
        "canceled": [{**NONE, "session_id": edited["goes"], "title": "goes", "old_start": NINE}],
        "moved": [
            {
                **NONE,
                "session_id": edited["moves"],
                "title": "moves",
                "old_start": NINE,
                "new_start": ELEVEN,
                "old_room": "Hall",
                "new_room": "Attic",
            }
        ],
        "changed": [
            {
                **NONE,
                "session_id": edited["changes"],
                "title": "changes",
                "old_start": NINE,
                "new_start": NINE,
                "fields": ["abstract"],
            }
        ],
    }
    site.release()
    shown = site.call("GET", "/agenda/releases/2", caller=None)
    assert (shown.status, shown.json) == (200, released)
    assert shown.headers["Cache-Control"] == "public, max-age=86400, immutable"
    first = site.call("GET", "/agenda/releases/1", caller=None).json
    assert first["summary"] == {"added": 3, "canceled": 0, "moved": 0, "changed": 0}


def test_the_message_of_a_release_says_it_too(site: Site, edited: dict[str, str]) -> None:
    site.make("/agenda/releases", None)
    first, second = site.messages(AgendaReleased)
    assert [change.title for change in first.added] == ["goes", "moves", "changes"]
    [moved] = second.moved
    assert isinstance(moved, AgendaChange)
    assert (moved.session_id, moved.old_room, moved.new_room) == (edited["moves"], "Hall", "Attic")
    assert (f"{moved.old_start:%FT%TZ}", f"{moved.new_start:%FT%TZ}") == (NINE, ELEVEN)
    assert [len(changes) for changes in (second.added, second.canceled, second.changed)] == [1, 1, 1]
    assert not second.truncated


def test_a_message_says_no_more_than_it_holds(site: Site, edited: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use_cases, "_TOLD", 500)  # bytes
    released = site.make("/agenda/releases", None)
    message = site.messages(AgendaReleased)[-1]
    assert [len(changes) for changes in (message.canceled, message.moved, message.changed, message.added)] == [1, 1, 0, 0]
    assert message.truncated
    assert released["summary"]["added"] == 1  # it is in the release


def test_a_repeated_release_says_what_the_first_said(site: Site, edited: dict[str, str]) -> None:
    first = site.make("/agenda/releases", None, idempotency_key="k")
    site.release()
    assert site.make("/agenda/releases", None, idempotency_key="k") == first


def test_nothing_is_released_twice(site: Site) -> None:
    site.make("/sessions", TALK)
    site.publish()
    before = site.table.items()
    refused = site.call("POST", "/agenda/releases")
    assert (refused.status, refused.problem(), refused.json["release"]) == (409, "nothing-changed", 1)
    assert site.table.items() == before
    site.make("/ticket-types", {"name": "Standard", "price": 0, "capacity": 1})  # which no agenda shows
    assert site.call("POST", "/agenda/releases").problem() == "nothing-changed"


def test_releases_are_listed_newest_first_page_by_page(site: Site) -> None:
    site.publish()
    for _ in range(3):
        site.release()
    first = site.call("GET", "/agenda/releases?limit=3", caller=None).json
    second = site.call("GET", f"/agenda/releases?limit=3&cursor={first['next_cursor']}", caller=None).json
    assert [release["release"] for release in first["items"] + second["items"]] == [4, 3, 2, 1]
    assert second["next_cursor"] is None
    assert set(first["items"][0]) == {"release", "released_at", "summary"}


def test_releases_that_are_not_there(site: Site) -> None:
    def refused(path: str, **kwargs: Any) -> tuple[int, str]:
        answer = site.call("GET", f"/agenda/releases{path}", **kwargs)
        return answer.status, answer.problem()

    for caller in (None, BOB, ADA):
        assert refused("", caller=caller) == refused("/1", caller=caller) == (404, "not-found")  # a draft has none
    site.publish()
    before = site.table.items()
    assert refused("/2") == (404, "not-found")
    for number in ("0", "-1", "two", "1.5", "100000000", "9" * 40):
        assert refused(f"/{number}") == (422, "invalid"), number
    elsewhere = encode_cursor({"pk": {"S": partition(site.id)}, "sk": {"S": "RELEASE#00000001#000"}})
    assert refused(f"?cursor={elsewhere}") == refused("?cursor=nonsense") == (400, "malformed")
    assert refused("?limit=0") == refused("?limit=101") == (422, "invalid")
    assert site.table.items() == before
