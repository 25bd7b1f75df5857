"""The agenda as an iCalendar file, read back with a calendar library."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from functions.events import agenda as agendas
from functions.events.agenda import Agenda, AgendaTooLarge
from functions.events.domain import Speaker
from functions.events.ics import render_calendar
from tests.unit.test_events_agenda import AGENDA
from tests.unit.test_events_domain import HOUR, NINE, ROOM, SESSION

UID = f"ses_1@{AGENDA.conference.id}"
FIRST = AGENDA.after(None)
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Jakarta", "Australia/Lord_Howe", "Africa/Casablanca", "UTC", "Etc/GMT"]


def following(before: Agenda, **changes: Any) -> Agenda:
    """The next release, an hour later."""
    changed: Agenda = replace(before, release=before.release + 1, released_at=before.released_at + HOUR, **changes)
    return changed.after(before)


def read(agenda: Agenda, *only: str) -> Calendar:
    calendar = Calendar.from_ical(render_calendar(agenda, only or None).body)
    assert isinstance(calendar, Calendar)
    return calendar


def events(agenda: Agenda, *only: str) -> dict[str, Any]:
    """By session id."""
    return {str(event["UID"]).split("@")[0]: event for event in read(agenda, *only).events}


def state(agenda: Agenda, session_id: str = "ses_1") -> tuple[int, str]:
    event = events(agenda)[session_id]
    return int(event["SEQUENCE"]), str(event["STATUS"])


def test_a_session_is_an_event_with_all_a_calendar_shows() -> None:
    session = replace(FIRST.sessions[0], title="Queues; tears, \\ none", abstract="Why.\nAnd how.")
    agenda = replace(FIRST, sessions=(session,), conference=replace(FIRST.conference, venue="Harbour"))
    event = events(agenda)["ses_1"]
    assert event["UID"] == UID
    assert event["SUMMARY"] == "Queues; tears, \\ none"
    assert event["DESCRIPTION"] == "Grace\n\nWhy.\nAnd how."
    assert event["LOCATION"] == "Hall, Harbour"
    assert event["DTSTART"].dt == NINE
    assert event["DTEND"].dt == NINE + HOUR
    assert event["DTSTART"].params["TZID"] == "Europe/Berlin"
    assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt == FIRST.released_at
    assert (int(event["SEQUENCE"]), event["STATUS"]) == (0, "CONFIRMED")


def test_what_is_not_known_is_left_out() -> None:
    session = replace(SESSION, room_id=None, speaker_ids=(), abstract=None)
    event = events(replace(FIRST, sessions=(session,)))["ses_1"]
    assert "LOCATION" not in event
    assert "DESCRIPTION" not in event


def test_the_file_is_named_and_says_when_to_look_again() -> None:
    calendar = read(FIRST)
    assert (calendar["VERSION"], calendar["NAME"], calendar["X-WR-CALNAME"]) == ("2.0", "PyCon", "PyCon")
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(minutes=15)
    assert "METHOD" not in calendar


def test_the_files_name_is_escaped_as_any_text() -> None:
    body = render_calendar(replace(FIRST, conference=replace(FIRST.conference, name="Py\\N; Con"))).body
    assert rb"X-WR-CALNAME:Py\\N\; Con" in body.split(b"\r\n")


def test_lines_are_folded_and_end_as_the_standard_says() -> None:
    body = render_calendar(replace(FIRST, sessions=(replace(SESSION, title="Ü" * 200),))).body
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    assert b"\n" not in body.replace(b"\r\n", b"")


@settings(deadline=None)
@given(st.text(max_size=120), st.text(max_size=120))
@example(r"\N", r"\N")
def test_any_text_comes_back_and_breaks_nothing(title: str, abstract: str) -> None:
    session = replace(SESSION, title=f"T{title}T", abstract=f"A{abstract}A")
    event = events(replace(FIRST, sessions=(session,)))["ses_1"]
    clean = str.maketrans(dict.fromkeys([*range(9), *range(11, 32), 127], " "))
    assert event["SUMMARY"] == f"T{title}T".replace("\r\n", "\n").translate(clean)
    assert event["DESCRIPTION"] == f"A{abstract}A".replace("\r\n", "\n").translate(clean)


@cache
def changes_of(zone: str) -> list[datetime]:
    """The days in UTC on which the clocks change, and two on which nothing happens."""
    days = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(3 * 365)]
    offsets = [day.astimezone(ZoneInfo(zone)).utcoffset() for day in days]
    return [days[0], days[-1], *(day for day, before, then in zip(days, offsets, offsets[1:], strict=False) if before != then)]


@st.composite
def nights(draw: st.DrawFn) -> tuple[str, datetime, datetime]:
    """A time zone, and the start and end of a session within two days of a change of its clocks."""
    zone = draw(st.sampled_from(ZONES))
    starts_at = draw(st.sampled_from(changes_of(zone))) + timedelta(minutes=draw(st.integers(-24 * 60, 48 * 60)))
    return zone, starts_at, starts_at + timedelta(minutes=draw(st.integers(1, 30 * 60)))


@settings(max_examples=300, deadline=None)
@given(nights())
def test_an_instant_is_the_same_instant_in_a_client_through_every_change_of_the_clocks(
    night: tuple[str, datetime, datetime],
) -> None:
    _same_instants(*night)


@pytest.mark.parametrize("hour", range(4))
@pytest.mark.parametrize("day", [datetime(2030, 3, 31, tzinfo=UTC), datetime(2030, 10, 27, tzinfo=UTC)])
def test_a_session_in_the_night_when_the_clocks_change(day: datetime, hour: int) -> None:
    start = day + timedelta(hours=hour - 1, minutes=30)
    _same_instants("Europe/Berlin", start, start + HOUR)


def _same_instants(zone: str, starts_at: datetime, ends_at: datetime) -> None:
    """By the file's own VTIMEZONE, as a client that knows no zone would read it."""
    conference = replace(FIRST.conference, time_zone=zone)
    agenda = replace(FIRST, conference=conference, sessions=(replace(SESSION, starts_at=starts_at, ends_at=ends_at),))
    calendar = read(agenda)
    [event] = calendar.events
    zones = {timezone.tz_name: timezone.to_tz(lookup_tzid=False) for timezone in calendar.timezones}
    for name, instant in (("DTSTART", starts_at), ("DTEND", ends_at)):
        tzid = event[name].params.get("TZID")
        told = event[name].dt if tzid is None else event[name].dt.replace(tzinfo=zones[tzid])
        assert told.utcoffset() is not None
        assert told.astimezone(UTC) == instant, (name, tzid)


