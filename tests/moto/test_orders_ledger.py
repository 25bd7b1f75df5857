"""What organisers see of the orders of their conference, and that it is true whatever the messages do."""

import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
from pynamodb.exceptions import TransactWriteError

from functions.orders import api, dynamo_ledger, ledger_worker, use_cases_ledger
from functions.orders.dynamo_ledger import DynamoLedger
from functions.orders.items_ledger import EntryItem
from functions.orders.ledger import Entry
from shared.caller import Caller
from shared.clock import now
from shared.delay import _queue
from shared.messages import Message, OrderReserved
from tests.moto.stock import ADA, BOB, CONFERENCE, EVE, PAID_AT_ONCE, Wire, basket, changed, order, run_out, stock
from tests.moto.test_orders_api import cancel, get, pay
from tests.support import Answer, Table, call, deliver

STAFF = Caller("usr_dewi", "dewi@example.org", "Dewi", {CONFERENCE: "staff"})
RIVAL = Caller("usr_rival", "rival@example.org", "Rival", {"cnf_2": "organizer"})
URL = f"/orders/conferences/{CONFERENCE}"


@pytest.fixture(autouse=True)
def queue(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Holds that last go back to it."""
    monkeypatch.setenv("QUEUE_URL", boto3.client("sqs").create_queue(QueueName="orders")["QueueUrl"])
    _queue.cache_clear()
    yield
    _queue.cache_clear()


@pytest.fixture
def sold(table: Table) -> list[str]:
    """Three orders: Bob's of two, paid; Eve's, cancelled; Bob's of a student, reserved. Their ids."""
    stock(changed(), changed("typ_student", name="Student"))
    ids = [
        order(basket(2, **PAID_AT_ONCE)).json["id"],
        order(basket(1), caller=EVE).json["id"],
        order(basket(1, "typ_student")).json["id"],
    ]
    assert cancel(ids[1], caller=EVE).status == 200
    told(table)
    return ids


def told(table: Table) -> None:
    assert deliver(ledger_worker.handler, *heard(table)) == []


def heard(table: Table) -> list[Message]:
    return [message for message in table.outbox() if type(message).__name__.startswith("Order")]


def listed(query: str = "", caller: Caller = ADA) -> list[str]:
    return [each["id"] for each in get(f"{URL}?{query}", caller).json["items"]]


# Listing


def test_orders_are_listed_newest_first_with_what_they_are(sold: list[str]) -> None:
    assert listed() == sold[::-1]
    shown = get(URL, ADA).json["items"][2]
    assert (shown["status"], shown["buyer_name"], shown["buyer_email"]) == ("paid", "Bob", "bob@example.org")
    assert shown["total"] == {"amount": 9800, "currency": "EUR"}
    assert [ticket["attendee"]["name"] for ticket in shown["tickets"]] == ["Bob", "Bob"]


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("status=paid", [0]),
        ("status=reserved", [2]),
        ("status=refunded", []),
        ("ticket_type_id=typ_student", [2]),
        ("ticket_type_id=typ_1", [1, 0]),
        ("ticket_type_id=typ_9", []),
        ("status=cancelled&ticket_type_id=typ_1", [1]),
        ("q=eve", [1]),
        ("q=BOB@", [2, 0]),
        ("q=bob&status=paid", [0]),
        ("q=eve&ticket_type_id=typ_student", []),
        ("q=nobody", []),
        ("q=+", [2, 1, 0]),
        ("day=2020-02-29", []),
    ],
)
def test_filters_narrow_the_list(sold: list[str], query: str, places: list[int]) -> None:
    assert listed(query) == [sold[place] for place in places]


def test_orders_of_a_day_are_those_placed_on_it_at_the_conference(sold: list[str]) -> None:
    day = get(URL, ADA).json["items"][0]["day"]
    assert listed(f"day={day}") == sold[::-1]
    assert listed(f"day={day}&status=paid&ticket_type_id=typ_1") == [sold[0]]
    assert listed(f"day={day}&q=bob") == [sold[2], sold[0]]


def test_an_order_is_found_by_its_id(sold: list[str]) -> None:
    assert [listed(f"q={each}") for each in sold] == [[each] for each in sold]


def test_an_order_whose_words_begin_alike_is_found_once(table: Table) -> None:
    stock(changed())
    bobby = Caller("usr_bobby", "bobby@example.org", "Bob Bobson Bobby")
    placed = order(basket(1), caller=bobby).json["id"]
    told(table)
    assert listed("q=bob") == [placed]
    pages = list(paged("q=bob", limit=1))
    assert [each for page in pages for each in page] == [placed]


@pytest.mark.parametrize("query", ["", "status=reserved", "ticket_type_id=typ_1", "ticket_type_id=typ_1&status=reserved", "q=bob"])
def test_a_list_is_read_page_by_page(table: Table, query: str) -> None:
    stock(changed())
    placed = [order(basket(1)).json["id"] for _ in range(5)]
    told(table)
    pages = list(paged(query, limit=2))
    assert [each for page in pages for each in page] == placed[::-1]
    assert max(map(len, pages)) <= 2


