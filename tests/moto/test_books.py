"""The checker of the books finds nothing where all is well, and names each thing that is not."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from typing import Any

import boto3
import pytest

from functions.orders import api, ledger_worker, worker
from functions.tickets import worker as tickets_worker
from localstack.books import EXPIRY, Books, Imbalance, imbalances
from shared.caller import Caller
from shared.clock import iso, now
from shared.delay import _queue
from shared.ids import derived_id
from shared.messages import OrderPaid
from tests.moto.stock import changed
from tests.moto.tickets import keep_secret
from tests.support import Table, call, deliver

CONFERENCE, REGULAR = derived_id("cnf", "books"), derived_id("typ", "books")
BOB = Caller(derived_id("usr", "bob"), "bob@example.org", "Bob")

Rows = list[dict[str, Any]]


@pytest.fixture
def rows(table: Table, monkeypatch: pytest.MonkeyPatch) -> Rows:
    """30 seats on sale, of which 12 are sold in one order and 1 is held; one order was cancelled."""
    keep_secret(monkeypatch)
    monkeypatch.setenv("QUEUE_URL", boto3.client("sqs").create_queue(QueueName="orders")["QueueUrl"])
    _queue.cache_clear()
    on_sale = changed(REGULAR, capacity=30, max_per_order=20, conference_id=CONFERENCE)
    assert not deliver(worker.handler, on_sale)
    _order(12, payment={"method": "simulated"})
    _order(1)
    assert call(api.handler, "POST", f"/orders/{_order(2)}/cancel", caller=BOB).status == 200
    paid = [message for message in table.outbox() if isinstance(message, OrderPaid)]
    assert not deliver(tickets_worker.handler, *paid)
    for each in (worker.handler, ledger_worker.handler):
        assert not deliver(each, *[message for message in table.outbox() if type(message) in each.reactions])
    return table.items()


def _order(quantity: int, **more: Any) -> str:
    lines = [{"ticket_type_id": REGULAR, "quantity": quantity}]
    answer = call(api.handler, "POST", "/orders", {"conference_id": CONFERENCE, "lines": lines, **more}, caller=BOB)
    assert answer.status == 201, answer
    return str(answer.json["id"])


def wrong(rows: Rows, *, later: timedelta = timedelta(0)) -> list[Imbalance]:
    """Of one table: the tests keep both contexts' items in the same."""
    return imbalances(Books(rows, rows), now() + later)


def order(rows: Rows, status: str) -> dict[str, Any]:
    return next(row for row in rows if row["kind"] == "Order" and row["status"] == status)


def shard(rows: Rows) -> dict[str, Any]:
    return next(row for row in rows if row["kind"] == "Shard")


def lose_a_seat(rows: Rows) -> None:
    shard(rows)["free"] -= 1


def oversell(rows: Rows) -> None:
    one, other = [row for row in rows if row["kind"] == "Shard"]
    other["free"] += one["free"] + 1
    one["free"] = -1


def lose_a_shard(rows: Rows) -> None:
    rows.remove(next(row for row in rows if row["kind"] == "Shard"))


def lose_the_copy(rows: Rows) -> None:
    rows[:] = [row for row in rows if row["kind"] != "TicketTypeCopy"]


def hold_fewer_than_ordered(rows: Rows) -> None:
    line = order(rows, "reserved")["lines"][0]
    line["quantity"] += 1
    assert json.loads(line["seats"])


def forget_the_payment(rows: Rows) -> None:
    del order(rows, "paid")["payment"]


def charge_a_cancelled_order(rows: Rows) -> None:
    order(rows, "cancelled")["payment"] = order(rows, "paid")["payment"]


def lose_a_ticket(rows: Rows) -> None:
    rows.remove(next(row for row in rows if row["kind"] == "Ticket"))


def issue_a_ticket_twice(rows: Rows) -> None:
    rows.append({**next(row for row in rows if row["kind"] == "Ticket"), "pk": "TICKET#another"})