def test_the_hour_that_comes_twice_is_told_in_utc() -> None:
    second = datetime(2030, 10, 27, 1, 30, tzinfo=UTC)  # 02:30 in Berlin, for the second time
    assert second.astimezone(ZoneInfo("Europe/Berlin")).fold
    event = events(replace(FIRST, sessions=(replace(SESSION, starts_at=second, ends_at=second + HOUR),)))["ses_1"]
    assert "TZID" not in event["DTSTART"].params
    assert event["DTSTART"].dt == second


def test_the_same_release_is_the_same_bytes() -> None:
    sessions = tuple(replace(SESSION, id=f"ses_{number}") for number in range(5))
    one, other = (replace(AGENDA, sessions=each).after(None) for each in (sessions, sessions[::-1]))
    assert render_calendar(one) == render_calendar(other)


def test_a_release_that_changes_a_session_raises_its_sequence_and_no_other() -> None:
    beside = replace(SESSION, id="ses_2", room_id=None)
    first = replace(AGENDA, sessions=(SESSION, beside)).after(None)
    second = following(first, sessions=(replace(SESSION, starts_at=NINE + HOUR, ends_at=NINE + 2 * HOUR), beside))
    assert state(first) == (0, "CONFIRMED")
    assert state(second) == (1, "CONFIRMED")
    assert state(second, "ses_2") == (0, "CONFIRMED")
    assert events(second)["ses_1"]["DTSTAMP"].dt == second.released_at
    assert events(second)["ses_2"]["DTSTAMP"].dt == first.released_at


