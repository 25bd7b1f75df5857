"""What the messages of tickets tell. TicketIssued is no news by itself: it completes the e-mail of its order (`order_mail`)."""

from functions.notifications import domain
from functions.notifications.letter import Link
from functions.notifications.notice import Notice, Notices
from shared.messages import TicketCancelled, TicketCheckedIn


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
        when=domain.local_time(message.scanned_at, message.time_zone),
    )
    return [Notice(news, message.owner_id, link=_ticket(message.ticket_id))]


def _ticket(ticket_id: str) -> Link:
    return Link("See the ticket", f"/tickets/{ticket_id}")


NOTICES: Notices = {TicketCancelled: _cancelled, TicketCheckedIn: _scanned}
