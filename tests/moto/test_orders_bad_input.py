"""Whatever is wrong with a request: a problem of a stable type with the right status, and nothing written."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from functions.orders import api, worker
from shared.caller import Caller
from shared.clock import now
from shared.ids import derived_id
from shared.messages import OrderReserved
from shared.money import Money
from shared.table import Item
from tests.aws import mock_aws
from tests.moto.stock import ADA, BOB, EVE, PAID_AT_ONCE, basket, changed, order, stock, unchanged
from tests.support import Table, call, deliver

ELSEWHERE = Caller("usr_x", "x@example.org", "X", {"cnf_2": "organizer"})


@pytest.fixture(scope="module")
def shop() -> Iterator[Table]:
    """Ticket types in every state, and Bob's orders: one each reserved, paid, cancelled and expired. No test here writes."""
    with mock_aws():
        Item.create_table(billing_mode="PAY_PER_REQUEST", wait=False)
        table = Table()
        _fill(table)
        yield table


def _fill(table: Table) -> None:
    stock(
        changed("typ_1", capacity=20, min_per_order=2, max_per_order=4),
        changed("typ_gone", capacity=0),
        changed("typ_soon", capacity=20, sale_starts_at=now() + timedelta(hours=1)),
        changed("typ_over", capacity=20, sale_ends_at=now() - timedelta(hours=1)),
        changed("typ_idr", capacity=20, price=Money(750_000, "IDR")),
        changed("typ_elsewhere", capacity=20, conference_id="cnf_2"),
        changed("typ_brief", capacity=20, hold_minutes=0),
    )
    for key, body in {
        "reserved": basket(2),
        "paid": basket(2, **PAID_AT_ONCE),
        "cancelled": basket(2),
        "expired": basket(2, "typ_brief"),
    }.items():
        assert order(body, key=key).status == 201
    call(api.handler, "POST", f"/orders/{placed('cancelled')}/cancel", caller=BOB)
    due = [message for message in table.outbox() if isinstance(message, OrderReserved) and message.order_id == placed("expired")]
    assert deliver(worker.handler, *due) == []


def placed(key: str) -> str:
    """The id of Bob's order of this key."""
    return derived_id("ord", BOB.user_id, "POST /orders", key)


def line(**other: Any) -> dict[str, Any]:
    return {"ticket_type_id": "typ_1", "quantity": 2, **other}


def lines(*each: Any, **other: Any) -> dict[str, Any]:
    return {"conference_id": "cnf_1", "lines": list(each), **other}


SOMEBODY = {"name": "Cy", "email": "cy@example.org"}


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (None, 422, "invalid"),
        ("{no json", 400, "malformed"),
        ([], 422, "invalid"),
        ({}, 422, "invalid"),
        ({"conference_id": "cnf_1"}, 422, "invalid"),
        ({"lines": [line()]}, 422, "invalid"),
        (lines(), 422, "invalid"),
        (lines("typ_1"), 422, "invalid"),
        (lines(line(), discount=100), 422, "invalid"),
        (lines(*(line(ticket_type_id=f"typ_{number}") for number in range(11))), 422, "invalid"),
        ({"conference_id": 7, "lines": [line()]}, 422, "invalid"),
        ({"conference_id": "c" * 65, "lines": [line()]}, 422, "invalid"),
        ({"conference_id": "cnf#1", "lines": [line()]}, 422, "invalid"),
        (lines(line(ticket_type_id="")), 422, "invalid"),
        (lines(line(ticket_type_id="t" * 65)), 422, "invalid"),
        (lines({"ticket_type_id": "typ_1"}), 422, "invalid"),
        (lines(line(quantity=0)), 422, "invalid"),
        (lines(line(quantity=-1)), 422, "invalid"),
        (lines(line(quantity=21)), 422, "invalid"),
        (lines(line(quantity=1.5)), 422, "invalid"),
        (lines(line(quantity="2")), 422, "invalid"),
        (lines(line(quantity=True)), 422, "invalid"),
        (lines(line(quantity=10**30)), 422, "invalid"),
        (lines(line(price=1)), 422, "invalid"),
        (lines(line(attendees=[{"name": "Cy"}])), 422, "invalid"),
        (lines(line(attendees=[{**SOMEBODY, "email": "cy"}])), 422, "invalid"),
        (lines(line(attendees=[{**SOMEBODY, "email": "c" * 250 + "@e.org"}])), 422, "invalid"),
        (lines(line(attendees=[{**SOMEBODY, "name": ""}])), 422, "invalid"),
        (lines(line(attendees=[{**SOMEBODY, "name": "C\ny"}])), 422, "invalid"),
        (lines(line(attendees=[{**SOMEBODY, "name": "C" * 101}])), 422, "invalid"),
        (lines(line(attendees=[SOMEBODY] * 21)), 422, "invalid"),
        (lines(line(attendees=[SOMEBODY] * 3)), 422, "attendees"),
        (lines(line(), payment={}), 422, "invalid"),
        (lines(line(), payment={"method": "cash"}), 422, "invalid"),
        (lines(line(), payment={"method": "simulated", "token": ""}), 422, "invalid"),
        (lines(line(), payment={"method": "simulated", "token": "t" * 256}), 422, "invalid"),
        (lines(line(), line()), 422, "duplicate-line"),
        (lines(line(quantity=1)), 422, "quantity"),
        (lines(line(quantity=5)), 422, "quantity"),
        (lines(line(quantity=4), *(line(ticket_type_id=each, quantity=10) for each in ("typ_gone", "typ_idr"))), 422, "quantity"),
        (lines(line(), line(ticket_type_id="typ_idr")), 422, "mixed-currencies"),
        (lines(line(ticket_type_id="typ_9")), 404, "unknown-ticket-type"),
        (lines(line(ticket_type_id="no-such-kind")), 404, "unknown-ticket-type"),
        (lines(line(ticket_type_id="pool_9")), 404, "unknown-ticket-type"),
        (lines(line(ticket_type_id="vou_9")), 404, "unknown-ticket-type"),
        (lines(line(), line(ticket_type_id="typ_9")), 404, "unknown-ticket-type"),
        (lines(line(ticket_type_id="typ_elsewhere")), 404, "unknown-ticket-type"),
        ({"conference_id": "cnf_9", "lines": [line()]}, 404, "unknown-ticket-type"),
        (lines(line(ticket_type_id="typ_soon")), 409, "not-on-sale"),
        (lines(line(ticket_type_id="typ_over")), 409, "not-on-sale"),
        (lines(line(ticket_type_id="typ_gone")), 409, "sold-out"),
        (lines(line(), line(ticket_type_id="typ_gone")), 409, "sold-out"),
    ],
)
def test_a_bad_order_is_refused(shop: Table, body: Any, status: int, slug: str) -> None:
    with unchanged(shop):
        answer = order(body)
    assert (answer.status, answer.problem()) == (status, slug)


