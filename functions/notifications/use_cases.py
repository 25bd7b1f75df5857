"""Telling people: news into inboxes and letters to mailboxes, each once, as the person wants it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from functions.notifications.domain import InboxPage, Notification
from functions.notifications.kinds import KINDS, Choices
from functions.notifications.letter import Letter, Mailbox
from functions.notifications.notice import Notice
from shared.clock import Clock
from shared.messages import Message
from shared.telemetry import logger

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


@dataclass(frozen=True, slots=True)
class Person:
    """Whom an account belongs to, and what they want to hear. Nobody that is known of has no mailbox."""

    mailbox: Mailbox | None = None
    choices: Choices = field(default_factory=dict)


class People(Protocol):
    def get(self, user_id: str) -> Person: ...

    def keep(self, user_id: str, mailbox: Mailbox, at: datetime) -> None:
        """As the account had it at `at`; older than what is known has no effect."""


class Sent(Protocol):
    """Which letters went out, by their keys."""

    def claim(self, key: str, *, at: datetime, until: datetime) -> bool:
        """The right to send, for one until `until`; False where it was sent. Raises Busy while another holds the right."""

    def mark(self, key: str, at: datetime) -> None: ...


class Mailer(Protocol):
    def send(self, letter: Letter) -> None:
        """Raises whatever keeps it from being accepted for delivery."""


@dataclass(frozen=True, slots=True)
class Post:
    """Everything that telling somebody something takes."""

    inbox: Inbox
    people: People
    sent: Sent
    mailer: Mailer
    clock: Clock


def tell(post: Post, message: Message, notices: Iterable[Notice]) -> None:
    """Give everybody their news of `message`, once each, through the channels that its kind and their choices leave open."""
    for notice in notices:
        kind = KINDS[notice.news.kind]
        person = post.people.get(notice.user_id) if notice.user_id else Person()
        if notice.user_id and kind.reaches("inbox", person.choices):
            news = notice.notification(message_id=message.id, user_id=notice.user_id, occurred_at=message.occurred_at)
            post.inbox.deliver(notice.user_id, news)
        if notice.mailed and not kind.digest and kind.reaches("email", person.choices):
            _mail(post, message, notice, notice.address or person.mailbox)


def _mail(post: Post, message: Message, notice: Notice, to: Mailbox | None) -> None:
    if to is None:  # an account from before addresses were kept: it has its inbox
        logger.warning("no address", user_id=notice.user_id, kind=notice.news.kind)
        return
    letter = notice.letter(message_id=message.id, to=to, occurred_at=message.occurred_at)
    send_once(post, letter.key, lambda: letter)


def send_once(post: Post, key: str, write: Callable[[], Letter]) -> bool:
    """Claimed before, marked after; whether it was sent now. Raises Busy while another is sending: who comes back finds it sent.

    A crash, or a refusal, between claim and mark leaves the claim; the message that caused it comes back from the queue and tries
    again after the lease. Where the crash fell between the mailer's acceptance and the mark the mail goes out a second time, with
    the same Message-ID: no mailer takes an idempotency token, and a second copy does less harm than none.
    """
    at = post.clock()
    if not post.sent.claim(key, at=at, until=at + SENDING_LEASE):
        return False
    post.mailer.send(write())
    post.sent.mark(key, post.clock())
    return True
