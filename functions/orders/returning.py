"""Giving orders and tickets up: cancelling what is not paid, and returning what is."""

from collections.abc import Sequence
from typing import Protocol

from functions.orders import announcements, refunding
from functions.orders.domain import Order
from functions.orders.money_back import return_money
from functions.orders.paying import TOO_LATE, PayableOrders, call_off
from functions.orders.payment import Refund
from functions.orders.provider import Providers
from functions.orders.refunding import RefundPolicy
from functions.orders.settling import Step, settle
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import Forbidden, KeyReused, NotFound


class Policies(Protocol):
    def refund_policy(self, conference_id: str) -> RefundPolicy: ...

    def keep_refund_policy(self, conference_id: str, policy: RefundPolicy) -> None: ...


def cancel_order(orders: PayableOrders, providers: Providers, clock: Clock, *, order_id: str, caller: Caller) -> Order:
    """Give up a reserved order: the buyer or an organiser. A cancelled one is returned as it is.

    One that cost nothing is given up with all its tickets. Raises NotFound, AlreadyPaid, HoldExpired, Busy.
    """
    order = call_off(orders, providers, clock, _visible(orders, order_id, caller), caller.user_id)
    if order.status == "paid" and not order.total.amount:
        free = Refund(f"{order.id}-free", 0, tuple(sorted(order.seated)), clock(), caller.user_id)
        return return_money(orders, providers, clock, settle(orders, order, lambda now: _intend(now, free)))

    def decide(now: Order) -> Step:
        if now.status == "cancelled":
            return None
        if now.status != "reserved":
            raise now.refusal()
        cancelled = now.cancelled(caller.user_id, clock())
        return cancelled, announcements.cancelled(cancelled)

    return settle(orders, order, decide)


def _intend(now: Order, refund: Refund) -> Step:
    if any(each.id == refund.id for each in now.refunds):
        return None
    return (refunding.intended(now, refund),)


def refund_order(
    orders: PayableOrders,
    providers: Providers,
    policies: Policies,
    clock: Clock,
    *,
    order_id: str,
    refund_id: str,
    fingerprint: str,
    caller: Caller,
    numbers: Sequence[int],
    amount: int | None,
) -> Order:
    """Return tickets (none named: all that are left) for their price, or within the organiser's policy where the buyer asks.

    Where the provider refused to return what was paid too late, or a refund came back, an organiser asks for that again. Once for
    each `refund_id`: repeating it carries on with what is on record. Raises NotFound, Forbidden (a buyer said an amount),
    NotRefundable, BadRefund, KeyReused, RefundRefused, PaymentUnavailable, Busy.
    """
    order = _visible(orders, order_id, caller)
    organises = caller.is_any(order.conference_id, "organizer")
    if amount is not None and not organises:
        raise Forbidden("Only an organizer says how much is returned. Leave `amount` out.")
    policy = None if organises or not order.total.amount else policies.refund_policy(order.conference_id)

    def decide(now: Order) -> Step:
        known = next((each for each in now.refunds if each.id == refund_id), None)
        if known:
            if known.fingerprint != fingerprint:
                raise KeyReused()
            return None
        at = clock()
        if organises and refunding.is_owed(now):
            again = Refund(refund_id, now.total.amount, (), at, caller.user_id, TOO_LATE, fingerprint=fingerprint)
            return (refunding.intended(now, again),)
        if organises and amount is None and (owed := refunding.owed_again(now, numbers)):
            return (refunding.intended(now, Refund(refund_id, owed[1], owed[0], at, caller.user_id, fingerprint=fingerprint)),)
        tickets, due = (
            refunding.returned_by_organiser(now, numbers, amount)
            if policy is None
            else refunding.returned_by_buyer(now, numbers, policy, at)
        )
        return (refunding.intended(now, Refund(refund_id, due, tickets, at, caller.user_id, fingerprint=fingerprint)),)

    return return_money(orders, providers, clock, settle(orders, order, decide))


def _visible(orders: PayableOrders, order_id: str, caller: Caller) -> Order:
    order = orders.find(order_id)
    if order and (order.buyer_id == caller.user_id or caller.is_any(order.conference_id, "organizer")):
        return order
    raise NotFound(f"You have no order {order_id}. GET /orders lists yours.")
