"""Stars, calendars and who is told, over HTTP and from the queue, on a table."""

import gzip
import logging
from typing import Any

import pytest
from icalendar import Calendar

from functions.events import use_cases_calendars, worker
from functions.events.api import app, handler
from functions.events.cache import agenda_cache
from functions.events.domain import Overtaken
from functions.events.dynamo import DynamoConferences
from functions.events.dynamo_stars import DynamoStars, DynamoSubscriptions
from functions.events.subscription import Subscription
from functions.notifications import worker as notifications
from shared.caller import Caller
from shared.messages import AgendaMoved, AgendaReleased
from tests.moto.events_site import ADA, BOB, TALK, Shelf, Site, found
from tests.support import CONTEXT, Answer, Table, api_event, call, deliver

EVE = Caller("usr_eve", "eve@example.org", "Eve")
LATER = {"starts_at": "2099-09-01T11:30:00+02:00", "ends_at": "2099-09-01T12:30:00+02:00"}


@pytest.fixture
def site(table: Table) -> Site:
    """Published, with a session in a hall for two and one without a room."""
    site = Site(found().json["id"], table)
    hall = site.make("/rooms", {"name": "Pendopo", "capacity": 2})["id"]
    site.make("/sessions", {**TALK, "title": "Queues without tears", "room_id": hall})
    site.make("/sessions", {**TALK, "title": "Locks"})
    site.publish()
    return site


def ids(site: Site) -> dict[str, str]:
    return {session["title"]: session["id"] for session in site.call("GET", "/sessions").json["items"]}


def star(site: Site, title: str, *callers: Caller, method: str = "PUT") -> None:
    for caller in callers:
        assert site.call(method, f"/sessions/{ids(site)[title]}/star", caller=caller).status == 204


def stars(site: Site, caller: Caller) -> list[str]:
    listed = site.call("GET", "/stars", caller=caller).json
    assert listed["next_cursor"] is None
    return sorted(listed["items"])


def counts(site: Site) -> dict[str, Any]:
    return {each["title"]: each for each in site.call("GET", "/stars/counts").json["items"]}


def release(site: Site) -> AgendaReleased:
    site.make("/agenda/releases", None)
    latest = max(site.messages(AgendaReleased), key=lambda message: message.release)
    assert isinstance(latest, AgendaReleased)
    return latest


def events(answer: Answer) -> dict[str, Any]:
    """By title."""
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(answer.body)
    assert isinstance(calendar, Calendar)
    return {str(event["SUMMARY"]): event for event in calendar.events}


def test_stars_are_each_persons_own(site: Site) -> None:
    star(site, "Locks", ADA, BOB)
    star(site, "Queues without tears", BOB)
    assert stars(site, ADA) == [ids(site)["Locks"]]
    assert stars(site, BOB) == sorted(ids(site).values())
    assert stars(site, EVE) == []


def test_starring_and_unstarring_may_be_repeated_and_count_once(site: Site) -> None:
    star(site, "Locks", ADA, ADA, BOB)
    assert counts(site)["Locks"]["stars"] == 2
    star(site, "Locks", ADA, ADA, method="DELETE")
    assert counts(site)["Locks"]["stars"] == 1
    assert (stars(site, ADA), stars(site, BOB)) == ([], [ids(site)["Locks"]])


def test_stars_of_one_conference_are_not_those_of_another(site: Site, table: Table) -> None:
    other = Site(found().json["id"], table)
    other.publish()
    star(site, "Locks", ADA)
    assert stars(other, ADA) == []


def test_organisers_are_warned_of_a_room_that_is_too_small(site: Site) -> None:
    star(site, "Queues without tears", ADA, BOB)
    assert counts(site)["Queues without tears"] == {
        "session_id": ids(site)["Queues without tears"],
        "title": "Queues without tears",
        "stars": 2,
        "room": "Pendopo",
        "room_capacity": 2,
        "too_small": False,
    }
    star(site, "Queues without tears", EVE)
    star(site, "Locks", EVE)
    assert counts(site)["Queues without tears"]["too_small"] is True
    assert (counts(site)["Locks"]["room_capacity"], counts(site)["Locks"]["too_small"]) == (None, False)


def test_counts_come_by_the_page(site: Site) -> None:
    star(site, "Locks", ADA)
    first = site.call("GET", "/stars/counts?limit=1").json
    second = site.call("GET", f"/stars/counts?limit=1&cursor={first['next_cursor']}").json
    assert sorted(each["title"] for each in first["items"] + second["items"]) == ["Locks", "Queues without tears"]


