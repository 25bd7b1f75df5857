"""The items of the context's table.

| item | pk | sk | gsi1pk | gsi1sk |
|---|---|---|---|---|
| a ticket type's copy | CONF#<conference> | TYPE#<ticket type> | | |
| a shard of its seats | SHARD#<ticket type>#<number> | SHARD | | |
| an order | ORDER#<order> | ORDER | USER#<buyer> | ORDER#<created at> |

Shards have partition keys of their own, so that an on-sale writes to as many partitions as there are shards.
"""

from pynamodb.attributes import BooleanAttribute, JSONAttribute, ListAttribute, MapAttribute, NumberAttribute, UnicodeAttribute

from functions.orders.domain import Attendee, Change, Line, Order, Payment, TicketType
from shared.clock import iso, parse
from shared.money import Money
from shared.table import Item


def type_key(conference_id: str, ticket_type_id: str) -> tuple[str, str]:
    return f"CONF#{conference_id}", f"TYPE#{ticket_type_id}"


def shard_key(ticket_type_id: str, shard: int) -> tuple[str, str]:
    return f"SHARD#{ticket_type_id}#{shard}", "SHARD"


def order_key(order_id: str) -> tuple[str, str]:
    return f"ORDER#{order_id}", "ORDER"


def _entry(change: Change, buyer_id: str) -> list[str]:
    """Short, so that an order with its history stays within a KB: the buyer is not named again."""
    by = "" if change.by == buyer_id else change.by
    entry = [iso(change.at), change.what, by, change.detail]
    while not entry[-1]:
        entry.pop()
    return entry


def _change(at: str, what: str, by: str = "", detail: str = "", *, buyer_id: str) -> Change:
    return Change(parse(at), what, by or buyer_id, detail)


def payment_map(payment: Payment) -> dict[str, str]:
    return {"status": payment.status, "method": payment.method, "reference": payment.reference}


class TypeItem(Item, discriminator="TicketTypeCopy"):
    v = NumberAttribute(default=1)
    ticket_type_id = UnicodeAttribute()
    conference_id = UnicodeAttribute()
    conference_name = UnicodeAttribute()
    revision = NumberAttribute()
    name = UnicodeAttribute()
    amount = NumberAttribute()
    currency = UnicodeAttribute()
    capacity = NumberAttribute()
    wanted = NumberAttribute(null=True)  # none in a copy that was made before it was kept: it wants what is in force
    shards = NumberAttribute()
    min_per_order = NumberAttribute()
    max_per_order = NumberAttribute()
    sale_starts_at = UnicodeAttribute()
    sale_ends_at = UnicodeAttribute()
    hidden = BooleanAttribute()
    valid_from = UnicodeAttribute()
    valid_until = UnicodeAttribute()
    hold_minutes = NumberAttribute()
    time_zone = UnicodeAttribute(default="UTC")

    @classmethod
    def of(cls, kept: TicketType) -> "TypeItem":
        return cls(
            *type_key(kept.conference_id, kept.id),
            ticket_type_id=kept.id,
            conference_id=kept.conference_id,
            conference_name=kept.conference_name,
            revision=kept.revision,
            name=kept.name,
            amount=kept.price.amount,
            currency=kept.price.currency,
            capacity=kept.capacity,
            wanted=kept.wanted,
            shards=kept.shards,
            min_per_order=kept.min_per_order,
            max_per_order=kept.max_per_order,
            sale_starts_at=iso(kept.sale_starts_at),
            sale_ends_at=iso(kept.sale_ends_at),
            hidden=kept.hidden,
            valid_from=iso(kept.valid_from),
            valid_until=iso(kept.valid_until),
            hold_minutes=kept.hold_minutes,
            time_zone=kept.time_zone,
        )

    def to_domain(self) -> TicketType:
        return TicketType(
            id=self.ticket_type_id,
            conference_id=self.conference_id,
            conference_name=self.conference_name,
            revision=int(self.revision),
            name=self.name,
            price=Money(int(self.amount), self.currency),
            capacity=int(self.capacity),
            wanted=int(self.capacity if self.wanted is None else self.wanted),
            shards=int(self.shards),
            min_per_order=int(self.min_per_order),
            max_per_order=int(self.max_per_order),
            sale_starts_at=parse(self.sale_starts_at),
            sale_ends_at=parse(self.sale_ends_at),
            hidden=self.hidden,
            valid_from=parse(self.valid_from),
            valid_until=parse(self.valid_until),
            hold_minutes=self.hold_minutes,
            time_zone=self.time_zone,
        )


class ShardItem(Item, discriminator="Shard"):
    v = NumberAttribute(default=1)
    free = NumberAttribute()
    revision = NumberAttribute(null=True)  # of the ticket type, when a change last wrote the shard


