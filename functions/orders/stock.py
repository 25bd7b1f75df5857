"""Seats: how a pool's are split over shards, taken from them, given back, and changed in number. Pure rules.

A ticket type has a pool of its own, and may draw from one that it shares with others: a venue holds 500 whatever the mix.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Generic, Protocol, Self, TypeVar

Shares = Mapping[int, int]  # so many seats, by the shard they are from
Seats = Mapping[str, Shares]  # and those by the pool


def shards_for(capacity: int) -> int:
    """How many shards a capacity is split over: one for each 25 seats, at most 64.

    Two transactions on one item cancel each other: of λ reservations a second that take t seconds each, about 1 − e^(−λt/N)
    meet another over N shards, and try again elsewhere. Simulated with t = 10 ms (`bench/contention.py`), 650 tickets at 270 a
    second take 1.1 tries each and 5,000 at 3,000 a second 1.9; over 10 shards it would be 45. Below 25 seats a shard a group
    seldom fits into one; above 64 a change of all shards would no longer be one transaction (100 items).
    """
    return min(64, max(1, ceil(capacity / 25)))


def split(seats: int, shards: int) -> tuple[int, ...]:
    """`seats` in `shards` parts that differ by one at most."""
    each, rest = divmod(seats, shards)
    return tuple(each + (shard < rest) for shard in range(shards))


def plan(free: Sequence[int], quantity: int, order: Sequence[int]) -> dict[int, int]:
    """How many seats to take from which shard; empty where there are fewer than `quantity` in all.

    The first shard in `order` that has all of them gives them; else the fullest ones give what they have, so that few are touched.
    """
    if sum(free) < quantity:
        return {}
    whole = next((shard for shard in order if free[shard] >= quantity), None)
    if whole is not None:
        return {whole: quantity}
    taken: dict[int, int] = {}
    for shard in sorted(order, key=lambda shard: -free[shard]):
        seats = min(free[shard], quantity)
        if seats == 0:
            break
        taken[shard] = seats
        quantity -= seats
    return taken


def fill(free: Sequence[int], seats: int) -> tuple[int, ...]:
    """`free` with `seats` more, given to the emptiest shards so that all end as near to equal as adding alone can make them.

    No seat moves between shards: somebody who reads one before and the other after would miss it and say sold out.
    """
    emptiest = sorted(range(len(free)), key=free.__getitem__)
    while True:
        level = split(sum(free[shard] for shard in emptiest) + seats, len(emptiest))
        if min(level) >= free[emptiest[-1]]:
            break
        emptiest.pop()  # it has more already than there is for each of them
    filled = dict(zip(emptiest, level, strict=True))
    return tuple(filled.get(shard, already) for shard, already in enumerate(free))


def part(shares: Shares, seats: int) -> tuple[dict[int, int], dict[int, int]]:
    """So many of the seats, and the others. Raises ValueError where there are not as many."""
    taken: dict[int, int] = {}
    left: dict[int, int] = {}
    for shard, there in shares.items():
        taken[shard] = min(there, seats)
        left[shard] = there - taken[shard]
        seats -= taken[shard]
    if seats:
        raise ValueError(f"{seats} seats more were asked for than there are")
    return _without_empty(taken), _without_empty(left)


def at_places(shares: Shares, places: Iterable[int]) -> dict[int, int]:
    """Of seats in the order of their shards, those at these places, from 0; none where they were not taken yet."""
    shards = [shard for shard, seats in sorted(shares.items()) for _ in range(seats)]
    return dict(Counter(shards[place] for place in places if place < len(shards)))


def deal(shares: Shares, quantities: Iterable[int]) -> list[dict[int, int]]:
    """The seats dealt out, so many to each."""
    dealt: list[dict[int, int]] = []
    for quantity in quantities:
        taken, shares = part(shares, quantity)
        dealt.append(taken)
    return dealt


def together(several: Iterable[Seats]) -> dict[str, dict[int, int]]:
    """All of them: a transaction may name a shard once."""
    sums: dict[str, Counter[int]] = {}
    for seats in several:
        for pool_id, shares in seats.items():
            sums.setdefault(pool_id, Counter()).update(shares)
    return {pool_id: dict(shares) for pool_id, shares in sums.items()}


def _without_empty(shares: dict[int, int]) -> dict[int, int]:
    return {shard: seats for shard, seats in shares.items() if seats}


@dataclass(frozen=True, slots=True)
class Release:
    """What becomes of seats that come back: so many are `retired`, the others are on sale again, by the shard they are from."""

    retired: int
    on_sale: Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Seats that are sold from one stock, as of `revision`. A ticket type's own pool has the id of the type."""

    id: str
    conference_id: str
    revision: int
    capacity: int  # in force: above `wanted` while more than that is sold or held, and then nothing is free
    wanted: int  # the capacity that the organiser asked for
    shards: int
    is_awaited: bool = False  # somebody waits for its seats: what is free is for them, not for everybody

    @classmethod
    def opened(cls, pool_id: str, *, conference_id: str, revision: int, capacity: int) -> Self:
        return cls(
            id=pool_id,
            conference_id=conference_id,
            revision=revision,
            capacity=capacity,
            wanted=capacity,
            shards=shards_for(capacity),
        )

    @property
    def pool(self) -> "Pool":
        return self

    def with_pool(self, pool: "Pool") -> "Pool":
        return pool

    @property
    def surplus(self) -> int:
        """Seats that are sold or held beyond what is wanted."""
        return self.capacity - self.wanted

    def release(self, shares: Shares) -> Release:
        """What becomes of seats that come back: they are retired until no more are out than wanted."""
        retired = left = min(self.surplus, sum(shares.values()))
        on_sale: dict[int, int] = {}
        for shard, came_back in shares.items():
            gone = min(left, came_back)
            left -= gone
            if came_back > gone:
                on_sale[shard] = came_back - gone
        return Release(retired, on_sale)


class HasPool(Protocol):
    """What seats are kept for: a pool is for itself."""

    @property
    def pool(self) -> Pool: ...

    def with_pool(self, pool: Pool) -> Self: ...


H = TypeVar("H", bound=HasPool)


@dataclass(frozen=True, slots=True)
class Stocked(Generic[H]):
    """Something with a pool, and what is free in each shard of that."""

    owner: H
    free: tuple[int, ...]

    @classmethod
    def opened(cls, owner: H) -> "Stocked[H]":
        return cls(owner, split(owner.pool.capacity, owner.pool.shards))

    @property
    def pool(self) -> Pool:
        return self.owner.pool

    @property
    def available(self) -> int:
        return sum(self.free)

    def revised(self, newer: H) -> "Stocked[H]":
        """As the `newer` revision wants it, from the capacity in force: up over as many shards as that takes, never fewer than
        there are; down only as far as seats are free."""
        delta = max(newer.pool.wanted - self.pool.capacity, -self.available)
        capacity = self.pool.capacity + delta
        free = self._raised(delta, shards_for(capacity)) if delta > 0 else self._lowered(-delta)
        pool = replace(newer.pool, capacity=capacity, shards=len(free), is_awaited=self.pool.is_awaited)
        return Stocked(newer.with_pool(pool), free)

    def _raised(self, seats: int, shards: int) -> tuple[int, ...]:
        return fill((*self.free, *[0] * (shards - len(self.free))), seats)

    def _lowered(self, seats: int) -> tuple[int, ...]:
        taken = plan(self.free, seats, range(len(self.free)))
        return tuple(already - taken.get(shard, 0) for shard, already in enumerate(self.free))
