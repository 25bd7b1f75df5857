"""Orders, ticket types and stock in the context's table (`items.py`).

At any time what is free in the shards of a ticket type and what its reserved and paid orders hold add up to its capacity in force,
and nothing is free while that is above what is wanted: a change is one transaction.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from random import SystemRandom

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from functions.orders.domain import Line, Order, Release, SoldOut, Stocked, TicketType, plan
from functions.orders.items import OrderItem, ShardItem, TypeItem, order_key, shard_key, type_key
from functions.orders.use_cases import AlreadyPlaced, Overtaken, Stale
from shared.errors import Busy
from shared.messages import Message
from shared.table import Item, Outbox, decode_cursor, failed_conditions, page, transact

# Seconds at most before each try of a transaction: the first retry goes at once, to other shards; all take four at most.
_PAUSES = (0.0, 0.0, 0.01, 0.02, 0.04, 0.08, *[0.16] * 24)
_ROUNDS = 30  # of looking at the stock again: each means that somebody else got the seats, or changed how many are wanted
_ORDER_PUT = 0  # the order's place among the operations of a transaction (puts come before updates)

_dice = SystemRandom()


class DynamoOrders:
    def find(self, order_id: str) -> Order | None:
        try:
            item = Item.get(*order_key(order_id), consistent_read=True)
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
        keys = [order_key(order_id), *(type_key(conference_id, each) for each in ticket_type_ids)]
        items = list(Item.batch_get(keys, consistent_read=True))
        placed = next((item.to_domain() for item in items if isinstance(item, OrderItem)), None)
        return placed, _copies(items)

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
                choose = partial(_seated_where_free, order)
        raise Busy("Many people are buying the last of these tickets. Try again at once: they are not sold out yet.")

    def change(self, before: Order, after: Order, message: Message | None = None) -> None:
        for _ in range(_ROUNDS):
            try:
                _record_change(before, after, _releases(before, after), message)
            except TransactWriteError as failure:
                failed = failed_conditions(failure)
                if not failed:
                    raise
                if _ORDER_PUT in failed:
                    raise Overtaken(self._on_record(after.id)) from failure
            else:
                return
        raise Busy("The stock of these tickets keeps changing. Nothing was done: send the request again.")

    def _on_record(self, order_id: str) -> Order:
        order = self.find(order_id)
        if order is None:
            raise LookupError(f"order {order_id} was there and is gone: orders are never deleted")
        return order


class DynamoStock:
    def find(self, conference_id: str, ticket_type_id: str) -> Stocked | None:
        try:
            item = Item.get(*type_key(conference_id, ticket_type_id), consistent_read=True)
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


def _copies(items: Iterable[Item]) -> dict[str, TicketType]:
    return {item.ticket_type_id: item.to_domain() for item in items if isinstance(item, TypeItem)}


def _types(conference_id: str, lines: Iterable[Line]) -> dict[str, TicketType]:
    """The ticket types of the lines as they are now."""
    keys = [type_key(conference_id, line.ticket_type_id) for line in lines]
    return _copies(Item.batch_get(keys, consistent_read=True))


def _stocked(types: Iterable[TicketType], *, consistent: bool) -> list[Stocked]:
    """The types with what is free of each.

    The shards are read together and not as of one instant: a seat that comes on sale meanwhile may be missed.
    """
    types = list(types)
    keys = [shard_key(each.id, shard) for each in types for shard in range(each.shards)]
    free = {item.pk: int(item.free) for item in Item.batch_get(keys, consistent_read=consistent) if isinstance(item, ShardItem)}
    return [Stocked(each, tuple(free.get(shard_key(each.id, shard)[0], 0) for shard in range(each.shards))) for each in types]


# Choosing shards


def _seated_anywhere(order: Order, types: Mapping[str, TicketType]) -> Order:
    def seated(line: Line) -> Line:
        return replace(line, seats={_dice.randrange(types[line.ticket_type_id].shards): line.quantity})

    return replace(order, lines=tuple(map(seated, order.lines)))


def _seated_where_free(order: Order) -> Order:
    """The order with seats that are free now, also in shards that were added since it was begun. Raises SoldOut."""
    types = _types(order.conference_id, order.lines)
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
        for line in seated.lines:
            for shard, seats in line.seats.items():
                write.update(
                    ShardItem(*shard_key(line.ticket_type_id, shard)),
                    actions=[ShardItem.free.set(ShardItem.free - seats)],
                    condition=ShardItem.free >= seats,
                )

    transact(compose, _PAUSES)
    return seated


def _releases(before: Order, after: Order) -> list[tuple[TicketType, Release]]:
    """What becomes of the seats that the order gives up, line by line, as the ticket types are now."""
    lines = before.lines_of(before.seated - after.seated)
    types = _types(before.conference_id, lines) if lines else {}
    return [(types[line.ticket_type_id], types[line.ticket_type_id].release(line.seats)) for line in lines]


def _record_change(before: Order, after: Order, releases: Sequence[tuple[TicketType, Release]], message: Message | None) -> None:
    def compose(write: TransactWrite) -> None:
        write.save(OrderItem.of(after), condition=_as_read(before))
        if message:
            write.save(Outbox.of(message))
        for ticket_type, release in releases:
            _add_release(write, ticket_type, release)

    transact(compose, _PAUSES)


def _as_read(order: Order) -> Condition:
    condition: Condition = OrderItem.revision == order.revision
    return condition | OrderItem.revision.does_not_exist() if order.revision == 1 else condition


def _add_release(write: TransactWrite, ticket_type: TicketType, release: Release) -> None:
    if release.retired:
        write.update(
            TypeItem(*type_key(ticket_type.conference_id, ticket_type.id)),
            actions=[TypeItem.capacity.set(TypeItem.capacity - release.retired)],
            condition=_unchanged(ticket_type),
        )
    # A change that leaves more out than wanted writes its revision to every shard. So a release need not check the copy, on which
    # all of them would meet, to learn that its seats are no longer wanted.
    not_lowered_since = ShardItem.revision.does_not_exist() | (ShardItem.revision <= ticket_type.revision)
    for shard, seats in release.on_sale.items():
        write.update(
            ShardItem(*shard_key(ticket_type.id, shard)),
            actions=[ShardItem.free.set(ShardItem.free + seats)],
            condition=not_lowered_since,
        )


def _unchanged(known: TicketType) -> Condition:
    # Both: a release changes the capacity and not the revision, and a change may leave the capacity as it is.
    condition: Condition = (TypeItem.revision == known.revision) & (TypeItem.capacity == known.capacity)
    return condition


def _open(new: Stocked) -> None:
    def compose(write: TransactWrite) -> None:
        write.save(TypeItem.of(new.ticket_type), condition=Item.pk.does_not_exist())
        _add_shards(write, new, first=0)

    transact(compose, _PAUSES)


def _change(known: Stocked, new: Stocked) -> None:
    def compose(write: TransactWrite) -> None:
        write.save(TypeItem.of(new.ticket_type), condition=_unchanged(known.ticket_type))
        _add_shards(write, new, first=len(known.free))
        _change_shards(write, known, new)

    transact(compose, _PAUSES)


def _add_shards(write: TransactWrite, new: Stocked, first: int) -> None:
    for shard, seats in enumerate(new.free[first:], first):
        write.save(
            ShardItem(*shard_key(new.ticket_type.id, shard), free=seats, revision=new.ticket_type.revision),
            condition=Item.pk.does_not_exist(),
        )


def _change_shards(write: TransactWrite, known: Stocked, new: Stocked) -> None:
    """Where more are out than wanted, every shard is written and none may have got a seat since: it would stay on sale."""
    for shard, (before, after) in enumerate(zip(known.free, new.free, strict=False)):
        if before != after or new.ticket_type.surplus:
            write.update(
                ShardItem(*shard_key(new.ticket_type.id, shard)),
                actions=[ShardItem.free.set(ShardItem.free + (after - before)), ShardItem.revision.set(new.ticket_type.revision)],
                condition=ShardItem.free == before if new.ticket_type.surplus else ShardItem.free >= max(0, before - after),
            )
