"""The waiting list: strictly first come, first served, whatever comes back and however it comes back."""

from typing import Any

import pytest

from functions.orders import api
from shared.messages import WaitingListJoined, WaitingListOffered, WaitingListOfferExpired
from shared.money import Money
from tests.moto.stock import (
    ADA,
    BOB,
    CONFERENCE,
    EVE,
    Book,
    availability,
    basket,
    books,
    changed,
    order,
    stock,
    unchanged,
)
from tests.moto.waiting_line import CY, LIST, Bus, cancel, join, places, post, sold_out, state
from tests.support import Table, call

__all__ = ["post"]


# Joining


def test_what_is_not_sold_out_is_ordered_not_waited_for(table: Table) -> None:
    stock(changed(capacity=2))
    assert order(basket(1)).status == 201
    with unchanged(table):
        refused = join(EVE)
    assert (refused.status, refused.problem(), refused.json["available"]) == (409, "not-sold-out", 1)


def test_a_place_is_taken_once_and_says_which_it_is(table: Table) -> None:
    sold_out()
    joined = join(EVE, 2)
    assert (joined.status, joined.json["status"], joined.json["position"], joined.json["quantity"]) == (201, "waiting", 1, 2)
    with unchanged(table):
        assert join(EVE, 2).json == joined.json
        assert join(EVE, 1).problem() == "already-waiting"
    assert join(CY).json["position"] == 2
    assert places(EVE) == [joined.json]
    [told, _] = [message for message in table.outbox() if isinstance(message, WaitingListJoined)]
    assert (told.user_id, told.user_email, told.quantity, told.conference_name) == ("usr_eve", EVE.email, 2, "Ketemu Days")


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        ({}, 422, "invalid"),
        ({"ticket_type_id": "typ_9"}, 404, "unknown-ticket-type"),
        ({"quantity": 0}, 422, "invalid"),
        ({"quantity": 11}, 422, "quantity"),
        ({"quantity": "2"}, 422, "invalid"),
        ({"place": 1}, 422, "invalid"),
    ],
)
def test_a_bad_request_to_join_is_refused(table: Table, body: Any, status: int, slug: str) -> None:
    sold_out()
    whole = {"conference_id": CONFERENCE, "ticket_type_id": "typ_1", **body} if body else {}
    with unchanged(table):
        answer = call(api.handler, "POST", LIST, whole, caller=EVE)
    assert (answer.status, answer.problem()) == (status, slug)


def test_nobody_waits_for_more_than_one_person_may_have(table: Table) -> None:
    stock(changed(capacity=2, max_per_person=2))
    assert order(basket(2)).status == 201
    assert join(BOB).problem() == "limit-per-person"
    assert join(EVE, 3).problem() == "limit-per-person"
    assert join(EVE, 2).status == 201


# Offers


def test_a_seat_that_comes_back_is_offered_to_the_first_in_line_and_sold_to_nobody_else(table: Table, post: Bus) -> None:
    [held] = sold_out(2)
    join(EVE)
    join(CY)
    cancel(held)
    assert (
        availability().json["ticket_types"][0] | {"status": "waiting_list", "available": 0}
        == availability().json["ticket_types"][0]
    )
    with unchanged(table):  # the message is still on its way: the seats are free, and kept
        assert order(basket(1)).problem() == "waiting-list"
    post.run()
    assert (state(EVE), state(CY)) == ("offered", "offered")
    [first, second] = post.told(WaitingListOffered)
    assert (first.user_id, second.user_id) == ("usr_eve", "usr_cy")
    offered = call(api.handler, "GET", f"/orders/{first.order_id}", caller=EVE).json
    assert (offered["status"], offered["lines"][0]["quantity"], offered["total"]["amount"]) == ("reserved", 1, 4900)
    assert first.expires_at is not None
    assert books(table) == {"typ_1": Book(2, 0, 2, 0)}


def test_an_offer_that_is_paid_is_purchased(table: Table, post: Bus) -> None:
    [held] = sold_out(1)
    join(EVE)
    cancel(held)
    post.run()
    offer = places(EVE)[0]["order_id"]
    assert call(api.handler, "POST", f"/orders/{offer}/payments", {"method": "simulated"}, caller=EVE).json["status"] == "paid"
    post.run()
    assert state(EVE) == "purchased"
    assert order(basket(1)).problem() == "sold-out"
    assert books(table) == {"typ_1": Book(1, 0, 0, 1)}


def test_an_offer_that_expires_goes_to_the_next(table: Table, post: Bus) -> None:
    [held] = sold_out(1)
    join(EVE)
    join(CY)
    post.expire(held)
    assert (state(EVE), state(CY)) == ("offered", "waiting")
    post.expire(places(EVE)[0]["order_id"])
    assert (state(EVE), state(CY)) == ("offer_expired", "offered")
    assert [message.user_id for message in post.told(WaitingListOfferExpired)] == ["usr_eve"]
    post.expire(places(CY)[0]["order_id"])
    assert availability().json["ticket_types"][0]["status"] == "on_sale"
    assert order(basket(1)).status == 201
    again = join(EVE)
    assert (again.status, again.json["status"]) == (201, "waiting")


def test_nobody_is_passed_over_because_the_next_one_wants_fewer(table: Table, post: Bus) -> None:
    one, other, _ = sold_out(4, 1, 1, 2)
    join(EVE, 2)
    join(CY, 1)
    cancel(one)
    post.run()
    assert (state(EVE), state(CY)) == ("waiting", "waiting")
    assert order(basket(1)).problem() == "waiting-list"
    cancel(other)
    post.run()
    assert (state(EVE), state(CY)) == ("offered", "waiting")
    assert books(table) == {"typ_1": Book(4, 0, 4, 0)}


def test_a_raised_capacity_is_offered_before_it_is_sold(table: Table, post: Bus) -> None:
    sold_out(1)
    join(EVE, 2)
    stock(changed(capacity=60, revision=2))
    post.run()
    assert state(EVE) == "offered"
    assert availability().json["ticket_types"][0]["available"] == 57
    assert books(table) == {"typ_1": Book(60, 57, 3, 0)}


def test_an_offer_of_what_costs_nothing_is_paid_at_once(table: Table, post: Bus) -> None:
    stock(changed(capacity=1, price=Money(0, "EUR")))
    held = order(basket(1)).json["id"]
    join(EVE)
    cancel(held)
    post.run()
    assert state(EVE) == "purchased"


def test_messages_that_come_twice_offer_once(table: Table, post: Bus) -> None:
    [held] = sold_out(1)
    join(EVE)
    join(CY)
    cancel(held)
    post.run()
    with unchanged_but_for_the_ledger(table):
        post.seen.clear()
        post.run()
    assert (state(EVE), state(CY)) == ("offered", "waiting")


def unchanged_but_for_the_ledger(table: Table) -> Any:
    return unchanged(table)


def test_organisers_see_who_waits(table: Table) -> None:
    sold_out()
    join(EVE, 2)
    join(CY)
    url = f"/orders/conferences/{CONFERENCE}/waiting-list"
    listed = call(api.handler, "GET", url, caller=ADA).json["items"]
    assert [(each["email"], each["quantity"], each["status"]) for each in listed] == [
        (EVE.email, 2, "waiting"),
        (CY.email, 1, "waiting"),
    ]
    assert call(api.handler, "GET", url, caller=BOB).problem() == "forbidden"
