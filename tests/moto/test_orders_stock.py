"""The stock of a ticket type as messages make and change it, and the books that must balance whatever happens."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from functions.orders import api, worker
from functions.orders.cache import recent_offers
from functions.orders.items_stock import ShardItem, TypeItem, pool_key, shard_key
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


@pytest.mark.parametrize(("opened", "held", "raised", "count"), [(60, 4, 300, 12), (1, 1, 5000, 64), (30, 10, 31, 2)])
def test_a_raised_capacity_is_spread_over_as_many_shards_as_it_needs(
    table: Table, opened: int, held: int, raised: int, count: int
) -> None:
    stock(changed(capacity=opened))
    assert order(basket(held)).status == 201
    stock(changed(capacity=raised, revision=2))
    assert books(table) == {"typ_1": Book(raised, raised - held, held, 0)}
    assert len(shards(table)) == count


def test_shards_end_near_equal_however_uneven_they_were(table: Table) -> None:
    stock(changed(capacity=26))  # 13 and 13
    assert order(basket(10)).status == 201
    stock(changed(capacity=250, revision=2))
    assert shards(table) == [24] * 10


def test_a_lowered_capacity_keeps_its_shards(table: Table) -> None:
    stock(changed(capacity=5000), changed(capacity=1, revision=2))
    assert books(table) == {"typ_1": Book(1, 1, 0, 0)}
    assert len(shards(table)) == 64


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


def expire(table: Table, order_id: str) -> None:
    [due] = [message for message in table.outbox() if isinstance(message, OrderReserved) and message.order_id == order_id]
    assert deliver(worker.handler, replace(due, expires_at=now())) == []


def release(table: Table, how: str, order_id: str) -> None:
    if how == "expired":
        expire(table, order_id)
    else:
        assert cancel(order_id).status == 200


def oversubscribed() -> list[str]:
    """Six seats held by three orders and four sold where ten were wanted once and five are now; the orders that hold."""
    stock(changed(capacity=10))
    held = [order(basket(2)).json["id"] for _ in range(3)]
    assert order(basket(4, **PAID_AT_ONCE)).status == 201
    stock(changed(capacity=5, revision=2))
    return held


HOW = pytest.mark.parametrize("how", ["expired", "cancelled"])


@HOW
def test_seats_that_come_back_are_retired_until_no_more_are_out_than_wanted(table: Table, how: str) -> None:
    held = oversubscribed()
    ledger = [books(table)["typ_1"]]
    for order_id in held:
        release(table, how, order_id)
        ledger.append(books(table)["typ_1"])
    assert ledger == [Book(10, 0, 6, 4), Book(8, 0, 4, 4), Book(6, 0, 2, 4), Book(5, 1, 0, 4)]
    assert order(basket(1, **PAID_AT_ONCE)).status == 201
    assert order(basket(1)).problem() == "sold-out"


@HOW
def test_a_seat_is_retired_once_however_often_its_hold_ends(table: Table, how: str) -> None:
    held = oversubscribed()
    release(table, how, held[0])
    with unchanged(table):
        release(table, how, held[0])


@HOW
def test_an_order_that_drew_from_several_shards_retires_some_and_returns_the_rest(table: Table, how: str) -> None:
    stock(changed(capacity=30, max_per_order=20))
    group = order(basket(20)).json["id"]  # no single shard has 20
    assert order(basket(10, **PAID_AT_ONCE)).status == 201
    stock(changed(capacity=18, revision=2))
    release(table, how, group)
    assert books(table) == {"typ_1": Book(18, 8, 0, 10)}


def test_each_type_of_an_order_is_retired_as_its_own_capacity_wants(table: Table) -> None:
    stock(changed("typ_1", capacity=2), changed("typ_2", capacity=2))
    lines = [{"ticket_type_id": each, "quantity": 2} for each in ("typ_1", "typ_2")]
    both = order({"conference_id": CONFERENCE, "lines": lines}).json["id"]
    stock(changed("typ_2", capacity=1, revision=2))
    assert cancel(both).status == 200
    assert books(table) == {"typ_1": Book(2, 2, 0, 0), "typ_2": Book(1, 1, 0, 0)}


@pytest.mark.parametrize(("wanted", "book"), [(7, Book(8, 0, 4, 4)), (8, Book(8, 0, 4, 4)), (9, Book(9, 1, 4, 4))])
def test_a_capacity_is_raised_from_what_is_in_force(table: Table, wanted: int, book: Book) -> None:
    first, second, _ = oversubscribed()
    expire(table, first)
    stock(changed(capacity=wanted, revision=3))
    assert books(table) == {"typ_1": book}
    expire(table, second)
    assert books(table) == {"typ_1": Book(wanted, wanted - 6, 2, 4)}


def test_a_copy_from_before_it_said_what_is_wanted_puts_seats_back_on_sale(table: Table) -> None:
    stock(changed(capacity=3))
    held = order(basket(2)).json["id"]
    TypeItem(*pool_key(CONFERENCE, "typ_1")).update(actions=[TypeItem.wanted.remove()])
    ShardItem(*shard_key("typ_1", 0)).update(actions=[ShardItem.revision.remove()])
    expire(table, held)
    assert books(table) == {"typ_1": Book(3, 3, 0, 0)}
    stock(changed(capacity=2, revision=2))
    assert books(table) == {"typ_1": Book(2, 2, 0, 0)}


def test_a_purchase_in_the_middle_of_a_change_is_counted(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(changed(capacity=10))
    interrupt(Wire.tapped(monkeypatch), monkeypatch, lambda: buy(8))
    stock(changed(capacity=5, revision=2))
    assert books(table) == {"typ_1": Book(8, 0, 8, 0)}


def buy(quantity: int) -> None:
    assert order(basket(quantity)).status == 201


@HOW
@pytest.mark.parametrize("wanted", [5, 8, 9, 12])
def test_a_release_in_the_middle_of_a_change_is_counted(
    table: Table, monkeypatch: pytest.MonkeyPatch, how: str, wanted: int
) -> None:
    """The change had read that nothing was free, or what capacity was in force, before seats came back."""
    held = oversubscribed()
    interrupt(Wire.tapped(monkeypatch), monkeypatch, lambda: release(table, how, held[0]))
    stock(changed(capacity=wanted, revision=3))
    assert books(table) == {"typ_1": Book(max(8, wanted), max(0, wanted - 8), 4, 4)}


@HOW
def test_seats_that_come_back_while_capacity_is_lowered_are_not_left_on_sale(
    table: Table, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    stock(changed(capacity=10))
    held = order(basket(3)).json["id"]
    assert order(basket(6, **PAID_AT_ONCE)).status == 201
    interrupt(Wire.tapped(monkeypatch), monkeypatch, lambda: release(table, how, held))
    stock(changed(capacity=5, revision=2))
    assert books(table) == {"typ_1": Book(6, 0, 0, 6)}


@HOW
@pytest.mark.parametrize("wanted", [5, 8, 12])
def test_a_change_in_the_middle_of_a_release_is_heeded(
    table: Table, monkeypatch: pytest.MonkeyPatch, how: str, wanted: int
) -> None:
    """The release had read that as many were out as wanted, and the change finds nothing free to take."""
    stock(changed(capacity=10))
    held = order(basket(3)).json["id"]
    assert order(basket(7, **PAID_AT_ONCE)).status == 201
    interrupt(Wire.tapped(monkeypatch), monkeypatch, lambda: stock(changed(capacity=wanted, revision=2)))
    release(table, how, held)
    assert books(table) == {"typ_1": Book(max(7, wanted), max(0, wanted - 7), 0, 7)}


@HOW
@pytest.mark.parametrize("wanted", [4, 7, 9, 12])
def test_a_change_in_the_middle_of_a_retirement_is_heeded(
    table: Table, monkeypatch: pytest.MonkeyPatch, how: str, wanted: int
) -> None:
    held = oversubscribed()
    interrupt(Wire.tapped(monkeypatch), monkeypatch, lambda: stock(changed(capacity=wanted, revision=3)))
    release(table, how, held[0])
    assert books(table) == {"typ_1": Book(max(8, wanted), max(0, wanted - 8), 4, 4)}


@pytest.mark.parametrize("seed", range(2))
def test_any_run_of_sales_releases_and_changes_keeps_the_books(table: Table, seed: int) -> None:
    dice = Random(seed)
    stock(changed(capacity=dice.choice([1, 30, 60])))
    held: list[str] = []
    for revision in range(2, 22):
        match dice.choice(["buy", "buy", "release", "change"]):
            case "buy":
                placed = order(basket(dice.randint(1, 10)))
                held += [placed.json["id"]] if placed.status == 201 else []
            case "release" if held:
                release(table, dice.choice(["expired", "cancelled"]), held.pop(dice.randrange(len(held))))
            case "change":
                stock(changed(capacity=dice.randint(0, 120), revision=revision))
        books(table)


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
