"""What is decided around the table: payments that lose a race, holds that end, stock that moves while it is changed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from functions.orders.cache import RecentOffers
from functions.orders.domain import AlreadyCancelled, Catalogue, HoldExpired, Offer, Order, Payment, TicketType, Wanted
from functions.orders.payments import Simulated
from functions.orders.stock import H, Stocked
from functions.orders.use_cases import Overtaken, cancel_order, expire_when_due, pay_order
from functions.orders.use_cases_stock import Stale, keep_ticket_type
from shared.clock import Clock
from shared.errors import Busy
from shared.messages import Message, OrderCancelled, OrderExpired, OrderPaid, OrderReserved, TicketTypeChanged
from shared.money import Money
from tests.unit.test_orders_domain import BOB, NOON, REGULAR, ordered

RESERVED = ordered(Wanted("typ_1", 2))


class FakeOrders:
    """One order. `meanwhile` happens once, between the reading of it and the writing."""

    def __init__(self, order: Order, meanwhile: Callable[[Order], Order] = lambda order: order) -> None:
        self.order = order
        self.sent: list[Message] = []
        self._meanwhile = meanwhile

    def find(self, order_id: str) -> Order | None:
        return self.order if order_id == self.order.id else None

    def change(self, before: Order, after: Order, message: Message | None = None) -> None:
        meanwhile, self._meanwhile = self._meanwhile, lambda order: order
        self.order = meanwhile(self.order)
        if self.order.revision != before.revision:
            raise Overtaken(self.order)
        self.order = after
        if message:
            self.sent.append(message)

    def of_buyer(self, buyer_id: str, limit: int, cursor: str | None) -> tuple[list[Order], str | None]:
        raise AssertionError("not listed here")

    def before_order(self, order_id: str, conference_id: str, ticket_type_ids: Sequence[str]) -> tuple[Order | None, Catalogue]:
        raise AssertionError("not placed here")

    def reserve(self, order: Order, catalogue: Catalogue, message: Message) -> Order:
        raise AssertionError("not placed here")


class Till(Simulated):
    """Remembers each charge and refund once, as a provider does."""

    def __init__(self) -> None:
        self.charged: set[str] = set()
        self.refunded: set[str] = set()

    def charge(self, order_id: str, amount: Money, token: str) -> Payment:
        payment = super().charge(order_id, amount, token)
        self.charged.add(payment.reference)
        return payment

    def refund(self, reference: str) -> None:
        self.refunded.add(reference)


class FakeDelay:
    def __init__(self) -> None:
        self.sent: list[tuple[Message, int]] = []

    def send(self, message: Message, seconds: int) -> None:
        self.sent.append((message, seconds))


def at(instant: datetime) -> Clock:
    return lambda: instant


def run_out(order: Order) -> Order:
    return order.expired(NOON)


def given_up(order: Order) -> Order:
    return order.cancelled("usr_bob", NOON)


def pay(orders: FakeOrders, till: Till) -> Order:
    return pay_order(orders, till, at(NOON), order_id="ord_1", buyer=BOB, token="tok_ok")


def test_a_payment_is_charged_once_however_often_it_is_asked() -> None:
    orders, till = FakeOrders(RESERVED), Till()
    assert pay(orders, till) == pay(orders, till)
    assert len(till.charged) == 1
    assert till.refunded == set()
    assert [type(message) for message in orders.sent] == [OrderPaid]


def test_two_clicks_at_once_pay_once_and_nothing_is_refunded() -> None:
    other = Payment("confirmed", "simulated", "pay_1")
    orders, till = FakeOrders(RESERVED, lambda order: order.paid(other, NOON)), Till()
    assert pay(orders, till).status == "paid"
    assert till.refunded == set()


@pytest.mark.parametrize(("meanwhile", "refusal"), [(run_out, HoldExpired), (given_up, AlreadyCancelled)])
def test_a_payment_for_seats_that_are_gone_is_refunded(
    meanwhile: Callable[[Order], Order], refusal: type[HoldExpired] | type[AlreadyCancelled]
) -> None:
    orders, till = FakeOrders(RESERVED, meanwhile), Till()
    with pytest.raises(refusal, match="Nothing was charged"):
        pay(orders, till)
    assert till.refunded == till.charged != set()
    assert orders.sent == []


def test_an_order_past_its_time_but_still_held_can_be_paid() -> None:
    orders = FakeOrders(RESERVED)
    late = pay_order(orders, Till(), at(NOON + timedelta(hours=1)), order_id="ord_1", buyer=BOB, token="tok_ok")
    assert late.status == "paid"


def test_an_order_is_paid_with_one_ticket_line_for_each_seat() -> None:
    orders = FakeOrders(RESERVED)
    pay(orders, Till())
    [paid] = orders.sent
    assert isinstance(paid, OrderPaid)
    assert (paid.total, paid.conference_name) == (Money(9800, "EUR"), "Ketemu Days")
    assert [(line.attendee_email, line.price, line.valid_from) for line in paid.tickets] == [
        ("bob@example.org", Money(4900, "EUR"), REGULAR.valid_from)
    ] * 2


def test_a_cancellation_that_comes_twice_at_once_is_one() -> None:
    orders = FakeOrders(RESERVED, given_up)
    assert cancel_order(orders, at(NOON), order_id="ord_1", buyer=BOB).status == "cancelled"
    assert orders.sent == []


def test_a_cancelled_order_says_that_it_was_not_paid() -> None:
    orders = FakeOrders(RESERVED)
    cancel_order(orders, at(NOON), order_id="ord_1", buyer=BOB)
    [cancelled] = orders.sent
    assert isinstance(cancelled, OrderCancelled)
    assert not cancelled.was_paid


# Holds

MESSAGE = OrderReserved(conference_id="cnf_1", order_id="ord_1", buyer_id="usr_bob", expires_at=NOON)


@pytest.mark.parametrize(("early", "seconds"), [(timedelta(minutes=40), 2400), (timedelta(seconds=1.2), 2)])
def test_before_its_time_a_hold_waits_and_never_ends_early(early: timedelta, seconds: int) -> None:
    orders, delay = FakeOrders(RESERVED), FakeDelay()
    expire_when_due(orders, delay, at(NOON - early), MESSAGE)
    assert delay.sent == [(MESSAGE, seconds)]
    assert orders.order == RESERVED


def test_a_hold_ends_at_its_time_and_once() -> None:
    orders, delay = FakeOrders(RESERVED), FakeDelay()
    expire_when_due(orders, delay, at(NOON), MESSAGE)
    expire_when_due(orders, delay, at(NOON), MESSAGE)
    assert orders.order.status == "expired"
    assert [type(message) for message in orders.sent] == [OrderExpired]
    assert delay.sent == []


@pytest.mark.parametrize("meanwhile", [given_up, lambda order: order.paid(Payment("confirmed", "simulated", "p"), NOON)])
def test_a_hold_that_was_settled_meanwhile_is_left_alone(meanwhile: Callable[[Order], Order]) -> None:
    racing, settled = FakeOrders(RESERVED, meanwhile), FakeOrders(meanwhile(RESERVED))
    for orders in (racing, settled):
        expire_when_due(orders, FakeDelay(), at(NOON), MESSAGE)
        assert orders.order == meanwhile(RESERVED)
        assert orders.sent == []


def test_a_reservation_of_no_known_order_ends_quietly() -> None:
    expire_when_due(FakeOrders(replace(RESERVED, id="ord_2")), FakeDelay(), at(NOON), MESSAGE)


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
