"""The journal in the context's table (`items_journal.py` has its keys): appended to in batches, off the way to the door.

A conference's head is what appending waits for: each batch is one transaction, conditional on the head that it continues. So the
chain has one order, an entry is in it once, and what is counted moves with it. A few batches a second is the most that a head sees,
whatever goes through the doors.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pynamodb.transactions import TransactWrite

from functions.tickets.conflicts import Conflict, Told
from functions.tickets.history import Counts, DoubleEntry, History
from functions.tickets.items import TicketItem, commit
from functions.tickets.items_door import door
from functions.tickets.items_journal import (
    ArrivalsItem,
    DoorHeadItem,
    DoubleEntryItem,
    HistoryItem,
    JournalMarkItem,
    JournalPageItem,
)
from functions.tickets.journal import Entry, Happening, Head, chain
from functions.tickets.projection import Projection, project
from functions.tickets.use_cases import again
from functions.tickets.use_cases_door import DOOR_ROLES
from shared.clock import now
from shared.crew import Crew
from shared.messages import DoubleEntryFound, DoubleEntrySettled, Message
from shared.table import Item, Outbox

# Of a transaction's 100 items an entry takes up to three (its mark, the ticket's history, the minute), a double entry two more.
_AT_ONCE = 24


class Signer(Protocol):
    def sign(self, head: Head) -> str: ...


@dataclass(frozen=True, slots=True)
class _Read:
    """The end of the chain, and what concerns the happenings that are to be written."""

    head: Head
    counts: Counts
    written: frozenset[str]  # records that are in the journal already
    histories: Mapping[str, History]


class DynamoJournal:
    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def append(self, conference_id: str, happenings: Sequence[Happening]) -> None:
        """Each once, however often it comes. Raises Stale or Busy where others append without end: bring them again."""
        for start in range(0, len(happenings), _AT_ONCE):
            self._append_some(conference_id, happenings[start : start + _AT_ONCE])

    def _append_some(self, conference_id: str, happenings: Sequence[Happening]) -> None:
        again(lambda: self._append(conference_id, happenings))

    def _append(self, conference_id: str, happenings: Sequence[Happening]) -> None:
        read = _read(conference_id, happenings)
        fresh = [each for each in _distinct(happenings) if each.id not in read.written]
        if not fresh:
            return
        entries = chain(read.head, fresh)
        projection = project(read.counts, read.histories, fresh)
        crew = Crew().of(conference_id, DOOR_ROLES) if projection.found else ()
        found = {each: _double_entry_found(conference_id, projection, each, crew) for each in projection.found}
        messages: list[Message] = [*found.values(), *_settled(conference_id, projection.settled)]
        head = entries[-1].head(conference_id)
        signature = self._signer.sign(head)

        def compose(transaction: TransactWrite) -> None:
            for each in projection.settled:
                transaction.delete(DoubleEntryItem(DoubleEntryItem.partition(conference_id), DoubleEntryItem.sort_key(each)))
            unchanged = DoorHeadItem.seq == read.head.seq if read.head.seq else Item.pk.does_not_exist()
            transaction.save(DoorHeadItem.of(head, signature, now(), projection.counts), condition=unchanged)
            transaction.save(JournalPageItem.of(conference_id, entries, signature))
            _save(transaction, fresh, entries, projection)
            for double, news in found.items():
                told = Told(news.id, news.occurred_at, news.crew)
                conflict = Conflict(ticket_id=news.ticket_id, entries=double, told=told)
                transaction.save(DoubleEntryItem.of(conference_id, conflict))
            for message in messages:
                transaction.save(Outbox.of(message))
            _count(transaction, conference_id, projection)

        commit(compose)


def _distinct(happenings: Iterable[Happening]) -> list[Happening]:
    return list({each.id: each for each in happenings}.values())


def _read(conference_id: str, happenings: Sequence[Happening]) -> _Read:
    """The head first: what is read after it is as the head says, or the head has moved on and nothing is written."""
    head, counts = head_and_counts(conference_id)
    tickets = {each.ticket_id for each in happenings if each.ticket_id}
    keys = [JournalMarkItem.key(each) for each in {each.id for each in happenings}] + [HistoryItem.key(each) for each in tickets]
    written, histories = set(), {}
    for item in Item.batch_get(keys, consistent_read=True):
        match item:
            case JournalMarkItem():
                written.add(item.pk.removeprefix("ENTRY#"))
            case HistoryItem():
                history = item.domain()
                histories[history.ticket_id] = history
    return _Read(head, counts, frozenset(written), histories)


def head_and_counts(conference_id: str) -> tuple[Head, Counts]:
    try:
        item = DoorHeadItem.get(door(conference_id), "HEAD", consistent_read=True)
    except DoorHeadItem.DoesNotExist:
        return Head.genesis(conference_id), Counts({}, {})
    return item.head(), item.counts()


def _save(transaction: TransactWrite, fresh: Sequence[Happening], entries: Sequence[Entry], projection: Projection) -> None:
    for happening, entry in zip(fresh, entries, strict=True):
        mark = JournalMarkItem(*JournalMarkItem.key(happening.id), seq=entry.seq)
        transaction.save(mark, condition=Item.pk.does_not_exist())
    for history in projection.histories.values():
        transaction.save(HistoryItem.of(history))


def _count(transaction: TransactWrite, conference_id: str, projection: Projection) -> None:
    for (gate, minute), entries in projection.arrivals.items():
        transaction.update(
            ArrivalsItem(ArrivalsItem.partition(conference_id), ArrivalsItem.sort_key(gate, minute)),
            actions=[ArrivalsItem.entries.add(entries), ArrivalsItem.kind.set(ArrivalsItem), ArrivalsItem.v.set(1)],
        )


def _ticket_of(projection: Projection, found: DoubleEntry) -> str:
    return next(history.ticket_id for history in projection.histories.values() if history.found(found.second.scan_id))


def _double_entry_found(conference_id: str, projection: Projection, found: DoubleEntry, crew: Sequence[str]) -> DoubleEntryFound:
    ticket_id = _ticket_of(projection, found)
    try:
        ticket = TicketItem.get(*TicketItem.key(ticket_id)).domain()
    except TicketItem.DoesNotExist:
        ticket = None
    return DoubleEntryFound(
        conference_id=conference_id,
        conference_name=ticket.conference_name if ticket else "",
        time_zone=ticket.time_zone if ticket else "UTC",
        conflict_id=found.id,
        crew=tuple(crew),
        ticket_id=ticket_id,
        first_gate=found.first.gate_name,
        first_at=found.first.at,
        first_by=found.first.operator_id,
        second_gate=found.second.gate_name,
        second_at=found.second.at,
        second_by=found.second.operator_id,
    )


def _settled(conference_id: str, doubles: Sequence[DoubleEntry]) -> list[DoubleEntrySettled]:
    """For those that were told of and are open."""
    keys = [(DoubleEntryItem.partition(conference_id), DoubleEntryItem.sort_key(each)) for each in doubles]
    conflicts = [item.domain() for item in DoubleEntryItem.batch_get(keys, consistent_read=True)] if keys else []
    return [message for each in conflicts if (message := settled(conference_id, each))]


def settled(conference_id: str, conflict: Conflict) -> DoubleEntrySettled | None:
    """None where nobody was told of it."""
    told = conflict.told
    if told is None:
        return None
    return DoubleEntrySettled(
        conference_id=conference_id, conflict_id=conflict.id, found_id=told.message_id, found_at=told.at, crew=told.crew
    )
