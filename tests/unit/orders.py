"""Fakes for what is around orders: one order on record, a provider, a clock."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from functions.orders.catalogue import SoldOut
from functions.orders.domain import Order
from functions.orders.paying import NotBegun
from functions.orders.payment import Payment, PaymentUnavailable, Refund, RefundRefused, Tender
from functions.orders.settling import Overtaken
from shared.clock import Clock
from shared.messages import Message
from tests.unit.test_orders_domain import NOON

PAID = Payment(1, "simulated", "confirmed", NOON, "pay_1")


def at(instant: datetime) -> Clock:
    return lambda: instant


def run_out(order: Order) -> Order:
    return order.expired(NOON)


def given_up(order: Order) -> Order:
    return order.cancelled("usr_bob", NOON)


class FakeOrders:
    """One order. `meanwhile` happens once, between the reading of it and the writing. `free`: whether a seat is left."""

    def __init__(self, order: Order, meanwhile: Callable[[Order], Order] = lambda order: order, *, free: bool = True) -> None:
        self.order = order
        self.sent: list[Message] = []
        self._meanwhile = meanwhile
        self._free = free

    def find(self, order_id: str) -> Order | None:
        return self.order if order_id == self.order.id else None

    def begin_payment(self, order_id: str, buyer_id: str, tender: Tender, at: datetime) -> Order:
        known = self.find(order_id)
        if known is None or known.buyer_id != buyer_id or known.status != "reserved" or (known.payment and known.payment.is_open):
            raise NotBegun(known)
        number = known.payment.number + 1 if known.payment else 1
        self.order = replace(known, payment=tender.attempt(number, at), revision=known.revision + 1)
        return self.order

    def change(self, before: Order, after: Order, *messages: Message) -> Order:
        meanwhile, self._meanwhile = self._meanwhile, lambda order: order
        self.order = meanwhile(self.order)
        if self.order.revision != before.revision:
            raise Overtaken(self.order)
        if after.seated - before.seated and not self._free:
            raise SoldOut(after.lines, 0)
        self.order = after
        self.sent.extend(messages)
        return after

    def of_buyer(self, buyer_id: str, limit: int, cursor: str | None) -> tuple[list[Order], str | None]:
        raise AssertionError("not listed here")

    def before_order(self, *asked: Any) -> Any:
        raise AssertionError("not placed here")

    def reserve(self, *asked: Any) -> Any:
        raise AssertionError("not placed here")


class Till:
    """A provider that charges and refunds once for each key, whose answers can be lost (`mute`), and its own `providers`."""

    def __init__(self) -> None:
        self.charges: dict[str, Payment] = {}
        self.refunds: dict[str, int] = {}
        self.mute = False  # does what it is asked for, and the answer is lost
        self.verdict = "confirmed"
        self.refuses = False

    def of(self, method: str) -> "Till":
        return self

    def charge(self, order: Order, payment: Payment) -> Payment:
        self.charges.setdefault(payment.key(order.id), payment)
        return self._answer(self.look_up_now(order, payment))

    def look_up(self, order: Order, payment: Payment) -> Payment:
        return self._answer(self.look_up_now(order, payment))

    def void(self, order: Order, payment: Payment) -> Payment:
        return self._answer(self.look_up_now(order, payment))

    def look_up_now(self, order: Order, payment: Payment) -> Payment:
        key = payment.key(order.id)
        if key not in self.charges:
            return replace(payment, status="failed", reason="never heard of it")
        return replace(payment, status=self.verdict, reference=key, reason="no" if self.verdict == "failed" else "")

    def refund(self, order: Order, payment: Payment, refund: Refund) -> None:
        if self.refuses:
            raise RefundRefused("never")
        self.refunds.setdefault(refund.id, refund.amount)
        self._answer(payment)

    def _answer(self, payment: Payment) -> Payment:
        if self.mute:
            raise PaymentUnavailable("silence")
        return payment


class FakeDelay:
    def __init__(self) -> None:
        self.sent: list[tuple[Message, int]] = []

    def send(self, message: Message, seconds: int) -> None:
        self.sent.append((message, seconds))
