"""The items of what is sold.

| item | pk | sk |
|---|---|---|
| a ticket type's copy, and its own pool | CONF#<conference> | TYPE#<ticket type> |
| a pool that ticket types share | CONF#<conference> | POOL#<pool> |
| a voucher, and the pool of its uses | CONF#<conference> | VOUCHER#<voucher> |
| a shard of a pool's seats | SHARD#<pool>#<number> | SHARD |
| how many tickets one person has of what limits that | COUNT#<ticket type or voucher>#<person> | COUNT |

Shards have partition keys of their own, so that an on-sale writes to as many partitions as there are shards.
"""

from typing import Any, cast

from pynamodb.attributes import BooleanAttribute, ListAttribute, NumberAttribute, UnicodeAttribute

from functions.orders.catalogue import TicketType
from functions.orders.stock import HasPool, Pool
from functions.orders.vouchers import Kind, Voucher
from shared.clock import iso, parse
from shared.money import Money
from shared.table import Item

TYPES, POOLS, VOUCHERS = "TYPE#", "POOL#", "VOUCHER#"
_FOLDERS = {"typ": TYPES, "pool": POOLS, "vou": VOUCHERS}  # by the prefix of the id


def conference_partition(conference_id: str) -> str:
    return f"CONF#{conference_id}"


def pool_key(conference_id: str, pool_id: str) -> tuple[str, str]:
    """Where the pool is kept: a ticket type's own in its copy. What is no id of ours is asked for there, and not found."""
    return conference_partition(conference_id), _FOLDERS.get(pool_id.partition("_")[0], TYPES) + pool_id


def shard_key(pool_id: str, shard: int) -> tuple[str, str]:
    return f"SHARD#{pool_id}#{shard}", "SHARD"


class PooledItem(Item):
    """The base of what has a pool: that pool."""

    v = NumberAttribute(default=1)
    conference_id = UnicodeAttribute()
    revision = NumberAttribute()
    capacity = NumberAttribute()
    wanted = NumberAttribute(null=True)  # none in a copy that was made before it was kept: it wants what is in force
    shards = NumberAttribute()
    awaited = BooleanAttribute(null=True)

    @property
    def pool_id(self) -> str:
        return str(self.sk).partition("#")[2]

    def pool(self) -> Pool:
        return Pool(
            id=self.pool_id,
            conference_id=self.conference_id,
            revision=int(self.revision),
            capacity=int(self.capacity),
            wanted=int(self.capacity if self.wanted is None else self.wanted),
            shards=int(self.shards),
            is_awaited=bool(self.awaited),
        )

    def to_domain(self) -> HasPool:
        return self.pool()


def _pool_values(pool: Pool) -> dict[str, Any]:  # as PynamoDB takes them
    return {
        "conference_id": pool.conference_id,
        "revision": pool.revision,
        "capacity": pool.capacity,
        "wanted": pool.wanted,
        "shards": pool.shards,
        "awaited": pool.is_awaited or None,
    }


class PoolItem(PooledItem, discriminator="Pool"):
    @classmethod
    def of(cls, pool: Pool) -> "PoolItem":
        return cls(*pool_key(pool.conference_id, pool.id), **_pool_values(pool))


