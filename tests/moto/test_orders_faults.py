"""The journey of paying and returning, broken between every two steps: whoever paid ends with a ticket or a refund.

A function is killed before and after each call that it makes, to the database and to the provider; the provider's answers are lost;
the buyer asks again, or never does and the hold ends; every message comes twice and out of order.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import Any

import boto3
import pytest

from functions.orders import api, ledger_worker, worker
from functions.orders.domain import Order
from functions.orders.payment import Payment, PaymentUnavailable, Refund
from functions.orders.providers import AllProviders
from functions.tickets import worker as tickets_worker
from localstack.books import Books, imbalances
from shared.caller import Caller
from shared.clock import now
from shared.delay import _queue
from shared.ids import derived_id
from shared.messages import OrderReserved
from tests.moto.stock import Wire, changed
from tests.moto.tickets import keep_secret
from tests.support import Answer, Table, call, deliver

CONFERENCE, REGULAR = derived_id("cnf", "faults"), derived_id("typ", "faults")
HOST = Caller(derived_id("usr", "host"), "host@example.org", "Hana", {CONFERENCE: "organizer"})
BOB = Caller(derived_id("usr", "bob"), "bob@example.org", "Bob")
TICKETS = frozenset({"OrderPaid", "OrderRefunded", "OrderCancelled"})  # what the worker of tickets hears of orders
PRICE = 2 * 4900


class Killed(BaseException):
    """The function's process is gone: nothing in it runs on."""


class Breaker:
    """Counts the steps that are taken, and breaks off before or after one of them, or not at all."""

    def __init__(self) -> None:
        self.arm(None)

    def arm(self, at: int | None, *, after: bool = False, failure: Callable[[], BaseException] = Killed) -> None:
        self.steps: list[str] = []
        self._at, self._after, self._failure = at, after, failure

    def around(self, step: str, act: Callable[[], Any]) -> Any:
        self.steps.append(step)
        here = len(self.steps) - 1 == self._at
        if here and not self._after:
            raise self._failure()
        answer = act()
        if here:
            raise self._failure()
        return answer


class Bank:
    """A provider that keeps accounts: one charge for each attempt and one refund for each id, however often it is asked."""

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker
        self.charged: dict[str, int] = {}
        self.returned: dict[str, dict[str, int]] = {}

    def charge(self, order: Order, payment: Payment) -> Payment:
        def act() -> Payment:
            self.charged[order.id] = order.total.amount
            return self._found(order, payment)

        done: Payment = self._breaker.around("charge", act)
        return done

    def look_up(self, order: Order, payment: Payment) -> Payment:
        return self._found(order, payment)

    def void(self, order: Order, payment: Payment) -> Payment:
        return self._found(order, payment)

    def refund(self, order: Order, payment: Payment, refund: Refund) -> None:
        self._breaker.around("refund", lambda: self.returned.setdefault(order.id, {}).update({refund.id: refund.amount}))

    def _found(self, order: Order, payment: Payment) -> Payment:
        if order.id in self.charged:
            return replace(payment, status="confirmed", reference=payment.key(order.id), due=None)
        return replace(payment, status="failed", reason="the provider has no record of it", due=None)

    def keeps(self, order_id: str) -> int:
        return self.charged.get(order_id, 0) - sum(self.returned.get(order_id, {}).values())


class Platform:
    """Orders and tickets in one table, their messages in the hands of the test."""

    def __init__(self, table: Table, breaker: Breaker, bank: Bank) -> None:
        self.table, self.breaker, self.bank = table, breaker, bank
        self._dice, self._heard = Random(4), 0

    def ask(self, act: Callable[[], Answer]) -> Answer | None:
        try:
            return act()
        except Killed:
            return None

    def work_off(self) -> None:
        """Every message twice and shuffled, to every worker that hears it, until no more come."""
        while new := self.table.outbox()[self._heard :]:
            self._heard += len(new)
            twice = [*new, *new]
            self._dice.shuffle(twice)
            tickets = [message for message in twice if type(message).__name__ in TICKETS]
            for message in twice:
                for hears in (worker.handler, ledger_worker.handler):
                    assert type(message) not in hears.reactions or deliver(hears, message) == []
            for message in tickets:
                deliver(tickets_worker.handler, message)

    def end_holds(self) -> None:
        due = [replace(message, expires_at=now()) for message in self.table.outbox() if isinstance(message, OrderReserved)]
        assert not due or deliver(worker.handler, *due) == []

    def wrong(self) -> list[str]:
        rows = self.table.items()
        return [str(imbalance) for imbalance in imbalances(Books(rows, rows), now())]


