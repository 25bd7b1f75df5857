"""What the door keeps beside the tickets, in the context's table; `items_journal.py` has what is written down of it.

| item | pk | sk | gsi1pk | gsi1sk |
|---|---|---|---|---|
| TicketScan | SCAN#conference#operator#nonce | SCAN | | |
| TicketAnnulment | SCAN#conference#operator#nonce | ANNULMENT | | |
| DoorPlan | DOOR#conference | PLAN | | |
| Device | DEVICE#id | DEVICE | DEVICES#conference | id |

A scan has a partition of its own, so that a full door heats no key; the plan is read with it and hardly ever written.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from functions.tickets.devices import Device
from functions.tickets.domain import Entry, Presence
from functions.tickets.gates import DoorPlan, Gate, Opening
from functions.tickets.items import passage, passage_text
from functions.tickets.scans import Cause, Decided, Direction, Scan, ScanRecord, Verdict
from shared.clock import iso, parse
from shared.table import Item

JsonObject = dict[str, Any]  # JSON is untyped by nature


class ScanItem(Item, discriminator="TicketScan"):
    """Kept below 1 KB: what the keys say is not said again. A reason to force may be longer; it is rare."""

    v = NumberAttribute(default=2)
    ticket_id = UnicodeAttribute(attr_name="ticket")
    serial = NumberAttribute(null=True)
    ticket_type_id = UnicodeAttribute(attr_name="type", default="")
    direction = UnicodeAttribute(attr_name="way")
    gate = UnicodeAttribute(null=True)
    gate_id = UnicodeAttribute(null=True)
    scanned_at = UnicodeAttribute(attr_name="at")
    received_at = UnicodeAttribute(attr_name="received")
    force = UnicodeAttribute(null=True)
    decided = UnicodeAttribute(null=True)
    cause = UnicodeAttribute(null=True)  # none: nothing spoke against it
    detail = UnicodeAttribute()
    entered_at = UnicodeAttribute(null=True, attr_name="entered")
    entered_gate = UnicodeAttribute(null=True, attr_name="enteredgate")
    admitted = BooleanAttribute()
    needs_exit = UnicodeAttribute(null=True, attr_name="needs")
    before = JSONAttribute(null=True)
    annulled_at = UnicodeAttribute(null=True, attr_name="annulled")

    @staticmethod
    def key(conference_id: str, operator_id: str, nonce: str) -> tuple[str, str]:
        return f"SCAN#{conference_id}#{operator_id}#{nonce}", "SCAN"

    @classmethod
    def key_of(cls, scan: Scan) -> tuple[str, str]:
        return cls.key(scan.conference_id, scan.operator_id, scan.nonce)

    @classmethod
    def of(cls, record: ScanRecord) -> "ScanItem":
        scan, first = record.scan, record.verdict.first_entry
        return cls(
            *cls.key_of(scan),
            ticket_id=scan.ticket_id,
            serial=scan.serial,
            ticket_type_id=scan.ticket_type_id,
            direction=scan.direction,
            gate=scan.gate,
            gate_id=scan.gate_id,
            scanned_at=iso(scan.scanned_at),
            received_at=iso(scan.received_at),
            force=scan.force,
            decided=scan.decided,
            cause=record.verdict.cause,
            detail=record.verdict.detail,
            entered_at=iso(first.at) if first else None,
            entered_gate=first.gate if first else None,
            admitted=record.admitted,
            needs_exit=record.needs_exit,
            before=_presence_json(record.before),
        )

    def domain(self) -> ScanRecord:
        _, conference_id, operator_id, nonce = self.pk.split("#")
        scan = Scan(
            nonce=nonce,
            conference_id=conference_id,
            ticket_id=self.ticket_id,
            serial=int(self.serial) if self.serial is not None else None,
            ticket_type_id=self.ticket_type_id,
            direction=cast("Direction", self.direction),
            gate=self.gate,
            gate_id=self.gate_id,
            scanned_at=parse(self.scanned_at),
            received_at=parse(self.received_at),
            operator_id=operator_id,
            force=self.force,
            decided=cast("Decided | None", self.decided),
        )
        first = Entry(parse(self.entered_at), self.entered_gate) if self.entered_at else None
        return ScanRecord(
            scan=scan,
            verdict=Verdict(cast("Cause | None", self.cause), self.detail, first),
            admitted=self.admitted,
            needs_exit=self.needs_exit,
            before=_presence(self.before),
            annulled_at=_instant(self.annulled_at),
        )


def _text(instant: datetime | None) -> str | None:
    return iso(instant) if instant else None


def _instant(kept: str | None) -> datetime | None:
    return parse(kept) if kept else None


def _presence_json(presence: Presence | None) -> JsonObject | None:
    """Without what is not there: a first entry goes back to nothing."""
    if presence is None:
        return None
    first = [iso(presence.first_entry.at), presence.first_entry.gate] if presence.first_entry else None
    kept = {"status": presence.status, "first": first, "last": passage_text(presence.last)}
    return {name: value for name, value in kept.items() if value is not None}


def _presence(kept: Mapping[str, Any] | None) -> Presence | None:
    if not kept:
        return None
    first = kept.get("first")
    return Presence(kept["status"], Entry(parse(first[0]), first[1]) if first else None, passage(kept.get("last")))


class AnnulmentItem(Item, discriminator="TicketAnnulment"):
    """That a scan was annulled, for the journal: the scan's own record stays as it was, but for the instant."""

    v = NumberAttribute(default=1)
    at = UnicodeAttribute()
    ticket_id = UnicodeAttribute()

    @classmethod
    def of(cls, record: ScanRecord) -> "AnnulmentItem":
        pk, _ = ScanItem.key_of(record.scan)
        return cls(pk, "ANNULMENT", ticket_id=record.scan.ticket_id, at=iso(record.annulled_at or record.scan.received_at))


