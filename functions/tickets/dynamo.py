"""Tickets and what became of each order, in the context's table (`items.py` has its keys)."""

from collections.abc import Sequence

from pynamodb.transactions import TransactWrite

from functions.tickets.domain import Stale, Ticket, TicketsOfOrder
from functions.tickets.items import OrderTicketsItem, TicketItem, commit
from shared.messages import TicketCancelled, TicketIssued
from shared.table import Item, Outbox, decode_cursor, page


class DynamoTickets:
    """Implements `use_cases.Tickets`."""

    def issue(self, order_id: str, tickets: Sequence[Ticket], messages: Sequence[TicketIssued]) -> bool:
        """One transaction of 2n + 1 items: up to 49 tickets an order."""
        order = OrderTicketsItem.of(TicketsOfOrder(order_id, len(tickets), cancelled=False))

        def compose(transaction: TransactWrite) -> None:
            transaction.save(order, condition=Item.pk.does_not_exist())
            for ticket in tickets:
                transaction.save(TicketItem.of(ticket))
            for message in messages:
                transaction.save(Outbox.of(message))

        try:
            commit(compose)
        except Stale:
            return False
        return True

    def of_order(self, order_id: str) -> TicketsOfOrder | None:
        try:
            return OrderTicketsItem.get(*OrderTicketsItem.key(order_id), consistent_read=True).domain()
        except OrderTicketsItem.DoesNotExist:
            return None

    def bar(self, order_id: str) -> None:
        order = OrderTicketsItem.of(TicketsOfOrder(order_id, 0, cancelled=True))
        commit(lambda transaction: transaction.save(order, condition=Item.pk.does_not_exist()))

    def cancel(self, order: TicketsOfOrder, messages: Sequence[TicketCancelled]) -> None:
        def compose(transaction: TransactWrite) -> None:
            for message in messages:
                transaction.save(Outbox.of(message))
            transaction.update(
                OrderTicketsItem(*OrderTicketsItem.key(order.order_id)),
                actions=[OrderTicketsItem.cancelled.set(True)],
                condition=OrderTicketsItem.cancelled == False,  # noqa: E712  # an expression, not a comparison
            )
            for ticket_id in order.ticket_ids:
                transaction.update(TicketItem(*TicketItem.key(ticket_id)), actions=[TicketItem.status.set("cancelled")])

        commit(compose)

    def get(self, ticket_id: str) -> Ticket | None:
        try:
            return TicketItem.get(*TicketItem.key(ticket_id), consistent_read=True).domain()
        except TicketItem.DoesNotExist:
            return None

    def of_owner(self, owner_id: str, *, limit: int, cursor: str | None) -> tuple[list[Ticket], str | None]:
        partition = f"USER#{owner_id}"
        start = decode_cursor(cursor, partition, "gsi1pk")
        items, next_cursor = page(TicketItem.gsi1.query(partition, limit=limit, last_evaluated_key=start, scan_index_forward=False))
        return [item.domain() for item in items if isinstance(item, TicketItem)], next_cursor
