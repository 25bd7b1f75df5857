"""What an organiser does with the gates of a conference."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from functions.tickets.gates import DoorPlan, Gate
from functions.tickets.use_cases import again
from functions.tickets.use_cases_door import DOOR_ROLES
from shared.caller import Caller


class Gates(Protocol):
    def plan(self, conference_id: str) -> DoorPlan:
        """Without gates and of version 0 where there is none yet."""

    def inside(self, conference_id: str) -> Mapping[str, int]:
        """People by the gate they came by, some seconds old."""

    def save(self, before: DoorPlan, after: DoorPlan) -> None:
        """Raises Stale where the plan is no longer as `before`."""


def add_gate(gates: Gates, *, caller: Caller, conference_id: str, gate: Gate) -> Gate:
    """Once only by its id. Raises Forbidden, NameTaken, TooManyGates."""
    return _change(gates, caller, conference_id, lambda plan: plan.add(gate)).gate(gate.id)


def change_gate(
    gates: Gates, *, caller: Caller, conference_id: str, gate_id: str, changes: Mapping[str, Any], if_match: str | None
) -> Gate:
    """What is so already is answered as it is. Raises Forbidden, NoSuchGate, NameTaken, GateChangedMeanwhile."""
    plan = _change(gates, caller, conference_id, lambda plan: plan.change(replace(plan.gate(gate_id), **changes), if_match))
    return plan.gate(gate_id)


def remove_gate(gates: Gates, *, caller: Caller, conference_id: str, gate_id: str, if_match: str | None) -> None:
    """Raises Forbidden, NoSuchGate, GateChangedMeanwhile."""
    _change(gates, caller, conference_id, lambda plan: plan.remove(gate_id, if_match))


def read_gates(gates: Gates, *, caller: Caller, conference_id: str) -> tuple[DoorPlan, Mapping[str, int]]:
    """Raises Forbidden."""
    caller.require(conference_id, *DOOR_ROLES)
    return gates.plan(conference_id), gates.inside(conference_id)


def _change(gates: Gates, caller: Caller, conference_id: str, how: Callable[[DoorPlan], DoorPlan]) -> DoorPlan:
    """Raises Forbidden, Stale, and what `how` raises."""
    caller.require(conference_id, "organizer")

    def change() -> DoorPlan:
        before = gates.plan(conference_id)
        after = how(before)
        if after != before:
            gates.save(before, after)
        return after

    return again(change)
