"""What new records of the table's stream say has happened: scans and annulments by their own rows, the rest by its message."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from functions.tickets.history import Pass
from functions.tickets.items_door import AnnulmentItem, ScanItem
from functions.tickets.items_journal import LookUpItem
from functions.tickets.journal import Happening, Kind
from functions.tickets.scans import ScanRecord
from shared.clock import iso, parse
from shared.ids import derived_id
from shared.table import Item, Outbox

# Messages that tell of a ticket, and as what they are written down.
TOLD: dict[str, Kind] = {
    "TicketIssued": "issued",
    "TicketCancelled": "cancelled",
    "TicketReissued": "reissued",
    "TicketTransferred": "transferred",
}


def happening(image: Mapping[str, Any]) -> Happening | None:
    """Of a new item as the stream has it; None where it is none of the journal's affair."""
    item = Item.from_raw_data(dict(image))
    match item:
        case ScanItem():
            return _scanned(item.domain())
        case AnnulmentItem():
            return _annulled(item)
        case LookUpItem():
            return _looked_up(item)
        case Outbox() if item.detail_type in TOLD:
            return _told(item.detail_type, json.loads(item.detail))
    return None


def _scanned(record: ScanRecord) -> Happening:
    scan = record.scan
    kind: Kind = "forced" if record.forced else "admitted" if record.admitted else "refused"
    return Happening(
        id=scan.id,
        conference_id=scan.conference_id,
        kind=kind,
        at=scan.received_at,
        ticket_id=scan.ticket_id,
        ticket_type_id=scan.ticket_type_id,
        passed=_pass(record) if record.admitted else None,
        facts={
            "by": scan.operator_id,
            "cause": record.verdict.cause,
            "code": scan.serial,
            "decided": scan.decided,
            "gate": scan.gate_id or scan.gate,
            "scanned_at": iso(scan.scanned_at),
            "type": scan.ticket_type_id or None,
            "way": scan.direction,
        },
    )


def _pass(record: ScanRecord) -> Pass:
    scan = record.scan
    return Pass(
        scan_id=scan.id,
        direction=scan.direction,
        at=scan.scanned_at,
        gate=scan.gate_id or scan.gate or "",
        gate_name=scan.gate,
        operator_id=scan.operator_id,
        away=scan.decided == "admitted",
        forced=record.forced,
        needs_exit=record.needs_exit,
    )


def _annulled(item: AnnulmentItem) -> Happening:
    _, conference_id, operator_id, nonce = item.pk.split("#")
    scan_id = derived_id("scn", conference_id, operator_id, nonce)
    return Happening(
        id=derived_id("ann", scan_id),
        conference_id=conference_id,
        kind="annulled",
        at=parse(item.at),
        ticket_id=item.ticket_id,
        annuls=scan_id,
        facts={"by": operator_id, "scan": scan_id},
    )


def _looked_up(item: LookUpItem) -> Happening:
    return Happening(
        id=item.id,
        conference_id=item.conference_id,
        kind="looked_up",
        at=parse(item.at),
        facts={"by": item.operator_id, "found": int(item.found), "what": item.what},
    )


def _told(detail_type: str, told: Mapping[str, Any]) -> Happening:
    """By the message's id: it is the one that the ticket was changed with."""
    ids = {"order": "order_id", "owner": "owner_id", "from": "from_id", "code": "serial", "type": "ticket_type_id"}
    return Happening(
        id=told["id"],
        conference_id=told["conference_id"],
        kind=TOLD[detail_type],
        at=datetime.fromisoformat(told["occurred_at"]),
        ticket_id=told["ticket_id"],
        ticket_type_id=told.get("ticket_type_id", ""),
        facts={name: told.get(member) or None for name, member in ids.items()},
    )
