"""Messages to this context: what is on sale, to copy, and holds to end when their time is up."""

from functions.orders.dynamo import DynamoOrders
from functions.orders.dynamo_stock import DynamoStock
from functions.orders.use_cases import expire_when_due
from functions.orders.use_cases_stock import keep_pool, keep_ticket_type
from shared.clock import now
from shared.delay import SqsDelay
from shared.messages import OrderReserved, PoolChanged, TicketTypeChanged
from shared.worker import Worker


def on_ticket_type_changed(changed: TicketTypeChanged) -> None:
    keep_ticket_type(DynamoStock(), changed)


def on_pool_changed(changed: PoolChanged) -> None:
    keep_pool(DynamoStock(), changed)


def on_order_reserved(reserved: OrderReserved) -> None:
    expire_when_due(DynamoOrders(), SqsDelay(), now, reserved)


handler = Worker({TicketTypeChanged: on_ticket_type_changed, PoolChanged: on_pool_changed, OrderReserved: on_order_reserved})
