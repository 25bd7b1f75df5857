"""The waiting list: strictly first come, first served, whatever comes back and however it comes back."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.orders import api, api_waiting, worker
from functions.orders.dynamo import DynamoOrders
from functions.orders.dynamo_waiting import DynamoWaiting
from functions.orders.lines import Basket, Wanted
from functions.orders.paying import resume
from functions.orders.privacy import before_leaving
from functions.orders.serving import serve
from functions.orders.simulated import Simulated
from functions.orders.use_cases import _find_or_reserve
from functions.orders.use_cases_waiting import join as join_line
from functions.orders.waiting import Entry
from shared.caller import Caller
from shared.clock import now
from shared.errors import Problem
from shared.ids import new_id
from shared.messages import (
    Message,
    OrderReserved,
    UserErased,
    WaitingListJoined,
    WaitingListLeft,
    WaitingListOffered,
    WaitingListOfferExpired,
)
from shared.money import Money
from shared.nobody import NO_EMAIL
from tests.moto.test_orders_concurrency import buyer, conflicts_now_and_then
from tests.moto.test_orders_pools import hall, within
from tests.moto.test_orders_stock import (
    ADA,
    BOB,
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
    unchanged,
)
from tests.support import Answer, Table, call, deliver
from tests.unit.orders import FakeDelay

CY = Caller("usr_cy", "cy@example.org", "Cy")
LIST = "/orders/waiting-list"


@pytest.fixture
def wire(table: Table, monkeypatch: pytest.MonkeyPatch) -> Wire:
    monkeypatch.setattr("shared.table.time.sleep", lambda seconds: None)
    return Wire.tapped(monkeypatch)


@pytest.fixture
def post(table: Table) -> "Bus":
    return Bus(table)


class Bus:
    """Delivers to the worker what orders tells itself, once each, until nothing is left; holds end when they are told to."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.seen: set[str] = set()
        self.kinds = tuple(kind for kind in worker.handler.reactions if kind is not OrderReserved)

    def run(self) -> None:
        while due := [each for each in self.table.outbox() if each.id not in self.seen and isinstance(each, self.kinds)]:
            self.seen.update(each.id for each in due)
            assert deliver(worker.handler, *due) == []

    def expire(self, order_id: str) -> None:
        [due] = [each for each in self.told(OrderReserved) if each.order_id == order_id]
        assert deliver(worker.handler, replace(due, expires_at=now())) == []
        self.run()

    def told(self, kind: type[Any]) -> list[Any]:
        return [message for message in self.table.outbox() if isinstance(message, kind)]


def join(caller: Caller, quantity: int = 1, ticket_type_id: str = "typ_1") -> Answer:
    body = {"conference_id": CONFERENCE, "ticket_type_id": ticket_type_id, "quantity": quantity}
    return call(api.handler, "POST", LIST, body, caller=caller)


def places(caller: Caller) -> list[Any]:
    return list(call(api.handler, "GET", LIST, caller=caller).json["items"])


def state(caller: Caller) -> str:
    return str(places(caller)[0]["status"])


def cancel(order_id: str, caller: Caller = BOB) -> None:
    assert call(api.handler, "POST", f"/orders/{order_id}/cancel", caller=caller).status == 200


def sold_out(capacity: int = 2, *each: int) -> list[str]:
    """Bob holds all there is, in orders of so many."""
    stock(changed(capacity=capacity))
    return [str(order(basket(quantity)).json["id"]) for quantity in each or (capacity,)]


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


# Leaving


def leave(token: str, method: str = "POST") -> Answer:
    return call(api.handler, method, f"{LIST}/leave/{token}")


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


# Everything at once


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
