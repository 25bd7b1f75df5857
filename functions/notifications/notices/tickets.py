"""What the messages of tickets tell. TicketIssued is no news by itself: it comes with its order's e-mail (`order_mail`)."""

from functions.notifications import domain
from functions.notifications.domain import News, conference_named
from functions.notifications.letter import Link, Mailbox
from functions.notifications.notice import Notice, Notices
from shared.clock import local_time
from shared.messages import (
    DoubleEntryFound,
    TicketCancelled,
    TicketCheckedIn,
    TicketReissued,
    TicketTransferEnded,
    TicketTransferOffered,
    TicketTransferred,
)


def _cancelled(message: TicketCancelled) -> list[Notice]:
    news = domain.ticket_cancelled(
        message.ticket_id, message.conference_id, message.order_id, message.conference_name, message.number
    )
    return [Notice(news, message.owner_id, link=_ticket(message.ticket_id))]


def _scanned(message: TicketCheckedIn) -> list[Notice]:
    news = domain.ticket_scanned(
        message.ticket_id,
        message.conference_id,
        message.conference_name,
        entered=message.direction == "entry",
        gate=message.gate,
        attendee=message.attendee_name,
        when=local_time(message.scanned_at, message.time_zone),
    )
    return [Notice(news, message.owner_id, link=_ticket(message.ticket_id))]


def _reissued(message: TicketReissued) -> list[Notice]:
    """Its mail is sent when tickets has printed it (`ticket_mail`)."""
    data = {"conference_id": message.conference_id, "ticket_id": message.ticket_id}
    news = domain.ticket_reissued(message.conference_name, data, by_owner=message.by_owner)
    return [Notice(news, message.owner_id, mailed=False)]


def _offered(message: TicketTransferOffered) -> list[Notice]:
    conference = conference_named(message.conference_name)
    news = News(
        "ticket-offered",
        f"{message.owner_name} offers you a ticket for {conference}",
        f"It is yours once you accept, until {local_time(message.expires_at, message.time_zone)}. If you do not want it, you need "
        "not do anything.",
        {"conference_id": message.conference_id, "ticket_id": message.ticket_id},
    )
    link = Link("Accept or decline", f"/tickets/{message.ticket_id}/transfer?token={message.token}")
    details = {
        "ticket_id": message.ticket_id,
        "ticket_type_name": message.ticket_type_name,
        "token": message.token,
        "valid_from": message.valid_from,
        "time_zone": message.time_zone,
    }
    return [Notice(news, address=Mailbox("", message.email), link=link, template="ticket-offer", details=details)]


def _offer_ended(message: TicketTransferEnded) -> list[Notice]:
    conference, data = conference_named(message.conference_name), {"ticket_id": message.ticket_id}
    if message.declined:
        title = f"Your ticket for {conference} was not taken"
        body = "Whom you offered it to declined. It is still yours, and your code opens the door."
        return [Notice(News("ticket-offer-declined", title, body, data), message.owner_id, link=_ticket(message.ticket_id))]
    title = f"A ticket for {conference} is no longer offered to you"
    news = News("ticket-offer-withdrawn", title, "Its owner has withdrawn the offer. There is nothing for you to do.", data)
    return [Notice(news, address=Mailbox("", message.email))]


def _transferred(message: TicketTransferred) -> list[Notice]:
    conference, data = conference_named(message.conference_name), {"conference_id": message.conference_id}
    gone = News(
        "ticket-handed-on",
        f"Your ticket for {conference} is {message.owner_name}'s now",
        "Your code no longer opens the door: throw away what you printed or saved of it.",
        data | {"ticket_id": message.ticket_id},
    )
    received = domain.ticket_received(message.conference_name, data | {"ticket_id": message.ticket_id})
    return [Notice(gone, message.from_id), Notice(received, message.owner_id, mailed=False)]


def _double_entry(message: DoubleEntryFound) -> list[Notice]:
    news = domain.double_entry(
        message.conflict_id,
        message.ticket_id,
        message.conference_id,
        message.conference_name,
        first=domain.passage(message.first_gate, message.first_at, message.time_zone),
        second=domain.passage(message.second_gate, message.second_at, message.time_zone),
    )
    return [Notice(news, user_id) for user_id in message.crew]


def _ticket(ticket_id: str) -> Link:
    return Link("See the ticket", f"/tickets/{ticket_id}")


NOTICES: Notices = {
    TicketCancelled: _cancelled,
    TicketReissued: _reissued,
    TicketTransferOffered: _offered,
    TicketTransferEnded: _offer_ended,
    TicketTransferred: _transferred,
    TicketCheckedIn: _scanned,
    DoubleEntryFound: _double_entry,
}
