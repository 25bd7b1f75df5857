"""What the door does with a code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from functions.tickets.devices import Device, DeviceKey, DeviceRefused
from functions.tickets.domain import Presence, Ticket
from functions.tickets.door import Desk, let_through
from functions.tickets.scans import (
    ANOTHER_CONFERENCE,
    UNPAID,
    Decided,
    Direction,
    NonceReused,
    NoSuchScan,
    Redemption,
    Scan,
    ScanRecord,
    Verdict,
)
from functions.tickets.side_by_side import side_by_side
from functions.tickets.unpaid import Reservation
from functions.tickets.use_cases import Codes, again
from shared.caller import Caller, Role
from shared.clock import Clock
from shared.errors import Forbidden, Invalid, NotFound, Problem
from shared.messages import CheckInAnnulled, TicketCheckedIn
from shared.telemetry import count

DOOR_ROLES: tuple[Role, ...] = ("staff", "organizer")

Keeper = Caller | DeviceKey  # who keeps the door: a person with a role, or a paired scanner


class Door(Protocol):
    def desks(self, scans: Sequence[Scan], device_id: str | None) -> list[Desk]:
        """All there is to know to decide on each, in one round trip for every 100 items."""

    def admit(self, record: ScanRecord, before: Ticket, after: Presence, message: TicketCheckedIn) -> None:
        """Raises Stale where the ticket is no longer as `before`, or the nonce has been taken."""

    def refuse(self, record: ScanRecord) -> None:
        """Raises Stale where the nonce has been taken."""

    def ticket(self, ticket_id: str) -> Ticket | None: ...

    def reservation(self, ticket_id: str) -> Reservation | None:
        """The order that the ticket would be of, where it was reserved and the ticket is not issued."""

    def device(self, device_id: str) -> Device | None: ...

    def records(self, conference_ids: Sequence[str], operator_id: str, nonce: str) -> list[ScanRecord]: ...

    def annul(self, record: ScanRecord, before: Ticket, after: Presence, message: CheckInAnnulled) -> None:
        """Raises Stale where the ticket is no longer as `before`, or the scan is annulled already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a scanner sends: a code that was held to it, or the ticket that a person picked from a list."""

    nonce: str
    code: str | None = None
    ticket_id: str | None = None
    direction: Direction = "entry"
    gate: str | None = None
    scanned_at: datetime | None = None  # none: now
    force: str | None = None
    decided: Decided | None = None  # none: decide it now


def check_in(door: Door, codes: Codes, clock: Clock, *, keeper: Keeper, held: Held) -> Redemption:
    """Decide a scan and record it, once only: the same nonce from the same keeper gets the same answer and changes nothing.

    Raises Forbidden, DeviceRefused, NotACode, NotFound, ScannedInTheFuture, NonceReused, Busy.
    """
    _require_a_door(keeper)
    held_up = _hold_up(door, codes, clock(), keeper, held)
    return held_up if isinstance(held_up, Redemption) else _settle(door, keeper, held_up)


@dataclass(frozen=True, slots=True)
class _HeldUp:
    """A scan of a genuine code. `is_ours`: of a ticket of the conference where it was held up."""

    scan: Scan
    is_ours: bool
    is_unpaid: bool = False  # a ticket-to-be, picked from a list


def _hold_up(door: Door, codes: Codes, received_at: datetime, keeper: Keeper, held: Held) -> _HeldUp | Redemption:
    """Raises NotACode, NotFound, Forbidden, Invalid, ScannedInTheFuture."""
    found = _found(door, codes, keeper, held, received_at)
    ticket_id, conference_id, serial = found.ticket_id, found.conference_id, found.serial
    at = keeper.conference_id if isinstance(keeper, DeviceKey) else conference_id
    if isinstance(keeper, Caller) and not keeper.is_any(conference_id, *DOOR_ROLES):
        return Redemption(ANOTHER_CONFERENCE)
    scan = Scan(
        nonce=held.nonce,
        conference_id=at,
        ticket_id=ticket_id,
        direction=held.direction,
        gate=held.gate,
        scanned_at=held.scanned_at or received_at,
        received_at=received_at,
        operator_id=operator_id(keeper),
        serial=serial,
        force=held.force,
        decided=held.decided,
    )
    return _HeldUp(scan, at == conference_id, found.is_unpaid)


def operator_id(keeper: Keeper) -> str:
    return keeper.device_id if isinstance(keeper, DeviceKey) else keeper.user_id


def _require_a_door(keeper: Keeper) -> None:
    if isinstance(keeper, Caller) and not any(role in DOOR_ROLES for role in keeper.roles.values()):
        raise Forbidden(
            f"Checking in needs the role {' or '.join(DOOR_ROLES)} in the ticket's conference. "
            "If you were given it a moment ago, refresh your access token (POST /auth/refresh)."
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """What was held up. `serial` is the code's; none: the ticket was picked from a list."""

    ticket_id: str
    conference_id: str
    serial: int | None = None
    is_unpaid: bool = False


