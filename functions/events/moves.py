"""What a release changed for the people who had planned to come: sessions at another time or in another room, and canceled ones."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from functions.events.agenda import Agenda
from functions.events.release_diff import SessionChange
from shared.messages import CanceledSession, MovedSession


@dataclass(frozen=True, slots=True)
class Changes:
    """Each in the order of time."""

    moved: tuple[MovedSession, ...]
    canceled: tuple[CanceledSession, ...]

    @property
    def session_ids(self) -> list[str]:
        return [change.session_id for change in self.moved] + [change.session_id for change in self.canceled]

    def of(self, session_ids: Collection[str]) -> "Changes":
        return Changes(
            tuple(change for change in self.moved if change.session_id in session_ids),
            tuple(change for change in self.canceled if change.session_id in session_ids),
        )


def changes_of(agenda: Agenda) -> Changes:
    """What the release changed of the one before, in the conference's time zone as it now is."""
    zone = ZoneInfo(agenda.conference.time_zone)

    def local(start: datetime | None) -> datetime:
        return cast("datetime", start).astimezone(zone)  # what moved has both starts, what is canceled the old one

    def moved(change: SessionChange) -> MovedSession:
        return MovedSession(
            session_id=change.session_id,
            title=change.title,
            old_start=local(change.old_start),
            old_room=change.old_room,
            start=local(change.new_start),
            room=change.new_room,
        )

    def canceled(change: SessionChange) -> CanceledSession:
        return CanceledSession(
            session_id=change.session_id, title=change.title, start=local(change.old_start), room=change.old_room
        )

    return Changes(
        tuple(sorted(map(moved, agenda.diff.moved), key=lambda session: (session.start, session.session_id))),
        tuple(sorted(map(canceled, agenda.diff.canceled), key=lambda session: (session.start, session.session_id))),
    )
