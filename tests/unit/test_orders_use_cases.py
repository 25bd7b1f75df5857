"""What is decided around the table: orders given up, holds that end, stock that moves while it is changed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from functions.orders.cache import RecentOffers
from functions.orders.catalogue import Offer, TicketType
from functions.orders.domain import Order
from functions.orders.lines import Wanted
from functions.orders.returning import cancel_order
from functions.orders.stock import H, Stocked
from functions.orders.use_cases import expire_when_due
from functions.orders.use_cases_stock import Stale, keep_ticket_type
from shared.errors import Busy
from shared.messages import OrderCancelled, OrderExpired, OrderReserved, TicketTypeChanged
from shared.money import Money
from tests.unit.orders import PAID, FakeDelay, FakeOrders, Till, at, given_up
from tests.unit.test_orders_domain import BOB, NOON, REGULAR, ordered

RESERVED = ordered(Wanted("typ_1", 2))


def test_a_cancellation_that_comes_twice_at_once_is_one() -> None:
    orders = FakeOrders(RESERVED, given_up)
    assert cancel_order(orders, Till(), at(NOON), order_id="ord_1", caller=BOB).status == "cancelled"
    assert orders.sent == []


def test_a_cancelled_order_says_that_it_was_not_paid() -> None:
    orders = FakeOrders(RESERVED)
    cancel_order(orders, Till(), at(NOON), order_id="ord_1", caller=BOB)
    [cancelled] = orders.sent
    assert isinstance(cancelled, OrderCancelled)
    assert not cancelled.was_paid


# Holds

MESSAGE = OrderReserved(conference_id="cnf_1", order_id="ord_1", buyer_id="usr_bob", expires_at=NOON)


@pytest.mark.parametrize(("early", "seconds"), [(timedelta(minutes=40), 2400), (timedelta(seconds=1.2), 2)])
def test_before_its_time_a_hold_waits_and_never_ends_early(early: timedelta, seconds: int) -> None:
    orders, delay = FakeOrders(RESERVED), FakeDelay()
    expire_when_due(orders, Till(), delay, at(NOON - early), MESSAGE)
    assert delay.sent == [(MESSAGE, seconds)]
    assert orders.order == RESERVED


def test_a_hold_ends_at_its_time_and_once() -> None:
    orders, delay = FakeOrders(RESERVED), FakeDelay()
    expire_when_due(orders, Till(), delay, at(NOON), MESSAGE)
    expire_when_due(orders, Till(), delay, at(NOON), MESSAGE)
    assert orders.order.status == "expired"
    assert [type(message) for message in orders.sent] == [OrderExpired]
    assert delay.sent == []


@pytest.mark.parametrize("meanwhile", [given_up, lambda order: order.paid(PAID, NOON)])
def test_a_hold_that_was_settled_meanwhile_is_left_alone(meanwhile: Callable[[Order], Order]) -> None:
    racing, settled = FakeOrders(RESERVED, meanwhile), FakeOrders(meanwhile(RESERVED))
    for orders in (racing, settled):
        expire_when_due(orders, Till(), FakeDelay(), at(NOON), MESSAGE)
        assert orders.order == meanwhile(RESERVED)
        assert orders.sent == []


def test_a_try_to_end_a_hold_that_fails_is_made_again_within_seconds() -> None:
    class Crowded(FakeOrders):
        def change(self, *_: Any) -> Order:
            raise Busy("others are changing the same")

    delay = FakeDelay()
    for late in (0, 2, 30):
        expire_when_due(Crowded(RESERVED), Till(), delay, at(NOON + timedelta(seconds=late)), MESSAGE)
    assert delay.sent == [(MESSAGE, 2)] * 3
    with pytest.raises(Busy):  # the queue has its own patience
        expire_when_due(Crowded(RESERVED), Till(), delay, at(NOON + timedelta(seconds=31)), MESSAGE)
    assert len(delay.sent) == 3


def test_a_reservation_of_no_known_order_ends_quietly() -> None:
    expire_when_due(FakeOrders(replace(RESERVED, id="ord_2")), Till(), FakeDelay(), at(NOON), MESSAGE)


# Stock


class BusyStock:
    """Somebody buys a seat between each reading and writing, `rush` times."""

    def __init__(self, rush: int) -> None:
        self.stocked: Stocked[TicketType] = Stocked(REGULAR.with_pool(replace(REGULAR.pool, shards=1)), (100,))
        self.rush = rush

    def find(self, wanted: H) -> Any:
        return self.stocked

    def replace(self, known: Stocked[H] | None, new: Stocked[H]) -> None:
        if self.rush:
            self.rush -= 1
            self.stocked = replace(self.stocked, free=(self.stocked.available - 1,))
            raise Stale
        self.stocked = cast("Stocked[TicketType]", new)


CHANGED = TicketTypeChanged(
    conference_id="cnf_1",
    ticket_type_id="typ_1",
    revision=2,
    name="Regular",
    price=Money(4900, "EUR"),
    capacity=50,
    min_per_order=1,
    max_per_order=5,
    sale_starts_at=REGULAR.sale_starts_at,
    sale_ends_at=REGULAR.sale_ends_at,
    hidden=False,
    valid_from=REGULAR.valid_from,
    valid_until=REGULAR.valid_until,
    hold_minutes=15,
)


def test_a_change_looks_again_when_seats_were_sold_meanwhile() -> None:
    stock = BusyStock(rush=3)
    keep_ticket_type(stock, CHANGED)
    assert (stock.stocked.pool.capacity, stock.stocked.free) == (50, (47,))


def test_a_change_that_never_gets_through_fails_so_that_its_message_comes_again() -> None:
    with pytest.raises(Busy):
        keep_ticket_type(BusyStock(rush=1000), CHANGED)


class CountedOffers:
    def __init__(self, offered: list[Offer]) -> None:
        self.offered = offered
        self.reads = 0

    def of_conference(self, conference_id: str) -> list[Offer]:
        self.reads += 1
        return self.offered


def test_what_is_on_offer_is_read_once_a_second() -> None:
    offers = CountedOffers([Offer(REGULAR, (Stocked.opened(REGULAR.pool),))])
    instants = iter([NOON, NOON + timedelta(seconds=0.999), NOON + timedelta(seconds=1)])
    recent = RecentOffers(offers, lambda: next(instants))
    assert [len(recent.of_conference("cnf_1")) for _ in range(3)] == [1, 1, 1]
    assert offers.reads == 2


def test_a_conference_that_sells_nothing_is_not_remembered() -> None:
    offers = CountedOffers([])
    recent = RecentOffers(offers, at(NOON))
    assert recent.of_conference("cnf_1") == recent.of_conference("cnf_1") == []
    assert offers.reads == 2
