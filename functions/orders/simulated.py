"""`Simulated` stands in for a payment provider: for trying the platform and for tests. No money moves.

What becomes of an attempt follows from its token and the time alone (docs/payments.md), so repeating a call changes nothing:

| token | what happens |
|---|---|
| `tok_ok` | charged |
| `tok_declined`, and any other | declined |
| `tok_unavailable` | no answer, and nothing is charged |
| `tok_lost` | charged, but the answer is lost |
| `tok_late`, `tok_late:30` | pending, and charged 5 (or 30) seconds after it was begun; it cannot be called off |
| `tok_refund_fails_once` | charged; the first try of each refund gets no answer |
| `tok_refund_refused` | charged; a refund is refused |
"""

import re
from dataclasses import replace
from datetime import timedelta

from functions.orders.domain import Order
from functions.orders.payment import Payment, PaymentUnavailable, Refund, RefundRefused
from shared.clock import Clock

CHARGED = "tok_ok"
_AT_ONCE = {CHARGED, "tok_refund_fails_once", "tok_refund_refused"}
_LATE = re.compile(r"tok_late(?::([0-9]{1,6}))?")


class Simulated:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def charge(self, order: Order, payment: Payment) -> Payment:
        if payment.token in ("tok_unavailable", "tok_lost"):
            raise _no_answer(order)
        return self._decided(order, payment)

    def look_up(self, order: Order, payment: Payment) -> Payment:
        return self._decided(order, payment)

    def void(self, order: Order, payment: Payment) -> Payment:
        return self._decided(order, payment)  # nothing is open but what is late, and that is with the bank

    def refund(self, order: Order, payment: Payment, refund: Refund) -> None:
        if payment.token == "tok_refund_refused":  # noqa: S105  # it opens nothing
            raise RefundRefused("The simulated provider refuses to return this payment.", order_id=order.id)
        if payment.token == "tok_refund_fails_once" and refund.tries == 0:  # noqa: S105
            raise _no_answer(order)

    def _decided(self, order: Order, payment: Payment) -> Payment:
        charged = replace(payment, status="confirmed", reference=payment.key(order.id), due=None)
        if payment.token in (*_AT_ONCE, "tok_lost"):
            return charged
        if late := _LATE.fullmatch(payment.token):
            due = payment.at + timedelta(seconds=int(late[1] or 5))
            return charged if self._clock() >= due else replace(payment, status="pending", due=due)
        unheard = payment.token == "tok_unavailable"  # noqa: S105
        return replace(payment, status="failed", reason="the provider has no record of it" if unheard else "declined", due=None)


def _no_answer(order: Order) -> PaymentUnavailable:
    return PaymentUnavailable(
        "The payment provider did not answer. What became of the payment is on record and will be found out: "
        "look at the order, or send the request again, in a moment.",
        order_id=order.id,
    )
