"""The waiting list while all buy, join, leave and give back at once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions.orders import worker
from functions.orders.dynamo import DynamoOrders
from functions.orders.dynamo_waiting import DynamoWaiting
from functions.orders.lines import Basket, Wanted
from functions.orders.serving import serve
from functions.orders.use_cases import _find_or_reserve
from functions.orders.use_cases_waiting import join as join_line
from functions.orders.waiting import Entry
from shared.caller import Caller
from shared.clock import now
from shared.errors import Problem
from shared.ids import new_id
from shared.messages import Message, WaitingListOffered
from tests.moto.stock import (
    CONFERENCE,
    EVE,
    PAID_AT_ONCE,
    Book,
    Wire,
    availability,
    basket,
    books,
    changed,
    order,
    stock,
)
from tests.moto.test_orders_concurrency import buyer, conflicts_now_and_then
from tests.moto.waiting_line import CY, cancel, join, leave, sold_out, state, wire
from tests.support import Table, deliver

__all__ = ["wire"]


def test_the_line_is_served_in_its_order_while_all_buy_join_and_give_back(table: Table, wire: Wire) -> None:
    wire.before = conflicts_now_and_then()
    stock(changed(capacity=30, max_per_order=20))
    held = [order(basket(3)).json["id"] for _ in range(10)]
    line = [buyer(number) for number in range(12)]
    with ThreadPoolExecutor(12) as pool:
        joined = list(pool.map(join_quietly, line))
    assert all(isinstance(each, Entry) for each in joined)

    def give_back(order_id: str) -> None:
        cancel(order_id)
        deliver_all(table)

    def rush(number: int) -> str:
        wanted = Basket(CONFERENCE, (Wanted("typ_1", 1),))
        who = buyer(100 + number)
        try:
            _find_or_reserve(DynamoOrders(), now, order_id=new_id("ord"), fingerprint="f", buyer=who, basket=wanted, payment=None)
        except Problem as problem:
            return problem.slug
        return "reserved"

    for order_id in held[:4]:
        cancel(order_id)
    with ThreadPoolExecutor(10) as pool:
        serving = [pool.submit(serve, DynamoWaiting(), now, conference_id=CONFERENCE, ticket_type_ids=["typ_1"]) for _ in range(3)]
        rushing = list(pool.map(rush, range(6)))
        for each in serving:
            each.result()
    assert set(rushing) == {"waiting-list"}
    offered = [message.user_id for message in table.outbox() if isinstance(message, WaitingListOffered)]
    in_line = [each.user_id for each in sorted(joined, key=lambda each: (each.joined_at, each.id))]
    assert sorted(offered) == sorted(in_line[:12]) == sorted(in_line)
    assert books(table)["typ_1"] == Book(30, 0, 30, 0)


def join_quietly(who: Caller) -> Any:
    return join_line(
        DynamoWaiting(), now, caller=who, conference_id=CONFERENCE, ticket_type_id="typ_1", quantity=1, secret="s" * 22
    )


def deliver_all(table: Table) -> None:
    messages: list[Message] = [each for each in table.outbox() if type(each) in worker.handler.reactions]
    assert deliver(worker.handler, *messages) == []


@pytest.mark.parametrize("seats", [1, 4])
def test_exactly_the_first_are_offered_what_there_is(table: Table, wire: Wire, seats: int) -> None:
    wire.before = conflicts_now_and_then()
    stock(changed(capacity=8))
    held = [order(basket(1)).json["id"] for _ in range(8)]
    with ThreadPoolExecutor(10) as pool:
        joined = list(pool.map(join_quietly, map(buyer, range(10))))
    for order_id in held[:seats]:
        cancel(order_id)
    with ThreadPoolExecutor(4) as pool:
        for each in [
            pool.submit(serve, DynamoWaiting(), now, conference_id=CONFERENCE, ticket_type_ids=["typ_1"]) for _ in range(4)
        ]:
            each.result()
    first = [each.user_id for each in sorted(joined, key=lambda each: (each.joined_at, each.id))][:seats]
    offered = {message.user_id for message in table.outbox() if isinstance(message, WaitingListOffered)}
    assert offered == set(first)
    assert books(table)["typ_1"] == Book(8, 0, 8, 0)


def test_who_joins_while_the_line_is_closed_is_not_forgotten(table: Table, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody joins after it was seen that nobody waits, and before the pool is sold to everybody again."""
    sold_out(1)
    left = join(EVE).json["leave_token"]
    leave(left)
    real, late = DynamoWaiting.line, iter([True])

    def line(self: DynamoWaiting, name: str) -> Any:
        found = real(self, name)
        if not found and next(late, False):
            assert join(CY).status == 201
        return found

    monkeypatch.setattr(DynamoWaiting, "line", line)
    serve(DynamoWaiting(), now, conference_id=CONFERENCE, ticket_type_ids=["typ_1"])
    assert state(CY) == "waiting"
    assert availability().json["ticket_types"][0]["status"] == "waiting_list"


def test_what_nobody_waits_for_costs_a_purchase_nothing_more(table: Table, wire: Wire) -> None:
    stock(changed(capacity=5))
    wire.calls.clear()
    assert order(basket(1, **PAID_AT_ONCE)).status == 201
    assert wire.operations[0] == "BatchGetItem"
    assert len(wire.calls[1][1]["TransactItems"]) == 3
