"""What is known of the people at a conference goes when its retention ends, after its organisers were told."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from functions.events.domain import Conference
from functions.events.retention import due_at, ended, ends_at, told
from functions.events.use_cases import afresh
from shared.clock import Clock
from shared.messages import Message, RetentionEnded, RetentionEnding


class Retained(Protocol):
    def due(self, at: datetime) -> Iterable[str]:
        """The conferences of which a step is due, by their ids."""

    def get(self, conference_id: str) -> Conference | None: ...
    def organizers(self, conference_id: str) -> tuple[str, ...]: ...

    def revise(self, conference: Conference, messages: Sequence[Message]) -> None:
        """Raises Overtaken where the conference is no more the revision before."""


def keep_retentions(conferences: Retained, clock: Clock) -> list[str]:
    """Take each step that is due, once; the conferences of which one was taken. May be repeated."""
    return [each for each in list(conferences.due(clock())) if _step(conferences, clock, each)]


@afresh
def _step(conferences: Retained, clock: Clock, conference_id: str) -> bool:
    conference, now = conferences.get(conference_id), clock()
    due = due_at(conference) if conference else None
    if conference is None or due is None or now < due:
        return False  # it was taken, or changed, since it was listed
    if conference.retention_told_at is None:
        conferences.revise(told(conference, now), [_ending(conferences, conference, now)])
    else:
        conferences.revise(ended(conference, now), [RetentionEnded(conference_id=conference.id, conference_name=conference.name)])
    return True


def _ending(conferences: Retained, conference: Conference, now: datetime) -> RetentionEnding:
    ends = ends_at(conference, now)
    assert ends is not None  # noqa: S101  # for the types: what is never to end is never due
    return RetentionEnding(
        conference_id=conference.id,
        conference_name=conference.name,
        time_zone=conference.time_zone,
        organizers=conferences.organizers(conference.id),
        ends_at=ends,
    )
