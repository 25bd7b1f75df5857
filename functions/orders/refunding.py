"""What a buyer or an organiser may have back of an order. Pure rules."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from functions.orders.domain import Order, OrderTicket, Status, TicketEnd
from functions.orders.payment import BadRefund, NotRefundable, Refund
from shared.clock import iso
from shared.money import Money


@dataclass(frozen=True, slots=True)
class RefundPolicy:
    """What buyers may return by themselves: until when, and what is kept of each ticket's price. Organisers are not bound by it."""

    until: datetime | None = None  # none: buyers return nothing
    fee_percent: int = 0
    fee: int = 0  # minor units a ticket, beside the percentage

    def kept(self, price: Money) -> int:
        """Of a ticket's price: rounded to the buyer's favour, and never more than the price."""
        return min(price.amount, price.amount * self.fee_percent // 100 + self.fee)


def returned_by_buyer(order: Order, numbers: Sequence[int], policy: RefundPolicy, now: datetime) -> tuple[tuple[int, ...], int]:
    """The tickets (none named: all that are left) and what is paid back for them. Raises NotRefundable, BadRefund."""
    if policy.until is None:
        raise NotRefundable("The organiser takes no tickets back by request. Write to them, or hand a ticket on to somebody else.")
    if now >= policy.until:
        raise NotRefundable(
            f"Tickets could be returned until {iso(policy.until)}. Write to the organiser.", until=iso(policy.until)
        )
    tickets = _returnable(order, numbers)
    return _numbers(tickets), sum(each.price.amount - policy.kept(each.price) for each in tickets)


def returned_by_organiser(order: Order, numbers: Sequence[int], amount: int | None) -> tuple[tuple[int, ...], int]:
    """The tickets (none named: all that are left) and what is paid back: their price, or what the organiser says, if less.

    Raises NotRefundable, BadRefund.
    """
    tickets = _returnable(order, numbers)
    price = sum(each.price.amount for each in tickets)
    if amount is not None and amount > price:
        paid = Money(price, order.total.currency)
        raise BadRefund(f"These tickets cost {paid}: no more than that can be returned for them.", max=price)
    return _numbers(tickets), price if amount is None else amount


def is_owed(order: Order) -> bool:
    """Whether it was paid too late, and the provider refused to return that."""
    is_open = any(refund.status == "intended" for refund in order.refunds)
    return order.paid_at is None and order.payment is not None and order.payment.status == "confirmed" and not is_open


def owed_again(order: Order, numbers: Sequence[int]) -> tuple[tuple[int, ...], int] | None:
    """What an organiser returns anew of refunds that came back: for exactly these tickets, or (none named) once no other is left.

    None where that is not what is asked for.
    """
    owed = [
        each
        for place, each in enumerate(order.refunds, 1)
        if each.status == "failed" and each.numbers and not any(_repeats(later, each) for later in order.refunds[place:])
    ]
    asked = set(numbers) or (set(order.ended) if len(order.ended) == len(order.tickets) else set())
    due = [each for each in owed if set(each.numbers) <= asked]
    tickets = tuple(sorted(number for each in due for number in each.numbers))
    if not due or (numbers and set(tickets) != asked):
        return None
    return tickets, sum(each.amount for each in due)


def _repeats(later: Refund, earlier: Refund) -> bool:
    return later.status != "refused" and set(earlier.numbers) <= set(later.numbers)


def _returnable(order: Order, numbers: Sequence[int]) -> list[OrderTicket]:
    if order.status not in ("paid", "partially_refunded"):
        raise NotRefundable(f"Order {order.id} is {order.status}: only tickets of a paid order can be returned.")
    returning = {number for refund in order.refunds if refund.status == "intended" for number in refund.numbers}
    left = {each.number: each for each in order.tickets if each.status == "active" and each.number not in returning}
    gone = sorted(set(numbers) - set(left))
    if gone:
        raise NotRefundable(f"Order {order.id} has no ticket {gone[0]} that could still be returned.", numbers=gone)
    if not left:
        raise NotRefundable(f"Order {order.id} has no ticket left that could be returned.")
    return [left[number] for number in sorted(set(numbers) or left)]


def _numbers(tickets: Sequence[OrderTicket]) -> tuple[int, ...]:
    return tuple(each.number for each in tickets)


def intended(order: Order, refund: Refund) -> Order:
    """The order with a refund on record that the provider has not been asked for yet."""
    return order.changed(
        "refund_intended", by=refund.by, at=refund.at, detail=_told(order, refund), refunds=(*order.refunds, refund)
    )


def unanswered(order: Order, refund: Refund, now: datetime) -> Order:
    return order.changed("refund_unanswered", by="provider", at=now, refunds=_with(order, replace(refund, tries=refund.tries + 1)))


def refused(order: Order, refund: Refund, now: datetime, reason: str) -> Order:
    changed = replace(refund, status="refused", reason=reason)
    return order.changed("refund_refused", by="provider", at=now, detail=reason, refunds=_with(order, changed))


def failed(order: Order, refund: Refund, now: datetime, reason: str) -> Order:
    """The order once a refund that was settled came back: its tickets stay ended, and the money is owed."""
    payment = order.payment
    if payment and payment.status == "refunded":
        payment = replace(payment, status="confirmed")
    return order.changed(
        "refund_failed",
        by="provider",
        at=now,
        detail=f"{_told(order, refund)}: {reason}",
        payment=payment,
        returned=order.returned - refund.amount,
        refunds=_with(order, replace(refund, status="failed", reason=reason)),
    )


def settled(order: Order, refund: Refund, now: datetime) -> Order:
    """The order once the provider has returned the money, or none was to be returned: its tickets end, and their seats are free."""
    end: TicketEnd = "refunded" if refund.amount else "cancelled"
    returned, ended = order.returned + refund.amount, {**order.ended, **dict.fromkeys(refund.numbers, end)}
    none_left = len(ended) == len(order.tickets)
    payment = order.payment
    if payment and returned and (none_left or order.paid_at is None):
        payment = replace(payment, status="refunded")
    return order.changed(
        end,
        by=refund.by,
        at=now,
        detail=_told(order, refund),
        status=_status(order, none_left=none_left, returned=returned) if refund.numbers else order.status,
        payment=payment,
        ended=ended,
        returned=returned,
        refunds=_with(order, replace(refund, status="settled")),
    )


def _status(order: Order, *, none_left: bool, returned: int) -> Status:
    if none_left:
        return "refunded" if returned else "cancelled"
    return "partially_refunded" if returned else order.status


def _with(order: Order, changed: Refund) -> tuple[Refund, ...]:
    return tuple(changed if each.id == changed.id else each for each in order.refunds)


def _told(order: Order, refund: Refund) -> str:
    money = Money(refund.amount, order.total.currency)
    return f"{money} for {'ticket ' + ', '.join(map(str, refund.numbers)) if refund.numbers else refund.reason}"
