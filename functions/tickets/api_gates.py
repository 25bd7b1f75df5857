"""The gates of a conference."""

from dataclasses import dataclass
from datetime import UTC
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Depends, Response
from aws_lambda_powertools.event_handler.openapi.params import Header, Path
from pydantic import Field, model_validator

from functions.tickets.api_check_in import Instant
from functions.tickets.dynamo_gates import DynamoGates
from functions.tickets.edge import resource
from functions.tickets.gates import Gate, Opening, Reentry
from functions.tickets.use_cases_gates import Gates, add_gate, change_gate, read_gates, remove_gate
from shared.fields import ONE_LINE
from shared.http import Body, CallerDep, CommandDep, Page

_MANY = "/tickets/conferences/<conference_id>/gates"
_ONE = f"{_MANY}/<gate_id>"

GatesDep = Annotated[Gates, Depends(DynamoGates)]
ConferenceId = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_]+$", examples=["cnf_01JD0000000000000000000000"])]
GateId = Annotated[str, Path(max_length=64)]
IfMatch = Annotated[
    str | None, Header(alias="If-Match", max_length=1024, description="The ETag that was read: 412 where it is another by now")
]

router = resource()


@dataclass(frozen=True, slots=True)
class GateView:
    """`inside`: people who came by this gate and have not left, some seconds old."""

    id: str
    name: str
    ticket_type_ids: tuple[str, ...]
    openings: tuple[Opening, ...]
    reentry: Reentry
    capacity: int | None
    inside: int
    version: int

    @classmethod
    def of(cls, gate: Gate, inside: int) -> "GateView":
        return cls(gate.id, gate.name, gate.ticket_type_ids, gate.openings, gate.reentry, gate.capacity, inside, gate.version)


class OpeningBody(Body):
    starts_at: Instant
    ends_at: Instant

    @model_validator(mode="after")
    def _in_order(self) -> "OpeningBody":
        if self.starts_at >= self.ends_at:
            raise ValueError("an opening ends after it starts")
        return self

    def opening(self) -> Opening:
        return Opening(self.starts_at.astimezone(UTC), self.ends_at.astimezone(UTC))


Name = Annotated[str, Field(min_length=1, max_length=50, pattern=ONE_LINE, description="Scanners may name it by this")]
TicketTypes = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=50, description="Whom it admits; none: everybody")
]
Openings = Annotated[list[OpeningBody], Field(max_length=60, description="When it is open; none: always")]
Capacity = Annotated[int, Field(ge=1, le=1_000_000, description="How many may be inside who came by this gate")]


class AddGate(Body):
    name: Name
    ticket_type_ids: TicketTypes = []  # noqa: RUF012  # pydantic copies it
    openings: Openings = []  # noqa: RUF012
    reentry: Reentry = "after_exit"
    capacity: Capacity | None = None


class ChangeGate(Body):
    """Only what is named is changed."""

    name: Name | None = None
    ticket_type_ids: TicketTypes | None = None
    openings: Openings | None = None
    reentry: Reentry | None = None
    capacity: Capacity | None = None

    def changes(self) -> dict[str, Any]:
        """A null takes the capacity away, and is no value of anything else."""
        named: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        changes = {name: value for name, value in named.items() if value is not None or name == "capacity"}
        if self.ticket_type_ids is not None:
            changes["ticket_type_ids"] = tuple(self.ticket_type_ids)
        if self.openings is not None:
            changes["openings"] = tuple(opening.opening() for opening in self.openings)
        return changes


@router.post(_MANY, status_code=201, summary="Add a gate", tags=["door"])
def post_gate(
    conference_id: ConferenceId, body: AddGate, caller: CallerDep, command: CommandDep, gates: GatesDep
) -> Response[GateView]:
    gate = Gate(
        id=command.id("gat"),
        name=body.name,
        ticket_type_ids=tuple(body.ticket_type_ids),
        openings=tuple(opening.opening() for opening in body.openings),
        reentry=body.reentry,
        capacity=body.capacity,
        fingerprint=command.fingerprint,
    )
    return _versioned(add_gate(gates, caller=caller, conference_id=conference_id, gate=gate), 0, 201)


@router.get(_MANY, summary="List gates, with how many are inside", tags=["door"])
def get_gates(conference_id: ConferenceId, caller: CallerDep, gates: GatesDep) -> Page[GateView]:
    """All of them: a conference has 50 at most."""
    plan, inside = read_gates(gates, caller=caller, conference_id=conference_id)
    return Page([GateView.of(gate, inside.get(gate.id, 0)) for gate in plan.gates], None)


@router.get(_ONE, summary="Show a gate, with how many are inside", tags=["door"])
def get_gate(conference_id: ConferenceId, gate_id: GateId, caller: CallerDep, gates: GatesDep) -> Response[GateView]:
    plan, inside = read_gates(gates, caller=caller, conference_id=conference_id)
    return _versioned(plan.gate(gate_id), inside.get(gate_id, 0))


@router.patch(_ONE, summary="Change a gate", tags=["door"])
def patch_gate(
    conference_id: ConferenceId,
    gate_id: GateId,
    body: ChangeGate,
    caller: CallerDep,
    gates: GatesDep,
    if_match: IfMatch = None,
) -> Response[GateView]:
    """In force at the next scan."""
    gate = change_gate(
        gates, caller=caller, conference_id=conference_id, gate_id=gate_id, changes=body.changes(), if_match=if_match
    )
    return _versioned(gate, gates.inside(conference_id).get(gate_id, 0))


@router.delete(_ONE, status_code=204, summary="Delete a gate", tags=["door"])
def delete_gate(
    conference_id: ConferenceId, gate_id: GateId, caller: CallerDep, gates: GatesDep, if_match: IfMatch = None
) -> Response[None]:
    """What was scanned at it stays on record. With its last gate a conference is without rules again."""
    remove_gate(gates, caller=caller, conference_id=conference_id, gate_id=gate_id, if_match=if_match)
    return Response(204)


def _versioned(gate: Gate, inside: int, status: int = 200) -> Response[GateView]:
    return Response(status, "application/json", GateView.of(gate, inside), {"ETag": f'"{gate.version}"'})
