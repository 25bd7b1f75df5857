"""What people and messages do with tickets."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from functions.tickets.domain import Attendee, Ticket, TicketsOfOrder, ticket_id
from functions.tickets.entry_code import EntryCode
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import NotFound
from shared.messages import OrderCancelled, OrderPaid, OrderRefunded, TicketCancelled, TicketIssued, TicketLine
from shared.telemetry import count


class Codes(Protocol):
    @property
    def key_id(self) -> int:
        """Of the keys that sign now."""

    def sign(self, entry: EntryCode) -> str: ...

    def verify(self, code: str) -> EntryCode:
        """Raises NotACode."""


class Tickets(Protocol):
    def issue(self, order_id: str, tickets: Sequence[Ticket], messages: Sequence[TicketIssued]) -> bool:
        """Whether the tickets were issued now: False where the order has its tickets already, or has ended."""

    def of_order(self, order_id: str) -> TicketsOfOrder | None: ...

    def bar(self, order_id: str) -> None:
        """No ticket of the order will ever be issued. Raises Stale where they have been."""

    def cancel(self, order: TicketsOfOrder, messages: Sequence[TicketCancelled]) -> None:
        """Raises Stale where they are cancelled already."""

    def get(self, ticket_id: str) -> Ticket | None: ...

    def of_owner(self, owner_id: str, *, limit: int, cursor: str | None) -> tuple[list[Ticket], str | None]:
        """Newest first. Raises Malformed for a foreign cursor."""


def issue_tickets(tickets: Tickets, codes: Codes, clock: Clock, order: OrderPaid) -> None:
    """One ticket for each line of a paid order; once only, however often the message comes."""
    issued_at = clock()
    issued = [_ticket(codes, order, number, line, issued_at) for number, line in enumerate(order.tickets, start=1)]
    messages = [_issued(order, number, ticket) for number, ticket in enumerate(issued, start=1)]
    if tickets.issue(order.order_id, issued, messages):
        count("TicketsIssued", order.conference_id, by=len(issued))


def _ticket(codes: Codes, order: OrderPaid, number: int, line: TicketLine, issued_at: datetime) -> Ticket:
    entry = EntryCode(
        key_id=codes.key_id,
        ticket_id=ticket_id(order.order_id, number),
        conference_id=order.conference_id,
        ticket_type_id=line.ticket_type_id,
        valid_from=line.valid_from,
        valid_until=line.valid_until,
    )
    return Ticket(
        id=entry.ticket_id,
        conference_id=order.conference_id,
        conference_name=order.conference_name,
        order_id=order.order_id,
        ticket_type_id=line.ticket_type_id,
        ticket_type_name=line.ticket_type_name,
        owner_id=order.buyer_id,
        attendee=Attendee(line.attendee_name, line.attendee_email),
        code=codes.sign(entry),
        valid_from=line.valid_from,
        valid_until=line.valid_until,
        issued_at=issued_at,
        time_zone=order.time_zone,
        is_for_owner=_same_name(line.attendee_name, order.buyer_name),
    )


def _same_name(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _issued(order: OrderPaid, number: int, ticket: Ticket) -> TicketIssued:
    return TicketIssued(
        conference_id=ticket.conference_id,
        conference_name=ticket.conference_name,
        ticket_id=ticket.id,
        order_id=ticket.order_id,
        order_tickets=len(order.tickets),
        number=number,
        owner_id=ticket.owner_id,
        owner_name=order.buyer_name,
        owner_email=order.buyer_email,
        attendee_name=ticket.attendee.name,
        ticket_type_name=ticket.ticket_type_name,
        code=ticket.code,
        valid_from=ticket.valid_from,
        time_zone=ticket.time_zone,
    )


def cancel_tickets(tickets: Tickets, ended: OrderRefunded | OrderCancelled) -> None:
    """Nothing of a refunded or cancelled order opens the door; once only, and also where it comes before OrderPaid.

    Raises Stale where OrderPaid is being dealt with at the same moment: the message must come again.
    """
    order = tickets.of_order(ended.order_id)
    if order is None:
        tickets.bar(ended.order_id)
    elif not order.cancelled:
        messages = [_cancelled(ended, number, issued) for number, issued in enumerate(order.ticket_ids, start=1)]
        tickets.cancel(order, messages)


def _cancelled(ended: OrderRefunded | OrderCancelled, number: int, issued: str) -> TicketCancelled:
    return TicketCancelled(
        conference_id=ended.conference_id,
        conference_name=ended.conference_name,
        ticket_id=issued,
        order_id=ended.order_id,
        number=number,
        owner_id=ended.buyer_id,
    )


def read_ticket(tickets: Tickets, *, caller: Caller, ticket_id: str) -> Ticket:
    """For its owner alone: it holds the code that admits, and an e-mail address. Raises NotFound for anybody else."""
    ticket = tickets.get(ticket_id)
    if ticket is None or ticket.owner_id != caller.user_id:
        raise NotFound(f"There is no ticket {ticket_id} of yours. GET /tickets lists those you have.")
    return ticket
