"""A buyer of the on-sale is a client as one should be: it asks again, with the same key, and believes only what decides."""

from collections.abc import Callable

import httpx
import pytest

from localstack.client import Person, Unexpected
from localstack.onsale import Buyer, Habit

PAID = {"id": "ord_1", "status": "paid"}


def buyer(answer: Callable[[httpx.Request], httpx.Response], habit: Habit = "pays at once") -> Buyer:
    http = httpx.Client(transport=httpx.MockTransport(answer))
    return Buyer(Person("http://api.test", http, tokens={"access_token": "t"}), habit)


def problem(status: int, slug: str) -> httpx.Response:
    kind = {"Content-Type": "application/problem+json"}
    return httpx.Response(status, json={"type": f"urn:ketemu:problem:{slug}"}, headers=kind)


def test_what_got_no_answer_is_asked_again_with_the_same_key() -> None:
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            raise httpx.ReadTimeout("nothing came", request=request)
        return httpx.Response(503, headers={"Retry-After": "0"}) if len(keys) == 2 else httpx.Response(201, json=PAID)

    someone = buyer(answer)
    someone.order("cnf_1", "typ_1")
    assert (someone.told, someone.order_id) == ("paid", "ord_1")
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert someone.answers == {"no answer": 1, "503": 1, "201": 1}


def test_whose_hold_ends_before_the_payment_is_through_asks_anew_and_has_both_on_record() -> None:
    orders: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/payments"):
            return problem(409, "order-expired")
        if request.method == "GET":
            return httpx.Response(200, json={"items": [{"status": status} for status in orders]})
        if b"payment" not in request.content:
            orders.append("expired")
            return httpx.Response(201, json={"id": "ord_1", "status": "reserved"})
        orders.append("expired" if len(orders) == 1 else "paid")
        return problem(409, "paid-too-late") if len(orders) == 2 else httpx.Response(201, json={"id": "ord_3", "status": "paid"})

    someone = buyer(answer, "pays later")
    someone.order("cnf_1", "typ_1")
    assert (someone.told, someone.order_id, someone.lapsed) == ("paid", "ord_3", 2)
    someone.check()
    orders.remove("expired")
    with pytest.raises(Unexpected, match="2 holds ended"):
        someone.check()
