"""Pools and their shards in the context's table (`items_stock.py`).

At any time what is free in the shards of a pool and what reserved and paid orders hold of it add up to its capacity in force,
and nothing is free while that is above what is wanted: a change is one transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from functions.orders.catalogue import Offer, TicketType, TooManyPerPerson
from functions.orders.items_stock import (
    POOLS,
    TYPES,
    CountItem,
    PooledItem,
    PoolItem,
    ShardItem,
    TypeItem,
    conference_partition,
    count_key,
    pool_key,
    pooled_item,
    shard_key,
)
from functions.orders.lines import Line, counted
from functions.orders.stock import H, HasPool, Pool, Release, Seats, Stocked
from functions.orders.use_cases_stock import Stale
from shared.table import Item, failed_conditions, transact

# Seconds at most before each try of a transaction: the first retry goes at once, to other shards; all take four at most.
PAUSES = (0.0, 0.0, 0.01, 0.02, 0.04, 0.08, *[0.16] * 24)


class DynamoStock:
    def find(self, wanted: H) -> Stocked[H] | None:
        return cast("Stocked[H] | None", find_stocked(wanted.pool.conference_id, wanted.pool.id))

    def of_conference(self, conference_id: str) -> list[Offer]:
        """One Query and one BatchGetItem (of up to 100 shards), eventually consistent."""
        found = list(Item.query(conference_partition(conference_id), Item.sk.between(POOLS, f"{TYPES}~")))
        pools = {item.pool_id: item.pool() for item in found if isinstance(item, PooledItem)}
        stocked = {each.pool.id: each for each in stocked_of(pools.values(), consistent=False, for_all=True)}
        types = [item.to_domain() for item in found if isinstance(item, TypeItem)]
        return [Offer(each, tuple(stocked[pool_id] for pool_id in each.pool_ids if pool_id in stocked)) for each in types]

    def replace(self, known: Stocked[H] | None, new: Stocked[H]) -> None:
        replace_stocked(known, new)


def find_stocked(conference_id: str, pool_id: str) -> Stocked[HasPool] | None:
    """What has this pool, which the id says the kind of, and what is free; consistent."""
    try:
        item = Item.get(*pool_key(conference_id, pool_id), consistent_read=True)
    except Item.DoesNotExist:
        return None
    [stocked] = stocked_of([cast("PooledItem", item).to_domain()], consistent=True)
    return stocked


def replace_stocked(known: Stocked[H] | None, new: Stocked[H]) -> None:
    """Raises Stale, Busy."""
    try:
        _open(new) if known is None else _change(known, new)
    except TransactWriteError as failure:
        if not failed_conditions(failure):
            raise
        raise Stale from failure


def pools_of(items: Iterable[Item]) -> dict[str, Pool]:
    return {item.pool_id: item.pool() for item in items if isinstance(item, PooledItem)}


def types_of(items: Iterable[Item]) -> dict[str, TicketType]:
    return {item.ticket_type_id: item.to_domain() for item in items if isinstance(item, TypeItem)}


def read_pools(conference_id: str, pool_ids: Iterable[str]) -> dict[str, Pool]:
    """As they are now."""
    return pools_of(Item.batch_get([pool_key(conference_id, each) for each in pool_ids], consistent_read=True))


def stocked_of(owners: Iterable[H], *, consistent: bool, for_all: bool = False) -> list[Stocked[H]]:
    """Each with what is free of it; `for_all`: without what is kept for those who wait.

    The shards are read together and not as of one instant: a seat that comes on sale meanwhile may be missed.
    """
    owners = list(owners)
    keys = [shard_key(each.pool.id, shard) for each in owners for shard in range(each.pool.shards)]
    found = (item for item in Item.batch_get(keys, consistent_read=consistent) if isinstance(item, ShardItem))
    free = {item.pk: 0 if for_all and item.joined is not None else int(item.free) for item in found}
    return [
        Stocked(each, tuple(free.get(shard_key(each.pool.id, shard)[0], 0) for shard in range(each.pool.shards))) for each in owners
    ]


# What a transaction does to the stock


def add_taking(write: TransactWrite, seats: Seats, *, for_all: bool = True) -> None:
    """Take the seats; its condition fails where one is not free, or (`for_all`) is kept for those who wait."""
    for pool_id, shares in seats.items():
        for shard, quantity in shares.items():
            is_free: Condition = ShardItem.free >= quantity
            write.update(
                ShardItem(*shard_key(pool_id, shard)),
                actions=[ShardItem.free.set(ShardItem.free - quantity)],
                condition=is_free & ShardItem.joined.does_not_exist() if for_all else is_free,
            )


def add_counting(write: TransactWrite, buyer_id: str, lines: Sequence[Line], limits: Mapping[str, int] | None = None) -> None:
    """Count the lines' tickets for the buyer; with `limits` a condition fails where that would be more than one person may have."""
    for subject, quantity in counted(lines).items():
        write.update(
            CountItem(*count_key(subject, buyer_id)),
            actions=[CountItem.tickets.set((CountItem.tickets | 0) + quantity), CountItem.kind.set(CountItem), CountItem.v.set(1)],
            condition=None
            if limits is None
            else CountItem.tickets.does_not_exist() | (CountItem.tickets <= limits[subject] - quantity),
        )