def paged(query: str, limit: int) -> Iterator[list[str]]:
    cursor: str | None = ""
    while cursor is not None:
        answer = get(f"{URL}?{query}&limit={limit}" + (f"&cursor={cursor}" if cursor else ""), ADA).json
        yield [each["id"] for each in answer["items"]]
        cursor = answer["next_cursor"]


# Totals


def test_totals_tell_tickets_and_money_by_type_and_day(sold: list[str]) -> None:
    totals = get(f"{URL}/totals", ADA).json
    day = get(URL, ADA).json["items"][0]["day"]
    assert [each["day"] for each in totals["days"]] == [day]
    assert totals["days"][0]["total"] == totals["total"]
    assert totals["days"][0]["ticket_types"] == totals["ticket_types"]
    nothing = {f"tickets_{state}": 0 for state in ("reserved", "paid", "refunded", "expired", "cancelled")}
    nothing |= {"revenue": {"amount": 0, "currency": "EUR"}, "refunded": {"amount": 0, "currency": "EUR"}}
    assert totals["ticket_types"] == [
        {
            "ticket_type_id": "typ_1",
            "name": "Regular",
            "total": nothing | {"tickets_paid": 2, "tickets_cancelled": 1, "revenue": {"amount": 9800, "currency": "EUR"}},
        },
        {"ticket_type_id": "typ_student", "name": "Student", "total": nothing | {"tickets_reserved": 1}},
    ]


def test_a_conference_that_sold_nothing_has_no_totals(table: Table) -> None:
    assert get(f"{URL}/totals", ADA).json == {"conference_id": CONFERENCE, "total": None, "ticket_types": [], "days": []}


def test_messages_count_once_in_whatever_order_and_however_often_they_come(table: Table) -> None:
    stock(changed())
    bought = order(basket(2)).json["id"]
    pay(bought)
    left = order(basket(3)).json["id"]
    run_out(table)
    messages = heard(table)
    assert len(messages) >= 4
    for way in permutations(messages):
        assert deliver(ledger_worker.handler, *way, *way) == []
        total = get(f"{URL}/totals", ADA).json["total"]
        assert (total["tickets_paid"], total["tickets_expired"], total["tickets_reserved"]) == (2, 3, 0)
        assert total["revenue"]["amount"] == 9800
    assert listed() == [left, bought]
    assert listed("status=reserved") == []


