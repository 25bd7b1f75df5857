"""The stock of a ticket type as messages make and change it, and the books that must balance whatever happens."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from functions.orders import api, worker
from shared.caller import Caller
from shared.clock import now
from shared.messages import OrderReserved, TicketTypeChanged
from shared.money import Money
from tests.support import Answer, Table, call, deliver

CONFERENCE = "cnf_1"
ADA = Caller("usr_ada", "ada@example.org", "Ada", {CONFERENCE: "organizer"})
BOB = Caller("usr_bob", "bob@example.org", "Bob")
EVE = Caller("usr_eve", "eve@example.org", "Eve")


def changed(ticket_type_id: str = "typ_1", *, capacity: int = 100, revision: int = 1, **other: Any) -> TicketTypeChanged:
    """A ticket type on sale now at 49.00 EUR."""
    start = now()
    return TicketTypeChanged(
        **{
            "conference_id": CONFERENCE,
            "conference_name": "Ketemu Days",
            "ticket_type_id": ticket_type_id,
            "revision": revision,
            "name": "Regular",
            "price": Money(4900, "EUR"),
            "capacity": capacity,
            "min_per_order": 1,
            "max_per_order": 10,
            "sale_starts_at": start - timedelta(days=1),
            "sale_ends_at": start + timedelta(days=1),
            "hidden": False,
            "valid_from": start + timedelta(days=30),
            "valid_until": start + timedelta(days=31),
            "hold_minutes": 15,
            **other,
        }
    )


def stock(*messages: TicketTypeChanged) -> None:
    assert deliver(worker.handler, *messages) == []


def basket(quantity: int = 1, ticket_type_id: str = "typ_1", **other: Any) -> dict[str, Any]:
    lines = [{"ticket_type_id": ticket_type_id, "quantity": quantity}]
    return {"conference_id": CONFERENCE, "lines": lines, **other}


PAID_AT_ONCE = {"payment": {"method": "simulated"}}


def order(body: Any, caller: Caller = BOB, key: str | None = None) -> Answer:
    return call(api.handler, "POST", "/orders", body, caller=caller, headers={"Idempotency-Key": key} if key else {})


def availability(conference_id: str = CONFERENCE) -> Answer:
    """What is on sale this instant, not a second ago."""
    api.recent_offers.cache_clear()
    return call(api.handler, "GET", f"/orders/availability/{conference_id}")


def run_out(table: Table) -> None:
    """The time of every hold is up: its message, as it comes back from the queue, is delivered."""
    due = [replace(message, expires_at=now()) for message in table.outbox() if isinstance(message, OrderReserved)]
    assert not due or deliver(worker.handler, *due) == []


@dataclass(frozen=True)
class Book:
    capacity: int
    free: int
    held: int
    sold: int


def books(table: Table) -> dict[str, Book]:
    """Each ticket type's seats, after checking that every one is accounted for."""
    free: Counter[str] = Counter()
    held: Counter[str] = Counter()
    sold: Counter[str] = Counter()
    capacity: dict[str, int] = {}
    for item in table.items():
        if item["kind"] == "Shard":
            assert item["free"] >= 0, item
            free[item["pk"].split("#")[1]] += int(item["free"])
        elif item["kind"] == "TicketTypeCopy":
            capacity[item["ticket_type_id"]] = int(item["capacity"])
        elif item["kind"] == "Order":
            for line in item["lines"]:
                seats = sum(json.loads(line["seats"]).values())
                assert seats == line["quantity"], item
                {"reserved": held, "paid": sold}.get(item["status"], Counter())[line["ticket_type_id"]] += seats
    found = {each: Book(capacity[each], free[each], held[each], sold[each]) for each in capacity}
    for each, book in found.items():
        assert book.free + book.held + book.sold == book.capacity, (each, book)
    return found


class Wire:
    """Between the handlers and DynamoDB. Calls are made one at a time, as DynamoDB serialises them (moto alone does not).

    `calls` are the operations made. `before` and `after` may raise what the network or DynamoDB would, given operation and request.
    """

    def __init__(self, make_api_call: Callable[..., Any]) -> None:
        self._make_api_call = make_api_call
        self._lock = threading.Lock()
        self.calls: list[tuple[str, Any]] = []
        self.before: Callable[[str, Any], None] = lambda operation, request: None
        self.after: Callable[[str, Any], None] = lambda operation, request: None

    @classmethod
    def tapped(cls, monkeypatch: pytest.MonkeyPatch) -> "Wire":
        wire = cls(BaseClient._make_api_call)
        monkeypatch.setattr(BaseClient, "_make_api_call", lambda client, *call: wire.send(client, *call))
        return wire

    def send(self, client: Any, operation: str, request: Any) -> Any:
        with self._lock:
            self.calls.append((operation, request))
            self.before(operation, request)
            answer = self._make_api_call(client, operation, request)
            self.after(operation, request)
            return answer

    @property
    def operations(self) -> list[str]:
        return [operation for operation, _ in self.calls]

    def conflict(self, times: int) -> None:
        """The next so many transactions meet another one on their last item and are cancelled."""
        left = iter(range(times))

        def before(operation: str, request: Any) -> None:
            if operation == "TransactWriteItems" and next(left, None) is not None:
                raise conflict(operation, request)

        self.before = before


