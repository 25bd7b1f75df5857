"""Returning what was paid: by whom, how much, once, and whatever is lost between the provider and our record."""

from datetime import timedelta
from typing import Any

import pytest

from functions.orders import api, worker
from shared.caller import Caller
from shared.clock import iso, now
from shared.messages import OrderExpired, OrderPaid, OrderRefunded, OrderReseated, PaymentPending, RefundFailed
from shared.money import Money
from tests.moto.stock import (
    ADA,
    BOB,
    PAID_AT_ONCE,
    Book,
    Wire,
    basket,
    books,
    changed,
    order,
    run_out,
    stock,
    unchanged,
)
from tests.moto.test_orders_api import cancel, get, pay
from tests.support import Answer, Table, call, deliver


@pytest.fixture
def wire(table: Table, monkeypatch: pytest.MonkeyPatch) -> Wire:
    monkeypatch.setattr("shared.table.time.sleep", lambda seconds: None)
    return Wire.tapped(monkeypatch)


def refund(order_id: str, caller: Caller = ADA, key: str | None = None, **body: Any) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    return call(api.handler, "POST", f"/orders/{order_id}/refunds", body, caller=caller, headers=headers)


def policy(**body: Any) -> Answer:
    return call(api.handler, "PUT", "/orders/conferences/cnf_1/refund-policy", body, caller=ADA)


def refunds(table: Table) -> list[tuple[int, tuple[int, ...]]]:
    return [(message.amount.amount, message.numbers) for message in table.outbox() if isinstance(message, OrderRefunded)]


def paying_with(token: str) -> dict[str, Any]:
    return {"payment": {"method": "simulated", "token": token}}


# What an organiser returns


def test_an_organiser_returns_an_order_whole(table: Table) -> None:
    stock(changed(capacity=5))
    order_id = order(basket(2, **PAID_AT_ONCE)).json["id"]
    refunded = refund(order_id).json
    assert (refunded["status"], refunded["payment"]["status"], refunded["refunded"]["amount"]) == ("refunded", "refunded", 9800)
    assert {each["status"] for each in refunded["tickets"]} == {"refunded"}
    assert [entry["what"] for entry in refunded["history"]] == ["placed", "paid", "refund_intended", "refunded"]
    assert books(table) == {"typ_1": Book(5, 5, 0, 0)}
    assert refunds(table) == [(9800, (1, 2))]


def test_tickets_are_returned_one_by_one_each_with_its_seat(table: Table) -> None:
    stock(changed("typ_1", capacity=5), changed("typ_2", capacity=5, price=Money(1000, "EUR")))
    lines = [{"ticket_type_id": "typ_1", "quantity": 2}, {"ticket_type_id": "typ_2", "quantity": 1}]
    order_id = order({"conference_id": "cnf_1", "lines": lines, **PAID_AT_ONCE}).json["id"]
    partly = refund(order_id, tickets=[3, 1]).json
    assert (partly["status"], partly["payment"]["status"], partly["refunded"]["amount"]) == (
        "partially_refunded",
        "confirmed",
        5900,
    )
    assert [each["status"] for each in partly["tickets"]] == ["refunded", "active", "refunded"]
    assert books(table) == {"typ_1": Book(5, 4, 0, 1), "typ_2": Book(5, 5, 0, 0)}
    assert refund(order_id, tickets=[1]).problem() == "not-refundable"
    assert refund(order_id).json["status"] == "refunded"
    assert books(table) == {"typ_1": Book(5, 5, 0, 0), "typ_2": Book(5, 5, 0, 0)}
    assert refunds(table) == [(5900, (1, 3)), (4900, (2,))]
    states = [message.order for message in table.outbox() if isinstance(message, OrderRefunded) and message.order]
    assert [(each.status, each.refunded.amount, [(line.quantity) for line in each.lines]) for each in states] == [
        ("partially_refunded", 5900, [1]),
        ("refunded", 10800, []),
    ]


def test_an_organiser_may_return_less_or_nothing(table: Table) -> None:
    stock(changed(capacity=5))
    order_id = order(basket(2, **PAID_AT_ONCE)).json["id"]
    assert refund(order_id, tickets=[1], amount=100).json["refunded"]["amount"] == 100
    ended = refund(order_id, tickets=[2], amount=0).json
    assert (ended["status"], [each["status"] for each in ended["tickets"]]) == ("refunded", ["refunded", "cancelled"])
    assert books(table) == {"typ_1": Book(5, 5, 0, 0)}


