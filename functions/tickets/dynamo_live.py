"""What is counted of the door, its conflicts and its journal, read from the context's table (`items_journal.py` has their keys)."""

from datetime import datetime

from pynamodb.transactions import TransactWrite

from functions.tickets.conflicts import Conflict
from functions.tickets.dynamo_gates import DynamoGates
from functions.tickets.dynamo_journal import head_and_counts, settled
from functions.tickets.gates import DoorPlan
from functions.tickets.history import Counts
from functions.tickets.items import commit
from functions.tickets.items_door import door
from functions.tickets.items_journal import ArrivalsItem, DoorHeadItem, DoubleEntryItem, JournalPageItem
from functions.tickets.journal import Entry, Head
from functions.tickets.use_cases_live import Arrivals, Published
from shared.clock import iso, parse
from shared.table import Item, Outbox, decode_cursor, page

_PAGES = 20  # of the journal in one answer: some 500 entries, 150 KB


class DynamoLive:
    """Implements `use_cases_live.Live`."""

    def counts(self, conference_id: str) -> Counts:
        return head_and_counts(conference_id)[1]

    def plan(self, conference_id: str) -> DoorPlan:
        return DynamoGates().plan(conference_id)

    def arrivals(self, conference_id: str, since: datetime, until: datetime) -> list[Arrivals]:
        minutes = ArrivalsItem.sk.between(iso(since), iso(until))
        rows = ArrivalsItem.query(ArrivalsItem.partition(conference_id), minutes, consistent_read=True)
        return [_arrivals(row) for row in rows if row.entries]

    def conflicts(
        self, conference_id: str, *, is_resolved: bool, limit: int, cursor: str | None
    ) -> tuple[list[Conflict], str | None]:
        partition = DoubleEntryItem.partition(conference_id)
        state = DoubleEntryItem.sk.startswith("RESOLVED#" if is_resolved else "OPEN#")
        start = decode_cursor(cursor, partition)
        rows, next_cursor = page(
            DoubleEntryItem.query(partition, state, limit=limit, last_evaluated_key=start, consistent_read=True)
        )
        return [row.domain() for row in rows], next_cursor

    def conflict(self, conference_id: str, conflict_id: str) -> Conflict | None:
        rows = DoubleEntryItem.query(DoubleEntryItem.partition(conference_id), consistent_read=True)
        return next((row.domain() for row in rows if row.sk.endswith(f"#{conflict_id}")), None)

    def resolve(self, conference_id: str, before: Conflict, after: Conflict) -> None:
        still_open = DoubleEntryItem(DoubleEntryItem.partition(conference_id), DoubleEntryItem.sort_key(before.entries))

        message = settled(conference_id, before)

        def compose(transaction: TransactWrite) -> None:
            transaction.delete(still_open, condition=Item.pk.exists())
            transaction.save(DoubleEntryItem.of(conference_id, after))
            if message:
                transaction.save(Outbox.of(message))

        commit(compose)

    def head(self, conference_id: str) -> Published:
        try:
            item = DoorHeadItem.get(door(conference_id), "HEAD", consistent_read=True)
        except DoorHeadItem.DoesNotExist:
            return Published(Head.genesis(conference_id), None, None)
        return Published(item.head(), item.signature, parse(item.at))

    def entries(self, conference_id: str, *, after: int) -> tuple[list[Entry], int | None]:
        rows = JournalPageItem.query(
            JournalPageItem.partition(conference_id),
            JournalPageItem.sk > JournalPageItem.number(after),
            limit=_PAGES,
            consistent_read=True,
        )
        pages = [row.domain() for row in rows]
        entries = [entry for each in pages for entry in each if entry.seq > after]
        return entries, entries[-1].seq if len(pages) == _PAGES else None


def _arrivals(row: ArrivalsItem) -> Arrivals:
    minute, _, gate = row.sk.partition("#")
    return Arrivals(parse(minute), gate, int(row.entries))
