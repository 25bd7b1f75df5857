"""What was scanned off line, handed in together."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from functions.contacts.domain import TooManyMisses
from functions.contacts.use_cases import Exchanges, Met, Scanned, exchange
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import Problem

_AT_ONCE = 8  # codes of a batch that are settled side by side


def exchange_batch(exchanges: Exchanges, clock: Clock, *, caller: Caller, batch: Sequence[Scanned]) -> list[Met | Problem]:
    """Each on its own and answered in the order they came; those of one code one after the other, by when they happened.

    May be repeated, whole or in part. A scan that cannot be taken is answered with its problem and holds up no other.
    Raises TooManyMisses for all of them.
    """
    results: dict[int, Met | Problem] = {}

    def settle(numbers: Sequence[int]) -> None:
        for number in numbers:
            results[number] = _settled(exchanges, clock, caller, batch[number])

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for done in [pool.submit(copy_context().run, settle, numbers) for numbers in _by_code(batch, clock)]:
            done.result()
    slowed = [result for result in results.values() if isinstance(result, TooManyMisses)]
    if len(slowed) == len(batch):
        raise slowed[0]
    return [results[number] for number in range(len(batch))]


def _settled(exchanges: Exchanges, clock: Clock, caller: Caller, scanned: Scanned) -> Met | Problem:
    try:
        return exchange(exchanges, clock, caller=caller, scanned=scanned)
    except Problem as problem:
        return problem


def _by_code(batch: Sequence[Scanned], clock: Clock) -> list[list[int]]:
    """The places in the batch, together where the code is the same."""
    now = clock()
    groups: dict[str, list[int]] = {}
    for number in sorted(range(len(batch)), key=lambda number: batch[number].scanned_at or now):
        groups.setdefault(batch[number].code, []).append(number)
    return list(groups.values())
