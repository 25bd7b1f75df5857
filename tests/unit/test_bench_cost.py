"""The arithmetic of what a conference costs, and that docs/cost.md is what it comes to."""

from collections import Counter
from typing import Any

import pytest

from bench.cost import HABITS, HOURS, PRICES, SERVERS, bill, conference, idle, memory, price, servers, standing
from bench.cost_report import document
from bench.documents import COST
from bench.tally import Count, Tally, kept

SCAN = Tally(
    requests=1,
    bytes_out=1_000,
    read_units=2.5,
    write_units=7,
    events=1,
    deliveries=2,
    invocations=Counter(TicketsApi=1, Relay=1, ContactsWorker=1),
)


def with_assumed(**assumed: Any) -> dict[str, Any]:
    return {**PRICES, "assumed": {**PRICES["assumed"], **assumed}}


def test_the_document_is_what_the_counts_and_the_prices_come_to() -> None:
    """Where this fails: `make cost`."""
    assert COST.read_text() == document(kept())


def test_a_million_units_cost_what_the_table_says() -> None:
    parts = bill(Tally(read_units=1e6, write_units=1_000_000)).parts
    assert parts["DynamoDB"] == pytest.approx(0.125 + 0.625)
    assert bill(Tally(mails=1_000)).total == pytest.approx(0.10)
    assert bill(Tally(objects_put=1_000, objects_read=1_000)).parts["S3"] == pytest.approx(0.0054)
    assert bill(Tally()).total == 0


def test_a_delivery_is_three_requests_of_the_queue_and_so_is_what_is_put_back() -> None:
    used = Tally(deliveries=1_000_000, delayed=1_000_000)
    assert bill(used).parts["SQS"] == pytest.approx(6 * 0.40)


def test_a_function_is_billed_by_its_own_gigabytes_and_seconds_with_its_share_of_cold_starts_and_its_authorizer() -> None:
    ms = {"Api": 20, "Authorizer": 4, "Relay": 10, "Worker": 40, "Paper": 0}
    prices = with_assumed(ms=ms, cold_share=0.5, cold_ms=1000)
    milliseconds = (20 + 4 + 10 + 40) + 4 * 0.5 * 1000
    expected = milliseconds / 1000 * 0.5 * price("gigabyte_second") + 4 * price("invocation")
    assert bill(SCAN, prices).parts["Lambda"] == pytest.approx(expected)


def test_memory_is_that_of_the_template() -> None:
    assert (memory("OrdersApi"), memory("AuthApi")) == (0.5, 1.0)


def test_a_printed_order_is_billed_for_its_printing() -> None:
    prices = with_assumed(ms={**PRICES["assumed"]["ms"], "Paper": 1000})
    printed, not_printed = (bill(Tally(objects_put=put), prices).parts["Lambda"] for put in (1, 0))
    assert printed - not_printed == pytest.approx(memory("TicketsPapersWorker") * price("gigabyte_second"))


def test_a_bill_grows_with_what_was_used() -> None:
    assert bill(SCAN + SCAN + SCAN).total == pytest.approx(3 * bill(SCAN).total)


def test_a_conference_costs_its_month_and_each_habit_as_often_as_it_is_done() -> None:
    counted = {name: Count(name, Tally(mails=1), Tally(mails=1), redis=0) for name in HABITS}
    parts = conference(1_000, counted).parts
    assert parts["SES"] == pytest.approx(1_000 * sum(HABITS.values()) * 2 * price("mail"))
    assert parts["secrets"] == idle().parts["secrets"]


def test_an_idle_month_is_the_polls_of_each_queue_what_stands_and_what_runs_by_the_clock() -> None:
    parts = idle().parts
    assert parts["SQS"] == pytest.approx(8 * 5 * 3 * 60 * HOURS * price("queue_request"))
    assert parts["secrets"] == pytest.approx(2 * price("secret"))
    assert parts["Lambda"] > 0


def test_an_alarm_of_each_turn_of_a_loop_is_counted() -> None:
    assert standing("AWS::CloudWatch::Alarm") >= 8  # a dead letter queue each
    assert standing("AWS::DynamoDB::Table") == 6


def test_the_free_tier_takes_off_what_it_gives_and_never_more() -> None:
    given, whole = idle(free=True).parts, idle().parts
    assert whole["SQS"] - given["SQS"] == pytest.approx(0.40)
    assert given["Lambda"] == 0
    assert all(0 <= given[name] <= whole[name] for name in whole)


def test_servers_cost_their_hours_and_disks() -> None:
    kafka = next(each for each in SERVERS if each.name.startswith("Kafka"))
    assert kafka.month(PRICES) == pytest.approx(2 * price("broker") * HOURS + 20 * price("broker_gigabyte"))
    assert kafka.arithmetic(PRICES) == "1460 × 0.0456 + 20 × 0.1"
    assert servers() == pytest.approx(sum(each.month(PRICES) for each in SERVERS))


def test_every_price_names_its_list_and_is_used_or_says_why_not() -> None:
    assert all(each["source"].startswith("https://aws.amazon.com/") for each in PRICES["price"].values())
    assert all(each["usd"] > 0 for each in PRICES["price"].values())
