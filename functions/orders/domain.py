"""What may be sold, and what an order holds: pure rules."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import add
from typing import Any, Literal

from functions.orders.payment import Method, Payment, Refund
from functions.orders.stock import Pool, Seats, Stocked, at_places, deal, together
from functions.orders.vouchers import UnknownVoucher, Voucher, VoucherElsewhere
from shared.caller import Caller
from shared.clock import iso
from shared.errors import Busy, Conflict, Invalid, NotFound
from shared.money import Money

MAX_TICKETS = 20  # an order, over all its lines
MAX_CHANGES = 100  # by hand: each is kept in the order, which every later change writes anew

SaleStatus = Literal["on_sale", "not_yet", "ended", "sold_out", "waiting_list"]
Status = Literal["reserved", "paid", "partially_refunded", "refunded", "expired", "cancelled"]
TicketEnd = Literal["refunded", "cancelled"]
TicketStatus = Literal["active"] | TicketEnd

_SEATED: frozenset[Status] = frozenset({"reserved", "paid", "partially_refunded"})


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


class BadQuantity(Invalid):
    slug, title = "quantity", "Not a quantity that can be ordered"


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


class DuplicateLine(Invalid):
    slug, title = "duplicate-line", "One line for each ticket type"


class TooManyAttendees(Invalid):
    slug, title = "attendees", "More attendees than tickets"


class MixedCurrencies(Invalid):
    slug, title = "mixed-currencies", "One currency for each order"


class HoldExpired(Conflict):
    slug, title = "order-expired", "The order has expired"


class AlreadyCancelled(Conflict):
    slug, title = "order-cancelled", "The order is cancelled"


class AlreadyPaid(Conflict):
    slug, title = "already-paid", "The order is paid"


class AlreadyRefunded(Conflict):
    slug, title = "order-refunded", "The order is refunded"


class NotPaid(Conflict):
    slug, title = "not-paid", "The order has no tickets"


class TicketEnded(Conflict):
    slug, title = "ticket-ended", "The ticket is no longer good"


class TooManyChanges(Conflict):
    slug, title = "too-many-changes", "The order was changed too often"


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


# Orders


@dataclass(frozen=True, slots=True)
class Attendee:
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line as it was asked for: the tickets without an attendee are for the buyer."""

    ticket_type_id: str
    quantity: int
    attendees: tuple[Attendee, ...] = ()


