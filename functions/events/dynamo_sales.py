"""The tickets that were sold, as messages told of them."""

from pynamodb.exceptions import PutError
from pynamodb.expressions.condition import Condition

from functions.events.items_sales import SoldTicketItem
from shared.messages import TicketCancelled, TicketIssued


class DynamoSales:
    def sell(self, issued: TicketIssued) -> None:
        """Idempotent, and in any order with `give_back`."""
        _put(SoldTicketItem.of(issued), SoldTicketItem.as_of < issued.occurred_at)

    def give_back(self, cancelled: TicketCancelled) -> None:
        """Idempotent, and in any order with `sell`; of the two at one instant this is the later."""
        _put(SoldTicketItem.given_back(cancelled), SoldTicketItem.as_of <= cancelled.occurred_at)


def _put(item: SoldTicketItem, is_news: Condition) -> None:
    try:
        item.save(condition=SoldTicketItem.pk.does_not_exist() | is_news)
    except PutError as failure:
        if failure.cause_response_code != "ConditionalCheckFailedException":
            raise
