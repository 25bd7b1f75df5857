"""docs/benchmarks.png, from the figures of `make bench`; runs in an environment that has matplotlib and nothing of ours."""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot


def draw(source: Path, target: Path) -> None:
    results = json.loads(source.read_text())
    figure, (warm, cold, http) = pyplot.subplots(1, 3, figsize=(15, 5), dpi=100)
    timed = [each for each in results["cpu"] if each["ratio"] is not None]
    bars(warm, timed, "operation", results["cpu_budget"], "Warm CPU over bare botocore")
    bars(cold, results["imports"], "function", results["import_budget"], "Import over botocore with a client")
    for name in dict.fromkeys(each["operation"] for each in results["http"]):
        own = [each for each in results["http"] if each["operation"] == name]
        clients = [str(each["concurrency"]) for each in own]
        http.plot(clients, [each["answers"] / each["seconds"] for each in own], marker="o", label=name)
    http.set(xlabel="clients at once", ylabel="answers a second", title="Over HTTP, on the emulator", ylim=(0, None))
    if results["http"]:
        http.legend()
    figure.tight_layout()
    figure.savefig(target)


def bars(axes: Any, rows: list[dict[str, Any]], name: str, budget: float, title: str) -> None:  # matplotlib is untyped here
    over = ["tab:red" if each["ratio"] > budget else "tab:blue" for each in rows]
    axes.barh([each[name] for each in rows], [each["ratio"] for each in rows], color=over)
    axes.axvline(budget, color="black", linestyle="--", label=f"budget: {budget} ×")
    axes.invert_yaxis()
    axes.set(title=title)
    axes.legend()


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]))
