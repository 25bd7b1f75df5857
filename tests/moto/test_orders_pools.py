"""Ticket types that share a pool: a venue holds so many whatever the mix."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions.orders import worker
from shared.messages import PoolChanged
from tests.moto.stock import (
    CONFERENCE,
    HOW,
    PAID_AT_ONCE,
    Book,
    Wire,
    availability,
    basket,
    books,
    changed,
    interrupt,
    order,
    release,
    stock,
    unchanged,
)
from tests.moto.test_orders_concurrency import attempt, buyer, conflicts_now_and_then
from tests.support import Table, deliver


@pytest.fixture
def wire(table: Table, monkeypatch: pytest.MonkeyPatch) -> Wire:
    monkeypatch.setattr("shared.table.time.sleep", lambda seconds: None)
    return Wire.tapped(monkeypatch)


def hall(capacity: int, revision: int = 1) -> PoolChanged:
    return PoolChanged(conference_id=CONFERENCE, pool_id="pool_hall", revision=revision, capacity=capacity)


def within(ticket_type_id: str = "typ_1", **other: Any) -> Any:
    return changed(ticket_type_id, pool_id="pool_hall", **other)


def both(first: int, second: int) -> dict[str, Any]:
    lines = [{"ticket_type_id": "typ_1", "quantity": first}, {"ticket_type_id": "typ_2", "quantity": second}]
    return {"conference_id": CONFERENCE, "lines": lines}


def left() -> dict[str, int]:
    return {each["ticket_type_id"]: each["available"] for each in availability().json["ticket_types"]}


def test_types_that_share_a_pool_sell_no_more_than_it_holds_whatever_the_mix(table: Table) -> None:
    stock(hall(5), within("typ_1", capacity=4), within("typ_2", capacity=4))
    assert left() == {"typ_1": 4, "typ_2": 4}
    assert order(basket(3, "typ_1", **PAID_AT_ONCE)).status == 201
    assert left() == {"typ_1": 1, "typ_2": 2}
    refused = order(basket(3, "typ_2"))
    assert (refused.problem(), refused.json["ticket_type_id"], refused.json["available"]) == ("sold-out", "typ_2", 2)
    assert order(basket(2, "typ_2")).status == 201
    assert books(table) == {"typ_1": Book(4, 1, 0, 3), "typ_2": Book(4, 2, 2, 0), "pool_hall": Book(5, 0, 2, 3)}
    assert left() == {"typ_1": 0, "typ_2": 0}


def test_lines_of_one_order_draw_from_their_pool_together(table: Table) -> None:
    stock(hall(60), within("typ_1", capacity=40), within("typ_2", capacity=40))
    assert order(both(10, 10)).status == order(both(10, 10)).status == 201
    assert order(both(10, 9)).status == 201
    with unchanged(table):
        refused = order(both(1, 1))
    assert (refused.problem(), refused.json["available"]) == ("sold-out", 1)
    assert "Regular (typ_1) and Regular (typ_2)" in refused.json["detail"]
    assert books(table)["pool_hall"] == Book(60, 1, 59, 0)


@HOW
def test_a_release_gives_back_to_each_pool(table: Table, how: str) -> None:
    stock(hall(60), within("typ_1", capacity=30), within("typ_2", capacity=40))
    placed = order(both(10, 10)).json["id"]
    release(table, how, placed)
    assert books(table) == {"typ_1": Book(30, 30, 0, 0), "typ_2": Book(40, 40, 0, 0), "pool_hall": Book(60, 60, 0, 0)}


def test_a_type_whose_pool_is_not_known_yet_waits_for_it(table: Table) -> None:
    stock(within(capacity=10))
    assert [each["status"] for each in availability().json["ticket_types"]] == ["not_yet"]
    with unchanged(table):
        early = order(basket(1))
    assert (early.status, early.problem(), early.headers["Retry-After"]) == (409, "busy", "1")
    stock(hall(3))
    assert left() == {"typ_1": 3}
    assert order(basket(1)).status == 201


def test_messages_of_a_pool_may_come_twice_and_in_any_order(table: Table) -> None:
    stock(hall(9, revision=3), hall(5), hall(7, revision=2), hall(9, revision=3))
    assert books(table) == {"pool_hall": Book(9, 9, 0, 0)}


def test_the_pool_is_raised_and_lowered_while_it_sells(table: Table) -> None:
    stock(hall(5), within("typ_1", capacity=100), within("typ_2", capacity=100))
    held = order(both(2, 2)).json["id"]
    stock(hall(1, revision=2))
    assert books(table)["pool_hall"] == Book(4, 0, 4, 0)
    assert order(basket(1)).problem() == "sold-out"
    release(table, "cancelled", held)
    assert books(table)["pool_hall"] == Book(1, 1, 0, 0)
    stock(hall(300, revision=3))
    assert books(table)["pool_hall"] == Book(300, 300, 0, 0)
    assert left() == {"typ_1": 100, "typ_2": 100}


@HOW
@pytest.mark.parametrize("wanted", [1, 4, 9])
def test_a_change_of_the_pool_in_the_middle_of_a_release_is_heeded(
    table: Table, monkeypatch: pytest.MonkeyPatch, how: str, wanted: int
) -> None:
    stock(hall(6), within(capacity=10))
    held, _ = (order(basket(3)).json["id"] for _ in range(2))
    interrupt(Wire.tapped(monkeypatch), monkeypatch, lambda: stock(hall(wanted, revision=2)))
    release(table, how, held)
    assert books(table)["pool_hall"] == Book(max(3, wanted), max(0, wanted - 3), 3, 0)


def test_the_last_seats_of_a_pool_are_sold_once_to_buyers_of_either_type(table: Table, wire: Wire) -> None:
    stock(hall(30), within("typ_1", capacity=25), within("typ_2", capacity=25))
    wire.before = conflicts_now_and_then()
    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(lambda number: attempt(buyer(number), 2, ticket_type_id=f"typ_{1 + number % 2}"), range(20)))
    assert (outcomes.count("paid"), outcomes.count("sold-out")) == (15, 5)
    assert books(table)["pool_hall"] == Book(30, 0, 0, 30)


def test_a_pool_that_is_shared_costs_one_round_trip_and_one_shard_more(table: Table, wire: Wire) -> None:
    stock(hall(100), within(capacity=50))
    wire.calls.clear()
    assert order(basket(1)).status == 201
    assert wire.operations == ["BatchGetItem", "BatchGetItem", "TransactWriteItems"]
    assert len(wire.calls[-1][1]["TransactItems"]) == 4


def test_a_pool_message_that_never_gets_through_goes_back_to_the_queue(table: Table, wire: Wire) -> None:
    wire.conflict(1000)
    assert deliver(worker.handler, hall(60)) == ["m-0"]
    assert table.items() == []
