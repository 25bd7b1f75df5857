"""What a scanner keeps to work off line: a record of each code, told as changes since a cursor."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from functions.tickets.domain import Entry, Status
from shared.clock import iso
from shared.errors import Malformed

# A change gets its place in the feed when it is written, and may be read late: the worker runs for 30 s at most, and the index
# lags by a second or so. Each reading starts again this far back; to take a change twice does no harm.
OVERLAP = timedelta(seconds=60)
PAGE = 1000  # changes a page: some 300 KB of the table


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRecord:
    """One code of a ticket as scanners know it: by a hash of it, and its person sealed. A revoked code never comes back."""

    conference_id: str
    ticket_id: str
    serial: int
    lookup: bytes
    sealed: bytes | None  # None: revoked
    status: Status
    first_entry: Entry | None
    passed_at: datetime | None = None  # the latest passage
    time_zone: str = "UTC"
    changed_at: datetime

    @property
    def is_revoked(self) -> bool:
        return self.sealed is None

    @property
    def position(self) -> str:
        """Where the change lies in its conference's feed."""
        return f"{iso(self.changed_at)}#{self.lookup.hex()}"


@dataclass(frozen=True, slots=True)
class SyncCursor:
    """How far a scanner has read: after `position`, in a run that began when everything before `floor` could be read."""

    position: str
    floor: str

    @classmethod
    def start(cls, at: datetime) -> Self:
        return cls("", _floor(at))

    @classmethod
    def parse(cls, text: str | None, at: datetime) -> Self:
        """Raises Malformed."""
        if text is None:
            return cls.start(at)
        try:
            position, floor = json.loads(base64.urlsafe_b64decode(text.encode()))
            if isinstance(position, str) and isinstance(floor, str) and position.isascii() and floor.isascii():
                return cls(position, floor or _floor(at))
        except (ValueError, TypeError):  # not base64, JSON, UTF-8 or a pair
            pass
        raise Malformed("The cursor is not one that this list gave. Start again without it.")

    @property
    def text(self) -> str:
        return base64.urlsafe_b64encode(json.dumps([self.position, self.floor]).encode()).decode()

    def after(self, page: list[CodeRecord], *, is_last: bool) -> Self:
        """At the end of a run it goes back to before what may still have come in late."""
        position = page[-1].position if page else self.position
        return type(self)(min(position, self.floor), "") if is_last else type(self)(position, self.floor)


def _floor(at: datetime) -> str:
    return iso(at - OVERLAP)


@dataclass(frozen=True, slots=True)
class Changes:
    records: list[CodeRecord]
    cursor: SyncCursor
    more: bool
