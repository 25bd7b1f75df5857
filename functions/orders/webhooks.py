"""What a payment provider tells of its own accord. Its word is a reason to ask it, and never taken for what it says: so it may come
twice, late, or out of order."""

import json
import re
from dataclasses import dataclass
from typing import Protocol

from functions.orders.paying import PayableOrders, Providers, resume
from functions.orders.payment import NotFromProvider
from shared.clock import Clock
from shared.telemetry import logger

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Sale(Protocol):
    def stripe_key(self, conference_id: str) -> str | None:
        """None: the conference is not paid by Stripe."""


class Verifier(Protocol):
    def verified(self, conference_id: str, body: bytes, signature: str) -> None:
        """Raises NotFromProvider."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose payment a webhook is about, as it claims: `conference_id` chooses the secret that proves it."""

    conference_id: str
    order_id: str

    @classmethod
    def of(cls, body: bytes) -> "Subject | None":
        """None of what is not about a payment of ours."""
        try:
            event = json.loads(body)
            named = event["data"]["object"]["metadata"]
            claimed = [named["conference_id"], named["order_id"]]
            is_ours = str(event["type"]).startswith("payment_intent.") and all(_ID.fullmatch(each) for each in claimed)
        except (ValueError, KeyError, TypeError):
            return None
        return cls(*claimed) if is_ours else None


def hear(
    orders: PayableOrders, providers: Providers, sale: Sale, verifier: Verifier, clock: Clock, *, body: bytes, signature: str
) -> None:
    """Settle what has become of the payment that a webhook is about. Raises NotFromProvider, PaymentUnavailable, Busy."""
    subject = Subject.of(body)
    if subject is None:
        logger.info("a webhook about nothing of ours")
        return
    if sale.stripe_key(subject.conference_id) is None:  # anybody may ask: a secret costs forty times as much to look for
        raise NotFromProvider("This conference expects no webhooks from Stripe.")
    verifier.verified(subject.conference_id, body, signature)
    order = orders.find(subject.order_id)
    if order is None or order.conference_id != subject.conference_id or not (order.payment and order.payment.is_open):
        logger.info("a webhook about nothing open", order_id=subject.order_id)
        return
    resume(orders, providers, clock, order, by="provider")
