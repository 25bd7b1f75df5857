"""One's own tickets and their QR codes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.tickets.domain import Attendee, Entry, Status, Ticket
from functions.tickets.edge import CodesDep, KeysDep, TicketsDep, resource
from functions.tickets.paths import ConferenceId, TicketId
from functions.tickets.use_cases import cancel_ticket, read_ticket, reissue_for_owner, reissue_own
from shared import qr
from shared.http import Accept, CallerDep, CommandDep, Cursor, Limit, Page, answers_with, binary
from shared.negotiation import choose

_AT_CONFERENCE = "/tickets/conferences/<conference_id>/tickets/<ticket_id>"

Box = Annotated[int, Query(ge=1, le=40, description="Pixels a module (PNG), or tenths of a millimetre (SVG)")]
ErrorCorrection = Annotated[qr.Level, Query(description="How much of the symbol may be lost: 7 %, 15 %, 25 % or 30 %")]

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


@dataclass(frozen=True, slots=True)
class TicketOutline:
    """What an organiser sees of a ticket: no code, no e-mail address."""

    id: str
    order_id: str
    ticket_type_name: str
    attendee_name: str
    status: Status
    serial: int  # which of its codes counts, from 1

    @classmethod
    def of(cls, ticket: Ticket) -> "TicketOutline":
        return cls(ticket.id, ticket.order_id, ticket.ticket_type_name, ticket.attendee.name, ticket.status, ticket.serial)


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
    responses=answers_with("The picture", *PICTURES),
)
def get_qrcode(
    ticket_id: TicketId,
    tickets: TicketsDep,
    caller: CallerDep,
    accept: Accept = "*/*",
    box: Box = 8,
    level: ErrorCorrection = "M",
) -> Response[str]:
    kind = choose(accept, *PICTURES)
    ticket = read_ticket(tickets, caller=caller, ticket_id=ticket_id)
    return binary(kind, PICTURES[kind](ticket.code, box=box, level=level), {"Cache-Control": "private, no-store", "Vary": "Accept"})


@router.post("/tickets/<ticket_id>/reissue", summary="Get a new code for my ticket; the one before is dead", tags=["tickets"])
def post_reissue(
    ticket_id: TicketId, tickets: TicketsDep, codes: CodesDep, keys: KeysDep, caller: CallerDep, command: CommandDep
) -> TicketView:
    """For a code that got into wrong hands. Send an Idempotency-Key: a repeat without one makes yet another."""
    ticket = reissue_own(tickets, codes, keys, caller=caller, ticket_id=ticket_id, command_id=command.id("cmd"))
    return TicketView.of(ticket)


@router.post(f"{_AT_CONFERENCE}/reissue", summary="Give a ticket's owner a new code; the one before is dead", tags=["tickets"])
def post_reissue_for_owner(
    conference_id: ConferenceId,
    ticket_id: TicketId,
    tickets: TicketsDep,
    codes: CodesDep,
    keys: KeysDep,
    caller: CallerDep,
    command: CommandDep,
) -> TicketOutline:
    ticket = reissue_for_owner(
        tickets, codes, keys, caller=caller, conference_id=conference_id, ticket_id=ticket_id, command_id=command.id("cmd")
    )
    return TicketOutline.of(ticket)


@router.post(f"{_AT_CONFERENCE}/cancel", summary="Cancel a ticket, without a refund; may be repeated", tags=["tickets"])
def post_cancel(conference_id: ConferenceId, ticket_id: TicketId, tickets: TicketsDep, caller: CallerDep) -> TicketOutline:
    return TicketOutline.of(cancel_ticket(tickets, caller=caller, conference_id=conference_id, ticket_id=ticket_id))
