"""`make bench`: measure, print, and write docs/benchmarks.md and what docs/benchmarks.png is drawn from."""

import argparse
import os
import platform
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from json import dumps
from pathlib import Path

from bench import artifacts, budgets, documents, settings, tally
from bench.report import Results, document, keep, kept
from bench.speeds import speeds


def machine() -> str:
    """What it ran on, and what else ran there."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor())
    busy = f"load average {os.getloadavg()[0]:.1f} at the start"
    return f"{os.cpu_count()} CPUs ({model}), {platform.system()}, Python {platform.python_version()}; {busy}"


def counts(_: Results) -> None:
    from bench.counts import counts, world  # brings every function

    with world() as at:
        tally.keep(counts(at))


def cpu(results: Results) -> None:
    from bench.cpu import cpu  # as above

    results.cpu = cpu()


def imports(results: Results) -> None:
    results.imports = artifacts.imports()


def sizes(results: Results) -> None:
    results.sizes = artifacts.sizes()


def http(results: Results) -> None:
    results.http = speeds()


PARTS: dict[str, Callable[[Results], None]] = {each.__name__: each for each in (counts, cpu, imports, sizes, http)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure Ketemu against its budgets.")
    parser.add_argument("--parts", default=",".join(PARTS), help="what to measure anew; the rest stays as it was")
    parser.add_argument("--figures", type=Path, required=True, help="where to put what bench/plot.py draws")
    arguments = parser.parse_args()
    settings.apply()  # before any function is imported
    results = kept()
    for name in arguments.parts.split(","):
        print(f"Measuring {name} …", flush=True)
        here = f"{datetime.now(UTC).date().isoformat()} on {machine()}"
        PARTS[name](results)
        results.runs[name] = here
        keep(results)
    print(document(tally.kept(), results))
    documents.write()
    arguments.figures.write_text(dumps(asdict(results) | {"cpu_budget": budgets.CPU, "import_budget": budgets.IMPORT}))


if __name__ == "__main__":
    main()
