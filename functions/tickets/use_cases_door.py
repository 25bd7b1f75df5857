"""What the door does with a code."""

from datetime import datetime
from typing import Protocol

from functions.tickets.domain import (
    ANOTHER_CONFERENCE,
    NOT_ON_RECORD,
    Direction,
    NonceReused,
    Redemption,
    Scan,
    Ticket,
    Verdict,
)
from functions.tickets.use_cases import Codes, again
from shared.caller import Caller, Role
from shared.clock import Clock
from shared.errors import Forbidden
from shared.messages import TicketCheckedIn
from shared.telemetry import count

DOOR_ROLES: tuple[Role, ...] = ("staff", "organizer")


class Door(Protocol):
    def at_the_door(self, scan: Scan) -> tuple[Ticket | None, tuple[Scan, Verdict] | None]:
        """The scanned ticket, and what is on record under the scan's nonce."""

    def admit(self, scan: Scan, verdict: Verdict, before: Ticket, after: Ticket, message: TicketCheckedIn) -> None:
        """Raises Stale where the ticket is no longer as `before`, or the nonce has been taken."""

    def refuse(self, scan: Scan, verdict: Verdict) -> None:
        """Raises Stale where the nonce has been taken."""


def check_in(
    door: Door,
    codes: Codes,
    clock: Clock,
    *,
    caller: Caller,
    code: str,
    nonce: str,
    direction: Direction = "entry",
    gate: str | None = None,
    scanned_at: datetime | None = None,
) -> Redemption:
    """Decide a scan and record it, once only: the same nonce from the same caller gets the same answer and changes nothing.

    Raises Forbidden, NotACode, ScannedInTheFuture, NonceReused, Busy.
    """
    _require_a_door(caller)
    entry = codes.verify(code)
    if not caller.is_any(entry.conference_id, *DOOR_ROLES):
        return Redemption(ANOTHER_CONFERENCE, None)
    received_at = clock()
    scan = Scan(
        nonce=nonce,
        conference_id=entry.conference_id,
        ticket_id=entry.ticket_id,
        serial=entry.serial,
        direction=direction,
        gate=gate,
        scanned_at=scanned_at or received_at,
        received_at=received_at,
        operator_id=caller.user_id,
    )
    return again(lambda: _settle(door, scan))


def _require_a_door(caller: Caller) -> None:
    if not any(role in DOOR_ROLES for role in caller.roles.values()):
        raise Forbidden(
            f"Checking in needs the role {' or '.join(DOOR_ROLES)} in the ticket's conference. "
            "If you were given it a moment ago, refresh your access token (POST /auth/refresh)."
        )


def _settle(door: Door, scan: Scan) -> Redemption:
    ticket, recorded = door.at_the_door(scan)
    return _repeat(scan, ticket, *recorded) if recorded else _decide(door, ticket, scan)


def _repeat(scan: Scan, ticket: Ticket | None, recorded: Scan, verdict: Verdict) -> Redemption:
    if (recorded.ticket_id, recorded.direction) != (scan.ticket_id, scan.direction):
        raise NonceReused
    return Redemption(verdict, ticket)


def _decide(door: Door, ticket: Ticket | None, scan: Scan) -> Redemption:
    verdict = ticket.judge(scan) if ticket else NOT_ON_RECORD
    if ticket is None or verdict.reason:
        door.refuse(scan, verdict)
        return Redemption(verdict, ticket)
    door.admit(scan, verdict, ticket, ticket.let_through(scan), _checked_in(ticket, scan))
    if scan.direction == "entry":
        count("CheckIns", scan.conference_id)
    return Redemption(verdict, ticket)


def _checked_in(ticket: Ticket, scan: Scan) -> TicketCheckedIn:
    return TicketCheckedIn(
        conference_id=ticket.conference_id,
        conference_name=ticket.conference_name,
        ticket_id=ticket.id,
        owner_id=ticket.owner_id,
        ticket_type_id=ticket.ticket_type_id,
        gate=scan.gate,
        direction=scan.direction,
        scanned_at=scan.scanned_at,
        time_zone=ticket.time_zone,
        attendee_name="" if ticket.is_for_owner else ticket.attendee.name,
    )
