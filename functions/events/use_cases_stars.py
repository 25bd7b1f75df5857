"""Stars: what people mark to see, what organisers read from it, and who hears that a session moved or was canceled."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from functions.events.domain import Room, Session, no_part
from functions.events.moves import Changes, changes_of
from functions.events.use_cases import Conferences, latest_release, overseen, visible
from shared.caller import Caller
from shared.ids import derived_id
from shared.messages import AgendaMoved, AgendaReleased, Message

_TOLD = 50  # changes that one message names: with the longest titles it stays far below the bus's 256 KB


class Stars(Protocol):
    """Adding and removing are idempotent: a person has one star at a session, or none."""

    def add(self, conference_id: str, session_id: str, user_id: str) -> None: ...
    def remove(self, conference_id: str, session_id: str, user_id: str) -> None: ...
    def of_user(self, conference_id: str, user_id: str) -> list[str]: ...
    def people(self, conference_id: str, session_id: str) -> Iterator[str]:
        """The ids of those who starred it, fetched by the page."""

    def audience(self, conference_id: str) -> Iterator[str]:
        """The ids of those who hold a ticket or starred a session, fetched by the page; one of them perhaps several times."""

    def count(self, conference_id: str, session_id: str) -> int: ...


class Post(Protocol):
    def send(self, messages: Iterable[Message]) -> None:
        """By way of the outbox, each message id once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StarCount:
    """`room_capacity` is null where the session has no room yet, or the room's capacity is not known."""

    session_id: str
    title: str
    stars: int
    room: str | None
    room_capacity: int | None
    too_small: bool

    @classmethod
    def of(cls, session: Session, room: Room | None, stars: int) -> "StarCount":
        capacity = room.capacity if room else None
        return cls(
            session_id=session.id,
            title=session.title,
            stars=stars,
            room=room.name if room else None,
            room_capacity=capacity,
            too_small=capacity is not None and stars > capacity,
        )


def add_star(conferences: Conferences, stars: Stars, *, caller: Caller, conference_id: str, session_id: str) -> None:
    """Idempotent. Raises NotFound unless the session is in the latest release."""
    agenda = latest_release(conferences, conference_id)
    if all(session.id != session_id for session in agenda.sessions):
        raise no_part(Session, session_id)
    stars.add(conference_id, session_id, caller.user_id)


def remove_star(conferences: Conferences, stars: Stars, *, caller: Caller, conference_id: str, session_id: str) -> None:
    """Idempotent, also for a session that is no longer in the agenda. Raises NotFound where there is no such conference."""
    visible(conferences, conference_id, caller)
    stars.remove(conference_id, session_id, caller.user_id)


def list_stars(conferences: Conferences, stars: Stars, *, caller: Caller, conference_id: str) -> list[str]:
    """Raises NotFound where there is no such conference."""
    visible(conferences, conference_id, caller)
    return stars.of_user(conference_id, caller.user_id)


def count_stars(
    conferences: Conferences, stars: Stars, *, caller: Caller, conference_id: str, limit: int, cursor: str | None
) -> tuple[list[StarCount], str | None]:
    """One page of the sessions as they are being edited, so that the warning goes as soon as a larger room is found.

    The stars are counted when they are asked for, one query of the index for each session: organisers look a few times a day, and
    people star thousands of times an hour. So a star is one write that meets no other, and a count cannot drift from the stars.
    Raises Forbidden for everybody but organisers.
    """
    overseen(conferences, conference_id, caller)
    rooms = {room.id: room for room in conferences.every(Room, conference_id)}
    sessions, next_cursor = conferences.parts(Session, conference_id, limit, cursor)
    counts = [
        StarCount.of(
            session,
            rooms.get(session.room_id) if session.room_id else None,
            stars.count(conference_id, session.id),
        )
        for session in sessions
    ]
    return counts, next_cursor


def tell_of_changes(conferences: Conferences, stars: Stars, post: Post, released: AgendaReleased) -> int:
    """One AgendaMoved to each person: of the moves of what they starred, and of all cancellations. Returns how many people.

    The same messages under the same ids however often it is done, so that a repeat tells nobody twice.
    """
    agenda = conferences.released_agenda(released.conference_id, released.release)  # the message may hold but a part of the changes
    if agenda is None:
        return 0
    changes = changes_of(agenda)
    concerned: dict[str, set[str]] = defaultdict(set)
    for session in changes.moved:
        for user_id in stars.people(released.conference_id, session.session_id):
            concerned[user_id].add(session.session_id)
    if canceled := {session.session_id for session in changes.canceled}:
        for user_id in stars.audience(released.conference_id):
            concerned[user_id] |= canceled
    post.send(_told(released, user_id, changes.of(session_ids)) for user_id, session_ids in sorted(concerned.items()))
    return len(concerned)


def _told(released: AgendaReleased, user_id: str, changes: Changes) -> AgendaMoved:
    canceled = changes.canceled[:_TOLD]
    moved = changes.moved[: _TOLD - len(canceled)]
    return AgendaMoved(
        id=derived_id("msg", "AgendaMoved", released.conference_id, str(released.release), user_id),
        occurred_at=released.occurred_at,  # by which an inbox, too, knows a repeat
        conference_id=released.conference_id,
        conference_name=released.conference_name,
        user_id=user_id,
        release=released.release,
        moved=list(moved),
        canceled=list(canceled),
        more=len(changes.session_ids) - len(moved) - len(canceled),
    )