def _found(door: Door, codes: Codes, keeper: Keeper, held: Held, at: datetime) -> _Found:
    """Raises NotACode, NotFound, Forbidden, Invalid."""
    if held.code is not None and held.ticket_id is None:
        entry = codes.verify_scanned(held.code) if held.decided else codes.verify(held.code)
        return _Found(entry.ticket_id, entry.conference_id, entry.serial)
    if held.ticket_id is None or held.code is not None:
        raise Invalid("Send either the code of a ticket, or, where a person vouches for its holder, its ticket_id.")
    if not isinstance(keeper, Caller):
        raise Forbidden("Only a person may let in by ticket_id, without a code. Log in as staff.")
    ticket = door.ticket(held.ticket_id)
    if ticket and keeper.is_any(ticket.conference_id, *DOOR_ROLES):
        return _Found(ticket.id, ticket.conference_id)
    reserved = None if ticket else door.reservation(held.ticket_id)
    if reserved and reserved.is_open(at) and keeper.is_any(reserved.conference_id, *DOOR_ROLES):
        return _Found(held.ticket_id, reserved.conference_id, is_unpaid=True)
    raise NotFound(f"There is no ticket {held.ticket_id} where you keep the door.")


def _settle(door: Door, keeper: Keeper, held_up: _HeldUp, read: Desk | None = None) -> Redemption:
    """`read` is what a batch has read already; where that is no longer so, it is read again. Raises Busy."""
    scan, known = held_up.scan, iter([read] if read else [])

    def settle() -> Redemption:
        desk = next(known, None) or door.desks([scan], _device_id(keeper))[0]
        _prove(keeper, desk, scan)
        if desk.recorded:
            return _repeat(scan, desk.ticket if held_up.is_ours else None, desk.recorded)
        if held_up.is_unpaid and desk.ticket is None:
            return _turn_away(door, scan, UNPAID)
        return _decide(door, desk, scan) if held_up.is_ours else _turn_away(door, scan, ANOTHER_CONFERENCE)

    return again(settle)


def _device_id(keeper: Keeper) -> str | None:
    return keeper.device_id if isinstance(keeper, DeviceKey) else None


def _prove(keeper: Keeper, desk: Desk, scan: Scan) -> None:
    if isinstance(keeper, Caller):
        return
    if desk.device is None:
        raise DeviceRefused
    desk.device.prove(keeper)
    if scan.force is not None and not desk.device.may_force:
        raise Forbidden("This scanner may not let in against the rules. A person with a role may, or pair it with may_force.")


def _repeat(scan: Scan, ticket: Ticket | None, record: ScanRecord) -> Redemption:
    if not record.scan.is_of(scan):
        raise NonceReused
    return Redemption(record.verdict, ticket, record)


def _turn_away(door: Door, scan: Scan, verdict: Verdict) -> Redemption:
    """Without a ticket of this conference: nothing is told of one, and the failed scan is kept like any other."""
    record = ScanRecord(scan=scan, verdict=verdict, admitted=False)
    door.refuse(record)
    return Redemption(record.verdict, None, record)


