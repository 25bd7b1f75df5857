"""The routes of tickets: one's own, their QR codes, and the door."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler import Depends, Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import AwareDatetime, Field

from functions.tickets.domain import Attendee, Direction, Entry, Reason, Redemption, Status, Ticket
from functions.tickets.dynamo import DynamoTickets
from functions.tickets.secret import entry_codes
from functions.tickets.use_cases import Codes, Tickets, check_in, read_ticket
from shared import qr
from shared.clock import now
from shared.http import Accept, Api, Body, CallerDep, Cursor, Limit, Page, binary
from shared.negotiation import choose

app = Api()

TicketsDep = Annotated[Tickets, Depends(DynamoTickets)]
CodesDep = Annotated[Codes, Depends(entry_codes)]
TicketId = Annotated[str, Path(max_length=64, examples=["tkt_01JD0000000000000000000000"])]
Box = Annotated[int, Query(ge=1, le=40, description="Pixels a module (PNG), or tenths of a millimetre (SVG)")]
# The bounds keep away from where a change of time zone would leave the calendar.
Instant = Annotated[AwareDatetime, Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(9999, 1, 1, tzinfo=UTC))]

PICTURES = {"image/png": qr.png, "image/svg+xml": qr.svg}  # in our order of preference


@dataclass(frozen=True, slots=True)
class TicketView:
    id: str
    conference_id: str
    conference_name: str
    order_id: str
    ticket_type_id: str
    ticket_type_name: str
    attendee: Attendee
    status: Status
    code: str
    valid_from: datetime
    valid_until: datetime
    issued_at: datetime
    checked_in: Entry | None  # the first entry

    @classmethod
    def of(cls, ticket: Ticket) -> "TicketView":
        return cls(
            id=ticket.id,
            conference_id=ticket.conference_id,
            conference_name=ticket.conference_name,
            order_id=ticket.order_id,
            ticket_type_id=ticket.ticket_type_id,
            ticket_type_name=ticket.ticket_type_name,
            attendee=ticket.attendee,
            status=ticket.status,
            code=ticket.code,
            valid_from=ticket.valid_from,
            valid_until=ticket.valid_until,
            issued_at=ticket.issued_at,
            checked_in=ticket.first_entry,
        )


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


@app.get("/tickets", summary="List my tickets, newest first", tags=["tickets"])
def get_tickets(tickets: TicketsDep, caller: CallerDep, limit: Limit = 50, cursor: Cursor = None) -> Page[TicketView]:
    items, next_cursor = tickets.of_owner(caller.user_id, limit=limit, cursor=cursor)
    return Page([TicketView.of(ticket) for ticket in items], next_cursor)


@app.get("/tickets/<ticket_id>", summary="Read a ticket", tags=["tickets"])
def get_ticket(ticket_id: TicketId, tickets: TicketsDep, caller: CallerDep) -> TicketView:
    return TicketView.of(read_ticket(tickets, caller=caller, ticket_id=ticket_id))


@app.get(
    "/tickets/<ticket_id>/qrcode",
    summary="Draw a ticket's QR code: PNG, or SVG by Accept",
    tags=["tickets"],
    responses={200: {"description": "The picture", "content": {kind: {} for kind in PICTURES}}},
)
def get_qrcode(
    ticket_id: TicketId,
    tickets: TicketsDep,
    caller: CallerDep,
    accept: Accept = "*/*",
    box: Box = 8,
) -> Response[str]:
    kind = choose(accept, *PICTURES)
    ticket = read_ticket(tickets, caller=caller, ticket_id=ticket_id)
    return binary(kind, PICTURES[kind](ticket.code, box=box), {"Cache-Control": "private, no-store", "Vary": "Accept"})


@app.post("/tickets/check-in", summary="Check a ticket in or out at the door", tags=["tickets"])
def post_check_in(body: CheckIn, tickets: TicketsDep, codes: CodesDep, caller: CallerDep) -> CheckInResult:
    """200 for every genuine code, with `status` ok or error and the `reason`; the same `nonce` from you gets the same answer."""
    redemption = check_in(
        tickets,
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


handler = app.entry
