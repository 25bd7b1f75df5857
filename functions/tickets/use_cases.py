"""What people and messages do with tickets."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from functions.tickets.domain import Attendee, Stale, Ticket, TicketsOfOrder, ticket_id
from functions.tickets.entry_code import EntryCode
from shared import messages
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import NotFound
from shared.messages import Message, OrderMailDue, TicketCancelled, TicketIssued, TicketReissued
from shared.telemetry import count, took

if TYPE_CHECKING:
    from shared.messages import OrderCancelled, OrderPaid, OrderRefunded, TicketLine

T = TypeVar("T")

_TRIES = 5  # readings of what others keep changing


class Codes(Protocol):
    def sign(self, entry: EntryCode) -> str: ...

    def verify(self, code: str) -> EntryCode:
        """Raises NotACode."""

    def verify_scanned(self, text: str) -> EntryCode:
        """Of a code, or of the receipt that a scanner kept of one. Raises NotACode."""


class CurrentKey(Protocol):
    def current(self, conference_id: str) -> int:
        """The id of the key that signs new codes."""


class TicketsById(Protocol):
    def get(self, ticket_id: str) -> Ticket | None: ...


class Tickets(TicketsById, Protocol):
    def of_order(self, order_id: str) -> TicketsOfOrder: ...

    def issue(self, order: TicketsOfOrder, tickets: Sequence[Ticket], messages: Sequence[Message]) -> None:
        """Raises Stale where the order has changed since it was read."""

    def cancel(self, order: TicketsOfOrder, tickets: Sequence[Ticket], messages: Sequence[Message]) -> None:
        """Raises Stale where the order or the owner of a ticket has changed since it was read."""

    def some(self, ticket_ids: Sequence[str]) -> list[Ticket]:
        """Those that there are, in the same order."""

    def with_command(self, ticket_id: str, command_id: str) -> tuple[Ticket | None, bool]:
        """The ticket, and whether it has had a new code by this command."""

    def replace_code(self, before: Ticket, after: Ticket, command_id: str, messages: Sequence[Message]) -> None:
        """Raises Stale where the ticket is no longer as `before`, or the command has run."""

    def of_owner(self, owner_id: str, *, limit: int, cursor: str | None) -> tuple[list[Ticket], str | None]:
        """Newest first. Raises Malformed for a foreign cursor."""


def again(act: Callable[[], T]) -> T:
    """What `act` returns, which reads, decides and writes: anew where others changed in between what it read. Raises Stale."""
    for _ in range(_TRIES):
        try:
            return act()
        except Stale:
            continue
    raise Stale


def issue_tickets(tickets: Tickets, codes: Codes, keys: CurrentKey, clock: Clock, paid: "OrderPaid") -> None:
    """One ticket for each line of a paid order; once only, however often the message comes.

    A line that was refunded before becomes a cancelled ticket: its order's numbers stay those that everybody else counts by.
    """
    again(lambda: _issue(tickets, codes, keys, clock, paid))


def _issue(tickets: Tickets, codes: Codes, keys: CurrentKey, clock: Clock, paid: "OrderPaid") -> None:
    order = tickets.of_order(paid.order_id)
    if order.is_settled:
        return
    order = order.issue(len(paid.tickets))
    issued_at, key_id = clock(), keys.current(paid.conference_id)
    issued = [_ticket(codes, key_id, order, paid, number, line, issued_at) for number, line in enumerate(paid.tickets, start=1)]
    told: list[Message] = [_issued(paid, number, ticket) for number, ticket in enumerate(issued, start=1)]
    told += [_cancelled(number, ticket) for number, ticket in enumerate(issued, start=1) if ticket.status == "cancelled"]
    if order.standing:
        told.append(_mail_due(paid))
    tickets.issue(order, issued, told)
    count("TicketsIssued", paid.conference_id, by=len(order.standing))
    took("IssuingLag", issued_at - paid.occurred_at)


def _ticket(
    codes: Codes, key_id: int, order: TicketsOfOrder, paid: "OrderPaid", number: int, line: "TicketLine", issued_at: datetime
) -> Ticket:
    entry = EntryCode(
        key_id=key_id,
        ticket_id=ticket_id(order.order_id, number),
        conference_id=paid.conference_id,
        ticket_type_id=line.ticket_type_id,
        valid_from=line.valid_from,
        valid_until=line.valid_until,
    )
    return Ticket(
        id=entry.ticket_id,
        conference_id=paid.conference_id,
        conference_name=paid.conference_name,
        order_id=order.order_id,
        ticket_type_id=line.ticket_type_id,
        ticket_type_name=line.ticket_type_name,
        owner_id=paid.buyer_id,
        attendee=Attendee(line.attendee_name, line.attendee_email),
        code=codes.sign(entry),
        valid_from=line.valid_from,
        valid_until=line.valid_until,
        issued_at=issued_at,
        time_zone=paid.time_zone,
        is_for_owner=same_name(line.attendee_name, paid.buyer_name),
        status="valid" if number in order.standing else "cancelled",
    )


def same_name(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _issued(order: "OrderPaid", number: int, ticket: Ticket) -> TicketIssued:
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
        ticket_type_id=ticket.ticket_type_id,
        ticket_type_name=ticket.ticket_type_name,
        code=ticket.code,
        valid_from=ticket.valid_from,
        time_zone=ticket.time_zone,
    )


def _mail_due(paid: "OrderPaid") -> OrderMailDue:
    return OrderMailDue(
        conference_id=paid.conference_id,
        conference_name=paid.conference_name,
        order_id=paid.order_id,
        request_id=paid.order_id,  # the first mail of an order is requested by its payment
        buyer_id=paid.buyer_id,
        buyer_name=paid.buyer_name,
        buyer_email=paid.buyer_email,
        total=paid.total,
        paid_at=paid.occurred_at,
    )


def cancel_tickets(tickets: Tickets, ended: "OrderRefunded | OrderCancelled") -> None:
    """Nothing that was given back opens the door; once only, and also where it comes before OrderPaid."""
    numbers = ended.numbers if isinstance(ended, messages.OrderRefunded) else ()
    again(lambda: _cancel(tickets, ended.order_id, numbers))


def _cancel(tickets: Tickets, order_id: str, numbers: Collection[int]) -> None:
    order = tickets.of_order(order_id)
    after = order.cancel(numbers)
    if after is order:
        return
    gone = {number: issued for number, issued in order.standing.items() if number not in after.standing}
    cancelled = tickets.some(list(gone.values()))
    tickets.cancel(after, cancelled, [_cancelled(number, ticket) for number, ticket in zip(gone, cancelled, strict=True)])


def _cancelled(number: int, ticket: Ticket) -> TicketCancelled:
    return TicketCancelled(
        conference_id=ticket.conference_id,
        conference_name=ticket.conference_name,
        ticket_id=ticket.id,
        order_id=ticket.order_id,
        number=number,
        owner_id=ticket.owner_id,
    )


def cancel_ticket(tickets: Tickets, *, caller: Caller, conference_id: str, ticket_id: str) -> Ticket:
    """By an organiser; once only. Money is another matter: POST /orders/{id}/refunds cancels too. Raises Forbidden, NotFound."""

    def run() -> Ticket:
        ticket = _ticket_at(tickets, caller, conference_id, ticket_id)
        numbers = [number for number, issued in tickets.of_order(ticket.order_id).standing.items() if issued == ticket_id]
        if numbers:
            _cancel(tickets, ticket.order_id, numbers)
        return replace(ticket, status="cancelled")

    return again(run)


def reissue_own(tickets: Tickets, codes: Codes, keys: CurrentKey, *, caller: Caller, ticket_id: str, command_id: str) -> Ticket:
    """One's ticket with a new code, and the one before is dead; once a command. Raises NotFound, NotReissuable, CodesExhausted."""

    def run() -> Ticket:
        ticket, has_run = tickets.with_command(ticket_id, command_id)
        if ticket is None or ticket.owner_id != caller.user_id:
            raise not_yours(ticket_id)
        return ticket if has_run else _reissue(tickets, codes, keys, ticket, command_id, by_owner=True)

    return again(run)


