"""Tickets and what became of each order, in the context's table (`items.py` has its keys)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import cast

from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from functions.tickets.domain import Attendee, Ticket, TicketsOfOrder
from functions.tickets.dynamo_feed import CodeRecordItem
from functions.tickets.dynamo_issued import DynamoIssued
from functions.tickets.items import OrderTicketsItem, ReissueItem, TicketItem, commit
from functions.tickets.use_cases_offline import record_of
from shared.clock import now
from shared.messages import Message
from shared.table import Item, Outbox, decode_cursor, page

COMMAND_LIFE = timedelta(days=2)  # a key is good for a day


class DynamoTickets(DynamoIssued):
    """Implements `use_cases.Tickets`."""

    def issue(self, order: TicketsOfOrder, tickets: Sequence[Ticket], messages: Sequence[Message]) -> None:
        """One transaction of the order, its tickets, their records for scanners, and the messages.

        Up to 24 tickets an order, should all of them be refunded already: then each has two messages.
        """

        def compose(transaction: TransactWrite) -> None:
            _save(transaction, order)
            for ticket in tickets:
                transaction.save(TicketItem.of(ticket))
                transaction.save(CodeRecordItem.of(record_of(ticket, now)))
            for message in messages:
                transaction.save(Outbox.of(message))

        commit(compose)

    def cancel(self, order: TicketsOfOrder, tickets: Sequence[Ticket], messages: Sequence[Message]) -> None:
        def compose(transaction: TransactWrite) -> None:
            _save(transaction, order)
            for message in messages:
                transaction.save(Outbox.of(message))
            for ticket in tickets:
                # Not where its owner changed a moment ago: the message is for who has it now.
                transaction.update(
                    TicketItem(*TicketItem.key(ticket.id)),
                    actions=[TicketItem.status.set("cancelled")],
                    condition=TicketItem.code == ticket.code,
                )

        commit(compose)

    def name(self, ticket: Ticket, attendee: Attendee, *, is_for_owner: bool, revision: int) -> None:
        actions: list[Action] = [
            TicketItem.attendee_name.set(attendee.name),
            TicketItem.attendee_email.set(attendee.email),
            TicketItem.is_for_owner.set(is_for_owner),
            TicketItem.named_at.set(revision),
        ]
        unnamed = TicketItem.named_at.does_not_exist() | (TicketItem.named_at < revision)
        # Not where its owner changed a moment ago: who has it now names its attendee.
        condition = (TicketItem.code == ticket.code) & unnamed
        commit(lambda transaction: transaction.update(TicketItem(*TicketItem.key(ticket.id)), actions=actions, condition=condition))

    def with_command(self, ticket_id: str, command_id: str) -> tuple[Ticket | None, bool]:
        ticket, has_run = None, False
        for item in Item.batch_get([TicketItem.key(ticket_id), ReissueItem.key(ticket_id, command_id)], consistent_read=True):
            match item:
                case TicketItem():
                    ticket = item.domain()
                case ReissueItem():
                    has_run = True
        return ticket, has_run

    def replace_code(self, before: Ticket, after: Ticket, command_id: str, messages: Sequence[Message]) -> None:
        def compose(transaction: TransactWrite) -> None:
            done = ReissueItem(*ReissueItem.key(after.id, command_id), ttl=int((now() + COMMAND_LIFE).timestamp()))
            transaction.save(done, condition=Item.pk.does_not_exist())
            transaction.save(CodeRecordItem.revoked(before))
            for message in messages:
                transaction.save(Outbox.of(message))
            new_code(transaction, before, after)

        commit(compose)

    def of_owner(self, owner_id: str, *, limit: int, cursor: str | None) -> tuple[list[Ticket], str | None]:
        partition = f"USER#{owner_id}"
        start = decode_cursor(cursor, partition, "gsi1pk")
        items, next_cursor = page(TicketItem.gsi1.query(partition, limit=limit, last_evaluated_key=start, scan_index_forward=False))
        return [item.domain() for item in items if isinstance(item, TicketItem)], next_cursor


def _save(transaction: TransactWrite, order: TicketsOfOrder) -> None:
    """Where nobody else has changed the order since it was read."""
    first = order.revision == 1
    unchanged = OrderTicketsItem.pk.does_not_exist() if first else OrderTicketsItem.revision == order.revision - 1
    transaction.save(OrderTicketsItem.of(order), condition=unchanged)


def new_code(transaction: TransactWrite, before: Ticket, after: Ticket, *others: Action) -> None:
    """The ticket with its next code, where nothing has happened to it since it was read as `before`."""
    changes = [
        TicketItem.code.set(after.code),
        TicketItem.serial.set(after.serial),
        TicketItem.superseded.set(cast("str", after.superseded)),
        *others,
    ]
    transaction.update(TicketItem(*TicketItem.key(before.id)), actions=changes, condition=TicketItem.is_as_read(before))