def test_a_refund_is_made_once_for_each_key(table: Table) -> None:
    stock(changed(capacity=5))
    order_id = order(basket(3, **PAID_AT_ONCE)).json["id"]
    first = refund(order_id, key="k", tickets=[1])
    with unchanged(table):
        assert refund(order_id, key="k", tickets=[1]).json == first.json
        assert refund(order_id, key="k", tickets=[2]).problem() == "idempotency-key-reused"
    assert refunds(table) == [(4900, (1,))]


# What a buyer returns


def test_a_buyer_returns_nothing_unless_the_organiser_lets_them(table: Table) -> None:
    stock(changed())
    order_id = order(basket(2, **PAID_AT_ONCE)).json["id"]
    with unchanged(table):
        assert refund(order_id, BOB).problem() == "not-refundable"
    assert policy(until=iso(now() - timedelta(seconds=1))).status == 200
    assert refund(order_id, BOB).json["type"].endswith("not-refundable")


def test_a_buyer_returns_tickets_until_the_deadline_less_the_fee(table: Table) -> None:
    stock(changed(capacity=5))
    order_id = order(basket(2, **PAID_AT_ONCE)).json["id"]
    until = iso(now() + timedelta(days=1)).replace("Z", "000Z")
    assert policy(until=until, fee_percent=10, fee=50).json == {"until": until, "fee_percent": 10, "fee": 50}
    kept = call(api.handler, "GET", "/orders/conferences/cnf_1/refund-policy", caller=BOB).json
    assert kept == {"until": until, "fee_percent": 10, "fee": 50}
    partly = refund(order_id, BOB, tickets=[2]).json
    assert partly["refunded"]["amount"] == 4900 - 490 - 50
    assert refund(order_id, BOB).json["status"] == "refunded"
    assert books(table) == {"typ_1": Book(5, 5, 0, 0)}


def test_tickets_that_cost_nothing_are_given_back_one_by_one_or_all(table: Table) -> None:
    stock(changed(capacity=5, price=Money(0, "EUR")))
    order_id = order(basket(3)).json["id"]
    assert refund(order_id, BOB, tickets=[2]).json["status"] == "paid"
    assert books(table) == {"typ_1": Book(5, 3, 0, 2)}
    given_up = cancel(order_id).json
    assert (given_up["status"], {each["status"] for each in given_up["tickets"]}) == ("cancelled", {"cancelled"})
    assert books(table) == {"typ_1": Book(5, 5, 0, 0)}
    assert refunds(table) == [(0, (2,)), (0, (1, 3))]


# What the provider says


def test_a_refund_without_an_answer_is_carried_on_with(table: Table) -> None:
    stock(changed(capacity=5))
    order_id = order(basket(1, **paying_with("tok_refund_fails_once"))).json["id"]
    silent = refund(order_id, key="k")
    assert (silent.status, silent.problem()) == (503, "payment-unavailable")
    assert get(f"/orders/{order_id}").json["refunds"][0]["status"] == "intended"
    assert books(table) == {"typ_1": Book(5, 4, 0, 1)}
    assert refund(order_id, key="k").json["status"] == "refunded"
    assert books(table) == {"typ_1": Book(5, 5, 0, 0)}
    assert refunds(table) == [(4900, (1,))]


def test_a_refund_that_is_refused_leaves_the_tickets_as_they_are(table: Table) -> None:
    stock(changed(capacity=5))
    order_id = order(basket(1, **paying_with("tok_refund_refused"))).json["id"]
    assert refund(order_id).problem() == "refund-refused"
    kept = get(f"/orders/{order_id}").json
    assert (kept["status"], kept["refunds"][0]["status"], kept["tickets"][0]["status"]) == ("paid", "refused", "active")
    assert refunds(table) == []
    [told] = [message for message in table.outbox() if isinstance(message, RefundFailed)]
    assert (told.amount.amount, told.numbers, told.came_back) == (4900, (1,), False)


def test_a_lost_answer_to_a_payment_is_found_by_the_next_request(table: Table) -> None:
    stock(changed(capacity=5))
    lost = order(basket(1, **paying_with("tok_lost")), key="k")
    assert (lost.status, lost.problem()) == (503, "payment-unavailable")
    assert order(basket(1, **paying_with("tok_lost")), key="k").json["status"] == "paid"
    assert len([message for message in table.outbox() if isinstance(message, OrderPaid)]) == 1


def test_a_lost_answer_to_a_payment_is_found_when_the_hold_ends(table: Table) -> None:
    stock(changed(capacity=5))
    order_id = order(basket(1, **paying_with("tok_lost")), key="k").json["order_id"]
    run_out(table)
    assert get(f"/orders/{order_id}").json["status"] == "paid"
    assert books(table) == {"typ_1": Book(5, 4, 0, 1)}