def reissue_for_owner(
    tickets: Tickets, codes: Codes, keys: CurrentKey, *, caller: Caller, conference_id: str, ticket_id: str, command_id: str
) -> Ticket:
    """By an organiser, for an owner whose code got into wrong hands. Raises Forbidden, NotFound, NotReissuable, CodesExhausted."""

    def run() -> Ticket:
        ticket = _ticket_at(tickets, caller, conference_id, ticket_id)
        _, has_run = tickets.with_command(ticket_id, command_id)
        return ticket if has_run else _reissue(tickets, codes, keys, ticket, command_id, by_owner=False)

    return again(run)


def _ticket_at(tickets: Tickets, caller: Caller, conference_id: str, ticket_id: str) -> Ticket:
    caller.require(conference_id, "organizer")
    ticket = tickets.get(ticket_id)
    if ticket is None or ticket.conference_id != conference_id:
        raise NotFound(f"There is no ticket {ticket_id} at this conference.")
    return ticket


def _reissue(tickets: Tickets, codes: Codes, keys: CurrentKey, ticket: Ticket, command_id: str, *, by_owner: bool) -> Ticket:
    reissued = ticket.reissue(next_code(codes, keys, ticket))
    tickets.replace_code(ticket, reissued, command_id, [_reissued(reissued, by_owner)])
    return reissued


def _reissued(ticket: Ticket, by_owner: bool) -> TicketReissued:
    return TicketReissued(
        conference_id=ticket.conference_id,
        conference_name=ticket.conference_name,
        ticket_id=ticket.id,
        order_id=ticket.order_id,
        owner_id=ticket.owner_id,
        by_owner=by_owner,
        attendee_name=ticket.attendee.name,
        ticket_type_name=ticket.ticket_type_name,
        code=ticket.code,
        serial=ticket.serial,
        valid_from=ticket.valid_from,
        time_zone=ticket.time_zone,
    )


def next_code(codes: Codes, keys: CurrentKey, ticket: Ticket) -> str:
    """That follows the ticket's present one. Raises CodesExhausted."""
    return codes.sign(
        EntryCode(
            key_id=keys.current(ticket.conference_id),
            ticket_id=ticket.id,
            conference_id=ticket.conference_id,
            ticket_type_id=ticket.ticket_type_id,
            valid_from=ticket.valid_from,
            valid_until=ticket.valid_until,
            serial=ticket.next_serial,
        )
    )


def read_ticket(tickets: TicketsById, *, caller: Caller, ticket_id: str) -> Ticket:
    """For its owner alone: it holds the code that admits, and an e-mail address. Raises NotFound for anybody else."""
    ticket = tickets.get(ticket_id)
    if ticket is None or ticket.owner_id != caller.user_id:
        raise not_yours(ticket_id)
    return ticket


def not_yours(ticket_id: str) -> NotFound:
    return NotFound(f"There is no ticket {ticket_id} of yours. GET /tickets lists those you have.")
