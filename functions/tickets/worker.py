"""What becomes of tickets when an order is paid, refunded or cancelled, and what scanners are told of it.

Each reaction is safe to repeat, reorder and delay.
"""

from functions.tickets.domain import ticket_id
from functions.tickets.dynamo import DynamoTickets
from functions.tickets.dynamo_directory import DynamoDirectory
from functions.tickets.dynamo_feed import DynamoFeed
from functions.tickets.dynamo_keys import DynamoKeys
from functions.tickets.privacy import RULES, forget_at_the_door
from functions.tickets.secret import entry_codes
from functions.tickets.unpaid import DynamoReservations
from functions.tickets.use_cases import cancel_tickets, issue_tickets
from functions.tickets.use_cases_aftersales import name_attendee
from functions.tickets.use_cases_offline import publish
from shared.clock import now
from shared.crew import Crew
from shared.messages import (
    AttendeeChanged,
    MembershipChanged,
    OrderCancelled,
    OrderPaid,
    OrderRefunded,
    OrderReserved,
)
from shared.personal import about_people
from shared.worker import Worker


def on_order_paid(order: OrderPaid) -> None:
    issue_tickets(DynamoTickets(), entry_codes(), DynamoKeys(), now, order)


def on_order_reserved(order: OrderReserved) -> None:
    DynamoReservations().keep(order)


def on_order_refunded(order: OrderRefunded) -> None:
    cancel_tickets(DynamoTickets(), order)


def on_order_cancelled(order: OrderCancelled) -> None:
    if order.was_paid:
        cancel_tickets(DynamoTickets(), order)
    else:  # it has no tickets
        DynamoReservations().give_up(order)


def on_attendee_changed(changed: AttendeeChanged) -> None:
    name_attendee(DynamoTickets(), changed)
    publish(DynamoFeed(), DynamoTickets(), now, ticket_id(changed.order_id, changed.number))
    DynamoDirectory().refresh([ticket_id(changed.order_id, changed.number)])


def on_membership_changed(change: MembershipChanged) -> None:
    Crew().keep(change.conference_id, change.user_id, change.role, change.revision)


handler = Worker(
    {
        MembershipChanged: on_membership_changed,
        OrderReserved: on_order_reserved,
        OrderPaid: on_order_paid,
        OrderRefunded: on_order_refunded,
        OrderCancelled: on_order_cancelled,
        AttendeeChanged: on_attendee_changed,
        **about_people(RULES, before=forget_at_the_door),
    }
)
