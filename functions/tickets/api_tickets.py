"""One's own tickets and their QR codes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.tickets.domain import Attendee, Entry, Status, Ticket
from functions.tickets.edge import TicketId, TicketsDep, resource
from functions.tickets.use_cases import read_ticket
from shared import qr
from shared.http import Accept, CallerDep, Cursor, Limit, Page, binary
from shared.negotiation import choose

Box = Annotated[int, Query(ge=1, le=40, description="Pixels a module (PNG), or tenths of a millimetre (SVG)")]

PICTURES = {"image/png": qr.png, "image/svg+xml": qr.svg}  # in our order of preference

router = resource()


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


@router.get("/tickets", summary="List my tickets, newest first", tags=["tickets"])
def get_tickets(tickets: TicketsDep, caller: CallerDep, limit: Limit = 50, cursor: Cursor = None) -> Page[TicketView]:
    items, next_cursor = tickets.of_owner(caller.user_id, limit=limit, cursor=cursor)
    return Page([TicketView.of(ticket) for ticket in items], next_cursor)


@router.get("/tickets/<ticket_id>", summary="Read a ticket", tags=["tickets"])
def get_ticket(ticket_id: TicketId, tickets: TicketsDep, caller: CallerDep) -> TicketView:
    return TicketView.of(read_ticket(tickets, caller=caller, ticket_id=ticket_id))


@router.get(
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
