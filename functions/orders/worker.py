"""Messages to this context: ticket types to copy, and holds to end when their time is up."""

from functions.orders.dynamo import DynamoOrders, DynamoStock
from functions.orders.use_cases import expire_when_due, keep_ticket_type
from shared.clock import now
from shared.delay import SqsDelay
from shared.messages import OrderReserved, TicketTypeChanged
from shared.worker import Worker


def on_ticket_type_changed(changed: TicketTypeChanged) -> None:
    keep_ticket_type(DynamoStock(), changed)


def on_order_reserved(reserved: OrderReserved) -> None:
    expire_when_due(DynamoOrders(), SqsDelay(), now, reserved)


handler = Worker({TicketTypeChanged: on_ticket_type_changed, OrderReserved: on_order_reserved})
