"""docs/cost.md and what docs/cost.png is drawn from: `make cost` counts anew and writes them (bench/counted.json too)."""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench import tally
from bench.cost import HABITS, MACHINE, METRICS_HOURS, POLLERS, PRICES, SERVERS, SIZES, bill, conference, idle, servers
from bench.report import table
from bench.tally import Count


def document(counted: Mapping[str, Count], prices: Mapping[str, Any] = PRICES) -> str:
    parts = (introduction(prices), conferences(counted, prices), operations(counted, prices), beside(prices), asked(prices))
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def introduction(prices: Mapping[str, Any]) -> Iterator[str]:
    yield "# What it costs"
    yield ""
    yield f"Written by `make cost`, in USD at the prices of {prices['region']} on {prices['date']}, which are at the end. Units,"
    yield "messages, e-mails and bytes are counted: every operation, and all that follows from it, is run on the platform"
    yield "([bench/counted.json](../bench/counted.json)). Not counted, but assumed in [bench/prices.toml](../bench/prices.toml):"
    yield "for how long a function is billed, as nobody has run it on AWS yet."
    yield ""
    yield "![what a conference costs](cost.png)"
    yield ""


def conferences(counted: Mapping[str, Count], prices: Mapping[str, Any]) -> Iterator[str]:
    bills = {"an idle month": (0, idle(prices))} | {name: (size, conference(size, counted, prices)) for name, size in SIZES.items()}
    services = list(dict.fromkeys(service for _, each in bills.values() for service in each.parts))
    yield "## Conferences"
    yield ""
    yield "Each with the month around it, without free tiers."
    yield ""
    yield from table(
        ("", *services, "together", "per attendee"),
        (
            (
                name,
                *(f"{each.parts.get(service, 0):,.2f}" for service in services),
                f"**{each.total:,.2f}**",
                f"{each.total / size:.4f}" if size else "",
            )
            for name, (size, each) in bills.items()
        ),
    )
    yield f"Within the part of AWS's free tier that does not end, an idle month is **{idle(prices, free=True).total:.2f}**: what is"
    yield f"left is the secrets and the long polls of the queues, by {POLLERS} pollers each."
    yield ""
    yield "For each ticket sold, over two days: " + "; ".join(f"{name} × {times:g}" for name, times in HABITS.items()) + "."
    yield f"Metrics: {METRICS_HOURS} metric-hours a conference. Not in it: changes of the agenda that everybody hears of, exports,"
    yield "refunds, the provider's fee for a payment, AWS support, and the cache (off by default; from some 6 USD a month)."
    yield ""


def operations(counted: Mapping[str, Count], prices: Mapping[str, Any]) -> Iterator[str]:
    yield "## Operations"
    yield ""
    yield "With all that follows from each: the relay, the bus, the queues, the workers, the journal, the e-mails."
    yield ""
    yield from table(
        ("operation", "write units", "read units", "messages", "invocations", "e-mails", "USD a million"),
        (
            (
                name,
                f"{used.write_units}",
                f"{used.read_units:g}",
                f"{used.events}",
                f"{used.invocations.total() + used.requests}",
                f"{used.mails}",
                f"{bill(used, prices).total * 1e6:,.0f}",
            )
            for name, used in ((name, counted[name].used) for name in HABITS)
        ),
    )


def beside(prices: Mapping[str, Any]) -> Iterator[str]:
    yield "## Beside servers"
    yield ""
    yield "What the same needs as six JVM services with PostgreSQL, Redis and Kafka, at their smallest, each only once (so without"
    yield "redundancy but for Kafka's brokers, of which two is the least there is), on whether or not anybody comes:"
    yield ""
    yield from table(
        ("a month of", "arithmetic", "USD"),
        iter(
            [
                *((each.name, each.arithmetic(prices), f"{each.month(prices):.2f}") for each in SERVERS),
                ("**together**", "", f"**{servers(prices):.2f}**"),
            ]
        ),
    )
    ratio = servers(prices) / idle(prices).total
    yield f"That is {ratio:.0f} times an idle month of Ketemu. All of it on {MACHINE.name} would be"
    yield f"{MACHINE.arithmetic(prices)} = {MACHINE.month(prices):.2f}, and down whenever that machine is. Whether six small"
    yield "services would carry an on-sale of 650 tickets in 3 s is another question; functions are billed for it as for any other."
    yield ""


def asked(prices: Mapping[str, Any]) -> Iterator[str]:
    yield "## Prices"
    yield ""
    yield f"As of {prices['date']}. AWS's own lists could not be read from where this was written: `seen` is another page that says"
    yield "the same; where there is none, the price is from memory."
    yield ""
    yield from table(
        ("", "USD", "list", "seen"),
        (
            (
                each["name"],
                f"{each['usd']:g}" if each.get("per", 1) == 1 else f"{each['usd']:g} for {each['per']:,}",
                f"[AWS]({each['source']})",
                f"[here]({each['seen']})" if "seen" in each else "no",
            )
            for each in prices["price"].values()
        ),
    )


def figures(counted: Mapping[str, Count]) -> dict[str, Any]:
    """What is drawn."""
    return {
        "idle": dict(idle().parts),
        "conferences": {str(size): dict(conference(size, counted).parts) for size in SIZES.values()},
        "servers": servers(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="make cost", description="What a conference costs on AWS.")
    parser.add_argument("figures", type=Path, help="where to put what bench/cost_plot.py draws")
    arguments = parser.parse_args()
    from bench import documents, settings

    settings.apply()  # before any function is imported
    from bench.counts import counts, world

    with world() as at:
        tally.keep(counts(at))
    print(document(tally.kept()))
    documents.write()
    arguments.figures.write_text(json.dumps(figures(tally.kept())))


if __name__ == "__main__":
    main()
