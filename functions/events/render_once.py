"""A stampede renders once: of the many who find the cache empty, one renders, and the others take what it made.

Nor does what the cache holds grow old: now and then one of its readers asks the table for the number of the latest release. So it
does not matter whether a release reached the cache, nor what was in one that was away for a while.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from threading import Lock
from typing import Protocol

from functions.events.agenda import Rendered

# Seconds between looks at what another function is rendering: a little more in all than a turn lasts.
_PAUSES = (0.02, 0.03, 0.05, 0.1, 0.2, 0.3, *(0.5,) * 5)

Make = Callable[[], Rendered]
Latest = Callable[[], float | None]  # the number of the latest release, as `agenda.number_of` has it


class AgendaCache(Protocol):
    def get(self, key: str) -> Rendered | None: ...
    def keep(self, key: str, rendered: Rendered) -> bool:
        """Whether the cache, if there is one, now holds this release or a newer one."""

    def turn(self, key: str) -> AbstractContextManager[bool]:
        """Whether it is the caller's turn to render or ask, for as long as the context lasts; false while it is another's."""


class Flight:
    """Within one process: whoever comes while the same is being rendered waits for it, and shares its failure too."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._flying: dict[str, Future[Rendered]] = {}

    def join(self, key: str, make: Make) -> Rendered:
        own: Future[Rendered] = Future()
        with self._lock:
            flying = self._flying.setdefault(key, own)
        if flying is own:
            self._fly(key, own, make)
        return flying.result()

    def _fly(self, key: str, own: Future[Rendered], make: Make) -> None:
        try:
            own.set_result(make())
        except BaseException as failure:  # noqa: BLE001  # raised again to each who waits, the caller included
            own.set_exception(failure)
        finally:
            with self._lock:
                del self._flying[key]


_FLIGHT = Flight()


def read_through(cache: AgendaCache, key: str, make: Make, latest: Latest, flight: Flight = _FLIGHT) -> Rendered:
    """What the cache holds, or what `make` makes of it: once among all functions as long as the cache works, and right without."""
    held = cache.get(key)
    if held and not held.is_due:
        return held
    return flight.join(key, lambda: _in_turn(cache, key, held, make, latest))


def _in_turn(cache: AgendaCache, key: str, seen: Rendered | None, make: Make, latest: Latest) -> Rendered:
    """Whoever's turn it is not takes what was seen, or waits for what is made; a turn that ended without is the next one's."""
    for pause in _PAUSES:
        with cache.turn(key) as mine:
            if mine:
                return _look_after(cache, key, make, latest)
        if seen:
            return seen
        time.sleep(pause)
        if held := cache.get(key):
            return held
    return _look_after(cache, key, make, latest)


def _look_after(cache: AgendaCache, key: str, make: Make, latest: Latest) -> Rendered:
    held = cache.get(key)  # again: another may have had the turn since the first look
    if held and not held.is_due:
        return held
    fresh = held if held and held.number == latest() else make()
    cache.keep(key, fresh)
    return fresh
