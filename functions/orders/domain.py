"""An order, and what becomes of it: pure rules."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import add
from typing import Any, Literal

from functions.orders.catalogue import Catalogue, TooManyPerPerson
from functions.orders.lines import Attendee, Basket, Line, counted
from functions.orders.payment import Method, Payment, Refund
from functions.orders.stock import Seats, deal, together
from shared.caller import Caller
from shared.errors import Conflict, Invalid, NotFound
from shared.money import Money

MAX_CHANGES = 100  # by hand: each is kept in the order, which every later change writes anew

Status = Literal["reserved", "paid", "partially_refunded", "refunded", "expired", "cancelled"]
TicketEnd = Literal["refunded", "cancelled"]
TicketStatus = Literal["active"] | TicketEnd

_SEATED: frozenset[Status] = frozenset({"reserved", "paid", "partially_refunded"})


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
