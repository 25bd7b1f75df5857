"""What people do with orders, and what messages do to them."""

from collections.abc import Callable, Sequence
from math import ceil
from typing import Protocol

from functions.orders import announcements, domain
from functions.orders.domain import Basket, Catalogue, Order, Payment
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import Busy, KeyReused, NotFound
from shared.messages import Message, OrderReserved
from shared.money import Money
from shared.telemetry import count, logger

_ATTEMPTS = 20  # to change what others change too: each failure means that one of them got through


class AlreadyPlaced(Exception):
    """An earlier run of the same command made the order."""

    def __init__(self, order: Order) -> None:
        super().__init__(order.id)
        self.order = order


class Overtaken(Exception):
    """Somebody else changed the order first; `order` is what it is now."""

    def __init__(self, order: Order) -> None:
        super().__init__(order.id)
        self.order = order


class Orders(Protocol):
    def find(self, order_id: str) -> Order | None: ...

    def of_buyer(self, buyer_id: str, limit: int, cursor: str | None) -> tuple[list[Order], str | None]:
        """A page of orders, newest first, and the cursor of the next. Raises Malformed for a cursor that is not of this list."""

    def before_order(self, order_id: str, conference_id: str, ticket_type_ids: Sequence[str]) -> tuple[Order | None, Catalogue]:
        """The order where the command has run before, and what there is to sell; one round trip, two where a pool is shared."""

    def reserve(self, order: Order, catalogue: Catalogue, message: Message) -> Order:
        """Take the order's seats and record it with its message, all or nothing; the order with its seats.

        Raises SoldOut (only where the seats are not there), AlreadyPlaced, Busy.
        """

    def change(self, before: Order, after: Order, message: Message | None = None) -> None:
        """Record `after` in place of `before`, with the message; seats that `after` no longer holds are released. All or nothing.

        They go back on sale, except for those that `Pool.release` retires: they leave the capacity in force.
        Raises Overtaken, Busy.
        """


class Payments(Protocol):
    def charge(self, order_id: str, amount: Money, token: str) -> Payment:
        """Charge once for each order, however often this is asked. Raises PaymentDeclined, PaymentUnavailable."""

    def refund(self, reference: str) -> None:
        """Give a charge back, once for each reference."""


class Delay(Protocol):
    def send(self, message: Message, seconds: int) -> None:
        """Have the message delivered to this context again after `seconds`, or sooner where that is too far ahead."""


# Reading


def read_order(orders: Orders, *, order_id: str, caller: Caller) -> Order:
    """One's own order, or one of a conference one organises. Raises NotFound."""
    order = orders.find(order_id)
    if order and (order.buyer_id == caller.user_id or caller.is_any(order.conference_id, "organizer")):
        return order
    raise _no_such_order(order_id)


def _own_order(orders: Orders, order_id: str, buyer: Caller) -> Order:
    order = orders.find(order_id)
    if order and order.buyer_id == buyer.user_id:
        return order
    raise _no_such_order(order_id)


def _no_such_order(order_id: str) -> NotFound:
    return NotFound(f"You have no order {order_id}. GET /orders lists yours.")


# Buying


def place_order(
    orders: Orders,
    payments: Payments,
    clock: Clock,
    *,
    order_id: str,
    fingerprint: str,
    buyer: Caller,
    basket: Basket,
    token: str | None,
) -> Order:
    """Reserve the basket and, with a payment `token`, pay for it. Repeating it with the same `order_id` takes no further seat.

    Raises KeyReused and what `domain.place` and `Orders.reserve` raise; with a token what `pay_order` raises, the order being held.
    """
    order = _find_or_reserve(orders, clock, order_id=order_id, fingerprint=fingerprint, buyer=buyer, basket=basket)
    if order.fingerprint != fingerprint:
        raise KeyReused()
    return order if token is None else _pay(orders, payments, clock, order, token)


def _find_or_reserve(orders: Orders, clock: Clock, *, order_id: str, fingerprint: str, buyer: Caller, basket: Basket) -> Order:
    placed, catalogue = orders.before_order(order_id, basket.conference_id, [line.ticket_type_id for line in basket.lines])
    if placed:
        return placed
    order = domain.place(basket, catalogue, order_id=order_id, fingerprint=fingerprint, buyer=buyer, now=clock())
    try:
        order = orders.reserve(order, catalogue, announcements.placed(order))
    except AlreadyPlaced as earlier:
        return earlier.order
    if order.status == "paid":
        count("OrdersPaid", order.conference_id)
    return order


def pay_order(orders: Orders, payments: Payments, clock: Clock, *, order_id: str, buyer: Caller, token: str) -> Order:
    """Pay one's own order. A paid one is returned as it is.

    Raises NotFound, HoldExpired, AlreadyCancelled, AlreadyRefunded, PaymentDeclined, PaymentUnavailable, Busy.
    """
    return _pay(orders, payments, clock, _own_order(orders, order_id, buyer), token)


def _pay(orders: Orders, payments: Payments, clock: Clock, order: Order, token: str) -> Order:
    # An order that is past its time but still reserved has its seats: whoever is first, the payment or the expiry, decides.
    if order.status == "paid":
        return order
    if order.status != "reserved":
        raise order.refusal()
    payment = payments.charge(order.id, order.total, token)

    def decide(now: Order) -> Step:
        if now.status == "paid":
            return None  # by the same charge: the provider takes one for each order
        if now.status != "reserved":
            payments.refund(payment.reference)
            raise now.refusal()
        paid = now.paid(payment, clock())
        return paid, announcements.paid(paid)

    settled = settle(orders, order, decide)
    if settled.payment is payment:  # paid by this very call
        count("OrdersPaid", order.conference_id)
    return settled


def cancel_order(orders: Orders, clock: Clock, *, order_id: str, buyer: Caller) -> Order:
    """Give up one's own reserved order. A cancelled one is returned as it is. Raises NotFound, AlreadyPaid, HoldExpired, Busy."""

    def decide(now: Order) -> Step:
        if now.status == "cancelled":
            return None
        if now.status != "reserved":
            raise now.refusal()
        cancelled = now.cancelled(buyer.user_id, clock())
        return cancelled, announcements.cancelled(cancelled)

    return settle(orders, _own_order(orders, order_id, buyer), decide)


# What an order is to become and the message that tells it; None: it stays as it is.
Step = tuple[Order, Message | None] | None


def settle(orders: Orders, order: Order, decide: Callable[[Order], Step]) -> Order:
    """Change the order as `decide` says of it, and asks it anew where somebody else was faster. Raises what it raises, and Busy."""
    for _ in range(_ATTEMPTS):
        step = decide(order)
        if step is None:
            return order
        after, message = step
        try:
            orders.change(order, after, message)
        except Overtaken as faster:
            order = faster.order
        else:
            return after
    raise Busy(f"Order {order.id} keeps changing. Nothing was done: send the request again.")


# Messages


def expire_when_due(orders: Orders, delay: Delay, clock: Clock, reserved: OrderReserved) -> None:
    """End the hold of an order that was not paid; before its time, have the message come back then. Safe to repeat."""
    remaining = ceil((reserved.expires_at - clock()).total_seconds())
    if remaining > 0:
        delay.send(reserved, remaining)
        return
    order = orders.find(reserved.order_id)
    if order is None:
        logger.warning("a reservation without an order", order_id=reserved.order_id)
        return

    def decide(now: Order) -> Step:
        if now.status != "reserved":
            return None
        expired = now.expired(clock())
        return expired, announcements.expired(expired)

    settle(orders, order, decide)
