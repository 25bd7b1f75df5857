"""What a payment provider tells of its own accord. Its word is a reason to ask it, and never taken for what it says: so it may come
twice, late, or out of order."""

import json
import re
from dataclasses import dataclass
from typing import Protocol

from functions.orders.domain import Order
from functions.orders.money_back import take_back
from functions.orders.paying import PayableOrders, resume
from functions.orders.payment import NotFromProvider, Payment, Refund
from functions.orders.provider import Providers
from shared.clock import Clock
from shared.telemetry import logger

_PAYMENTS = "payment_intent."
_REFUNDS = ("refund.", "charge.refund.")  # the older name of the same
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Sale(Protocol):
    def stripe_key(self, conference_id: str) -> str | None:
        """None: the conference is not paid by Stripe."""


class Verifier(Protocol):
    def verified(self, conference_id: str, body: bytes, signature: str) -> None:
        """Raises NotFromProvider."""

    def failure(self, order: Order, payment: Payment, refund: Refund) -> str:
        """Why the provider did not return the money after all; nothing where it does. Raises PaymentUnavailable."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose payment or refund a webhook is about, as it claims: `conference_id` chooses the secret that proves it."""

    conference_id: str
    order_id: str
    refund_id: str = ""  # none: a payment

    @classmethod
    def of(cls, body: bytes) -> "Subject | None":
        """None of what is not about a payment or a refund of ours."""
        try:
            event = json.loads(body)
            named = event["data"]["object"]["metadata"]
            claimed = [named["conference_id"], named["order_id"]]
            if str(event["type"]).startswith(_REFUNDS):
                claimed.append(named["refund_id"])
            is_ours = str(event["type"]).startswith((_PAYMENTS, *_REFUNDS)) and all(_ID.fullmatch(each) for each in claimed)
        except (ValueError, KeyError, TypeError):
            return None
        return cls(*claimed) if is_ours else None


def hear(
    orders: PayableOrders, providers: Providers, sale: Sale, verifier: Verifier, clock: Clock, *, body: bytes, signature: str
) -> None:
    """Settle what has become of what a webhook is about. Raises NotFromProvider, PaymentUnavailable, Busy."""
    subject = Subject.of(body)
    if subject is None:
        logger.info("a webhook about nothing of ours")
        return
    if sale.stripe_key(subject.conference_id) is None:  # anybody may ask: a secret costs forty times as much to look for
        raise NotFromProvider("This conference expects no webhooks from Stripe.")
    verifier.verified(subject.conference_id, body, signature)
    order = orders.find(subject.order_id)
    if order is None or order.conference_id != subject.conference_id or order.payment is None:
        logger.info("a webhook about nothing paid", order_id=subject.order_id)
    elif subject.refund_id:
        _hear_of_refund(orders, verifier, clock, order, order.payment, subject.refund_id)
    elif order.payment.is_open:
        resume(orders, providers, clock, order, by="provider")


def _hear_of_refund(
    orders: PayableOrders, verifier: Verifier, clock: Clock, order: Order, payment: Payment, refund_id: str
) -> None:
    refund = next((each for each in order.refunds if each.id == refund_id and each.status == "settled"), None)
    if refund and (reason := verifier.failure(order, payment, refund)):
        take_back(orders, clock, order, refund.id, reason)
