"""What the messages of orders tell. The e-mail of a paid order comes with its tickets (`order_mail`)."""

from functions.notifications import domain
from functions.notifications.letter import Link
from functions.notifications.notice import Notice, Notices
from shared.messages import AttendeeChanged, OrderCancelled, OrderExpired, OrderPaid, OrderRefunded, OrderReseated


def _paid(message: OrderPaid) -> list[Notice]:
    news = domain.order_paid(message.order_id, message.conference_id, message.conference_name, message.total, len(message.tickets))
    return [Notice(news, message.buyer_id, mailed=False)]


def _expired(message: OrderExpired) -> list[Notice]:
    news = domain.order_expired(message.order_id, message.conference_id, message.conference_name)
    return [Notice(news, message.buyer_id)]


def _cancelled(message: OrderCancelled) -> list[Notice]:
    news = domain.order_cancelled(message.order_id, message.conference_id, message.conference_name, message.was_paid)
    return [Notice(news, message.buyer_id, link=_order(message.order_id))]


def _refunded(message: OrderRefunded) -> list[Notice]:
    which = (message.order_id, message.conference_id, message.conference_name)
    news = domain.order_refunded(*which, message.amount, message.numbers, message.reason)
    return [Notice(news, message.buyer_id, link=_order(message.order_id))]


def _reseated(message: OrderReseated) -> list[Notice]:
    news = domain.order_reseated(message.order_id, message.conference_id, message.conference_name, message.total)
    return [Notice(news, message.buyer_id, link=_order(message.order_id))]


def _attendee(message: AttendeeChanged) -> list[Notice]:
    news = domain.attendee_changed(
        message.order_id, message.conference_id, message.conference_name, message.number, message.attendee_name
    )
    return [Notice(news, message.buyer_id, link=_order(message.order_id))]


def _order(order_id: str) -> Link:
    return Link("See the order", f"/orders/{order_id}")


NOTICES: Notices = {
    OrderPaid: _paid,
    OrderExpired: _expired,
    OrderCancelled: _cancelled,
    OrderRefunded: _refunded,
    OrderReseated: _reseated,
    AttendeeChanged: _attendee,
}
