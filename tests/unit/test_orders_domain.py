"""The rules of stock and orders."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from functions.orders.domain import (
    Attendee,
    BadQuantity,
    Basket,
    DuplicateLine,
    MixedCurrencies,
    NotOnSale,
    Order,
    Payment,
    Stocked,
    TicketType,
    TooManyAttendees,
    UnknownTicketType,
    Wanted,
    fill,
    place,
    plan,
    shards_for,
    split,
)
from shared.caller import Caller
from shared.money import Money

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
BOB = Caller("usr_bob", "bob@example.org", "Bob")
REGULAR = TicketType(
    id="typ_1",
    conference_id="cnf_1",
    conference_name="Ketemu Days",
    revision=1,
    name="Regular",
    price=Money(4900, "EUR"),
    capacity=100,
    wanted=100,
    shards=4,
    min_per_order=1,
    max_per_order=5,
    sale_starts_at=NOON - timedelta(days=1),
    sale_ends_at=NOON + timedelta(days=1),
    hidden=False,
    valid_from=NOON + timedelta(days=30),
    valid_until=NOON + timedelta(days=31),
    hold_minutes=15,
)
FREE = replace(REGULAR, id="typ_free", price=Money(0, "EUR"), hold_minutes=5)

free_seats = st.lists(st.integers(0, 60), min_size=1, max_size=10)


@st.composite
def shuffled_shards(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    free = draw(free_seats)
    return free, draw(st.permutations(range(len(free))))


# Stock


@given(st.integers(0, 10_000))
def test_a_capacity_is_split_over_one_to_ten_shards_that_hold_all_of_it(capacity: int) -> None:
    shards = split(capacity, shards_for(capacity))
    assert 1 <= len(shards) <= 10
    assert sum(shards) == capacity
    assert max(shards) - min(shards) <= 1


@pytest.mark.parametrize(("capacity", "shards"), [(0, 1), (1, 1), (25, 1), (26, 2), (250, 10), (5000, 10)])
def test_a_shard_for_every_25_seats_up_to_ten(capacity: int, shards: int) -> None:
    assert shards_for(capacity) == shards


@given(shuffled_shards(), st.integers(1, 700))
def test_seats_are_found_exactly_if_there_are_enough(shards: tuple[list[int], list[int]], quantity: int) -> None:
    free, order = shards
    taken = plan(free, quantity, order)
    assert sum(taken.values()) == (quantity if sum(free) >= quantity else 0)
    assert all(0 < seats <= free[shard] for shard, seats in taken.items())


@given(shuffled_shards(), st.integers(1, 60))
def test_one_shard_gives_all_if_one_can_and_the_first_in_order_does(shards: tuple[list[int], list[int]], quantity: int) -> None:
    free, order = shards
    able = [shard for shard in order if free[shard] >= quantity]
    if able:
        assert plan(free, quantity, order) == {able[0]: quantity}


def test_the_last_seats_are_sold_together_from_wherever_they_are() -> None:
    assert plan([1, 0, 2, 1], 4, [0, 1, 2, 3]) == {2: 2, 0: 1, 3: 1}
    assert plan([0, 0, 1], 1, [0, 1, 2]) == {2: 1}
    assert plan([1, 0, 2, 1], 5, [0, 1, 2, 3]) == {}


@given(free_seats, st.integers(0, 700))
def test_added_seats_go_to_the_emptiest_shards_and_none_moves(free: list[int], seats: int) -> None:
    filled = fill(free, seats)
    assert sum(filled) == sum(free) + seats
    assert all(after >= before for before, after in zip(free, filled, strict=True))
    assert all(after <= min(filled) + 1 for before, after in zip(free, filled, strict=True) if after > before)


def test_shards_end_equal_where_enough_is_added() -> None:
    assert fill([20, 16, 20, 0], 24) == (20, 20, 20, 20)
    assert fill([5, 0, 0], 3) == (5, 2, 1)
    assert fill([5, 0, 1], 0) == (5, 0, 1)


held_seats = st.dictionaries(st.integers(0, 9), st.integers(1, 20), min_size=1)


@given(st.integers(0, 100), held_seats)
def test_what_comes_back_is_retired_until_no_more_are_out_than_wanted(surplus: int, seats: dict[int, int]) -> None:
    release = replace(REGULAR, capacity=100 + surplus, wanted=100).release(seats)
    assert release.retired == min(surplus, sum(seats.values()))
    assert release.retired + sum(release.on_sale.values()) == sum(seats.values())
    assert all(0 < back <= seats[shard] for shard, back in release.on_sale.items())


class Ledger(RuleBasedStateMachine):
    """A ticket type as it is sold, released and changed; the books hold after every step."""

    @initialize(capacity=st.integers(0, 300))
    def open(self, capacity: int) -> None:
        opened = replace(REGULAR, capacity=capacity, wanted=capacity, shards=shards_for(capacity))
        self.stocked = Stocked.opened(opened)
        self.held: list[dict[int, int]] = []
        self.most_shards = 0

    @rule(quantity=st.integers(1, 60), data=st.data())
    def sell(self, quantity: int, data: st.DataObject) -> None:
        free = self.stocked.free
        seats = plan(free, quantity, data.draw(st.permutations(range(len(free)))))
        if seats:
            self.held.append(seats)
            self.stocked = replace(self.stocked, free=tuple(n - seats.get(shard, 0) for shard, n in enumerate(free)))

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        before = self.stocked.ticket_type
        release = before.release(self.held.pop(data.draw(st.integers(0, len(self.held) - 1))))
        self.stocked = Stocked(
            replace(before, capacity=before.capacity - release.retired),
            tuple(n + release.on_sale.get(shard, 0) for shard, n in enumerate(self.stocked.free)),
        )

    @rule(wanted=st.integers(0, 300))
    def change(self, wanted: int) -> None:
        before = self.stocked.ticket_type
        newer = replace(before, capacity=wanted, wanted=wanted, shards=shards_for(wanted), revision=before.revision + 1)
        self.stocked = self.stocked.revised(newer)
        assert self.stocked.ticket_type == replace(newer, capacity=max(wanted, self.taken), shards=len(self.stocked.free))

    @property
    def taken(self) -> int:
        return sum(sum(seats.values()) for seats in self.held)

    @invariant()
    def every_seat_is_accounted_for(self) -> None:
        assert min(self.stocked.free) >= 0
        assert self.stocked.available + self.taken == self.stocked.ticket_type.capacity

    @invariant()
    def capacity_is_above_what_is_wanted_only_by_what_is_taken(self) -> None:
        kept = self.stocked.ticket_type
        assert kept.capacity == max(kept.wanted, self.taken)

    @invariant()
    def shards_are_enough_and_never_fewer(self) -> None:
        kept = self.stocked.ticket_type
        assert len(self.stocked.free) == kept.shards >= max(shards_for(kept.capacity), self.most_shards)
        self.most_shards = kept.shards


TestAnyRunOfSalesReleasesAndChanges = Ledger.TestCase


def test_a_raise_that_is_large_enough_leaves_shards_equal() -> None:
    one_sold = Stocked(replace(REGULAR, capacity=1, wanted=1, shards=1), (0,))
    raised = one_sold.revised(replace(REGULAR, capacity=5000, wanted=5000, shards=10))
    assert raised.free == (500,) * 9 + (499,)


@pytest.mark.parametrize(
    ("now", "available", "status"),
    [
        (REGULAR.sale_starts_at - timedelta(seconds=1), 5, "not_yet"),
        (REGULAR.sale_starts_at, 5, "on_sale"),
        (REGULAR.sale_starts_at, 0, "sold_out"),
        (REGULAR.sale_ends_at, 5, "ended"),
        (REGULAR.sale_ends_at, 0, "ended"),
    ],
)
def test_a_ticket_type_is_on_sale_from_its_start_to_before_its_end(now: datetime, available: int, status: str) -> None:
    assert REGULAR.sale_status(available, now) == status


# Orders


def ordered(*lines: Wanted, types: tuple[TicketType, ...] = (REGULAR, FREE), now: datetime = NOON) -> Order:
    known = {each.id: each for each in types}
    return place(Basket("cnf_1", lines), known, order_id="ord_1", fingerprint="f", buyer=BOB, now=now)


def test_an_order_takes_the_price_and_the_buyer_of_now() -> None:
    order = ordered(Wanted("typ_1", 2, (Attendee("Cy", "cy@example.org"),)))
    assert order.status == "reserved"
    assert order.total == Money(9800, "EUR")
    assert order.lines[0].attendees == (Attendee("Cy", "cy@example.org"), Attendee("Bob", "bob@example.org"))
    assert order.expires_at == NOON + timedelta(minutes=15)


def test_an_order_that_costs_nothing_is_paid_at_once_and_never_expires() -> None:
    order = ordered(Wanted("typ_free", 1))
    assert (order.status, order.paid_at, order.expires_at, order.payment) == ("paid", NOON, None, None)


def test_an_order_is_held_as_long_as_the_shortest_of_its_holds() -> None:
    assert ordered(Wanted("typ_1", 1), Wanted("typ_free", 1)).expires_at == NOON + timedelta(minutes=5)


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 5)), min_size=1, max_size=4))
def test_a_total_is_the_sum_of_price_times_quantity(lines: list[tuple[int, int]]) -> None:
    types = tuple(replace(REGULAR, id=f"typ_{n}", price=Money(amount, "EUR")) for n, (amount, _) in enumerate(lines))
    order = ordered(*(Wanted(f"typ_{n}", quantity) for n, (_, quantity) in enumerate(lines)), types=types)
    assert order.total == Money(sum(amount * quantity for amount, quantity in lines), "EUR")
    assert (order.status == "paid") == (order.total.amount == 0)


@pytest.mark.parametrize("now", [REGULAR.sale_starts_at - timedelta(milliseconds=1), REGULAR.sale_ends_at])
def test_nothing_is_sold_outside_its_window(now: datetime) -> None:
    with pytest.raises(NotOnSale) as refused:
        ordered(Wanted("typ_1", 1), now=now)
    assert refused.value.extra["sale_starts_at"] == "2026-05-31T12:00:00.000Z"


@pytest.mark.parametrize("quantity", [1, 6])
def test_a_quantity_keeps_to_the_limits_of_its_type(quantity: int) -> None:
    with pytest.raises(BadQuantity):
        ordered(Wanted("typ_1", quantity), types=(replace(REGULAR, min_per_order=2),))


def test_what_is_not_sold_cannot_be_ordered() -> None:
    with pytest.raises(UnknownTicketType):
        ordered(Wanted("typ_1", 1), Wanted("typ_9", 1))


def test_an_order_has_one_currency() -> None:
    with pytest.raises(MixedCurrencies):
        ordered(Wanted("typ_1", 1), Wanted("typ_2", 1), types=(REGULAR, replace(REGULAR, id="typ_2", price=Money(1, "IDR"))))


def test_a_basket_names_each_type_once_and_holds_at_most_twenty_tickets() -> None:
    with pytest.raises(DuplicateLine):
        Basket("cnf_1", (Wanted("typ_1", 1), Wanted("typ_1", 1)))
    with pytest.raises(BadQuantity):
        Basket("cnf_1", (Wanted("typ_1", 11), Wanted("typ_2", 10)))
    with pytest.raises(TooManyAttendees):
        Basket("cnf_1", (Wanted("typ_1", 1, (Attendee("A", "a@example.org"),) * 2),))


def test_why_an_order_is_refused_follows_from_what_became_of_it() -> None:
    order = ordered(Wanted("typ_1", 1))
    paid = order.paid(Payment("confirmed", "simulated", "pay_1"), NOON)
    slugs = [
        each.refusal().slug
        for each in (order.expired(NOON), order.cancelled("usr_bob", NOON), paid, replace(paid, status="refunded"))
    ]
    assert slugs == ["order-expired", "order-cancelled", "already-paid", "order-refunded"]


def test_every_change_of_an_order_is_in_its_history_and_raises_its_revision() -> None:
    order = ordered(Wanted("typ_1", 1))
    later = order.changed("noted", by="usr_ada", at=NOON + timedelta(hours=1), detail="by telephone").expired(NOON)
    assert [(change.what, change.by) for change in later.history] == [
        ("placed", "usr_bob"),
        ("noted", "usr_ada"),
        ("expired", "expiry"),
    ]
    assert (order.revision, later.revision) == (1, 3)


def test_tickets_are_numbered_from_one_over_all_lines() -> None:
    order = ordered(Wanted("typ_1", 2), Wanted("typ_free", 1))
    assert [(each.number, each.ticket_type_id, each.status) for each in order.tickets] == [
        (1, "typ_1", "active"),
        (2, "typ_1", "active"),
        (3, "typ_free", "active"),
    ]


def test_an_order_holds_the_seats_of_its_active_tickets_until_it_ends() -> None:
    order = ordered(Wanted("typ_1", 2), Wanted("typ_free", 1))
    assert order.seated == {1, 2, 3}
    assert replace(order, ended={2: "refunded"}).seated == {1, 3}
    assert order.expired(NOON).seated == order.cancelled("usr_bob", NOON).seated == frozenset()


@given(st.sets(st.integers(1, 9)), st.sets(st.integers(1, 9)))
def test_each_ticket_gives_back_its_own_seat_in_whatever_parts_they_end(first: set[int], second: set[int]) -> None:
    order = ordered(Wanted("typ_1", 4), Wanted("typ_free", 5))
    seats = ({0: 1, 3: 3}, {2: 2, 1: 3})
    order = replace(order, lines=tuple(replace(line, seats=each) for line, each in zip(order.lines, seats, strict=True)))
    parts = [order.lines_of(first), order.lines_of(second - first), order.lines_of(order.seated - first - second)]
    given_back = Counter(
        (line.ticket_type_id, shard) for part in parts for line in part for shard in Counter(line.seats).elements()
    )
    assert given_back == {("typ_1", 0): 1, ("typ_1", 3): 3, ("typ_free", 2): 2, ("typ_free", 1): 3}
    assert sum(line.quantity for part in parts for line in part) == 9
