"""How often somebody may ask: a bucket of tokens for each, in the memory of one function instance.

It costs no write on the way to the door. Instances count apart, so that the true limit is this times those that are warm.
"""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from functions.tickets.devices import TooManyRequests

_MOST_KEPT = 10_000  # buckets; the one that was used longest ago goes first


@dataclass
class Pace:
    burst: int
    per_second: float
    clock: Callable[[], float]  # seconds, monotonic
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)  # tokens left, at

    def take(self, who: str) -> None:
        """Raises TooManyRequests."""
        at = self.clock()
        left, since = self._buckets.pop(who, (float(self.burst), at))
        left = min(float(self.burst), left + (at - since) * self.per_second)
        self._buckets[who] = (left - 1 if left >= 1 else left, at)
        if len(self._buckets) > _MOST_KEPT:
            self._buckets.popitem(last=False)
        if left < 1:
            raise TooManyRequests(math.ceil((1 - left) / self.per_second))
