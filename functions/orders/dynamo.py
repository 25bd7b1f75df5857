"""Orders, ticket types and stock in the context's table.

| item | pk | sk | gsi1pk | gsi1sk |
|---|---|---|---|---|
| a ticket type's copy | CONF#<conference> | TYPE#<ticket type> | | |
| a shard of its seats | SHARD#<ticket type>#<number> | SHARD | | |
| an order | ORDER#<order> | ORDER | USER#<buyer> | ORDER#<created at>#<order> |

Shards have partition keys of their own, so that an on-sale writes to as many partitions as there are shards. At any time what is
free in the shards of a ticket type and what its reserved and paid orders hold add up to its capacity: a change is one transaction.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from random import SystemRandom

from pynamodb.attributes import BooleanAttribute, JSONAttribute, ListAttribute, MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from functions.orders.domain import Attendee, Line, Order, Payment, SoldOut, Stocked, TicketType, plan
from functions.orders.use_cases import AlreadyPlaced, NotReserved, Stale
from shared.clock import iso, parse
from shared.errors import Busy
from shared.messages import Message
from shared.money import Money
from shared.table import Item, Outbox, decode_cursor, failed_conditions, page, transact

# Seconds at most before each try of a transaction: the first retry goes at once, to other shards; all take four at most.
_PAUSES = (0.0, 0.0, 0.01, 0.02, 0.04, 0.08, *[0.16] * 24)
_ROUNDS = 30  # of choosing shards again: each means that somebody else got the seats
_ORDER_PUT = 0  # the order's place among the operations of a reservation (puts come before updates)

_dice = SystemRandom()


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
    shards = NumberAttribute()
    min_per_order = NumberAttribute()
    max_per_order = NumberAttribute()
    sale_starts_at = UnicodeAttribute()
    sale_ends_at = UnicodeAttribute()
    hidden = BooleanAttribute()
    valid_from = UnicodeAttribute()
    valid_until = UnicodeAttribute()
    hold_minutes = NumberAttribute()

    @classmethod
    def of(cls, kept: TicketType) -> "TypeItem":
        return cls(
            *_type_key(kept.conference_id, kept.id),
            ticket_type_id=kept.id,
            conference_id=kept.conference_id,
            conference_name=kept.conference_name,
            revision=kept.revision,
            name=kept.name,
            amount=kept.price.amount,
            currency=kept.price.currency,
            capacity=kept.capacity,
            shards=kept.shards,
            min_per_order=kept.min_per_order,
            max_per_order=kept.max_per_order,
            sale_starts_at=iso(kept.sale_starts_at),
            sale_ends_at=iso(kept.sale_ends_at),
            hidden=kept.hidden,
            valid_from=iso(kept.valid_from),
            valid_until=iso(kept.valid_until),
            hold_minutes=kept.hold_minutes,
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
            shards=int(self.shards),
            min_per_order=int(self.min_per_order),
            max_per_order=int(self.max_per_order),
            sale_starts_at=parse(self.sale_starts_at),
            sale_ends_at=parse(self.sale_ends_at),
            hidden=self.hidden,
            valid_from=parse(self.valid_from),
            valid_until=parse(self.valid_until),
            hold_minutes=int(self.hold_minutes),
        )


class ShardItem(Item, discriminator="Shard"):
    v = NumberAttribute(default=1)
    free = NumberAttribute()


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

    @classmethod
    def of(cls, order: Order) -> "OrderItem":
        return cls(
            *_order_key(order.id),
            gsi1pk=f"USER#{order.buyer_id}",
            gsi1sk=f"ORDER#{iso(order.created_at)}#{order.id}",
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
            payment=_payment_map(order.payment) if order.payment else None,
        )

    def to_domain(self) -> Order:
        return Order(
            id=self.order_id,
            conference_id=self.conference_id,
            conference_name=self.conference_name,
            buyer_id=self.buyer_id,
            buyer_name=self.buyer_name,
            buyer_email=self.buyer_email,
            status=self.status,  # type: ignore[arg-type]  # only `of` and `settle` write it
            lines=tuple(line.to_domain() for line in self.lines),
            fingerprint=self.fingerprint,
            created_at=parse(self.created_at),
            expires_at=parse(self.expires_at) if self.expires_at else None,
            paid_at=parse(self.paid_at) if self.paid_at else None,
            payment=Payment(**self.payment) if self.payment else None,
        )


def _payment_map(payment: Payment) -> dict[str, str]:
    return {"status": payment.status, "method": payment.method, "reference": payment.reference}


def _type_key(conference_id: str, ticket_type_id: str) -> tuple[str, str]:
    return f"CONF#{conference_id}", f"TYPE#{ticket_type_id}"


def _shard_key(ticket_type_id: str, shard: int) -> tuple[str, str]:
    return f"SHARD#{ticket_type_id}#{shard}", "SHARD"


def _order_key(order_id: str) -> tuple[str, str]:
    return f"ORDER#{order_id}", "ORDER"


class DynamoOrders:
    def find(self, order_id: str) -> Order | None:
        try:
            item = Item.get(*_order_key(order_id), consistent_read=True)
        except Item.DoesNotExist:
            return None
        return item.to_domain() if isinstance(item, OrderItem) else None

    def of_buyer(self, buyer_id: str, limit: int, cursor: str | None) -> tuple[list[Order], str | None]:
        partition = f"USER#{buyer_id}"
        start = decode_cursor(cursor, partition, "gsi1pk")
        found = Item.gsi1.query(partition, scan_index_forward=False, limit=limit, page_size=limit, last_evaluated_key=start)
        items, following = page(found)
        return [item.to_domain() for item in items if isinstance(item, OrderItem)], following

    def before_order(
        self, order_id: str, conference_id: str, ticket_type_ids: Sequence[str]
    ) -> tuple[Order | None, Mapping[str, TicketType]]:
        keys = [_order_key(order_id), *(_type_key(conference_id, each) for each in ticket_type_ids)]
        items = list(Item.batch_get(keys, consistent_read=True))
        placed = next((item.to_domain() for item in items if isinstance(item, OrderItem)), None)
        return placed, {item.ticket_type_id: item.to_domain() for item in items if isinstance(item, TypeItem)}

    def reserve(self, order: Order, types: Mapping[str, TicketType], message: Message) -> Order:
        # First any shard, unseen: that is right nearly always and spares a round trip. Then only by what was really read.
        choose: Callable[[], Order] = partial(_seated_anywhere, order, types)
        for _ in range(_ROUNDS):
            try:
                return _record_new(choose, message)
            except TransactWriteError as failure:
                failed = failed_conditions(failure)
                if not failed:
                    raise
                if _ORDER_PUT in failed:
                    raise AlreadyPlaced(self._on_record(order.id)) from failure
                choose = partial(_seated_where_free, order, types)
        raise Busy("Many people are buying the last of these tickets. Try again at once: they are not sold out yet.")

    def settle(self, order: Order, message: Message) -> None:
        try:
            _record_settled(order, message)
        except TransactWriteError as failure:
            if not failed_conditions(failure):
                raise
            raise NotReserved(self._on_record(order.id)) from failure

    def _on_record(self, order_id: str) -> Order:
        order = self.find(order_id)
        if order is None:
            raise LookupError(f"order {order_id} was there and is gone: orders are never deleted")
        return order


class DynamoStock:
    def find(self, conference_id: str, ticket_type_id: str) -> Stocked | None:
        try:
            item = Item.get(*_type_key(conference_id, ticket_type_id), consistent_read=True)
        except Item.DoesNotExist:
            return None
        ticket_type = item.to_domain() if isinstance(item, TypeItem) else None
        return _stocked([ticket_type], consistent=True)[0] if ticket_type else None

    def of_conference(self, conference_id: str) -> list[Stocked]:
        items = Item.query(f"CONF#{conference_id}", Item.sk.startswith("TYPE#"))
        return _stocked([item.to_domain() for item in items if isinstance(item, TypeItem)], consistent=False)

    def replace(self, known: Stocked | None, new: Stocked) -> None:
        try:
            _open(new) if known is None else _change(known, new)
        except TransactWriteError as failure:
            if not failed_conditions(failure):
                raise
            raise Stale from failure


def _stocked(types: Iterable[TicketType], *, consistent: bool) -> list[Stocked]:
    """The types with what is free of each.

    The shards are read together and not as of one instant: a seat that comes back meanwhile may be missed, the next reader sees it.
    """
    types = list(types)
    keys = [_shard_key(each.id, shard) for each in types for shard in range(each.shards)]
    free = {item.pk: int(item.free) for item in Item.batch_get(keys, consistent_read=consistent) if isinstance(item, ShardItem)}
    return [Stocked(each, tuple(free.get(_shard_key(each.id, shard)[0], 0) for shard in range(each.shards))) for each in types]


# Choosing shards


def _seated_anywhere(order: Order, types: Mapping[str, TicketType]) -> Order:
    def seated(line: Line) -> Line:
        return replace(line, seats={_dice.randrange(types[line.ticket_type_id].shards): line.quantity})

    return replace(order, lines=tuple(map(seated, order.lines)))


def _seated_where_free(order: Order, types: Mapping[str, TicketType]) -> Order:
    """The order with seats that are free now. Raises SoldOut."""
    stocked = _stocked((types[line.ticket_type_id] for line in order.lines), consistent=True)

    def seated(line: Line, stock: Stocked) -> Line:
        shards = _dice.sample(range(len(stock.free)), len(stock.free))
        seats = plan(stock.free, line.quantity, shards)
        if not seats:
            raise SoldOut(line, stock.available)
        return replace(line, seats=seats)

    return replace(order, lines=tuple(map(seated, order.lines, stocked)))


# Transactions


def _record_new(choose: Callable[[], Order], message: Message) -> Order:
    """Record the order with the seats that `choose` gives, which is asked anew for each try."""
    seated: Order

    def compose(write: TransactWrite) -> None:
        nonlocal seated
        seated = choose()
        write.save(OrderItem.of(seated), condition=Item.pk.does_not_exist())
        write.save(Outbox.of(message))
        for key, seats in _seats(seated):
            write.update(ShardItem(*key), actions=[ShardItem.free.set(ShardItem.free - seats)], condition=ShardItem.free >= seats)

    transact(compose, _PAUSES)
    return seated


def _record_settled(order: Order, message: Message) -> None:
    actions: list[Action] = [OrderItem.status.set(order.status)]
    if order.payment and order.paid_at:
        actions += [OrderItem.paid_at.set(iso(order.paid_at)), OrderItem.payment.set(_payment_map(order.payment))]

    def compose(write: TransactWrite) -> None:
        write.save(Outbox.of(message))
        write.update(OrderItem(*_order_key(order.id)), actions=actions, condition=OrderItem.status == "reserved")
        if order.status != "paid":
            for key, seats in _seats(order):
                write.update(ShardItem(*key), actions=[ShardItem.free.set(ShardItem.free + seats)])

    transact(compose, _PAUSES)


def _seats(order: Order) -> list[tuple[tuple[str, str], int]]:
    return [(_shard_key(line.ticket_type_id, shard), seats) for line in order.lines for shard, seats in line.seats.items()]


def _open(new: Stocked) -> None:
    def compose(write: TransactWrite) -> None:
        write.save(TypeItem.of(new.ticket_type), condition=Item.pk.does_not_exist())
        for shard, seats in enumerate(new.free):
            write.save(ShardItem(*_shard_key(new.ticket_type.id, shard), free=seats), condition=Item.pk.does_not_exist())

    transact(compose, _PAUSES)


def _change(known: Stocked, new: Stocked) -> None:
    def compose(write: TransactWrite) -> None:
        write.save(TypeItem.of(new.ticket_type), condition=TypeItem.revision == known.ticket_type.revision)
        for shard, (before, after) in enumerate(zip(known.free, new.free, strict=True)):
            if before != after:
                write.update(
                    ShardItem(*_shard_key(new.ticket_type.id, shard)),
                    actions=[ShardItem.free.set(ShardItem.free + (after - before))],
                    condition=ShardItem.free >= max(0, before - after),
                )

    transact(compose, _PAUSES)
