"""What readers pick from a release."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from functions.events.agenda import Agenda, Rendered, render
from functions.events.agenda_parts import Wanted, folded, now_and_next, pick
from functions.events.domain import Room, Session, Speaker, Track
from tests.unit.test_events_agenda import AGENDA
from tests.unit.test_events_domain import HOUR, NINE, SESSION

HALL, ATTIC = (Room(id=f"room_{number}", name=name, capacity=None) for number, name in enumerate(("Große Halle", "Attic")))
GRACE, ZOE = (Speaker(id=f"spk_{number}", name=name, biography=None, company=None) for number, name in enumerate(("Grace", "Zoë")))
DATA = Track(id="trk_1", name="Data", color=None)


def session(name: str, hours: float = 0, **changes: Any) -> Session:
    start = NINE + hours * HOUR
    times = {"starts_at": start, "ends_at": start + HOUR}
    return replace(SESSION, **{"id": name, "title": name, "room_id": "room_0", "speaker_ids": (), **times, **changes})


SESSIONS = (
    session("opening", speaker_ids=("spk_0", "spk_1"), abstract="Überraschung\nof the day"),
    session("queues", 1, room_id="room_1", track_id="trk_1", speaker_ids=("spk_1",)),
    session("coffee", 2, room_id=None, type="break"),
    session("party", 14.5),  # half past one at night, in Berlin
    session("closing", 24),
)
RELEASE = render(replace(AGENDA, rooms=(HALL, ATTIC), speakers=(GRACE, ZOE), tracks=(DATA,), sessions=SESSIONS))


def picked(**wanted: Any) -> list[str]:
    document = json.loads(pick(RELEASE, Wanted(**wanted)).body)
    assert document["release"] == 1
    assert all(day["sessions"] for day in document["days"])
    return [each["id"] for day in document["days"] for each in day["sessions"]]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["opening", "queues", "coffee", "party", "closing"]),
        ({"day": date(2030, 6, 3)}, ["opening", "queues", "coffee"]),
        ({"day": date(2030, 6, 4)}, ["party", "closing"]),
        ({"day": date(1999, 1, 1)}, []),
        ({"room": "room_1"}, ["queues"]),
        ({"room": "GROSSE halle"}, ["opening", "party", "closing"]),
        ({"room": "Nowhere"}, []),
        ({"speaker": "spk_1"}, ["opening", "queues"]),
        ({"speaker": "zoe"}, ["opening", "queues"]),
        ({"speaker": "Zo"}, []),
        ({"track": "data"}, ["queues"]),
        ({"q": "uberraschung"}, ["opening"]),
        ({"q": "DAY grace"}, ["opening"]),
        ({"q": "day nobody"}, []),
        ({"q": "zoë"}, ["opening", "queues"]),
        ({"q": "  "}, ["opening", "queues", "coffee", "party", "closing"]),
        ({"day": date(2030, 6, 3), "speaker": "Zoë", "q": "day"}, ["opening"]),
    ],
)
def test_a_reader_finds_what_has_all_they_ask_for(wanted: dict[str, Any], found: list[str]) -> None:
    assert picked(**wanted) == found


def test_whoever_asks_for_nothing_gets_the_release_itself() -> None:
    assert pick(RELEASE, Wanted()) is RELEASE


def test_what_is_picked_has_its_own_etag_and_the_same_each_time() -> None:
    hall = Wanted(room="room_0")
    assert pick(RELEASE, hall) == pick(RELEASE, hall)
    assert pick(RELEASE, hall).etag != RELEASE.etag


def test_accents_and_case_make_no_difference() -> None:
    assert folded("ŻÓŁĆ Straße ﬁn İ") == folded("żółć STRASSE fin i")


def on(at: datetime, release: Rendered = RELEASE) -> tuple[list[str], list[str]]:
    document = json.loads(now_and_next(release, at).body)
    return [each["id"] for each in document["now"]], [each["id"] for each in document["next"]]


@pytest.mark.parametrize(
    ("after", "now", "following"),
    [
        (-HOUR, [], ["coffee", "queues", "opening"]),
        (timedelta(0), ["opening"], ["coffee", "queues", "party"]),
        (HOUR - timedelta(milliseconds=1), ["opening"], ["coffee", "queues", "party"]),
        (HOUR, ["queues"], ["coffee", "party"]),
        (2 * HOUR, ["coffee"], ["party"]),
        (20 * HOUR, [], ["closing"]),
        (99 * HOUR, [], []),
    ],
)
def test_what_is_on_and_what_comes_next_in_each_room(after: timedelta, now: list[str], following: list[str]) -> None:
    assert on(NINE + after) == (now, following)


def test_two_that_begin_together_without_a_room_both_come_next() -> None:
    pair: Agenda = replace(AGENDA, sessions=(session("a", room_id=None), session("b", room_id=None), session("c", 1, room_id=None)))
    assert on(NINE - HOUR, render(pair)) == ([], ["a", "b"])