class TypeItem(PooledItem, discriminator="TicketTypeCopy"):
    ticket_type_id = UnicodeAttribute()
    conference_name = UnicodeAttribute()
    name = UnicodeAttribute()
    amount = NumberAttribute()
    currency = UnicodeAttribute()
    min_per_order = NumberAttribute()
    max_per_order = NumberAttribute()
    sale_starts_at = UnicodeAttribute()
    sale_ends_at = UnicodeAttribute()
    hidden = BooleanAttribute()
    valid_from = UnicodeAttribute()
    valid_until = UnicodeAttribute()
    hold_minutes = NumberAttribute()
    time_zone = UnicodeAttribute(default="UTC")
    shared_pool_id = UnicodeAttribute(null=True)
    max_per_person = NumberAttribute(null=True)

    @classmethod
    def of(cls, kept: TicketType) -> "TypeItem":
        return cls(
            *pool_key(kept.conference_id, kept.id),
            **_pool_values(kept.pool),
            ticket_type_id=kept.id,
            conference_name=kept.conference_name,
            name=kept.name,
            amount=kept.price.amount,
            currency=kept.price.currency,
            min_per_order=kept.min_per_order,
            max_per_order=kept.max_per_order,
            sale_starts_at=iso(kept.sale_starts_at),
            sale_ends_at=iso(kept.sale_ends_at),
            hidden=kept.hidden,
            valid_from=iso(kept.valid_from),
            valid_until=iso(kept.valid_until),
            hold_minutes=kept.hold_minutes,
            time_zone=kept.time_zone,
            shared_pool_id=kept.pool_id,
            max_per_person=kept.max_per_person,
        )

    def to_domain(self) -> TicketType:
        return TicketType(
            id=self.ticket_type_id,
            conference_id=self.conference_id,
            conference_name=self.conference_name,
            revision=int(self.revision),
            name=self.name,
            price=Money(int(self.amount), self.currency),
            pool=self.pool(),
            min_per_order=int(self.min_per_order),
            max_per_order=int(self.max_per_order),
            sale_starts_at=parse(self.sale_starts_at),
            sale_ends_at=parse(self.sale_ends_at),
            hidden=self.hidden,
            valid_from=parse(self.valid_from),
            valid_until=parse(self.valid_until),
            hold_minutes=self.hold_minutes,
            time_zone=self.time_zone,
            pool_id=self.shared_pool_id,
            max_per_person=None if self.max_per_person is None else int(self.max_per_person),
        )


class VoucherItem(PooledItem, discriminator="Voucher"):
    code = UnicodeAttribute()
    discount_kind = UnicodeAttribute()
    discount_value = NumberAttribute()
    ticket_type_ids: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute)
    unlocks_hidden = BooleanAttribute()
    max_uses = NumberAttribute(null=True)
    max_per_person = NumberAttribute(null=True)
    valid_from = UnicodeAttribute(null=True)
    valid_until = UnicodeAttribute(null=True)
    note = UnicodeAttribute()
    fingerprint = UnicodeAttribute()
    is_deleted = BooleanAttribute(default=False)

    @classmethod
    def of(cls, kept: Voucher) -> "VoucherItem":
        return cls(
            *pool_key(kept.conference_id, kept.id),
            **_pool_values(kept.pool),
            code=kept.code,
            discount_kind=kept.kind,
            discount_value=kept.value,
            ticket_type_ids=list(kept.ticket_type_ids),
            unlocks_hidden=kept.unlocks_hidden,
            max_uses=kept.max_uses,
            max_per_person=kept.max_per_person,
            valid_from=iso(kept.valid_from) if kept.valid_from else None,
            valid_until=iso(kept.valid_until) if kept.valid_until else None,
            note=kept.note,
            fingerprint=kept.fingerprint,
            is_deleted=kept.is_deleted,
        )

    def to_domain(self) -> Voucher:
        return Voucher(
            id=self.pool_id,
            conference_id=self.conference_id,
            code=self.code,
            kind=cast("Kind", self.discount_kind),
            value=int(self.discount_value),
            ticket_type_ids=tuple(self.ticket_type_ids),
            unlocks_hidden=self.unlocks_hidden,
            max_uses=None if self.max_uses is None else int(self.max_uses),
            max_per_person=None if self.max_per_person is None else int(self.max_per_person),
            valid_from=parse(self.valid_from) if self.valid_from else None,
            valid_until=parse(self.valid_until) if self.valid_until else None,
            note=self.note,
            fingerprint=self.fingerprint,
            pool=self.pool(),
            is_deleted=self.is_deleted,
        )


def pooled_item(of: HasPool) -> PooledItem:
    match of:
        case TicketType():
            return TypeItem.of(of)
        case Voucher():
            return VoucherItem.of(of)
        case _:
            return PoolItem.of(of.pool)


def count_key(subject: str, user_id: str) -> tuple[str, str]:
    return f"COUNT#{subject}#{user_id}", "COUNT"


class CountItem(Item, discriminator="Count"):
    v = NumberAttribute(default=1)
    tickets = NumberAttribute()


class ShardItem(Item, discriminator="Shard"):
    v = NumberAttribute(default=1)
    free = NumberAttribute()
    revision = NumberAttribute(null=True)  # of the pool, when a change last wrote the shard
    joined = NumberAttribute(null=True)  # while somebody waits: its seats are for them; how many joined by way of this shard
