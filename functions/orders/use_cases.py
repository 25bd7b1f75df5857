"""What people do with orders, and what messages do to them."""

from dataclasses import replace
from datetime import timedelta
from math import ceil
from typing import Protocol

from functions.orders import announcements, domain
from functions.orders.catalogue import Catalogue
from functions.orders.domain import Order
from functions.orders.lines import Basket
from functions.orders.paying import Delay, PayableOrders, call_off, carry_out, pay_order, wrong_method
from functions.orders.payment import Tender
from functions.orders.provider import Providers
from functions.orders.settling import Step, settle
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import KeyReused, NotFound
from shared.messages import Message, OrderReserved
from shared.telemetry import count, logger

# A try to end a hold that fails is made again this soon, and for so long: a queue makes one after minutes, and a hold ends on time.
_AGAIN = 2  # seconds
_PATIENCE = timedelta(seconds=30)


class AlreadyPlaced(Exception):
    """An earlier run of the same command made the order."""

    def __init__(self, order: Order) -> None:
        super().__init__(order.id)
        self.order = order


class Orders(PayableOrders, Protocol):
    def of_buyer(self, buyer_id: str, limit: int, cursor: str | None) -> tuple[list[Order], str | None]:
        """A page of orders, newest first, and the cursor of the next. Raises Malformed for a cursor that is not of this list."""

    def before_order(self, order_id: str, basket: Basket) -> tuple[Order | None, Catalogue]:
        """The order where the command has run before, and what there is to sell; one round trip, two where a pool is shared."""

    def reserve(self, order: Order, catalogue: Catalogue, message: Message) -> Order:
        """Take the order's seats and record it with its message, all or nothing; the order with its seats.

        Raises SoldOut (only where the seats are not there), VoucherUsedUp, TooManyPerPerson, AlreadyPlaced, Busy.
        """


# Reading


def read_order(orders: Orders, *, order_id: str, caller: Caller) -> Order:
    """One's own order, or one of a conference one organises. Raises NotFound."""
    order = orders.find(order_id)
    if order and (order.buyer_id == caller.user_id or caller.is_any(order.conference_id, "organizer")):
        return order
    raise NotFound(f"You have no order {order_id}. GET /orders lists yours.")


# Buying


def place_order(
    orders: Orders,
    providers: Providers,
    clock: Clock,
    *,
    order_id: str,
    fingerprint: str,
    buyer: Caller,
    basket: Basket,
    payment: Tender | None,
) -> Order:
    """Reserve the basket and, with a `payment`, pay for it. Repeating it with the same `order_id` takes no further seat.

    Raises KeyReused and what `domain.place` and `Orders.reserve` raise; with a payment what `pay_order` raises: then it is held.
    """
    order, is_new = _find_or_reserve(
        orders, clock, order_id=order_id, fingerprint=fingerprint, buyer=buyer, basket=basket, payment=payment
    )
    if order.fingerprint != fingerprint:
        raise KeyReused()
    if payment is None or order.status == "paid":
        return order
    if is_new:  # with the attempt on record
        return carry_out(orders, providers, clock, order)
    return pay_order(orders, providers, clock, order_id=order_id, buyer=buyer, tender=payment)


def _find_or_reserve(
    orders: Orders, clock: Clock, *, order_id: str, fingerprint: str, buyer: Caller, basket: Basket, payment: Tender | None
) -> tuple[Order, bool]:
    """The order, and whether it was reserved just now."""
    placed, catalogue = orders.before_order(order_id, basket)
    if placed:
        return placed, False
    order = domain.place(basket, catalogue, order_id=order_id, fingerprint=fingerprint, buyer=buyer, now=clock())
    if payment and order.status == "reserved":
        if payment.method != order.method:
            raise wrong_method(order)
        order = replace(order, payment=payment.attempt(1, order.created_at))
    try:
        order = orders.reserve(order, catalogue, announcements.placed(order))
    except AlreadyPlaced as earlier:
        return earlier.order, False
    count("OrdersPaid" if order.status == "paid" else "OrdersReserved", order.conference_id)
    return order, True


# Messages


def expire_when_due(orders: Orders, providers: Providers, delay: Delay, clock: Clock, reserved: OrderReserved) -> None:
    """End the hold of an order that was not paid; before its time, have the message come back then. Safe to repeat."""
    remaining = ceil((reserved.expires_at - clock()).total_seconds())
    if remaining > 0:
        delay.send(reserved, remaining)
        return
    try:
        order = orders.find(reserved.order_id)
        if order is None:
            logger.warning("a reservation without an order", order_id=reserved.order_id)
            return
        expire(orders, providers, clock, order)
    except Exception:
        if clock() > reserved.expires_at + _PATIENCE:
            raise
        logger.exception("a hold is not ended yet", order_id=reserved.order_id)
        delay.send(reserved, _AGAIN)


def expire(orders: PayableOrders, providers: Providers, clock: Clock, order: Order) -> Order:
    """End the hold of an order, unless it was paid: also where that is only now found out from the provider."""

    def decide(now: Order) -> Step:
        if now.status != "reserved":
            return None
        expired = now.expired(clock())
        return expired, announcements.expired(expired)

    return settle(orders, call_off(orders, providers, clock, order, "expiry"), decide)