def door(conference_id: str) -> str:
    return f"DOOR#{conference_id}"


class DoorPlanItem(Item, discriminator="DoorPlan"):
    v = NumberAttribute(default=1)
    version = NumberAttribute()
    gates = JSONAttribute()

    @classmethod
    def of(cls, plan: DoorPlan) -> "DoorPlanItem":
        return cls(door(plan.conference_id), "PLAN", version=plan.version, gates=[_gate_json(gate) for gate in plan.gates])

    def domain(self) -> DoorPlan:
        return DoorPlan(self.pk.removeprefix("DOOR#"), tuple(_gate(kept) for kept in self.gates), int(self.version))


def _gate_json(gate: Gate) -> JsonObject:
    return {
        "id": gate.id,
        "name": gate.name,
        "types": list(gate.ticket_type_ids),
        "open": [[iso(opening.starts_at), iso(opening.ends_at)] for opening in gate.openings],
        "reentry": gate.reentry,
        "capacity": gate.capacity,
        "version": gate.version,
        "made": gate.fingerprint,
    }


def _gate(kept: JsonObject) -> Gate:
    return Gate(
        id=kept["id"],
        name=kept["name"],
        ticket_type_ids=tuple(kept["types"]),
        openings=tuple(Opening(parse(starts_at), parse(ends_at)) for starts_at, ends_at in kept["open"]),
        reentry=kept["reentry"],
        capacity=kept["capacity"],
        version=kept["version"],
        fingerprint=kept["made"],
    )


class DeviceItem(Item, discriminator="Device"):
    v = NumberAttribute(default=1)
    conference_id = UnicodeAttribute()
    name = UnicodeAttribute()
    gate_ids = JSONAttribute()
    may_force = BooleanAttribute()
    created_at = UnicodeAttribute()
    created_by = UnicodeAttribute()
    fingerprint = UnicodeAttribute(default="")
    paired_at = UnicodeAttribute(null=True)
    last_seen_at = UnicodeAttribute(null=True)
    revoked_at = UnicodeAttribute(null=True)
    secret_digest = UnicodeAttribute(null=True)
    pairing_digest = UnicodeAttribute(null=True)
    pairing_ends_at = UnicodeAttribute(null=True)

    @staticmethod
    def key(device_id: str) -> tuple[str, str]:
        return f"DEVICE#{device_id}", "DEVICE"

    @staticmethod
    def partition(conference_id: str) -> str:
        return f"DEVICES#{conference_id}"

    @classmethod
    def of(cls, device: Device) -> "DeviceItem":
        return cls(
            *cls.key(device.id),
            gsi1pk=cls.partition(device.conference_id),
            gsi1sk=device.id,
            conference_id=device.conference_id,
            name=device.name,
            gate_ids=list(device.gate_ids),
            may_force=device.may_force,
            created_at=iso(device.created_at),
            created_by=device.created_by,
            fingerprint=device.fingerprint,
            secret_digest=device.secret_digest,
            pairing_digest=device.pairing_digest,
            paired_at=_text(device.paired_at),
            last_seen_at=_text(device.last_seen_at),
            revoked_at=_text(device.revoked_at),
            pairing_ends_at=_text(device.pairing_ends_at),
        )

    def domain(self) -> Device:
        return Device(
            id=self.gsi1sk,
            conference_id=self.conference_id,
            name=self.name,
            gate_ids=tuple(self.gate_ids),
            may_force=self.may_force,
            created_at=parse(self.created_at),
            created_by=self.created_by,
            fingerprint=self.fingerprint,
            secret_digest=self.secret_digest,
            pairing_digest=self.pairing_digest,
            paired_at=_instant(self.paired_at),
            last_seen_at=_instant(self.last_seen_at),
            revoked_at=_instant(self.revoked_at),
            pairing_ends_at=_instant(self.pairing_ends_at),
        )
