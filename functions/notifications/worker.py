"""The messages that concern a person: news into inboxes, and the mail of a paid order once all its tickets are there."""

from functions.notifications.dynamo import DynamoInbox, DynamoOrderMails
from functions.notifications.ses import SesMailer
from functions.notifications.use_cases import collect_order, collect_ticket, tell
from shared.clock import now
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
from shared.worker import Worker


def _tell(message: Message) -> None:
    tell(DynamoInbox(), message)


def _order_paid(message: OrderPaid) -> None:
    _tell(message)
    collect_order(DynamoOrderMails(), SesMailer(), now, message)


def _ticket_issued(message: TicketIssued) -> None:
    collect_ticket(DynamoOrderMails(), SesMailer(), now, message)


handler = Worker(
    {
        UserRegistered: _tell,
        AgendaMoved: _tell,
        MembershipChanged: _tell,
        OrderPaid: _order_paid,
        OrderExpired: _tell,
        OrderCancelled: _tell,
        OrderRefunded: _tell,
        TicketIssued: _ticket_issued,
        TicketCancelled: _tell,
        TicketCheckedIn: _tell,
        ContactExchanged: _tell,
    }
)
