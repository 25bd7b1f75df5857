"""What the journal makes of a ticket: who is inside, who is still to come, and who came in twice.

A ticket's history is the same in whatever order it is heard of, and so is all that is counted of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from functions.tickets.scans import Direction
from shared.ids import derived_id

_MOST_PASSAGES = 300  # older ones are only counted: a ticket item may have 400 KB


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One time that somebody came through with a ticket."""

    scan_id: str
    direction: Direction
    at: datetime
    gate: str  # id, or what the scanner called it; empty where it said nothing
    gate_name: str | None  # as it was then
    operator_id: str
    away: bool  # let through by the scanner itself, off line
    forced: bool
    needs_exit: str | None  # see ScanRecord


@dataclass(frozen=True, slots=True)
class DoubleEntry:
    """Two entries with one ticket, and nothing between them that would have let the second one in."""

    first: Pass
    second: Pass

    @property
    def id(self) -> str:
        return derived_id("dbl", self.first.scan_id, self.second.scan_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Of one ticket."""

    ticket_id: str
    ticket_type_id: str = ""  # empty: not heard of yet
    issued: bool = False
    cancelled: bool = False
    passes: tuple[Pass, ...] = ()  # by when they happened
    older: int = 0  # entries before these
    annulled: tuple[str, ...] = ()  # scans that were annulled before they were heard of

    def with_pass(self, made: Pass) -> Self:
        if made.scan_id in self.annulled:
            return self
        passes = sorted((*self.passes, made), key=lambda each: (each.at, each.scan_id))
        dropped, kept = passes[:-_MOST_PASSAGES], passes[-_MOST_PASSAGES:]
        return replace(self, passes=tuple(kept), older=self.older + sum(each.direction == "entry" for each in dropped))

    def without_pass(self, scan_id: str) -> Self:
        if self.found(scan_id) is None:
            return replace(self, annulled=(*self.annulled, scan_id))
        return replace(self, passes=tuple(each for each in self.passes if each.scan_id != scan_id))

    def found(self, scan_id: str) -> Pass | None:
        return next((each for each in self.passes if each.scan_id == scan_id), None)

    @property
    def has_entered(self) -> bool:
        return self.older > 0 or any(each.direction == "entry" for each in self.passes)

    @property
    def inside(self) -> str | None:
        """The gate that its holder came by, where they are inside."""
        last = self.passes[-1] if self.passes else None
        return last.gate if last and last.direction == "entry" else None

    @property
    def double_entries(self) -> list[DoubleEntry]:
        pairs = zip(self.passes, self.passes[1:], strict=False)
        return [DoubleEntry(first, second) for first, second in pairs if _is_double(first, second)]


def _is_double(first: Pass, second: Pass) -> bool:
    """What the door decided on line it decided knowingly, and so did whoever used force."""
    if first.direction == "exit" or second.direction == "exit" or second.forced:
        return False
    if not (first.away or second.away) or second.needs_exit is None:
        return False
    return second.needs_exit in ("exit", first.needs_exit)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeCount:
    issued: int = 0
    cancelled: int = 0
    checked_in: int = 0  # came in at least once
    coming: int = 0  # neither cancelled nor in yet

    def __add__(self, other: "TypeCount") -> "TypeCount":
        return TypeCount(
            issued=self.issued + other.issued,
            cancelled=self.cancelled + other.cancelled,
            checked_in=self.checked_in + other.checked_in,
            coming=self.coming + other.coming,
        )

    def __neg__(self) -> "TypeCount":
        return TypeCount(issued=-self.issued, cancelled=-self.cancelled, checked_in=-self.checked_in, coming=-self.coming)

    @classmethod
    def of(cls, history: History) -> "TypeCount":
        return cls(
            issued=int(history.issued),
            cancelled=int(history.issued and history.cancelled),
            checked_in=int(history.has_entered),
            coming=int(history.issued and not history.cancelled and not history.has_entered),
        )


@dataclass(frozen=True, slots=True)
class Counts:
    """Of a conference: tickets by type, and people inside by the gate they came by."""

    types: Mapping[str, TypeCount]
    inside: Mapping[str, int]

    def moved(self, before: History, after: History) -> "Counts":
        types, inside = dict(self.types), dict(self.inside)
        for history, sign in ((before, -1), (after, 1)):
            if history.ticket_type_id:
                change = TypeCount.of(history)
                counted = types.get(history.ticket_type_id, TypeCount())
                types[history.ticket_type_id] = counted + (change if sign > 0 else -change)
            if history.inside is not None:
                inside[history.inside] = inside.get(history.inside, 0) + sign
        return Counts(types, {gate: people for gate, people in inside.items() if people})
