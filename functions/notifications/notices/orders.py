"""What the messages of orders tell. The e-mail of a paid order comes with its tickets (`order_mail`)."""

from functions.notifications import domain
from functions.notifications.domain import News, conference_named, one_line
from functions.notifications.letter import Link
from functions.notifications.notice import Notice, Notices
from shared.messages import (
    AttendeeChanged,
    OrderCancelled,
    OrderExpired,
    OrderPaid,
    OrderRefunded,
    OrderReseated,
    RefundFailed,
)


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
    notices = [Notice(news, message.buyer_id, link=_order(message.order_id))]
    if message.reason == domain.TOO_LATE:
        body = f"{message.amount} came after the reservation had ended, and its seats were gone. All of it is on its way back."
        notices.append(_to_organisers(message, "late-payment", "was paid too late, and is paid back", body))
    return notices


def _reseated(message: OrderReseated) -> list[Notice]:
    which = (message.order_id, message.conference_id, message.conference_name)
    body = f"{message.total} came after the reservation had ended. Its seats were still free: the order is paid."
    return [
        Notice(domain.order_reseated(*which, message.total), message.buyer_id, link=_order(message.order_id)),
        _to_organisers(message, "late-payment", "was paid too late, and has its seats", body),
    ]


def _refund_failed(message: RefundFailed) -> list[Notice]:
    delayed = News(
        "refund-delayed",
        f"Your refund for {conference_named(message.conference_name)} is delayed",
        f"{message.amount} could not be returned to where it was paid from. The organiser has been told: write to them.",
        {"conference_id": message.conference_id, "order_id": message.order_id},
    )
    why = "It was made, and came back" if message.came_back else "The payment provider refuses it"
    what_now = "The money is with you. Ask for the same refund again, or return it otherwise."
    body = f"{why} ({one_line(message.reason).rstrip('.')}). {what_now}"
    return [
        Notice(delayed, message.buyer_id, link=_order(message.order_id)),
        _to_organisers(message, "refund-failed", f"waits for a refund of {message.amount} that failed", body),
    ]


def _to_organisers(message: OrderRefunded | OrderReseated | RefundFailed, kind: str, what: str, body: str) -> Notice:
    title = f"Order {message.order_id} for {conference_named(message.conference_name)} {what}"
    data = {"conference_id": message.conference_id, "order_id": message.order_id}
    return Notice(News(kind, title, body, data), organisers=message.conference_id, link=_order(message.order_id))


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
    RefundFailed: _refund_failed,
    AttendeeChanged: _attendee,
}
