"""The journal: all that happened to the tickets of a conference, in a chain of hashes that shows what was altered or removed.

Entry n is a line of JSON; its hash is SHA-256 over the hash before it and the line. The hash before the first is that of
`ketemu/journal/v1|<conference>`. Heads (how many entries, and the last hash) are signed and published. Lines hold ids and no
person, so that a person can be erased and the chain holds.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Self

from functions.tickets.history import Pass
from shared.clock import iso

Kind = Literal["admitted", "annulled", "cancelled", "forced", "issued", "looked_up", "refused", "reissued", "transferred"]
Fact = str | int | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What a record says that has to be written down, once by the record's id."""

    id: str
    conference_id: str
    kind: Kind
    at: datetime  # when the platform heard of it
    ticket_id: str | None = None
    ticket_type_id: str = ""  # where it is said
    passed: Pass | None = None  # who came through
    annuls: str | None = None  # the scan that counts no more
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ends. Whoever keeps one can tell later whether the chain still goes through it."""

    conference_id: str
    seq: int
    hash: str

    @classmethod
    def genesis(cls, conference_id: str) -> Self:
        return cls(conference_id, 0, hashlib.sha256(f"ketemu/journal/v1|{conference_id}".encode()).hexdigest())

    @property
    def statement(self) -> bytes:
        """What is signed."""
        return f"ketemu/journal/v1|{self.conference_id}|{self.seq}|{self.hash}".encode()

    def append(self, happening: Happening) -> "Entry":
        told = {
            "id": happening.id,
            "kind": happening.kind,
            "at": iso(happening.at),
            "ticket": happening.ticket_id,
            **happening.facts,
        }
        line = _line({"seq": self.seq + 1, **{name: fact for name, fact in told.items() if fact is not None}})
        return Entry(self.seq + 1, _hash(self.hash, line), line)


@dataclass(frozen=True, slots=True)
class Entry:
    seq: int
    hash: str
    line: str
    signature: str | None = None  # of the head that it was, where it was the last of its page

    def head(self, conference_id: str) -> Head:
        return Head(conference_id, self.seq, self.hash)


def _line(told: Mapping[str, Fact]) -> str:
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _hash(before: str, line: str) -> str:
    return hashlib.sha256(bytes.fromhex(before) + line.encode()).hexdigest()


def chain(head: Head, happenings: Iterable[Happening]) -> list[Entry]:
    """The entries that continue the chain from `head`."""
    entries = []
    for happening in happenings:
        entries.append(head.append(happening))
        head = entries[-1].head(head.conference_id)
    return entries


@dataclass(frozen=True, slots=True)
class Fault:
    """The first entry that is not as it was written, and how that shows."""

    seq: int
    why: str


@dataclass(frozen=True, slots=True)
class Proof:
    """How far the chain was followed, and what is wrong with it."""

    head: Head
    fault: Fault | None


def prove(
    conference_id: str, entries: Iterable[Entry], *, heads: Sequence[Head] = (), is_signed: Callable[[Head, str], bool]
) -> Proof:
    """Follow the chain from its beginning. `heads` are published ones: the chain must go through each of them."""
    head = Head.genesis(conference_id)
    expected = {each.seq: each.hash for each in heads}
    for entry in entries:
        fault = _fault(head, entry, expected, is_signed)
        if fault:
            return Proof(head, fault)
        head = entry.head(conference_id)
    beyond = [seq for seq in expected if seq > head.seq]
    if beyond:
        return Proof(
            head, Fault(head.seq + 1, f"the chain ends after {head.seq} entries, and a head of {max(beyond)} was published")
        )
    return Proof(head, None)


def _fault(head: Head, entry: Entry, expected: Mapping[int, str], is_signed: Callable[[Head, str], bool]) -> Fault | None:
    due = head.seq + 1
    if entry.seq != due:
        return Fault(due, f"it is missing: entry {entry.seq} follows entry {head.seq}")
    if _hash(head.hash, entry.line) != entry.hash:
        return Fault(due, "its hash is not that of its line and the hash before it")
    if json.loads(entry.line).get("seq") != due:
        return Fault(due, "its line says another number")
    if expected.get(due, entry.hash) != entry.hash:
        return Fault(due, "the head that was published at this entry is another: something up to here was rewritten")
    if entry.signature is not None and not is_signed(entry.head(head.conference_id), entry.signature):
        return Fault(due, "its page is not signed by the platform: something in this page was rewritten")
    return None
