"""What a ticket is, and where its holder is."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Self

from functions.tickets.entry_code import LAST_SERIAL
from shared.errors import Busy, Conflict
from shared.ids import derived_id

Status = Literal["valid", "checked_in", "checked_out", "cancelled"]
Superseded = Literal["reissued", "transferred"]


class NotReissuable(Conflict):
    slug, title = "not-reissuable", "The ticket can have no new code"

    def __init__(self) -> None:
        super().__init__("The ticket was cancelled, and no code of it opens the door.")


class CodesExhausted(Conflict):
    slug, title = "codes-exhausted", "The ticket has had all the codes it can have"

    def __init__(self) -> None:
        super().__init__(f"A ticket can have {LAST_SERIAL} codes. Ask the organiser for another ticket.")


class Stale(Busy):
    """What was read has changed since: nothing was written, so read again and decide anew."""

    def __init__(self) -> None:
        super().__init__("The ticket is being changed by another request. Send the same request again.")


@dataclass(frozen=True, slots=True)
class Attendee:
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Entry:
    at: datetime
    gate: str | None


@dataclass(frozen=True, slots=True)
class Passage:
    """The latest time that a ticket was let through, by when it happened, and the scan that says so."""

    at: datetime
    scan_id: str


@dataclass(frozen=True, slots=True)
class Presence:
    """Where the holder of a ticket is, as far as the door has seen."""

    status: Status
    first_entry: Entry | None
    last: Passage | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One admission of one person: sold to its owner, good for its attendee, from `valid_from` until before `valid_until`."""

    id: str
    conference_id: str
    conference_name: str
    order_id: str
    ticket_type_id: str
    ticket_type_name: str
    owner_id: str
    attendee: Attendee
    code: str
    serial: int = 1  # of `code`, among those that the ticket has had; the others are revoked
    superseded: Superseded | None = None  # what became of the code before
    valid_from: datetime
    valid_until: datetime
    issued_at: datetime
    time_zone: str = "UTC"  # of the conference
    is_for_owner: bool = False  # whether owner and attendee are one person
    status: Status = "valid"
    first_entry: Entry | None = None
    last: Passage | None = None
    named_at: int = 0  # the revision of its order that named the attendee

    @property
    def presence(self) -> Presence:
        return Presence(self.status, self.first_entry, self.last)

    @property
    def next_serial(self) -> int:
        """Raises CodesExhausted."""
        if self.serial == LAST_SERIAL:
            raise CodesExhausted
        return self.serial + 1

    def reissue(self, code: str) -> Self:
        """With its next code, which alone counts from now on. Raises NotReissuable, CodesExhausted."""
        if self.status == "cancelled":
            raise NotReissuable
        return replace(self, code=code, serial=self.next_serial, superseded="reissued")


def ticket_id(order_id: str, number: int) -> str:
    """The id of the `number`th ticket of an order, from 1: however often it is issued, it is the same ticket."""
    return derived_id("tkt", order_id, str(number))


@dataclass(frozen=True, slots=True)
class TicketsOfOrder:
    """What became of an order's tickets. None issued: nothing was heard of its payment yet."""

    order_id: str
    issued: int = 0
    cancelled: bool = False  # the order as a whole
    numbers: frozenset[int] = frozenset()  # of the tickets that were cancelled one by one
    revision: int = 0  # grows with each change; 0: nothing is on record

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing left to issue."""
        return self.cancelled or self.issued > 0

    @property
    def standing(self) -> dict[int, str]:
        """The ids of the tickets that are issued and not cancelled, by their numbers."""
        numbers = () if self.cancelled else range(1, self.issued + 1)
        return {number: ticket_id(self.order_id, number) for number in numbers if number not in self.numbers}

    def issue(self, tickets: int) -> Self:
        return replace(self, issued=tickets, revision=self.revision + 1)

    def cancel(self, numbers: Collection[int]) -> Self:
        """Without the tickets of these `numbers`, or without any where there are none; itself where that changes nothing."""
        if self.cancelled or (numbers and self.numbers.issuperset(numbers)):
            return self
        return replace(self, cancelled=not numbers, numbers=self.numbers | set(numbers), revision=self.revision + 1)
