"""docs/benchmarks.md, from what was measured (`Results`): the tables, their budgets, and what is over them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench.artifacts import IMPORT_BUDGET, SIZE_BUDGET, Import, Size


@dataclass
class Results:
    """One run of `make bench`. What was not measured is empty."""

    date: str
    machine: str
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
        *imports(results.imports),
        *sizes(results.sizes),
    ]
    return "\n".join(parts).rstrip() + "\n"


def over_budget(results: Results) -> Iterator[str]:
    over = [
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
