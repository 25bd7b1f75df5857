"""Paying for orders. An attempt is on record before the provider hears of it, and whatever the provider says of it is settled once,
whoever brings the word: the request itself, a later one, a message, a webhook, the end of the hold or the reconciliation."""

from dataclasses import replace
from datetime import datetime
from math import ceil
from typing import Protocol

from functions.orders import announcements, refunding
from functions.orders.catalogue import SoldOut
from functions.orders.domain import Order
from functions.orders.money_back import return_money
from functions.orders.payment import (
    MAX_ATTEMPTS,
    PaidTooLate,
    Payment,
    PaymentDeclined,
    PaymentUnavailable,
    Refund,
    Tender,
    TooManyAttempts,
    WrongMethod,
)
from functions.orders.provider import Providers
from functions.orders.settling import Ledger, Step, settle
from functions.orders.vouchers import VoucherUsedUp
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import Busy, NotFound
from shared.ids import derived_id
from shared.messages import Message, PaymentPending
from shared.telemetry import count, logger

TOO_LATE = "paid too late"


class NotBegun(Exception):
    """No attempt to pay can begin for the order as it is now (None: there is none of this buyer)."""

    def __init__(self, order: Order | None) -> None:
        super().__init__(order.id if order else "none")
        self.order = order


class PayableOrders(Ledger, Protocol):
    def begin_payment(self, order_id: str, buyer_id: str, tender: Tender, at: datetime) -> Order:
        """The order with a new attempt on record. Raises NotBegun unless it is reserved by this buyer and no attempt is open."""


class Delay(Protocol):
    def send(self, message: Message, seconds: int) -> None:
        """Have the message delivered to this context again after `seconds`, or sooner where that is too far ahead."""


def pay_order(orders: PayableOrders, providers: Providers, clock: Clock, *, order_id: str, buyer: Caller, tender: Tender) -> Order:
    """Pay one's own order. A paid one is returned as it is; one whose payment is on its way as what has become of that.

    Raises NotFound, HoldExpired, AlreadyCancelled, WrongMethod, PaymentDeclined, PaymentUnavailable, TooManyAttempts, PaidTooLate,
    Busy.
    """
    for _ in range(2):  # an attempt that failed without our knowing makes room for another
        try:
            begun = orders.begin_payment(order_id, buyer.user_id, tender, clock())
        except NotBegun as refused:
            order = _ready_to_resume(refused.order, order_id, buyer, tender)
            if order.payment and order.payment.is_open:
                decided = _asked_for(providers, order)
                order = _confirmable(conclude(orders, providers, clock, order, decided), decided)
            if not (order.status == "reserved" and order.payment and order.payment.status == "failed"):
                return order
        else:
            return carry_out(orders, providers, clock, begun)
    raise Busy(f"Another payment for order {order_id} is being made. Look at the order before you pay again.")


def _ready_to_resume(order: Order | None, order_id: str, buyer: Caller, tender: Tender) -> Order:
    if order is None or order.buyer_id != buyer.user_id:
        raise NotFound(f"You have no order {order_id}. GET /orders lists yours.")
    if order.status not in ("reserved", "paid", "partially_refunded"):
        raise order.refusal()
    if order.status == "reserved" and order.method != tender.method:
        raise wrong_method(order)
    if order.payment and not order.payment.is_open and order.payment.number >= MAX_ATTEMPTS:
        raise TooManyAttempts(f"{MAX_ATTEMPTS} attempts to pay for order {order_id} failed. Write to the organiser.")
    return order


def wrong_method(order: Order) -> WrongMethod:
    return WrongMethod(f"Orders of this conference are paid with {order.method}.", method=order.method)


def carry_out(orders: PayableOrders, providers: Providers, clock: Clock, order: Order) -> Order:
    """Ask the provider to charge the order's open attempt, and settle what it says. Raises as `pay_order`."""
    payment = _open_payment(order)
    decided = providers.of(payment.method).charge(order, payment)
    after = conclude(orders, providers, clock, order, decided)
    if decided.status == "failed":
        raise PaymentDeclined(
            f"The payment of {order.total} was not made: {decided.reason}. Nothing was charged. "
            f"The order is still held: pay with something else (POST /orders/{order.id}/payments).",
            order_id=order.id,
        )
    if after.status in ("expired", "cancelled"):
        raise PaidTooLate(
            f"Order {order.id} had ended before {order.total} arrived, and its seats are gone. All of it is being returned.",
            order_id=order.id,
        )
    return _confirmable(after, decided)


def _confirmable(order: Order, decided: Payment) -> Order:
    """For its buyer, who alone pays it: with what their browser confirms the payment with, where the provider waits for that."""
    if order.payment is None or order.payment.reference != decided.reference:
        return order
    return replace(order, payment=replace(order.payment, client_secret=decided.client_secret))