@pytest.mark.parametrize(
    "changes",
    [
        {"rooms": (replace(ROOM, name="Attic"),)},
        {"speakers": (Speaker(id="spk_1", name="Grace Hopper", biography=None, company=None),)},
        {"conference": replace(FIRST.conference, venue="Harbour")},
    ],
    ids=["room", "speaker", "venue"],
)
def test_what_a_session_names_changes_the_session(changes: dict[str, Any]) -> None:
    assert state(following(FIRST, **changes)) == (1, "CONFIRMED")


def test_a_release_that_changes_nothing_raises_nothing() -> None:
    second = following(FIRST)
    assert state(second) == (0, "CONFIRMED")
    assert second.history == FIRST.history


def test_a_session_that_is_no_more_is_canceled_and_stays_so() -> None:
    second = following(FIRST, sessions=(), rooms=(), speakers=())
    third = following(second)
    assert state(second) == state(third) == (1, "CANCELLED")
    event = events(third)["ses_1"]
    assert (event["SUMMARY"], event["LOCATION"], event["DESCRIPTION"]) == ("Talk", "Hall", "Grace")
    assert event["DTSTAMP"].dt == second.released_at


def test_a_canceled_session_that_comes_back_is_on_again() -> None:
    gone = following(FIRST, sessions=())
    back = following(gone, sessions=FIRST.sessions)
    assert state(back) == (2, "CONFIRMED")
    assert back.history.canceled == ()
    assert state(following(back)) == (2, "CONFIRMED")


def test_a_release_made_before_there_was_a_history_is_shown() -> None:
    assert state(AGENDA) == (0, "CONFIRMED")
    assert state(following(AGENDA, sessions=())) == (0, "CANCELLED")


@settings(deadline=None)
@given(st.lists(st.sets(st.integers(0, 4)), min_size=1, max_size=8))
def test_a_calendar_follows_any_row_of_releases(releases: list[set[int]]) -> None:
    latest: Agenda | None = None
    ever: set[str] = set()
    for number, ids in enumerate(releases):
        sessions = tuple(replace(SESSION, id=f"ses_{session}") for session in ids)
        sequences = {name: int(event["SEQUENCE"]) for name, event in events(latest).items()} if latest else {}
        before = latest
        latest = replace(AGENDA, release=number + 1, released_at=NINE + number * HOUR, sessions=sessions).after(before)
        shown, on = events(latest), {session.id for session in sessions}
        ever |= on
        assert {name: event["STATUS"] for name, event in shown.items()} == {
            name: "CONFIRMED" if name in on else "CANCELLED" for name in ever
        }
        was_on = {session.id for session in before.sessions} if before else set()
        for name, sequence in sequences.items():
            assert int(shown[name]["SEQUENCE"]) - sequence == int((name in on) != (name in was_on))


def test_ones_own_calendar_has_only_what_one_starred_canceled_ones_too() -> None:
    beside = replace(SESSION, id="ses_2", room_id=None)
    second = following(replace(AGENDA, sessions=(SESSION, beside)).after(None), sessions=(beside,))
    assert set(events(second, "ses_1")) == {"ses_1"}
    assert events(second, "ses_1")["ses_1"]["STATUS"] == "CANCELLED"
    assert set(events(second, "ses_2")) == {"ses_2"}
    assert events(second, "ses_none") == {}


def test_a_calendar_that_could_not_be_served_is_not_released(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agendas, "MAX_BODY", 100)
    with pytest.raises(AgendaTooLarge):
        render_calendar(FIRST)
