"""The door: scans and what they make of a ticket, in the context's table (`items_door.py` has its keys)."""

from collections.abc import Mapping, Sequence

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from functions.tickets.devices import Device
from functions.tickets.domain import Passage, Presence, Ticket
from functions.tickets.door import Desk
from functions.tickets.gates import DoorPlan
from functions.tickets.items import TicketItem, commit, instant_text, passage_text
from functions.tickets.items_door import AnnulmentItem, DeviceItem, DoorPlanItem, ScanItem, door
from functions.tickets.items_journal import DoorHeadItem
from functions.tickets.scans import Scan, ScanRecord
from functions.tickets.unpaid import DynamoReservations, Reservation
from shared.clock import iso
from shared.messages import CheckInAnnulled, TicketCheckedIn
from shared.table import Item, Outbox


class DynamoDoor:
    """Implements `use_cases_door.Door`."""

    def desks(self, scans: Sequence[Scan], device_id: str | None) -> list[Desk]:
        keys = [key for scan in scans for key in (TicketItem.key(scan.ticket_id), ScanItem.key_of(scan))]
        for conference_id in {scan.conference_id for scan in scans}:
            keys += [(door(conference_id), "PLAN"), (door(conference_id), "HEAD")]
        if device_id:
            keys.append(DeviceItem.key(device_id))
        read = {(item.pk, item.sk): item for item in Item.batch_get(dict.fromkeys(keys), consistent_read=True)}
        return [_desk(read, scan, device_id) for scan in scans]

    def admit(self, record: ScanRecord, before: Ticket, after: Presence, message: TicketCheckedIn) -> None:
        """7 write units: 2 for each of the three items, 1 for the ticket's copy in the index.

        That is for items of up to 1 KB, which holds names of 40 letters of two bytes for conference, ticket type and attendee
        each. A ticket with longer ones (100 letters each) is above it and makes it 10; with 200 letters the message is too: 12.
        """

        def compose(transaction: TransactWrite) -> None:
            transaction.save(ScanItem.of(record), condition=Item.pk.does_not_exist())
            transaction.save(Outbox.of(message))
            _move(transaction, before, after)

        commit(compose)

    def refuse(self, record: ScanRecord) -> None:
        """Also what was let through without a ticket on record: there is none to change."""
        commit(lambda transaction: transaction.save(ScanItem.of(record), condition=Item.pk.does_not_exist()))

    def records(self, conference_ids: Sequence[str], operator_id: str, nonce: str) -> list[ScanRecord]:
        keys = [ScanItem.key(each, operator_id, nonce) for each in conference_ids]
        return [item.domain() for item in Item.batch_get(keys, consistent_read=True) if isinstance(item, ScanItem)]

    def device(self, device_id: str) -> Device | None:
        try:
            return DeviceItem.get(*DeviceItem.key(device_id), consistent_read=True).domain()
        except DeviceItem.DoesNotExist:
            return None

    def ticket(self, ticket_id: str) -> Ticket | None:
        try:
            return TicketItem.get(*TicketItem.key(ticket_id), consistent_read=True).domain()
        except TicketItem.DoesNotExist:
            return None

    def reservation(self, ticket_id: str) -> Reservation | None:
        return DynamoReservations().of_ticket(ticket_id)

    def annul(self, record: ScanRecord, before: Ticket, after: Presence, message: CheckInAnnulled) -> None:
        def compose(transaction: TransactWrite) -> None:
            transaction.save(AnnulmentItem.of(record), condition=Item.pk.does_not_exist())
            transaction.save(Outbox.of(message))
            scan = ScanItem(*ScanItem.key_of(record.scan))
            transaction.update(scan, actions=[ScanItem.annulled_at.set(iso(record.annulled_at or record.scan.received_at))])
            _move(transaction, before, after)

        commit(compose)


def _desk(read: Mapping[tuple[str, str], Item], scan: Scan, device_id: str | None) -> Desk:
    """What of `read` concerns the scan."""
    at = door(scan.conference_id)
    ticket, recorded = read.get(TicketItem.key(scan.ticket_id)), read.get(ScanItem.key_of(scan))
    plan, head = read.get((at, "PLAN")), read.get((at, "HEAD"))
    device = read.get(DeviceItem.key(device_id)) if device_id else None
    return Desk(
        ticket=ticket.domain() if isinstance(ticket, TicketItem) else None,
        recorded=recorded.domain() if isinstance(recorded, ScanItem) else None,
        plan=plan.domain() if isinstance(plan, DoorPlanItem) else DoorPlan(scan.conference_id),
        inside=head.counts().inside if isinstance(head, DoorHeadItem) else {},
        device=device.domain() if isinstance(device, DeviceItem) else None,
    )


def _move(transaction: TransactWrite, before: Ticket, after: Presence) -> None:
    """The ticket's holder, if the ticket is still as it was: not through another gate, not cancelled, with the same code."""
    actions: list[Action] = [TicketItem.status.set(after.status)]
    if after.first_entry:
        actions.append(TicketItem.entered_at.set(instant_text(after.first_entry.at)))
    elif before.first_entry:
        actions.append(TicketItem.entered_at.remove())
    if after.first_entry and after.first_entry.gate:
        actions.append(TicketItem.entered_gate.set(after.first_entry.gate))
    elif before.first_entry and before.first_entry.gate:
        actions.append(TicketItem.entered_gate.remove())
    if last := passage_text(after.last):
        actions.append(TicketItem.last.set(last))
    elif before.last:
        actions.append(TicketItem.last.remove())
    unchanged = TicketItem.is_as_read(before) & _last_is(before.last)
    transaction.update(TicketItem(*TicketItem.key(before.id)), actions=actions, condition=unchanged)


def _last_is(last: Passage | None) -> Condition:
    unchanged: Condition = TicketItem.last == passage_text(last) if last else TicketItem.last.does_not_exist()
    return unchanged
