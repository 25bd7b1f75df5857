"""Who hears of what, and one mail an order, in whatever order and however often the messages come."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.notifications.domain import Collected, InboxPage, Letter, MailedTicket, Notification, PaidOrder
from functions.notifications.use_cases import SENDING_LEASE, collect_order, collect_ticket, tell
from shared.errors import Busy
from shared.messages import (
    ContactExchanged,
    Message,
    OrderPaid,
    OrderReserved,
    TicketCheckedIn,
    TicketIssued,
    TicketLine,
    UserRegistered,
)
from shared.money import Money

NINE = datetime(2026, 6, 1, 9, tzinfo=UTC)
PRICE = Money(4900, "EUR")
LINE = TicketLine("typ_1", "Regular", PRICE, "Ada", "ada@example.org", NINE, NINE)


class FakeInbox:
    def __init__(self) -> None:
        self.of: dict[str, dict[str, Notification]] = defaultdict(dict)

    def deliver(self, user_id: str, notification: Notification) -> None:
        self.of[user_id].setdefault(notification.id, notification)

    def page(self, user_id: str, *, limit: int, cursor: str | None) -> InboxPage:
        raise NotImplementedError

    def read(self, user_id: str, notification_id: str) -> Notification:
        raise NotImplementedError

    def read_all(self, user_id: str) -> None:
        raise NotImplementedError


@dataclass
class FakeMails:
    order: PaidOrder | None = None
    tickets: dict[int, MailedTicket] = field(default_factory=dict)
    claimed_until: datetime | None = None
    sent_at: datetime | None = None

    def add_order(self, order: PaidOrder) -> None:
        self.order = order

    def add_ticket(self, order_id: str, ticket: MailedTicket) -> None:
        self.tickets[ticket.number] = ticket

    def collected(self, order_id: str) -> Collected:
        tickets = tuple(self.tickets[number] for number in sorted(self.tickets))
        return Collected(self.order, tickets, self.sent_at is not None)

    def claim(self, order_id: str, *, at: datetime, until: datetime) -> None:
        if self.sent_at or (self.claimed_until and at < self.claimed_until):
            raise Busy("It is being sent.")
        self.claimed_until = until

    def mark_sent(self, order_id: str, at: datetime) -> None:
        self.sent_at = at


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


def paid(tickets: int) -> OrderPaid:
    return OrderPaid(
        conference_id="cnf_1",
        order_id="ord_1",
        buyer_id="usr_ada",
        buyer_name="Ada",
        buyer_email="ada@example.org",
        total=PRICE * tickets,
        tickets=[LINE] * tickets,
        conference_name="PyCon",
    )


def issued(number: int, of: int) -> TicketIssued:
    return TicketIssued(
        conference_id="cnf_1",
        ticket_id=f"tkt_{number}",
        order_id="ord_1",
        order_tickets=of,
        number=number,
        owner_id="usr_ada",
        owner_name="Ada",
        owner_email="ada@example.org",
        attendee_name="Ada",
        ticket_type_name="Regular",
        code=f"CODE {number}",
        valid_from=NINE,
        conference_name="PyCon",
    )


def collect(mails: FakeMails, mailer: FakeMailer, message: OrderPaid | TicketIssued, at: datetime = NINE) -> None:
    if isinstance(message, OrderPaid):
        collect_order(mails, mailer, lambda: at, message)
    else:
        collect_ticket(mails, mailer, lambda: at, message)


@st.composite
def deliveries(draw: st.DrawFn) -> list[OrderPaid | TicketIssued]:
    """Everything of one order, each message at least once, in any order."""
    tickets = draw(st.integers(1, 5))
    messages: list[OrderPaid | TicketIssued] = [paid(tickets), *(issued(number, tickets) for number in range(1, tickets + 1))]
    again = draw(st.lists(st.sampled_from(messages), max_size=8))
    return draw(st.permutations(messages + again))


@given(deliveries())
def test_any_order_and_repetition_sends_one_mail_with_exactly_the_tickets(messages: list[OrderPaid | TicketIssued]) -> None:
    mails, mailer = FakeMails(), FakeMailer()
    for message in messages:
        collect(mails, mailer, message)
    [letter] = mailer.sent
    assert [ticket.code for ticket in letter.tickets] == [f"CODE {number}" for number in range(1, letter.order.tickets + 1)]


@given(deliveries(), st.data())
def test_nothing_is_sent_while_something_is_missing(messages: list[OrderPaid | TicketIssued], data: st.DataObject) -> None:
    missing = data.draw(st.sampled_from(messages))
    mails, mailer = FakeMails(), FakeMailer()
    for message in messages:
        if message.id != missing.id:
            collect(mails, mailer, message)
    assert mailer.sent == []


def test_a_refused_mail_is_tried_again_when_the_claim_has_ended() -> None:
    mails, mailer = FakeMails(), FakeMailer(refuses=1)
    collect(mails, mailer, paid(1))
    with pytest.raises(ConnectionError):
        collect(mails, mailer, issued(1, 1))
    with pytest.raises(Busy):  # too early: whoever holds the claim might still be sending
        collect(mails, mailer, issued(1, 1))
    collect(mails, mailer, issued(1, 1), at=NINE + SENDING_LEASE)
    assert len(mailer.sent) == 1


def test_who_comes_while_the_mail_is_sent_comes_back_and_finds_it_sent() -> None:
    mails, mailer = FakeMails(), FakeMailer()

    def rival() -> None:
        with pytest.raises(Busy):
            collect(mails, FakeMailer(), issued(1, 1))

    mailer.meanwhile = rival
    collect(mails, mailer, paid(1))
    collect(mails, mailer, issued(1, 1))
    collect(mails, mailer, issued(1, 1))
    assert len(mailer.sent) == 1


def test_a_claim_ends_after_the_worker_and_before_the_message_comes_back() -> None:
    assert timedelta(seconds=30) < SENDING_LEASE < timedelta(seconds=180)


def test_a_contact_is_news_for_both() -> None:
    inbox = FakeInbox()
    met = ContactExchanged(exchange_id="xch_1", scanner_id="usr_ada", scanned_id="usr_bob", scanner_name="Ada", scanned_name="Bob")
    tell(inbox, met)
    assert [item.title for item in inbox.of["usr_ada"].values()] == ["You met Bob"]
    assert [item.title for item in inbox.of["usr_bob"].values()] == ["You met Ada"]


@given(st.lists(st.integers(0, 2), min_size=1, max_size=10))
def test_a_message_is_one_notification_however_often_it_comes(deliveries: list[int]) -> None:
    messages: list[Message] = [
        UserRegistered(user_id="usr_ada", email="ada@example.org", name="Ada"),
        paid(1),
        TicketCheckedIn(
            conference_id="cnf_1",
            ticket_id="tkt_1",
            owner_id="usr_ada",
            ticket_type_id="typ_1",
            gate="North",
            direction="entry",
            scanned_at=NINE,
        ),
    ]
    inbox = FakeInbox()
    for number in deliveries:
        tell(inbox, messages[number])
    assert len(inbox.of["usr_ada"]) == len(set(deliveries))


def test_news_keep_the_time_they_happened() -> None:
    inbox = FakeInbox()
    tell(inbox, UserRegistered(user_id="usr_ada", email="ada@example.org", name="Ada", occurred_at=NINE))
    assert [item.created_at for item in inbox.of["usr_ada"].values()] == [NINE]


def test_a_message_nobody_should_hear_of_is_an_error_not_silence() -> None:
    with pytest.raises(NotImplementedError, match="OrderReserved"):
        tell(FakeInbox(), OrderReserved(conference_id="cnf_1", order_id="ord_1", buyer_id="usr_ada", expires_at=NINE))