class AttendeeMap(MapAttribute[str, str]):
    name = UnicodeAttribute()
    email = UnicodeAttribute()

    @classmethod
    def of(cls, attendee: Attendee) -> "AttendeeMap":
        return cls(name=attendee.name, email=attendee.email)


class LineMap(MapAttribute[str, object]):
    ticket_type_id = UnicodeAttribute()
    name = UnicodeAttribute()
    quantity = NumberAttribute()
    amount = NumberAttribute()
    currency = UnicodeAttribute()
    attendees = ListAttribute(of=AttendeeMap)
    valid_from = UnicodeAttribute()
    valid_until = UnicodeAttribute()
    seats = JSONAttribute()

    @classmethod
    def of(cls, line: Line) -> "LineMap":
        return cls(
            ticket_type_id=line.ticket_type_id,
            name=line.name,
            quantity=line.quantity,
            amount=line.unit_price.amount,
            currency=line.unit_price.currency,
            attendees=[AttendeeMap.of(each) for each in line.attendees],
            valid_from=iso(line.valid_from),
            valid_until=iso(line.valid_until),
            seats={str(shard): seats for shard, seats in line.seats.items()},
        )

    def to_domain(self) -> Line:
        return Line(
            ticket_type_id=self.ticket_type_id,
            name=self.name,
            quantity=int(self.quantity),
            unit_price=Money(int(self.amount), self.currency),
            attendees=tuple(Attendee(each.name, each.email) for each in self.attendees),
            valid_from=parse(self.valid_from),
            valid_until=parse(self.valid_until),
            seats={int(shard): seats for shard, seats in self.seats.items()},
        )


class OrderItem(Item, discriminator="Order"):
    v = NumberAttribute(default=1)
    order_id = UnicodeAttribute()
    conference_id = UnicodeAttribute()
    conference_name = UnicodeAttribute()
    buyer_id = UnicodeAttribute()
    buyer_name = UnicodeAttribute()
    buyer_email = UnicodeAttribute()
    status = UnicodeAttribute()
    lines = ListAttribute(of=LineMap)
    fingerprint = UnicodeAttribute()
    created_at = UnicodeAttribute()
    expires_at = UnicodeAttribute(null=True)
    paid_at = UnicodeAttribute(null=True)
    payment = JSONAttribute(null=True)
    time_zone = UnicodeAttribute(default="UTC")
    revision = NumberAttribute(null=True)  # none in an order of before it was kept, which is at its first
    changes = JSONAttribute(null=True)
    returned = NumberAttribute(null=True)
    ended = JSONAttribute(null=True)

    @classmethod
    def of(cls, order: Order) -> "OrderItem":
        return cls(
            *order_key(order.id),
            gsi1pk=f"USER#{order.buyer_id}",
            gsi1sk=f"ORDER#{iso(order.created_at)}",
            order_id=order.id,
            conference_id=order.conference_id,
            conference_name=order.conference_name,
            buyer_id=order.buyer_id,
            buyer_name=order.buyer_name,
            buyer_email=order.buyer_email,
            status=order.status,
            lines=[LineMap.of(line) for line in order.lines],
            fingerprint=order.fingerprint,
            created_at=iso(order.created_at),
            expires_at=iso(order.expires_at) if order.expires_at else None,
            paid_at=iso(order.paid_at) if order.paid_at else None,
            payment=payment_map(order.payment) if order.payment else None,
            time_zone=order.time_zone,
            revision=order.revision,
            changes=[_entry(change, order.buyer_id) for change in order.changes] or None,
            returned=order.returned or None,
            ended={str(number): end for number, end in order.ended.items()} or None,
        )

    def to_domain(self) -> Order:
        return Order(
            id=self.order_id,
            conference_id=self.conference_id,
            conference_name=self.conference_name,
            buyer_id=self.buyer_id,
            buyer_name=self.buyer_name,
            buyer_email=self.buyer_email,
            status=self.status,  # type: ignore[arg-type]  # only `of` writes it
            lines=tuple(line.to_domain() for line in self.lines),
            fingerprint=self.fingerprint,
            created_at=parse(self.created_at),
            expires_at=parse(self.expires_at) if self.expires_at else None,
            paid_at=parse(self.paid_at) if self.paid_at else None,
            payment=Payment(**self.payment) if self.payment else None,
            time_zone=self.time_zone,
            revision=int(self.revision or 1),
            changes=tuple(_change(*entry, buyer_id=self.buyer_id) for entry in self.changes or ()),
            returned=int(self.returned or 0),
            ended={int(number): end for number, end in (self.ended or {}).items()},
        )
