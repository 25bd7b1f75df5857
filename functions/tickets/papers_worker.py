"""Tickets that are to be mailed. Printing has a queue of its own: it takes long, and nothing at the door waits for it."""

from functions.tickets.dynamo_issued import DynamoIssued, OutboxMessages
from functions.tickets.papers import S3Papers
from functions.tickets.use_cases_aftersales import gather_mail, print_new_code
from shared.messages import OrderMailDue, OrderMailRequested, TicketReissued, TicketTransferred
from shared.worker import Worker


def on_order_mail(requested: OrderMailDue | OrderMailRequested) -> None:
    gather_mail(DynamoIssued(), S3Papers(), OutboxMessages(), requested)


def on_new_code(changed: TicketReissued | TicketTransferred) -> None:
    print_new_code(DynamoIssued(), S3Papers(), OutboxMessages(), changed)


handler = Worker(
    {
        **dict.fromkeys((OrderMailDue, OrderMailRequested), on_order_mail),
        **dict.fromkeys((TicketReissued, TicketTransferred), on_new_code),
    }
)
