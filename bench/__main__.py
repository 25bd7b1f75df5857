"""`make bench`: measure, print, and write docs/benchmarks.md."""

import argparse
import json
import os
import platform
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

from bench import artifacts, settings
from bench.artifacts import Import, Size
from bench.report import Results, Row, document
from localstack.paths import LOCAL, ROOT

RESULTS = LOCAL / "bench.json"
DOCUMENT = ROOT / "docs" / "benchmarks.md"


def machine() -> str:
    """What it ran on, and what else ran there."""
    with open("/proc/cpuinfo") as lines:  # noqa: PTH123  # not a file of ours
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor())
    load = f"load average {os.getloadavg()[0]:.1f}"
    return f"{os.cpu_count()} CPUs ({model}), {platform.system()}, Python {platform.python_version()}; {load}"


def measured_operations(results: Results) -> None:
    settings.apply()  # before any function is imported
    from bench.counts import count, world
    from bench.operations import operations

    with world() as at:
        counted = [(each, count(at.platform, each)) for each in operations(at)]
    results.operations = [
        Row(
            allowed.name,
            spent.round_trips,
            allowed.round_trips,
            spent.own.read_units,
            spent.write_units,
            allowed.write_units,
            spent.redis,
            spent.own.bytes_out,
        )
        for allowed, spent in counted
    ]


def measured_imports(results: Results) -> None:
    results.imports = artifacts.imports()


def measured_sizes(results: Results) -> None:
    results.sizes = artifacts.sizes()


PARTS: dict[str, Callable[[Results], None]] = {
    "operations": measured_operations,
    "imports": measured_imports,
    "sizes": measured_sizes,
}


def kept() -> Results:
    """What earlier runs measured, to be replaced part by part."""
    held = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    rows = {"operations": Row, "imports": Import, "sizes": Size}
    parts = {name: [kind(**each) for each in held.get(name, [])] for name, kind in rows.items()}
    return Results(datetime.now(UTC).date().isoformat(), machine(), **parts)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure Ketemu against its budgets.")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part anew; the others stay as they were")
    results = kept()
    for name in parser.parse_args().only or PARTS:
        print(f"Measuring {name} …", flush=True)
        PARTS[name](results)
        RESULTS.write_text(json.dumps(asdict(results)))
    text = document(results)
    print(text)
    DOCUMENT.write_text(text)


if __name__ == "__main__":
    main()
