"""The waiting list of types that share pools, of sales put off or ended, and of an offer that is paid and returned."""

from datetime import timedelta
from typing import Any

import pytest

from functions.orders import api, worker
from functions.orders.dynamo_waiting import DynamoWaiting
from shared.clock import now
from shared.messages import WaitingListOffered
from tests.moto.stock import ADA, EVE, Book, basket, books, changed, order, stock
from tests.moto.test_orders_pools import hall, within
from tests.moto.waiting_line import CY, Bus, cancel, join, leave, places, post, sold_out, state
from tests.support import Table, call, deliver
from tests.unit.orders import FakeDelay

__all__ = ["post"]


def test_types_that_share_a_pool_wait_in_one_line(table: Table, post: Bus) -> None:
    stock(hall(2), within("typ_1", capacity=5), within("typ_2", capacity=5))
    held = order(basket(2, "typ_1")).json["id"]
    assert join(EVE, ticket_type_id="typ_2").json["position"] == 1
    assert join(CY, ticket_type_id="typ_1").status == 201
    cancel(held)
    assert order(basket(1, "typ_1")).problem() == order(basket(1, "typ_2")).problem() == "waiting-list"
    post.run()
    assert [message.user_id for message in post.told(WaitingListOffered)] == ["usr_eve", "usr_cy"]
    assert books(table)["pool_hall"] == Book(2, 0, 2, 0)


def test_who_waits_for_one_type_does_not_keep_another_from_being_sold(table: Table, post: Bus) -> None:
    stock(hall(50), within("typ_1", capacity=1), within("typ_2", capacity=5))
    assert order(basket(1, "typ_1")).status == 201
    assert join(EVE, ticket_type_id="typ_1").status == 201
    assert order(basket(2, "typ_2")).status == 201


def test_what_was_kept_of_one_pool_is_sold_again_once_another_has_served_the_line(table: Table, post: Bus) -> None:
    stock(hall(3), within("typ_1", capacity=1), within("typ_2", capacity=5))
    assert order(basket(1, "typ_1")).status == 201
    assert join(EVE, ticket_type_id="typ_1").status == 201
    held = order(basket(2, "typ_2")).json["id"]
    stock(within("typ_1", capacity=3, revision=2))  # and now the hall is what she waits for
    post.run()
    assert state(EVE) == "waiting"
    cancel(held)
    post.run()
    assert state(EVE) == "offered"
    assert order(basket(1, "typ_1")).status == 201
    assert books(table)["typ_1"] == Book(3, 0, 3, 0)


def test_who_joins_while_the_pool_is_given_back_to_everybody_is_served(
    table: Table, post: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = sold_out(2, 1, 1)
    token = join(EVE, 2).json["leave_token"]
    cancel(one)
    post.run()
    reopen, joining = DynamoWaiting.reopen, [CY]

    def joined_meanwhile(self: DynamoWaiting, pool: Any, is_line_empty: Any) -> None:
        def look() -> bool:
            is_empty = bool(is_line_empty())
            while joining:
                join(joining.pop())
            return is_empty

        reopen(self, pool, look)

    monkeypatch.setattr(DynamoWaiting, "reopen", joined_meanwhile)
    assert leave(token).status == 200
    post.run()
    assert state(CY) == "offered"


def test_whose_sale_has_ended_keeps_nothing_from_the_others_in_line(table: Table, post: Bus) -> None:
    stock(hall(2), within("typ_1", capacity=5), within("typ_2", capacity=5))
    held = [order(basket(1, "typ_2")).json["id"] for _ in range(2)]
    join(EVE, ticket_type_id="typ_1")
    join(CY, ticket_type_id="typ_2")
    stock(within("typ_1", capacity=5, revision=2, sale_ends_at=now()))
    cancel(held[0])
    post.run()
    assert (state(EVE), state(CY)) == ("cancelled", "offered")
    cancel(held[1])
    post.run()
    assert order(basket(1, "typ_2")).status == 201


def test_a_seat_that_came_back_while_the_sale_was_put_off_is_offered_once_it_begins(
    table: Table, post: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    [held] = sold_out(1)
    join(EVE)
    begins = now() + timedelta(hours=2)
    put_off, delay = changed(capacity=1, revision=2, sale_starts_at=begins), FakeDelay()
    monkeypatch.setattr(worker, "SqsDelay", lambda: delay)
    assert deliver(worker.handler, put_off, changed(capacity=1)) == []
    cancel(held)
    post.run()
    [(message, seconds)] = delay.sent
    assert (state(EVE), message, 7100 < seconds <= 7200) == ("waiting", put_off, True)
    assert deliver(worker.handler, put_off) == []  # sooner: a queue delays no longer than it can
    assert (state(EVE), len(delay.sent)) == ("waiting", 2)
    monkeypatch.setattr(worker, "now", lambda: begins)
    assert deliver(worker.handler, put_off) == []
    assert (state(EVE), len(delay.sent)) == ("offered", 2)


def test_a_sale_that_nobody_waits_for_is_not_followed_to_its_begin(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    delay = FakeDelay()
    monkeypatch.setattr(worker, "SqsDelay", lambda: delay)
    assert deliver(worker.handler, changed(capacity=1, sale_starts_at=now() + timedelta(hours=2))) == []
    assert delay.sent == []


def test_an_offer_that_is_paid_and_returned_before_the_message_comes_is_purchased(table: Table, post: Bus) -> None:
    [held] = sold_out(1)
    join(EVE)
    cancel(held)
    post.run()
    offer = places(EVE)[0]["order_id"]
    call(api.handler, "POST", f"/orders/{offer}/payments", {"method": "simulated"}, caller=EVE)
    assert call(api.handler, "POST", f"/orders/{offer}/refunds", {}, caller=ADA).json["status"] == "refunded"
    post.run()
    assert state(EVE) == "purchased"
    assert order(basket(1)).status == 201
    assert join(EVE).json["status"] == "waiting"