def _decide(door: Door, desk: Desk, scan: Scan) -> Redemption:
    placed = desk.place(scan)
    record = desk.decide(placed)
    if record.admitted and desk.ticket:
        door.admit(record, desk.ticket, let_through(desk.ticket, placed), _checked_in(desk.ticket, placed))
        if placed.direction == "entry":
            count("CheckIns", placed.conference_id)
    else:
        door.refuse(record)
    return Redemption(record.verdict, desk.ticket, record)


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


def check_in_batch(door: Door, codes: Codes, clock: Clock, *, keeper: Keeper, batch: Sequence[Held]) -> list[Redemption | Problem]:
    """Each on its own and answered in the order they came; those of one ticket one after the other, by when they happened.

    What they need is read together. May be repeated, whole or in part. A scan that cannot be taken is answered with its problem
    and holds up no other. Raises Forbidden and DeviceRefused for all of them.
    """
    _require_a_door(keeper)
    received_at = clock()
    results: dict[int, Redemption | Problem] = {}
    waiting: dict[int, _HeldUp] = {}
    for number, held in enumerate(batch):
        try:
            held_up = _hold_up(door, codes, received_at, keeper, held)
        except Problem as problem:
            results[number] = problem
            continue
        if isinstance(held_up, _HeldUp):
            waiting[number] = held_up
        else:
            results[number] = held_up
    desks = dict(zip(waiting, door.desks([each.scan for each in waiting.values()], _device_id(keeper)), strict=True))

    def settle_all(numbers: Sequence[int]) -> None:
        read: Desk | None = desks[numbers[0]]
        for number in numbers:
            try:
                results[number] = _settle(door, keeper, waiting[number], read)
            except DeviceRefused:
                raise
            except Problem as problem:
                results[number] = problem
            read = None  # it was read before the one that has just been settled

    side_by_side([partial(settle_all, numbers) for numbers in _by_ticket(waiting)])
    return [results[number] for number in range(len(batch))]


def _by_ticket(waiting: Mapping[int, _HeldUp]) -> list[list[int]]:
    """Their places in the batch, together where the ticket is the same."""
    groups: dict[str, list[int]] = {}
    for number in sorted(waiting, key=lambda number: waiting[number].scan.scanned_at):
        groups.setdefault(waiting[number].scan.ticket_id, []).append(number)
    return list(groups.values())


def annul_check_in(door: Door, clock: Clock, *, keeper: Keeper, nonce: str) -> Redemption:
    """Take back a scan of one's own that let somebody through; again has no effect.

    Raises Forbidden, DeviceRefused, NoSuchScan, NothingToAnnul, TooLateToAnnul, PassedSince, Busy.
    """
    _require_a_door(keeper)
    conference_ids = _doors_of(door, keeper)
    return again(lambda: _annul(door, door.records(conference_ids, operator_id(keeper), nonce), clock()))


def _doors_of(door: Door, keeper: Keeper) -> list[str]:
    if isinstance(keeper, Caller):
        return [conference_id for conference_id, role in keeper.roles.items() if role in DOOR_ROLES]
    device = door.device(keeper.device_id)
    if device is None:
        raise DeviceRefused
    device.prove(keeper)
    return [device.conference_id]


def _annul(door: Door, records: Sequence[ScanRecord], at: datetime) -> Redemption:
    """The latest of the records, where a person used one nonce in several conferences."""
    record = max(records, key=lambda each: each.scan.received_at, default=None)
    ticket = door.ticket(record.scan.ticket_id) if record else None
    if record is None or ticket is None:
        raise NoSuchScan
    if record.annulled_at:
        return Redemption(record.verdict, ticket, record)
    annulled = record.annul(ticket, at)
    before = record.before or ticket.presence  # annul refuses a record without
    after = before if ticket.status != "cancelled" else replace(before, status="cancelled")
    scan = record.scan
    told = CheckInAnnulled(conference_id=scan.conference_id, ticket_id=scan.ticket_id, direction=scan.direction)
    door.annul(annulled, ticket, after, told)
    return Redemption(annulled.verdict, ticket, annulled)
