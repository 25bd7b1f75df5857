"""What is on sale, and how messages of events change it."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from functions.orders.catalogue import Offer, SaleStatus, TicketType
from functions.orders.stock import H, Pool, Stocked
from shared.clock import Clock
from shared.errors import Busy, NotFound
from shared.money import Money
from shared.telemetry import logger

if TYPE_CHECKING:  # the routes do not hear of them
    from shared.messages import PoolChanged, TicketTypeChanged

_ATTEMPTS = 20  # to change a stock that is being sold from: each failure means that somebody bought


class Stale(Exception):
    """The stock is no longer as it was read."""


class Offers(Protocol):
    def of_conference(self, conference_id: str) -> list[Offer]:
        """All ticket types of the conference, hidden ones too; what is free may be a moment old."""


class Stock(Protocol):
    def find(self, wanted: H) -> Stocked[H] | None:
        """The one of the same kind and id, with what is free of it."""

    def replace(self, known: Stocked[H] | None, new: Stocked[H]) -> None:
        """Change copy and shards by what differs between `known` (None: there was none) and `new`, all or nothing.

        Raises Stale where revision or capacity are others by now, the seats to take are gone, or, where more are out than wanted,
        one is free; Busy.
        """


@dataclass(frozen=True, slots=True)
class OnOffer:
    ticket_type_id: str
    name: str
    price: Money
    status: SaleStatus
    available: int
    min_per_order: int
    max_per_order: int
    max_per_person: int | None
    sale_starts_at: datetime
    sale_ends_at: datetime


@dataclass(frozen=True, slots=True)
class Availability:
    conference_id: str
    ticket_types: list[OnOffer]


def availability(offers: Offers, clock: Clock, *, conference_id: str) -> Availability:
    """What a conference sells, hidden ticket types left out. Raises NotFound."""
    offered = offers.of_conference(conference_id)
    if not offered:
        raise NotFound(f"There is no conference {conference_id} that sells tickets.")
    now = clock()
    return Availability(conference_id, [on_offer(each, now) for each in offered if not each.ticket_type.hidden])


def on_offer(offer: Offer, now: datetime) -> OnOffer:
    ticket_type = offer.ticket_type
    return OnOffer(
        ticket_type_id=ticket_type.id,
        name=ticket_type.name,
        price=ticket_type.price,
        status=offer.status(now),
        available=offer.available,
        min_per_order=ticket_type.min_per_order,
        max_per_order=ticket_type.max_per_order,
        max_per_person=ticket_type.max_per_person,
        sale_starts_at=ticket_type.sale_starts_at,
        sale_ends_at=ticket_type.sale_ends_at,
    )


def keep_ticket_type(stock: Stock, changed: "TicketTypeChanged") -> None:
    """Bring a ticket type and its stock to the revision of the message; an older one or a repeat changes nothing. Raises Busy."""
    _keep(stock, _ticket_type(changed))


def keep_pool(stock: Stock, changed: "PoolChanged") -> None:
    """As `keep_ticket_type` does, a pool that several types share. It may come after the types that draw from it."""
    _keep(stock, _pool(changed, changed.pool_id))


def _keep(stock: Stock, wanted: H) -> None:
    for _ in range(_ATTEMPTS):
        known = stock.find(wanted)
        if known and known.pool.revision >= wanted.pool.revision:
            return
        new = known.revised(wanted) if known else Stocked.opened(wanted)
        try:
            stock.replace(known, new)
        except Stale:
            continue
        _warn_of_surplus(new.pool)
        return
    raise Busy(f"{wanted.pool.id} is sold too fast to change its stock now.")


def _warn_of_surplus(kept: Pool) -> None:
    if kept.surplus:
        logger.warning(
            "capacity stays above what was asked for until seats that are held come back",
            pool_id=kept.id,
            wanted=kept.wanted,
            in_force=kept.capacity,
        )


def _pool(changed: "PoolChanged | TicketTypeChanged", pool_id: str) -> Pool:
    return Pool.opened(pool_id, conference_id=changed.conference_id, revision=changed.revision, capacity=changed.capacity)


def _ticket_type(changed: "TicketTypeChanged") -> TicketType:
    return TicketType(
        id=changed.ticket_type_id,
        conference_id=changed.conference_id,
        conference_name=changed.conference_name,
        revision=changed.revision,
        name=changed.name,
        price=changed.price,
        pool=_pool(changed, changed.ticket_type_id),
        min_per_order=changed.min_per_order,
        max_per_order=changed.max_per_order,
        sale_starts_at=changed.sale_starts_at,
        sale_ends_at=changed.sale_ends_at,
        hidden=changed.hidden,
        valid_from=changed.valid_from,
        valid_until=changed.valid_until,
        hold_minutes=changed.hold_minutes,
        time_zone=changed.time_zone,
        pool_id=changed.pool_id,
        max_per_person=changed.max_per_person,
    )
