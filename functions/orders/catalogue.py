"""What may be sold, to whom and when: pure rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from functions.orders.lines import Attendee, BadQuantity, Basket, Line, Wanted
from functions.orders.payment import Method
from functions.orders.stock import Pool, Stocked
from functions.orders.vouchers import UnknownVoucher, Voucher, VoucherElsewhere
from shared.caller import Caller
from shared.clock import iso
from shared.errors import Busy, Conflict, NotFound
from shared.money import Money

SaleStatus = Literal["on_sale", "not_yet", "ended", "sold_out", "waiting_list"]


class UnknownTicketType(NotFound):
    slug, title = "unknown-ticket-type", "No such ticket type"

    def __init__(self, conference_id: str, ticket_type_id: str) -> None:
        super().__init__(
            f"Conference {conference_id} sells no ticket type {ticket_type_id}. "
            f"GET /orders/availability/{conference_id} lists what it sells.",
            ticket_type_id=ticket_type_id,
        )


class NotOnSale(Conflict):
    slug, title = "not-on-sale", "Not on sale now"

    def __init__(self, ticket_type: "TicketType", now: datetime) -> None:
        starts, ends = iso(ticket_type.sale_starts_at), iso(ticket_type.sale_ends_at)
        when = f"goes on sale at {starts}" if now < ticket_type.sale_starts_at else f"was on sale until {ends}"
        super().__init__(
            f"{ticket_type.name} ({ticket_type.id}) {when}.",
            ticket_type_id=ticket_type.id,
            sale_starts_at=starts,
            sale_ends_at=ends,
        )


class SoldOut(Conflict):
    slug, title = "sold-out", "Not enough tickets left"

    def __init__(self, lines: Sequence["Line"], available: int) -> None:
        """`lines` draw from the one pool that has too few."""
        named = " and ".join(f"{line.name} ({line.ticket_type_id})" for line in lines)
        super().__init__(
            f"{sum(line.quantity for line in lines)} of {named} were asked for and {available} are left. "
            + ("Order fewer." if available else "Join those who wait for what comes back (POST /orders/waiting-list)."),
            ticket_type_id=lines[0].ticket_type_id,
            available=available,
        )


class TooManyPerPerson(Conflict):
    slug, title = "limit-per-person", "More than one person may have"

    def __init__(self, subject: str, limit: int, has: int) -> None:
        """`subject`: the id of the ticket type or the voucher that has the limit."""
        super().__init__(
            f"One person may have {limit} of {subject}, and you have {has}, with what you hold and have not paid yet. "
            f"Order at most {max(0, limit - has)}.",
            subject=subject,
            limit=limit,
            has=has,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketType:
    """This context's copy of a ticket type, as of `revision`."""

    id: str
    conference_id: str
    conference_name: str
    revision: int
    name: str
    price: Money
    pool: Pool  # its own
    min_per_order: int
    max_per_order: int
    sale_starts_at: datetime
    sale_ends_at: datetime
    hidden: bool
    valid_from: datetime
    valid_until: datetime
    hold_minutes: float
    time_zone: str = "UTC"  # of the conference
    pool_id: str | None = None  # of the one that it shares with other types
    max_per_person: int | None = None

    def line(self, wanted: "Wanted", buyer: Caller, now: datetime, voucher: Voucher | None = None) -> "Line":
        """The line of an order placed `now`, at the price of now. Raises NotOnSale, BadQuantity."""
        if not self.sale_starts_at <= now < self.sale_ends_at:
            raise NotOnSale(self, now)
        if not self.min_per_order <= wanted.quantity <= self.max_per_order:
            raise BadQuantity(
                f"{self.name} ({self.id}) is sold {self.min_per_order} to {self.max_per_order} to an order, not {wanted.quantity}.",
                ticket_type_id=self.id,
                min_per_order=self.min_per_order,
                max_per_order=self.max_per_order,
            )
        unnamed = wanted.quantity - len(wanted.attendees)
        used = voucher if voucher and voucher.is_for(self.id) else None
        discount = used.discount(self.price) if used else Money(0, self.price.currency)
        return Line(
            ticket_type_id=self.id,
            name=self.name,
            quantity=wanted.quantity,
            unit_price=self.price - discount,
            discount=discount.amount,
            attendees=(*wanted.attendees, *[Attendee(buyer.name, buyer.email)] * unnamed),
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            seats={pool_id: {} for pool_id in (*self.pool_ids, *(used.pool_ids if used else ()))},
            counted=tuple(each.id for each in (self, used) if each and each.max_per_person),
        )

    def with_pool(self, pool: Pool) -> "TicketType":
        return replace(self, pool=pool)

    @property
    def pool_ids(self) -> tuple[str, ...]:
        """The pools that a ticket takes a seat of each."""
        return (self.id,) if self.pool_id is None else (self.id, self.pool_id)

    def sale_status(self, available: int, now: datetime) -> SaleStatus:
        if now < self.sale_starts_at:
            return "not_yet"
        if now >= self.sale_ends_at:
            return "ended"
        return "on_sale" if available > 0 else "sold_out"


@dataclass(frozen=True, slots=True)
class Offer:
    """A ticket type, and those of its pools that are known, with what is free."""

    ticket_type: TicketType
    stocked: tuple[Stocked[Pool], ...]

    @property
    def available(self) -> int:
        return min(pool.available for pool in self.stocked)

    def status(self, now: datetime) -> SaleStatus:
        if len(self.stocked) < len(self.ticket_type.pool_ids):
            return "not_yet"  # the message about a pool is still on its way
        status = self.ticket_type.sale_status(self.available, now)
        return "waiting_list" if status == "sold_out" and any(each.pool.is_awaited for each in self.stocked) else status


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Of what somebody asks for, what there is: ticket types and the pools that they draw from, by id."""

    types: Mapping[str, TicketType]
    pools: Mapping[str, Pool]  # of the voucher too
    voucher: Voucher | None = None
    method: Method = "simulated"  # by which the conference is paid

    @property
    def limits(self) -> dict[str, int]:
        """How many one person may have of what has such a limit."""
        limited: list[TicketType | Voucher] = [*self.types.values(), *([self.voucher] if self.voucher else [])]
        return {each.id: each.max_per_person for each in limited if each.max_per_person}

    def ticket_type(self, conference_id: str, ticket_type_id: str, buyer: Caller) -> TicketType:
        """Raises UnknownTicketType, also for a hidden one that no voucher unlocks; Busy where its pool is not known yet."""
        found = self.types.get(ticket_type_id)
        if found is None or (found.hidden and not self._is_shown(found, buyer)):
            raise UnknownTicketType(conference_id, ticket_type_id)
        if not self.pools.keys() >= set(found.pool_ids):
            raise Busy(f"{found.name} ({found.id}) is being put on sale. Send the request again in a moment.")
        return found

    def _is_shown(self, hidden: TicketType, buyer: Caller) -> bool:
        is_unlocked = self.voucher is not None and self.voucher.unlocks(hidden.id)
        return is_unlocked or buyer.is_any(hidden.conference_id, "organizer")

    def check_voucher(self, basket: "Basket", now: datetime) -> None:
        """Raises UnknownVoucher, VoucherNotYet, VoucherExpired, VoucherElsewhere."""
        if not basket.voucher:
            return
        if self.voucher is None:
            raise UnknownVoucher()
        self.voucher.check(now)
        if not any(self.voucher.is_for(line.ticket_type_id) for line in basket.lines):
            raise VoucherElsewhere(
                "None of the ticket types that are ordered is one that the voucher is for. Order without it, or what it is for.",
                ticket_type_ids=list(self.voucher.ticket_type_ids),
            )
