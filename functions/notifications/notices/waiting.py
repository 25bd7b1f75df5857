"""What is told of places on waiting lists."""

from functions.notifications import domain
from functions.notifications.letter import Link
from functions.notifications.notice import Notice, Notices
from shared.clock import local_time
from shared.messages import (
    WaitingListJoined,
    WaitingListLeft,
    WaitingListMessage,
    WaitingListOffered,
    WaitingListOfferExpired,
)
from shared.nobody import NO_EMAIL


def _what(message: WaitingListMessage) -> str:
    return f"{message.quantity} × {message.ticket_type_name}"


def _data(message: WaitingListMessage) -> dict[str, str]:
    return {"conference_id": message.conference_id, "ticket_type_id": message.ticket_type_id}


def _leave(message: WaitingListMessage) -> str:
    return f"/orders/waiting-list/leave/{message.leave_token}"


def _joined(message: WaitingListJoined) -> list[Notice]:
    news = domain.waiting_list_joined(_what(message), message.conference_name, _data(message))
    return [Notice(news, message.user_id, link=Link("Leave the waiting list", _leave(message), open=True))]


def _offered(message: WaitingListOffered) -> list[Notice]:
    until = local_time(message.expires_at, message.time_zone) if message.expires_at else None
    data = {**_data(message), "order_id": message.order_id}
    news = domain.waiting_list_offered(_what(message), message.conference_name, until, data)
    return [Notice(news, message.user_id, link=Link("See the order", f"/orders/{message.order_id}"))]


def _offer_expired(message: WaitingListOfferExpired) -> list[Notice]:
    news = domain.waiting_list_offer_expired(_what(message), message.conference_name, _data(message))
    return [Notice(news, message.user_id)]


def _left(message: WaitingListLeft) -> list[Notice]:
    if message.user_email == NO_EMAIL:
        return []  # they left for good
    return [Notice(domain.waiting_list_left(_what(message), message.conference_name, _data(message)), message.user_id)]


NOTICES: Notices = {
    WaitingListJoined: _joined,
    WaitingListOffered: _offered,
    WaitingListOfferExpired: _offer_expired,
    WaitingListLeft: _left,
}
