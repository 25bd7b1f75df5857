"""The simulation that the number of shards was decided by: of the product's own numbers, and saying what the arithmetic says."""

from math import exp

import pytest

from bench.contention import LATENCY, PAUSES, arrivals, escrow, transactions
from functions.orders import dynamo_stock
from functions.orders.stock import shards_for


def test_it_tries_again_as_the_product_does() -> None:
    assert PAUSES == dynamo_stock.PAUSES


def test_as_many_first_tries_meet_as_the_arithmetic_says() -> None:
    """1 − e^(−λt/N), where no retry adds to the load."""
    load, shards = 200, 10
    outcome = transactions(load, shards, seconds=40, pauses=(0.0,))
    assert outcome.given_up / outcome.attempts == pytest.approx(1 - exp(-load * LATENCY / shards), abs=0.02)


def test_the_published_on_sales_hold_every_seat_soon_and_none_is_given_up() -> None:
    for capacity, load in ((500, 77), (650, 270), (5_000, 1_000)):
        outcome = transactions(load, shards_for(capacity))
        assert outcome.given_up == 0
        assert outcome.percentile(0.99) < 0.1


def test_ten_shards_would_not_do_for_a_large_one() -> None:
    assert transactions(3_000, 10).given_up > 1_000
    assert transactions(3_000, shards_for(5_000)).given_up < 10


def test_an_escrow_loses_nobody_and_keeps_them_in_line() -> None:
    outcome = escrow(1_000, 1)
    assert outcome.held == outcome.attempts
    assert outcome.rate == pytest.approx(500, rel=0.05)


def test_buyers_come_as_often_as_asked_and_the_same_each_time() -> None:
    import random

    first, again = (list(arrivals(100, 20, random.Random(3))) for _ in range(2))
    assert first == again
    assert len(first) == pytest.approx(2_000, rel=0.1)
