"""Finding what is half done, and mending it: from a list of what is to be looked after, never by a scan.

On the list is each reservation until it has been looked at after its end, and each order whose money is on its way to or from
somebody. A crash, a lost message or a silent provider leaves its order there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from functions.orders.domain import Order
from functions.orders.money_back import return_money
from functions.orders.paying import PayableOrders, resume
from functions.orders.payment import PaymentUnavailable
from functions.orders.provider import Providers
from functions.orders.use_cases import expire
from shared.clock import Clock
from shared.telemetry import count, logger

# What is younger is still in somebody's hands: a request, a worker or a message.
PATIENCE = timedelta(minutes=1)

Mending = Literal["paid", "reseated", "refunded", "expired", "payment failed", "not mended"]


@dataclass(frozen=True, slots=True)
class Work:
    """An entry of the list. A reservation's stays until it is struck off; that of an order goes when the order is done."""

    order_id: str
    since: datetime
    entry: str  # its key
    of_reservation: bool


@dataclass(frozen=True, slots=True)
class Mended:
    conference_id: str
    order_id: str
    at: datetime
    what: Mending


class WorkList(Protocol):
    def open(self) -> Iterable[tuple[Work, Order | None]]:
        """All that is to be looked after, with its order as it is now."""

    def strike_off(self, work: Work) -> None: ...

    def report(self, mended: Mended) -> None:
        """Keep it for the organisers to read."""

    def reported(self, conference_id: str, limit: int, cursor: str | None) -> tuple[list[Mended], str | None]:
        """A page of what was mended of a conference's orders in the last 90 days, newest first. Raises Malformed."""


def reconcile(work_list: WorkList, orders: PayableOrders, providers: Providers, clock: Clock) -> list[Mended]:
    """Mend what can be mended now, and report it. What fails stays on the list and keeps nothing else from being mended."""
    looked_at, mended = 0, []
    for work, order in work_list.open():
        looked_at += 1
        if order is None:
            continue
        if work.of_reservation and order.status != "reserved":  # it has an entry of its own, should anything be open
            work_list.strike_off(work)
            continue
        for each in _looked_after(work, order, orders, providers, clock):
            work_list.report(each)
            mended.append(each)
            count("OrdersMended" if each.what != "not mended" else "OrdersNotMended", order.conference_id)
            logger.info("mended", order_id=order.id, what=each.what)
    logger.info("reconciled", looked_at=looked_at, mended=len(mended))
    return mended


def _looked_after(work: Work, order: Order, orders: PayableOrders, providers: Providers, clock: Clock) -> Iterator[Mended]:
    try:
        after = _mend(work, order, orders, providers, clock)
    except PaymentUnavailable:
        logger.warning("the provider does not answer", order_id=order.id)
        return
    except Exception:  # noqa: BLE001  # it is logged, and must not keep the others from being mended
        logger.exception("not mended", order_id=order.id)
        yield Mended(order.conference_id, order.id, clock(), "not mended")
        return
    if after.revision != order.revision and (what := _told(order, after)):
        yield Mended(order.conference_id, order.id, clock(), what)


def _mend(work: Work, order: Order, orders: PayableOrders, providers: Providers, clock: Clock) -> Order:
    now = clock()
    if order.payment and order.payment.is_open and now >= order.payment.at + PATIENCE:
        order = resume(orders, providers, clock, order, by="reconciliation")
    if order.status == "reserved" and work.of_reservation and now >= work.since + PATIENCE:
        order = expire(orders, providers, clock, order)  # its message was lost
    if any(refund.status == "intended" and now >= refund.at + PATIENCE for refund in order.refunds):
        order = return_money(orders, providers, clock, order, quietly=True)
    return order


def _told(before: Order, after: Order) -> Mending | None:
    happened = {change.what for change in after.changes[len(before.changes) :]}
    if happened & {"refunded", "cancelled"}:
        return "refunded"
    if happened & {"paid", "reseated"}:
        return "reseated" if "reseated" in happened else "paid"
    if "expired" in happened:
        return "expired"
    return "payment failed" if "payment_failed" in happened else None
