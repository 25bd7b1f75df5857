"""What a ticket is, and what the door decides."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, Self

from shared.clock import iso
from shared.errors import Busy, Invalid
from shared.ids import derived_id

Status = Literal["valid", "checked_in", "checked_out", "cancelled"]
Direction = Literal["entry", "exit"]
Reason = Literal["already_redeemed", "canceled", "invalid", "invalid_time", "rules"]  # as pretix's redeem spells them

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
        if scan.direction == "exit":  # whoever is inside may leave at any time
            return None if self.status == "checked_in" else "rules"
        if not self.valid_from <= scan.scanned_at < self.valid_until:
            return "invalid_time"
        return "already_redeemed" if self.status == "checked_in" else None

    def _explain(self, reason: Reason | None, scan: Scan) -> str:
        match reason:
            case "canceled":
                return "The ticket was cancelled."
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
    """What became of an order's tickets. Cancelled and none issued: the order ended before its payment was heard of."""

    order_id: str
    issued: int
    cancelled: bool

    @property
    def ticket_ids(self) -> list[str]:
        return [ticket_id(self.order_id, number) for number in range(1, self.issued + 1)]
