"""What an attempt to pay is, and what returning money is: plain values and their failures."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from shared.errors import Conflict, Forbidden, Invalid, Problem
from shared.ids import derived_id

MAX_ATTEMPTS = 20  # to pay for one order: its record stays small, and nobody tries cards on it

Method = Literal["simulated", "stripe"]
PaymentStatus = Literal["created", "pending", "confirmed", "failed", "refunded"]
RefundStatus = Literal["intended", "settled", "refused", "failed"]  # failed: settled, and the money came back


class PaymentDeclined(Problem):
    """The provider decided against the payment: asking again the same way gives the same answer."""

    status, slug, title = 402, "payment-declined", "The payment was declined"


class PaymentUnavailable(Problem):
    """The provider decided nothing that we know of: asking again later is safe."""

    status, slug, title = 503, "payment-unavailable", "The payment provider does not answer"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "5"}


class WrongMethod(Conflict):
    slug, title = "payment-method", "Not a way to pay here"


class NotFromProvider(Forbidden):
    slug, title = "not-from-provider", "The webhook is not signed by the provider"


class TooManyAttempts(Conflict):
    slug, title = "too-many-attempts", "Too many attempts to pay"


class PaidTooLate(Conflict):
    slug, title = "paid-too-late", "Paid after the hold had ended"


class RefundRefused(Conflict):
    """The provider will not return the money: repeating the request gives the same answer."""

    slug, title = "refund-refused", "The payment provider refuses the refund"


class NotRefundable(Conflict):
    slug, title = "not-refundable", "These tickets cannot be returned"


class BadRefund(Invalid):
    slug, title = "refund", "Not a refund that can be made"


@dataclass(frozen=True, slots=True)
class Payment:
    """An attempt to pay for an order: on record before the provider hears of it, and settled once it has decided.

    created → pending → confirmed → refunded, or failed. While one is created or pending no other begins.
    """

    number: int  # among the attempts for its order, from 1
    method: Method
    status: PaymentStatus
    at: datetime  # when it was begun
    reference: str = ""  # what the provider calls it
    token: str = ""  # what it was told to charge, where that says so (the simulated provider's test tokens)
    reason: str = ""  # why it failed
    due: datetime | None = None  # pending: when to ask again, should the provider not say anything
    client_secret: str = field(default="", compare=False, repr=False)  # for the buyer to confirm it with; never on record

    @property
    def is_open(self) -> bool:
        return self.status in ("created", "pending")

    def key(self, order_id: str) -> str:
        """By which the provider tells a repetition from another charge."""
        return derived_id("pay", order_id, str(self.number))


@dataclass(frozen=True, slots=True)
class Tender:
    """How somebody wants to pay."""

    method: Method
    token: str = ""

    def attempt(self, number: int, at: datetime) -> Payment:
        return Payment(number, self.method, "created", at, token=self.token)


@dataclass(frozen=True, slots=True)
class Refund:
    """Money to return: on record before the provider is asked, and the key by which it does so once."""

    id: str
    amount: int  # minor units; nothing where the tickets cost nothing, or the fee takes it all
    numbers: tuple[int, ...]  # of the tickets that end with it; none for what was paid too late, which got no tickets
    at: datetime
    by: str
    reason: str = ""
    status: RefundStatus = "intended"
    tries: int = 0  # the first, where the provider gave no answer to it
    fingerprint: str = ""  # of the request for it