def test_a_star_outlives_its_session_until_it_is_taken_off(site: Site) -> None:
    path = f"/sessions/{ids(site)['Locks']}"
    star(site, "Locks", BOB)
    site.call("DELETE", path)
    release(site)
    assert len(stars(site, BOB)) == 1
    assert site.call("PUT", f"{path}/star", caller=BOB).problem() == "not-found"
    assert site.call("DELETE", f"{path}/star", caller=BOB).status == 204
    assert stars(site, BOB) == []


def test_the_calendar_follows_the_releases(site: Site) -> None:
    first = events(site.call("GET", "/agenda.ics", caller=None))
    assert {title: int(event["SEQUENCE"]) for title, event in first.items()} == {"Queues without tears": 0, "Locks": 0}
    site.call("PATCH", f"/sessions/{ids(site)['Queues without tears']}", LATER)
    site.call("DELETE", f"/sessions/{ids(site)['Locks']}")
    assert events(site.call("GET", "/agenda.ics", caller=None)) == first  # what is edited is not released
    release(site)
    second = events(site.call("GET", "/agenda.ics", caller=None))
    told = {title: (int(event["SEQUENCE"]), str(event["STATUS"])) for title, event in second.items()}
    assert told == {"Queues without tears": (1, "CONFIRMED"), "Locks": (1, "CANCELLED")}
    assert {event["UID"] for event in second.values()} == {event["UID"] for event in first.values()}
    assert f"{second['Queues without tears']['DTSTART'].dt:%H:%M %Z}" == "11:30 CEST"


