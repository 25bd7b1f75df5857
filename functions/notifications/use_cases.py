"""What the messages of the bus cause here: news in inboxes, and one mail for each paid order."""

from datetime import datetime, timedelta
from typing import Protocol

from functions.notifications import domain
from functions.notifications.domain import Collected, InboxPage, Letter, MailedTicket, News, Notification, PaidOrder
from shared.clock import Clock
from shared.messages import (
    AgendaMoved,
    ContactExchanged,
    MembershipChanged,
    Message,
    OrderCancelled,
    OrderExpired,
    OrderPaid,
    OrderRefunded,
    TicketCancelled,
    TicketCheckedIn,
    TicketIssued,
    UserRegistered,
)
from shared.telemetry import count

# Longer than the worker may run (so that nobody who is still sending is overtaken), shorter than its queue's visibility
# timeout (so that the next delivery finds the claim of a crashed run at its end).
SENDING_LEASE = timedelta(seconds=90)


class Inbox(Protocol):
    def deliver(self, user_id: str, notification: Notification) -> None:
        """Once by its id, together with the unread count; again has no effect. Raises Busy."""

    def page(self, user_id: str, *, limit: int, cursor: str | None) -> InboxPage:
        """Raises Malformed for a cursor that is not of this inbox."""

    def read(self, user_id: str, notification_id: str) -> Notification:
        """Counts once, however often it is read. Raises NotFound, Busy."""

    def read_all(self, user_id: str) -> None:
        """Everything delivered until now is read. May be repeated."""


class OrderMails(Protocol):
    """What is collected of each order until its mail goes out. Adding the same again has no effect."""

    def add_order(self, order: PaidOrder) -> None: ...
    def add_ticket(self, order_id: str, ticket: MailedTicket) -> None: ...
    def collected(self, order_id: str) -> Collected: ...

    def claim(self, order_id: str, *, at: datetime, until: datetime) -> None:
        """The right to send, for one. Raises Busy where it was sent or another holds the right at `at`."""

    def mark_sent(self, order_id: str, at: datetime) -> None: ...


class Mailer(Protocol):
    def send(self, letter: Letter) -> None:
        """Raises whatever keeps it from being accepted for delivery."""


def tell(inbox: Inbox, message: Message) -> None:
    """Put the news of `message` into the inbox of everybody it concerns, once each."""
    for user_id, news in _news(message).items():
        notification = Notification.of(news, message_id=message.id, user_id=user_id, occurred_at=message.occurred_at)
        inbox.deliver(user_id, notification)


def _news(message: Message) -> dict[str, News]:
    """By user id. Raises NotImplementedError for a message that no person should hear of."""
    match message:
        case UserRegistered():
            return {message.user_id: domain.welcome(message.name)}
        case MembershipChanged():
            return {message.user_id: domain.role_changed(message.conference_id, message.conference_name, message.role)}
        case AgendaMoved():
            return {message.user_id: _moved(message)}
        case TicketCheckedIn():
            return {message.owner_id: _scanned(message)}
        case TicketCancelled():
            return {message.owner_id: _ticket_cancelled(message)}
        case ContactExchanged():
            return {
                message.scanner_id: domain.contact_made(message.exchange_id, message.scanned_name),
                message.scanned_id: domain.contact_made(message.exchange_id, message.scanner_name),
            }
        case OrderPaid() | OrderExpired() | OrderCancelled() | OrderRefunded():
            return {message.buyer_id: _order_news(message)}
        case _:
            raise NotImplementedError(type(message).__name__)


def _order_news(message: OrderPaid | OrderExpired | OrderCancelled | OrderRefunded) -> News:
    which = (message.order_id, message.conference_id, message.conference_name)
    match message:
        case OrderPaid():
            return domain.order_paid(*which, message.total, len(message.tickets))
        case OrderExpired():
            return domain.order_expired(*which)
        case OrderCancelled():
            return domain.order_cancelled(*which, message.was_paid)
        case OrderRefunded():
            return domain.order_refunded(*which, message.amount)


def _moved(message: AgendaMoved) -> News:
    canceled = [domain.session_canceled(session.title, session.start) for session in message.canceled]
    moved = [domain.session_moved(session.title, session.old_start, session.start, session.room) for session in message.moved]
    return domain.agenda_moved(
        message.conference_id, message.conference_name, message.release, [*canceled, *moved], more=message.more
    )


def _scanned(message: TicketCheckedIn) -> News:
    return domain.ticket_scanned(
        message.ticket_id,
        message.conference_id,
        message.conference_name,
        entered=message.direction == "entry",
        gate=message.gate,
        attendee=message.attendee_name,
        when=domain.local_time(message.scanned_at, message.time_zone),
    )


def _ticket_cancelled(message: TicketCancelled) -> News:
    return domain.ticket_cancelled(
        message.ticket_id, message.conference_id, message.order_id, message.conference_name, message.number
    )


def collect_order(mails: OrderMails, mailer: Mailer, clock: Clock, message: OrderPaid) -> None:
    """Note the payment; send the mail if all tickets are here already."""
    mails.add_order(
        PaidOrder(
            order_id=message.order_id,
            conference_id=message.conference_id,
            conference_name=message.conference_name,
            buyer_name=message.buyer_name,
            buyer_email=message.buyer_email,
            total=message.total,
            tickets=len(message.tickets),
            paid_at=message.occurred_at,
        )
    )
    _send_when_complete(mails, mailer, clock, message.order_id)


def collect_ticket(mails: OrderMails, mailer: Mailer, clock: Clock, message: TicketIssued) -> None:
    """Note the ticket; send the mail if it was the last that was missing."""
    ticket = MailedTicket(
        number=message.number,
        attendee_name=message.attendee_name,
        ticket_type_name=message.ticket_type_name,
        code=message.code,
        valid_from=message.valid_from,
        time_zone=message.time_zone,
    )
    mails.add_ticket(message.order_id, ticket)
    _send_when_complete(mails, mailer, clock, message.order_id)


def _send_when_complete(mails: OrderMails, mailer: Mailer, clock: Clock, order_id: str) -> None:
    """Once an order: claimed before, marked after. Raises Busy while another is sending: the message comes back and finds it sent.

    A crash, or a refusal, between claim and mark leaves the claim; the message that caused it comes back from the queue and tries
    again after the lease. Where the crash fell between the mailer's acceptance and the mark the mail goes out a second time, with
    the same Message-ID: no mailer takes an idempotency token, and a second copy does less harm than none.
    """
    letter = mails.collected(order_id).letter()
    if letter is None:
        return
    at = clock()
    mails.claim(order_id, at=at, until=at + SENDING_LEASE)
    mailer.send(letter)
    mails.mark_sent(order_id, clock())
    count("OrderMailsSent", letter.order.conference_id)
