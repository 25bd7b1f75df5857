"""What an order adds to a conference's totals, and how it is found."""

from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.orders.domain import Change, Order
from functions.orders.ledger import MAX_WORDS, Cell, Counts, Entry, Filter, apportion, difference, words_of
from functions.orders.lines import Attendee, Line
from functions.orders.payment import Payment
from shared.money import Money

NIGHT = datetime(2026, 6, 1, 22, tzinfo=UTC)  # the next morning in Jakarta
ADA, BOB = Attendee("Ada Lovelace", "ada@example.org"), Attendee("Bob Müller", "bob@example.org")


def line(ticket_type_id: str, price: int, *attendees: Attendee) -> Line:
    return Line(
        ticket_type_id=ticket_type_id,
        name=ticket_type_id.title(),
        quantity=len(attendees),
        unit_price=Money(price, "EUR"),
        attendees=attendees,
        valid_from=NIGHT,
        valid_until=NIGHT,
        seats={},
    )


RESERVED = Order(
    id="ord_1",
    conference_id="cnf_1",
    conference_name="Ketemu Days",
    buyer_id="usr_ada",
    buyer_name=ADA.name,
    buyer_email=ADA.email,
    status="reserved",
    lines=(line("regular", 4900, ADA, BOB), line("student", 1000, BOB)),
    fingerprint="f",
    created_at=NIGHT,
    expires_at=NIGHT,
    time_zone="Asia/Jakarta",
)
PAID = RESERVED.paid(Payment(1, "simulated", "confirmed", NIGHT), NIGHT)
REGULAR, STUDENT = Cell("2026-06-02", "regular", "Regular", "EUR"), Cell("2026-06-02", "student", "Student", "EUR")


def returned(order: Order, *numbers: int, amount: int, status: Any = "partially_refunded") -> Order:
    return order.changed(
        "refunded", by="usr_ada", at=NIGHT, status=status, returned=amount, ended=dict.fromkeys(numbers, "refunded")
    )


@pytest.mark.parametrize(
    ("order", "regular", "student"),
    [
        (RESERVED, Counts(reserved=2), Counts(reserved=1)),
        (PAID, Counts(paid=2, revenue=9800), Counts(paid=1, revenue=1000)),
        (RESERVED.expired(NIGHT), Counts(expired=2), Counts(expired=1)),
        (RESERVED.cancelled("usr_ada", NIGHT), Counts(cancelled=2), Counts(cancelled=1)),
        (returned(PAID, 2, amount=4900), Counts(paid=1, refunded=1, revenue=9800, returned=4900), Counts(paid=1, revenue=1000)),
        (
            returned(PAID, 1, 2, 3, amount=10800, status="refunded"),
            Counts(refunded=2, revenue=9800, returned=9800),
            Counts(refunded=1, revenue=1000, returned=1000),
        ),
    ],
)
def test_each_ticket_is_counted_as_what_became_of_it_on_the_day_it_was_ordered(
    order: Order, regular: Counts, student: Counts
) -> None:
    assert Entry.of(order).tally == {REGULAR: regular, STUDENT: student}


def test_money_that_came_too_late_and_went_back_is_neither_revenue_nor_returned() -> None:
    expired = replace(RESERVED.expired(NIGHT), returned=10800)
    assert Entry.of(expired).tally == Entry.of(RESERVED.expired(NIGHT)).tally


def test_a_fee_that_is_kept_is_not_returned() -> None:
    tally = Entry.of(returned(PAID, 1, 3, amount=5000)).tally
    assert tally[REGULAR].returned + tally[STUDENT].returned == 5000
    assert tally[STUDENT].returned == 5000 - 5000 * 4900 // 5900


def test_what_is_kept_of_tickets_that_were_given_up_stays_revenue() -> None:
    given_up = PAID.changed("cancelled", by="usr_ada", at=NIGHT, status="cancelled", ended=dict.fromkeys((1, 2, 3), "cancelled"))
    assert Entry.of(given_up).tally == {REGULAR: Counts(cancelled=2, revenue=9800), STUDENT: Counts(cancelled=1, revenue=1000)}
    assert Entry.of(RESERVED.cancelled("usr_ada", NIGHT)).tally == {REGULAR: Counts(cancelled=2), STUDENT: Counts(cancelled=1)}


def test_an_order_that_stays_as_it_is_changes_no_total() -> None:
    assert difference(Entry.of(PAID).tally, Entry.of(PAID).tally) == {}


@given(st.permutations([RESERVED, PAID, returned(PAID, 2, amount=4000)]), st.lists(st.integers(0, 2)))
def test_totals_are_what_the_latest_revision_says_in_whatever_order_changes_are_heard_of(
    heard: list[Order], again: list[int]
) -> None:
    known, totals = None, dict.fromkeys((REGULAR, STUDENT), Counts())
    for order in [*heard, *(heard[place] for place in again)]:
        new = Entry.of(order)
        if known is None or known.revision < new.revision:
            for cell, change in difference(new.tally, known.tally if known else {}).items():
                totals[cell] += change
            known = new
    assert totals == Entry.of(max(heard, key=lambda order: order.revision)).tally


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_an_amount_is_apportioned_whole_and_to_within_one_of_its_proportions(amount: int, weights: list[int]) -> None:
    parts = apportion(amount, weights)
    assert sum(parts) == amount
    if sum(weights):
        assert all(abs(part - amount * weight / sum(weights)) <= 1 for part, weight in zip(parts, weights, strict=True))


# Finding


@pytest.mark.parametrize("text", ["ada", "LOVE", "lovelace ada", "bob@", "muller", "Mülle bob", "ord_1", "ada bob", ""])
def test_an_order_is_found_by_the_beginnings_of_its_words(text: str) -> None:
    assert Filter(text=tuple(words_of(text))).takes(Entry.of(PAID))


@pytest.mark.parametrize("text", ["eve", "velace", "ada eve", "example.org", "ord_2"])
def test_an_order_is_not_found_by_anything_else(text: str) -> None:
    assert not Filter(text=tuple(words_of(text))).takes(Entry.of(PAID))


def test_filters_narrow_each_other() -> None:
    entry = Entry.of(PAID)
    assert Filter(status="paid", ticket_type_id="student", day="2026-06-02").takes(entry)
    for other in (Filter(status="expired"), Filter(ticket_type_id="vip"), Filter(day="2026-06-01")):
        assert not other.takes(entry)


def test_an_order_has_no_more_words_than_one_transaction_takes() -> None:
    dice = Random(1)
    crowd = tuple(Attendee(f"{dice.random()} {dice.random()} {dice.random()}", f"{dice.random()}@example.org") for _ in range(20))
    entry = Entry.of(replace(RESERVED, lines=(line("regular", 4900, *crowd),)))
    assert len(entry.words) == MAX_WORDS
    assert {"ord_1", "ada", "lovelace", "ada@example.org"} <= entry.words


def test_a_change_of_the_history_alone_is_a_new_revision() -> None:
    assert Entry.of(PAID).revision == Entry.of(RESERVED).revision + 1
    assert isinstance(PAID.history[-1], Change)