@dataclass(frozen=True, slots=True)
class Basket:
    """What somebody wants of one conference. Raises DuplicateLine, BadQuantity, TooManyAttendees."""

    conference_id: str
    lines: tuple[Wanted, ...]
    voucher: str = ""  # its code

    def __post_init__(self) -> None:
        if len({line.ticket_type_id for line in self.lines}) < len(self.lines):
            raise DuplicateLine("A ticket type is there twice. Add the quantities up into one line.")
        total = sum(line.quantity for line in self.lines)
        if total > MAX_TICKETS:
            raise BadQuantity(f"An order holds at most {MAX_TICKETS} tickets, not {total}. Place several orders.", max=MAX_TICKETS)
        for line in self.lines:
            if len(line.attendees) > line.quantity:
                raise TooManyAttendees(
                    f"{len(line.attendees)} attendees are named for {line.quantity} tickets of {line.ticket_type_id}. "
                    "Raise the quantity or name fewer.",
                    ticket_type_id=line.ticket_type_id,
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    ticket_type_id: str
    name: str
    quantity: int
    unit_price: Money
    attendees: tuple[Attendee, ...]
    valid_from: datetime
    valid_until: datetime
    seats: Seats  # of each pool that it draws from, which shard gave how many; none until they are taken
    discount: int = 0  # what a voucher took off each ticket, in minor units: `unit_price` is without it
    counted: tuple[str, ...] = ()  # the ids of what counts its tickets for the buyer

    @property
    def total(self) -> Money:
        return self.unit_price * self.quantity

    @property
    def list_price(self) -> Money:
        return self.unit_price + Money(self.discount, self.unit_price.currency)

    def only(self, places: Sequence[int]) -> "Line":
        """The line with just its tickets at these places, from 0, and the seats that these sit on."""
        return replace(
            self,
            quantity=len(places),
            attendees=tuple(self.attendees[place] for place in places),
            seats={pool_id: at_places(shares, places) for pool_id, shares in self.seats.items()},
        )


@dataclass(frozen=True, slots=True)
class OrderTicket:
    """One ticket of an order. `number` counts from 1 over all its lines."""

    number: int
    ticket_type_id: str
    name: str
    price: Money
    attendee: Attendee
    status: TicketStatus


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to an order. `by` is a person's id, or what of ours did it: expiry, provider, reconciliation."""

    at: datetime
    what: str
    by: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    id: str
    conference_id: str
    conference_name: str
    buyer_id: str
    buyer_name: str
    buyer_email: str
    status: Status
    lines: tuple[Line, ...]
    fingerprint: str  # of the request that placed it
    created_at: datetime
    expires_at: datetime | None  # none where nothing has to be paid
    paid_at: datetime | None = None
    payment: Payment | None = None
    time_zone: str = "UTC"  # of the conference
    revision: int = 1  # grows with each change
    voucher: str = ""  # the code that it was placed with
    changes: tuple[Change, ...] = ()  # since it was placed
    returned: int = 0  # of the total, in minor units
    method: Method = "simulated"  # by which the conference was paid when it was placed
    refunds: tuple[Refund, ...] = ()
    ended: Mapping[int, TicketEnd] = field(default_factory=dict)  # what became of tickets that are no longer active, by number

    @property
    def total(self) -> Money:
        return reduce(add, (line.total for line in self.lines))

    @property
    def refunded(self) -> Money:
        return Money(self.returned, self.total.currency)

    @property
    def history(self) -> tuple[Change, ...]:
        return (Change(self.created_at, "placed", self.buyer_id), *self.changes)

    @property
    def tickets(self) -> tuple[OrderTicket, ...]:
        listed = [(line, attendee) for line in self.lines for attendee in line.attendees]
        return tuple(
            OrderTicket(number, line.ticket_type_id, line.name, line.unit_price, attendee, self.ended.get(number, "active"))
            for number, (line, attendee) in enumerate(listed, 1)
        )

    @property
    def seated(self) -> frozenset[int]:
        """The numbers of the tickets whose seats the order holds."""
        return frozenset(each.number for each in self.tickets if each.status == "active" and self.status in _SEATED)

    def lines_of(self, numbers: Collection[int]) -> tuple[Line, ...]:
        """The lines with only the tickets of these numbers; those without any are left out."""
        picked, first = [], 1
        for line in self.lines:
            if places := [place for place in range(line.quantity) if first + place in numbers]:
                picked.append(line.only(places))
            first += line.quantity
        return tuple(picked)

    @property
    def seats(self) -> dict[str, dict[int, int]]:
        return together(line.seats for line in self.lines)

    @property
    def discount(self) -> Money:
        return Money(sum(line.discount * line.quantity for line in self.lines), self.total.currency)

    def drawing_from(self, pool_id: str) -> list[Line]:
        return [line for line in self.lines if pool_id in line.seats]

    def with_seats(self, seats: Seats) -> "Order":
        """With these, each pool's dealt out to the lines that draw from it."""
        dealt = {
            pool_id: iter(deal(shares, [line.quantity for line in self.drawing_from(pool_id)])) for pool_id, shares in seats.items()
        }
        lines = (replace(line, seats={pool_id: next(dealt[pool_id]) for pool_id in line.seats}) for line in self.lines)
        return replace(self, lines=tuple(lines))

    def changed(self, what: str, *, by: str, at: datetime, detail: str = "", **members: Any) -> "Order":
        """The order after one more change: with other `members`, a higher revision, and an entry in its history."""
        return replace(self, revision=self.revision + 1, changes=(*self.changes, Change(at, what, by, detail)), **members)

    @property
    def is_paid(self) -> bool:
        """Whether it has, or had, tickets that were paid for."""
        return self.status in ("paid", "partially_refunded", "refunded")

    @property
    def unfinished_since(self) -> datetime | None:
        """When what is half done was begun: money that is on its way to or from somebody, of which no hold's end reminds us."""
        begun = [refund.at for refund in self.refunds if refund.status == "intended"]
        if self.payment and self.payment.is_open and self.status != "reserved":
            begun.append(self.payment.at)
        return min(begun, default=None)

    def paid(self, payment: Payment, now: datetime, by: str = "") -> "Order":
        """`by`: whoever brought the provider's word, where that is not the buyer."""
        return self.changed("paid", by=by or self.buyer_id, at=now, status="paid", payment=payment, paid_at=now)

    def expired(self, now: datetime) -> "Order":
        return self.changed("expired", by="expiry", at=now, status="expired")

    def cancelled(self, by: str, now: datetime) -> "Order":
        return self.changed("cancelled", by=by, at=now, status="cancelled")

    def naming(self, number: int, attendee: Attendee, *, by: str, at: datetime) -> "Order":
        """With another attendee of one ticket; this very order for the same. Raises NotFound, TicketEnded, TooManyChanges."""
        ticket = next((each for each in self.tickets if each.number == number), None)
        if ticket is None:
            raise NotFound(f"Order {self.id} has tickets 1 to {len(self.tickets)}, and no ticket {number}.")
        if ticket.attendee == attendee:
            return self
        if number not in self.seated:
            raise TicketEnded(f"Ticket {number} of order {self.id} admits nobody any more: the order is {self.status}.")
        self._check_room()
        named = iter([attendee if each.number == number else each.attendee for each in self.tickets])
        lines = tuple(replace(line, attendees=tuple(next(named) for _ in line.attendees)) for line in self.lines)
        return self.changed("attendee", by=by, at=at, detail=f"ticket {number}", lines=lines)

    def mailed_again(self, command_id: str, *, by: str, at: datetime) -> "Order":
        """With its e-mail asked for again; this very order where the command has run. Raises NotPaid, TooManyChanges."""
        if any((change.what, change.detail) == ("mail", command_id) for change in self.changes):
            return self
        if self.status not in ("paid", "partially_refunded"):
            raise NotPaid(f"Order {self.id} is {self.status} and has no tickets to send.")
        self._check_room()
        return self.changed("mail", by=by, at=at, detail=command_id)

    def _check_room(self) -> None:
        if len(self.changes) >= MAX_CHANGES:
            raise TooManyChanges(f"Order {self.id} was changed {len(self.changes)} times, which is as often as it can be.")

    def refusal(self) -> Conflict:
        """Why what needs a reserved order cannot be done to this one, which is no longer reserved."""
        match self.status:
            case "expired":
                return HoldExpired(f"Order {self.id} was not paid in time and its seats were released. Place a new order.")
            case "cancelled":
                return AlreadyCancelled(f"Order {self.id} is cancelled. Place a new order.")
            case "refunded":
                return AlreadyRefunded(f"Order {self.id} was paid and refunded. Place a new order.")
            case _:
                return AlreadyPaid(f"Order {self.id} is {self.status}: only an order that is still to be paid can be cancelled.")


def place(basket: Basket, catalogue: Catalogue, *, order_id: str, fingerprint: str, buyer: Caller, now: datetime) -> Order:
    """The order for a basket: reserved, or paid at once where it costs nothing.

    Raises what `Catalogue` raises, NotOnSale, BadQuantity, TooManyPerPerson, MixedCurrencies.
    """
    catalogue.check_voucher(basket, now)
    ordered = [catalogue.ticket_type(basket.conference_id, wanted.ticket_type_id, buyer) for wanted in basket.lines]
    lines = tuple(each.line(wanted, buyer, now, catalogue.voucher) for each, wanted in zip(ordered, basket.lines, strict=True))
    for subject, quantity in counted(lines).items():
        if quantity > catalogue.limits[subject]:
            raise TooManyPerPerson(subject, catalogue.limits[subject], has=0)
    currencies = sorted({line.unit_price.currency for line in lines})
    if len(currencies) > 1:
        raise MixedCurrencies(f"The lines are priced in {' and '.join(currencies)}. Place one order for each currency.")
    is_free = all(line.total.amount == 0 for line in lines)
    return Order(
        id=order_id,
        conference_id=basket.conference_id,
        conference_name=ordered[0].conference_name,
        buyer_id=buyer.user_id,
        buyer_name=buyer.name,
        buyer_email=buyer.email,
        status="paid" if is_free else "reserved",
        lines=lines,
        fingerprint=fingerprint,
        created_at=now,
        expires_at=None if is_free else now + timedelta(minutes=min(each.hold_minutes for each in ordered)),
        paid_at=now if is_free else None,
        time_zone=ordered[0].time_zone,
        voucher=catalogue.voucher.code if catalogue.voucher else "",
        method=catalogue.method,
    )


def counted(lines: Iterable[Line]) -> dict[str, int]:
    """How many tickets of the lines count for their buyer, by the id of what counts them."""
    sums: Counter[str] = Counter()
    for line in lines:
        sums.update(dict.fromkeys(line.counted, line.quantity))
    return dict(sums)
