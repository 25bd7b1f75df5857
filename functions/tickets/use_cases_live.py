"""What the crew watches while people arrive: counts, conflicts, and the journal behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from functions.tickets.conflicts import Conflict, NoSuchConflict
from functions.tickets.gates import DoorPlan
from functions.tickets.history import Counts
from functions.tickets.journal import Entry, Head
from functions.tickets.use_cases_door import DOOR_ROLES
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import Invalid

ARRIVALS_WITHIN = timedelta(hours=24)  # what one answer spans at most


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Entries at a gate within a minute."""

    minute: datetime
    gate: str
    entries: int


@dataclass(frozen=True, slots=True)
class Published:
    """A head of the journal as anybody may read and keep it."""

    head: Head
    signature: str | None  # none: nothing has been written yet
    at: datetime | None


class Live(Protocol):
    def counts(self, conference_id: str) -> Counts: ...

    def plan(self, conference_id: str) -> DoorPlan: ...

    def arrivals(self, conference_id: str, since: datetime, until: datetime) -> list[Arrivals]: ...

    def conflicts(
        self, conference_id: str, *, is_resolved: bool, limit: int, cursor: str | None
    ) -> tuple[list[Conflict], str | None]:
        """By when the second entry was. Raises Malformed for a foreign cursor."""

    def conflict(self, conference_id: str, conflict_id: str) -> Conflict | None: ...

    def resolve(self, conference_id: str, before: Conflict, after: Conflict) -> None:
        """And tell whoever was told of it. Raises Stale where it is no longer open."""

    def head(self, conference_id: str) -> Published: ...

    def entries(self, conference_id: str, *, after: int) -> tuple[list[Entry], int | None]:
        """One stretch of the journal, and the number to go on after, where there is more."""


def read_stats(
    live: Live, clock: Clock, *, caller: Caller, conference_id: str, since: datetime | None, until: datetime | None
) -> tuple[Counts, DoorPlan, list[Arrivals]]:
    """Arrivals of the last hour where nothing else is asked for. Raises Forbidden, Invalid."""
    caller.require(conference_id, *DOOR_ROLES)
    until = until or clock() + timedelta(minutes=1)
    since = since or until - timedelta(hours=1)
    if not timedelta(0) <= until - since <= ARRIVALS_WITHIN:
        raise Invalid("`since` comes before `until`, and not more than 24 hours before.")
    return live.counts(conference_id), live.plan(conference_id), live.arrivals(conference_id, since, until)


def list_conflicts(
    live: Live, *, caller: Caller, conference_id: str, is_resolved: bool, limit: int, cursor: str | None
) -> tuple[list[Conflict], str | None]:
    """Raises Forbidden, Malformed."""
    caller.require(conference_id, *DOOR_ROLES)
    return live.conflicts(conference_id, is_resolved=is_resolved, limit=limit, cursor=cursor)


def resolve_conflict(live: Live, clock: Clock, *, caller: Caller, conference_id: str, conflict_id: str, note: str) -> Conflict:
    """For good, by the first who says so; again has no effect. Raises Forbidden, NoSuchConflict, Stale."""
    caller.require(conference_id, *DOOR_ROLES)
    conflict = live.conflict(conference_id, conflict_id)
    if conflict is None:
        raise NoSuchConflict(conflict_id)
    resolved = conflict.resolve(by=caller.user_id, note=note, at=clock())
    if resolved is not conflict:
        live.resolve(conference_id, conflict, resolved)
    return resolved


def read_journal(live: Live, *, caller: Caller, conference_id: str, after: int) -> tuple[Sequence[Entry], int | None]:
    """Raises Forbidden."""
    caller.require(conference_id, *DOOR_ROLES)
    return live.entries(conference_id, after=after)
