"""docs/benchmarks.md, from what was measured (`Results`, kept in bench/measured.json) and counted (bench/counted.json)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.artifacts import Import, Size
from bench.budgets import BUDGETS, CPU, IMPORT, SIZE, TENFOLD
from bench.cpu_time import Cpu
from bench.speeds import Speed
from bench.tally import Count

MEASURED = Path(__file__).parent / "measured.json"

# pretix 2026.8 with 4 workers, PostgreSQL and Redis, on a machine like the one this was written on: the most answers a second,
# and the least CPU of the server for one, in milliseconds.
PRETIX = {"buy a ticket": (6.9, 240), "check in": (20.0, 78)}


@dataclass
class Results:
    """What was measured, and of each part (cpu, imports, sizes, http) when and where. What was not measured is empty."""

    runs: dict[str, str] = field(default_factory=dict)
    cpu: list[Cpu] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    sizes: list[Size] = field(default_factory=list)
    http: list[Speed] = field(default_factory=list)


ROWS = {"cpu": Cpu, "imports": Import, "sizes": Size, "http": Speed}


def kept() -> Results:
    """What earlier runs measured, to be replaced part by part."""
    held = json.loads(MEASURED.read_text()) if MEASURED.exists() else {}
    rows = {name: [kind(**each) for each in held.get(name, [])] for name, kind in ROWS.items()}
    return Results(held.get("runs", {}), **rows)


def keep(results: Results) -> None:
    MEASURED.write_text(json.dumps(asdict(results), indent=1) + "\n")


def document(counted: Mapping[str, Count], results: Results) -> str:
    parts = [
        "# Benchmarks",
        "",
        "Written by `make bench`. Times of functions are CPU times, as ratios to a yardstick in the same run: wall time would",
        "say who else was on the machine. Counts are held by tests (tests/moto/test_budgets.py).",
        "",
        "![ratios against their budgets, and answers a second](benchmarks.png)",
        "",
        *over_budget(counted, results),
        *operations(counted, results),
        *imports(results),
        *sizes(results),
        *over_http(results),
    ]
    return "\n".join(parts).rstrip() + "\n"


def over_budget(counted: Mapping[str, Count], results: Results) -> Iterator[str]:
    over = [
        *(excess for name in BUDGETS if name in counted for excess in excesses(counted[name])),
        *(f"{each.operation}: CPU {each.ratio:.2f} × of {CPU} ×" for each in results.cpu if each.ratio and each.ratio > CPU),
        *(f"{each.function}: import {each.ratio:.2f} × of {IMPORT} ×" for each in results.imports if each.ratio > IMPORT),
        *(f"{each.context}: {each.zipped:.1f} MB zipped of {SIZE:.0f} MB" for each in results.sizes if each.zipped > SIZE),
    ]
    yield f"Over budget: {'; '.join(over)}." if over else "Nothing is over its budget."
    yield ""


def excesses(spent: Count) -> Iterator[str]:
    most = BUDGETS[spent.name]
    if spent.round_trips > most.round_trips:
        yield f"{spent.name}: {spent.round_trips} round trips of {most.round_trips}"
    if spent.write_units > most.write_units:
        yield f"{spent.name}: {spent.write_units} write units of {most.write_units}"


def operations(counted: Mapping[str, Count], results: Results) -> Iterator[str]:
    if counted:
        cpu = {each.operation: each for each in results.cpu}
        yield "## Operations, warm"
        yield ""
        yield "Counted on an in-memory AWS; the budget is in brackets. CPU is that of the handler over that of bare botocore"
        yield "making the same calls with the same answers; the network is left out of both, which makes the ratio stricter."
        yield f"Budget: {CPU} ×. Lists are of ten contacts, and of some twenty tickets, orders and messages."
        yield ""
        yield from run_of("cpu", results)
        yield from table(
            ("operation", "round trips", "write units", "read units", "Redis", "bytes out", "CPU, ms", "ratio"),
            (
                (
                    name,
                    f"{spent.round_trips} ({most.round_trips})",
                    f"{spent.write_units} ({most.write_units})",
                    f"{spent.own.read_units:g}",
                    f"{spent.redis}",
                    f"{spent.own.bytes_out:,}",
                    f"{cpu[name].milliseconds:.2f}" if name in cpu else "",
                    f"{cpu[name].ratio:.2f}" if name in cpu and cpu[name].ratio else "",
                )
                for name, most, spent in ((name, most, counted[name]) for name, most in BUDGETS.items() if name in counted)
            ),
        )


def imports(results: Results) -> Iterator[str]:
    if results.imports:
        yield "## Cold start: import"
        yield ""
        yield "CPU time to import the handler's module in a fresh process, from the built artifact, over that of botocore with a"
        yield f"DynamoDB client. Budget: {IMPORT:.0f} ×; the authorizer loads no AWS SDK."
        yield ""
        yield from run_of("imports", results)
        yield from table(
            ("function", "CPU, ms", "ratio", "AWS SDK"),
            (
                (each.function, f"{each.milliseconds:.0f}", f"{each.ratio:.2f}", "yes" if each.loads_sdk else "no")
                for each in results.imports
            ),
        )


def sizes(results: Results) -> Iterator[str]:
    if results.sizes:
        yield "## Artifacts"
        yield ""
        yield f"As built for AWS. Budget: {SIZE:.0f} MB zipped; Lambda takes 250 MB unzipped."
        yield ""
        yield from table(
            ("context", "functions", "zipped, MB", "unzipped, MB"),
            ((each.context, str(each.functions), f"{each.zipped:.1f}", f"{each.unzipped:.1f}") for each in results.sizes),
        )


def over_http(results: Results) -> Iterator[str]:
    if results.http:
        yield "## Over HTTP, on the emulator"
        yield ""
        yield "Wall time on this machine, in an emulator that runs a process for each concurrent call: not the service's, and"
        yield "nothing that AWS would show. CPU is that of the emulator and of all functions for one answer, with what followed"
        yield "meanwhile: relay, workers, tickets on paper, e-mails. The clients share the machine, and have theirs on top."
        yield "The emulator is one process of Python, which takes one CPU at most: its share of an answer bounds the rate."
        yield ""
        yield from run_of("http", results)
        yield from table(
            ("operation", "clients", "answers/s", "p50, ms", "p95, ms", "p99, ms", "CPU, ms", "of it functions"),
            (
                (
                    each.operation,
                    str(each.concurrency),
                    f"{each.rate:.1f}",
                    f"{each.p50:.0f}",
                    f"{each.p95:.0f}",
                    f"{each.p99:.0f}",
                    f"{each.cpu:.0f}",
                    f"{each.functions:.0f}",
                )
                for each in sorted(results.http, key=lambda each: (each.operation, each.concurrency))
            ),
        )
        yield from beside_pretix(results.http)


def beside_pretix(measured: Sequence[Speed]) -> Iterator[str]:
    yield "Beside it pretix 2026.8 (4 workers, PostgreSQL, Redis), measured on a machine like it."
    yield f"{TENFOLD} times as much was the aim:"
    yield ""
    rows = []
    for name, (rate, cpu) in PRETIX.items():
        own = [each for each in measured if each.operation == name]
        if own:
            best, least = max(each.rate for each in own), min(own, key=lambda each: each.cpu)
            faster = best / rate
            rows.append(
                (
                    name,
                    f"{best:.1f}",
                    f"{rate:g}",
                    f"{faster:.1f} ×",
                    f"{least.cpu:.0f}",
                    f"{least.functions:.0f}",
                    f"{cpu}",
                    "met" if faster >= TENFOLD else "not met",
                )
            )
    yield from table(("", "answers/s, at best", "pretix", "", "CPU, ms", "of it functions", "pretix", f"{TENFOLD} ×"), iter(rows))


def run_of(part: str, results: Results) -> Iterator[str]:
    if part in results.runs:
        yield f"Run of {results.runs[part]}."
        yield ""


def table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""
