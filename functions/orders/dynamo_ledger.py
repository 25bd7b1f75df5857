"""The ledger in the context's table (`items_ledger.py`): an entry and what it changes in the totals are one transaction."""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import SystemRandom
from typing import Any

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.pagination import ResultIterator
from pynamodb.transactions import TransactWrite

from functions.orders.items_ledger import EntryItem, TotalItem, WordItem, entries_of, entry_key, totals_of, words_of_conference
from functions.orders.ledger import Entry, Filter, Tally, type_tag
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
        """At most two round trips, whatever is wanted: what no key tells is left out of the page that was read."""
        if wanted.text:
            entries, following = _looked_up(conference_id, max(wanted.text, key=len), None, limit, cursor)
        elif wanted.ticket_type_id:
            entries, following = _looked_up(conference_id, f"{type_tag(wanted.ticket_type_id)}#", wanted.day, limit, cursor)
        else:
            entries, following = _listed(conference_id, wanted, limit, cursor)
        return [entry for entry in entries if wanted.takes(entry)], following

    def totals(self, conference_id: str) -> Iterator[Any]:
        for item in Item.query(totals_of(conference_id)):
            if isinstance(item, TotalItem):
                yield item.to_domain()


def _compose(write: TransactWrite, known: Entry | None, new: Entry, change: Tally, shard: int) -> None:
    before, after = known.found_by if known else frozenset(), new.found_by
    unchanged: Condition = Item.pk.does_not_exist() if known is None else EntryItem.revision == known.revision
    for word in before - after:
        write.delete(WordItem.of(word, new))
    write.save(EntryItem.of(new), condition=unchanged)
    for word in after - before:
        write.save(WordItem.of(word, new))
    for cell, counts in change.items():
        write.update(TotalItem.of(new.conference_id, cell, shard), actions=TotalItem.adding(cell, counts))


def _listed(conference_id: str, wanted: Filter, limit: int, cursor: str | None) -> tuple[list[Entry], str | None]:
    partition, attribute, key = entries_of(conference_id), "pk", Item.sk
    query: Callable[..., ResultIterator[Item]] = Item.query
    if wanted.status:
        partition, attribute, key, query = f"{partition}#{wanted.status}", "gsi1pk", Item.gsi1sk, Item.gsi1.query
    on_day = key.between(*_around(wanted.day)) if wanted.day else None
    items, following = page(query(partition, on_day, **_newest_first(limit, decode_cursor(cursor, partition, attribute))))
    return [item.to_domain() for item in items if isinstance(item, EntryItem)], following


def _looked_up(conference_id: str, start: str, day: str | None, limit: int, cursor: str | None) -> tuple[list[Entry], str | None]:
    """By the words that begin so; by those of a text the longest, with which the fewest begin."""
    partition = words_of_conference(conference_id)
    wanted = Item.sk.between(*(start + instant for instant in _around(day))) if day else Item.sk.startswith(start)
    items, following = page(Item.query(partition, wanted, **_newest_first(limit, decode_cursor(cursor, partition))))
    words = [item for item in items if isinstance(item, WordItem)]
    entries = _by_key({word.entry_key for word in words})
    found = [(word.word, entries[word.entry_key]) for word in words if word.entry_key in entries]
    # Several words of an order may begin alike: it is listed with the first that comes.
    once = [entry for word, entry in found if word == max(each for each in entry.found_by if f"{each}#".startswith(start))]
    return once, following


def _newest_first(limit: int, start: Any) -> dict[str, Any]:
    return {"scan_index_forward": False, "limit": limit, "page_size": limit, "last_evaluated_key": start}


def _around(day: str) -> tuple[str, str]:
    """The instants that may be on that day somewhere."""
    midnight = datetime.combine(date.fromisoformat(day), time(tzinfo=UTC))
    return iso(midnight - _FURTHEST), iso(midnight + timedelta(days=1) + _FURTHEST)


def _by_key(keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Entry]:
    return {(item.pk, item.sk): item.to_domain() for item in Item.batch_get(list(keys)) if isinstance(item, EntryItem)}