def test_a_change_between_reading_and_writing_counts_once(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(changed())
    placed = order(basket(2)).json["id"]
    interrupted = []
    replace_entry = DynamoLedger.replace

    def overtaken(self: DynamoLedger, *arguments: Any) -> None:
        if not interrupted:
            interrupted.append(placed)
            pay(placed)
            told(table)  # another worker enters the payment first
        replace_entry(self, *arguments)

    monkeypatch.setattr(DynamoLedger, "replace", overtaken)
    told(table)
    total = get(f"{URL}/totals", ADA).json["total"]
    assert (total["tickets_reserved"], total["tickets_paid"], total["revenue"]["amount"]) == (0, 2, 9800)


def test_whoever_meets_another_in_the_totals_adds_elsewhere(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(changed())
    order(basket(2))
    places: list[int] = []
    wire = Wire.tapped(monkeypatch)

    def conflict(operation: str, request: Any) -> None:
        if operation == "TransactWriteItems":
            updated = [each["Update"]["Key"]["sk"]["S"] for each in request["TransactItems"] if "Update" in each]
            places.extend(int(sk.rsplit("#")[-1]) for sk in updated)
            if len(places) < 3:
                raise conflicting(request)

    wire.before = conflict
    told(table)
    assert len(places) == 3
    assert len(set(places)) > 1
    assert dynamo_ledger._Place.shard == places[-1]
    assert get(f"{URL}/totals", ADA).json["total"]["tickets_reserved"] == 2


def conflicting(request: Any) -> Exception:
    from botocore.exceptions import ClientError

    reasons = [{"Code": "None"}] * (len(request["TransactItems"]) - 1) + [{"Code": "TransactionConflict"}]
    error = {"Error": {"Code": "TransactionCanceledException", "Message": "conflict"}, "CancellationReasons": reasons}
    return ClientError(error, "TransactWriteItems")  # type: ignore[arg-type]  # as botocore makes it


def test_a_failure_of_the_database_is_tried_again_by_the_queue(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(changed())
    order(basket(1))

    def fail(*_: Any) -> None:
        raise TransactWriteError("down")

    with monkeypatch.context() as broken:
        broken.setattr(dynamo_ledger, "transact", fail)
        assert len(deliver(ledger_worker.handler, *heard(table))) == 1
    told(table)
    assert len(listed()) == 1


def test_a_message_of_an_order_that_is_not_there_is_let_go(table: Table) -> None:
    stray = OrderReserved(conference_id=CONFERENCE, order_id="ord_9", buyer_id="usr_bob", expires_at=now() + timedelta(hours=1))
    assert deliver(ledger_worker.handler, stray) == []
    assert listed() == []


# Exporting


def exported(query: str = "", caller: Caller = ADA, **headers: str) -> Answer:
    return call(api.handler, "GET", f"{URL}/export.csv{query}", caller=caller, headers=headers)


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_an_export_has_every_ticket(sold: list[str]) -> None:
    answer = exported()
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="orders-{CONFERENCE}.csv"'
    assert [(row["order_id"], row["order_status"]) for row in rows(answer.body)] == [
        (sold[2], "reserved"),
        (sold[1], "cancelled"),
        (sold[0], "paid"),
        (sold[0], "paid"),
    ]
    assert "Link" not in answer.headers


def test_an_export_is_compressed_for_who_takes_it_so_and_narrowed_as_the_list_is(sold: list[str]) -> None:
    answer = exported("?status=paid", **{"accept-encoding": "gzip, br"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert {row["order_id"] for row in rows(gzip.decompress(answer.body))} == {sold[0]}


def test_a_large_export_goes_on_where_its_link_says(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(changed())
    placed = order(basket(1)).json["id"]
    told(table)
    (item,) = [item for item in EntryItem.query(f"LEDGER#{CONFERENCE}") if isinstance(item, EntryItem)]
    entry = item.to_domain()
    with EntryItem.batch_write() as batch:
        for number in range(1000):
            batch.save(EntryItem.of(copy(entry, number)))
    monkeypatch.setattr(use_cases_ledger, "ENOUGH", 50_000)
    data, link, parts = b"", "?status=reserved", 0
    while link:
        answer = exported(link)
        data, parts = data + answer.body, parts + 1
        link = answer.headers.get("Link", "").partition(">")[0].removeprefix("<")
        assert not link or parse_qs(link[1:])["status"] == ["reserved"]
    assert parts > 2
    found = [row["order_id"] for row in rows(data)]
    assert len(found) == len(set(found)) == 1001
    assert placed in found


def copy(entry: Entry, number: int) -> Entry:
    return replace(entry, order_id=f"ord_{number:04}", created_at=entry.created_at - timedelta(seconds=number))


# Who may


@pytest.mark.parametrize(
    ("path", "allowed"), [("", {"organizer", "staff"}), ("/totals", {"organizer"}), ("/export.csv", {"organizer"})]
)
def test_only_the_conference_s_own_people_see_its_orders(sold: list[str], path: str, allowed: set[str]) -> None:
    for role, caller in {"organizer": ADA, "staff": STAFF}.items():
        assert get(f"{URL}{path}", caller).status == (200 if role in allowed else 403), (path, role)
    for stranger in (BOB, EVE, RIVAL):
        assert get(f"{URL}{path}", stranger).problem() == "forbidden"
    assert call(api.handler, "GET", f"{URL}{path}").problem() == "unauthenticated"


def test_another_conference_s_orders_are_not_listed(sold: list[str]) -> None:
    assert get("/orders/conferences/cnf_2", RIVAL).json == {"items": [], "next_cursor": None}
    (cursor,) = [get(f"{URL}?limit=1", ADA).json["next_cursor"]]
    assert get(f"/orders/conferences/cnf_2?cursor={cursor}", RIVAL).problem() == "malformed"
    assert get(f"{URL}?status=paid&cursor={cursor}", ADA).problem() == "malformed"
    assert get(f"{URL}?q=bob&cursor={cursor}", ADA).problem() == "malformed"


@pytest.mark.parametrize("path", ["", "/export.csv"])
@pytest.mark.parametrize(
    "query",
    [
        "status=lost",
        "ticket_type_id=a%23b",
        "day=yesterday",
        "day=2026-02-30",
        "day=1700-01-01",
        "day=9999-12-31",
        "q=",
        f"q={'x' * 201}",
        f"cursor={'x' * 1025}",
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(table: Table, path: str, query: str) -> None:
    assert get(f"{URL}{path}?{query}", ADA).problem() == "invalid"


@pytest.mark.parametrize("cursor", ["x", "e30", "%F0%9F%98%80"])
def test_a_cursor_from_elsewhere_is_refused(table: Table, cursor: str) -> None:
    assert get(f"{URL}?cursor={cursor}", ADA).problem() == "malformed"


@pytest.mark.parametrize("limit", ["0", "101", "x"])
def test_a_page_has_bounds(table: Table, limit: str) -> None:
    assert get(f"{URL}?limit={limit}", ADA).problem() == "invalid"


def test_reading_costs_one_round_trip_and_looking_up_two(sold: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire.tapped(monkeypatch)
    for query, operations in {
        "": ["Query"],
        "status=paid": ["Query"],
        "day=2026-01-01": ["Query"],
        "ticket_type_id=typ_1": ["Query", "BatchGetItem"],
        "ticket_type_id=typ_1&status=refunded": ["Query", "BatchGetItem"],
        "q=bob": ["Query", "BatchGetItem"],
    }.items():
        wire.calls.clear()
        assert get(f"{URL}?{query}", ADA).status == 200
        assert [operation for operation, _ in wire.calls] == operations, query
    wire.calls.clear()
    get(f"{URL}/totals", ADA)
    assert [operation for operation, _ in wire.calls] == ["Query"]
