"""What is half done is found without a scan, mended once, and reported."""

from datetime import timedelta
from typing import Any

import pytest

from functions.orders import api, schedule
from functions.orders.provider import Providers
from shared.clock import now
from shared.messages import OrderPaid, OrderRefunded
from tests.moto.stock import ADA, BOB, PAID_AT_ONCE, Book, Wire, basket, books, changed, order, stock, unchanged
from tests.moto.test_orders_api import get
from tests.moto.test_orders_returns import die, paying_with, refund, refunds, run_out
from tests.support import CONTEXT, Table, call


@pytest.fixture
def wire(table: Table, monkeypatch: pytest.MonkeyPatch) -> Wire:
    monkeypatch.setattr("shared.table.time.sleep", lambda seconds: None)
    return Wire.tapped(monkeypatch)


def reconcile(monkeypatch: pytest.MonkeyPatch, later: timedelta = timedelta(minutes=2)) -> list[str]:
    """What is mended so much later."""
    then = now() + later
    monkeypatch.setattr(schedule, "now", lambda: then)
    monkeypatch.setattr("functions.orders.providers.now", lambda: then)
    return [each["what"] for each in schedule.handler({"id": "53dc4d37"}, CONTEXT)["mended"]]


def listed(table: Table) -> int:
    return sum("gsi2pk" in item for item in table.items())


def mended() -> list[dict[str, Any]]:
    return list(call(api.handler, "GET", "/orders/conferences/cnf_1/mended", caller=ADA).json["items"])


def test_what_is_done_leaves_the_list_and_costs_nothing_more(table: Table, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(changed(capacity=9))
    order(basket(1, **PAID_AT_ONCE))
    order(basket(1))
    order(basket(1))
    run_out(table)
    assert listed(table) == 3
    assert reconcile(monkeypatch) == []
    assert listed(table) == 0
    wire.calls.clear()
    with unchanged(table):
        assert reconcile(monkeypatch) == []
    assert set(wire.operations) == {"Query", "Scan"}  # the scans are this test's
    assert mended() == []


def test_a_hold_that_is_still_open_is_left_alone(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(changed(capacity=9))
    order(basket(1))
    with unchanged(table):
        assert reconcile(monkeypatch) == []


def test_a_hold_whose_message_was_lost_ends_all_the_same(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(changed(capacity=9))
    order_id = order(basket(2)).json["id"]
    assert reconcile(monkeypatch, timedelta(minutes=15, seconds=50)) == []
    assert reconcile(monkeypatch, timedelta(minutes=17)) == ["expired"]
    assert reconcile(monkeypatch, timedelta(minutes=17)) == []
    assert books(table) == {"typ_1": Book(9, 9, 0, 0)}
    assert [(each["order_id"], each["what"]) for each in mended()] == [(order_id, "expired")]
    assert listed(table) == 0


def test_a_payment_that_the_provider_made_and_we_did_not_record_is_found(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(changed(capacity=9))
    order_id = order(basket(2, **paying_with("tok_lost"))).json["order_id"]
    assert reconcile(monkeypatch, timedelta(seconds=30)) == []
    assert reconcile(monkeypatch) == ["paid"]
    assert reconcile(monkeypatch) == []
    paid = get(f"/orders/{order_id}").json
    assert (paid["status"], paid["history"][-1]["by"]) == ("paid", "reconciliation")
    assert len([message for message in table.outbox() if isinstance(message, OrderPaid)]) == 1


@pytest.mark.parametrize(("others", "what"), [(7, "reseated"), (8, "refunded")])
def test_a_payment_that_comes_long_after_its_hold_is_followed_up(
    table: Table, monkeypatch: pytest.MonkeyPatch, others: int, what: str
) -> None:
    stock(changed(capacity=9))
    order_id = order(basket(2, **paying_with("tok_late:3600"))).json["id"]
    run_out(table)
    order(basket(others, **PAID_AT_ONCE))
    assert reconcile(monkeypatch, timedelta(minutes=30)) == []
    assert reconcile(monkeypatch, timedelta(hours=2)) == [what]
    assert reconcile(monkeypatch, timedelta(hours=2)) == []
    after = get(f"/orders/{order_id}").json
    assert (after["status"], after["refunded"]["amount"]) == (("paid", 0) if what == "reseated" else ("expired", 9800))
    assert books(table)["typ_1"].sold == 9 if what == "reseated" else 8


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("transaction", [0, 1], ids=["intended", "settled"])
def test_a_refund_that_was_begun_is_finished(
    table: Table, wire: Wire, monkeypatch: pytest.MonkeyPatch, transaction: int, after: bool
) -> None:
    stock(changed(capacity=9))
    order_id = order(basket(2, **PAID_AT_ONCE)).json["id"]
    die(wire, "TransactWriteItems", after=after, passing=transaction)
    assert refund(order_id, tickets=[2]).status == 500
    begun = (transaction, after) != (0, False)
    finished = (transaction, after) == (1, True)
    assert reconcile(monkeypatch) == (["refunded"] if begun and not finished else [])
    assert reconcile(monkeypatch) == []
    assert refunds(table) == ([(4900, (2,))] if begun else [])
    assert books(table) == {"typ_1": Book(9, 8, 0, 1) if begun else Book(9, 7, 0, 2)}


def test_a_provider_that_is_silent_is_asked_again(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(changed(capacity=9))
    order_id = order(basket(1, **paying_with("tok_refund_fails_once"))).json["id"]
    assert refund(order_id).status == 503
    assert reconcile(monkeypatch, timedelta(seconds=30)) == []
    assert reconcile(monkeypatch) == ["refunded"]
    assert len([message for message in table.outbox() if isinstance(message, OrderRefunded)]) == 1


def test_what_cannot_be_mended_is_reported_and_keeps_nothing_else_from_it(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(changed(capacity=9))
    broken, fine = (order(basket(1, **paying_with("tok_lost"))).json["order_id"] for _ in range(2))
    from functions.orders import reconciling

    real = reconciling.resume

    def faulty(orders: Any, providers: Providers, clock: Any, each: Any, by: str) -> Any:
        if each.id == broken:
            raise RuntimeError("a bug")
        return real(orders, providers, clock, each, by)

    monkeypatch.setattr(reconciling, "resume", faulty)
    assert sorted(reconcile(monkeypatch)) == ["not mended", "paid"]
    assert get(f"/orders/{fine}").json["status"] == "paid"
    monkeypatch.setattr(reconciling, "resume", real)
    assert reconcile(monkeypatch) == ["paid"]
    assert get(f"/orders/{broken}").json["status"] == "paid"


def test_only_organisers_read_the_report(table: Table) -> None:
    assert call(api.handler, "GET", "/orders/conferences/cnf_1/mended", caller=BOB).problem() == "forbidden"
    assert call(api.handler, "GET", "/orders/conferences/cnf_1/mended").problem() == "unauthenticated"
    assert call(api.handler, "GET", "/orders/conferences/cnf_1/mended?cursor=bm9uZQ==", caller=ADA).problem() == "malformed"
