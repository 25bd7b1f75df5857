"""`make bench`: measure, print, and write docs/benchmarks.md."""

import argparse
import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime

from bench import artifacts
from bench.report import Results, document
from localstack.paths import ROOT

DOCUMENT = ROOT / "docs" / "benchmarks.md"


def machine() -> str:
    """What it ran on, and what else ran there."""
    with open("/proc/cpuinfo") as lines:  # noqa: PTH123  # not a file of ours
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor())
    load = f"load average {os.getloadavg()[0]:.1f}"
    return f"{os.cpu_count()} CPUs ({model}), {platform.system()}, Python {platform.python_version()}; {load}"


def measured_imports(results: Results) -> None:
    results.imports = artifacts.imports()


def measured_sizes(results: Results) -> None:
    results.sizes = artifacts.sizes()


PARTS: dict[str, Callable[[Results], None]] = {"imports": measured_imports, "sizes": measured_sizes}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure Ketemu against its budgets.")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone, print it and write nothing")
    chosen = parser.parse_args().only
    results = Results(datetime.now(UTC).date().isoformat(), machine())
    for name in chosen or PARTS:
        print(f"Measuring {name} …", flush=True)
        PARTS[name](results)
    text = document(results)
    print(text)
    if not chosen:
        DOCUMENT.write_text(text)


if __name__ == "__main__":
    main()
