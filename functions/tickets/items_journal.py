"""What is written down of the door, and what is counted of it, in the context's table.

| item | pk | sk |
|---|---|---|
| DoorHead | DOOR#conference | HEAD |
| JournalPage | JOURNAL#conference | number of its last entry |
| JournalMark | ENTRY#record | ENTRY |
| TicketHistory | TICKET#id | HISTORY |
| Arrivals | ARRIVALS#conference | minute#gate |
| DoorLookUp | LOOKUP#id | LOOKUP |
| DoubleEntry | CONFLICTS#conference | OPEN#instant#id or RESOLVED#instant#id |
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from functions.tickets.conflicts import Conflict, Told
from functions.tickets.history import Counts, DoubleEntry, History, Pass, TypeCount
from functions.tickets.items_door import door
from functions.tickets.journal import Entry, Head
from shared.clock import iso, parse
from shared.table import Item

JsonObject = dict[str, Any]  # JSON is untyped by nature


class DoorHeadItem(Item, discriminator="DoorHead"):
    """The end of the chain and what was counted up to there: written together, so that nothing counts twice."""

    v = NumberAttribute(default=1)
    seq = NumberAttribute()
    hash = UnicodeAttribute()
    signature = UnicodeAttribute()
    at = UnicodeAttribute()
    types = JSONAttribute()
    inside = JSONAttribute()

    @classmethod
    def of(cls, head: Head, signature: str, at: datetime, counts: Counts) -> "DoorHeadItem":
        return cls(
            door(head.conference_id),
            "HEAD",
            seq=head.seq,
            hash=head.hash,
            signature=signature,
            at=iso(at),
            types={type_id: asdict(count) for type_id, count in counts.types.items()},
            inside=dict(counts.inside),
        )

    def head(self) -> Head:
        return Head(self.pk.removeprefix("DOOR#"), int(self.seq), self.hash)

    def counts(self) -> Counts:
        return Counts({type_id: TypeCount(**kept) for type_id, kept in self.types.items()}, dict(self.inside))


class JournalPageItem(Item, discriminator="JournalPage"):
    """Entries that were written together: [hash, line] each. `signature` is of the head that the last of them was."""

    v = NumberAttribute(default=1)
    entries = JSONAttribute()
    signature = UnicodeAttribute()

    @staticmethod
    def partition(conference_id: str) -> str:
        return f"JOURNAL#{conference_id}"

    @staticmethod
    def number(seq: int) -> str:
        return f"{seq:012}"

    @classmethod
    def of(cls, conference_id: str, entries: Sequence[Entry], signature: str) -> "JournalPageItem":
        return cls(
            cls.partition(conference_id),
            cls.number(entries[-1].seq),
            entries=[[entry.hash, entry.line] for entry in entries],
            signature=signature,
        )

    def domain(self) -> list[Entry]:
        first = int(self.sk) - len(self.entries) + 1
        last = len(self.entries) - 1
        return [
            Entry(first + place, kept[0], kept[1], self.signature if place == last else None)
            for place, kept in enumerate(self.entries)
        ]


class JournalMarkItem(Item, discriminator="JournalMark"):
    """That a record is in the journal, and where: what makes an entry once only."""

    v = NumberAttribute(default=1)
    seq = NumberAttribute()

    @staticmethod
    def key(record_id: str) -> tuple[str, str]:
        return f"ENTRY#{record_id}", "ENTRY"


class HistoryItem(Item, discriminator="TicketHistory"):
    v = NumberAttribute(default=1)
    told = JSONAttribute()

    @staticmethod
    def key(ticket_id: str) -> tuple[str, str]:
        return f"TICKET#{ticket_id}", "HISTORY"

    @classmethod
    def of(cls, history: History) -> "HistoryItem":
        told = {
            "type": history.ticket_type_id,
            "issued": history.issued,
            "cancelled": history.cancelled,
            "passes": [pass_json(each) for each in history.passes],
            "older": history.older,
            "annulled": list(history.annulled),
        }
        return cls(*cls.key(history.ticket_id), told=told)

    def domain(self) -> History:
        return History(
            ticket_id=self.pk.removeprefix("TICKET#"),
            ticket_type_id=self.told["type"],
            issued=self.told["issued"],
            cancelled=self.told["cancelled"],
            passes=tuple(_pass(kept) for kept in self.told["passes"]),
            older=self.told["older"],
            annulled=tuple(self.told["annulled"]),
        )


def pass_json(made: Pass) -> JsonObject:
    return {**asdict(made), "at": iso(made.at)}


def _pass(kept: JsonObject) -> Pass:
    return Pass(**{**kept, "at": parse(kept["at"])})


class ArrivalsItem(Item, discriminator="Arrivals"):
    v = NumberAttribute(default=1)
    entries = NumberAttribute()

    @staticmethod
    def partition(conference_id: str) -> str:
        return f"ARRIVALS#{conference_id}"

    @staticmethod
    def sort_key(gate: str, minute: datetime) -> str:
        return f"{iso(minute)}#{gate}"


class LookUpItem(Item, discriminator="DoorLookUp"):
    """That somebody looked for a ticket: who, when, by what and how many they saw. Not for whom."""

    v = NumberAttribute(default=1)
    id = UnicodeAttribute()
    conference_id = UnicodeAttribute()
    operator_id = UnicodeAttribute()
    at = UnicodeAttribute()
    what = UnicodeAttribute()  # name, email or order
    found = NumberAttribute()


class DoubleEntryItem(Item, discriminator="DoubleEntry"):
    v = NumberAttribute(default=1)
    ticket_id = UnicodeAttribute()
    first = JSONAttribute()
    second = JSONAttribute()
    told = JSONAttribute(null=True)
    resolved_at = UnicodeAttribute(null=True)
    resolved_by = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)

    @staticmethod
    def partition(conference_id: str) -> str:
        return f"CONFLICTS#{conference_id}"

    @staticmethod
    def sort_key(found: DoubleEntry, state: str = "OPEN") -> str:
        return f"{state}#{iso(found.second.at)}#{found.id}"

    @classmethod
    def of(cls, conference_id: str, conflict: Conflict) -> "DoubleEntryItem":
        return cls(
            cls.partition(conference_id),
            cls.sort_key(conflict.entries, "RESOLVED" if conflict.resolved_at else "OPEN"),
            ticket_id=conflict.ticket_id,
            first=pass_json(conflict.entries.first),
            second=pass_json(conflict.entries.second),
            told=[conflict.told.message_id, iso(conflict.told.at), *conflict.told.crew] if conflict.told else None,
            resolved_at=iso(conflict.resolved_at) if conflict.resolved_at else None,
            resolved_by=conflict.resolved_by,
            note=conflict.note,
        )

    def domain(self) -> Conflict:
        return Conflict(
            ticket_id=self.ticket_id,
            entries=DoubleEntry(_pass(self.first), _pass(self.second)),
            told=Told(self.told[0], parse(self.told[1]), tuple(self.told[2:])) if self.told else None,
            resolved_at=parse(self.resolved_at) if self.resolved_at else None,
            resolved_by=self.resolved_by,
            note=self.note,
        )
