"""The tickets that were sold, as messages told of them: each method idempotent, and in any order with the others."""

from pynamodb.exceptions import PutError
from pynamodb.expressions.condition import Condition

from functions.events.items_sales import SoldTicketItem
from shared.messages import TicketCancelled, TicketIssued, TicketTransferred

_UNHEARD_OF = SoldTicketItem.pk.does_not_exist()


class DynamoSales:
    def sell(self, issued: TicketIssued) -> None:
        """The first word on a ticket: whatever else is known of it is later."""
        _put(SoldTicketItem.of(issued), _UNHEARD_OF)

    def hand_on(self, transferred: TicketTransferred) -> None:
        """Of several owners the latest is who has the highest code. What was given back has none, and stays so."""
        _put(SoldTicketItem.handed_on(transferred), _UNHEARD_OF | (SoldTicketItem.serial < transferred.serial))

    def give_back(self, cancelled: TicketCancelled) -> None:
        """The last word: a ticket that was cancelled never comes back."""
        SoldTicketItem.given_back(cancelled).save()


def _put(item: SoldTicketItem, is_news: Condition) -> None:
    try:
        item.save(condition=is_news)
    except PutError as failure:
        if failure.cause_response_code != "ConditionalCheckFailedException":
            raise
