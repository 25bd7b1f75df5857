"""Who takes the money, as what is around orders asks it."""

from typing import Protocol

from functions.orders.domain import Order
from functions.orders.payment import Method, Payment, Refund


class Provider(Protocol):
    """Who takes the money. Each call may be repeated: the attempt's and the refund's key make it one charge and one refund.

    Each raises PaymentUnavailable where the provider gives no answer: then it may or may not have done what it was asked for.
    """

    def charge(self, order: Order, payment: Payment) -> Payment:
        """Carry out an attempt: pending, confirmed or failed."""

    def look_up(self, order: Order, payment: Payment) -> Payment:
        """What became of an attempt; failed where it never reached the provider and no longer will."""

    def void(self, order: Order, payment: Payment) -> Payment:
        """Have an open attempt come to nothing, if that is still possible; what became of it."""

    def refund(self, order: Order, payment: Payment, refund: Refund) -> None:
        """Give money back. Raises RefundRefused where that will never be done."""


class Providers(Protocol):
    def of(self, method: Method) -> Provider: ...
