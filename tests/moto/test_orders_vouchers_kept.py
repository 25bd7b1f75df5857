"""Vouchers as organisers keep them and buyers look them up."""

from datetime import timedelta
from typing import Any

import pytest

from functions.orders import api
from functions.orders.vouchers import voucher_id
from shared.caller import Caller
from shared.clock import iso, now
from shared.money import Money
from tests.moto.stock import (
    ADA,
    BOB,
    CONFERENCE,
    EVE,
    PAID_AT_ONCE,
    Book,
    books,
    changed,
    release,
    stock,
    unchanged,
)
from tests.moto.test_orders_pools import hall
from tests.moto.test_orders_returns import remind, tomorrow
from tests.moto.test_orders_vouchers import VOUCHERS, add, made, manage, use
from tests.support import Answer, Table, call


def check(code: str, conference_id: str = CONFERENCE) -> Answer:
    return call(api.handler, "GET", f"/orders/availability/{conference_id}/vouchers/{code}")


def test_a_voucher_is_shown_listed_changed_and_deleted(table: Table) -> None:
    added = add(max_uses=10, note="for friends")
    assert (added.status, added.headers["ETag"]) == (201, '"1"')
    voucher = added.json["id"]
    assert added.json == {
        "id": voucher_id(CONFERENCE, "friends-20"),
        "code": "FRIENDS-20",
        "kind": "percent",
        "value": 20,
        "ticket_type_ids": [],
        "unlocks_hidden": False,
        "max_uses": 10,
        "uses_left": 10,
        "max_per_person": None,
        "valid_from": None,
        "valid_until": None,
        "note": "for friends",
    }
    stock(changed())
    assert use(4).status == 201
    fewer = manage("PATCH", voucher, {"max_uses": 3}, **{"If-Match": '"1"'})
    assert (fewer.json["max_uses"], fewer.json["uses_left"], fewer.headers["ETag"]) == (3, 0, '"2"')
    assert books(table)[voucher] == Book(4, 0, 4, 0)
    assert manage("PATCH", voucher, {"value": 30}, **{"If-Match": '"1"'}).problem() == "changed-meanwhile"
    assert manage("GET", voucher).json == fewer.json
    assert call(api.handler, "GET", VOUCHERS, caller=ADA).json == {"items": [fewer.json], "next_cursor": None}
    assert manage("DELETE", voucher).status == 204
    assert manage("GET", voucher).problem() == "not-found"
    assert call(api.handler, "GET", VOUCHERS, caller=ADA).json["items"] == []
    assert add().problem() == "code-taken"


def test_a_repeated_addition_adds_one(table: Table) -> None:
    first = add()
    with unchanged(table):
        again = add()
        other = add(code="friends-20", value=30)
    assert (again.status, again.json) == (201, first.json)
    assert other.problem() == "code-taken"


def test_uses_that_were_without_limit_are_counted_from_when_they_have_one(table: Table) -> None:
    stock(changed())
    voucher = made()
    assert use(3).status == 201
    assert manage("PATCH", voucher, {"max_uses": 1}).json["uses_left"] == 1
    placed = use(1).json["id"]
    assert manage("PATCH", voucher, {"max_uses": None}).json["uses_left"] is None
    assert use(5).status == 201
    release(table, "cancelled", placed)
    assert books(table)[voucher] == Book(0, 0, 0, 0)


@pytest.mark.parametrize("who", [BOB, Caller("usr_x", "x@example.org", "X", {CONFERENCE: "staff"})])
def test_vouchers_are_the_organisers_own(table: Table, who: Caller) -> None:
    voucher = made()
    with unchanged(table):
        assert call(api.handler, "GET", VOUCHERS, caller=who).problem() == "forbidden"
        assert call(api.handler, "POST", VOUCHERS, {"code": "MINE-01", "kind": "free"}, caller=who).problem() == "forbidden"
        for method, body in (("GET", None), ("PATCH", {"value": 90}), ("DELETE", None)):
            assert manage(method, voucher, body, caller=who).problem() == "forbidden"


