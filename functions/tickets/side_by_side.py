"""Calls of the database that do not depend on each other, some at a time."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

_AT_ONCE = 8


def side_by_side(jobs: Iterable[Callable[[], None]]) -> None:
    """Raises what one of them raises, once all are done."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for done in [pool.submit(copy_context().run, job) for job in jobs]:  # the context holds the correlation id
            done.result()
