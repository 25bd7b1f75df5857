"""What is told of an order: its messages."""

from typing import Any

from functions.orders.domain import Order
from functions.orders.lines import Line
from functions.orders.payment import Refund
from functions.orders.waiting import Entry
from shared.messages import (
    AttendeeChanged,
    LineState,
    Message,
    OrderCancelled,
    OrderExpired,
    OrderMailRequested,
    OrderPaid,
    OrderRefunded,
    OrderReseated,
    OrderReserved,
    OrderState,
    RefundFailed,
    TicketLine,
    WaitingListJoined,
    WaitingListLeft,
    WaitingListOffered,
    WaitingListOfferExpired,
)
from shared.money import Money


def placed(order: Order) -> Message:
    if order.expires_at is None:  # it costs nothing and is paid already
        return paid(order)
    return OrderReserved(
        conference_id=order.conference_id,
        order_id=order.id,
        buyer_id=order.buyer_id,
        expires_at=order.expires_at,
        order=state(order),
    )


def paid(order: Order) -> OrderPaid:
    return OrderPaid(
        conference_id=order.conference_id,
        conference_name=order.conference_name,
        order_id=order.id,
        buyer_id=order.buyer_id,
        buyer_name=order.buyer_name,
        buyer_email=order.buyer_email,
        total=order.total,
        time_zone=order.time_zone,
        tickets=[ticket for line in order.lines for ticket in _tickets(line)],
        revision=order.revision,
        created_at=order.created_at,
    )


def expired(order: Order) -> OrderExpired:
    return OrderExpired(
        conference_id=order.conference_id,
        conference_name=order.conference_name,
        order_id=order.id,
        buyer_id=order.buyer_id,
        order=state(order),
    )


def cancelled(order: Order) -> OrderCancelled:
    return OrderCancelled(
        conference_id=order.conference_id,
        conference_name=order.conference_name,
        order_id=order.id,
        buyer_id=order.buyer_id,
        was_paid=False,
        order=state(order),
    )


def refunded(order: Order, refund: Refund) -> OrderRefunded:
    return OrderRefunded(
        conference_id=order.conference_id,
        conference_name=order.conference_name,
        order_id=order.id,
        buyer_id=order.buyer_id,
        amount=Money(refund.amount, order.total.currency),
        numbers=refund.numbers,
        reason=refund.reason,
        order=state(order),
    )


def refund_failed(order: Order, refund_id: str) -> RefundFailed:
    refund = next(each for each in order.refunds if each.id == refund_id)
    return RefundFailed(
        conference_id=order.conference_id,
        conference_name=order.conference_name,
        order_id=order.id,
        buyer_id=order.buyer_id,
        refund_id=refund.id,
        amount=Money(refund.amount, order.total.currency),
        came_back=refund.status == "failed",
        numbers=refund.numbers,
        reason=refund.reason,
        order=state(order),
    )


def reseated(order: Order) -> OrderReseated:
    return OrderReseated(
        conference_id=order.conference_id,
        conference_name=order.conference_name,
        order_id=order.id,
        buyer_id=order.buyer_id,
        total=order.total,
    )


def attendee_changed(order: Order, number: int) -> AttendeeChanged:
    ticket = order.tickets[number - 1]
    return AttendeeChanged(
        conference_id=order.conference_id,
        conference_name=order.conference_name,
        order_id=order.id,
        buyer_id=order.buyer_id,
        buyer_name=order.buyer_name,
        number=number,
        ticket_type_name=ticket.name,
        attendee_name=ticket.attendee.name,
        attendee_email=ticket.attendee.email,
        is_paid=order.status != "reserved",
        revision=order.revision,
    )


def mail_requested(order: Order, request_id: str) -> OrderMailRequested:
    return OrderMailRequested(
        conference_id=order.conference_id,
        conference_name=order.conference_name,
        order_id=order.id,
        request_id=request_id,
        buyer_id=order.buyer_id,
        buyer_name=order.buyer_name,
        buyer_email=order.buyer_email,
        total=order.total,
        paid_at=order.paid_at or order.created_at,
    )


def state(order: Order) -> OrderState:
    return OrderState(
        revision=order.revision,
        status=order.status,
        created_at=order.created_at,
        total=order.total,
        refunded=order.refunded,
        lines=tuple(LineState(each.ticket_type_id, each.name, each.quantity, each.total) for each in order.lines_of(order.seated)),
    )


def _tickets(line: Line) -> list[TicketLine]:
    return [
        TicketLine(
            ticket_type_id=line.ticket_type_id,
            ticket_type_name=line.name,
            price=line.unit_price,
            attendee_name=attendee.name,
            attendee_email=attendee.email,
            valid_from=line.valid_from,
            valid_until=line.valid_until,
        )
        for attendee in line.attendees
    ]


def waiting_joined(entry: Entry) -> WaitingListJoined:
    return WaitingListJoined(**_waiter(entry))


def waiting_left(entry: Entry) -> WaitingListLeft:
    return WaitingListLeft(**_waiter(entry))


def waiting_offered(entry: Entry) -> WaitingListOffered:
    return WaitingListOffered(**_waiter(entry), order_id=entry.order_id or "", expires_at=entry.offer_expires_at)


def offer_expired(entry: Entry) -> WaitingListOfferExpired:
    return WaitingListOfferExpired(**_waiter(entry), order_id=entry.order_id or "")


def _waiter(entry: Entry) -> dict[str, Any]:  # members of WaitingListMessage
    return {
        "conference_id": entry.conference_id,
        "conference_name": entry.conference_name,
        "entry_id": entry.id,
        "user_id": entry.user_id,
        "user_name": entry.user_name,
        "user_email": entry.user_email,
        "ticket_type_id": entry.ticket_type_id,
        "ticket_type_name": entry.ticket_type_name,
        "quantity": entry.quantity,
        "leave_token": entry.token,
        "time_zone": entry.time_zone,
    }
