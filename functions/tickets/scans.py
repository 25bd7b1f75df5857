"""A scan: what a scanner says happened at the door, and what is kept of it for ever."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, Self

from functions.tickets.domain import Entry, Presence, Ticket
from shared.clock import iso
from shared.errors import Conflict, Invalid, NotFound
from shared.ids import derived_id

Direction = Literal["entry", "exit"]
Decided = Literal["admitted", "refused"]
Reason = Literal[
    "already_redeemed", "canceled", "error", "invalid", "invalid_time", "product", "revoked", "rules", "unpaid"
]  # as pretix's redeem spells them
# Why exactly, for whoever has to tell apart what a reason puts together.
Cause = Literal[
    "already_inside",
    "already_used",
    "another_conference",
    "another_gate",
    "cancelled",
    "gate_closed",
    "gate_full",
    "not_inside",
    "refused_by_scanner",
    "replaced_code",
    "too_early",
    "too_late",
    "unknown_gate",
    "unknown_ticket",
    "unpaid",
    "wrong_ticket_type",
]
REASONS: dict[Cause, Reason] = {
    "already_inside": "already_redeemed",
    "already_used": "already_redeemed",
    "another_conference": "invalid",
    "another_gate": "rules",
    "cancelled": "canceled",
    "gate_closed": "invalid_time",
    "gate_full": "rules",
    "not_inside": "rules",
    "refused_by_scanner": "error",
    "replaced_code": "revoked",
    "too_early": "invalid_time",
    "too_late": "invalid_time",
    "unknown_gate": "rules",
    "unknown_ticket": "invalid",
    "unpaid": "unpaid",
    "wrong_ticket_type": "product",
}
# A ticket that is no ticket (any more) lets nobody in, whoever says so.
FORCEABLE: frozenset[Cause] = frozenset(
    {
        "already_inside",
        "already_used",
        "another_gate",
        "gate_closed",
        "gate_full",
        "not_inside",
        "too_early",
        "too_late",
        "unknown_gate",
        "wrong_ticket_type",
    }
)

CLOCK_SKEW = timedelta(minutes=5)  # how far a scanner's clock may run ahead of ours
ANNULLED_WITHIN = timedelta(minutes=15)


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


class NoSuchScan(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no scan of yours with this nonce. Whoever scanned annuls, with the nonce that was sent.")


class NothingToAnnul(Conflict):
    slug, title = "nothing-to-annul", "Nobody was let through by it"

    def __init__(self) -> None:
        super().__init__("The scan was refused, so that there is nothing to take back. It stays on record.")


class TooLateToAnnul(Conflict):
    slug, title = "too-late-to-annul", "The time to annul it is over"

    def __init__(self, received_at: datetime) -> None:
        super().__init__(
            f"A scan may be annulled within {ANNULLED_WITHIN // timedelta(minutes=1)} minutes; this one came in at "
            f"{iso(received_at)}. Scan the ticket out, or let it in with `force`."
        )


class PassedSince(Conflict):
    slug, title = "passed-since", "The ticket has been through the door again"

    def __init__(self) -> None:
        super().__init__("Only the latest passage of a ticket can be annulled. Annul the later one first, if it was yours.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A ticket held to a scanner. The nonce names it for ever among those of its operator in its conference."""

    nonce: str
    conference_id: str
    ticket_id: str
    ticket_type_id: str = ""
    direction: Direction
    gate: str | None  # its name, or what the scanner called it
    gate_id: str | None = None  # where it is one of the conference's gates
    scanned_at: datetime  # when it happened, by the scanner's clock
    received_at: datetime
    operator_id: str  # a user or a device
    serial: int | None = None  # the code's; none: the ticket was picked from a list
    force: str | None = None  # why a person lets in whom the rules keep out
    decided: Decided | None = None  # what the scanner did by itself, without us

    def __post_init__(self) -> None:
        if self.scanned_at - self.received_at > CLOCK_SKEW:
            raise ScannedInTheFuture(self.scanned_at, self.received_at)

    @property
    def id(self) -> str:
        return derived_id("scn", self.conference_id, self.operator_id, self.nonce)

    def is_of(self, other: "Scan") -> bool:
        return (self.ticket_id, self.direction) == (other.ticket_id, other.direction)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a scan was answered, once and for ever."""

    cause: Cause | None  # none: nothing speaks against it
    detail: str  # for the person at the door; nothing personal
    first_entry: Entry | None = None  # as it stood before this scan

    @property
    def reason(self) -> Reason | None:
        return REASONS[self.cause] if self.cause else None


ANOTHER_CONFERENCE = Verdict("another_conference", "This ticket is for another conference.")
NOT_ON_RECORD = Verdict("unknown_ticket", "The code is genuine, but no ticket is on record for it. Ask the organiser.")
UNPAID = Verdict("unpaid", "The order is reserved and not paid. Once it is paid the ticket is issued: ask its buyer to pay.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRecord:
    """A scan, what was said to it, and whether somebody came through."""

    scan: Scan
    verdict: Verdict
    admitted: bool
    needs_exit: str | None = None  # of an entry: what parts it from the next one (an exit, or another day), see double_entries
    before: Presence | None = None  # of the ticket, where somebody came through: what an annulment goes back to
    annulled_at: datetime | None = None

    @property
    def forced(self) -> bool:
        return self.admitted and self.scan.force is not None and self.verdict.cause is not None

    def annul(self, ticket: Ticket, at: datetime) -> Self:
        """Raises NothingToAnnul, TooLateToAnnul, PassedSince."""
        if not self.admitted:
            raise NothingToAnnul
        if at - self.scan.received_at > ANNULLED_WITHIN:
            raise TooLateToAnnul(self.scan.received_at)
        if self.before is None or ticket.last is None or ticket.last.scan_id != self.scan.id:
            raise PassedSince
        return replace(self, annulled_at=at)


@dataclass(frozen=True, slots=True)
class Redemption:
    """What came of a scan. A scan that no conference of the scanner's is concerned with leaves no record."""

    verdict: Verdict
    ticket: Ticket | None = None
    record: ScanRecord | None = None

    @property
    def admitted(self) -> bool:
        return self.record is not None and self.record.admitted
