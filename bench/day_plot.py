"""What `make load` measured, as a picture; runs in an environment of its own that has matplotlib and nothing of ours."""

import json
import sys
from pathlib import Path
from statistics import quantiles

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot

_WINDOW = 5.0  # seconds
_NOTHING = float("nan")  # a gap in a line


def draw(source: Path, target: Path) -> None:
    kept = json.loads(source.read_text())
    windows: list[list[float]] = [[] for _ in range(1 + int(max(each["at"] for each in kept["samples"]) // _WINDOW))]
    errors = [0] * len(windows)
    for each in kept["samples"]:
        window = int(each["at"] // _WINDOW)
        windows[window].append(each["seconds"] * 1000)
        errors[window] += each["outcome"].startswith(("5", "no answer"))
    edges = [number * _WINDOW for number in range(len(windows) + 1)]
    figure, (rate, latency) = pyplot.subplots(2, 1, figsize=(11, 6), dpi=110, sharex=True)
    rate.stairs([len(each) / _WINDOW for each in windows], edges, baseline=None, label="answers")
    rate.stairs([each / _WINDOW for each in errors], edges, baseline=None, color="black", label="without an answer, or 5xx")
    rate.set(ylabel="a second")
    for share, label in ((50, "p50"), (95, "p95")):
        took = [quantiles([*each, *each], n=100)[share - 1] if each else _NOTHING for each in windows]
        latency.stairs(took, edges, baseline=None, label=label)
    latency.set(yscale="log", ylabel="ms", xlabel="seconds")
    for axes in (rate, latency):
        for number, (_, began, ended) in enumerate(kept["phases"]):
            axes.axvspan(began, ended, alpha=0.12, color=f"C{number + 2}", linewidth=0)
        axes.grid(visible=True, alpha=0.3)
        axes.legend(fontsize=8, loc="upper left")
    for name, began, ended in kept["phases"]:
        rate.annotate(name, ((began + ended) / 2, 1.02), xycoords=("data", "axes fraction"), ha="center", fontsize=9)
    figure.suptitle("A conference day on an emulator", fontsize=11)
    figure.tight_layout()
    figure.savefig(target)


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]))
