"""A post office in memory: inboxes, people, what was sent, and a mailer that can refuse."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from functions.notifications.domain import InboxPage, Notification
from functions.notifications.letter import Letter, Mailbox
from functions.notifications.use_cases import Person, Post
from shared.errors import Busy

NINE = datetime(2026, 6, 1, 9, tzinfo=UTC)


class FakeInbox:
    def __init__(self) -> None:
        self.of: dict[str, dict[str, Notification]] = defaultdict(dict)

    def titles(self, user_id: str) -> list[str]:
        return [item.title for item in self.of[user_id].values()]

    def deliver(self, user_id: str, notification: Notification) -> None:
        self.of[user_id].setdefault(notification.id, notification)

    def page(self, user_id: str, *, limit: int, cursor: str | None) -> InboxPage:
        raise NotImplementedError

    def read(self, user_id: str, notification_id: str) -> Notification:
        raise NotImplementedError

    def read_all(self, user_id: str) -> None:
        raise NotImplementedError


@dataclass
class FakePeople:
    known: dict[str, Person] = field(default_factory=dict)

    def get(self, user_id: str) -> Person:
        return self.known.get(user_id, Person())

    def keep(self, user_id: str, mailbox: Mailbox, at: datetime) -> None:
        self.known[user_id] = Person(mailbox, self.get(user_id).choices)


@dataclass
class FakeSent:
    claimed: dict[str, datetime] = field(default_factory=dict)
    marked: set[str] = field(default_factory=set)

    def claim(self, key: str, *, at: datetime, until: datetime) -> bool:
        if key in self.marked:
            return False
        if key in self.claimed and at < self.claimed[key]:
            raise Busy("It is being sent.")
        self.claimed[key] = until
        return True

    def mark(self, key: str, at: datetime) -> None:
        self.marked.add(key)


@dataclass
class FakeMailer:
    sent: list[Letter] = field(default_factory=list)
    refuses: int = 0  # the next so many
    meanwhile: Callable[[], None] | None = None

    def send(self, letter: Letter) -> None:
        if self.meanwhile:
            self.meanwhile()
        if self.refuses:
            self.refuses -= 1
            raise ConnectionError("the mailer does not answer")
        self.sent.append(letter)


@dataclass
class Office:
    """Everything of a post, to look into; `at` is its clock."""

    inbox: FakeInbox = field(default_factory=FakeInbox)
    people: FakePeople = field(default_factory=FakePeople)
    sent: FakeSent = field(default_factory=FakeSent)
    mailer: FakeMailer = field(default_factory=FakeMailer)
    at: datetime = NINE

    @property
    def post(self) -> Post:
        return Post(self.inbox, self.people, self.sent, self.mailer, lambda: self.at)
