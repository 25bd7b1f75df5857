"""An order that was reserved and not paid, as the door knows it: it has no ticket and no code, and its holder may stand there.

| item | pk | sk |
|---|---|---|
| ReservedOrder | ORDER#id | RESERVED |
| ReservedTicket | TICKET#id, as the ticket will have it | RESERVED |

Written on OrderReserved, and gone with the reservation. No name is in it: who may see the order on a telephone is at the door.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError

from functions.tickets.directory import tickets_of_order
from shared.clock import iso, parse
from shared.table import Item

if TYPE_CHECKING:
    from shared.messages import OrderCancelled, OrderReserved


@dataclass(frozen=True, slots=True)
class Reservation:
    order_id: str
    conference_id: str
    expires_at: datetime
    ticket_types: tuple[str, ...]  # their names, in the order of the tickets' numbers
    is_given_up: bool = False

    def is_open(self, at: datetime) -> bool:
        return not self.is_given_up and at < self.expires_at

    @property
    def tickets(self) -> dict[str, str]:
        """The name of the ticket type by the id that the ticket will have."""
        return dict(zip(tickets_of_order(self.order_id, len(self.ticket_types)), self.ticket_types, strict=True))


class ReservedOrderItem(Item, discriminator="ReservedOrder"):
    v = NumberAttribute(default=1)
    conference_id = UnicodeAttribute()
    expires_at = UnicodeAttribute()
    ticket_types = UnicodeAttribute(default="")  # a line each
    given_up = BooleanAttribute(default=False)

    @staticmethod
    def key(order_id: str) -> tuple[str, str]:
        return f"ORDER#{order_id}", "RESERVED"

    def domain(self) -> Reservation:
        return Reservation(
            order_id=self.pk.removeprefix("ORDER#"),
            conference_id=self.conference_id,
            expires_at=parse(self.expires_at),
            ticket_types=tuple(self.ticket_types.splitlines()),
            is_given_up=self.given_up,
        )


class ReservedTicketItem(Item, discriminator="ReservedTicket"):
    v = NumberAttribute(default=1)
    order_id = UnicodeAttribute()

    @staticmethod
    def key(ticket_id: str) -> tuple[str, str]:
        return f"TICKET#{ticket_id}", "RESERVED"


class DynamoReservations:
    def keep(self, reserved: "OrderReserved") -> None:
        """Unless it was heard before that it was given up. May be repeated."""
        names = [line.name for line in (reserved.order.lines if reserved.order else ()) for _ in range(line.quantity)]
        ttl = int(reserved.expires_at.timestamp())
        tickets = tickets_of_order(reserved.order_id, len(names))
        with Item.batch_write() as batch:
            for ticket_id in tickets:
                batch.save(ReservedTicketItem(*ReservedTicketItem.key(ticket_id), order_id=reserved.order_id, ttl=ttl))
        order = ReservedOrderItem(
            *ReservedOrderItem.key(reserved.order_id),
            conference_id=reserved.conference_id,
            expires_at=iso(reserved.expires_at),
            ticket_types="\n".join(names),
            ttl=ttl,
        )
        try:
            order.save(condition=Item.pk.does_not_exist())
        except PutError as failure:
            if failure.cause_response_code != "ConditionalCheckFailedException":
                raise

    def give_up(self, cancelled: "OrderCancelled") -> None:
        """Also before it was heard of: it stays until it would have expired by itself, at the latest a day from now."""
        at = iso(cancelled.occurred_at)
        ReservedOrderItem(
            *ReservedOrderItem.key(cancelled.order_id),
            conference_id=cancelled.conference_id,
            expires_at=at,
            given_up=True,
            ttl=int(cancelled.occurred_at.timestamp()) + 86_400,
        ).save()

    def of_order(self, order_id: str) -> Reservation | None:
        try:
            return ReservedOrderItem.get(*ReservedOrderItem.key(order_id), consistent_read=True).domain()
        except ReservedOrderItem.DoesNotExist:
            return None

    def of_ticket(self, ticket_id: str) -> Reservation | None:
        try:
            return self.of_order(ReservedTicketItem.get(*ReservedTicketItem.key(ticket_id)).order_id)
        except ReservedTicketItem.DoesNotExist:
            return None
