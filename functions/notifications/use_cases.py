"""Telling people: news into inboxes and letters to mailboxes, each once, as the person wants it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from functions.notifications.digest import Entry
from functions.notifications.domain import InboxPage, Missed, Notification, notification_id
from functions.notifications.feedback import Trouble
from functions.notifications.kinds import KINDS, Choices
from functions.notifications.letter import Letter, Mailbox
from functions.notifications.notice import Notice
from functions.notifications.opting_out import PATH, OptOut
from shared.caller import Role
from shared.clock import Clock
from shared.messages import Message
from shared.nobody import NO_EMAIL
from shared.telemetry import logger

# Longer than the worker may run (so that nobody who is still sending is overtaken), shorter than its queue's visibility
# timeout (so that the next delivery finds the claim of a crashed run at its end).
SENDING_LEASE = timedelta(seconds=90)

_ORGANISERS: tuple[Role, ...] = ("organizer",)


class Inbox(Protocol):
    def deliver(self, user_id: str, notification: Notification) -> Notification | None:
        """Once by its id, together with the unread count: as it is in the inbox, None where it was deleted. Raises Busy."""

    def page(self, user_id: str, *, limit: int, cursor: str | None) -> InboxPage:
        """Raises Malformed for a cursor that is not of this inbox."""

    def read(self, user_id: str, notification_id: str) -> Notification:
        """Counts once, however often it is read. Raises NotFound, Busy."""

    def read_all(self, user_id: str) -> None:
        """Everything delivered until now is read. May be repeated."""

    def delete(self, user_id: str, notification_id: str) -> None:
        """For good: its message brings it back no more. Raises NotFound, Busy."""

    def take_back(self, user_id: str, notification_id: str) -> None:
        """As `delete`, also before it has come. May be repeated. Raises Busy."""

    def take_back_all(self, user_id: str, subject: str, until: datetime) -> None:
        """All that named `subject` until then, also what comes later. May be repeated. Raises Busy."""

    def taken_back(self, user_id: str, subjects: Collection[str]) -> Mapping[str, datetime]:
        """Those of `subjects` (at most 100) that were taken back, and until when."""

    def delete_read(self, user_id: str) -> int:
        """Everything that is read; returns how many those were."""

    def unread(self, user_id: str, ids: Collection[str]) -> set[str]:
        """Which of `ids` (at most 99) are there and not read."""

    def since(self, user_id: str, number: int, *, at_most: int) -> Missed:
        """What arrived after `number`, looked for among the `at_most` that happened last."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom an account belongs to, and what they want to hear. Nobody that is known of has no mailbox.

    `secret` signs the links of their e-mails; empty until the first.
    """

    mailbox: Mailbox | None = None
    choices: Choices = field(default_factory=dict)
    secret: str = field(default="", repr=False)


class People(Protocol):
    def get(self, user_id: str) -> Person: ...

    def keep(self, user_id: str, mailbox: Mailbox, at: datetime) -> None:
        """As the account had it at `at`; older than what is known has no effect."""

    def choose(self, user_id: str, choices: Choices, *, instead_of: Choices | None = None) -> bool:
        """In place of all that was chosen before; False, and nothing changed, where that is not `instead_of`, if it is given."""

    def give_secret(self, user_id: str) -> str:
        """The one that signs their links; the same for whoever asks."""


class Addresses(Protocol):
    """Where mail does not arrive, or is not wanted."""

    def trouble(self, email: str) -> Trouble | None: ...

    def note(self, trouble: Trouble) -> None:
        """Older than what is known of the address, or than its last clearing, has no effect."""

    def clear(self, email: str, at: datetime) -> None:
        """Mail may go there again."""


class Sent(Protocol):
    """Which letters went out, by their keys."""

    def claim(self, key: str, *, at: datetime, until: datetime) -> bool:
        """The right to send, for one until `until`; False where it was sent. Raises Busy while another holds the right."""

    def mark(self, key: str, at: datetime) -> None: ...


class Mailer(Protocol):
    def send(self, letter: Letter) -> None:
        """Raises whatever keeps it from being accepted for delivery."""


class Digests(Protocol):
    def add(self, user_id: str, entry: Entry, *, due_at: datetime) -> None:
        """Once, to the digest that is open, or else to a new one that is to go out at `due_at`. Raises Busy."""

    def close(self, user_id: str, digest_id: str) -> None:
        """Nothing is added to it from now on. May be repeated."""

    def entries(self, digest_id: str) -> list[Entry]: ...


class Crew(Protocol):
    def of(self, conference_id: str, roles: Collection[Role]) -> Iterable[str]:
        """The ids of those who have one of these roles at the conference."""


class Ear(Protocol):
    def news(self, user_id: str, news: Notification) -> None:
        """To whoever of a person is listening right now; nothing is lost where nobody is, or where it does not get through."""


@dataclass(frozen=True, slots=True)
class Post:
    """Everything that telling somebody something takes. `window`: how long a digest gathers."""

    inbox: Inbox
    people: People
    addresses: Addresses
    crew: Crew
    ear: Ear
    digests: Digests
    sent: Sent
    mailer: Mailer
    clock: Clock
    window: timedelta


def tell(post: Post, message: Message, notices: Iterable[Notice]) -> None:
    """Give everybody their news of `message`, once each, through the channels that its kind and their choices leave open."""
    for notice in notices:
        if notice.organisers:
            for user_id in post.crew.of(notice.organisers, _ORGANISERS):
                _tell_person(post, message, replace(notice, user_id=user_id), user_id)
        elif notice.user_id:
            _tell_person(post, message, notice, notice.user_id)
        elif notice.address and KINDS[notice.news.kind].email.default:
            _mail(post, message, notice, notice.address)


def take_back(inbox: Inbox, user_ids: Iterable[str], *, message_id: str, kind: str, occurred_at: datetime) -> None:
    """News of a kind that a message told people, where that is over: read or not, and in whatever order it comes."""
    for user_id in user_ids:
        inbox.take_back(user_id, notification_id(message_id, kind, user_id, occurred_at))


def _tell_person(post: Post, message: Message, notice: Notice, user_id: str) -> None:
    kind, person = KINDS[notice.news.kind], post.people.get(user_id)
    news: Notification | None = notice.notification(message_id=message.id, user_id=user_id, occurred_at=message.occurred_at)
    in_inbox = kind.reaches("inbox", person.choices)
    if news and in_inbox:
        news = post.inbox.deliver(user_id, news)
        if news:
            post.ear.news(user_id, news)
    if news is None or (news.read and kind.email.changeable):
        return  # deleted, or read before its e-mail was on its way: this message was here before
    if notice.mailed and kind.reaches("email", person.choices):
        if kind.digest:
            post.digests.add(user_id, Entry(news, notice.link, in_inbox), due_at=post.clock() + post.window)
        else:
            end = opt_out(post, user_id, person, [kind.name]) if kind.email.changeable else None
            _mail(post, message, notice, notice.address or person.mailbox, end)


def opt_out(post: Post, user_id: str, person: Person, kinds: Iterable[str]) -> str:
    """The path that ends e-mails of these kinds to the person."""
    return PATH + OptOut(user_id, tuple(kinds)).token(person.secret or post.people.give_secret(user_id))


def _mail(post: Post, message: Message, notice: Notice, to: Mailbox | None, end: str | None = None) -> None:
    if to is None:  # an account from before addresses were kept: it has its inbox
        logger.warning("no address", user_id=notice.user_id, kind=notice.news.kind)
        return
    letter = notice.letter(message_id=message.id, to=to, occurred_at=message.occurred_at, opt_out=end)
    send_once(post, letter.key, to, lambda: letter)


def send_once(post: Post, key: str, to: Mailbox, write: Callable[[], Letter]) -> bool:
    """Claimed before, marked after; whether it was sent now. Raises Busy while another is sending: who comes back finds it sent.

    A crash, or a refusal, between claim and mark leaves the claim; the message that caused it comes back from the queue and tries
    again after the lease. Where the crash fell between the mailer's acceptance and the mark the mail goes out a second time, with
    the same Message-ID: no mailer takes an idempotency token, and a second copy does less harm than none.
    """
    at = post.clock()
    if to.email == NO_EMAIL:  # they have left since it was decided to tell them
        logger.info("not mailed: the person was erased", mail=key)
        return False
    if post.addresses.trouble(to.email):
        logger.info("not mailed: the address is in trouble", mail=key)
        return False
    if not post.sent.claim(key, at=at, until=at + SENDING_LEASE):
        return False
    post.mailer.send(write())
    post.sent.mark(key, post.clock())
    return True
