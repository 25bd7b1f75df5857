"""Messages to the organisers' ledger. It has a queue of its own: nothing that it does keeps a hold from ending on time."""

from functions.orders.dynamo import DynamoOrders
from functions.orders.dynamo_ledger import DynamoLedger
from functions.orders.use_cases_ledger import keep_entry
from shared.messages import (
    AttendeeChanged,
    OrderCancelled,
    OrderExpired,
    OrderPaid,
    OrderRefunded,
    OrderReserved,
    RefundFailed,
)
from shared.worker import Worker


def on_order_changed(
    change: OrderReserved | OrderPaid | OrderExpired | OrderCancelled | OrderRefunded | RefundFailed | AttendeeChanged,
) -> None:
    keep_entry(DynamoOrders(), DynamoLedger(), change.order_id)


handler = Worker(
    dict.fromkeys(
        (OrderReserved, OrderPaid, OrderExpired, OrderCancelled, OrderRefunded, RefundFailed, AttendeeChanged), on_order_changed
    )
)
