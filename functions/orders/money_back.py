"""Giving money back: a refund is on record before the provider is asked for it, and what it says is settled once."""

from datetime import datetime

from functions.orders import announcements, refunding
from functions.orders.domain import Order
from functions.orders.payment import PaymentUnavailable, Refund, RefundRefused
from functions.orders.provider import Providers
from functions.orders.settling import Ledger, Step, settle
from shared.clock import Clock
from shared.telemetry import count, logger


def return_money(orders: Ledger, providers: Providers, clock: Clock, order: Order, *, quietly: bool = False) -> Order:
    """Carry out the refunds that are on record as intended, and settle each: the tickets end, their seats are released.

    Raises PaymentUnavailable and RefundRefused, unless `quietly`: then they stay on record for the reconciliation, or as refused.
    """
    for refund in order.refunds:
        if refund.status == "intended":
            try:
                order = _return(orders, providers, clock, order, refund)
            except (PaymentUnavailable, RefundRefused) as failure:
                logger.warning("a refund is not made yet", order_id=order.id, refund_id=refund.id, reason=failure.slug)
                if not quietly:
                    raise
    return order


def _return(orders: Ledger, providers: Providers, clock: Clock, order: Order, refund: Refund) -> Order:
    def still_intended(now: Order) -> bool:
        return any(each.id == refund.id and each.status == "intended" for each in now.refunds)

    try:
        if refund.amount and order.payment:
            providers.of(order.payment.method).refund(order, order.payment, refund)
    except PaymentUnavailable:
        if not refund.tries:  # noted once: the reconciliation may have to ask for days, and the order must stay small
            settle(orders, order, lambda now: (refunding.unanswered(now, refund, clock()),) if still_intended(now) else None)
        raise
    except RefundRefused as never:
        reason = never.detail
        settle(orders, order, lambda now: _refused(now, refund, clock(), reason) if still_intended(now) else None)
        raise

    def decide(now: Order) -> Step:
        if not still_intended(now):
            return None
        after = refunding.settled(now, refund, clock())
        return after, announcements.refunded(after, refund)

    after = settle(orders, order, decide)
    count("OrdersRefunded", order.conference_id)
    return after


def _refused(now: Order, refund: Refund, at: datetime, reason: str) -> Step:
    after = refunding.refused(now, refund, at, reason)
    return after, announcements.refund_failed(after, refund.id)


def take_back(orders: Ledger, clock: Clock, order: Order, refund_id: str, reason: str) -> Order:
    """Put on record that a refund came back after it was made, and tell who has to decide. Safe to repeat. Raises Busy."""

    def decide(now: Order) -> Step:
        refund = next((each for each in now.refunds if each.id == refund_id and each.status == "settled"), None)
        if refund is None:
            return None
        after = refunding.failed(now, refund, clock(), reason)
        return after, announcements.refund_failed(after, refund.id)

    return settle(orders, order, decide)
