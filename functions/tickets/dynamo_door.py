"""The door: scans and what they make of a ticket, in the context's table (`items.py` has its keys)."""

from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from functions.tickets.domain import Scan, Ticket, Verdict
from functions.tickets.items import ScanItem, TicketItem, commit
from shared.clock import iso
from shared.messages import TicketCheckedIn
from shared.table import Item, Outbox


class DynamoDoor:
    """Implements `use_cases_door.Door`."""

    def at_the_door(self, scan: Scan) -> tuple[Ticket | None, tuple[Scan, Verdict] | None]:
        ticket, recorded = None, None
        keys = [TicketItem.key(scan.ticket_id), ScanItem.key(scan)]
        for item in Item.batch_get(keys, consistent_read=True):
            match item:
                case TicketItem():
                    ticket = item.domain()
                case ScanItem():
                    recorded = item.domain()
        return ticket, recorded

    def admit(self, scan: Scan, verdict: Verdict, before: Ticket, after: Ticket, message: TicketCheckedIn) -> None:
        """7 write units: 2 for each of the three items, 1 for the ticket's copy in the index.

        That is for items of up to 1 KB, which holds names of 40 letters of two bytes for conference, ticket type and attendee
        each. A ticket with longer ones (100 letters each) is above it and makes it 10; with 200 letters the message is too: 12.
        """

        def compose(transaction: TransactWrite) -> None:
            transaction.save(ScanItem.of(scan, verdict), condition=Item.pk.does_not_exist())
            transaction.save(Outbox.of(message))
            transaction.update(
                TicketItem(*TicketItem.key(before.id)),
                actions=_changes(after),
                condition=(TicketItem.status == before.status) & (TicketItem.code == before.code),
            )

        commit(compose)

    def refuse(self, scan: Scan, verdict: Verdict) -> None:
        refused = ScanItem.of(scan, verdict)
        commit(lambda transaction: transaction.save(refused, condition=Item.pk.does_not_exist()))


def _changes(after: Ticket) -> list[Action]:
    actions: list[Action] = [TicketItem.status.set(after.status)]
    if after.first_entry:
        actions.append(TicketItem.entered_at.set(iso(after.first_entry.at)))
        if after.first_entry.gate:
            actions.append(TicketItem.entered_gate.set(after.first_entry.gate))
    return actions
