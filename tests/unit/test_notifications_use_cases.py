"""Who hears of what, once, and one mail for each request of an order's, in whatever order and however often the messages come."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.notifications.kinds import KINDS, Setting
from functions.notifications.letter import Mailbox
from functions.notifications.notices import NOTICES
from functions.notifications.order_mail import send_order_mail
from functions.notifications.use_cases import SENDING_LEASE, Person, tell
from shared.errors import Busy
from shared.messages import (
    ContactExchanged,
    MailedCode,
    Message,
    OrderExpired,
    OrderMailReady,
    OrderPaid,
    TicketCheckedIn,
    TicketLine,
    UserRegistered,
)
from shared.money import Money
from shared.nobody import NO_EMAIL, NOBODY
from tests.unit.post import NINE, FakeMailer, Office

PRICE = Money(4900, "EUR")
LINE = TicketLine("typ_1", "Regular", PRICE, "Ada", "ada@example.org", NINE, NINE)
ADA = Mailbox("Ada", "ada@example.org")
EXPIRED = OrderExpired(conference_id="cnf_1", order_id="ord_1", buyer_id="usr_ada", conference_name="PyCon")


@dataclass
class FakePapers:
    kept: dict[str, bytes] = field(default_factory=lambda: {"papers/ord_1.pdf": b"paper"})

    def fetch(self, key: str) -> bytes:
        return self.kept[key]

    def discard(self, key: str) -> None:
        self.kept.pop(key, None)


READY = OrderMailReady(
    conference_id="cnf_1",
    order_id="ord_1",
    request_id="ord_1",
    buyer_id="usr_ada",
    buyer_name="Ada",
    buyer_email="ada@example.org",
    total=PRICE,
    paid_at=NINE,
    tickets=[MailedCode(1, "Ada", "Regular", "CODE 1", NINE, "UTC")],
    paper="papers/ord_1.pdf",
)


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


def hear(office: Office, *messages: Message) -> None:
    for message in messages:
        tell(office.post, message, NOTICES[type(message)](message))


def test_an_order_is_mailed_once_a_request_with_its_paper_which_is_then_thrown_away() -> None:
    papers, office = FakePapers(), Office()
    for _ in range(2):
        send_order_mail(papers, office.post, READY)
    [letter] = office.mailer.sent
    assert b"paper" in [each.content for each in letter.enclosures]
    assert papers.kept == {}
    papers.kept["papers/req_2.pdf"] = b"paper"
    send_order_mail(papers, office.post, replace(READY, request_id="req_2", paper="papers/req_2.pdf"))
    assert len(office.mailer.sent) == 2


def test_nothing_is_mailed_to_nobody() -> None:
    papers, office = FakePapers(), Office()
    send_order_mail(papers, office.post, replace(READY, buyer_name=NOBODY, buyer_email=NO_EMAIL))
    assert (office.mailer.sent, papers.kept) == ([], {})
    office.people.keep("usr_ada", Mailbox(NOBODY, NO_EMAIL), NINE)
    hear(office, EXPIRED)
    assert office.mailer.sent == []


def test_a_refused_mail_is_tried_again_when_the_claim_has_ended() -> None:
    papers, office = FakePapers(), Office(mailer=FakeMailer(refuses=1))
    with pytest.raises(ConnectionError):
        send_order_mail(papers, office.post, READY)
    with pytest.raises(Busy):  # too early: whoever holds the claim might still be sending
        send_order_mail(papers, office.post, READY)
    office.at = NINE + SENDING_LEASE
    send_order_mail(papers, office.post, READY)
    assert len(office.mailer.sent) == 1


def test_who_comes_while_the_mail_is_sent_comes_back_and_finds_it_sent() -> None:
    papers, office = FakePapers(), Office()

    def rival() -> None:
        with pytest.raises(Busy):
            send_order_mail(papers, office.post, READY)

    office.mailer.meanwhile = rival
    send_order_mail(papers, office.post, READY)
    send_order_mail(papers, office.post, READY)
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
