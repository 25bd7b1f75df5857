"""The ledger in the context's table (`items_ledger.py`): an entry and what it changes in the totals are one transaction."""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import and_
from random import SystemRandom
from typing import Any

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from functions.orders.items_ledger import EntryItem, TotalItem, WordItem, entries_of, entry_key, totals_of, words_of_conference
from functions.orders.ledger import Entry, Filter, Tally
from functions.orders.use_cases_ledger import OutOfDate
from shared.clock import iso
from shared.table import Item, decode_cursor, failed_conditions, page, transact

SHARDS = 32  # of each cell of the totals: more than processes write at once (the worker's MaximumConcurrency is 20)
_FURTHEST = timedelta(hours=15)  # between a day at a conference and the same day in UTC, at most

_dice = SystemRandom()


class _Place:
    """The shard of the totals that this process adds to. It moves where it meets another process, so that soon each has its own."""

    shard = _dice.randrange(SHARDS)

    @classmethod
    def move(cls) -> None:
        cls.shard = _dice.randrange(SHARDS)


class DynamoLedger:
    """Implements `use_cases_ledger.Ledger`."""

    def find(self, key: Entry) -> Entry | None:
        try:
            return EntryItem.get(*entry_key(key), consistent_read=True).to_domain()
        except EntryItem.DoesNotExist:
            return None

    def replace(self, known: Entry | None, new: Entry, change: Tally) -> None:
        tries = 0

        def compose(write: TransactWrite) -> None:
            nonlocal tries
            if tries:
                _Place.move()
            tries += 1
            _compose(write, known, new, change, _Place.shard)

        try:
            transact(compose)
        except TransactWriteError as failure:
            if not failed_conditions(failure):
                raise
            raise OutOfDate from failure

    def page(self, conference_id: str, wanted: Filter, *, limit: int, cursor: str | None) -> tuple[list[Entry], str | None]:
        if wanted.text:
            return _found_by_word(conference_id, wanted, limit, cursor)
        items, following = _listed(conference_id, wanted, limit, cursor)
        return [item.to_domain() for item in items if isinstance(item, EntryItem)], following

    def totals(self, conference_id: str) -> Iterator[Any]:
        for item in Item.query(totals_of(conference_id)):
            if isinstance(item, TotalItem):
                yield item.to_domain()


def _compose(write: TransactWrite, known: Entry | None, new: Entry, change: Tally, shard: int) -> None:
    before, after = known.words if known else frozenset(), new.words
    unchanged: Condition = Item.pk.does_not_exist() if known is None else EntryItem.revision == known.revision
    for word in before - after:
        write.delete(WordItem.of(word, new))
    write.save(EntryItem.of(new), condition=unchanged)
    for word in after - before:
        write.save(WordItem.of(word, new))
    for cell, counts in change.items():
        write.update(TotalItem.of(new.conference_id, cell, shard), actions=TotalItem.adding(cell, counts))


def _listed(conference_id: str, wanted: Filter, limit: int, cursor: str | None) -> tuple[list[Item], str | None]:
    partition = entries_of(conference_id)
    if wanted.status:
        partition = f"{partition}#{wanted.status}"
    attribute, query = ("gsi1pk", Item.gsi1.query) if wanted.status else ("pk", Item.query)
    narrowed = _narrowed(wanted)
    found = query(
        partition,
        _around(wanted.day, EntryItem.gsi1sk if wanted.status else EntryItem.sk),
        filter_condition=narrowed,
        scan_index_forward=False,
        limit=limit,
        page_size=None if narrowed is not None else limit,  # what is left out is not asked for in small pages
        last_evaluated_key=decode_cursor(cursor, partition, attribute),
    )
    return page(found)


def _around(day: str | None, key: Any) -> Condition | None:
    """The instants that may be on that day somewhere."""
    if day is None:
        return None
    midnight = datetime.combine(date.fromisoformat(day), time(tzinfo=UTC))
    between: Condition = key.between(iso(midnight - _FURTHEST), iso(midnight + timedelta(days=1) + _FURTHEST))
    return between


def _narrowed(wanted: Filter) -> Condition | None:
    """What no key tells: a conference has few ticket types and days, so what is read in vain stays in proportion."""
    conditions: list[Condition] = []
    if wanted.ticket_type_id:
        conditions.append(EntryItem.ticket_type_ids.contains(wanted.ticket_type_id))
    if wanted.day:
        conditions.append(EntryItem.day == wanted.day)
    return reduce(and_, conditions) if conditions else None


def _found_by_word(conference_id: str, wanted: Filter, limit: int, cursor: str | None) -> tuple[list[Entry], str | None]:
    """By the longest word of the text, which the fewest begin with; the entries say the rest."""
    partition, start = words_of_conference(conference_id), max(wanted.text, key=len)
    items, following = page(
        Item.query(
            partition,
            Item.sk.startswith(start),
            scan_index_forward=False,
            limit=limit,
            page_size=limit,
            last_evaluated_key=decode_cursor(cursor, partition),
        )
    )
    words = [item for item in items if isinstance(item, WordItem)]
    entries = _by_key({word.entry_key for word in words})
    found = [(word.word, entries[word.entry_key]) for word in words if word.entry_key in entries]
    # Several words of an order may begin alike: it is listed with the first that comes.
    once = [entry for word, entry in found if word == max(each for each in entry.words if each.startswith(start))]
    return [entry for entry in once if wanted.takes(entry)], following


def _by_key(keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Entry]:
    return {(item.pk, item.sk): item.to_domain() for item in Item.batch_get(list(keys)) if isinstance(item, EntryItem)}
