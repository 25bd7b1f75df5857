"""What a calendar shows of a session, and what calendar clients need to know of earlier releases to follow it.

Each release's snapshot carries the history up to it, made of the snapshot before: the same two releases always give the same
history, so that a calendar is rendered from one snapshot alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from functions.events.domain import Conference, Room, Session, Speaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A session with the names that it refers to by id; two that are equal look the same in a calendar."""

    session_id: str
    title: str
    abstract: str | None
    type: str
    speakers: tuple[str, ...]
    location: str | None
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Revision:
    """`sequence` is 0 in the session's first release and one more with each that changed, canceled or brought back the session."""

    session_id: str
    sequence: int
    revised_at: datetime  # when the last such release was made

    def next(self, revised_at: datetime) -> Self:
        return type(self)(self.session_id, self.sequence + 1, revised_at)


@dataclass(frozen=True, slots=True)
class History:
    """`revisions` has every session that was ever released; `canceled` those that are no more, as they last were."""

    revisions: tuple[Revision, ...] = ()
    canceled: tuple[Entry, ...] = ()

    def following(self, before: Iterable[Entry], after: Iterable[Entry], released_at: datetime) -> "History":
        """The history once a release of `after` follows one of `before`, to which this history belongs."""
        shown, listed = {entry.session_id: entry for entry in before}, {entry.session_id: entry for entry in after}
        gone = {entry.session_id: entry for entry in (*self.canceled, *shown.values()) if entry.session_id not in listed}
        revisions = {revision.session_id: revision for revision in self.revisions}
        for session_id in (*listed, *(canceled for canceled in gone if canceled in shown)):
            known = revisions.get(session_id)
            if known is None:
                revisions[session_id] = Revision(session_id, 0, released_at)
            elif shown.get(session_id) != listed.get(session_id):
                revisions[session_id] = known.next(released_at)
        return History(
            tuple(revisions[session_id] for session_id in sorted(revisions)),
            tuple(gone[session_id] for session_id in sorted(gone)),
        )


NO_HISTORY = History()  # of a first release


def entries(
    conference: Conference, rooms: Iterable[Room], speakers: Iterable[Speaker], sessions: Iterable[Session]
) -> tuple[Entry, ...]:
    rooms_by_id = {room.id: room.name for room in rooms}
    speakers_by_id = {speaker.id: speaker.name for speaker in speakers}

    def location(session: Session) -> str | None:
        room = rooms_by_id.get(session.room_id) if session.room_id else None
        return ", ".join(place for place in (room, conference.venue) if place) or None

    return tuple(
        Entry(
            session_id=session.id,
            title=session.title,
            abstract=session.abstract,
            type=session.type,
            speakers=tuple(speakers_by_id[speaker_id] for speaker_id in session.speaker_ids),
            location=location(session),
            starts_at=session.starts_at,
            ends_at=session.ends_at,
        )
        for session in sessions
    )
