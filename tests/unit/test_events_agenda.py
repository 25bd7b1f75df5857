"""The agenda: what everybody reads, and where it is read from."""

import json
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.events import agenda as agendas
from functions.events.agenda import Agenda, AgendaTooLarge, Rendered, matches, render
from functions.events.domain import Overtaken, Speaker
from functions.events.use_cases import Conferences, afresh, read_agenda
from shared.errors import NotFound
from tests.unit.test_events_domain import CONFERENCE, HOUR, NINE, ROOM, SESSION

GRACE = Speaker(id="spk_1", name="Grace", biography=None, company=None)
AGENDA = Agenda(
    release=1,
    released_at=NINE,
    conference=replace(CONFERENCE, ends_at=NINE + timedelta(days=3)),
    rooms=(ROOM,),
    speakers=(GRACE,),
    sessions=(replace(SESSION, speaker_ids=("spk_1",)),),
)


def days(agenda: Agenda) -> dict[str, list[str]]:
    return {day["date"]: [session["id"] for session in day["sessions"]] for day in json.loads(render(agenda).body)["days"]}


def test_a_session_is_shown_with_names_and_local_times() -> None:
    [day] = json.loads(render(AGENDA).body)["days"]
    assert day["date"] == "2030-06-03"
    assert day["sessions"] == [
        {
            "id": "ses_1",
            "title": "Talk",
            "abstract": None,
            "type": "talk",
            "language": None,
            "level": None,
            "track": None,
            "room": "Hall",
            "room_id": "room_1",
            "speaker_ids": ["spk_1"],
            "speakers": ["Grace"],
            "recording_url": None,
            "starts_at": "2030-06-03T09:00:00.000Z",
            "ends_at": "2030-06-03T10:00:00.000Z",
            "local_start": "2030-06-03T11:00+02:00",
            "local_end": "2030-06-03T12:00+02:00",
        }
    ]


def test_days_are_those_of_the_venue_and_sessions_are_in_the_order_of_time() -> None:
    late = replace(SESSION, id="ses_late", starts_at=NINE + 14 * HOUR, ends_at=NINE + 15 * HOUR)  # 01:00 in Berlin
    early = replace(SESSION, id="ses_early", starts_at=NINE - HOUR, room_id=None)
    shown = days(replace(AGENDA, sessions=(late, SESSION, early)))
    assert shown == {"2030-06-03": ["ses_early", "ses_1"], "2030-06-04": ["ses_late"]}


def test_the_same_release_is_the_same_bytes_whatever_order_it_is_read_in() -> None:
    sessions = tuple(replace(SESSION, id=f"ses_{number}") for number in range(5))
    assert render(replace(AGENDA, sessions=sessions)) == render(replace(AGENDA, sessions=sessions[::-1]))


def test_an_agenda_that_could_not_be_served_is_not_released(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agendas, "MAX_BODY", 100)
    with pytest.raises(AgendaTooLarge):
        render(AGENDA)


@pytest.mark.parametrize(
    ("sent", "held"),
    [(None, False), ("", False), ('"b"', False), ('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True)],
)
def test_a_client_that_has_this_version_is_recognised(sent: str | None, held: bool) -> None:
    assert matches('"a"', sent) is held


class OneAgenda:
    """Conferences of which only the latest agenda is asked for."""

    def __init__(self, agenda: Agenda | None = AGENDA) -> None:
        self.agenda = agenda
        self.reads = 0

    def latest_agenda(self, conference_id: str) -> Agenda | None:
        self.reads += 1
        return self.agenda

    def latest_number(self, conference_id: str) -> int | None:
        return self.agenda.release if self.agenda else None


class Shelf:
    def __init__(self, *, works: bool = True) -> None:
        self.held: dict[str, Rendered] = {}
        self.works = works

    def get(self, conference_id: str) -> Rendered | None:
        return self.held.get(conference_id)

    def keep(self, conference_id: str, rendered: Rendered) -> bool:
        if self.works:
            self.held[conference_id] = rendered
        return self.works

    def turn(self, conference_id: str) -> AbstractContextManager[bool]:
        return nullcontext(True)


def conferences(agenda: Agenda | None = AGENDA) -> Conferences:
    return OneAgenda(agenda)  # type: ignore[return-value]  # the one method that is asked for


def test_the_second_reader_does_not_touch_the_table() -> None:
    table, shelf = OneAgenda(), Shelf()
    first, second = (read_agenda(table, shelf, conference_id="cnf_1") for _ in range(2))  # type: ignore[arg-type]
    assert (first, table.reads) == (second, 1)


def test_without_a_cache_the_answer_is_the_same() -> None:
    assert read_agenda(conferences(), Shelf(works=False), conference_id="cnf_1") == render(AGENDA)


def test_there_is_no_agenda_before_the_first_release() -> None:
    with pytest.raises(NotFound):
        read_agenda(conferences(None), Shelf(), conference_id="cnf_1")


def test_whoever_is_overtaken_decides_anew_and_gives_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.events.use_cases.time.sleep", lambda _: None)
    tries: list[int] = []

    @afresh
    def change(*, succeeds_at: int) -> str:
        tries.append(len(tries))
        if len(tries) < succeeds_at:
            raise Overtaken
        return "done"

    assert change(succeeds_at=3) == "done"
    with pytest.raises(Overtaken):
        change(succeeds_at=1000)
    assert len(tries) == 3 + 5
