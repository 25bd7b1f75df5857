"""Messages to this context: what is on sale, to copy; holds that end, and payments to ask after; seats for those who wait."""

from functions.orders.dynamo import DynamoOrders
from functions.orders.dynamo_stock import DynamoStock
from functions.orders.dynamo_waiting import DynamoWaiting
from functions.orders.paying import check_when_due
from functions.orders.privacy import RULES, before_leaving
from functions.orders.providers import AllProviders
from functions.orders.serving import serve, serve_after, serve_from_begin, serve_pool
from functions.orders.use_cases import expire_when_due
from functions.orders.use_cases_stock import keep_pool, keep_ticket_type
from shared.clock import now
from shared.delay import SqsDelay
from shared.messages import (
    OrderCancelled,
    OrderExpired,
    OrderPaid,
    OrderRefunded,
    OrderReserved,
    PaymentPending,
    PoolChanged,
    TicketTypeChanged,
    WaitingListLeft,
    WaitingListOffered,
)
from shared.personal import about_people
from shared.worker import Worker


def on_ticket_type_changed(changed: TicketTypeChanged) -> None:
    keep_ticket_type(DynamoStock(), changed)
    serve_from_begin(DynamoWaiting(), SqsDelay(), now, changed)


def on_pool_changed(changed: PoolChanged) -> None:
    keep_pool(DynamoStock(), changed)
    serve_pool(DynamoWaiting(), now, conference_id=changed.conference_id, pool_id=changed.pool_id)


def on_order_reserved(reserved: OrderReserved) -> None:
    expire_when_due(DynamoOrders(), AllProviders(), SqsDelay(), now, reserved)


def on_order_settled(change: OrderPaid | OrderExpired | OrderCancelled | OrderRefunded) -> None:
    if order := DynamoOrders().find(change.order_id):
        serve_after(DynamoWaiting(), now, order)


def on_place_given_up(gone: WaitingListLeft | WaitingListOffered) -> None:
    """Whoever was last in line, by leaving or by an offer, kept seats that are for everybody again."""
    serve(DynamoWaiting(), now, conference_id=gone.conference_id, ticket_type_ids=[gone.ticket_type_id])


def on_payment_pending(pending: PaymentPending) -> None:
    check_when_due(DynamoOrders(), AllProviders(), SqsDelay(), now, pending)


handler = Worker(
    {
        TicketTypeChanged: on_ticket_type_changed,
        PoolChanged: on_pool_changed,
        OrderReserved: on_order_reserved,
        OrderPaid: on_order_settled,
        OrderExpired: on_order_settled,
        OrderCancelled: on_order_settled,
        OrderRefunded: on_order_settled,
        PaymentPending: on_payment_pending,
        WaitingListLeft: on_place_given_up,
        WaitingListOffered: on_place_given_up,
        **about_people(RULES, before=before_leaving),
    }
)