@pytest.mark.parametrize(
    ("terms", "slug"),
    [
        ({"code": "SHORT"}, "invalid"),
        ({"code": "=SUM(A1)"}, "invalid"),
        ({"code": "-FRIENDS"}, "invalid"),
        ({"code": "two words"}, "invalid"),
        ({"code": "C" * 41}, "invalid"),
        ({"kind": "gift"}, "invalid"),
        ({"value": 101}, "voucher"),
        ({"value": 0}, "voucher"),
        ({"value": -1}, "invalid"),
        ({"value": 2.5}, "invalid"),
        ({"kind": "fixed", "value": 0}, "voucher"),
        ({"kind": "free", "value": 5}, "voucher"),
        ({"kind": "none", "value": 0}, "voucher"),
        ({"unlocks_hidden": True}, "voucher"),
        ({"max_uses": 0}, "invalid"),
        ({"max_per_person": "2"}, "invalid"),
        ({"ticket_type_ids": ["typ#1"]}, "invalid"),
        ({"valid_from": "2026-01-01"}, "invalid"),
        ({"valid_from": "2027-01-02T00:00:00Z", "valid_until": "2027-01-01T00:00:00Z"}, "voucher"),
        ({"note": "a\nb"}, "invalid"),
        ({"discount": 5}, "invalid"),
    ],
)
def test_a_bad_voucher_is_refused(table: Table, terms: Any, slug: str) -> None:
    with unchanged(table):
        answer = add(**terms)
    assert (answer.status, answer.problem()) == (422, slug)


def test_a_code_shows_what_it_gives_without_a_log_in(table: Table) -> None:
    stock(changed("typ_1"), changed("typ_2", hidden=True, price=Money(9900, "EUR")), changed("typ_3", hidden=True))
    made(ticket_type_ids=["typ_1", "typ_2"], unlocks_hidden=True, max_per_person=2)
    found = check("friends-20").json
    assert (found["code"], found["kind"], found["value"], found["max_per_person"]) == ("FRIENDS-20", "percent", 20, 2)
    assert [
        (each["ticket_type"]["ticket_type_id"], each["ticket_type"]["price"]["amount"], each["discounted_price"]["amount"])
        for each in found["ticket_types"]
    ] == [("typ_1", 4900, 3920), ("typ_2", 9900, 7920)]
    assert "note" not in found


def test_codes_that_are_not_there_are_answered_alike(table: Table) -> None:
    stock(changed())
    deleted = made("DELETED")
    manage("DELETE", deleted)
    answers = [check("DELETED"), check("NEVER-WAS"), check("FRIENDS-20", "cnf_9")]
    assert {answer.problem() for answer in answers} == {"unknown-voucher"}
    assert len({answer.body for answer in answers}) == 1


def test_a_code_that_does_not_work_now_says_why_to_who_has_it(table: Table) -> None:
    stock(changed())
    hour = timedelta(hours=1)
    made("TOMORROW", valid_from=iso(now() + hour))
    made("YESTERDAY", valid_until=iso(now() - hour))
    made("GONE-01", max_uses=1)
    use(1, "GONE-01")
    assert [check(code).problem() for code in ("TOMORROW", "YESTERDAY", "GONE-01")] == [
        "voucher-not-yet",
        "voucher-expired",
        "voucher-used-up",
    ]


@pytest.mark.parametrize("other", ["typ_1", "pool_hall", "no-such-kind"])
def test_what_is_no_voucher_is_not_found_as_one(table: Table, other: str) -> None:
    stock(hall(10), changed())
    with unchanged(table):
        assert manage("GET", other).problem() == manage("DELETE", other).problem() == "not-found"
        assert manage("PATCH", other, {"note": "?"}).problem() == "not-found"


def test_what_is_paid_too_late_is_refunded_where_the_voucher_is_used_up(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(changed(capacity=5))
    voucher = made(max_uses=1)
    late = use(payment={"method": "simulated", "token": "tok_late:3600"}).json["id"]
    release(table, "expired", late)
    assert use(caller=EVE, **PAID_AT_ONCE).json["status"] == "paid"
    tomorrow(monkeypatch)
    remind(table)
    ended = call(api.handler, "GET", f"/orders/{late}", caller=BOB).json
    assert (ended["status"], ended["refunds"][0]["status"], ended["payment"]["status"]) == ("expired", "settled", "refunded")
    assert books(table) == {"typ_1": Book(5, 4, 0, 1), voucher: Book(1, 0, 0, 1)}