def test_a_client_that_has_the_calendar_is_not_sent_it_again(site: Site) -> None:
    first = site.call("GET", "/agenda.ics", caller=None)
    assert first.headers["Cache-Control"].startswith("public, max-age=")
    again = site.call("GET", "/agenda.ics", caller=None, if_none_match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    site.call("PATCH", f"/sessions/{ids(site)['Locks']}", LATER)
    release(site)
    assert site.call("GET", "/agenda.ics", caller=None, if_none_match=first.headers["ETag"]).status == 200


def test_the_calendar_is_in_the_cache_from_its_release_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf()
    monkeypatch.setattr(app, "dependency_overrides", {agenda_cache: lambda: shelf})
    site.call("PATCH", f"/sessions/{ids(site)['Locks']}", LATER)
    release(site)
    kept = shelf.held[f"{site.id}.ics"]
    assert site.call("GET", "/agenda.ics", caller=None).body == kept.body
    shelf.held.clear()
    assert site.call("GET", "/agenda.ics", caller=None).body == kept.body
    assert shelf.held[f"{site.id}.ics"] == kept


def subscribe(site: Site, caller: Caller = BOB, **headers: str) -> str:
    answer = site.call("POST", "/calendar", caller=caller, **headers)
    assert answer.status == 201, answer
    return str(answer.json["path"])


def test_ones_own_calendar_shows_what_one_starred(site: Site) -> None:
    path = subscribe(site)
    assert path.startswith("/events/calendars/")
    assert path.endswith(".ics")
    star(site, "Locks", BOB)
    star(site, "Queues without tears", ADA)
    answer = call(handler, "GET", path)
    assert set(events(answer)) == {"Locks"}
    assert answer.headers["Cache-Control"].startswith("private")
    assert call(handler, "GET", path, headers={"if-none-match": answer.headers["ETag"]}).status == 304
    site.call("DELETE", f"/sessions/{ids(site)['Locks']}")
    release(site)
    assert events(call(handler, "GET", path))["Locks"]["STATUS"] == "CANCELLED"


def test_an_address_is_replaced_by_the_next_and_ends_when_it_is_withdrawn(site: Site) -> None:
    first, second = subscribe(site), subscribe(site)
    other = subscribe(site, ADA)
    assert len({first, second, other}) == 3
    assert call(handler, "GET", first).problem() == "not-found"
    assert call(handler, "GET", second).status == 200
    for _ in range(2):
        assert site.call("DELETE", "/calendar", caller=BOB).status == 204
    assert call(handler, "GET", second).problem() == "not-found"
    assert call(handler, "GET", other).status == 200


def test_a_repeated_subscription_is_one(site: Site) -> None:
    assert subscribe(site, idempotency_key="k") == subscribe(site, idempotency_key="k")
    assert subscribe(site, idempotency_key="l") != subscribe(site, idempotency_key="k")


def test_two_subscriptions_at_once_leave_one_that_works(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    keep, rivals = DynamoSubscriptions.keep, []

    def rival_first(self: DynamoSubscriptions, subscription: Subscription, held: Subscription | None) -> None:
        monkeypatch.setattr(DynamoSubscriptions, "keep", keep)
        rivals.append(use_cases_calendars.subscribe(DynamoConferences(), self, caller=BOB, conference_id=site.id, key="k"))
        with pytest.raises(Overtaken):
            keep(self, subscription, held)
        raise Overtaken

    monkeypatch.setattr(DynamoSubscriptions, "keep", rival_first)
    path = subscribe(site, idempotency_key="k")
    assert [path] == [f"/events/calendars/{file_name}" for file_name in rivals]
    assert call(handler, "GET", path).status == 200


def test_the_secret_is_long_and_nowhere_kept_or_logged(
    site: Site, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    path = subscribe(site)
    secret = path.removeprefix("/events/calendars/").removesuffix(".ics")
    assert len(secret) * 6 >= 256
    event = {**api_event("GET", path), "resource": "/events/calendars/{token}"}
    assert int(handler(event, CONTEXT)["statusCode"]) == 200
    assert secret not in str(site.table.items())
    logged = " ".join(str(vars(record)) for record in caplog.records) + capsys.readouterr().out
    assert "/events/calendars/{token}" in logged
    assert secret not in logged


def moved(site: Site) -> dict[str, AgendaMoved]:
    return {message.user_id: message for message in site.messages(AgendaMoved)}


def test_those_who_starred_it_are_told_that_a_session_moved_or_is_canceled(site: Site) -> None:
    star(site, "Queues without tears", ADA, BOB)
    star(site, "Locks", BOB)
    site.call("PATCH", f"/sessions/{ids(site)['Queues without tears']}", LATER)
    site.call("DELETE", f"/sessions/{ids(site)['Locks']}")
    released = release(site)
    assert deliver(worker.handler, released) == []
    told = moved(site)
    assert set(told) == {"usr_ada", "usr_bob"}
    assert [session.title for session in told["usr_bob"].canceled] == ["Locks"]
    assert [session.title for session in told["usr_ada"].canceled] == ["Locks"]  # which she had not starred
    [change] = told["usr_ada"].moved
    assert (f"{change.old_start:%H:%M}", f"{change.start:%H:%M}", change.room) == ("09:00", "11:30", "Pendopo")
    assert (told["usr_ada"].conference_name, told["usr_ada"].release) == ("PyCon Überlingen", 2)


def test_nobody_is_told_twice_of_a_release(site: Site) -> None:
    star(site, "Locks", ADA, BOB)
    site.call("PATCH", f"/sessions/{ids(site)['Locks']}", LATER)
    released = release(site)
    deliver(worker.handler, released)
    before = moved(site)
    assert deliver(worker.handler, released, released) == []
    assert moved(site) == before
    site.call("DELETE", f"/sessions/{ids(site)['Locks']}")
    deliver(worker.handler, release(site), released)
    assert sorted(message.release for message in site.messages(AgendaMoved)) == [2, 2, 3, 3]


def test_a_release_that_moves_nothing_and_one_without_stars_tell_nobody(site: Site) -> None:
    site.call("PATCH", f"/sessions/{ids(site)['Locks']}", LATER)
    deliver(worker.handler, release(site))
    star(site, "Locks", ADA)
    site.call("PATCH", f"/sessions/{ids(site)['Locks']}", {"title": "Locks and keys"})
    deliver(worker.handler, release(site))
    assert moved(site) == {}


def test_a_full_hall_is_told_person_by_person(site: Site) -> None:
    people = {f"usr_{number:04}" for number in range(130)}
    for user_id in people:
        DynamoStars().add(site.id, ids(site)["Locks"], user_id)
    site.call("DELETE", f"/sessions/{ids(site)['Locks']}")
    deliver(worker.handler, release(site))
    assert set(moved(site)) == people


def test_the_news_reach_the_inbox_in_local_time(site: Site, mailing: None) -> None:
    star(site, "Queues without tears", BOB)
    site.call("PATCH", f"/sessions/{ids(site)['Queues without tears']}", LATER)
    deliver(worker.handler, release(site))
    message = moved(site)["usr_bob"]
    assert deliver(notifications.handler, message, message) == []
    [news] = [item for item in site.table.items() if item["kind"] == "Notification"]
    assert (news["what"], news["title"]) == ("agenda-moved", "Queues without tears moved to 11:30 in Pendopo")


def test_a_calendar_comes_compressed_to_whoever_takes_it_so(site: Site) -> None:
    plain, packed = (site.call("GET", "/agenda.ics", caller=None, accept_encoding=coding) for coding in ("identity", "gzip"))
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["ETag"] != plain.headers["ETag"]
