"""What scanners need to work off line: written after each change of a ticket, and read as a feed."""

from functools import partial
from typing import Protocol

from functions.tickets.codes import signed_bytes
from functions.tickets.devices import Device, DeviceRefused
from functions.tickets.domain import Ticket
from functions.tickets.offline import PAGE, Changes, CodeRecord, SyncCursor
from functions.tickets.sealing import Person, seal, secrets_of
from functions.tickets.side_by_side import side_by_side
from functions.tickets.use_cases import Tickets
from functions.tickets.use_cases_door import DOOR_ROLES, Keeper
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import Forbidden


class Devices(Protocol):
    def device(self, device_id: str) -> Device | None: ...


class Feed(Protocol):
    def put(self, record: CodeRecord) -> None:
        """Has no effect where the code is revoked already."""

    def changes(self, conference_id: str, position: str, limit: int) -> tuple[list[CodeRecord], bool]:
        """In the order of their positions, those after `position`; and whether there are more."""


def publish(feed: Feed, tickets: Tickets, clock: Clock, *ticket_ids: str) -> None:
    """Tell scanners of the tickets' codes as they are now, whatever said that they changed: safe to repeat and reorder.

    They are read again after they were told: of two that publish at once, the one that wrote last then sees what it missed.
    """
    told: dict[str, Ticket] = {}
    to_read = list(dict.fromkeys(ticket_ids))
    while changed := [ticket for ticket in tickets.some(to_read) if ticket != told.get(ticket.id)]:
        side_by_side(partial(feed.put, record_of(ticket, clock)) for ticket in changed)
        told |= {ticket.id: ticket for ticket in changed}
        to_read = [ticket.id for ticket in changed]


def record_of(ticket: Ticket, clock: Clock) -> CodeRecord:
    code = secrets_of(signed_bytes(ticket.code))
    is_live = ticket.status != "cancelled"
    return CodeRecord(
        conference_id=ticket.conference_id,
        ticket_id=ticket.id,
        serial=ticket.serial,
        lookup=code.lookup,
        sealed=seal(code, Person(ticket.attendee.name, ticket.ticket_type_name)) if is_live else None,
        status=ticket.status,
        first_entry=ticket.first_entry if is_live else None,
        passed_at=ticket.last.at if is_live and ticket.last else None,
        time_zone=ticket.time_zone,
        changed_at=clock(),
    )


def require_keeper(devices: Devices, keeper: Keeper, conference_id: str) -> tuple[str, ...]:
    """The gates that the caller keeps; none: every gate. Raises Forbidden, DeviceRefused unless they keep a door there."""
    if isinstance(keeper, Caller):
        keeper.require(conference_id, *DOOR_ROLES)
        return ()
    device = devices.device(keeper.device_id)
    if device is None:
        raise DeviceRefused
    device.prove(keeper)
    if device.conference_id != conference_id:
        raise Forbidden("This scanner is another conference's. Pair it with this one first.")
    return device.gate_ids


def read_changes(feed: Feed, clock: Clock, *, conference_id: str, cursor: str | None, limit: int = PAGE) -> Changes:
    """Raises Malformed for a cursor that is not of this feed."""
    since = SyncCursor.parse(cursor, clock())
    records, more = feed.changes(conference_id, since.position, limit)
    return Changes(records, since.after(records, is_last=not more), more)