def issue_a_ticket_to_nobody(rows: Rows) -> None:
    rows.append({**next(row for row in rows if row["kind"] == "Ticket"), "pk": "TICKET#another", "order": "ord_nobody"})


def issue_a_ticket_unpaid(rows: Rows) -> None:
    ticket = next(row for row in rows if row["kind"] == "Ticket")
    rows.append({**ticket, "pk": "TICKET#another", "order": order(rows, "reserved")["order_id"]})


def count_a_sale_twice(rows: Rows) -> None:
    next(row for row in rows if row["kind"] == "LedgerTotal" and row.get("paid"))["paid"] += 12


def miscount_the_revenue(rows: Rows) -> None:
    next(row for row in rows if row["kind"] == "LedgerTotal" and row.get("revenue"))["revenue"] += 1


def keep_a_shard_for_nobody(rows: Rows) -> None:
    shard(rows)["joined"] = 1


def keep_a_pool_for_nobody(rows: Rows) -> None:
    next(row for row in rows if row["kind"] == "TicketTypeCopy")["awaited"] = True
    for each in rows:
        if each["kind"] == "Shard":
            each["joined"] = 1


def lose_a_place(rows: Rows) -> None:
    rows.append({"kind": "WaitingEntry", "pk": "WAIT#wtl_1", "sk": "WAIT", "state": "waiting"})


def leave_a_place(rows: Rows) -> None:
    rows.append({"kind": "Place", "pk": f"LINE#{REGULAR}", "sk": "1#wtl_1", "entry_id": "wtl_1", "ticket_type_id": REGULAR})


def test_books_that_balance_have_nothing_to_tell(rows: Rows) -> None:
    assert wrong(rows) == []
    assert Books(rows, rows).summary() == "3 orders (1 cancelled, 1 paid, 1 reserved), 17 seats free"


@pytest.mark.parametrize(
    ("damage", "rules"),
    [
        (lose_a_seat, {"seats"}),
        (oversell, {"oversold shard"}),
        (lose_a_shard, {"shards", "seats"}),
        (lose_the_copy, {"pool"}),
        (hold_fewer_than_ordered, {"line", "totals"}),
        (forget_the_payment, {"payment"}),
        (charge_a_cancelled_order, {"payment"}),
        (lose_a_ticket, {"tickets"}),
        (issue_a_ticket_twice, {"tickets"}),
        (issue_a_ticket_to_nobody, {"tickets"}),
        (issue_a_ticket_unpaid, {"tickets"}),
        (count_a_sale_twice, {"totals"}),
        (miscount_the_revenue, {"money"}),
        (keep_a_shard_for_nobody, {"kept"}),
        (keep_a_pool_for_nobody, {"kept"}),
        (lose_a_place, {"place"}),
        (leave_a_place, {"place", "kept"}),
    ],
)
def test_each_imbalance_is_named(rows: Rows, damage: Callable[[Rows], None], rules: set[str]) -> None:
    damaged = deepcopy(rows)
    damage(damaged)
    assert {imbalance.rule for imbalance in wrong(damaged)} == rules


def test_a_hold_is_overdue_ten_seconds_after_its_end_and_no_sooner(rows: Rows) -> None:
    held = order(rows, "reserved")
    held["expires_at"] = iso(now())
    assert wrong(rows, later=EXPIRY - timedelta(seconds=5)) == []
    assert {(imbalance.rule, imbalance.what) for imbalance in wrong(rows, later=EXPIRY + timedelta(seconds=1))} == {
        ("hold", held["order_id"])
    }


def test_a_report_names_ids_and_no_person(rows: Rows) -> None:
    lose_a_ticket(rows)
    forget_the_payment(rows)
    told = "\n".join(map(str, wrong(rows)))
    assert order(rows, "paid")["order_id"] in told
    assert "Bob" not in told
    assert "@" not in told
