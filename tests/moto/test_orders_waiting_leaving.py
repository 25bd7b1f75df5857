"""The waiting list is left by a link, by who is erased, and by an offer that was paid."""

from dataclasses import replace
from datetime import timedelta

import pytest

from functions.orders import api, api_waiting, worker
from functions.orders.dynamo import DynamoOrders
from functions.orders.paying import resume
from functions.orders.privacy import before_leaving
from functions.orders.simulated import Simulated
from shared.caller import Caller
from shared.clock import now
from shared.messages import OrderReserved, UserErased, WaitingListLeft
from shared.nobody import NO_EMAIL
from tests.moto.stock import EVE, Book, basket, books, order, unchanged
from tests.moto.waiting_line import CY, LIST, Bus, cancel, join, leave, places, post, sold_out, state
from tests.support import Table, call, deliver
from tests.unit.orders import FakeDelay

__all__ = ["post"]


def test_a_place_is_left_by_one_request_of_whoever_has_the_link(table: Table, post: Bus) -> None:
    one, _ = sold_out(2, 1, 1)
    token = join(EVE, 2).json["leave_token"]
    join(CY)
    cancel(one)
    post.run()
    assert state(CY) == "waiting"
    with unchanged(table):  # what a mail program does that looks at links in advance
        looked = leave(token, "GET")
    assert looked.json == {"ticket_type_name": "Regular", "conference_name": "Ketemu Days", "quantity": 2, "status": "waiting"}
    assert leave(token).json["status"] == leave(token).json["status"] == "cancelled"
    post.run()
    assert (state(EVE), state(CY)) == ("cancelled", "offered")
    assert [message.user_id for message in post.told(WaitingListLeft)] == ["usr_eve"]


def test_a_browser_is_shown_a_page_whose_button_leaves(table: Table, post: Bus) -> None:
    sold_out(1)
    token = join(EVE).json["leave_token"]
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    with unchanged(table):  # mail scanners press no buttons
        page = call(api.handler, "GET", f"{LIST}/leave/{token}", headers=browser)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert '<form method="post"><button' in page.body.decode()
    assert "1 × Regular, Ketemu Days" in page.body.decode()
    form = {"content-type": "application/x-www-form-urlencoded", **browser}
    for _ in range(2):
        left = call(api.handler, "POST", f"{LIST}/leave/{token}", "", headers=form)
        assert "You are not on the waiting list any more" in left.body.decode()
        assert "<form" not in left.body.decode()
    assert state(EVE) == "cancelled"


