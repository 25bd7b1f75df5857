"""Plans for the proxy: a share of calls breaks, drawn from a seed, and so many of them at most; a function reaches nothing; or a
clock is wrong, which shows in the calls' dates."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from localstack.breaking import WAYS, Call, Way

_ON_THE_WAY = 30  # seconds that a call may take to be heard, on a machine with much else to do
_TRIES = 4  # of one call by a client of ours, at most: an outage that outlasts them is one that the function meets


@dataclass(frozen=True, kw_only=True)
class Weather:
    """Which calls break, and how; None: of all functions, of every operation."""

    share: float
    most: int
    ways: tuple[Way, ...] = WAYS
    functions: frozenset[str] | None = None
    operations: frozenset[str] | None = None

    def is_over(self, call: Call) -> bool:
        return (self.functions is None or call.function in self.functions) and (
            self.operations is None or call.operation in self.operations
        )


class Unsteady:
    """A plan. Half of what it breaks stays broken while the client repeats it, the other half works at the second try."""

    def __init__(self, weather: Weather, seed: int) -> None:
        self._weather, self._left, self._dice = weather, weather.most, Random(seed)  # noqa: S311  # no secret
        self._again: dict[Call, tuple[Way, int]] = {}
        self._lock = threading.Lock()
        self.broken: Counter[str] = Counter()

    def __call__(self, call: Call) -> Way | None:
        with self._lock:
            if call in self._again:
                way, left = self._again.pop(call)
                if left > 1:
                    self._again[call] = way, left - 1
                return way
            if not self._left or not self._weather.is_over(call) or self._dice.random() > self._weather.share:
                return None
            self._left -= 1
            way = self._dice.choice(self._weather.ways)
            if not way.startswith("killed") and self._dice.random() < 0.5:
                self._again[call] = "unavailable" if way == "answer lost" else way, _TRIES
            self.broken[f"{call.function}: {way}"] += 1
            return way

    def calm(self) -> None:
        """Nothing breaks any more."""
        with self._lock:
            self._left = 0
            self._again.clear()


class Outage:
    """A plan: a function reaches nothing, from `begin` to `end`."""

    def __init__(self, function: str) -> None:
        self._function, self._is_on, self.met = function, False, 0

    def begin(self) -> None:
        self._is_on = True

    def end(self) -> None:
        self._is_on = False

    def __call__(self, call: Call) -> Way | None:
        if not self._is_on or call.function != self._function:
            return None
        self.met += 1
        return "unavailable"


class Clocks:
    """A plan that breaks nothing: it counts the calls that are dated as wrongly as the clock of their function is set."""

    def __init__(self, off: Mapping[str, int]) -> None:
        self._off = off
        self.seen: Counter[str] = Counter()

    def __call__(self, call: Call) -> Way | None:
        off = self._off.get(call.function, 0)
        if off and abs(call.ahead - off) < _ON_THE_WAY:
            self.seen[f"{call.function} {off:+} s"] += 1
        return None
