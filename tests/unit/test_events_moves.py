"""Who hears of what when a release moves or cancels sessions."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.events.agenda import Agenda
from functions.events.domain import Room
from functions.events.moves import changes_of
from functions.events.use_cases import Conferences
from functions.events.use_cases_stars import tell_of_changes
from shared.messages import AgendaMoved, AgendaReleased, Message
from tests.unit.test_events_agenda import AGENDA
from tests.unit.test_events_domain import HOUR, NINE, ROOM, SESSION

ATTIC = Room(id="room_2", name="Attic", capacity=None)
BEFORE = replace(AGENDA, rooms=(ROOM, ATTIC))
LATER = replace(BEFORE.sessions[0], starts_at=NINE + HOUR, ends_at=NINE + 2 * HOUR)
RELEASED = AgendaReleased(conference_id=AGENDA.conference.id, release=2, conference_name="PyCon", occurred_at=NINE)


def after(*sessions: Any, **changes: Any) -> Agenda:
    return following(BEFORE, *sessions, **changes)


def following(before: Agenda, *sessions: Any, **changes: Any) -> Agenda:
    release: Agenda = replace(before, release=2, sessions=sessions, **changes)
    return release.after(before)


def test_a_session_at_another_time_has_moved_and_its_times_are_local() -> None:
    [moved] = changes_of(after(LATER)).moved
    assert (moved.session_id, moved.title, moved.room, moved.old_room) == ("ses_1", "Talk", "Hall", "Hall")
    assert (moved.old_start.isoformat(), moved.start.isoformat()) == ("2030-06-03T11:00:00+02:00", "2030-06-03T12:00:00+02:00")


def test_a_session_in_another_room_has_moved() -> None:
    [moved] = changes_of(after(replace(BEFORE.sessions[0], room_id="room_2"))).moved
    assert (moved.old_room, moved.room) == ("Hall", "Attic")
    [moved] = changes_of(after(replace(BEFORE.sessions[0], room_id=None))).moved
    assert (moved.old_room, moved.room) == ("Hall", None)


def test_another_title_end_or_room_name_moves_nobody() -> None:
    changed = replace(BEFORE.sessions[0], title="Else", ends_at=NINE + 2 * HOUR)
    nothing = changes_of(after(changed, rooms=(replace(ROOM, name="Great hall"),)))
    assert (nothing.moved, nothing.canceled) == ((), ())


def test_a_session_that_is_no_more_is_canceled_and_a_new_one_is_neither() -> None:
    changes = changes_of(after(replace(SESSION, id="ses_new")))
    assert changes.moved == ()
    [canceled] = changes.canceled
    assert (canceled.session_id, canceled.title, canceled.room) == ("ses_1", "Talk", "Hall")


class Releases:
    """Conferences of which only releases are asked for."""

    def __init__(self, *agendas: Agenda) -> None:
        self.agendas = {agenda.release: agenda for agenda in agendas}

    def released_agenda(self, conference_id: str, release: int) -> Agenda | None:
        return self.agendas.get(release)


class FakeStars:
    def __init__(self, people: dict[str, list[str]]) -> None:
        self.by_session = people

    def people(self, conference_id: str, session_id: str) -> Iterator[str]:
        return iter(self.by_session.get(session_id, []))

    def audience(self, conference_id: str) -> Iterator[str]:
        return chain.from_iterable(self.by_session.values())


class FakePost:
    def __init__(self) -> None:
        self.sent: list[AgendaMoved] = []

    def send(self, messages: Iterable[Message]) -> None:
        self.sent += cast("Iterable[AgendaMoved]", messages)


def told(people: dict[str, list[str]], *agendas: Agenda) -> list[AgendaMoved]:
    post = FakePost()
    tell_of_changes(cast("Conferences", Releases(*agendas)), cast("Any", FakeStars(people)), post, RELEASED)
    return post.sent


def test_each_person_hears_once_of_all_that_concerns_them() -> None:
    beside, gone = replace(SESSION, id="ses_2", room_id=None), replace(SESSION, id="ses_3", room_id="room_2")
    before = replace(BEFORE, sessions=(*BEFORE.sessions, beside, gone))
    messages = told({"ses_1": ["usr_ada", "usr_bob"], "ses_2": ["usr_eve"], "ses_3": ["usr_bob"]}, following(before, LATER, beside))
    heard = {
        message.user_id: ([each.session_id for each in message.moved], [each.session_id for each in message.canceled])
        for message in messages
    }
    assert heard == {"usr_ada": (["ses_1"], ["ses_3"]), "usr_bob": (["ses_1"], ["ses_3"]), "usr_eve": ([], ["ses_3"])}


def test_of_a_move_only_those_hear_who_starred_it() -> None:
    before = replace(BEFORE, sessions=(*BEFORE.sessions, replace(SESSION, id="ses_2", room_id=None)))
    people = {"ses_1": ["usr_ada"], "ses_2": ["usr_eve"]}
    assert [message.user_id for message in told(people, following(before, LATER, before.sessions[1]))] == ["usr_ada"]


def test_telling_again_gives_the_same_messages() -> None:
    first, second = (told({"ses_1": ["usr_ada", "usr_bob"]}, after(LATER)) for _ in range(2))
    assert first == second
    assert len({message.id for message in first}) == 2
    assert {message.occurred_at for message in first} == {NINE}


def test_a_first_release_and_one_that_is_not_there_tell_nobody() -> None:
    assert told({"ses_1": ["usr_ada"]}, replace(BEFORE, release=2).after(None)) == []
    assert told({"ses_1": ["usr_ada"]}, BEFORE) == []


@settings(deadline=None)
@given(st.integers(0, 120), st.integers(0, 120))
def test_a_message_names_no_more_than_fits_and_counts_the_rest(moved: int, canceled: int) -> None:
    sessions = tuple(replace(SESSION, id=f"ses_{number:03}", title="Ü" * 200) for number in range(moved + canceled))
    later = tuple(replace(session, starts_at=NINE + timedelta(minutes=1)) for session in sessions[:moved])
    people = {session.id: ["usr_ada"] for session in sessions}
    messages = told(people, following(replace(BEFORE, sessions=sessions), *later))
    assert len(messages) == (1 if sessions else 0)
    for message in messages:
        assert len(message.moved) + len(message.canceled) + message.more == moved + canceled
        assert message.more == max(0, moved + canceled - 50)
        assert len(message.to_json().encode()) < 200_000
