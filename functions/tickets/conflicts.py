"""A ticket that was admitted twice while scanners were apart: to be looked into until a person resolves it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from functions.tickets.history import DoubleEntry
from shared.errors import NotFound


class NoSuchConflict(NotFound):
    def __init__(self, conflict_id: str) -> None:
        super().__init__(
            f"There is no conflict {conflict_id} in this conference (any more). GET …/conflicts lists those there are."
        )


@dataclass(frozen=True, slots=True)
class Told:
    """By which message, when, and to whom a conflict was told of."""

    message_id: str
    at: datetime
    crew: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    ticket_id: str
    entries: DoubleEntry
    told: Told | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    note: str | None = None

    @property
    def id(self) -> str:
        return self.entries.id

    def resolve(self, *, by: str, note: str, at: datetime) -> Self:
        """Itself where it is resolved already: the first note stands."""
        return self if self.resolved_at else replace(self, resolved_at=at, resolved_by=by, note=note)
