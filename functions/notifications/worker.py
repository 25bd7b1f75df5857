"""The messages that concern a person: news into inboxes and letters to mailboxes; a paid order's once all its tickets are there."""

from datetime import timedelta

from functions.notifications.digests import send_digest_when_due
from functions.notifications.dynamo import DynamoInbox
from functions.notifications.dynamo_digests import DynamoDigests
from functions.notifications.dynamo_mail import DynamoOrderMails, DynamoSent
from functions.notifications.dynamo_people import DynamoAddresses, DynamoPeople
from functions.notifications.letter import Mailbox
from functions.notifications.notices import NOTICES
from functions.notifications.order_mail import collect_order, collect_ticket, send_again
from functions.notifications.ses import SesMailer
from functions.notifications.use_cases import Post, tell
from shared.clock import now
from shared.config import env
from shared.delay import SqsDelay
from shared.messages import DigestOpened, EmailChanged, Message, OrderMailReady, OrderPaid, TicketIssued, UserRegistered
from shared.worker import Worker


def _post() -> Post:
    return Post(
        inbox=DynamoInbox(),
        people=DynamoPeople(),
        addresses=DynamoAddresses(),
        digests=DynamoDigests(),
        sent=DynamoSent(),
        mailer=SesMailer(),
        clock=now,
        window=timedelta(seconds=int(env("DIGEST_SECONDS"))),
    )


def _tell(message: Message) -> None:
    tell(_post(), message, NOTICES[type(message)](message))


def _registered(message: UserRegistered) -> None:
    DynamoPeople().keep(message.user_id, Mailbox(message.name, message.email), message.occurred_at)
    _tell(message)


def _email_changed(message: EmailChanged) -> None:
    DynamoPeople().keep(message.user_id, Mailbox(message.name, message.email), message.occurred_at)
    _tell(message)


def _order_paid(message: OrderPaid) -> None:
    _tell(message)
    collect_order(DynamoOrderMails(), _post(), message)


def _ticket_issued(message: TicketIssued) -> None:
    collect_ticket(DynamoOrderMails(), _post(), message)


def _order_mail_ready(message: OrderMailReady) -> None:
    send_again(_post(), message)


def _digest_opened(message: DigestOpened) -> None:
    send_digest_when_due(DynamoDigests(), _post(), SqsDelay(), message)


handler = Worker(
    {
        **dict.fromkeys(NOTICES, _tell),
        # What is more than news.
        UserRegistered: _registered,
        EmailChanged: _email_changed,
        OrderPaid: _order_paid,
        TicketIssued: _ticket_issued,
        OrderMailReady: _order_mail_ready,
        DigestOpened: _digest_opened,
    }
)
