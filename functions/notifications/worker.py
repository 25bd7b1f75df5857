"""The messages that concern a person: news into inboxes and letters to mailboxes.

And to whoever is connected: what is new to them, where an agenda has changed, how many people are in.
"""

import json
from collections.abc import Sequence
from datetime import timedelta

from functions.notifications.boards import count_scan, show_agenda, show_door
from functions.notifications.digests import send_digest_when_due
from functions.notifications.dynamo import DynamoInbox
from functions.notifications.dynamo_boards import DynamoBoards, DynamoDoors
from functions.notifications.dynamo_digests import DynamoDigests
from functions.notifications.dynamo_live import DynamoConnections
from functions.notifications.dynamo_mail import DynamoSent
from functions.notifications.dynamo_people import DynamoAddresses, DynamoPeople
from functions.notifications.letter import Mailbox
from functions.notifications.live import Frame, Live, Silence, door_topic
from functions.notifications.notices import NOTICES
from functions.notifications.order_mail import send_order_mail
from functions.notifications.papers import S3Papers
from functions.notifications.privacy import RULES, address_in_trouble, forget_address
from functions.notifications.ses import SesMailer
from functions.notifications.ticket_mail import send_ticket_mail
from functions.notifications.use_cases import Post, take_back, tell
from functions.notifications.wire import ApiGatewayWire, live_url
from shared.clock import now
from shared.config import env
from shared.crew import Crew
from shared.delay import SqsDelay
from shared.exhibitors import is_team
from shared.messages import (
    AgendaReleased,
    CheckInAnnulled,
    ContactWithdrawn,
    DigestOpened,
    DoorCounted,
    DoubleEntrySettled,
    EmailChanged,
    LiveFrame,
    MembershipChanged,
    Message,
    OrderMailReady,
    TicketCheckedIn,
    TicketMailReady,
    UserRegistered,
)
from shared.personal import about_people
from shared.worker import Worker


class _Queue:
    def spread(self, topic: str, batches: Sequence[Sequence[str]], frame: Frame) -> None:
        text = json.dumps(frame)
        SqsDelay().send_all([LiveFrame(topic=topic, connection_ids=list(batch), frame=text) for batch in batches])


def _live() -> Live:
    return Live(DynamoConnections(), ApiGatewayWire(), _Queue())


def _post() -> Post:
    return Post(
        inbox=DynamoInbox(),
        people=DynamoPeople(),
        addresses=DynamoAddresses(),
        crew=Crew(),
        ear=_live() if live_url() else Silence(),
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


def _order_mail_ready(message: OrderMailReady) -> None:
    send_order_mail(S3Papers(), _post(), message)


def _ticket_mail_ready(message: TicketMailReady) -> None:
    send_ticket_mail(S3Papers(), _post(), message)


def _digest_opened(message: DigestOpened) -> None:
    send_digest_when_due(DynamoDigests(), _post(), SqsDelay(), message)


def _agenda_released(message: AgendaReleased) -> None:
    if live_url():
        show_agenda(DynamoBoards(), _live(), message)


def _checked_in(message: TicketCheckedIn) -> None:
    _tell(message)
    _count(message)


def _count(message: TicketCheckedIn | CheckInAnnulled) -> None:
    if live_url():
        count_scan(DynamoDoors(), _live(), SqsDelay(), now, message)


def _double_entry_settled(message: DoubleEntrySettled) -> None:
    take_back(DynamoInbox(), message.crew, message_id=message.found_id, kind="double-entry", occurred_at=message.found_at)


def _contact_withdrawn(message: ContactWithdrawn) -> None:
    """News that named who took everything back are taken back with it. A team has no inbox."""
    if message.whole and not is_team(message.holder_id):
        DynamoInbox().take_back_all(message.holder_id, message.exchange_id, message.occurred_at)
    _tell(message)


def _door_counted(message: DoorCounted) -> None:
    show_door(DynamoDoors(), _live(), message)


def _live_frame(message: LiveFrame) -> None:
    _live().send(message.topic, message.connection_ids, json.loads(message.frame))


def _membership_changed(message: MembershipChanged) -> None:
    Crew().keep(message.conference_id, message.user_id, message.role, message.revision)
    _tell(message)
    if message.role not in ("organizer", "staff"):
        DynamoConnections().unsubscribe(message.user_id, door_topic(message.conference_id))


handler = Worker(
    {
        **dict.fromkeys(NOTICES, _tell),
        # What is more than news.
        UserRegistered: _registered,
        EmailChanged: _email_changed,
        OrderMailReady: _order_mail_ready,
        TicketMailReady: _ticket_mail_ready,
        DigestOpened: _digest_opened,
        MembershipChanged: _membership_changed,
        AgendaReleased: _agenda_released,
        TicketCheckedIn: _checked_in,
        CheckInAnnulled: _count,
        DoubleEntrySettled: _double_entry_settled,
        ContactWithdrawn: _contact_withdrawn,
        DoorCounted: _door_counted,
        LiveFrame: _live_frame,
        **about_people(RULES, before=forget_address, more=address_in_trouble),
    }
)