@pytest.fixture
def platform(table: Table, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    keep_secret(monkeypatch)
    monkeypatch.setenv("QUEUE_URL", boto3.client("sqs").create_queue(QueueName="orders")["QueueUrl"])
    _queue.cache_clear()
    assert deliver(worker.handler, changed(REGULAR, capacity=60, conference_id=CONFERENCE)) == []
    breaker = Breaker()
    bank = Bank(breaker)
    monkeypatch.setattr(AllProviders, "of", lambda self, method: bank)
    wire = Wire.tapped(monkeypatch)
    real = wire._make_api_call
    wire._make_api_call = lambda client, operation, request: breaker.around(operation, lambda: real(client, operation, request))
    yield Platform(table, breaker, bank)
    _queue.cache_clear()


def buy(key: str) -> Answer:
    body = {"conference_id": CONFERENCE, "lines": [{"ticket_type_id": REGULAR, "quantity": 2}], "payment": {"method": "simulated"}}
    return call(api.handler, "POST", "/orders", body, caller=BOB, headers={"Idempotency-Key": key})


def give_back(order_id: str, key: str) -> Answer:
    return call(api.handler, "POST", f"/orders/{order_id}/refunds", {"tickets": [1]}, caller=HOST, headers={"Idempotency-Key": key})


def order_of(key: str) -> str:
    return derived_id("ord", BOB.user_id, "POST /orders", key)


def steps(platform: Platform, act: Callable[[], Answer]) -> list[str]:
    """The calls it takes when nothing goes wrong."""
    platform.breaker.arm(None)
    assert act().status in (200, 201)
    taken = platform.breaker.steps
    platform.breaker.arm(None)
    return taken


def lost() -> PaymentUnavailable:
    return PaymentUnavailable("The answer of the provider was lost.")


def test_these_are_the_steps_between_which_it_is_broken(platform: Platform) -> None:
    assert steps(platform, lambda: buy("k")) == ["BatchGetItem", "TransactWriteItems", "charge", "TransactWriteItems"]
    returning = steps(platform, lambda: give_back(order_of("k"), "k"))
    assert [step for step in returning if step not in ("GetItem", "BatchGetItem")] == [
        "TransactWriteItems",
        "refund",
        "TransactWriteItems",
    ]


@pytest.mark.parametrize("asks_again", [True, False])
@pytest.mark.parametrize("after", [False, True])
def test_whoever_paid_has_tickets_or_the_money_wherever_the_function_was_killed(
    platform: Platform, after: bool, asks_again: bool
) -> None:
    for step, _ in enumerate(steps(platform, lambda: buy("unbroken"))):
        key = f"killed-{step}"
        platform.breaker.arm(step, after=after)
        assert platform.ask(lambda key=key: buy(key)) is None  # type: ignore[misc]  # a lambda's default
        platform.breaker.arm(None)
        if asks_again:
            assert buy(key).json["status"] == "paid"
        platform.work_off()
    platform.end_holds()
    platform.work_off()
    assert platform.wrong() == []
    _check_accounts(platform)


@pytest.mark.parametrize("asks_again", [True, False])
def test_whoever_paid_has_tickets_though_the_answer_of_the_provider_was_lost(platform: Platform, asks_again: bool) -> None:
    taken = steps(platform, lambda: buy("unbroken"))
    platform.breaker.arm(taken.index("charge"), after=True, failure=lost)
    assert buy("lost").problem() == "payment-unavailable"
    platform.breaker.arm(None)
    if asks_again:
        assert buy("lost").json["status"] == "paid"
    platform.end_holds()
    platform.work_off()
    assert platform.wrong() == []
    _check_accounts(platform)
    assert platform.bank.keeps(order_of("lost")) == PRICE


@pytest.mark.parametrize("after", [False, True])
def test_a_ticket_is_given_back_once_wherever_the_function_was_killed(platform: Platform, after: bool) -> None:
    buy("unbroken")
    for step, _ in enumerate(steps(platform, lambda: give_back(order_of("unbroken"), "unbroken"))):
        key = f"killed-{step}"
        buy(key)
        platform.breaker.arm(step, after=after)
        assert platform.ask(lambda key=key: give_back(order_of(key), key)) is None  # type: ignore[misc]  # a lambda's default
        platform.breaker.arm(None)
        assert give_back(order_of(key), key).json["status"] == "partially_refunded"
        assert platform.bank.keeps(order_of(key)) == PRICE // 2
        platform.work_off()
    assert platform.wrong() == []
    _check_accounts(platform)


def _check_accounts(platform: Platform) -> None:
    """What the bank keeps of each order is the price of the tickets that are good."""
    rows = platform.table.items()
    good = Counter(row["order"] for row in rows if row["kind"] == "Ticket" and row["status"] != "cancelled")
    kept = {order_id: platform.bank.keeps(order_id) for order_id in platform.bank.charged}
    assert kept == {order_id: good[order_id] * PRICE // 2 for order_id in kept}
    assert set(good) <= set(kept)
    ledger = [row for row in rows if row["kind"] == "LedgerTotal"]
    assert sum(row.get("revenue", 0) - row.get("returned", 0) for row in ledger) == sum(kept.values())
    assert sum(row.get("paid", 0) for row in ledger) == good.total()