PAY = {"method": "simulated"}


@pytest.mark.parametrize(
    ("method", "path", "body", "caller", "status", "slug"),
    [
        ("POST", "/orders/{reserved}/payments", None, BOB, 422, "invalid"),
        ("POST", "/orders/{reserved}/payments", "{no json", BOB, 400, "malformed"),
        ("POST", "/orders/{reserved}/payments", {}, BOB, 422, "invalid"),
        ("POST", "/orders/{reserved}/payments", {"method": "cash"}, BOB, 422, "invalid"),
        ("POST", "/orders/{reserved}/payments", {**PAY, "amount": 1}, BOB, 422, "invalid"),
        ("POST", "/orders/{reserved}/payments", {**PAY, "token": "a b"}, BOB, 422, "invalid"),
        ("POST", "/orders/{reserved}/payments", {**PAY, "token": 7}, BOB, 422, "invalid"),
        ("POST", "/orders/{reserved}/payments", PAY, None, 401, "unauthenticated"),
        ("POST", "/orders/{reserved}/payments", PAY, EVE, 404, "not-found"),
        ("POST", "/orders/{reserved}/payments", PAY, ADA, 404, "not-found"),
        ("POST", "/orders/{cancelled}/payments", PAY, BOB, 409, "order-cancelled"),
        ("POST", "/orders/{expired}/payments", PAY, BOB, 409, "order-expired"),
        ("POST", "/orders/ord_9/payments", PAY, BOB, 404, "not-found"),
        ("POST", f"/orders/{'o' * 65}/payments", PAY, BOB, 422, "invalid"),
        ("POST", "/orders/{reserved}/cancel", None, None, 401, "unauthenticated"),
        ("POST", "/orders/{reserved}/cancel", None, EVE, 404, "not-found"),
        ("POST", "/orders/{reserved}/cancel", None, ELSEWHERE, 404, "not-found"),
        ("POST", "/orders/{paid}/cancel", None, BOB, 409, "already-paid"),
        ("POST", "/orders/{expired}/cancel", None, BOB, 409, "order-expired"),
        ("POST", "/orders/ord_9/cancel", None, BOB, 404, "not-found"),
        ("POST", f"/orders/{'o' * 65}/cancel", None, BOB, 422, "invalid"),
        ("POST", "/orders", basket(2), None, 401, "unauthenticated"),
        ("POST", "/orders/{paid}/refunds", {}, None, 401, "unauthenticated"),
        ("POST", "/orders/{paid}/refunds", {}, EVE, 404, "not-found"),
        ("POST", "/orders/{paid}/refunds", {}, ELSEWHERE, 404, "not-found"),
        ("POST", "/orders/{paid}/refunds", {}, BOB, 409, "not-refundable"),
        ("POST", "/orders/{paid}/refunds", {"amount": 1}, BOB, 403, "forbidden"),
        ("POST", "/orders/{paid}/refunds", {"amount": 9801}, ADA, 422, "refund"),
        ("POST", "/orders/{paid}/refunds", {"amount": -1}, ADA, 422, "invalid"),
        ("POST", "/orders/{paid}/refunds", {"amount": 1.5}, ADA, 422, "invalid"),
        ("POST", "/orders/{paid}/refunds", {"tickets": [3]}, ADA, 409, "not-refundable"),
        ("POST", "/orders/{paid}/refunds", {"tickets": [0]}, ADA, 422, "invalid"),
        ("POST", "/orders/{paid}/refunds", {"tickets": ["1"]}, ADA, 422, "invalid"),
        ("POST", "/orders/{paid}/refunds", {"tickets": 1}, ADA, 422, "invalid"),
        ("POST", "/orders/{paid}/refunds", {"tickets": [1] * 21}, ADA, 422, "invalid"),
        ("POST", "/orders/{paid}/refunds", {"numbers": [1]}, ADA, 422, "invalid"),
        ("POST", "/orders/{reserved}/refunds", {}, ADA, 409, "not-refundable"),
        ("POST", "/orders/{expired}/refunds", {}, ADA, 409, "not-refundable"),
        ("POST", "/orders/{cancelled}/refunds", {}, ADA, 409, "not-refundable"),
        ("PUT", "/orders/conferences/cnf_1/refund-policy", {}, BOB, 403, "forbidden"),
        ("PUT", "/orders/conferences/cnf_1/refund-policy", {}, None, 401, "unauthenticated"),
        ("PUT", "/orders/conferences/cnf_1/refund-policy", {"until": "tomorrow"}, ADA, 422, "invalid"),
        ("PUT", "/orders/conferences/cnf_1/refund-policy", {"until": "2027-01-01T00:00:00"}, ADA, 422, "invalid"),
        ("PUT", "/orders/conferences/cnf_1/refund-policy", {"fee_percent": 101}, ADA, 422, "invalid"),
        ("PUT", "/orders/conferences/cnf_1/refund-policy", {"fee": -1}, ADA, 422, "invalid"),
        ("GET", "/orders", None, None, 401, "unauthenticated"),
        ("GET", "/orders?limit=0", None, BOB, 422, "invalid"),
        ("GET", "/orders?limit=101", None, BOB, 422, "invalid"),
        ("GET", "/orders?limit=ten", None, BOB, 422, "invalid"),
        ("GET", "/orders?cursor=bm9uZQ==", None, BOB, 400, "malformed"),
        ("GET", f"/orders?cursor={'c' * 1025}", None, BOB, 422, "invalid"),
        ("GET", "/orders/{reserved}", None, None, 401, "unauthenticated"),
        ("GET", "/orders/{reserved}", None, EVE, 404, "not-found"),
        ("GET", "/orders/{reserved}", None, Caller("usr_x", "x@example.org", "X", {"cnf_2": "organizer"}), 404, "not-found"),
        ("GET", "/orders/ord_9", None, BOB, 404, "not-found"),
        ("GET", f"/orders/{'o' * 65}", None, BOB, 422, "invalid"),
        ("GET", "/orders/availability/cnf_9", None, None, 404, "not-found"),
        ("GET", f"/orders/availability/{'c' * 65}", None, None, 422, "invalid"),
        ("DELETE", "/orders/{reserved}", None, BOB, 404, "not-found"),
    ],
)
def test_a_bad_request_is_refused(
    shop: Table, method: str, path: str, body: Any, caller: Caller | None, status: int, slug: str
) -> None:
    url = path.format(**{key: placed(key) for key in ("reserved", "paid", "cancelled", "expired")})
    with unchanged(shop):
        answer = call(api.handler, method, url, body, caller=caller)
    assert (answer.status, answer.problem()) == (status, slug)


@pytest.mark.parametrize("key", ["", "k" * 256, "with space", "ümlaut"])
def test_a_bad_idempotency_key_is_refused(shop: Table, key: str) -> None:
    with unchanged(shop):
        answer = call(api.handler, "POST", "/orders", basket(2), caller=BOB, headers={"Idempotency-Key": key})
    assert (answer.status, answer.problem()) == (400, "malformed")


def test_a_cursor_of_somebody_else_is_refused(shop: Table) -> None:
    cursor = call(api.handler, "GET", "/orders?limit=1", caller=BOB).json["next_cursor"]
    assert call(api.handler, "GET", f"/orders?limit=1&cursor={cursor}", caller=EVE).problem() == "malformed"
