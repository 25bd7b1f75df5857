"""What the tests of orders share: ticket types as messages make them, orders, the books, and a wire that can be cut."""

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
from functions.orders.cache import recent_offers
from shared.caller import Caller
from shared.clock import now
from shared.messages import OrderReserved, PoolChanged, TicketTypeChanged
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


def stock(*messages: TicketTypeChanged | PoolChanged) -> None:
    assert deliver(worker.handler, *messages) == []


def basket(quantity: int = 1, ticket_type_id: str = "typ_1", **other: Any) -> dict[str, Any]:
    lines = [{"ticket_type_id": ticket_type_id, "quantity": quantity}]
    return {"conference_id": CONFERENCE, "lines": lines, **other}


PAID_AT_ONCE = {"payment": {"method": "simulated"}}


def order(body: Any, caller: Caller = BOB, key: str | None = None) -> Answer:
    return call(api.handler, "POST", "/orders", body, caller=caller, headers={"Idempotency-Key": key} if key else {})


def availability(conference_id: str = CONFERENCE) -> Answer:
    """What is on sale this instant, not a second ago."""
    recent_offers.cache_clear()
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
    """The seats of each pool, after checking that every one is accounted for and that none is on sale above what is wanted."""
    free: Counter[str] = Counter()
    held: Counter[str] = Counter()
    sold: Counter[str] = Counter()
    shards: Counter[str] = Counter()
    copies: dict[str, Any] = {}
    for item in sorted(table.items(), key=lambda item: item["kind"] == "Order"):
        if item["kind"] == "Shard":
            assert item["free"] >= 0, item
            free[item["pk"].split("#")[1]] += int(item["free"])
            shards[item["pk"].split("#")[1]] += 1
        elif item["kind"] in ("TicketTypeCopy", "Pool", "Voucher"):
            copies[item["sk"].partition("#")[2]] = item
        elif item["kind"] == "Order":
            for line in item["lines"]:
                by_pool = json.loads(line["seats"])
                if any(isinstance(each, int) for each in by_pool.values()):
                    by_pool = {line["ticket_type_id"]: by_pool}
                seats = {pool: sum(shares.values()) for pool, shares in by_pool.items()}
                pools = {line["ticket_type_id"], copies[line["ticket_type_id"]].get("shared_pool_id")} - {None}
                out = {"reserved": held, "paid": sold, "partially_refunded": sold}.get(item["status"], Counter())
                out.update(seats)
                out.subtract(dict.fromkeys(seats, given_back(item, line)))
                assert set(seats) - pools <= {each for each in copies if each.startswith("vou_")}, item
                assert set(seats.values()) == {line["quantity"]}, item
    found = {each: Book(int(copy["capacity"]), free[each], held[each], sold[each]) for each, copy in copies.items()}
    for each, book in found.items():
        wanted = copies[each].get("wanted", book.capacity)
        assert book.free + book.held + book.sold == book.capacity >= wanted, (each, book)
        assert book.capacity == wanted or book.free == 0, (each, book, wanted)
        assert shards[each] == copies[each]["shards"], (each, shards)
    return found


def given_back(order: Any, line: Any) -> int:
    """How many tickets of the line have ended; they are numbered over all lines."""
    before = order["lines"][: order["lines"].index(line)]
    first = 1 + sum(int(each["quantity"]) for each in before)
    ended = {int(number) for number in json.loads(order.get("ended") or "{}")}
    return len(ended & set(range(first, first + int(line["quantity"]))))


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


def interrupt(wire: Wire, monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Have `act` happen once, after all reads and just before the next transaction."""
    real, rush = wire.send, iter([act])

    def send(client: Any, operation: str, request: Any) -> Any:
        if operation == "TransactWriteItems" and (now := next(rush, None)):
            now()
        return real(client, operation, request)

    monkeypatch.setattr(wire, "send", send)


def cancel(order_id: str) -> Answer:
    return call(api.handler, "POST", f"/orders/{order_id}/cancel", caller=BOB)


def shards(table: Table) -> list[int]:
    return [int(item["free"]) for item in table.items() if item["kind"] == "Shard"]


def expire(table: Table, order_id: str) -> None:
    [due] = [message for message in table.outbox() if isinstance(message, OrderReserved) and message.order_id == order_id]
    assert deliver(worker.handler, replace(due, expires_at=now())) == []


def release(table: Table, how: str, order_id: str) -> None:
    if how == "expired":
        expire(table, order_id)
    else:
        assert cancel(order_id).status == 200


HOW = pytest.mark.parametrize("how", ["expired", "cancelled"])
