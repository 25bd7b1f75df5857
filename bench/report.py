"""docs/benchmarks.md, from what was measured (`Results`): the tables, their budgets, and what is over them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench.artifacts import IMPORT_BUDGET, SIZE_BUDGET, Import, Size


@dataclass(frozen=True)
class Row:
    """An operation: what it asks for, and what the budget allows."""

    name: str
    round_trips: int
    most_round_trips: int
    read_units: float
    write_units: int
    most_write_units: int
    redis: int
    bytes_out: int

    def excesses(self) -> Iterator[str]:
        if self.round_trips > self.most_round_trips:
            yield f"{self.name}: {self.round_trips} round trips of {self.most_round_trips}"
        if self.write_units > self.most_write_units:
            yield f"{self.name}: {self.write_units} write units of {self.most_write_units}"


@dataclass
class Results:
    """One run of `make bench`. What was not measured is empty."""

    date: str
    machine: str
    operations: list[Row] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    sizes: list[Size] = field(default_factory=list)


def document(results: Results) -> str:
    parts = [
        "# Benchmarks",
        "",
        "Written by `make bench`; every figure is from one run. Times are CPU times, as ratios to a yardstick in the same run:",
        "wall time would say who else was on the machine.",
        "",
        f"Run of {results.date} on {results.machine}.",
        "",
        *over_budget(results),
        *operations(results.operations),
        *imports(results.imports),
        *sizes(results.sizes),
    ]
    return "\n".join(parts).rstrip() + "\n"


def over_budget(results: Results) -> Iterator[str]:
    over = [
        *(excess for each in results.operations for excess in each.excesses()),
        *(
            f"{each.function}: import {each.ratio:.2f} × of {IMPORT_BUDGET} ×"
            for each in results.imports
            if each.ratio > IMPORT_BUDGET
        ),
        *(
            f"{each.context}: {each.zipped:.1f} MB zipped of {SIZE_BUDGET:.0f} MB"
            for each in results.sizes
            if each.zipped > SIZE_BUDGET
        ),
    ]
    yield f"Over budget: {'; '.join(over)}." if over else "Nothing is over its budget."
    yield ""


def operations(measured: Sequence[Row]) -> Iterator[str]:
    if measured:
        yield "## Operations, warm"
        yield ""
        yield "Counted on an in-memory AWS; tests hold the counts within the budget, which is in brackets. Lists are of ten."
        yield ""
        yield from table(
            ("operation", "round trips", "write units", "read units", "Redis", "bytes out"),
            (
                (
                    each.name,
                    f"{each.round_trips} ({each.most_round_trips})",
                    f"{each.write_units} ({each.most_write_units})",
                    f"{each.read_units:g}",
                    f"{each.redis}",
                    f"{each.bytes_out:,}",
                )
                for each in measured
            ),
        )


def imports(measured: Sequence[Import]) -> Iterator[str]:
    if measured:
        yield "## Cold start: import"
        yield ""
        yield "CPU time to import the handler's module in a fresh process, from the built artifact, over that of botocore with a"
        yield "DynamoDB client."
        yield f"Budget: {IMPORT_BUDGET:.0f} ×; the authorizer loads no AWS SDK."
        yield ""
        yield from table(
            ("function", "CPU, ms", "ratio", "AWS SDK"),
            (
                (each.function, f"{each.milliseconds:.0f}", f"{each.ratio:.2f}", "yes" if each.loads_sdk else "no")
                for each in measured
            ),
        )


def sizes(measured: Sequence[Size]) -> Iterator[str]:
    if measured:
        yield "## Artifacts"
        yield ""
        yield f"As built for AWS. Budget: {SIZE_BUDGET:.0f} MB zipped; Lambda takes 250 MB unzipped."
        yield ""
        yield from table(
            ("context", "functions", "zipped, MB", "unzipped, MB"),
            ((each.context, str(each.functions), f"{each.zipped:.1f}", f"{each.unzipped:.1f}") for each in measured),
        )


def table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""
