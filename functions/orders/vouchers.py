"""What a code gives a buyer: pure rules. A use is one ticket, and uses are kept as seats are: in a pool of shards."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from functions.orders.stock import Pool
from shared.clock import iso
from shared.errors import Conflict, NotFound
from shared.ids import derived_id
from shared.money import Money

Kind = Literal["percent", "fixed", "free", "none"]


class UnknownVoucher(NotFound):
    """The same of a code that never was, that is deleted, and that is of another conference."""

    slug, title = "unknown-voucher", "No such voucher"

    def __init__(self) -> None:
        super().__init__("There is no voucher with this code. Check for typing errors, or order without it.")


class VoucherNotYet(Conflict):
    slug, title = "voucher-not-yet", "The voucher is not valid yet"


class VoucherExpired(Conflict):
    slug, title = "voucher-expired", "The voucher is no longer valid"


class VoucherUsedUp(Conflict):
    slug, title = "voucher-used-up", "The voucher is used up"

    def __init__(self, left: int) -> None:
        super().__init__(
            f"The voucher has {left} uses left, one for each ticket, and more were asked for. Order fewer tickets with it. "
            "A use comes back when an order that has it is not paid in time.",
            left=left,
        )


class VoucherElsewhere(Conflict):
    slug, title = "voucher-not-for-these", "The voucher is for other tickets"


def voucher_id(conference_id: str, code: str) -> str:
    """Of a code, however its letters are written: a conference has each code once."""
    return derived_id("vou", conference_id, code.upper())


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """`value` is a percentage or an amount in minor units, as `kind` says; what is None does not limit."""

    id: str
    conference_id: str
    code: str  # in capitals
    kind: Kind
    value: int
    ticket_type_ids: tuple[str, ...]  # those it is for; none: all
    unlocks_hidden: bool  # of those it names, it sells the hidden ones too
    max_uses: int | None
    max_per_person: int | None
    valid_from: datetime | None
    valid_until: datetime | None
    note: str  # the organiser's own
    fingerprint: str  # of the command that made it
    pool: Pool  # of its uses; empty where they are not limited
    is_deleted: bool = False

    @property
    def revision(self) -> int:
        return self.pool.revision

    def with_pool(self, pool: Pool) -> "Voucher":
        return replace(self, pool=pool)

    @property
    def pool_ids(self) -> tuple[str, ...]:
        """What a ticket that it is used for takes a use of."""
        return () if self.max_uses is None else (self.id,)

    def is_for(self, ticket_type_id: str) -> bool:
        return not self.ticket_type_ids or ticket_type_id in self.ticket_type_ids

    def unlocks(self, ticket_type_id: str) -> bool:
        return self.unlocks_hidden and ticket_type_id in self.ticket_type_ids

    def check(self, now: datetime) -> None:
        """Raises UnknownVoucher, VoucherNotYet, VoucherExpired."""
        if self.is_deleted:
            raise UnknownVoucher()
        if self.valid_from and now < self.valid_from:
            raise VoucherNotYet(f"The voucher is valid from {iso(self.valid_from)}.", valid_from=iso(self.valid_from))
        if self.valid_until and now >= self.valid_until:
            raise VoucherExpired(f"The voucher was valid until {iso(self.valid_until)}.", valid_until=iso(self.valid_until))

    def discount(self, price: Money) -> Money:
        """What it takes off one ticket, never more than the price; a percentage is rounded down to a minor unit."""
        match self.kind:
            case "percent":
                off = price.amount * self.value // 100
            case "fixed":
                off = min(self.value, price.amount)
            case "free":
                off = price.amount
            case "none":
                off = 0
        return Money(off, price.currency)
