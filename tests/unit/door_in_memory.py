"""What the tests of the door share: a store in memory, people, and a ticket."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.tickets.codes import EntryCodes
from functions.tickets.devices import Device
from functions.tickets.domain import Attendee, Presence, Stale, Ticket
from functions.tickets.door import Desk
from functions.tickets.entry_code import EntryCode
from functions.tickets.gates import DoorPlan
from functions.tickets.scans import (
    Redemption,
    Scan,
    ScanRecord,
)
from functions.tickets.unpaid import Reservation
from functions.tickets.use_cases_door import Held, Keeper, check_in
from shared.caller import Caller
from shared.ids import derived_id
from shared.messages import CheckInAnnulled, TicketCheckedIn

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
CONFERENCE, ELSEWHERE, TYPE = derived_id("cnf", "1"), derived_id("cnf", "2"), derived_id("typ", "1")
DOOR = Caller("usr_door", "door@example.org", "Dora", {CONFERENCE: "staff"})
HOST = Caller("usr_host", "host@example.org", "Hana", {CONFERENCE: "organizer"})
CODES = EntryCodes(b"root")


def ticket(number: str = "1", conference_id: str = CONFERENCE) -> Ticket:
    until = NOW + timedelta(days=2)
    entry = EntryCode(
        key_id=1,
        ticket_id=derived_id("tkt", number),
        conference_id=conference_id,
        ticket_type_id=TYPE,
        valid_from=NOW,
        valid_until=until,
    )
    return Ticket(
        id=entry.ticket_id,
        conference_id=conference_id,
        conference_name="Meet",
        order_id="ord_1",
        ticket_type_id=TYPE,
        ticket_type_name="Regular",
        owner_id="usr_ada",
        attendee=Attendee(f"Guest {number}", "guest@example.org"),
        code=CODES.sign(entry),
        valid_from=NOW,
        valid_until=until,
        issued_at=NOW,
        time_zone="Asia/Jakarta",
    )


@dataclass
class DoorInMemory:
    """Implements the port as the table does, and can be told to lose some races first."""

    tickets: dict[str, Ticket] = field(default_factory=dict)
    scans: dict[str, ScanRecord] = field(default_factory=dict)
    messages: list[TicketCheckedIn] = field(default_factory=list)
    annulments: list[CheckInAnnulled] = field(default_factory=list)
    reserved: dict[str, Reservation] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    plan: DoorPlan = field(default_factory=lambda: DoorPlan(CONFERENCE))
    races_to_lose: int = 0

    def desks(self, scans: Sequence[Scan], device_id: str | None) -> list[Desk]:
        device = self.devices.get(device_id) if device_id else None
        return [
            Desk(ticket=self.tickets.get(scan.ticket_id), recorded=self.scans.get(scan.id), plan=self.plan, device=device)
            for scan in scans
        ]

    def admit(self, record: ScanRecord, before: Ticket, after: Presence, message: TicketCheckedIn) -> None:
        if self.tickets[before.id] != before:
            raise Stale
        self.refuse(record)
        self._move(before, after)
        self.messages.append(message)

    def refuse(self, record: ScanRecord) -> None:
        if self.races_to_lose:
            self.races_to_lose -= 1
            raise Stale
        if record.scan.id in self.scans:
            raise Stale
        self.scans[record.scan.id] = record

    def ticket(self, ticket_id: str) -> Ticket | None:
        return self.tickets.get(ticket_id)

    def reservation(self, ticket_id: str) -> Reservation | None:
        return self.reserved.get(ticket_id)

    def device(self, device_id: str) -> Device | None:
        return self.devices.get(device_id)

    def records(self, conference_ids: Sequence[str], operator_id: str, nonce: str) -> list[ScanRecord]:
        ids = [derived_id("scn", each, operator_id, nonce) for each in conference_ids]
        return [self.scans[each] for each in ids if each in self.scans]

    def annul(self, record: ScanRecord, before: Ticket, after: Presence, message: CheckInAnnulled) -> None:
        self.scans[record.scan.id] = record
        self.annulments.append(message)
        self._move(before, after)

    def _move(self, before: Ticket, after: Presence) -> None:
        self.tickets[before.id] = replace(before, status=after.status, first_entry=after.first_entry, last=after.last)


@pytest.fixture
def door() -> DoorInMemory:
    return DoorInMemory({ticket().id: ticket()})


def only(door: DoorInMemory) -> Ticket:
    [found] = door.tickets.values()
    return found


def scan(door: DoorInMemory, nonce: str = "n1", *, keeper: Keeper = DOOR, now: datetime = NOW, **how: Any) -> Redemption:
    held = Held(nonce=nonce, **(how if "code" in how else {**how, "code": only(door).code}))
    return check_in(door, CODES, lambda: now, keeper=keeper, held=held)


def reasons(door: DoorInMemory, *steps: dict[str, Any]) -> list[str | None]:
    return [scan(door, f"n{number}", **step).verdict.cause for number, step in enumerate(steps)]
