"""Vouchers: what a code takes off, unlocks and allows; who may use it, how often, and that no use is lost or given twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from functions.orders import api
from functions.orders.dynamo import DynamoOrders
from functions.orders.lines import Basket, Wanted
from functions.orders.use_cases import _find_or_reserve
from shared.caller import Caller
from shared.clock import iso, now
from shared.errors import Problem
from shared.ids import new_id
from shared.messages import OrderPaid
from tests.moto.stock import (
    ADA,
    BOB,
    CONFERENCE,
    EVE,
    HOW,
    PAID_AT_ONCE,
    Book,
    Wire,
    basket,
    books,
    changed,
    order,
    release,
    stock,
    unchanged,
)
from tests.moto.test_orders_concurrency import buyer, conflicts_now_and_then
from tests.support import Answer, Table, call

VOUCHERS = f"/orders/conferences/{CONFERENCE}/vouchers"


@pytest.fixture
def wire(table: Table, monkeypatch: pytest.MonkeyPatch) -> Wire:
    monkeypatch.setattr("shared.table.time.sleep", lambda seconds: None)
    return Wire.tapped(monkeypatch)


def add(code: str = "FRIENDS-20", **other: Any) -> Answer:
    body = {"code": code, "kind": "percent", "value": 20, **other}
    return call(api.handler, "POST", VOUCHERS, body, caller=ADA)


def made(code: str = "FRIENDS-20", **other: Any) -> str:
    answer = add(code, **other)
    assert answer.status == 201, answer
    return str(answer.json["id"])


def use(quantity: int = 1, code: str = "FRIENDS-20", caller: Caller = BOB, **other: Any) -> Answer:
    return order(basket(quantity, voucher=code, **other), caller=caller)


def manage(method: str, voucher: str, body: Any = None, caller: Caller = ADA, **headers: str) -> Answer:
    return call(api.handler, method, f"{VOUCHERS}/{voucher}", body, caller=caller, headers=headers)


@pytest.mark.parametrize(
    ("terms", "unit", "off"),
    [
        ({"kind": "percent", "value": 33}, 3283, 1617),
        ({"kind": "percent", "value": 100}, 0, 4900),
        ({"kind": "fixed", "value": 1000}, 3900, 1000),
        ({"kind": "fixed", "value": 9900}, 0, 4900),
        ({"kind": "free", "value": 0}, 0, 4900),
    ],
)
def test_a_voucher_takes_its_part_off_each_ticket(table: Table, terms: Any, unit: int, off: int) -> None:
    stock(changed())
    made(**terms)
    placed = use(2).json
    [line] = placed["lines"]
    assert (line["list_price"]["amount"], line["unit_price"]["amount"], line["discount"]["amount"]) == (4900, unit, 2 * off)
    assert (placed["total"]["amount"], placed["discount"]["amount"]) == (2 * unit, 2 * off)
    assert (placed["voucher"], placed["status"]) == ("FRIENDS-20", "reserved" if unit else "paid")


def test_an_order_that_a_voucher_makes_free_is_paid_at_once(table: Table) -> None:
    stock(changed())
    made(kind="free", value=0)
    placed = use(2).json
    assert (placed["status"], placed["expires_at"], placed["payment"]) == ("paid", None, None)
    [paid] = [message for message in table.outbox() if isinstance(message, OrderPaid)]
    assert [ticket.price.amount for ticket in paid.tickets] == [0, 0]


def test_a_voucher_is_for_the_types_it_names_and_leaves_the_others_as_they_are(table: Table) -> None:
    stock(changed("typ_1"), changed("typ_2"))
    made(ticket_type_ids=["typ_2"], max_uses=5)
    lines = [{"ticket_type_id": each, "quantity": 1} for each in ("typ_1", "typ_2")]
    placed = order({"conference_id": CONFERENCE, "lines": lines, "voucher": "friends-20"}).json
    assert [line["unit_price"]["amount"] for line in placed["lines"]] == [4900, 3920]
    with unchanged(table):
        assert use(1).problem() == "voucher-not-for-these"


def test_a_voucher_unlocks_the_hidden_types_it_names(table: Table) -> None:
    stock(changed("typ_1", hidden=True), changed("typ_2", hidden=True))
    made(kind="none", value=0, ticket_type_ids=["typ_1"], unlocks_hidden=True)
    assert use(1).status == 201
    assert order(basket(1)).problem() == "unknown-ticket-type"
    assert use(1, ticket_type_id="typ_2").problem() == "voucher-not-for-these"


def test_a_voucher_that_only_names_a_hidden_type_does_not_unlock_it(table: Table) -> None:
    stock(changed(hidden=True))
    made(ticket_type_ids=["typ_1"])
    assert use(1).problem() == "unknown-ticket-type"


def test_each_reason_why_a_code_is_refused_has_its_name(table: Table) -> None:
    stock(changed(), changed("typ_2"))
    hour = timedelta(hours=1)
    made("TOMORROW", valid_from=iso(now() + hour))
    made("YESTERDAY", valid_until=iso(now() - hour))
    made("OTHERS", ticket_type_ids=["typ_2"])
    made("GONE-01", max_uses=1)
    deleted = made("DELETED")
    assert manage("DELETE", deleted).status == 204
    assert use(1, "GONE-01", caller=EVE).status == 201
    with unchanged(table):
        reasons = {code: use(1, code).problem() for code in ("TOMORROW", "YESTERDAY", "OTHERS", "GONE-01", "DELETED", "NEVER-WAS")}
    assert reasons == {
        "TOMORROW": "voucher-not-yet",
        "YESTERDAY": "voucher-expired",
        "OTHERS": "voucher-not-for-these",
        "GONE-01": "voucher-used-up",
        "DELETED": "unknown-voucher",
        "NEVER-WAS": "unknown-voucher",
    }


def test_a_use_is_one_ticket(table: Table) -> None:
    stock(changed())
    voucher = made(max_uses=3)
    assert use(2).status == 201
    refused = use(2)
    assert (refused.problem(), refused.json["left"]) == ("voucher-used-up", 1)
    assert use(1).status == 201
    assert books(table)[voucher] == Book(3, 0, 3, 0)


@HOW
def test_a_use_comes_back_with_the_order_it_was_for(table: Table, how: str) -> None:
    stock(changed())
    voucher = made(max_uses=2, max_per_person=2)
    placed = use(2).json["id"]
    release(table, how, placed)
    assert books(table)[voucher] == Book(2, 2, 0, 0)
    assert use(2).status == 201


@pytest.mark.parametrize("uses", [1, 30])
def test_a_voucher_is_never_used_more_often_than_it_says(table: Table, wire: Wire, uses: int) -> None:
    stock(changed(capacity=100))
    voucher = made(max_uses=uses)
    wire.before = conflicts_now_and_then()
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(reserve_with_the_voucher, range(uses + 8)))
    assert (outcomes.count("reserved"), outcomes.count("voucher-used-up")) == (uses, 8)
    assert books(table)[voucher] == Book(uses, 0, uses, 0)


def reserve_with_the_voucher(number: int) -> str:
    wanted = Basket(CONFERENCE, (Wanted("typ_1", 1),), "FRIENDS-20")
    who = buyer(number)
    try:
        return _status(
            _find_or_reserve(DynamoOrders(), now, order_id=new_id("ord"), fingerprint="f", buyer=who, basket=wanted, payment=None)
        )
    except Problem as problem:
        return problem.slug


def _status(found: Any) -> str:
    order, _ = found
    return str(order.status)


def test_one_person_uses_it_as_often_as_it_says(table: Table) -> None:
    stock(changed())
    made(max_per_person=2)
    first = use(1).json["id"]
    refused = use(2)
    assert (refused.status, refused.problem()) == (409, "limit-per-person")
    assert (refused.json["limit"], refused.json["has"]) == (2, 1)
    assert use(3, caller=EVE).problem() == "limit-per-person"
    assert use(2, caller=EVE).status == 201
    release(table, "cancelled", first)
    assert use(2).status == 201


@HOW
def test_one_person_has_as_many_of_a_type_as_it_says(table: Table, how: str) -> None:
    stock(changed(max_per_person=3))
    first = order(basket(2)).json["id"]
    assert order(basket(1, **PAID_AT_ONCE)).status == 201
    with unchanged(table):
        refused = order(basket(1))
    assert (refused.problem(), refused.json["subject"], refused.json["has"]) == ("limit-per-person", "typ_1", 3)
    assert order(basket(3), caller=EVE).status == 201
    release(table, how, first)
    assert order(basket(3)).problem() == "limit-per-person"
    assert order(basket(2)).status == 201


def test_nobody_gets_more_by_asking_at_once(table: Table, wire: Wire) -> None:
    stock(changed(capacity=100, max_per_person=3))
    wire.before = conflicts_now_and_then()

    def place(_: int) -> str:
        wanted = Basket(CONFERENCE, (Wanted("typ_1", 1),))
        try:
            return _status(
                _find_or_reserve(
                    DynamoOrders(), now, order_id=new_id("ord"), fingerprint="f", buyer=BOB, basket=wanted, payment=None
                )
            )
        except Problem as problem:
            return problem.slug

    with ThreadPoolExecutor(10) as pool:
        outcomes = list(pool.map(place, range(10)))
    assert (outcomes.count("reserved"), outcomes.count("limit-per-person")) == (3, 7)
    assert books(table)["typ_1"] == Book(100, 97, 3, 0)
