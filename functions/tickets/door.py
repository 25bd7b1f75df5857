"""What the door decides of a scan, why, and what that makes of the ticket."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from functions.tickets.devices import Device
from functions.tickets.domain import Entry, Passage, Presence, Status, Ticket
from functions.tickets.gates import DoorPlan, Gate
from functions.tickets.scans import FORCEABLE, NOT_ON_RECORD, Cause, Scan, ScanRecord, Verdict
from shared.clock import iso

NO_GATES = Gate(id="", name="")  # the rules of a conference that has set up none


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """All that the door knows when it decides, read in one go."""

    ticket: Ticket | None
    recorded: ScanRecord | None  # under the scan's nonce
    plan: DoorPlan
    inside: Mapping[str, int] = field(default_factory=dict)  # people by the gate they came by, some seconds old
    device: Device | None = None

    def place(self, scan: Scan) -> Scan:
        """The scan with its gate found: by id or name, or because the device keeps no other."""
        named = scan.gate
        if named is None and self.device and len(self.device.gate_ids) == 1:
            named = self.device.gate_ids[0]
        gate = self.plan.named(named)
        placed = replace(scan, gate=gate.name, gate_id=gate.id) if gate else scan
        return replace(placed, ticket_type_id=self.ticket.ticket_type_id) if self.ticket else placed

    def decide(self, scan: Scan) -> ScanRecord:
        """Of a scan that was placed. What the scanner let through by itself is let through, and noted what speaks against it."""
        if scan.decided == "refused":
            return ScanRecord(scan=scan, verdict=_refused_by_scanner(self.ticket), admitted=False)
        if self.ticket is None:
            return ScanRecord(scan=scan, verdict=NOT_ON_RECORD, admitted=scan.decided == "admitted")
        cause = self._cause(self.ticket, scan)
        verdict = Verdict(cause, _explain(cause, scan, self.ticket, self._gate(scan)), self.ticket.first_entry)
        admitted = cause is None or scan.decided == "admitted" or (scan.force is not None and cause in FORCEABLE)
        return ScanRecord(
            scan=scan,
            verdict=verdict,
            admitted=admitted,
            needs_exit=self._needs_exit(scan) if admitted else None,
            before=self.ticket.presence if admitted else None,
        )

    def _gate(self, scan: Scan) -> Gate | None:
        """None: the conference has gates, and this is none of them."""
        return self.plan.named(scan.gate_id) if self.plan.gates else NO_GATES

    def _needs_exit(self, scan: Scan) -> str | None:
        """What has to lie between this entry and the next: nothing (none), another day (its date) or an exit (`exit`)."""
        gate, ticket = self._gate(scan), self.ticket
        reentry = gate.reentry if gate else "after_exit"
        if scan.direction == "exit" or reentry == "always" or ticket is None:
            return None
        return local_day(scan.scanned_at, ticket.time_zone).isoformat() if reentry == "each_day" else "exit"

    def _cause(self, ticket: Ticket, scan: Scan) -> Cause | None:
        if ticket.status == "cancelled":
            return "cancelled"
        if scan.serial is not None and scan.serial != ticket.serial:
            return "replaced_code"
        if scan.direction == "exit":  # whoever is inside may leave at any time and by any gate
            return None if ticket.status == "checked_in" else "not_inside"
        gate = self._gate(scan)
        if gate is None:
            return "unknown_gate"
        if self.device and not self.device.keeps(scan.gate_id):
            return "another_gate"
        return _gate_cause(gate, scan) or _time_cause(ticket, scan) or _entry_cause(ticket, gate, scan) or self._full(gate)

    def _full(self, gate: Gate) -> Cause | None:
        return "gate_full" if gate.is_full(self.inside.get(gate.id, 0)) else None


def _gate_cause(gate: Gate, scan: Scan) -> Cause | None:
    if not gate.admits(scan.ticket_type_id):
        return "wrong_ticket_type"
    return None if gate.is_open(scan.scanned_at) else "gate_closed"


def _time_cause(ticket: Ticket, scan: Scan) -> Cause | None:
    if scan.scanned_at < ticket.valid_from:
        return "too_early"
    return None if scan.scanned_at < ticket.valid_until else "too_late"


def _entry_cause(ticket: Ticket, gate: Gate, scan: Scan) -> Cause | None:
    if ticket.first_entry is None or gate.reentry == "always":
        return None
    if gate.reentry == "never":
        return "already_used"
    if ticket.status != "checked_in":
        return None
    last = ticket.last.at if ticket.last else ticket.first_entry.at
    if gate.reentry == "each_day" and local_day(scan.scanned_at, ticket.time_zone) != local_day(last, ticket.time_zone):
        return None
    return "already_inside"


def local_day(instant: datetime, time_zone: str) -> date:
    return instant.astimezone(ZoneInfo(time_zone)).date()


def let_through(ticket: Ticket, scan: Scan) -> Presence:
    """Where the holder is after the scan. One that comes in late (it happened before the latest) changes the first entry only."""
    first = ticket.first_entry
    if scan.direction == "entry" and (first is None or scan.scanned_at < first.at):
        first = Entry(scan.scanned_at, scan.gate)
    if ticket.last and scan.scanned_at < ticket.last.at:
        return Presence(ticket.status, first, ticket.last)
    status: Status = "checked_in" if scan.direction == "entry" else "checked_out"
    return Presence("cancelled" if ticket.status == "cancelled" else status, first, Passage(scan.scanned_at, scan.id))


def _refused_by_scanner(ticket: Ticket | None) -> Verdict:
    return Verdict("refused_by_scanner", "The scanner refused it by itself, off line.", ticket.first_entry if ticket else None)


def _explain(cause: Cause | None, scan: Scan, ticket: Ticket, gate: Gate | None) -> str:
    match cause:
        case None:
            return "Goodbye." if scan.direction == "exit" else "Welcome."
        case "already_inside" | "already_used" if ticket.first_entry:
            at_gate = f" at gate {ticket.first_entry.gate}" if ticket.first_entry.gate else ""
            said = "Already inside" if cause == "already_inside" else "Already used, and this gate lets nobody in twice"
            return f"{said}; first entered {iso(ticket.first_entry.at)}{at_gate}."
        case "too_early" | "too_late":
            return f"Scanned at {iso(scan.scanned_at)}; admits from {iso(ticket.valid_from)} until {iso(ticket.valid_until)}."
        case "replaced_code" if ticket.superseded == "transferred":
            return "The ticket was handed on to somebody else, whose code alone counts."
        case "gate_full" if gate:
            return f"Gate {gate.name} is full: {gate.capacity} are inside. Wait until somebody leaves."
        case _:
            return _EXPLAINED[cause]


_EXPLAINED: dict[Cause, str] = {
    "another_gate": "This scanner does not keep that gate.",
    "cancelled": "The ticket was cancelled.",
    "gate_closed": "This gate is closed at this time.",
    "not_inside": "The ticket is not inside, so it cannot leave.",
    "replaced_code": "The ticket has a newer code, which alone counts. Its owner finds it under their tickets.",
    "unknown_gate": "The conference has gates, and this is none of them. Choose one on the scanner.",
    "wrong_ticket_type": "Tickets of this type are not admitted at this gate.",
}
