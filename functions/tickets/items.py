"""Tickets, scans and what became of each order, in the context's table.

| item | pk | sk | gsi1pk | gsi1sk |
|---|---|---|---|---|
| Ticket | TICKET#id | TICKET | USER#owner | ISSUED#instant#id |
| TicketScan | SCAN#conference#operator#nonce | SCAN | | |
| OrderTickets | ORDER#id | TICKETS | | |

A scan has a partition of its own, so that a full door heats no key.
"""

from collections.abc import Callable
from typing import cast

from pynamodb.attributes import BooleanAttribute, NumberAttribute, NumberSetAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from functions.tickets.domain import Attendee, Direction, Entry, Reason, Scan, Stale, Status, Ticket, TicketsOfOrder, Verdict
from shared.clock import iso, parse
from shared.table import Item, failed_conditions, transact


class TicketItem(Item, discriminator="Ticket"):
    """Kept below 1 KB, where a check-in gets dearer: what the keys say is not said again, and names are short."""

    v = NumberAttribute(default=1)
    conference_id = UnicodeAttribute(attr_name="conf")
    conference_name = UnicodeAttribute(attr_name="confname")
    order_id = UnicodeAttribute(attr_name="order")
    ticket_type_id = UnicodeAttribute(attr_name="type")
    ticket_type_name = UnicodeAttribute(attr_name="typename")
    attendee_name = UnicodeAttribute(attr_name="name")
    attendee_email = UnicodeAttribute(attr_name="email")
    code = UnicodeAttribute()
    serial = NumberAttribute(default=1, attr_name="no")
    valid_from = UnicodeAttribute(attr_name="from")
    valid_until = UnicodeAttribute(attr_name="until")
    time_zone = UnicodeAttribute(attr_name="zone")
    is_for_owner = BooleanAttribute(attr_name="own")
    status = UnicodeAttribute()
    entered_at = UnicodeAttribute(null=True, attr_name="entered")
    entered_gate = UnicodeAttribute(null=True, attr_name="gate")

    @staticmethod
    def key(ticket_id: str) -> tuple[str, str]:
        return f"TICKET#{ticket_id}", "TICKET"

    @classmethod
    def of(cls, ticket: Ticket) -> "TicketItem":
        """A new ticket: never yet at the door."""
        return cls(
            *cls.key(ticket.id),
            gsi1pk=f"USER#{ticket.owner_id}",
            gsi1sk=f"ISSUED#{iso(ticket.issued_at)}#{ticket.id}",
            conference_id=ticket.conference_id,
            conference_name=ticket.conference_name,
            order_id=ticket.order_id,
            ticket_type_id=ticket.ticket_type_id,
            ticket_type_name=ticket.ticket_type_name,
            attendee_name=ticket.attendee.name,
            attendee_email=ticket.attendee.email,
            code=ticket.code,
            serial=ticket.serial,
            valid_from=iso(ticket.valid_from),
            valid_until=iso(ticket.valid_until),
            time_zone=ticket.time_zone,
            is_for_owner=ticket.is_for_owner,
            status=ticket.status,
        )

    def domain(self) -> Ticket:
        _, issued_at, ticket_id = self.gsi1sk.split("#")
        return Ticket(
            id=ticket_id,
            conference_id=self.conference_id,
            conference_name=self.conference_name,
            order_id=self.order_id,
            ticket_type_id=self.ticket_type_id,
            ticket_type_name=self.ticket_type_name,
            owner_id=self.gsi1pk.removeprefix("USER#"),
            attendee=Attendee(self.attendee_name, self.attendee_email),
            code=self.code,
            serial=int(self.serial),
            valid_from=parse(self.valid_from),
            valid_until=parse(self.valid_until),
            issued_at=parse(issued_at),
            time_zone=self.time_zone,
            is_for_owner=self.is_for_owner,
            status=cast("Status", self.status),
            first_entry=Entry(parse(self.entered_at), self.entered_gate) if self.entered_at else None,
        )


class ScanItem(Item, discriminator="TicketScan"):
    v = NumberAttribute(default=1)
    nonce = UnicodeAttribute()
    conference_id = UnicodeAttribute()
    ticket_id = UnicodeAttribute()
    serial = NumberAttribute(default=1)
    direction = UnicodeAttribute()
    gate = UnicodeAttribute(null=True)
    scanned_at = UTCDateTimeAttribute()
    received_at = UTCDateTimeAttribute()
    operator_id = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)  # none: let through
    detail = UnicodeAttribute()
    entered_at = UTCDateTimeAttribute(null=True)
    entered_gate = UnicodeAttribute(null=True)

    @staticmethod
    def key(scan: Scan) -> tuple[str, str]:
        return f"SCAN#{scan.conference_id}#{scan.operator_id}#{scan.nonce}", "SCAN"

    @classmethod
    def of(cls, scan: Scan, verdict: Verdict) -> "ScanItem":
        return cls(
            *cls.key(scan),
            nonce=scan.nonce,
            conference_id=scan.conference_id,
            ticket_id=scan.ticket_id,
            serial=scan.serial,
            direction=scan.direction,
            gate=scan.gate,
            scanned_at=scan.scanned_at,
            received_at=scan.received_at,
            operator_id=scan.operator_id,
            reason=verdict.reason,
            detail=verdict.detail,
            entered_at=verdict.first_entry.at if verdict.first_entry else None,
            entered_gate=verdict.first_entry.gate if verdict.first_entry else None,
        )

    def domain(self) -> tuple[Scan, Verdict]:
        scan = Scan(
            nonce=self.nonce,
            conference_id=self.conference_id,
            ticket_id=self.ticket_id,
            serial=int(self.serial),
            direction=cast("Direction", self.direction),
            gate=self.gate,
            scanned_at=self.scanned_at,
            received_at=self.received_at,
            operator_id=self.operator_id,
        )
        first_entry = Entry(self.entered_at, self.entered_gate) if self.entered_at else None
        return scan, Verdict(cast("Reason | None", self.reason), self.detail, first_entry)


class OrderTicketsItem(Item, discriminator="OrderTickets"):
    v = NumberAttribute(default=1)
    order_id = UnicodeAttribute()
    issued = NumberAttribute()  # how many
    cancelled = BooleanAttribute()
    numbers = NumberSetAttribute(null=True)
    revision = NumberAttribute(default=1)

    @staticmethod
    def key(order_id: str) -> tuple[str, str]:
        return f"ORDER#{order_id}", "TICKETS"

    @classmethod
    def of(cls, order: TicketsOfOrder) -> "OrderTicketsItem":
        return cls(
            *cls.key(order.order_id),
            order_id=order.order_id,
            issued=order.issued,
            cancelled=order.cancelled,
            numbers=order.numbers or None,
            revision=order.revision,
        )

    def domain(self) -> TicketsOfOrder:
        numbers = frozenset(int(number) for number in self.numbers or ())
        return TicketsOfOrder(self.order_id, int(self.issued), self.cancelled, numbers, int(self.revision))


def commit(compose: Callable[[TransactWrite], None]) -> None:
    """Raises Stale where a condition failed, Busy where the contention does not end."""
    try:
        transact(compose)
    except TransactWriteError as failure:
        if failed_conditions(failure):
            raise Stale from failure
        raise
