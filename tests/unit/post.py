"""A post office in memory: inboxes, people, what was sent, and a mailer that can refuse."""

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from functions.notifications.digest import Entry
from functions.notifications.domain import InboxPage, Missed, Notification
from functions.notifications.feedback import Trouble
from functions.notifications.kinds import Choices
from functions.notifications.letter import Letter, Mailbox
from functions.notifications.use_cases import Person, Post
from shared.caller import Role
from shared.errors import Busy
from shared.messages import DigestOpened

NINE = datetime(2026, 6, 1, 9, tzinfo=UTC)


class FakeInbox:
    def __init__(self) -> None:
        self.of: dict[str, dict[str, Notification]] = defaultdict(dict)
        self.gone: set[str] = set()

    def titles(self, user_id: str) -> list[str]:
        return [item.title for item in self.of[user_id].values()]

    def deliver(self, user_id: str, notification: Notification) -> Notification | None:
        if notification.id in self.gone:
            return None
        return self.of[user_id].setdefault(notification.id, replace(notification, number=len(self.of[user_id]) + 1))

    def page(self, user_id: str, *, limit: int, cursor: str | None) -> InboxPage:
        raise NotImplementedError

    def read(self, user_id: str, notification_id: str) -> Notification:
        self.of[user_id][notification_id] = replace(self.of[user_id][notification_id], read=True)
        return self.of[user_id][notification_id]

    def read_all(self, user_id: str) -> None:
        raise NotImplementedError

    def delete(self, user_id: str, notification_id: str) -> None:
        del self.of[user_id][notification_id]
        self.gone.add(notification_id)

    def take_back_all(self, user_id: str, subject: str, until: datetime) -> None:
        raise NotImplementedError

    def taken_back(self, user_id: str, subjects: Collection[str]) -> dict[str, datetime]:
        return {}

    def delete_read(self, user_id: str) -> int:
        raise NotImplementedError

    def unread(self, user_id: str, ids: Collection[str]) -> set[str]:
        return {each for each in ids if each in self.of[user_id] and not self.of[user_id][each].read}

    def since(self, user_id: str, number: int, *, at_most: int) -> Missed:
        raise NotImplementedError


@dataclass
class FakePeople:
    known: dict[str, Person] = field(default_factory=dict)

    def get(self, user_id: str) -> Person:
        return self.known.get(user_id, Person())

    def keep(self, user_id: str, mailbox: Mailbox, at: datetime) -> None:
        self.known[user_id] = Person(mailbox, self.get(user_id).choices)

    def choose(self, user_id: str, choices: Choices, *, instead_of: Choices | None = None) -> bool:
        if instead_of is not None and instead_of != self.get(user_id).choices:
            return False
        self.known[user_id] = replace(self.get(user_id), choices=choices)
        return True

    def give_secret(self, user_id: str) -> str:
        self.known[user_id] = replace(self.get(user_id), secret=f"secret of {user_id}")
        return self.known[user_id].secret


@dataclass
class FakeAddresses:
    troubles: dict[str, Trouble] = field(default_factory=dict)

    def trouble(self, email: str) -> Trouble | None:
        return self.troubles.get(email)

    def note(self, trouble: Trouble) -> None:
        self.troubles[trouble.email] = trouble

    def clear(self, email: str, at: datetime) -> None:
        del self.troubles[email]


@dataclass
class FakeCrew:
    organisers: dict[str, list[str]] = field(default_factory=dict)

    def of(self, conference_id: str, roles: Collection[Role]) -> list[str]:
        return self.organisers.get(conference_id, []) if "organizer" in roles else []


@dataclass
class FakeEar:
    heard: list[tuple[str, Notification]] = field(default_factory=list)

    def news(self, user_id: str, news: Notification) -> None:
        self.heard.append((user_id, news))


@dataclass
class FakeDigests:
    """`opened` has what the outbox would send, in its order."""

    opened: list[DigestOpened] = field(default_factory=list)
    open: dict[str, str] = field(default_factory=dict)
    gathered: dict[str, dict[str, Entry]] = field(default_factory=dict)

    def add(self, user_id: str, entry: Entry, *, due_at: datetime) -> None:
        if any(entry.news.id in entries for entries in self.gathered.values()):
            return
        if user_id not in self.open:
            self.open[user_id] = f"dig_{len(self.opened)}"
            self.opened.append(DigestOpened(user_id=user_id, digest_id=self.open[user_id], due_at=due_at))
        self.gathered.setdefault(self.open[user_id], {})[entry.news.id] = entry

    def close(self, user_id: str, digest_id: str) -> None:
        if self.open.get(user_id) == digest_id:
            del self.open[user_id]

    def entries(self, digest_id: str) -> list[Entry]:
        return list(self.gathered.get(digest_id, {}).values())


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
    addresses: FakeAddresses = field(default_factory=FakeAddresses)
    crew: FakeCrew = field(default_factory=FakeCrew)
    ear: FakeEar = field(default_factory=FakeEar)
    digests: FakeDigests = field(default_factory=FakeDigests)
    sent: FakeSent = field(default_factory=FakeSent)
    mailer: FakeMailer = field(default_factory=FakeMailer)
    at: datetime = NINE

    @property
    def post(self) -> Post:
        return Post(
            inbox=self.inbox,
            people=self.people,
            addresses=self.addresses,
            crew=self.crew,
            ear=self.ear,
            digests=self.digests,
            sent=self.sent,
            mailer=self.mailer,
            clock=lambda: self.at,
            window=timedelta(minutes=10),
        )
