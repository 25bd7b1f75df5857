"""What tickets do when an order is paid, refunded or cancelled. Each reaction is safe to repeat, reorder and delay."""

from functions.tickets.dynamo import DynamoTickets, OutboxMessages
from functions.tickets.secret import entry_codes
from functions.tickets.use_cases import cancel_tickets, issue_tickets
from functions.tickets.use_cases_aftersales import gather_mail, name_attendee
from shared.clock import now
from shared.messages import AttendeeChanged, OrderCancelled, OrderMailRequested, OrderPaid, OrderRefunded
from shared.worker import Worker


def on_order_paid(order: OrderPaid) -> None:
    issue_tickets(DynamoTickets(), entry_codes(), now, order)


def on_order_refunded(order: OrderRefunded) -> None:
    cancel_tickets(DynamoTickets(), order)


def on_order_cancelled(order: OrderCancelled) -> None:
    if order.was_paid:  # otherwise it has no tickets
        cancel_tickets(DynamoTickets(), order)


def on_attendee_changed(changed: AttendeeChanged) -> None:
    name_attendee(DynamoTickets(), changed)


def on_order_mail_requested(requested: OrderMailRequested) -> None:
    gather_mail(DynamoTickets(), OutboxMessages(), requested)


handler = Worker(
    {
        OrderPaid: on_order_paid,
        OrderRefunded: on_order_refunded,
        OrderCancelled: on_order_cancelled,
        AttendeeChanged: on_attendee_changed,
        OrderMailRequested: on_order_mail_requested,
    }
)