def test_a_browser_is_shown_a_page_where_the_link_leads_to_no_place(table: Table) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for method in ("GET", "POST"):
        page = call(api.handler, method, f"{LIST}/leave/wtg_none.secret", headers=browser)
        assert (page.status, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
        assert "There is no place on a waiting list under this link" in page.body.decode()
    assert call(api.handler, "GET", f"{LIST}/leave/wtg_none.secret").problem() == "not-found"


def test_a_name_of_a_ticket_is_no_markup_on_the_page() -> None:
    place = api_waiting.LinkView('"><script>', "<b>", 1, "waiting")
    assert "<script>" not in api_waiting._place("text/html", place).body
    assert "<b>" not in api_waiting._place("text/html", place).body


def test_when_the_last_one_leaves_what_is_free_is_for_everybody(table: Table, post: Bus) -> None:
    one, _ = sold_out(2, 1, 1)
    token = join(EVE, 2).json["leave_token"]
    cancel(one)
    post.run()
    assert order(basket(1)).problem() == "waiting-list"
    leave(token)
    post.run()
    assert order(basket(1)).status == 201


def test_an_offer_is_declined_by_the_link_too(table: Table, post: Bus) -> None:
    [held] = sold_out(1)
    token = join(EVE).json["leave_token"]
    join(CY)
    cancel(held)
    post.run()
    assert leave(token).json["status"] == "cancelled"
    post.run()
    assert (state(EVE), state(CY)) == ("cancelled", "offered")
    assert books(table) == {"typ_1": Book(1, 0, 1, 0)}


@pytest.mark.parametrize("gone", [EVE, CY])
def test_who_is_erased_leaves_the_line_and_the_next_is_served(table: Table, post: Bus, gone: Caller) -> None:
    [held] = sold_out(1)
    join(EVE)
    join(CY)
    cancel(held)
    post.run()
    erased = UserErased(user_id=gone.user_id, email=gone.email, name=gone.name)
    before_leaving(erased)
    told = post.told(WaitingListLeft)
    post.run()  # as the stream has it, also of what is deleted at once
    assert deliver(worker.handler, erased, erased) == []
    stays = CY if gone is EVE else EVE
    assert (state(gone), state(stays)) == ("cancelled", "offered")
    assert books(table) == {"typ_1": Book(1, 0, 1, 0)}
    assert gone.email not in repr(table.items())
    assert [left.user_email for left in told] == [NO_EMAIL]


def test_an_offer_that_was_accepted_is_not_left(table: Table, post: Bus) -> None:
    [held] = sold_out(1)
    token = join(EVE).json["leave_token"]
    cancel(held)
    post.run()
    call(api.handler, "POST", f"/orders/{places(EVE)[0]['order_id']}/payments", {"method": "simulated"}, caller=EVE)
    with unchanged(table):  # the message of the payment is still on its way
        assert leave(token).problem() == "offer-taken"
    post.run()
    assert leave(token).problem() == "offer-taken"


@pytest.mark.parametrize("token", ["tok_lost", "tok_late:0"])
def test_an_offer_whose_payment_turns_out_to_be_made_is_not_left(table: Table, post: Bus, token: str) -> None:
    """The provider took the money, and we have yet to ask."""
    [held] = sold_out(1)
    link = join(EVE).json["leave_token"]
    cancel(held)
    post.run()
    offer = places(EVE)[0]["order_id"]
    call(api.handler, "POST", f"/orders/{offer}/payments", {"method": "simulated", "token": token}, caller=EVE)
    assert leave(link).problem() == "offer-taken"
    assert call(api.handler, "GET", f"/orders/{offer}", caller=EVE).json["status"] == "paid"
    post.run()
    assert state(EVE) == "purchased"
    assert books(table) == {"typ_1": Book(1, 0, 0, 1)}


def test_an_offer_that_is_paid_late_and_seated_again_was_accepted(table: Table, post: Bus) -> None:
    [held] = sold_out(1)
    join(EVE)
    cancel(held)
    post.run()
    offer = places(EVE)[0]["order_id"]
    slow = {"method": "simulated", "token": "tok_late:1"}
    assert call(api.handler, "POST", f"/orders/{offer}/payments", slow, caller=EVE).json["status"] == "reserved"
    [reserved] = [each for each in post.told(OrderReserved) if each.order_id == offer]
    with pytest.MonkeyPatch.context() as patch:  # the provider is silent at the end of the hold
        patch.setattr(Simulated, "void", lambda self, order, payment: payment)
        patch.setattr(worker, "SqsDelay", FakeDelay)
        assert deliver(worker.handler, replace(reserved, expires_at=now())) == []
        post.run()
    assert state(EVE) == "offer_expired"

    class AMinuteLater:
        def of(self, method: str) -> Simulated:
            return Simulated(lambda: now() + timedelta(minutes=1))

    late = DynamoOrders().find(offer)
    assert late
    assert resume(DynamoOrders(), AMinuteLater(), now, late).status == "paid"
    post.run()
    assert state(EVE) == "purchased"


def test_a_link_that_is_not_one_says_nothing(table: Table) -> None:
    sold_out()
    entry, _, secret = join(EVE).json["leave_token"].partition(".")
    with unchanged(table):
        for token in (entry, f"{entry}.", f"{entry}.{secret}x", f"wtl_none.{secret}"):
            for method in ("GET", "POST"):
                assert leave(token, method).problem() == "not-found"
