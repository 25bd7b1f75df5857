"""How many seats can be held a second: transactions over shards against an escrow, simulated.

DynamoDB cancels a transaction that meets another one on an item; plain updates of an item are put in line, 1,000 a second. No
emulator shows either. `make contention` prints the table that docs/on-sale.md quotes and draws docs/contention.png; the number of
shards (`shards_for`) and the pauses between tries (`PAUSES`) are the product's own.
"""

import argparse
import heapq
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from functions.orders.stock import shards_for

LATENCY = 0.010  # seconds that a transaction of four items takes, and for so long each of its items is taken
PLAIN = 0.004  # and a plain update of one item, while there is no line before it
WRITES_A_SECOND = 1_000  # plain writes of up to 1 KB that one partition key takes; a transaction's count double
PAUSES = (0.0, 0.0, 0.01, 0.02, 0.04, 0.08, *[0.16] * 24)  # as functions/orders/dynamo_stock.py; a test holds them equal
SHARDS = (1, 2, 4, 8, 16, 26, 32, 64, 96)
LOADS = (77, 270, 1_000, 3_000)  # holds a second: 500 in 6.5 s, 650 in 2.4 s, and what larger on-sales ask for
SECONDS = 4.0


@dataclass
class Outcome:
    latencies: list[float] = field(default_factory=list)
    attempts: int = 0
    given_up: int = 0
    ended: float = 0.0  # when the last buyer had an answer

    @property
    def held(self) -> int:
        return len(self.latencies)

    @property
    def rate(self) -> float:
        return self.held / self.ended

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def arrivals(load: float, seconds: float, dice: random.Random) -> Iterator[float]:
    """When buyers come: `load` a second, each independently of the others."""
    instant = dice.expovariate(load)
    while instant < seconds:
        yield instant
        instant += dice.expovariate(load)


def transactions(load: float, shards: int, seconds: float = SECONDS, pauses: Sequence[float] = PAUSES, seed: int = 1) -> Outcome:
    """One transaction over shard, order and message: whoever finds the shard taken tries another, at once and then later."""
    dice = random.Random(seed)  # noqa: S311  # a simulation
    waiting = [(instant, number, instant, 0) for number, instant in enumerate(arrivals(load, seconds, dice))]
    free_at, began = [0.0] * shards, [0.0] * shards
    outcome, number = Outcome(), len(waiting)
    while waiting:
        instant, _, came, tried = heapq.heappop(waiting)
        shard = dice.randrange(shards)
        outcome.attempts += 1
        answered = instant + LATENCY
        # A partition key takes 500 transactional writes a second: one that comes sooner is throttled, which is tried again too.
        if instant >= free_at[shard] and instant - began[shard] >= 2 / WRITES_A_SECOND:
            free_at[shard], began[shard] = answered, instant
            outcome.latencies.append(answered - came)
        elif tried + 1 == len(pauses):
            outcome.given_up += 1
        else:
            number += 1
            again = answered + dice.uniform(0, pauses[tried + 1])
            heapq.heappush(waiting, (again, number, came, tried + 1))
        outcome.ended = max(outcome.ended, answered)
    return outcome


def escrow(load: float, shards: int, seconds: float = SECONDS, seed: int = 1) -> Outcome:
    """A plain update of the shard that notes the order, a transaction for order and message, an update that clears the note."""
    dice = random.Random(seed)  # noqa: S311  # a simulation
    line = [0.0] * shards  # when each shard has done all that is before it
    outcome = Outcome()
    for instant in arrivals(load, seconds, dice):
        shard = dice.randrange(shards)
        line[shard] = max(line[shard], instant) + 2 / WRITES_A_SECOND  # the note is written and cleared
        answered = max(line[shard], instant + PLAIN) + LATENCY
        outcome.attempts += 1
        outcome.latencies.append(answered - instant)
        outcome.ended = max(outcome.ended, answered)
    return outcome


def table() -> Iterator[str]:
    yield "| tickets | shards | holds/s asked | transactions: holds/s | tries a hold | p50 | p99 | busy | escrow: holds/s | p99 |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for capacity in (500, 650, 5_000, 50_000):
        for load in LOADS:
            shards = shards_for(capacity)
            ours, theirs = transactions(load, shards), escrow(load, shards)
            cells = (
                f"{capacity:,}",
                f"{shards}",
                f"{load:,}",
                f"{ours.rate:,.0f}",
                f"{ours.attempts / max(1, ours.held):.2f}",
                f"{ours.percentile(0.5) * 1000:.0f} ms",
                f"{ours.percentile(0.99) * 1000:.0f} ms",
                f"{ours.given_up}",
                f"{theirs.rate:,.0f}",
                f"{theirs.percentile(0.99) * 1000:.0f} ms",
            )
            yield f"| {' | '.join(cells)} |"


def draw(path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (rate, latency) = pyplot.subplots(1, 2, figsize=(11, 4.2), dpi=110)
    for load in LOADS:
        outcomes = [transactions(load, shards) for shards in SHARDS]
        rate.plot(SHARDS, [each.rate for each in outcomes], marker="o", label=f"{load:,}/s asked")
        latency.plot(SHARDS, [each.percentile(0.99) * 1000 for each in outcomes], marker="o", label=f"{load:,}/s asked")
    rate.set(xscale="log", yscale="log", xlabel="shards", ylabel="holds a second", title="One transaction for all")
    latency.set(xscale="log", yscale="log", xlabel="shards", ylabel="p99 of a hold, ms", title="What the buyer waits")
    for axes in (rate, latency):
        axes.set_xticks(SHARDS, [str(shards) for shards in SHARDS])
        axes.minorticks_off()
        axes.grid(visible=True, alpha=0.3)
        axes.legend()
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make contention", description="Simulate what meets at an on-sale.")
    parser.add_argument("--plot", type=Path, help="draw this PNG too")
    arguments = parser.parse_args()
    print("\n".join(table()))
    if arguments.plot:
        draw(arguments.plot)


if __name__ == "__main__":
    main()
