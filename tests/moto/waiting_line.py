"""What the tests of the waiting list share: a conference that is sold out, people who wait, and the post between."""

from dataclasses import replace
from typing import Any

import pytest

from functions.orders import api, worker
from shared.caller import Caller
from shared.clock import now
from shared.messages import OrderReserved
from tests.moto.stock import BOB, CONFERENCE, Wire, basket, changed, order, stock
from tests.support import Answer, Table, call, deliver

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


def leave(token: str, method: str = "POST") -> Answer:
    return call(api.handler, method, f"{LIST}/leave/{token}")
