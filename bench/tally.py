"""What an operation used of everything that AWS bills, and where the counts are kept: bench/counted.json.

`make bench` and `make cost` write it, tests hold it against what the platform asks for now, and docs/cost.md is computed from it.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COUNTED = Path(__file__).parent / "counted.json"


@dataclass
class Tally:
    requests: int = 0  # over HTTP, each with its authorizer
    bytes_out: int = 0
    read_units: float = 0
    write_units: int = 0
    events: int = 0  # put on the bus
    deliveries: int = 0  # from the bus to a queue
    delayed: int = 0  # messages that a worker puts back on its queue for later
    mails: int = 0
    objects_put: int = 0  # in a bucket; taking them away is free
    objects_read: int = 0
    invocations: Counter[str] = field(default_factory=Counter)  # of each function
    round_trips: Counter[str] = field(default_factory=Counter)  # to DynamoDB, by function

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(**{name: value + getattr(other, name) for name, value in vars(self).items()})


@dataclass(frozen=True)
class Count:
    """`own` is what the request itself used, `after` what follows from it: the relay, the workers, the journal."""

    name: str
    own: Tally
    after: Tally
    redis: int

    @property
    def round_trips(self) -> int:
        return self.own.round_trips.total()

    @property
    def write_units(self) -> int:
        return self.own.write_units

    @property
    def used(self) -> Tally:
        return self.own + self.after


def keep(counts: Iterable[Count]) -> None:
    COUNTED.write_text(json.dumps([_brief(vars(each)) for each in counts], indent=1) + "\n")


def kept() -> Mapping[str, Count]:
    """By name."""
    return {
        each["name"]: Count(each["name"], _tally(each["own"]), _tally(each["after"]), each.get("redis", 0))
        for each in json.loads(COUNTED.read_text())
    }


def _tally(held: Mapping[str, Any]) -> Tally:
    counters = {name: Counter(held.get(name, {})) for name in ("invocations", "round_trips")}
    return Tally(**{**held, **counters})


def _brief(value: object) -> object:
    """Without what is nothing."""
    if isinstance(value, Tally):
        return _brief(vars(value))
    return {name: _brief(each) for name, each in sorted(value.items()) if each} if isinstance(value, dict) else value
