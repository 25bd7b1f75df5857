"""Buying, as a client sees it, and what it costs."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from bench.meter import Meter
from functions.orders import api, worker
from functions.orders.cache import recent_offers
from shared.caller import Caller
from shared.clock import iso, now, parse
from shared.delay import _queue
from shared.ids import new_id
from shared.messages import OrderCancelled, OrderPaid, OrderReserved
from shared.money import Money
from tests.moto.stock import (
    ADA,
    BOB,
    EVE,
    PAID_AT_ONCE,
    Book,
    Wire,
    availability,
    basket,
    books,
    changed,
    order,
    shards,
    stock,
    unchanged,
)
from tests.support import CONTEXT, Answer, Table, call, deliver


def get(url: str, caller: Any = BOB) -> Answer:
    return call(api.handler, "GET", url, caller=caller)


def pay(order_id: str, token: str | None = None, caller: Any = BOB) -> Answer:
    body = {"method": "simulated", **({"token": token} if token else {})}
    return call(api.handler, "POST", f"/orders/{order_id}/payments", body, caller=caller)


def cancel(order_id: str, caller: Any = BOB) -> Answer:
    return call(api.handler, "POST", f"/orders/{order_id}/cancel", caller=caller)


# Availability


def test_availability_shows_what_is_on_sale_to_anybody(table: Table) -> None:
    on_sale = changed(capacity=30)
    stock(on_sale)
    order(basket(2))
    assert availability().json == {
        "conference_id": "cnf_1",
        "ticket_types": [
            {
                "ticket_type_id": "typ_1",
                "name": "Regular",
                "price": {"amount": 4900, "currency": "EUR"},
                "status": "on_sale",
                "available": 28,
                "min_per_order": 1,
                "max_per_order": 10,
                "max_per_person": None,
                "sale_starts_at": availability().json["ticket_types"][0]["sale_starts_at"],
                "sale_ends_at": availability().json["ticket_types"][0]["sale_ends_at"],
            }
        ],
    }
    assert parse(availability().json["ticket_types"][0]["sale_starts_at"]) == parse(iso(on_sale.sale_starts_at))
    assert availability().json["ticket_types"][0]["sale_starts_at"].endswith("Z")


def test_availability_tells_sold_out_from_not_yet_and_ended(table: Table) -> None:
    soon, past = now() + timedelta(hours=1), now() - timedelta(hours=1)
    stock(
        changed("typ_1", capacity=1),
        changed("typ_2", sale_starts_at=soon),
        changed("typ_3", sale_ends_at=past),
        changed("typ_4", hidden=True),
    )
    order(basket(1))
    statuses = {each["ticket_type_id"]: each["status"] for each in availability().json["ticket_types"]}
    assert statuses == {"typ_1": "sold_out", "typ_2": "not_yet", "typ_3": "ended"}


def test_a_conference_that_sells_nothing_is_not_there(table: Table) -> None:
    assert availability("cnf_9").problem() == "not-found"


def test_a_hidden_ticket_type_is_neither_shown_nor_sold_but_to_who_organises(table: Table) -> None:
    stock(changed(hidden=True))
    assert availability().json["ticket_types"] == []
    assert order(basket(1)).problem() == "unknown-ticket-type"
    assert order(basket(1), caller=ADA).status == 201


# Ordering


def test_an_order_is_reserved_then_paid(table: Table) -> None:
    stock(changed())
    reserved = order(basket(2)).json
    assert reserved["id"].startswith("ord_")
    assert (reserved["status"], reserved["payment"], reserved["paid_at"]) == ("reserved", None, None)
    assert reserved["total"] == {"amount": 9800, "currency": "EUR"}
    assert parse(reserved["expires_at"]) - parse(reserved["created_at"]) == timedelta(minutes=15)
    assert reserved["lines"] == [
        {
            "ticket_type_id": "typ_1",
            "name": "Regular",
            "quantity": 2,
            "list_price": {"amount": 4900, "currency": "EUR"},
            "unit_price": {"amount": 4900, "currency": "EUR"},
            "discount": {"amount": 0, "currency": "EUR"},
            "total": {"amount": 9800, "currency": "EUR"},
            "attendees": [{"name": "Bob", "email": "bob@example.org"}] * 2,
        }
    ]
    paid = pay(reserved["id"])
    assert (paid.status, paid.json["status"], paid.json["payment"]["status"]) == (200, "paid", "confirmed")
    assert paid.json["payment"]["reference"].startswith("pay_")
    assert pay(reserved["id"]).json == get(f"/orders/{reserved['id']}").json == paid.json
    assert books(table) == {"typ_1": Book(100, 98, 0, 2)}
    assert [type(message) for message in table.outbox()] == [OrderReserved, OrderPaid]


def test_a_paid_order_tells_the_conferences_time_zone(table: Table) -> None:
    stock(changed(time_zone="Asia/Jakarta"))
    order(basket(1, **PAID_AT_ONCE))
    assert [message.time_zone for message in table.outbox() if isinstance(message, OrderPaid)] == ["Asia/Jakarta"]


def test_an_order_can_be_paid_in_one_request(table: Table) -> None:
    stock(changed())
    placed = order(basket(1, **PAID_AT_ONCE))
    assert (placed.status, placed.json["status"]) == (201, "paid")
    assert get(f"/orders/{placed.json['id']}").json == placed.json


def test_an_order_that_costs_nothing_is_paid_at_once(table: Table) -> None:
    stock(changed(price=Money(0, "EUR")))
    placed = order(basket(2)).json
    assert (placed["status"], placed["payment"], placed["expires_at"]) == ("paid", None, None)
    assert placed["paid_at"] == placed["created_at"]
    [paid] = table.outbox()
    assert isinstance(paid, OrderPaid)
    assert len(paid.tickets) == 2


def test_tickets_are_for_whom_the_buyer_named_and_else_for_the_buyer(table: Table) -> None:
    stock(changed("typ_1"), changed("typ_2", name="Workshop", price=Money(1000, "EUR")))
    lines = [
        {"ticket_type_id": "typ_1", "quantity": 2, "attendees": [{"name": "Cy", "email": "cy@example.org"}]},
        {"ticket_type_id": "typ_2", "quantity": 1},
    ]
    order({"conference_id": "cnf_1", "lines": lines, **PAID_AT_ONCE})
    [paid] = [message for message in table.outbox() if isinstance(message, OrderPaid)]
    assert [(line.ticket_type_name, line.attendee_name, line.price.amount) for line in paid.tickets] == [
        ("Regular", "Cy", 4900),
        ("Regular", "Bob", 4900),
        ("Workshop", "Bob", 1000),
    ]
    assert (paid.total.amount, paid.buyer_email, paid.conference_name) == (10800, "bob@example.org", "Ketemu Days")


def test_the_price_is_the_one_of_the_reservation(table: Table) -> None:
    stock(changed())
    reserved = order(basket(1)).json["id"]
    stock(changed(revision=2, price=Money(9900, "EUR")))
    assert pay(reserved).json["total"]["amount"] == 4900


def test_a_declined_payment_leaves_the_order_held_to_pay_again(table: Table) -> None:
    stock(changed())
    declined = order(basket(1, payment={"method": "simulated", "token": "tok_declined"}))
    assert (declined.status, declined.problem()) == (402, "payment-declined")
    order_id = declined.json["order_id"]
    assert get(f"/orders/{order_id}").json["status"] == "reserved"
    assert pay(order_id, "tok_declined").problem() == "payment-declined"
    assert pay(order_id).json["status"] == "paid"


def test_a_provider_that_does_not_answer_is_asked_again_later(table: Table) -> None:
    stock(changed())
    order_id = order(basket(1)).json["id"]
    silent = pay(order_id, "tok_unavailable")
    assert (silent.status, silent.problem(), silent.headers["Retry-After"]) == (503, "payment-unavailable", "5")
    assert pay(order_id).json["status"] == "paid"


def test_a_payment_that_is_counted_says_for_which_conference(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    stock(changed())
    order_id = order(basket(1)).json["id"]
    pay(order_id)
    pay(order_id)
    metrics = [line for line in capsys.readouterr().out.splitlines() if '"OrdersPaid"' in line]
    assert [json.loads(metric)["conference"] for metric in metrics] == ["cnf_1"]


def test_a_cancelled_order_gives_its_seats_back_once(table: Table) -> None:
    stock(changed(capacity=3))
    before = shards(table)
    reserved = order(basket(2)).json["id"]
    cancelled = cancel(reserved)
    assert (cancelled.status, cancelled.json["status"]) == (200, "cancelled")
    with unchanged(table):
        assert cancel(reserved).json == cancelled.json
        assert pay(reserved).problem() == "order-cancelled"
    assert shards(table) == before
    assert [message.was_paid for message in table.outbox() if isinstance(message, OrderCancelled)] == [False]


def test_a_paid_order_is_not_cancelled(table: Table) -> None:
    stock(changed())
    paid = order(basket(1, **PAID_AT_ONCE)).json["id"]
    with unchanged(table):
        assert cancel(paid).problem() == "already-paid"


def test_an_expired_order_is_neither_paid_nor_cancelled(table: Table) -> None:
    stock(changed(hold_minutes=0))
    expired = order(basket(1)).json["id"]
    assert deliver(worker.handler, *[message for message in table.outbox() if isinstance(message, OrderReserved)]) == []
    with unchanged(table):
        assert pay(expired).problem() == "order-expired"
        assert cancel(expired).problem() == "order-expired"
    assert get(f"/orders/{expired}").json["status"] == "expired"


# Reading


def test_own_orders_are_listed_newest_first_page_by_page(table: Table) -> None:
    stock(changed())
    placed = [order(basket(1), key=f"k{number}").json["id"] for number in range(5)]
    order(basket(1), caller=EVE)
    first = get("/orders?limit=3").json
    rest = get(f"/orders?limit=3&cursor={first['next_cursor']}").json
    listed = [each["id"] for each in first["items"] + rest["items"]]
    assert sorted(listed) == sorted(placed)
    created = [each["created_at"] for each in first["items"] + rest["items"]]
    assert created == sorted(created, reverse=True)
    assert rest["next_cursor"] is None


def test_an_order_is_seen_by_its_buyer_and_the_organiser(table: Table) -> None:
    stock(changed())
    order_id = order(basket(1)).json["id"]
    assert get(f"/orders/{order_id}").json == get(f"/orders/{order_id}", ADA).json
    assert get(f"/orders/{order_id}", EVE).problem() == "not-found"
    assert get(f"/orders/{order_id}", replace(ADA, roles={"cnf_1": "staff"})).problem() == "not-found"


def test_an_order_tells_its_history_and_its_messages_its_state(table: Table) -> None:
    stock(changed())
    order_id = order(basket(2)).json["id"]
    cancelled = cancel(order_id).json
    assert [(entry["what"], entry["by"]) for entry in cancelled["history"]] == [("placed", "usr_bob"), ("cancelled", "usr_bob")]
    assert get(f"/orders/{order_id}").json == cancelled
    told = [message.order for message in table.outbox() if isinstance(message, OrderReserved | OrderCancelled) and message.order]
    assert [(each.revision, each.status, each.total.amount) for each in told] == [(1, "reserved", 9800), (2, "cancelled", 9800)]
    assert [[(line.ticket_type_id, line.quantity, line.amount.amount) for line in each.lines] for each in told] == [
        [("typ_1", 2, 9800)],
        [],
    ]


# Waiting for a hold to end


@pytest.mark.parametrize(("ahead", "delay"), [(timedelta(minutes=40), 900), (timedelta(seconds=61.5), 62)])
def test_a_hold_waits_in_the_queue_and_comes_back_as_it_was(
    table: Table, monkeypatch: pytest.MonkeyPatch, ahead: timedelta, delay: int
) -> None:
    queue = boto3.resource("sqs").create_queue(QueueName="orders")
    monkeypatch.setenv("QUEUE_URL", queue.url)
    _queue.cache_clear()
    wire = Wire.tapped(monkeypatch)
    reserved = OrderReserved(conference_id="cnf_1", order_id="ord_1", buyer_id="usr_bob", expires_at=now() + ahead)
    monkeypatch.setattr(worker, "now", lambda: reserved.expires_at - ahead)
    assert deliver(worker.handler, reserved) == []
    [request] = [request for operation, request in wire.calls if operation == "SendMessage"]
    assert request["DelaySeconds"] == delay
    body = json.loads(request["MessageBody"])
    assert (body["detail-type"], body["source"]) == ("OrderReserved", "ketemu.orders")
    monkeypatch.setattr(worker, "now", lambda: reserved.expires_at)
    record = {
        "messageId": "m",
        "body": request["MessageBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:orders",
        "attributes": {"ApproximateReceiveCount": "1"},
    }
    assert worker.handler({"Records": [record]}, CONTEXT) == {"batchItemFailures": []}


# Cost


LONG = Caller(new_id("usr"), "christopher.montgomery@engineering.example.org", "Christopher Montgomery-Abernathy")


@pytest.fixture
def costly(table: Table, meter: Meter) -> Meter:
    """A ticket type with ids as long as they come, on sale."""
    stock(changed(new_id("typ"), conference_id=new_id("cnf"), conference_name="Ketemu Days Yogyakarta 2026", name="Early bird"))
    return meter


def costly_basket(table: Table) -> dict[str, Any]:
    [kept] = [item for item in table.items() if item["kind"] == "TicketTypeCopy"]
    return {**basket(1, kept["ticket_type_id"]), "conference_id": kept["conference_id"]}


def spent(meter: Meter) -> tuple[list[str], int]:
    """The calls since the last look, and their write units."""
    calls = meter.operations, meter.write_units
    meter.reset()
    return calls


def test_what_each_operation_costs(table: Table, costly: Meter) -> None:
    wanted = costly_basket(table)
    spent(costly)

    placed = order(wanted, caller=LONG, key="k")
    assert spent(costly) == (["BatchGetItem", "TransactWriteItems"], 8)
    assert get(f"/orders/{placed.json['id']}", LONG).status == 200
    assert spent(costly) == (["GetItem"], 0)
    assert pay(placed.json["id"], caller=LONG).status == 200
    assert spent(costly) == (["UpdateItem", "TransactWriteItems"], 7)
    assert len(get("/orders", LONG).json["items"]) == 1
    assert spent(costly) == (["Query"], 0)
    assert order({**wanted, **PAID_AT_ONCE}, caller=LONG).status == 201
    assert spent(costly) == (["BatchGetItem", "TransactWriteItems", "TransactWriteItems"], 13)
    reserved = order(wanted, caller=LONG).json["id"]
    spent(costly)
    assert cancel(reserved, LONG).status == 200
    assert spent(costly) == (["GetItem", "BatchGetItem", "TransactWriteItems"], 7)
    url = f"/orders/availability/{wanted['conference_id']}"
    recent_offers.cache_clear()
    assert {get(url).status for _ in range(10)} == {200}
    assert spent(costly) == (["Query", "BatchGetItem"], 0)


def test_retiring_a_seat_costs_no_more_than_putting_it_back_on_sale(table: Table, costly: Meter) -> None:
    wanted = costly_basket(table)
    reserved = order(wanted, caller=LONG).json["id"]
    ids = {"ticket_type_id": wanted["lines"][0]["ticket_type_id"], "conference_id": wanted["conference_id"]}
    stock(changed(**ids, capacity=0, revision=2))
    spent(costly)
    assert cancel(reserved, LONG).status == 200
    assert spent(costly) == (["GetItem", "BatchGetItem", "TransactWriteItems"], 7)
    assert books(table) == {ids["ticket_type_id"]: Book(0, 0, 0, 0)}
