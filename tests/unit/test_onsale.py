"""A buyer of the on-sale is a client as one should be: it asks again, with the same key, and believes only what decides."""

from collections.abc import Callable

import httpx

from localstack.client import Person
from localstack.onsale import Buyer

PAID = {"id": "ord_1", "status": "paid"}


def buyer(answer: Callable[[httpx.Request], httpx.Response]) -> Buyer:
    http = httpx.Client(transport=httpx.MockTransport(answer))
    return Buyer(Person("http://api.test", http, tokens={"access_token": "t"}), "pays at once")


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
