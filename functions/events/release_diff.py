"""What a release changes for those who read the one before."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, Protocol

from functions.events.domain import Room, Session, Speaker, Track
from shared.clock import iso

# Not shown, or told as what they mean: a start or a room as a move, an end as another length, ids by the names they stand for.
_APART = {"id", "external_id", "starts_at", "ends_at", "room_id", "speaker_ids", "track_id"}
_ALIKE = [field.name for field in fields(Session) if field.name not in _APART]


class Contents(Protocol):
    """Of a release, what is compared."""

    @property
    def rooms(self) -> tuple[Room, ...]: ...
    @property
    def speakers(self) -> tuple[Speaker, ...]: ...
    @property
    def tracks(self) -> tuple[Track, ...]: ...
    @property
    def sessions(self) -> tuple[Session, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionChange:
    """The old place is None of what is added, the new one of what is canceled; `fields` are the others that changed."""

    session_id: str
    title: str
    old_start: datetime | None = None
    new_start: datetime | None = None
    old_room: str | None = None
    new_room: str | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffCounts:
    added: int
    canceled: int
    moved: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSummary:
    release: int
    released_at: datetime
    summary: DiffCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaDiff:
    """In the order of session ids. A session that moved and changed is in both lists."""

    added: tuple[SessionChange, ...] = ()
    canceled: tuple[SessionChange, ...] = ()
    moved: tuple[SessionChange, ...] = ()
    changed: tuple[SessionChange, ...] = ()

    @property
    def counts(self) -> DiffCounts:
        return DiffCounts(added=len(self.added), canceled=len(self.canceled), moved=len(self.moved), changed=len(self.changed))

    def within(self, budget: int) -> "AgendaDiff":
        """As much of it as `budget` bytes of JSON hold, first what spoils most for whoever does not hear of it."""
        kept: dict[str, list[SessionChange]] = {"canceled": [], "moved": [], "changed": [], "added": []}
        for name in kept:
            for change in getattr(self, name):
                budget -= _size(change)
                if budget < 0:
                    return AgendaDiff(**{name: tuple(changes) for name, changes in kept.items()})
                kept[name].append(change)
        return self


NO_DIFF = AgendaDiff()


def compare(before: Contents | None, after: Contents) -> AgendaDiff:
    """`before` is None of the first release, in which everything is added."""
    old, new = _Release.of(before) if before else _Release({}, {}), _Release.of(after)
    common = sorted(old.sessions.keys() & new.sessions.keys())
    return AgendaDiff(
        added=tuple(new.arriving(session_id) for session_id in sorted(new.sessions.keys() - old.sessions.keys())),
        canceled=tuple(old.leaving(session_id) for session_id in sorted(old.sessions.keys() - new.sessions.keys())),
        moved=tuple(_move(old, new, session_id) for session_id in common if _is_moved(old, new, session_id)),
        changed=tuple(_changes(old, new, common)),
    )


@dataclass(frozen=True, slots=True)
class _Release:
    """The sessions of a release by id, and the names of all else by id."""

    sessions: Mapping[str, Session]
    names: Mapping[str | None, str]

    @classmethod
    def of(cls, contents: Contents) -> "_Release":
        named: list[Room | Speaker | Track] = [*contents.rooms, *contents.speakers, *contents.tracks]
        return cls({session.id: session for session in contents.sessions}, {part.id: part.name for part in named})

    def room(self, session_id: str) -> str | None:
        return self.names.get(self.sessions[session_id].room_id)

    def arriving(self, session_id: str) -> SessionChange:
        session = self.sessions[session_id]
        return SessionChange(
            session_id=session_id, title=session.title, new_start=session.starts_at, new_room=self.room(session_id)
        )

    def leaving(self, session_id: str) -> SessionChange:
        session = self.sessions[session_id]
        return SessionChange(
            session_id=session_id, title=session.title, old_start=session.starts_at, old_room=self.room(session_id)
        )

    def shown(self, session_id: str) -> dict[str, Any]:
        session = self.sessions[session_id]
        return {name: getattr(session, name) for name in _ALIKE} | {
            "length": session.ends_at - session.starts_at,
            "speakers": [self.names.get(speaker_id) for speaker_id in session.speaker_ids],
            "track": self.names.get(session.track_id),
        }


def _is_moved(old: _Release, new: _Release, session_id: str) -> bool:
    """A room that has another name by now is no move, and nor is another room of the same name."""
    before, after = old.sessions[session_id], new.sessions[session_id]
    is_elsewhere = before.room_id != after.room_id and old.room(session_id) != new.room(session_id)
    return before.starts_at != after.starts_at or is_elsewhere


def _move(old: _Release, new: _Release, session_id: str) -> SessionChange:
    left = old.leaving(session_id)
    return replace(new.arriving(session_id), old_start=left.old_start, old_room=left.old_room)


def _changes(old: _Release, new: _Release, session_ids: list[str]) -> Iterator[SessionChange]:
    for session_id in session_ids:
        before, after = old.shown(session_id), new.shown(session_id)
        changed = [name for name, value in after.items() if before[name] != value]
        if old.room(session_id) != new.room(session_id) and not _is_moved(old, new, session_id):
            changed.append("room")
        if changed:
            yield replace(_move(old, new, session_id), fields=tuple(sorted(changed)))


def _size(change: SessionChange) -> int:
    """In bytes, with what parts it from the next."""
    return len(json.dumps(asdict(change), default=iso, ensure_ascii=False).encode()) + 2
