"""No oversell, no undersell, nothing leaked: races, conflicts, crashes and repeats at every point."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from functions.orders import api, dynamo_stock, worker
from functions.orders.dynamo import DynamoOrders
from functions.orders.dynamo_stock import DynamoStock
from functions.orders.items_stock import ShardItem
from functions.orders.lines import Basket, Wanted
from functions.orders.payment import Tender
from functions.orders.providers import AllProviders
from functions.orders.returning import cancel_order
from functions.orders.use_cases import place_order
from functions.orders.use_cases_stock import keep_ticket_type
from shared.caller import Caller
from shared.clock import now
from shared.errors import Problem
from shared.ids import new_id
from shared.messages import OrderExpired, OrderPaid, OrderReserved
from shared.money import Money
from tests.moto.stock import (
    BOB,
    PAID_AT_ONCE,
    Book,
    Wire,
    basket,
    books,
    changed,
    conflict,
    order,
    run_out,
    shards,
    stock,
    unchanged,
)
from tests.support import Answer, Table, call, deliver


@pytest.fixture
def wire(table: Table, monkeypatch: pytest.MonkeyPatch) -> Wire:
    monkeypatch.setattr("shared.table.time.sleep", lambda seconds: None)
    return Wire.tapped(monkeypatch)


class LostError(Exception):
    """The function died, or the network with it."""


def buyer(number: int) -> Caller:
    return Caller(f"usr_{number}", f"{number}@example.org", f"Buyer {number}")


def attempt(buyer: Caller, quantity: int, order_id: str | None = None, ticket_type_id: str = "typ_1") -> str:
    """What comes of an order, made as the API makes it (whose resolver serves one request at a time, as Lambda does)."""
    wanted = Basket("cnf_1", (Wanted(ticket_type_id, quantity),))
    try:
        return place_order(
            DynamoOrders(),
            AllProviders(),
            now,
            order_id=order_id or new_id("ord"),
            fingerprint="f",
            buyer=buyer,
            basket=wanted,
            payment=Tender("simulated", "tok_ok"),
        ).status
    except Problem as problem:
        return problem.slug


def rush(buyers: int, quantity: int) -> Counter[str]:
    """So many people buy at once; how often each thing came of it."""
    with ThreadPoolExecutor(buyers) as pool:
        return Counter(pool.map(lambda number: attempt(buyer(number), quantity), range(buyers)))


# Races


def test_the_last_seat_is_sold_once(table: Table, wire: Wire) -> None:
    stock(changed(capacity=1))
    assert rush(20, 1) == {"paid": 1, "sold-out": 19}
    assert books(table) == {"typ_1": Book(1, 0, 0, 1)}


def test_twenty_seats_in_several_shards_are_all_sold_and_no_more(table: Table, wire: Wire) -> None:
    stock(changed(capacity=70))
    assert order(basket(10)).status == order(basket(10)).status == order(basket(10)).status == 201
    stock(changed(capacity=50, revision=2))
    wire.before = conflicts_now_and_then()
    assert rush(25, 1) == {"paid": 20, "sold-out": 5}
    assert books(table) == {"typ_1": Book(50, 0, 30, 20)}


def test_groups_race_for_what_is_left(table: Table, wire: Wire) -> None:
    stock(changed(capacity=60))  # 20 in each shard: seven groups leave 4 seats, in one shard or in several
    wire.before = conflicts_now_and_then()
    assert rush(12, 8) == {"paid": 7, "sold-out": 5}
    assert rush(6, 1) == {"paid": 4, "sold-out": 2}
    assert books(table) == {"typ_1": Book(60, 0, 0, 60)}


def conflicts_now_and_then() -> Any:
    dice = random.Random(1)

    def before(operation: str, request: Any) -> None:
        if operation == "TransactWriteItems" and dice.random() < 0.3:
            raise conflict(operation, request)

    return before


def test_groups_take_the_last_seats_from_several_shards(table: Table, wire: Wire) -> None:
    stock(changed(capacity=30))  # 15 and 15
    assert [order(basket(10)).status for _ in range(3)] == [201, 201, 201]
    assert shards(table) == [0, 0]
    assert order(basket(1)).problem() == "sold-out"


@pytest.mark.parametrize("free_shard", [0, 1, 2])
def test_the_last_seat_is_found_whichever_shard_has_it(table: Table, wire: Wire, free_shard: int) -> None:
    stock(changed(capacity=51))  # 17 in each
    for shard in range(3):
        ShardItem(f"SHARD#typ_1#{shard}", "SHARD", free=int(shard == free_shard)).save()
    assert order(basket(1)).status == 201
    assert shards(table) == [0, 0, 0]
    assert order(basket(1)).json["available"] == 0


def test_a_buyer_who_saw_fewer_shards_finds_the_seats_in_the_new_ones(
    table: Table, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(changed(capacity=1))
    before = DynamoOrders().before_order("ord_none", Basket("cnf_1", (Wanted("typ_1", 1),)))
    stock(changed(capacity=60, revision=2))
    monkeypatch.setattr(DynamoOrders, "before_order", lambda *asked: before)
    assert rush(35, 2) == {"paid": 30, "sold-out": 5}
    assert books(table) == {"typ_1": Book(60, 0, 0, 60)}


def test_sales_releases_and_changes_at_once_keep_the_books(table: Table, wire: Wire) -> None:
    stock(changed(capacity=20))
    held = [order(basket(2)).json["id"] for _ in range(8)]
    wire.before = conflicts_now_and_then()
    changes = [changed(capacity=capacity, revision=2 + n) for n, capacity in enumerate([8, 30, 5, 12])]
    with ThreadPoolExecutor(20) as pool:
        racing = [pool.submit(give_up, order_id) for order_id in held]
        racing += [pool.submit(keep_ticket_type, DynamoStock(), each) for each in changes]
        racing += [pool.submit(attempt, buyer(number), 1) for number in range(8)]
    assert {each.result() for each in racing} <= {None, "paid", "sold-out"}
    [book] = books(table).values()
    assert (book.capacity, book.held) == (12, 0)


def give_up(order_id: str) -> None:
    cancel_order(DynamoOrders(), AllProviders(), now, order_id=order_id, caller=BOB)


def test_an_order_of_several_types_takes_all_or_nothing(table: Table, wire: Wire) -> None:
    stock(changed("typ_1", capacity=5), changed("typ_2", capacity=1))
    lines = [{"ticket_type_id": "typ_1", "quantity": 2}, {"ticket_type_id": "typ_2", "quantity": 1}]
    assert order({"conference_id": "cnf_1", "lines": lines}).status == 201
    with unchanged(table):
        refused = order({"conference_id": "cnf_1", "lines": lines})
    assert refused.problem() == "sold-out"
    assert (refused.json["ticket_type_id"], refused.json["available"]) == ("typ_2", 0)
    assert books(table) == {"typ_1": Book(5, 3, 2, 0), "typ_2": Book(1, 0, 1, 0)}


# Conflicts


@pytest.mark.parametrize("times", [1, 5, 20])
def test_a_conflict_is_never_taken_for_sold_out(table: Table, wire: Wire, times: int) -> None:
    stock(changed(capacity=1))
    wire.conflict(times)
    assert order(basket(1, **PAID_AT_ONCE)).json["status"] == "paid"
    assert books(table) == {"typ_1": Book(1, 0, 0, 1)}


def test_endless_conflict_is_busy_and_takes_nothing(table: Table, wire: Wire) -> None:
    stock(changed(capacity=1))
    wire.conflict(10_000)
    with unchanged(table):
        answer = order(basket(1))
    assert (answer.status, answer.problem(), answer.headers["Retry-After"]) == (409, "busy", "1")


def test_a_conflict_while_paying_expiring_or_cancelling_is_tried_again(table: Table, wire: Wire) -> None:
    stock(changed(capacity=3))
    paid, cancelled, expired = (order(basket(1)).json["id"] for _ in range(3))
    for url, body in ((f"/orders/{paid}/payments", PAID_AT_ONCE["payment"]), (f"/orders/{cancelled}/cancel", None)):
        wire.conflict(3)
        assert call_as_bob("POST", url, body).status == 200
    wire.conflict(3)
    run_out(table)
    assert call_as_bob("GET", f"/orders/{expired}").json["status"] == "expired"
    assert books(table) == {"typ_1": Book(3, 2, 0, 1)}


def call_as_bob(method: str, url: str, body: Any = None) -> Answer:
    return call(api.handler, method, url, body, caller=BOB)


# Holds


def test_a_hold_that_ends_returns_exactly_its_seats_to_where_they_came_from(table: Table, wire: Wire) -> None:
    stock(changed(capacity=30, max_per_order=20))
    before = shards(table)
    reserved = order(basket(20)).json["id"]  # no single shard has 20
    assert sum(shards(table)) == 10
    run_out(table)
    assert shards(table) == before
    assert books(table) == {"typ_1": Book(30, 30, 0, 0)}
    assert call_as_bob("GET", f"/orders/{reserved}").json["status"] == "expired"
    assert [message.order_id for message in table.outbox() if isinstance(message, OrderExpired)] == [reserved]


def test_the_end_of_a_hold_may_come_twice_or_late(table: Table, wire: Wire) -> None:
    stock(changed(capacity=3))
    paid, cancelled, _ = (order(basket(1)).json["id"] for _ in range(3))
    call_as_bob("POST", f"/orders/{paid}/payments", PAID_AT_ONCE["payment"])
    call_as_bob("POST", f"/orders/{cancelled}/cancel")
    run_out(table)
    with unchanged(table):
        run_out(table)
    assert books(table) == {"typ_1": Book(3, 2, 0, 1)}
    assert len([message for message in table.outbox() if isinstance(message, OrderExpired)]) == 1


def test_messages_may_come_in_any_order(table: Table, wire: Wire) -> None:
    """The end of a hold before its order is known, and stock messages backwards and twice."""
    ghost = OrderReserved(conference_id="cnf_1", order_id="ord_ghost", buyer_id="usr_bob", expires_at=now())
    assert deliver(worker.handler, ghost, changed(capacity=9, revision=2), changed(capacity=5), ghost) == []
    assert books(table) == {"typ_1": Book(9, 9, 0, 0)}


def test_a_conflict_while_seats_are_retired_is_tried_again(table: Table, wire: Wire) -> None:
    stock(changed(capacity=3))
    cancelled, _ = (order(basket(1)).json["id"] for _ in range(2))
    stock(changed(capacity=1, revision=2))
    wire.conflict(3)
    assert call_as_bob("POST", f"/orders/{cancelled}/cancel").status == 200
    assert books(table) == {"typ_1": Book(1, 0, 1, 0)}
    wire.conflict(3)
    run_out(table)
    assert books(table) == {"typ_1": Book(1, 1, 0, 0)}


def test_seats_that_are_retired_at_once_are_each_counted(table: Table, wire: Wire) -> None:
    stock(changed(capacity=16))
    held = [order(basket(2)).json["id"] for _ in range(8)]
    stock(changed(capacity=3, revision=2))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(give_up, held))
    assert books(table) == {"typ_1": Book(3, 3, 0, 0)}


def test_a_release_that_is_overtaken_for_ever_is_busy_and_changes_nothing(
    table: Table, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(changed(capacity=2))
    held = order(basket(2)).json["id"]
    pools = DynamoOrders().before_order(held, Basket("cnf_1", (Wanted("typ_1", 1),)))[1].pools
    stock(changed(capacity=1, revision=2))
    monkeypatch.setattr(dynamo_stock, "read_pools", lambda *asked: pools)
    with unchanged(table):
        assert call_as_bob("POST", f"/orders/{held}/cancel").problem() == "busy"


# Crashes


@pytest.mark.parametrize("committed", [True, False], ids=["after", "before"])
def test_a_crash_around_the_reservation_leaks_no_seat(table: Table, wire: Wire, committed: bool) -> None:
    stock(changed(capacity=5))
    lose_the_transaction(wire, committed=committed)
    assert order(basket(2)).status == 500
    assert books(table) == {"typ_1": Book(5, 3, 2, 0) if committed else Book(5, 5, 0, 0)}
    run_out(table)
    assert books(table) == {"typ_1": Book(5, 5, 0, 0)}


@pytest.mark.parametrize("committed", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("transaction", [0, 1], ids=["reserving", "paying"])
def test_after_a_crash_the_same_key_finishes_what_was_begun(table: Table, wire: Wire, committed: bool, transaction: int) -> None:
    stock(changed(capacity=5))
    lose_the_transaction(wire, committed=committed, after=transaction)
    assert order(basket(2, **PAID_AT_ONCE), key="k").status == 500
    again = order(basket(2, **PAID_AT_ONCE), key="k")
    assert (again.status, again.json["status"]) == (201, "paid")
    run_out(table)
    assert books(table) == {"typ_1": Book(5, 3, 0, 2)}
    assert len([message for message in table.outbox() if isinstance(message, OrderPaid)]) == 1


@pytest.mark.parametrize("committed", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("wanted", [5, 1])
def test_a_crash_while_a_hold_ends_is_mended_by_the_repeated_message(
    table: Table, wire: Wire, committed: bool, wanted: int
) -> None:
    stock(changed(capacity=5))
    order(basket(2))
    stock(changed(capacity=wanted, revision=2))
    lose_the_transaction(wire, committed=committed)
    with suppress(Exception):  # the whole batch failed: the queue delivers it again
        run_out(table)
    run_out(table)
    assert books(table) == {"typ_1": Book(wanted, wanted, 0, 0)}


def lose_the_transaction(wire: Wire, *, committed: bool, after: int = 0) -> None:
    """Die just before or just after a transaction, once, when `after` others have passed."""
    passing = iter([False] * after + [True])

    def die(operation: str, request: Any) -> None:
        if operation == "TransactWriteItems" and next(passing, False):
            raise LostError

    if committed:
        wire.after = die
    else:
        wire.before = die


# Repeats


def test_the_same_key_and_body_is_the_same_order(table: Table, wire: Wire) -> None:
    stock(changed(capacity=5))
    first = order(basket(2), key="k")
    with unchanged(table):
        second = order(basket(2), key="k")
    assert (second.status, second.json) == (first.status, first.json)
    assert books(table) == {"typ_1": Book(5, 3, 2, 0)}


def test_the_same_key_at_once_is_one_order(table: Table, wire: Wire) -> None:
    stock(changed(capacity=5))
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: attempt(BOB, 2, "ord_1"), range(8))) == {"paid"}
    assert books(table) == {"typ_1": Book(5, 3, 0, 2)}


def test_the_same_key_with_another_body_is_refused(table: Table, wire: Wire) -> None:
    stock(changed(capacity=5))
    order(basket(2), key="k")
    with unchanged(table):
        assert order(basket(1), key="k").problem() == "idempotency-key-reused"


def test_the_same_key_of_another_person_is_another_order(table: Table, wire: Wire) -> None:
    stock(changed(capacity=5))
    assert order(basket(1), caller=buyer(1), key="k").json["id"] != order(basket(1), caller=buyer(2), key="k").json["id"]
    assert books(table) == {"typ_1": Book(5, 3, 2, 0)}


def test_a_repeated_order_is_found_when_the_last_seat_was_its_own_or_the_sale_has_ended(table: Table, wire: Wire) -> None:
    stock(changed(capacity=1))
    first = order(basket(1), key="k")
    assert order(basket(1), key="k").json == first.json
    stock(changed(capacity=1, revision=2, sale_ends_at=now(), price=Money(9900, "EUR")))
    assert order(basket(1), key="k").json == first.json


def test_a_free_order_that_comes_twice_is_announced_once(table: Table, wire: Wire) -> None:
    stock(replace(changed(capacity=5), price=Money(0, "EUR")))
    assert order(basket(2), key="k").json == order(basket(2), key="k").json
    assert [type(message) for message in table.outbox()] == [OrderPaid]
    assert books(table) == {"typ_1": Book(5, 3, 0, 2)}
