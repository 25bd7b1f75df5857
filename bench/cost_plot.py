"""docs/cost.png, from the figures of `make cost`; runs in an environment of its own that has matplotlib and nothing of ours."""

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot


def draw(source: Path, target: Path) -> None:
    figures = json.loads(source.read_text())
    conferences = figures["conferences"]
    sizes = [f"{int(size):,}" for size in conferences]
    services = list(dict.fromkeys(service for parts in conferences.values() for service in parts))
    figure, (whole, each) = pyplot.subplots(1, 2, figsize=(11, 4.2), dpi=110)
    totals = [sum(figures["idle"].values()), *(sum(parts.values()) for parts in conferences.values())]
    each.set_prop_cycle(color=pyplot.get_cmap("tab20").colors)
    whole.bar(["idle", *sizes], totals, label="Ketemu, with the month around it")
    whole.axhline(
        figures["servers"], color="black", linestyle="--", label=f"smallest servers, a month: {figures['servers']:.0f} USD"
    )
    whole.set(yscale="log", ylim=(1, None), ylabel="USD", xlabel="tickets", title="A conference and its month")
    whole.legend()
    base = [0.0] * len(sizes)
    for service in services:
        shares = [parts[service] / int(size) * 100 for size, parts in conferences.items()]
        each.bar(sizes, shares, bottom=base, label=service)
        base = [low + share for low, share in zip(base, shares, strict=True)]
    each.set(ylabel="US cents", xlabel="tickets", title="Per attendee")
    each.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(target)


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]))
