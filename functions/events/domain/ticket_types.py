"""What is sold: ticket types, and the pools that several of them draw from."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from functions.events.domain.conference import Conference, Window
from functions.events.domain.parts import Part, References
from shared.errors import Conflict, Invalid
from shared.money import Money


class UnknownPool(Invalid):
    slug, title = "unknown-pool", "No such pool in this conference"


class OrderLimits(Invalid):
    slug, title = "order-limits", "The least per order is more than the most"


class OnSale(Conflict):
    slug, title = "on-sale", "Tickets of this type may have been sold"


class PoolFixed(Conflict):
    slug, title = "pool-fixed", "Tickets of this type may have been sold"


class BelowSold(Conflict):
    slug, title = "below-sold", "More are sold than that"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool(Part):
    """Tickets that several types may sell together, each within its own capacity: a venue holds 500 whatever the mix."""

    prefix, noun, limit = "pool", "pool", 20

    name: str
    capacity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketType(Part):
    """`price` is in minor units of the conference's currency. What is None here follows the conference's window."""

    prefix, noun, limit = "typ", "ticket type", 50

    name: str
    description: str | None
    price: int
    capacity: int
    min_per_order: int
    max_per_order: int
    sale_starts_at: datetime
    sale_ends_at: datetime | None
    hidden: bool
    valid_from: datetime | None
    valid_until: datetime | None
    pool_id: str | None = None
    max_per_person: int | None = None

    @property
    def references(self) -> References:
        return References(pool_id=self.pool_id)

    def check_pool(self, before: Self, conference: Conference) -> None:
        """Raises PoolFixed: a pool counts what is sold from it, and would not count what this type has sold already."""
        if self.pool_id != before.pool_id and conference.is_public:
            raise PoolFixed(
                f"{before.name!r} has been on sale, and its pool cannot be another since then. "
                "Add a ticket type that draws from the pool, and end the sale of this one (sale_ends_at)."
            )

    def sale(self, conference: Conference) -> Window:
        return Window(self.sale_starts_at, self.sale_ends_at or conference.ends_at)

    def ended(self, conference: Conference, now: datetime) -> Self:
        """Sold no longer than `now`."""
        return replace(self, sale_ends_at=min(now, self.sale(conference).ends_at))

    def validity(self, conference: Conference) -> Window:
        """When the door admits: unless the type says otherwise from the midnight before the conference, since people come early."""
        return Window(self.valid_from or conference.first_midnight, self.valid_until or conference.ends_at)

    def cost(self, conference: Conference) -> Money:
        return Money(self.price, conference.currency)

    def check(self, conference: Conference) -> None:
        """Raises InvalidWindow, OrderLimits."""
        self.sale(conference).check(f"The sale of {self.name!r}")
        self.validity(conference).check(f"The validity of {self.name!r}")
        if self.min_per_order > self.max_per_order:
            raise OrderLimits(
                f"min_per_order is {self.min_per_order} and max_per_order is {self.max_per_order}: change one of them."
            )
        if self.max_per_person is not None and self.min_per_order > self.max_per_person:
            raise OrderLimits(
                f"min_per_order is {self.min_per_order} and max_per_person is {self.max_per_person}: change one of them."
            )


def check_capacity(capacity: int, sold: int) -> None:
    """Raises BelowSold."""
    if capacity < sold:
        raise BelowSold(
            f"{sold} tickets are sold and stand; the capacity cannot be {capacity}. Refund some first, or send at least {sold}.",
            sold=sold,
        )