def add_uncounting(write: TransactWrite, buyer_id: str, lines: Sequence[Line]) -> None:
    for subject, quantity in counted(lines).items():
        write.update(CountItem(*count_key(subject, buyer_id)), actions=[CountItem.tickets.set(CountItem.tickets - quantity)])


def check_counts(buyer_id: str, lines: Sequence[Line], limits: Mapping[str, int]) -> None:
    """Raises TooManyPerPerson."""
    asked = counted(lines)
    keys = {count_key(subject, buyer_id)[0]: subject for subject in asked}
    for item in Item.batch_get([(pk, "COUNT") for pk in keys], consistent_read=True):
        subject, has = keys[item.pk], int(cast("CountItem", item).tickets)
        if has + asked[subject] > limits[subject]:
            raise TooManyPerPerson(subject, limits[subject], has)


def releases(conference_id: str, seats: Seats) -> list[tuple[Pool, Release]]:
    """What becomes of seats that come back, as their pools are now."""
    pools = read_pools(conference_id, seats) if seats else {}
    return [(pools[pool_id], pools[pool_id].release(shares)) for pool_id, shares in seats.items()]


def add_releases(write: TransactWrite, releases: Sequence[tuple[Pool, Release]]) -> None:
    """Put them back on sale, or retire them; a condition fails where the pool was changed since: ask `releases` again."""
    for pool, release in releases:
        if release.retired:
            write.update(
                PoolItem(*pool_key(pool.conference_id, pool.id)),
                actions=[PooledItem.capacity.set(PooledItem.capacity - release.retired)],
                condition=unchanged(pool),
            )
        # A change that leaves more out than wanted writes its revision to every shard. So a release need not check the pool, on
        # which all of them would meet, to learn that its seats are no longer wanted.
        not_lowered_since = ShardItem.revision.does_not_exist() | (ShardItem.revision <= pool.revision)
        for shard, seats in release.on_sale.items():
            write.update(
                ShardItem(*shard_key(pool.id, shard)),
                actions=[ShardItem.free.set(ShardItem.free + seats)],
                condition=not_lowered_since,
            )


def unchanged(known: Pool) -> Condition:
    # Both: a release changes the capacity and not the revision, and a change may leave the capacity as it is.
    condition: Condition = (PooledItem.revision == known.revision) & (PooledItem.capacity == known.capacity)
    same: Condition = condition & (PooledItem.awaited.exists() if known.is_awaited else PooledItem.awaited.does_not_exist())
    return same


def _open(new: Stocked[H]) -> None:
    def compose(write: TransactWrite) -> None:
        write.save(pooled_item(new.owner), condition=Item.pk.does_not_exist())
        _add_shards(write, new, first=0)

    transact(compose, PAUSES)


def _change(known: Stocked[H], new: Stocked[H]) -> None:
    def compose(write: TransactWrite) -> None:
        write.save(pooled_item(new.owner), condition=unchanged(known.pool))
        _add_shards(write, new, first=len(known.free))
        _change_shards(write, known, new)

    transact(compose, PAUSES)


def _add_shards(write: TransactWrite, new: Stocked[H], first: int) -> None:
    for shard, seats in enumerate(new.free[first:], first):
        write.save(
            ShardItem(
                *shard_key(new.pool.id, shard),
                free=seats,
                revision=new.pool.revision,
                joined=0 if new.pool.is_awaited else None,
            ),
            condition=Item.pk.does_not_exist(),
        )


def _change_shards(write: TransactWrite, known: Stocked[H], new: Stocked[H]) -> None:
    """Where more are out than wanted, every shard is written and none may have got a seat since: it would stay on sale."""
    for shard, (before, after) in enumerate(zip(known.free, new.free, strict=False)):
        if before != after or new.pool.surplus:
            write.update(
                ShardItem(*shard_key(new.pool.id, shard)),
                actions=[ShardItem.free.set(ShardItem.free + (after - before)), ShardItem.revision.set(new.pool.revision)],
                condition=ShardItem.free == before if new.pool.surplus else ShardItem.free >= max(0, before - after),
            )
