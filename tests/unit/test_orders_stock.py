"""The rules of stock: seats, shards, pools."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from functions.orders.stock import Pool, Stocked, deal, fill, part, plan, shards_for, split, together

POOL = Pool.opened("typ_1", conference_id="cnf_1", revision=1, capacity=100)

free_seats = st.lists(st.integers(0, 60), min_size=1, max_size=10)


@st.composite
def shuffled_shards(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    free = draw(free_seats)
    return free, draw(st.permutations(range(len(free))))


@given(st.integers(0, 10_000))
def test_a_capacity_is_split_over_one_to_64_shards_that_hold_all_of_it(capacity: int) -> None:
    shards = split(capacity, shards_for(capacity))
    assert 1 <= len(shards) <= 64
    assert sum(shards) == capacity
    assert max(shards) - min(shards) <= 1


@pytest.mark.parametrize(("capacity", "shards"), [(0, 1), (1, 1), (25, 1), (26, 2), (250, 10), (650, 26), (1600, 64), (5000, 64)])
def test_a_shard_for_every_25_seats_up_to_64(capacity: int, shards: int) -> None:
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
    release = replace(POOL, capacity=100 + surplus, wanted=100).release(seats)
    assert release.retired == min(surplus, sum(seats.values()))
    assert release.retired + sum(release.on_sale.values()) == sum(seats.values())
    assert all(0 < back <= seats[shard] for shard, back in release.on_sale.items())


def opened(capacity: int, revision: int = 1) -> Pool:
    return Pool.opened("typ_1", conference_id="cnf_1", revision=revision, capacity=capacity)


class Ledger(RuleBasedStateMachine):
    """A pool as it is sold, released and changed; the books hold after every step."""

    @initialize(capacity=st.integers(0, 300))
    def open(self, capacity: int) -> None:
        self.stocked = Stocked.opened(opened(capacity))
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
        before = self.stocked.pool
        release = before.release(self.held.pop(data.draw(st.integers(0, len(self.held) - 1))))
        self.stocked = Stocked(
            replace(before, capacity=before.capacity - release.retired),
            tuple(n + release.on_sale.get(shard, 0) for shard, n in enumerate(self.stocked.free)),
        )

    @rule(wanted=st.integers(0, 300))
    def change(self, wanted: int) -> None:
        before = self.stocked.pool
        newer = opened(wanted, before.revision + 1)
        self.stocked = self.stocked.revised(newer)
        assert self.stocked.pool == replace(newer, capacity=max(wanted, self.taken), shards=len(self.stocked.free))

    @property
    def taken(self) -> int:
        return sum(sum(seats.values()) for seats in self.held)

    @invariant()
    def every_seat_is_accounted_for(self) -> None:
        assert min(self.stocked.free) >= 0
        assert self.stocked.available + self.taken == self.stocked.pool.capacity

    @invariant()
    def capacity_is_above_what_is_wanted_only_by_what_is_taken(self) -> None:
        kept = self.stocked.pool
        assert kept.capacity == max(kept.wanted, self.taken)

    @invariant()
    def shards_are_enough_and_never_fewer(self) -> None:
        kept = self.stocked.pool
        assert len(self.stocked.free) == kept.shards >= max(shards_for(kept.capacity), self.most_shards)
        self.most_shards = kept.shards


TestAnyRunOfSalesReleasesAndChanges = Ledger.TestCase


def test_a_raise_that_is_large_enough_leaves_shards_equal() -> None:
    one_sold = Stocked(opened(1), (0,))
    raised = one_sold.revised(opened(5000))
    assert sorted(raised.free) == [78] * 57 + [79] * 7


@given(held_seats, st.data())
def test_seats_are_parted_and_dealt_and_put_together_without_loss(seats: dict[int, int], data: st.DataObject) -> None:
    total = sum(seats.values())
    some = data.draw(st.integers(0, total))
    taken, left = part(seats, some)
    assert (sum(taken.values()), sum(left.values())) == (some, total - some)
    dealt = deal(seats, [some, total - some])
    assert dealt == [taken, left]
    assert together([{"typ_1": taken}, {"typ_1": left}]) == {"typ_1": seats}
    with pytest.raises(ValueError, match="1 seats more"):
        part(seats, total + 1)
