"""The counts of the budget table: what each operation asks of DynamoDB and Redis, on the whole platform."""

from dataclasses import replace

import pytest

from bench.budgets import BUDGETS
from bench.counts import count, world
from bench.operations import operations, others
from bench.tally import Count, kept


@pytest.fixture(scope="module")
def counted() -> dict[str, Count]:
    with world(crowd=2) as at:
        return {each.name: count(at.platform, each) for each in (*operations(at), *others(at))}


def test_all_of_the_table_is_counted(counted: dict[str, Count]) -> None:
    assert list(counted)[: len(BUDGETS)] == list(BUDGETS)


@pytest.mark.parametrize("name", BUDGETS)
def test_an_operation_is_within_its_budget(counted: dict[str, Count], name: str) -> None:
    allowed, spent = BUDGETS[name], counted[name]
    assert spent.round_trips <= allowed.round_trips, spent
    assert spent.write_units <= allowed.write_units, spent
    assert spent.redis == allowed.redis, spent


def test_the_counts_that_are_kept_are_those_of_now(counted: dict[str, Count]) -> None:
    """docs/benchmarks.md and docs/cost.md stand on them. Where this fails: `make cost`, and look at what changed."""
    held = kept()
    assert list(held) == list(counted)
    for name, now in counted.items():
        varying = ["bytes_out", *(["read_units"] if name.startswith("read own") else [])]  # lists are shorter here
        for spent, before in ((now.own, held[name].own), (now.after, held[name].after)):
            assert replace(spent, **dict.fromkeys(varying, 0)) == replace(before, **dict.fromkeys(varying, 0)), name
        assert now.redis == held[name].redis, name


def test_a_ticket_that_is_paid_for_reaches_its_buyer(counted: dict[str, Count]) -> None:
    """What follows from a request is counted too: the relay, the workers, the journal, the e-mail."""
    paid = counted["confirm a payment"]
    assert paid.after.mails == 1
    assert {"Relay", "OrdersWorker", "TicketsWorker", "ContactsWorker", "NotificationsWorker", "TicketsJournal"} <= set(
        paid.after.invocations
    )
