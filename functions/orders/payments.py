"""Taking money. `Simulated` stands in for a provider: for trying the platform, for conferences that sell nothing, and for tests.

Its tokens: `tok_ok` is charged, `tok_declined` is declined, and for `tok_unavailable` the provider does not answer.
"""

from functions.orders.domain import Payment, PaymentDeclined, PaymentUnavailable
from shared.ids import derived_id
from shared.money import Money
from shared.telemetry import logger

CHARGED = "tok_ok"
UNAVAILABLE = "tok_unavailable"


class Simulated:
    """No money moves. The reference follows from the order, so that repeating a charge or a refund changes nothing."""

    def charge(self, order_id: str, amount: Money, token: str) -> Payment:
        if token == UNAVAILABLE:
            raise PaymentUnavailable(
                "The payment provider did not answer and nothing was charged. The order is still held: pay again in a moment.",
                order_id=order_id,
            )
        if token != CHARGED:
            raise PaymentDeclined(
                f"The payment of {amount} was declined and nothing was charged. "
                f"The order is still held: pay with another token (POST /orders/{order_id}/payments).",
                order_id=order_id,
            )
        return Payment("confirmed", "simulated", derived_id("pay", order_id))

    def refund(self, reference: str) -> None:
        logger.info("refunded", reference=reference)
