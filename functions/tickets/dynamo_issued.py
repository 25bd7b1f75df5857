"""Tickets that were issued, to be read and printed: nothing here signs or seals, so that who prints packs no cryptography."""

from collections.abc import Sequence

from functions.tickets.domain import Ticket, TicketsOfOrder
from functions.tickets.items import OrderTicketsItem, TicketItem
from shared.messages import Message
from shared.table import Outbox


class DynamoIssued:
    """Implements `use_cases_aftersales.Issued`."""

    def of_order(self, order_id: str) -> TicketsOfOrder:
        try:
            return OrderTicketsItem.get(*OrderTicketsItem.key(order_id), consistent_read=True).domain()
        except OrderTicketsItem.DoesNotExist:
            return TicketsOfOrder(order_id)

    def some(self, ticket_ids: Sequence[str]) -> list[Ticket]:
        items = TicketItem.batch_get([TicketItem.key(each) for each in ticket_ids], consistent_read=True)
        return sorted((item.domain() for item in items), key=lambda ticket: ticket_ids.index(ticket.id))

    def get(self, ticket_id: str) -> Ticket | None:
        try:
            return TicketItem.get(*TicketItem.key(ticket_id), consistent_read=True).domain()
        except TicketItem.DoesNotExist:
            return None


class OutboxMessages:
    """Implements `use_cases_aftersales.Messages`: the item has the message's id, so that it goes out once."""

    def tell(self, message: Message) -> None:
        Outbox.of(message).save()
