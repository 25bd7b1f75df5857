"""What a release says that it changed."""

import json
from dataclasses import asdict, replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from functions.events.agenda import Agenda
from functions.events.domain import Room, Session, Speaker, Track
from functions.events.release_diff import NO_DIFF, AgendaDiff, DiffCounts, SessionChange, compare
from functions.events.use_cases import _told
from shared.clock import iso
from tests.unit.test_events_agenda import AGENDA, GRACE
from tests.unit.test_events_domain import HOUR, NINE, ROOM, SESSION

ATTIC = Room(id="room_2", name="Attic", capacity=None)
ADA = Speaker(id="spk_2", name="Ada", biography=None, company=None)
BEFORE = replace(AGENDA, rooms=(ROOM, ATTIC), speakers=(GRACE, ADA), sessions=(SESSION,))


def after(session: Session = SESSION, **changes: object) -> AgendaDiff:
    return compare(BEFORE, replace(BEFORE, sessions=(session,), **changes))  # type: ignore[arg-type]


def test_in_the_first_release_everything_is_added() -> None:
    [added] = compare(None, BEFORE).added
    assert added == SessionChange(session_id="ses_1", title="Talk", new_start=NINE, new_room="Hall")


def test_the_same_again_is_no_difference() -> None:
    assert compare(BEFORE, BEFORE) == NO_DIFF


def test_a_session_that_is_no_more_is_canceled_where_it_was() -> None:
    diff = compare(BEFORE, replace(BEFORE, sessions=()))
    assert diff == AgendaDiff(canceled=(SessionChange(session_id="ses_1", title="Talk", old_start=NINE, old_room="Hall"),))


def test_a_move_says_from_where_to_where() -> None:
    diff = after(replace(SESSION, room_id="room_2", starts_at=NINE + HOUR, ends_at=NINE + 2 * HOUR))
    assert diff == AgendaDiff(
        moved=(
            SessionChange(
                session_id="ses_1", title="Talk", old_start=NINE, new_start=NINE + HOUR, old_room="Hall", new_room="Attic"
            ),
        )
    )


def test_a_room_is_lost_and_found_by_a_move() -> None:
    roomless = replace(BEFORE, sessions=(replace(SESSION, room_id=None),))
    assert [change.new_room for change in compare(BEFORE, roomless).moved] == [None]
    assert [change.old_room for change in compare(roomless, BEFORE).moved] == [None]


def test_another_name_of_a_room_moves_nobody() -> None:
    [change] = after(rooms=(replace(ROOM, name="Great Hall"), ATTIC)).changed
    assert (change.fields, change.old_room, change.new_room) == (("room",), "Hall", "Great Hall")
    assert not after(rooms=(replace(ROOM, name="Great Hall"), ATTIC)).moved


def test_another_room_of_the_same_name_moves_nobody() -> None:
    twin = replace(ROOM, id="room_3")
    assert after(replace(SESSION, room_id="room_3"), rooms=(ROOM, ATTIC, twin)) == NO_DIFF


def test_what_else_changed_is_named_as_readers_know_it() -> None:
    changed = replace(SESSION, title="Tale", abstract="New", speaker_ids=("spk_2",), ends_at=NINE + 2 * HOUR)
    [change] = after(changed).changed
    assert (change.title, change.fields) == ("Tale", ("abstract", "length", "speakers", "title"))
    renamed = replace(ADA, name="Ada L.")
    with_ada = replace(BEFORE, sessions=(replace(SESSION, speaker_ids=("spk_2",)),))
    assert [each.fields for each in compare(with_ada, replace(with_ada, speakers=(GRACE, renamed))).changed] == [("speakers",)]
    track = Track(id="trk_1", name="Data", color=None)
    assert [each.fields for each in after(replace(SESSION, track_id="trk_1"), tracks=(track,)).changed] == [("track",)]


def test_a_session_that_moved_and_changed_is_both() -> None:
    diff = after(replace(SESSION, title="Tale", starts_at=NINE + HOUR, ends_at=NINE + 2 * HOUR))
    assert diff.counts == DiffCounts(added=0, canceled=0, moved=1, changed=1)
    assert diff.changed[0].fields == ("title",)


def sized(agenda: AgendaDiff) -> int:
    return len(json.dumps(asdict(agenda), default=iso, ensure_ascii=False).encode())


MANY = AgendaDiff(
    **{
        name: tuple(
            SessionChange(session_id=f"ses_{number:026}", title="Ü" * 200, old_start=NINE, new_start=NINE) for number in range(100)
        )
        for name in ("added", "canceled", "moved", "changed")
    }
)


@given(st.integers(0, 300_000))
def test_what_is_told_keeps_within_its_budget_and_tells_the_worst_first(budget: int) -> None:
    told = MANY.within(budget)
    assert sized(told) <= budget + 100  # the names of the lists
    counts = [len(changes) for changes in (told.canceled, told.moved, told.changed, told.added)]
    assert all(count == 100 for count, later in pairwise(counts) if later)
    assert (told == MANY) is (sum(counts) == 400)


def test_the_message_of_the_largest_release_fits_the_bus() -> None:
    sessions = tuple(replace(SESSION, id=f"ses_{number:026}", title="語" * 200) for number in range(1000))
    message = _told(replace(AGENDA, sessions=sessions).after(None))
    assert message.truncated
    assert 80_000 < len(message.to_json().encode()) < 100_000


@given(
    st.lists(st.integers(0, 9), unique=True),
    st.lists(st.integers(0, 9), unique=True),
    st.lists(st.integers(0, 9), unique=True),
)
def test_every_session_is_where_it_belongs(before: list[int], now: list[int], moved: list[int]) -> None:
    def agenda(numbers: list[int], later: list[int]) -> Agenda:
        def session(number: int) -> Session:
            start = NINE + HOUR * (number in later)
            return replace(SESSION, id=f"ses_{number}", starts_at=start, ends_at=start + timedelta(minutes=30))

        return replace(AGENDA, sessions=tuple(session(number) for number in numbers))

    diff = compare(agenda(before, []), agenda(now, moved))
    ids = {name: [change.session_id for change in getattr(diff, name)] for name in ("added", "canceled", "moved", "changed")}
    assert ids == {
        "added": [f"ses_{number}" for number in sorted(set(now) - set(before))],
        "canceled": [f"ses_{number}" for number in sorted(set(before) - set(now))],
        "moved": [f"ses_{number}" for number in sorted(set(now) & set(before) & set(moved))],
        "changed": [],
    }


def test_only_what_a_reader_could_see_is_a_change() -> None:
    conference = replace(AGENDA.conference, release=2, revision=9, version=9)
    later = replace(AGENDA, release=2, released_at=NINE + HOUR, conference=conference)
    assert later.is_as(AGENDA)
    assert not replace(later, speakers=(replace(GRACE, company="Navy"),)).is_as(AGENDA)
    assert not replace(later, conference=replace(conference, venue="Harbour")).is_as(AGENDA)
