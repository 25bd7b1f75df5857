"""Tickets and what became of each order, in the context's table; `items_door.py` has what the door keeps beside them.

| item | pk | sk | gsi1pk | gsi1sk |
|---|---|---|---|---|
| Ticket | TICKET#id | TICKET | USER#owner | ISSUED#instant#id |
| TicketReissue | TICKET#id | REISSUE#command | | |
| OrderTickets | ORDER#id | TICKETS | | |
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast

from pynamodb.attributes import BooleanAttribute, NumberAttribute, NumberSetAttribute, UnicodeAttribute
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from functions.tickets.domain import Attendee, Entry, Passage, Stale, Status, Superseded, Ticket, TicketsOfOrder
from shared.clock import iso, parse
from shared.table import Item, failed_conditions, transact

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    superseded = UnicodeAttribute(null=True, attr_name="old")
    valid_from = UnicodeAttribute(attr_name="from")
    valid_until = UnicodeAttribute(attr_name="until")
    time_zone = UnicodeAttribute(attr_name="zone")
    is_for_owner = BooleanAttribute(attr_name="own")
    status = UnicodeAttribute()
    entered_at = UnicodeAttribute(null=True, attr_name="entered")
    entered_gate = UnicodeAttribute(null=True, attr_name="gate")
    last = UnicodeAttribute(null=True)  # the latest passage
    named_at = NumberAttribute(null=True, attr_name="named")

    @staticmethod
    def key(ticket_id: str) -> tuple[str, str]:
        return f"TICKET#{ticket_id}", "TICKET"

    @classmethod
    def is_as_read(cls, before: Ticket) -> Condition:
        """A ticket's status changes at the door, and its code whenever it changes hands."""
        as_read: Condition = (cls.status == before.status) & (cls.code == before.code)
        return as_read

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
            superseded=ticket.superseded,
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
            superseded=cast("Superseded | None", self.superseded),
            valid_from=parse(self.valid_from),
            valid_until=parse(self.valid_until),
            issued_at=parse(issued_at),
            time_zone=self.time_zone,
            is_for_owner=self.is_for_owner,
            status=cast("Status", self.status),
            first_entry=Entry(_instant(self.entered_at), self.entered_gate) if self.entered_at else None,
            last=passage(self.last),
            named_at=int(self.named_at or 0),
        )


def instant_text(instant: datetime) -> str:
    """In as few bytes as there are: milliseconds since 1970 in hexadecimal."""
    return f"{(instant - _EPOCH) // timedelta(milliseconds=1):x}"


def _instant(kept: str) -> datetime:
    return _EPOCH + timedelta(milliseconds=int(kept, 16))


def passage_text(last: Passage | None) -> str | None:
    return f"{instant_text(last.at)}#{last.scan_id.removeprefix('scn_')}" if last else None


def passage(kept: str | None) -> Passage | None:
    """The inverse of `passage_text`."""
    if not kept:
        return None
    at, _, scan = kept.partition("#")
    return Passage(_instant(at), f"scn_{scan}")


class ReissueItem(Item, discriminator="TicketReissue"):
    """A command that gave a ticket a new code."""

    v = NumberAttribute(default=1)

    @staticmethod
    def key(ticket_id: str, command_id: str) -> tuple[str, str]:
        return f"TICKET#{ticket_id}", f"REISSUE#{command_id}"


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
