"""Tickets and what became of each order, in the context's table (`items.py` has its keys)."""

from collections.abc import Sequence

from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from functions.tickets.domain import Attendee, Ticket, TicketsOfOrder
from functions.tickets.items import OrderTicketsItem, TicketItem, commit
from shared.messages import Message
from shared.table import Outbox, decode_cursor, page


class DynamoTickets:
    """Implements `use_cases.Tickets`."""

    def of_order(self, order_id: str) -> TicketsOfOrder:
        try:
            return OrderTicketsItem.get(*OrderTicketsItem.key(order_id), consistent_read=True).domain()
        except OrderTicketsItem.DoesNotExist:
            return TicketsOfOrder(order_id)

    def issue(self, order: TicketsOfOrder, tickets: Sequence[Ticket], messages: Sequence[Message]) -> None:
        """One transaction of the order, its tickets and the messages: up to 49 tickets an order."""

        def compose(transaction: TransactWrite) -> None:
            _save(transaction, order)
            for ticket in tickets:
                transaction.save(TicketItem.of(ticket))
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

    def some(self, ticket_ids: Sequence[str]) -> list[Ticket]:
        items = TicketItem.batch_get([TicketItem.key(each) for each in ticket_ids], consistent_read=True)
        return sorted((item.domain() for item in items), key=lambda ticket: ticket_ids.index(ticket.id))

    def get(self, ticket_id: str) -> Ticket | None:
        try:
            return TicketItem.get(*TicketItem.key(ticket_id), consistent_read=True).domain()
        except TicketItem.DoesNotExist:
            return None

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

    def of_owner(self, owner_id: str, *, limit: int, cursor: str | None) -> tuple[list[Ticket], str | None]:
        partition = f"USER#{owner_id}"
        start = decode_cursor(cursor, partition, "gsi1pk")
        items, next_cursor = page(TicketItem.gsi1.query(partition, limit=limit, last_evaluated_key=start, scan_index_forward=False))
        return [item.domain() for item in items if isinstance(item, TicketItem)], next_cursor


class OutboxMessages:
    """Implements `use_cases_aftersales.Messages`: the item has the message's id, so that it goes out once."""

    def tell(self, message: Message) -> None:
        Outbox.of(message).save()


def _save(transaction: TransactWrite, order: TicketsOfOrder) -> None:
    """Where nobody else has changed the order since it was read."""
    first = order.revision == 1
    unchanged = OrderTicketsItem.pk.does_not_exist() if first else OrderTicketsItem.revision == order.revision - 1
    transaction.save(OrderTicketsItem.of(order), condition=unchanged)
