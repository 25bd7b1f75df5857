"""What becomes of an order's tickets after the sale: somebody else is named, and their e-mail is asked for again."""

from collections.abc import Sequence
from typing import Protocol

from functions.tickets.domain import Attendee, Stale, Ticket, TicketsOfOrder, ticket_id
from functions.tickets.use_cases import again, same_name
from shared.ids import derived_id
from shared.messages import (
    AttendeeChanged,
    MailedCode,
    Message,
    OrderMailDue,
    OrderMailReady,
    OrderMailRequested,
    TicketMailReady,
    TicketReissued,
    TicketTransferred,
)
from shared.telemetry import logger


class Issued(Protocol):
    def of_order(self, order_id: str) -> TicketsOfOrder: ...

    def get(self, ticket_id: str) -> Ticket | None: ...

    def some(self, ticket_ids: Sequence[str]) -> list[Ticket]:
        """Those that there are, in the same order."""


class SoldTickets(Issued, Protocol):
    def name(self, ticket: Ticket, attendee: Attendee, *, is_for_owner: bool, revision: int) -> None:
        """As of the order's `revision`. Raises Stale where the ticket has changed since it was read, or has a later one's name."""


class Papers(Protocol):
    def put(self, request_id: str, tickets: Sequence[Ticket]) -> str:
        """Print them for a mail; under which key they are to be fetched. Again replaces it."""


class Messages(Protocol):
    def tell(self, message: Message) -> None:
        """Once for each id of the message."""


def name_attendee(tickets: SoldTickets, changed: AttendeeChanged) -> None:
    """Once only, the latest of several in whatever order they come; not on a ticket that was handed over to somebody else.

    Raises Stale where the ticket is still to be issued: the message must come again.
    """
    if changed.is_paid:  # otherwise OrderPaid names the attendee
        again(lambda: _name(tickets, changed))


def _name(tickets: SoldTickets, changed: AttendeeChanged) -> None:
    ticket = tickets.get(ticket_id(changed.order_id, changed.number))
    if ticket is None:
        if not tickets.of_order(changed.order_id).is_settled:
            raise Stale
        return  # it was refunded before it was issued
    if ticket.owner_id != changed.buyer_id or ticket.named_at >= changed.revision:
        return
    tickets.name(
        ticket,
        Attendee(changed.attendee_name, changed.attendee_email),
        is_for_owner=same_name(changed.attendee_name, changed.buyer_name),
        revision=changed.revision,
    )


def gather_mail(tickets: Issued, papers: Papers, messages: Messages, requested: OrderMailDue | OrderMailRequested) -> None:
    """Answer with those of the order's tickets that its buyer still has, as they are now, and print them.

    Raises Stale where they are still to be issued: the message must come again.
    """
    order = tickets.of_order(requested.order_id)
    if not order.is_settled:
        raise Stale
    numbers, found = list(order.standing), tickets.some(list(order.standing.values()))
    own = [(number, ticket) for number, ticket in zip(numbers, found, strict=True) if ticket.owner_id == requested.buyer_id]
    if not own:
        logger.info("no ticket is left to mail", order_id=requested.order_id)
        return
    messages.tell(
        OrderMailReady(
            id=derived_id("msg", requested.request_id),
            conference_id=requested.conference_id,
            conference_name=requested.conference_name,
            order_id=requested.order_id,
            request_id=requested.request_id,
            buyer_id=requested.buyer_id,
            buyer_name=requested.buyer_name,
            buyer_email=requested.buyer_email,
            total=requested.total,
            paid_at=requested.paid_at,
            tickets=[_mailed(number, ticket) for number, ticket in own],
            paper=papers.put(requested.request_id, [ticket for _, ticket in own]),
        )
    )


def print_new_code(tickets: Issued, papers: Papers, messages: Messages, changed: TicketReissued | TicketTransferred) -> None:
    """For the mail that brings it. A code that is dead by now is not mailed: what made the next one brings that."""
    ticket = tickets.get(changed.ticket_id)
    if ticket is None or ticket.serial != changed.serial or ticket.status == "cancelled":
        logger.info("the code is not good any more", ticket_id=changed.ticket_id)
        return
    received = changed if isinstance(changed, TicketTransferred) else None
    messages.tell(
        TicketMailReady(
            id=derived_id("msg", changed.id),
            conference_id=ticket.conference_id,
            conference_name=ticket.conference_name,
            ticket_id=ticket.id,
            order_id=ticket.order_id,
            owner_id=changed.owner_id,
            request_id=changed.id,
            ticket=_mailed(1, ticket),
            issued_at=changed.occurred_at,
            paper=papers.put(changed.id, [ticket]),
            reissued=received is None,
            by_owner=isinstance(changed, TicketReissued) and changed.by_owner,
            owner_name=received.owner_name if received else "",
            owner_email=received.owner_email if received else "",
        )
    )


def _mailed(number: int, ticket: Ticket) -> MailedCode:
    return MailedCode(
        number=number,
        attendee_name=ticket.attendee.name,
        ticket_type_name=ticket.ticket_type_name,
        code=ticket.code,
        valid_from=ticket.valid_from,
        time_zone=ticket.time_zone,
        valid_until=ticket.valid_until,
    )