def resume(orders: PayableOrders, providers: Providers, clock: Clock, order: Order, by: str = "") -> Order:
    """Settle what has become of the order's open attempt; of an order that has ended it is called off where that is still possible.

    Raises PaymentUnavailable, Busy.
    """
    return conclude(orders, providers, clock, order, _asked_for(providers, order), by)


def _asked_for(providers: Providers, order: Order) -> Payment:
    payment = _open_payment(order)
    provider = providers.of(payment.method)
    ask = provider.look_up if order.status == "reserved" else provider.void
    return ask(order, payment)


def _open_payment(order: Order) -> Payment:
    if order.payment is None:
        raise LookupError(f"order {order.id} has no attempt on record")
    return order.payment


def conclude(orders: PayableOrders, providers: Providers, clock: Clock, order: Order, decided: Payment, by: str = "") -> Order:
    """Settle what the provider says of an attempt, once, however often and in whatever order its words come. Raises Busy.

    Confirmed after the hold has ended, the order gets its seats, and its uses of a voucher, back if they are free, else its money.
    """
    try:
        after = settle(orders, order, lambda now: _decided(now, decided, clock(), by))
    except (SoldOut, VoucherUsedUp):
        after = settle(orders, order, lambda now: _too_late(now, decided, clock(), by))
    if after.payment == decided and decided.status == "confirmed" and after.status == "paid":
        count("OrdersPaid", order.conference_id)
    return return_money(orders, providers, clock, after, quietly=True)


def _decided(now: Order, decided: Payment, at: datetime, by: str) -> Step:
    known = now.payment
    if known is None or known.number != decided.number or known.status in ("confirmed", "refunded"):
        return None  # another word about it came first
    match decided.status:
        case "confirmed":
            return _confirmed(now, decided, at, by)
        case "failed" if known.is_open:
            return (now.changed("payment_failed", by=by or now.buyer_id, at=at, detail=decided.reason, payment=decided),)
        case "pending" if known.status == "created":
            pending = now.changed("payment_pending", by=by or now.buyer_id, at=at, payment=decided)
            return pending, *_reminders(pending, decided)
    return None


def _reminders(order: Order, pending: Payment) -> list[Message]:
    """So that we ask, should the provider not tell."""
    if pending.due is None:
        return []
    return [PaymentPending(conference_id=order.conference_id, order_id=order.id, number=pending.number, check_at=pending.due)]


def _confirmed(now: Order, decided: Payment, at: datetime, by: str) -> Step:
    if now.status == "reserved":
        paid = now.paid(decided, at, by)
        return paid, announcements.paid(paid)
    if now.status == "expired":
        reseated = now.changed("reseated", by=by or now.buyer_id, at=at, status="paid", payment=decided, paid_at=at)
        return reseated, announcements.paid(reseated), announcements.reseated(reseated)
    return _too_late(now, decided, at, by)


def _too_late(now: Order, decided: Payment, at: datetime, by: str) -> Step:
    """The money came when the order had been given up, or its seats had been sold: it goes back."""
    if now.payment is None or now.payment.number != decided.number or now.payment.status in ("confirmed", "refunded"):
        return None
    refund = Refund(derived_id("rfd", now.id, str(decided.number)), now.total.amount, (), at, by or "expiry", TOO_LATE)
    return (refunding.intended(now.changed("paid_too_late", by=by or now.buyer_id, at=at, payment=decided), refund),)


# The end of an attempt


def call_off(orders: PayableOrders, providers: Providers, clock: Clock, order: Order, by: str) -> Order:
    """Before a reserved order ends: have its open attempt come to nothing, or settle that it was paid after all.

    What the provider cannot say now stays open, and is settled when it does. Raises Busy.
    """
    if not (order.status == "reserved" and order.payment and order.payment.is_open):
        return order
    try:
        decided = providers.of(order.payment.method).void(order, order.payment)
    except PaymentUnavailable:
        logger.warning("the provider did not answer: the attempt stays open", order_id=order.id)
        return order
    return conclude(orders, providers, clock, order, decided, by)


def check_when_due(orders: PayableOrders, providers: Providers, delay: Delay, clock: Clock, pending: PaymentPending) -> None:
    """Ask what became of a pending payment, at longer and longer intervals while its order waits for it. Safe to repeat."""
    remaining = ceil((pending.check_at - clock()).total_seconds())
    if remaining > 0:
        delay.send(pending, remaining)
        return
    order = orders.find(pending.order_id)
    if order is None or order.payment is None or order.payment.number != pending.number or not order.payment.is_open:
        return
    order = resume(orders, providers, clock, order, by="provider")
    if order.status == "reserved" and order.payment and order.payment.is_open:
        delay.send(pending, max(5, ceil((clock() - order.payment.at).total_seconds())))
