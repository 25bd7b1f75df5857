"""The waiting list in the context's table (`items_waiting.py`).

A pool is *awaited* while somebody waits for its seats: each of its shards says so, and what everybody buys is conditional on none
saying it, in the very item that a purchase changes anyway. So a seat that comes back cannot be sold around those who wait.
"""

from collections.abc import Callable, Collection, Sequence
from random import SystemRandom
from typing import cast

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from functions.orders.catalogue import Catalogue
from functions.orders.domain import Order
from functions.orders.dynamo import outgoing
from functions.orders.dynamo_stock import (
    PAUSES,
    add_counting,
    add_taking,
    check_counts,
    pools_of,
    read_pools,
    stocked_of,
    types_of,
    unchanged,
)
from functions.orders.items import OrderItem
from functions.orders.items_stock import PooledItem, PoolItem, ShardItem, pool_key, shard_key
from functions.orders.items_waiting import (
    EntryItem,
    PlaceItem,
    entry_key,
    line_partition,
    list_partition,
    place_key,
    waiter_partition,
)
from functions.orders.stock import Pool, Seats, Stocked
from functions.orders.use_cases_stock import Stale
from functions.orders.use_cases_waiting import Place
from functions.orders.waiting import Entry
from shared.clock import iso
from shared.messages import Message
from shared.table import Item, Outbox, decode_cursor, failed_conditions, page, transact

_dice = SystemRandom()


class DynamoWaiting:
    def catalogue(self, conference_id: str, ticket_type_ids: Collection[str]) -> Catalogue:
        items = list(Item.batch_get([pool_key(conference_id, each) for each in ticket_type_ids], consistent_read=True))
        types, pools = types_of(items), pools_of(items)
        shared = {each.pool_id for each in types.values() if each.pool_id}
        return Catalogue(types, pools | read_pools(conference_id, shared) if shared else pools)

    def check_limits(self, order: Order, catalogue: Catalogue) -> None:
        check_counts(order.buyer_id, order.lines, catalogue.limits)

    def stocked(self, conference_id: str, pool_ids: Collection[str]) -> list[Stocked[Pool]]:
        return stocked_of(read_pools(conference_id, pool_ids).values(), consistent=True)

    def find(self, entry_id: str) -> Entry | None:
        try:
            item = Item.get(*entry_key(entry_id), consistent_read=True)
        except Item.DoesNotExist:
            return None
        return item.to_domain() if isinstance(item, EntryItem) else None

    def of_person(self, user_id: str, limit: int, cursor: str | None) -> tuple[list[Entry], str | None]:
        partition = waiter_partition(user_id)
        start = decode_cursor(cursor, partition, "gsi1pk")
        found = EntryItem.gsi1.query(partition, scan_index_forward=False, limit=limit, page_size=limit, last_evaluated_key=start)
        items, following = page(found)
        return [cast("EntryItem", item).to_domain() for item in items], following

    def of_conference(self, conference_id: str, limit: int, cursor: str | None) -> tuple[list[Entry], str | None]:
        partition = list_partition(conference_id)
        start = decode_cursor(cursor, partition, "gsi2pk")
        items, following = page(EntryItem.gsi2.query(partition, limit=limit, page_size=limit, last_evaluated_key=start))
        return [cast("EntryItem", item).to_domain() for item in items], following

    def before(self, entry: Entry) -> int:
        partition, place = place_key(entry)
        return int(
            PlaceItem.count(partition, PlaceItem.sk < place, filter_condition=PlaceItem.ticket_type_id == entry.ticket_type_id)
        )

    def line(self, line: str) -> list[Place]:
        places = PlaceItem.query(line_partition(line), consistent_read=True)
        return [Place(item.entry_id, item.ticket_type_id) for item in places]

    def join(self, entry: Entry, known: Entry | None, awaited: Pool, message: Message) -> None:
        def compose(write: TransactWrite) -> None:
            write.save(EntryItem.of(entry), condition=_as_known(known))
            write.save(PlaceItem.of(entry), condition=PlaceItem.pk.does_not_exist())
            write.save(Outbox.of(message))
            if awaited.is_awaited:
                shard = _dice.randrange(awaited.shards)
                write.update(
                    ShardItem(*shard_key(awaited.id, shard)),
                    actions=[ShardItem.joined.set(ShardItem.joined + 1)],
                    condition=ShardItem.joined.exists(),
                )
            else:
                _add_keeping(write, awaited, must_be_empty=True)

        _commit(compose)

    def keep(self, pool: Pool) -> None:
        _commit(lambda write: _add_keeping(write, pool, must_be_empty=False))

    def reopen(self, pool: Pool, is_line_empty: Callable[[], bool]) -> None:
        keys = [shard_key(pool.id, shard) for shard in range(pool.shards)]
        shards = {item.pk: item for item in Item.batch_get(keys, consistent_read=True) if isinstance(item, ShardItem)}
        if not is_line_empty():  # looked at after the shards: whoever joins since changes one of them
            return

        def compose(write: TransactWrite) -> None:
            write.update(_record(pool), actions=[PooledItem.awaited.remove()], condition=unchanged(pool))
            for key in keys:
                write.update(
                    ShardItem(*key), actions=[ShardItem.joined.remove()], condition=ShardItem.joined == shards[key[0]].joined
                )

        _commit(compose)

    def offer(self, order: Order, entry: Entry, seats: Seats, messages: Sequence[Message]) -> None:
        def compose(write: TransactWrite) -> None:
            write.delete(PlaceItem(*place_key(entry)), condition=PlaceItem.pk.exists())
            write.save(OrderItem.of(order), condition=Item.pk.does_not_exist())
            write.save(EntryItem.of(entry), condition=EntryItem.state == "waiting")
            for message in messages:
                write.save(outgoing(order, message))
            add_taking(write, seats, for_all=False)
            add_counting(write, order.buyer_id, order.lines)

        _commit(compose)

    def end(self, known: Entry, ended: Entry, messages: Sequence[Message]) -> None:
        def compose(write: TransactWrite) -> None:
            if known.state == "waiting":
                write.delete(PlaceItem(*place_key(known)))
            write.save(EntryItem.of(ended), condition=_as_known(known))
            for message in messages:
                write.save(Outbox.of(message))

        _commit(compose)


def _as_known(known: Entry | None) -> Condition:
    if known is None:
        missing: Condition = EntryItem.pk.does_not_exist()
        return missing
    same: Condition = (EntryItem.state == known.state) & (EntryItem.joined_at == iso(known.joined_at))
    return same


def _record(pool: Pool) -> PoolItem:
    return PoolItem(*pool_key(pool.conference_id, pool.id))


def _add_keeping(write: TransactWrite, pool: Pool, *, must_be_empty: bool) -> None:
    """From now on the pool's seats are for those who wait. A condition fails where that was so already, or one is free."""
    write.update(_record(pool), actions=[PooledItem.awaited.set(True)], condition=unchanged(pool))
    for shard in range(pool.shards):
        nobody_waits: Condition = ShardItem.joined.does_not_exist()
        write.update(
            ShardItem(*shard_key(pool.id, shard)),
            actions=[ShardItem.joined.set(1)],
            condition=nobody_waits & (ShardItem.free == 0) if must_be_empty else nobody_waits,
        )


def _commit(compose: Callable[[TransactWrite], None]) -> None:
    try:
        transact(compose, PAUSES)
    except TransactWriteError as failure:
        if not failed_conditions(failure):
            raise
        raise Stale from failure
