"""Who hears of what, once, and one mail an order, in whatever order and however often the messages come."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.notifications.kinds import KINDS, Setting
from functions.notifications.letter import Mailbox
from functions.notifications.notices import NOTICES
from functions.notifications.order_mail import collect_order, collect_ticket
from functions.notifications.paid_order import Collected, MailedTicket, PaidOrder
from functions.notifications.use_cases import SENDING_LEASE, Person, tell
from shared.errors import Busy
from shared.messages import (
    ContactExchanged,
    Message,
    OrderExpired,
    OrderPaid,
    TicketCheckedIn,
    TicketIssued,
    TicketLine,
    UserRegistered,
)
from shared.money import Money
from tests.unit.post import NINE, FakeMailer, Office

PRICE = Money(4900, "EUR")
LINE = TicketLine("typ_1", "Regular", PRICE, "Ada", "ada@example.org", NINE, NINE)
ADA = Mailbox("Ada", "ada@example.org")
EXPIRED = OrderExpired(conference_id="cnf_1", order_id="ord_1", buyer_id="usr_ada", conference_name="PyCon")


@dataclass
class FakeMails:
    order: PaidOrder | None = None
    tickets: dict[int, MailedTicket] = field(default_factory=dict)

    def add_order(self, order: PaidOrder) -> None:
        self.order = order

    def add_ticket(self, order_id: str, ticket: MailedTicket) -> None:
        self.tickets[ticket.number] = ticket

    def collected(self, order_id: str) -> Collected:
        return Collected(self.order, tuple(self.tickets[number] for number in sorted(self.tickets)))


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


def collect(mails: FakeMails, office: Office, message: OrderPaid | TicketIssued) -> None:
    if isinstance(message, OrderPaid):
        collect_order(mails, office.post, message)
    else:
        collect_ticket(mails, office.post, message)


def hear(office: Office, *messages: Message) -> None:
    for message in messages:
        tell(office.post, message, NOTICES[type(message)](message))


@st.composite
def deliveries(draw: st.DrawFn) -> list[OrderPaid | TicketIssued]:
    """Everything of one order, each message at least once, in any order."""
    tickets = draw(st.integers(1, 5))
    messages: list[OrderPaid | TicketIssued] = [paid(tickets), *(issued(number, tickets) for number in range(1, tickets + 1))]
    again = draw(st.lists(st.sampled_from(messages), max_size=8))
    return draw(st.permutations(messages + again))


@settings(max_examples=20, deadline=None)  # it draws pictures
@given(deliveries())
def test_any_order_and_repetition_sends_one_mail_with_exactly_the_tickets(messages: list[OrderPaid | TicketIssued]) -> None:
    mails, office = FakeMails(), Office()
    for message in messages:
        collect(mails, office, message)
    [letter] = office.mailer.sent
    tickets = letter.says["tickets"]
    assert isinstance(tickets, tuple)
    assert [ticket.code for ticket in tickets] == [f"CODE {number}" for number in range(1, len(mails.tickets) + 1)]


@settings(deadline=None)
@given(deliveries(), st.data())
def test_nothing_is_sent_while_something_is_missing(messages: list[OrderPaid | TicketIssued], data: st.DataObject) -> None:
    missing = data.draw(st.sampled_from(messages))
    mails, office = FakeMails(), Office()
    for message in messages:
        if message.id != missing.id:
            collect(mails, office, message)
    assert office.mailer.sent == []


def test_a_refused_mail_is_tried_again_when_the_claim_has_ended() -> None:
    mails, office = FakeMails(), Office(mailer=FakeMailer(refuses=1))
    collect(mails, office, paid(1))
    with pytest.raises(ConnectionError):
        collect(mails, office, issued(1, 1))
    with pytest.raises(Busy):  # too early: whoever holds the claim might still be sending
        collect(mails, office, issued(1, 1))
    office.at = NINE + SENDING_LEASE
    collect(mails, office, issued(1, 1))
    assert len(office.mailer.sent) == 1


def test_who_comes_while_the_mail_is_sent_comes_back_and_finds_it_sent() -> None:
    mails, office = FakeMails(), Office()

    def rival() -> None:
        with pytest.raises(Busy):
            collect(mails, office, issued(1, 1))

    office.mailer.meanwhile = rival
    collect(mails, office, paid(1))
    collect(mails, office, issued(1, 1))
    collect(mails, office, issued(1, 1))
    assert len(office.mailer.sent) == 1


def test_a_claim_ends_after_the_worker_and_before_the_message_comes_back() -> None:
    assert timedelta(seconds=30) < SENDING_LEASE < timedelta(seconds=180)


def test_a_contact_is_news_for_both() -> None:
    office = Office()
    hear(
        office,
        ContactExchanged(exchange_id="xch_1", scanner_id="usr_ada", scanned_id="usr_bob", scanner_name="Ada", scanned_name="Bob"),
    )
    assert office.inbox.titles("usr_ada") == ["You met Bob"]
    assert office.inbox.titles("usr_bob") == ["You met Ada"]


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
    office = Office()
    hear(office, *(messages[number] for number in deliveries))
    assert len(office.inbox.of["usr_ada"]) == len(set(deliveries))


def test_news_keep_the_time_they_happened() -> None:
    office = Office()
    hear(office, UserRegistered(user_id="usr_ada", email="ada@example.org", name="Ada", occurred_at=NINE))
    assert [item.created_at for item in office.inbox.of["usr_ada"].values()] == [NINE]


def test_news_are_mailed_once_to_the_address_of_the_account() -> None:
    office = Office()
    office.people.keep("usr_ada", ADA, NINE)
    hear(office, EXPIRED, EXPIRED)
    [letter] = office.mailer.sent
    assert (letter.to, letter.subject) == (ADA, "Your reservation for PyCon has expired")


def test_somebody_whose_address_is_not_known_has_the_inbox() -> None:
    office = Office()
    hear(office, EXPIRED)
    assert office.mailer.sent == []
    assert len(office.inbox.of["usr_ada"]) == 1


@pytest.mark.parametrize(("inbox", "email"), [(True, True), (True, False), (False, True), (False, False)])
def test_news_go_through_the_channels_that_a_person_leaves_open(inbox: bool, email: bool) -> None:
    office = Office()
    office.people.known["usr_ada"] = Person(ADA, {"order-expired": {"inbox": inbox, "email": email}})
    hear(office, EXPIRED)
    assert len(office.inbox.of["usr_ada"]) == inbox
    assert len(office.mailer.sent) == email


def test_what_cannot_be_muted_is_not_muted() -> None:
    kind = KINDS["order-refunded"]
    assert kind.email is Setting.ALWAYS
    assert kind.reaches("email", {"order-refunded": {"email": False}})


def test_every_notice_has_a_kind_and_every_kind_a_title() -> None:
    assert all(kind.name == name and kind.title for name, kind in KINDS.items())
