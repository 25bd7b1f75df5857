"""What a ticket is, and what the door decides."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, Self

from shared.clock import iso
from shared.errors import Busy, Invalid
from shared.ids import derived_id

Status = Literal["valid", "checked_in", "checked_out", "cancelled"]
Direction = Literal["entry", "exit"]
Reason = Literal["already_redeemed", "canceled", "invalid", "invalid_time", "revoked", "rules"]  # as pretix's redeem spells them

CLOCK_SKEW = timedelta(minutes=5)  # how far a scanner's clock may run ahead of ours


class ScannedInTheFuture(Invalid):
    slug, title = "scanned-in-the-future", "The scan has not happened yet"

    def __init__(self, scanned_at: datetime, received_at: datetime) -> None:
        super().__init__(
            f"scanned_at is {iso(scanned_at)} and it is {iso(received_at)} now. Set the scanner's clock: "
            f"it may be ahead by {CLOCK_SKEW // timedelta(minutes=1)} minutes at most."
        )


class NonceReused(Invalid):
    slug, title = "nonce-reused", "This nonce names another scan"

    def __init__(self) -> None:
        super().__init__("You sent the nonce for another ticket or direction in this conference. Make a new one for each scan.")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A code held to a scanner. The nonce names it for ever among those of its operator in its conference."""

    nonce: str
    conference_id: str
    ticket_id: str
    serial: int  # the code's
    direction: Direction
    gate: str | None
    scanned_at: datetime  # when it happened, by the scanner's clock
    received_at: datetime
    operator_id: str

    def __post_init__(self) -> None:
        if self.scanned_at - self.received_at > CLOCK_SKEW:
            raise ScannedInTheFuture(self.scanned_at, self.received_at)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a scan was answered, once and for ever."""

    reason: Reason | None  # None: let through
    detail: str  # for the person at the door; nothing personal
    first_entry: Entry | None = None  # as it stood before this scan


ANOTHER_CONFERENCE = Verdict("invalid", "This ticket is for another conference.")
NOT_ON_RECORD = Verdict("invalid", "The code is genuine, but no ticket is on record for it. Ask the organiser.")


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
    serial: int = 1  # of `code`, among those that the ticket has had
    valid_from: datetime
    valid_until: datetime
    issued_at: datetime
    time_zone: str = "UTC"  # of the conference
    is_for_owner: bool = False  # whether owner and attendee are one person
    status: Status = "valid"
    first_entry: Entry | None = None

    def judge(self, scan: Scan) -> Verdict:
        """Whether the door lets the scan through, and what it says."""
        reason = self._refusal(scan)
        return Verdict(reason, self._explain(reason, scan), self.first_entry)

    def _refusal(self, scan: Scan) -> Reason | None:
        if self.status == "cancelled":
            return "canceled"
        if scan.serial != self.serial:
            return "revoked"
        if scan.direction == "exit":  # whoever is inside may leave at any time
            return None if self.status == "checked_in" else "rules"
        if not self.valid_from <= scan.scanned_at < self.valid_until:
            return "invalid_time"
        return "already_redeemed" if self.status == "checked_in" else None

    def _explain(self, reason: Reason | None, scan: Scan) -> str:
        match reason:
            case "canceled":
                return "The ticket was cancelled."
            case "revoked":
                return "The ticket has a newer code, which alone counts. Its owner finds it under their tickets."
            case "rules":
                return "The ticket is not inside, so it cannot leave."
            case "invalid_time":
                return f"Scanned at {iso(scan.scanned_at)}; admits from {iso(self.valid_from)} until {iso(self.valid_until)}."
            case "already_redeemed" if self.first_entry:
                gate = f" at gate {self.first_entry.gate}" if self.first_entry.gate else ""
                return f"Already inside; first entered {iso(self.first_entry.at)}{gate}."
            case _:
                return "Goodbye." if scan.direction == "exit" else "Welcome."

    def let_through(self, scan: Scan) -> Self:
        """The ticket after a scan that was let through."""
        if scan.direction == "exit":
            return replace(self, status="checked_out")
        return replace(self, status="checked_in", first_entry=self.first_entry or Entry(scan.scanned_at, scan.gate))


@dataclass(frozen=True, slots=True)
class Redemption:
    """What came of a scan."""

    verdict: Verdict
    ticket: Ticket | None


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
