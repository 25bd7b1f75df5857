"""The gates of a conference: whom each admits, when, how often, and how many at a time.

All gates lead into one venue: a ticket is inside it or not, whichever gate it came by.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Self

from shared.errors import Conflict, KeyReused, NotFound, Problem

# May somebody who was in before come in again? never; after an exit scan; that, and once a day without one; at any time.
Reentry = Literal["never", "after_exit", "each_day", "always"]

MOST_GATES = 50


class NoSuchGate(NotFound):
    def __init__(self, gate_id: str) -> None:
        super().__init__(f"There is no gate {gate_id} in this conference. GET …/gates lists those there are.")


class NameTaken(Conflict):
    slug, title = "name-taken", "There is another of this name"

    def __init__(self, name: str) -> None:
        super().__init__(f"Another gate of this conference is called {name!r}. Scanners name gates: give each a name of its own.")


class TooManyGates(Conflict):
    slug, title = "limit-reached", "No more of these"

    def __init__(self) -> None:
        super().__init__(f"A conference has {MOST_GATES} gates at most. Delete one that is not used.")


class GateChangedMeanwhile(Problem):
    status, slug, title = 412, "changed-meanwhile", "Somebody else changed it since you read it"

    def __init__(self, version: int, if_match: str) -> None:
        super().__init__(
            f'Its ETag is "{version}" by now; If-Match says {if_match}. Read it again, decide on what is there, and send the '
            "change with the new ETag.",
            etag=f'"{version}"',
        )


@dataclass(frozen=True, slots=True)
class Opening:
    """From `starts_at` until before `ends_at`."""

    starts_at: datetime
    ends_at: datetime

    def __contains__(self, instant: datetime) -> bool:
        return self.starts_at <= instant < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    id: str
    name: str
    ticket_type_ids: tuple[str, ...] = ()  # whom it admits; none: everybody with a ticket
    openings: tuple[Opening, ...] = ()  # none: always
    reentry: Reentry = "after_exit"
    capacity: int | None = None  # how many may be inside who came by this gate
    version: int = 1
    fingerprint: str = ""  # of the command that made it

    def is_open(self, at: datetime) -> bool:
        return not self.openings or any(at in opening for opening in self.openings)

    def admits(self, ticket_type_id: str) -> bool:
        return not self.ticket_type_ids or ticket_type_id in self.ticket_type_ids

    def is_full(self, inside: int) -> bool:
        return self.capacity is not None and inside >= self.capacity


@dataclass(frozen=True, slots=True)
class DoorPlan:
    """All gates of a conference in one piece, so that the door reads them with the ticket. `version` grows with each change."""

    conference_id: str
    gates: tuple[Gate, ...] = ()
    version: int = 0

    def named(self, name: str | None) -> Gate | None:
        """By its id, or by its name in upper or lower case."""
        if name is None:
            return None
        return next((gate for gate in self.gates if gate.id == name or _same(gate.name, name)), None)

    def gate(self, gate_id: str) -> Gate:
        """Raises NoSuchGate."""
        for gate in self.gates:
            if gate.id == gate_id:
                return gate
        raise NoSuchGate(gate_id)

    def add(self, gate: Gate) -> Self:
        """The plan with one more gate; the same plan where it is there already. Raises KeyReused, NameTaken, TooManyGates."""
        present = next((each for each in self.gates if each.id == gate.id), None)
        if present:
            if present.fingerprint != gate.fingerprint:
                raise KeyReused
            return self
        if len(self.gates) >= MOST_GATES:
            raise TooManyGates
        return self._changed((*self.gates, replace(gate, version=self.version + 1)))

    def change(self, gate: Gate, if_match: str | None) -> Self:
        """The same plan where the gate is so already. Raises NoSuchGate, NameTaken, GateChangedMeanwhile."""
        present = self.gate(gate.id)
        if replace(gate, version=present.version) == present:
            return self
        _check(present, if_match)
        changed = replace(gate, version=self.version + 1)
        return self._changed(tuple(changed if each.id == gate.id else each for each in self.gates))

    def remove(self, gate_id: str, if_match: str | None) -> Self:
        """Raises NoSuchGate, GateChangedMeanwhile."""
        _check(self.gate(gate_id), if_match)
        return self._changed(tuple(each for each in self.gates if each.id != gate_id))

    def _changed(self, gates: tuple[Gate, ...]) -> Self:
        for number, gate in enumerate(gates):
            if any(_same(gate.name, other.name) for other in gates[:number]):
                raise NameTaken(gate.name)
        return replace(self, gates=gates, version=self.version + 1)


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _check(gate: Gate, if_match: str | None) -> None:
    if if_match is None or if_match == "*":
        return
    if f'"{gate.version}"' not in [tag.strip() for tag in if_match.split(",")]:
        raise GateChangedMeanwhile(gate.version, if_match)
