"""Stars and calendars, whatever is sent: a problem that says what is wrong, and nothing written."""

from collections.abc import Callable, Iterator

import pytest

from functions.events.api import handler
from shared.caller import Caller
from tests.moto.events_site import ADA, BOB, TALK, Site, found
from tests.support import Table, call

Refusal = Callable[..., tuple[int, str]]

STAFF = Caller("usr_sam", "sam@example.org", "Sam")
LONG = "x" * 65

# Every route that needs somebody to be logged in.
PERSONAL = [
    ("PUT", "/sessions/$session/star"),
    ("DELETE", "/sessions/$session/star"),
    ("GET", "/stars"),
    ("GET", "/stars/counts"),
    ("POST", "/calendar"),
    ("DELETE", "/calendar"),
]


@pytest.fixture
def draft(table: Table) -> Site:
    return Site(found().json["id"], table)


@pytest.fixture
def site(table: Table) -> Site:
    site = Site(found().json["id"], table)
    site.make("/sessions", TALK)
    site.make("/rooms", {"name": "Hall"})
    site.admit(STAFF, "staff")
    site.publish()
    return site


@pytest.fixture
def refused(draft: Site, site: Site) -> Iterator[Refusal]:
    """Call, for the status and the problem; nothing that is called in the test may have written."""
    session = site.call("GET", "/sessions").json["items"][0]["id"]
    room = site.call("GET", "/rooms").json["items"][0]["id"]
    later = site.make("/sessions", {**TALK, "title": "Not released"})["id"]
    names = {"$session": session, "$room": room, "$later": later, "$site": site.id, "$draft": draft.id}

    def refusal(method: str, path: str, caller: Caller | None = BOB, **headers: str) -> tuple[int, str]:
        for name, value in names.items():
            path = path.replace(name, value)
        answer = call(handler, method, f"/events{path}", caller=caller, headers=headers)
        return answer.status, answer.problem()

    before = site.table.items()
    yield refusal
    assert site.table.items() == before


def test_who_is_not_logged_in(refused: Refusal) -> None:
    for method, path in PERSONAL:
        assert refused(method, f"/conferences/$site{path}", None) == (401, "unauthenticated"), path


def test_a_conference_that_is_not_there_for_the_caller(refused: Refusal) -> None:
    for method, path in PERSONAL:
        assert refused(method, f"/conferences/$draft{path}") == (404, "not-found"), path
        assert refused(method, f"/conferences/cnf_none{path}") == (404, "not-found"), path
        assert refused(method, f"/conferences/{LONG}{path}") == (422, "invalid"), path


def test_a_session_that_is_not_in_the_latest_release(refused: Refusal) -> None:
    for session_id in ("ses_none", "$later", "$room", "CONF", "ses_%23x"):
        assert refused("PUT", f"/conferences/$site/sessions/{session_id}/star") == (404, "not-found"), session_id
    for method in ("PUT", "DELETE"):
        assert refused(method, f"/conferences/$site/sessions/{LONG}/star") == (422, "invalid")


def test_a_draft_has_no_release_to_star_not_even_for_its_organizer(refused: Refusal) -> None:
    assert refused("PUT", "/conferences/$draft/sessions/$session/star", ADA) == (404, "not-found")


def test_only_organizers_count_stars(refused: Refusal) -> None:
    for caller in (BOB, STAFF, Caller("usr_eve", "eve@example.org", "Eve", {"cnf_any": "organizer"})):
        assert refused("GET", "/conferences/$site/stars/counts", caller) == (403, "forbidden")


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=many"])
def test_a_page_that_cannot_be(refused: Refusal, query: str) -> None:
    assert refused("GET", f"/conferences/$site/stars/counts?{query}", ADA) == (422, "invalid")


def test_a_cursor_that_no_list_gave(refused: Refusal) -> None:
    assert refused("GET", "/conferences/$site/stars/counts?cursor=nonsense", ADA) == (400, "malformed")


@pytest.mark.parametrize("name", ["none.ics", "none", ".ics", "x.ics.ics", "%2e%2e.ics", "CALENDAR%23x.ics", f"{'x' * 43}.ics"])
def test_an_address_that_never_was_is_answered_as_one_that_was_withdrawn(refused: Refusal, name: str) -> None:
    assert refused("GET", f"/calendars/{name}", None) == (404, "not-found")


def test_an_address_without_its_ending_is_none(site: Site) -> None:
    path = site.call("POST", "/calendar", caller=BOB).json["path"]
    whole, cut = (call(handler, "GET", each) for each in (path, path.removesuffix(".ics")))
    assert (whole.status, cut.problem()) == (200, "not-found")
    assert site.call("DELETE", "/calendar", caller=BOB).status == 204
    withdrawn = call(handler, "GET", path)
    assert withdrawn.json == cut.json == call(handler, "GET", "/events/calendars/none.ics").json


def test_an_address_that_is_too_long(refused: Refusal) -> None:
    assert refused("GET", f"/calendars/{LONG}.ics", None) == (422, "invalid")


def test_a_calendar_of_what_is_not_published(refused: Refusal) -> None:
    for conference_id in ("$draft", "cnf_none"):
        assert refused("GET", f"/conferences/{conference_id}/agenda.ics", None) == (404, "not-found")
    assert refused("GET", f"/conferences/{LONG}/agenda.ics", None) == (422, "invalid")


def test_headers_that_are_not_acceptable(refused: Refusal) -> None:
    assert refused("POST", "/conferences/$site/calendar", **{"Idempotency-Key": "x" * 256}) == (400, "malformed")
    assert refused("GET", "/conferences/$site/agenda.ics", None, **{"If-None-Match": "x" * 1025}) == (422, "invalid")