def conflict(operation: str, request: Any) -> ClientError:
    reasons = [{"Code": "None"}] * (len(request["TransactItems"]) - 1) + [{"Code": "TransactionConflict"}]
    error = {"Code": "TransactionCanceledException", "Message": "Transaction cancelled"}
    return ClientError({"Error": error, "CancellationReasons": reasons}, operation)  # type: ignore[typeddict-unknown-key]


@contextmanager
def unchanged(table: Table) -> Iterator[None]:
    """Nothing is written within."""
    before = table.items()
    yield
    assert table.items() == before


def shards(table: Table) -> list[int]:
    return [int(item["free"]) for item in table.items() if item["kind"] == "Shard"]


def test_the_first_message_of_a_ticket_type_opens_its_stock(table: Table) -> None:
    stock(changed(capacity=60))
    assert books(table) == {"typ_1": Book(60, 60, 0, 0)}
    assert shards(table) == [20, 20, 20]


def test_a_repeated_message_changes_nothing(table: Table) -> None:
    stock(changed(capacity=60))
    with unchanged(table):
        stock(changed(capacity=60), changed(capacity=60))


def test_an_older_revision_is_ignored_in_whatever_order_messages_come(table: Table) -> None:
    stock(changed(capacity=80, revision=3, name="Third"), changed(capacity=50, revision=1), changed(capacity=10, revision=2))
    assert books(table)["typ_1"].capacity == 80
    assert availability().json["ticket_types"][0]["name"] == "Third"


def test_a_raised_capacity_is_added_over_the_shards_that_there_are(table: Table) -> None:
    stock(changed(capacity=60))
    assert order(basket(4)).status == 201
    stock(changed(capacity=300, revision=2))
    assert books(table) == {"typ_1": Book(300, 296, 4, 0)}
    assert len(shards(table)) == 3


def test_a_lowered_capacity_is_taken_from_free_seats(table: Table) -> None:
    stock(changed(capacity=60))
    assert order(basket(4)).status == 201
    stock(changed(capacity=10, revision=2))
    assert books(table) == {"typ_1": Book(10, 6, 4, 0)}


def test_capacity_goes_no_lower_than_what_is_sold_and_held(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    stock(changed(capacity=10))
    assert order(basket(4)).status == 201
    assert order(basket(3, **PAID_AT_ONCE)).status == 201
    stock(changed(capacity=5, revision=2))
    assert books(table) == {"typ_1": Book(7, 0, 4, 3)}
    assert "WARNING" in {record.levelname for record in caplog.records}
    stock(changed(capacity=9, revision=3))
    assert books(table) == {"typ_1": Book(9, 2, 4, 3)}


def test_a_purchase_in_the_middle_of_a_change_is_counted(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(changed(capacity=10))
    wire = Wire.tapped(monkeypatch)
    rush = iter([lambda: order(basket(8))])

    real = wire.send

    def send(client: Any, operation: str, request: Any) -> Any:
        if operation == "TransactWriteItems" and (buy := next(rush, None)):
            assert buy().status == 201
        return real(client, operation, request)

    monkeypatch.setattr(wire, "send", send)
    stock(changed(capacity=5, revision=2))
    assert books(table) == {"typ_1": Book(8, 0, 8, 0)}


def test_a_conflict_while_the_stock_changes_is_tried_again(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.table.time.sleep", lambda seconds: None)
    wire = Wire.tapped(monkeypatch)
    wire.conflict(3)
    stock(changed(capacity=60))
    wire.conflict(3)
    stock(changed(capacity=90, revision=2))
    assert books(table) == {"typ_1": Book(90, 90, 0, 0)}


def test_a_message_that_never_gets_through_goes_back_to_the_queue(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.table.time.sleep", lambda seconds: None)
    wire = Wire.tapped(monkeypatch)
    wire.conflict(1000)
    assert deliver(worker.handler, changed(capacity=60)) == ["m-0"]
    assert table.items() == []
