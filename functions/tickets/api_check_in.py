"""The door: codes that are held to a scanner."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler import Depends
from pydantic import AwareDatetime, Field

from functions.tickets.domain import Direction, Entry, Reason, Redemption
from functions.tickets.dynamo_door import DynamoDoor
from functions.tickets.edge import CodesDep, resource
from functions.tickets.use_cases_door import Door, check_in
from shared.clock import now
from shared.http import Body, CallerDep

DoorDep = Annotated[Door, Depends(DynamoDoor)]
# The bounds keep away from where a change of time zone would leave the calendar.
Instant = Annotated[AwareDatetime, Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(9999, 1, 1, tzinfo=UTC))]

router = resource()


@dataclass(frozen=True, slots=True)
class ScannedTicket:
    """What the door sees of a ticket: no e-mail address."""

    id: str
    ticket_type_name: str
    attendee_name: str


@dataclass(frozen=True, slots=True)
class CheckInResult:
    status: Literal["ok", "error"]
    reason: Reason | None
    detail: str
    ticket: ScannedTicket | None
    first_entry: Entry | None

    @classmethod
    def of(cls, redemption: Redemption) -> "CheckInResult":
        verdict, ticket = redemption.verdict, redemption.ticket
        return cls(
            status="error" if verdict.reason else "ok",
            reason=verdict.reason,
            detail=verdict.detail,
            ticket=ScannedTicket(ticket.id, ticket.ticket_type_name, ticket.attendee.name) if ticket else None,
            first_entry=verdict.first_entry,
        )


class CheckIn(Body):
    code: Annotated[str, Field(min_length=1, max_length=300, description="What the QR code says")]
    nonce: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="Names this scan among yours: repeat it to repeat the request")
    ]
    gate: Annotated[str, Field(max_length=50, pattern=r"^[^\x00-\x1f\x7f]+$")] | None = None
    type: Direction = "entry"
    scanned_at: Annotated[Instant, Field(description="When it happened, where that is not now")] | None = None


@router.post("/tickets/check-in", summary="Check a ticket in or out at the door", tags=["tickets"])
def post_check_in(body: CheckIn, door: DoorDep, codes: CodesDep, caller: CallerDep) -> CheckInResult:
    """200 for every genuine code, with `status` ok or error and the `reason`; the same `nonce` from you gets the same answer."""
    redemption = check_in(
        door,
        codes,
        now,
        caller=caller,
        code=body.code,
        nonce=body.nonce,
        direction=body.type,
        gate=body.gate,
        scanned_at=body.scanned_at.astimezone(UTC) if body.scanned_at else None,
    )
    return CheckInResult.of(redemption)
