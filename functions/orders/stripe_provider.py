"""Stripe: a PaymentIntent for each attempt, which the buyer confirms in their browser, and Stripe's refunds.

An attempt whose answer was lost has moved no money: only who was given the PaymentIntent's client secret can confirm it. So it is
made again, under its idempotency key. This module, and the library with it, is imported when Stripe is first needed.
"""

import os
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

import stripe

from functions.orders.domain import Order
from functions.orders.payment import NotFromProvider, Payment, PaymentUnavailable, Refund, RefundRefused
from shared.clock import Clock
from shared.telemetry import logger

_TIMEOUT = 4  # seconds: two tries fit into a request
_ASK_AGAIN = timedelta(minutes=1)  # should no webhook tell
_TOLERANCE = 300  # seconds that a webhook may be old: what is replayed later is refused
_NOT_RETURNED = ("failed", "canceled")  # what Stripe says of a refund
# Stripe keeps these in hundredths, although their smallest unit is the whole (docs.stripe.com/currencies#special-cases).
_HUNDREDFOLD = frozenset({"ISK", "UGX"})


class StripeKeys(Protocol):
    @property
    def secret_key(self) -> str: ...

    @property
    def webhook_secret(self) -> str: ...


class StripeSecrets(Protocol):
    def find(self, conference_id: str) -> StripeKeys | None: ...


class Stripe:
    def __init__(self, secrets: StripeSecrets, clock: Clock) -> None:
        self._secrets = secrets
        self._clock = clock

    def charge(self, order: Order, payment: Payment) -> Payment:
        try:
            intent = self._intents(order).create(
                params={
                    "amount": _amount(order.total.amount, order.total.currency),
                    "currency": order.total.currency.lower(),
                    "metadata": {"order_id": order.id, "conference_id": order.conference_id, "attempt": str(payment.number)},
                },
                options={"idempotency_key": payment.key(order.id)},
            )
        except stripe.InvalidRequestError as failure:
            return replace(payment, status="failed", reason=failure.code or "Stripe refuses it", due=None)
        except stripe.StripeError as failure:
            raise _unavailable(order, failure) from failure
        return self._decided(payment, intent)

    def look_up(self, order: Order, payment: Payment) -> Payment:
        if not payment.reference:
            return self.charge(order, payment)
        try:
            return self._decided(payment, self._intents(order).retrieve(payment.reference))
        except stripe.StripeError as failure:
            raise _unavailable(order, failure) from failure

    def void(self, order: Order, payment: Payment) -> Payment:
        known = self.look_up(order, payment)
        if known.status != "pending":
            return known
        try:
            return self._decided(known, self._intents(order).cancel(known.reference))
        except stripe.InvalidRequestError:  # paid meanwhile, or with the bank
            return self.look_up(order, known)
        except stripe.StripeError as failure:
            raise _unavailable(order, failure) from failure

    def refund(self, order: Order, payment: Payment, refund: Refund) -> None:
        try:
            made = self._made(order, payment, refund) or self._client(order.conference_id).v1.refunds.create(
                params={
                    "payment_intent": payment.reference,
                    "amount": _amount(refund.amount, order.total.currency),
                    "metadata": {"order_id": order.id, "conference_id": order.conference_id, "refund_id": refund.id},
                },
                options={"idempotency_key": refund.id},
            )
        except stripe.InvalidRequestError as failure:
            reason = failure.code or "it says that the request is not valid"
            raise RefundRefused(f"Stripe refuses the refund: {reason}.", order_id=order.id) from failure
        except stripe.StripeError as failure:
            raise _unavailable(order, failure) from failure
        if made.status in _NOT_RETURNED:
            raise RefundRefused(f"The refund {made.id} {made.status} at Stripe.", order_id=order.id)

    def failure(self, order: Order, payment: Payment, refund: Refund) -> str:
        """Why it came back after it was made (a card that is closed by now, days later); nothing where it did not."""
        try:
            made = self._made(order, payment, refund)
        except stripe.StripeError as failure:
            raise _unavailable(order, failure) from failure
        return f"{made.status} at Stripe: {made.failure_reason or 'unknown'}" if made and made.status in _NOT_RETURNED else ""

    def _made(self, order: Order, payment: Payment, refund: Refund) -> stripe.Refund | None:
        """The refund where it was made before: Stripe forgets its idempotency keys after a day, the reconciliation does not."""
        found = self._client(order.conference_id).v1.refunds.list(params={"payment_intent": payment.reference, "limit": 100})
        return next((each for each in found.data if _refund_id(each) == refund.id), None)

    def verified(self, conference_id: str, body: bytes, signature: str) -> None:
        """Raises NotFromProvider unless Stripe signed the body, at most five minutes ago, with the conference's webhook secret."""
        keys = self._secrets.find(conference_id)
        try:
            if keys is None:
                raise NotFromProvider("This conference expects no webhooks from Stripe.")
            stripe.WebhookSignature.verify_header(body.decode(), signature, keys.webhook_secret, _TOLERANCE)
        except (stripe.SignatureVerificationError, UnicodeDecodeError) as failure:
            raise NotFromProvider("Sign it with the conference's webhook secret, and send it within five minutes.") from failure

    def _client(self, conference_id: str) -> stripe.StripeClient:
        keys = self._secrets.find(conference_id)
        if keys is None:
            raise PaymentUnavailable(f"Conference {conference_id} takes no payments at the moment. Write to its organiser.")
        http = stripe.RequestsClient(timeout=_TIMEOUT)
        base = os.environ.get("STRIPE_API_BASE", "")
        return stripe.StripeClient(
            keys.secret_key, http_client=http, max_network_retries=1, base_addresses={"api": base} if base else {}
        )

    def _intents(self, order: Order) -> stripe.PaymentIntentService:
        return self._client(order.conference_id).v1.payment_intents

    def _decided(self, payment: Payment, intent: stripe.PaymentIntent) -> Payment:
        known = replace(payment, reference=intent.id, due=None)
        match intent.status:
            case "succeeded":
                return replace(known, status="confirmed")
            case "canceled":
                return replace(known, status="failed", reason="called off")
            case _:  # the buyer has not confirmed it, or the bank has not decided
                return replace(known, status="pending", due=self._clock() + _ASK_AGAIN, client_secret=intent.client_secret or "")


def _refund_id(made: stripe.Refund) -> str:
    return str(made.metadata["refund_id"]) if made.metadata and "refund_id" in made.metadata else ""


def _amount(minor: int, currency: str) -> int:
    return minor * 100 if currency in _HUNDREDFOLD else minor


def _unavailable(order: Order, failure: stripe.StripeError) -> PaymentUnavailable:
    logger.warning("stripe", failure=type(failure).__name__, code=failure.code, status=failure.http_status, order_id=order.id)
    return PaymentUnavailable(
        "Stripe did not answer, or not to us. What became of the payment is on record and will be found out: "
        "look at the order, or send the request again, in a moment.",
        order_id=order.id,
    )