def test_a_payment_that_comes_late_is_settled_by_its_reminder(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(changed(capacity=5))
    reserved = order(basket(2, **paying_with("tok_late:60"))).json
    assert (reserved["status"], reserved["payment"]["status"]) == ("reserved", "pending")
    tomorrow(monkeypatch)
    remind(table)
    with unchanged(table):
        remind(table)
    assert get(f"/orders/{reserved['id']}").json["status"] == "paid"


@pytest.mark.parametrize("others", [3, 4])
def test_paid_after_its_hold_an_order_is_seated_again_or_refunded_and_told(
    table: Table, monkeypatch: pytest.MonkeyPatch, others: int
) -> None:
    stock(changed(capacity=5))
    order_id = order(basket(2, **paying_with("tok_late:60"))).json["id"]
    run_out(table)
    assert get(f"/orders/{order_id}").json["status"] == "expired"
    assert order(basket(others, **PAID_AT_ONCE)).status == 201
    tomorrow(monkeypatch)
    for _ in range(2):
        remind(table)
    after = get(f"/orders/{order_id}").json
    told = [type(message) for message in table.outbox() if getattr(message, "order_id", "") == order_id]
    if others == 3:
        assert (after["status"], after["payment"]["status"]) == ("paid", "confirmed")
        assert sorted(kind.__name__ for kind in told[-2:]) == ["OrderPaid", "OrderReseated"]
        assert books(table) == {"typ_1": Book(5, 0, 0, 5)}
        assert told.count(OrderReseated) == told.count(OrderPaid) == 1
    else:
        assert (after["status"], after["payment"]["status"], after["refunded"]["amount"]) == ("expired", "refunded", 9800)
        assert refunds(table) == [(9800, ())]
        assert books(table) == {"typ_1": Book(5, 1, 0, 4)}
        assert pay(order_id).problem() == "order-expired"
    assert told.count(OrderExpired) == 1


def remind(table: Table) -> None:
    assert deliver(worker.handler, *[message for message in table.outbox() if isinstance(message, PaymentPending)]) == []


def tomorrow(monkeypatch: pytest.MonkeyPatch) -> None:
    later = now() + timedelta(days=1)
    monkeypatch.setattr(worker, "now", lambda: later)
    monkeypatch.setattr("functions.orders.providers.now", lambda: later)


# Crashes


class LostError(Exception):
    """The function died, or the network with it."""


def die(wire: Wire, operation: str, *, after: bool, passing: int = 0) -> None:
    """Die just before or after the next such call but `passing`, once."""
    calls = iter([False] * passing + [True])

    def fatal(made: str, request: Any) -> None:
        if made == operation and next(calls, False):
            raise LostError

    if after:
        wire.after = fatal
    else:
        wire.before = fatal


AROUND = pytest.mark.parametrize("after", [False, True], ids=["before", "after"])


@AROUND
@pytest.mark.parametrize("operation", ["UpdateItem", "TransactWriteItems"], ids=["on record", "settled"])
@pytest.mark.parametrize("mended", ["by the buyer", "by the end of the hold"])
def test_a_crash_around_any_step_of_paying_loses_nothing(
    table: Table, wire: Wire, operation: str, after: bool, mended: str
) -> None:
    stock(changed(capacity=5))
    order_id = order(basket(2)).json["id"]
    die(wire, operation, after=after)
    assert pay(order_id).status == 500
    if mended == "by the buyer":
        assert pay(order_id).json["status"] == "paid"
        assert pay(order_id).json["status"] == "paid"
    run_out(table)
    run_out(table)
    after_all = get(f"/orders/{order_id}").json
    charged = bool(after_all["payment"])
    assert after_all["status"] == ("paid" if charged else "expired")
    assert books(table) == {"typ_1": Book(5, 3, 0, 2) if charged else Book(5, 5, 0, 0)}
    assert len([message for message in table.outbox() if isinstance(message, OrderPaid)]) == int(charged)


@AROUND
@pytest.mark.parametrize("transaction", [0, 1], ids=["intended", "settled"])
def test_a_crash_around_any_step_of_returning_loses_nothing(table: Table, wire: Wire, transaction: int, after: bool) -> None:
    stock(changed(capacity=5))
    order_id = order(basket(3, **PAID_AT_ONCE)).json["id"]
    die(wire, "TransactWriteItems", after=after, passing=transaction)
    assert refund(order_id, key="k", tickets=[1, 2]).status == 500
    for _ in range(2):
        assert refund(order_id, key="k", tickets=[1, 2]).json["status"] == "partially_refunded"
    assert refunds(table) == [(9800, (1, 2))]
    assert books(table) == {"typ_1": Book(5, 4, 0, 1)}
