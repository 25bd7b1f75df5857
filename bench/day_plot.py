"""What `make load` measured, as a picture; runs in an environment of its own that has matplotlib and nothing of ours."""

import json
import sys
from pathlib import Path
from statistics import quantiles

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot

_WINDOW = 5.0  # seconds


def draw(source: Path, target: Path) -> None:
    kept = json.loads(source.read_text())
    windows: dict[int, list[float]] = {}
    errors: dict[int, int] = {}
    for each in kept["samples"]:
        window = int(each["at"] // _WINDOW)
        windows.setdefault(window, []).append(each["seconds"] * 1000)
        errors[window] = errors.get(window, 0) + each["outcome"].startswith(("5", "no answer"))
    at = [window * _WINDOW for window in sorted(windows)]
    took = [windows[window] for window in sorted(windows)]
    figure, (rate, latency) = pyplot.subplots(2, 1, figsize=(11, 6), dpi=110, sharex=True)
    rate.step(at, [len(each) / _WINDOW for each in took], where="post", label="answers")
    rate.step(at, [errors[window] / _WINDOW for window in sorted(windows)], where="post", color="tab:red", label="errors")
    rate.set(ylabel="a second", title="A conference day on an emulator")
    for share, label in ((50, "p50"), (95, "p95")):
        latency.plot(at, [quantiles([*each, *each], n=100)[share - 1] for each in took], label=label)
    latency.set(yscale="log", ylabel="ms", xlabel="seconds")
    for axes in (rate, latency):
        for number, (name, began, ended) in enumerate(kept["phases"]):
            axes.axvspan(began, ended, alpha=0.12, color=f"C{number + 2}", label=name)
        axes.grid(visible=True, alpha=0.3)
    rate.legend(fontsize=8, loc="upper right")
    figure.tight_layout()
    figure.savefig(target)


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]))
