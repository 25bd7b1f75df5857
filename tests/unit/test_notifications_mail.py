"""The mail of an order, read back as a mail program would."""

import io
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from functions.notifications.letter import Letter, Link, Mailbox
from functions.notifications.mail import Sender, compose
from functions.notifications.order_mail import letter_of
from shared.messages import MailedCode, OrderMailReady
from shared.money import Money

NINE = datetime(2026, 6, 1, 9, tzinfo=UTC)
SENDER = Sender("Ketemu <tickets@example.org>", "https://api.example.org/v1")
READY = OrderMailReady(
    conference_id="cnf_1",
    conference_name="PyCon",
    order_id="ord_1",
    request_id="ord_1",
    buyer_id="usr_ada",
    buyer_name="Ada",
    buyer_email="ada@example.org",
    total=Money(9800, "EUR"),
    paid_at=NINE,
    tickets=[
        MailedCode(1, "Ada", "Regular", "KETEMU:T1:FIRST", NINE, "Asia/Jakarta", NINE + timedelta(hours=8)),
        MailedCode(2, "Bob", "Student", "KETEMU:T1:SECOND", NINE, "Asia/Jakarta", NINE + timedelta(hours=8)),
    ],
    paper="papers/ord_1.pdf",
)
PAPER = b"%PDF-1.4 as it was printed"

names = st.text(st.characters(codec="utf-8"), max_size=200)
# What registering accepts: https://html.spec.whatwg.org/#valid-e-mail-address
local_parts = st.text(string.ascii_letters + string.digits + ".!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=64)
addresses = st.builds(
    lambda local, label: f"{local}@{label}.example.org", local_parts, st.from_regex(r"[a-z0-9]{1,63}", fullmatch=True)
)


def sent(what: OrderMailReady | Letter, sender: Sender = SENDER) -> EmailMessage:
    """The mail, over the wire."""
    letter = letter_of(what, PAPER) if isinstance(what, OrderMailReady) else what
    mail = message_from_bytes(compose(letter, sender).as_bytes(), policy=default)
    assert isinstance(mail, EmailMessage)
    assert not mail.defects
    return mail


def text(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def qr_of(picture: bytes) -> str:
    [code] = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)), formats=zxingcpp.BarcodeFormat.QRCode)
    return str(code.text)


def test_the_tickets_on_paper_and_a_calendar_are_attached() -> None:
    paper, calendar = sent(READY).iter_attachments()
    assert (paper.get_filename(), paper.get_content_type(), paper.get_content()) == ("tickets.pdf", "application/pdf", PAPER)
    assert (calendar.get_filename(), calendar.get_content_type()) == ("conference.ics", "text/calendar")


def test_twenty_tickets_are_one_mail_of_a_size_that_every_mailer_takes() -> None:
    twenty = [replace(READY.tickets[0], number=number) for number in range(1, 21)]
    mail = compose(letter_of(replace(READY, tickets=twenty), bytes(100_000)), SENDER)
    assert len(mail.as_bytes()) < 1_000_000  # SES: 10 MB


def test_each_ticket_is_shown_in_the_html() -> None:
    mail = sent(READY)
    inline = {part["Content-ID"].strip("<>"): part for part in mail.walk() if part.get_content_disposition() == "inline"}
    assert [qr_of(part.get_content()) for part in inline.values()] == ["KETEMU:T1:FIRST", "KETEMU:T1:SECOND"]
    for cid in inline:
        assert f'src="cid:{cid}"' in text(mail, "html")


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_both_bodies_say_what_was_bought(kind: str) -> None:
    body = text(sent(READY), kind)
    for said in ("PyCon", "Regular", "Student", "Bob", "98.00 EUR", "ord_1", "1 June 2026, 16:00 (Asia/Jakarta)"):
        assert said in body


def test_a_free_order_says_so() -> None:
    free = replace(READY, total=Money(0, "EUR"))
    assert "free of charge" in text(sent(free), "plain")


def test_the_same_order_has_the_same_message_id() -> None:
    assert sent(READY)["Message-ID"] == sent(READY)["Message-ID"] == "<ord_1@example.org>"


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_a_mail_for_one_ticket_speaks_of_one(kind: str) -> None:
    one = replace(READY, tickets=READY.tickets[:1])
    assert "Here is your ticket for" in text(sent(one), kind)
    assert sent(one)["Subject"] == "Your ticket for PyCon"


def test_a_name_cannot_become_markup() -> None:
    evil = replace(READY.tickets[0], attendee_name="<img src=x onerror=alert(1)>", ticket_type_name='"><script>')
    html = text(sent(replace(READY, tickets=[evil, READY.tickets[1]])), "html")
    assert "&lt;img src=x" in html
    assert "<script>" not in html


def test_a_name_cannot_become_a_header_or_a_line() -> None:
    evil = "Ada\r\nBcc: eve@example.org\r\n\r\nPay here"
    tickets = [replace(ticket, attendee_name=evil, ticket_type_name=evil) for ticket in READY.tickets]
    mail = sent(replace(READY, buyer_name=evil, conference_name=evil, tickets=tickets))
    assert mail["Bcc"] is None
    assert mail["To"].addresses[0].addr_spec == "ada@example.org"
    assert "\nBcc" not in text(mail, "plain")
    assert "\nPay here" not in text(mail, "plain")


def test_an_address_with_a_line_break_is_refused_without_being_named() -> None:
    with pytest.raises(ValueError, match="CR or LF") as refused:
        compose(letter_of(replace(READY, buyer_email="ada@example.org\nBcc: eve@example.org"), PAPER), SENDER)
    assert "ada" not in str(refused.value)


@settings(max_examples=40, deadline=None)
@given(buyer=names, address=addresses, conference=names, attendee=names)
def test_whatever_people_are_called_the_mail_goes_to_the_buyer_alone(
    buyer: str, address: str, conference: str, attendee: str
) -> None:
    tickets = [replace(ticket, attendee_name=attendee) for ticket in READY.tickets]
    ready = replace(READY, buyer_name=buyer, buyer_email=address, conference_name=conference, tickets=tickets)
    mail = sent(ready)
    [to] = mail["To"].addresses
    assert to.addr_spec == address
    # Compared without spaces: Python 3.11 loses one where it folds a subject that is not ASCII.
    assert "".join(mail["Subject"].split()) == "".join(letter_of(ready, PAPER).subject.split())
    assert {"cc", "bcc"}.isdisjoint(name.lower() for name in mail)
    assert len(list(mail.iter_attachments())) == 2


NEWS = Letter("eml_1", Mailbox("Ada", "ada@example.org"), "Your order is cancelled", NINE, says={"body": "Nothing was charged."})
FRONT_END = replace(SENDER, front_end="https://meet.example.org/")


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_news_are_said_in_both_bodies_with_whom_they_are_for(kind: str) -> None:
    body = text(sent(NEWS), kind)
    for said in ("Hello Ada,", "Your order is cancelled", "Nothing was charged."):
        assert said in body


@pytest.mark.parametrize("kind", ["plain", "html"])
@pytest.mark.parametrize(
    ("link", "sender", "url"),
    [
        (Link("See the order", "/orders/ord_1"), FRONT_END, "https://meet.example.org/orders/ord_1"),
        (Link("See the order", "/orders/ord_1"), SENDER, None),  # a browser would get a 401
        (Link("See the agenda", "/events/1", open=True), SENDER, "https://api.example.org/v1/events/1"),
        (Link("See the agenda", "/events/1", open=True), FRONT_END, "https://meet.example.org/events/1"),
        (None, FRONT_END, None),
    ],
)
def test_a_link_leads_where_it_can_be_followed(kind: str, link: Link | None, sender: Sender, url: str | None) -> None:
    body = text(sent(replace(NEWS, link=link), sender), kind)
    assert (str(url) in body) is (url is not None)
    assert ("http" in body) is (url is not None)


OPT_OUT = "/notifications/unsubscribe/usr_01K0ADA0000000000000000000.agenda-moved~contact-exchanged.c2VhbGVkLWJ5LW5vYm9keQ"


@pytest.mark.parametrize("sender", [SENDER, FRONT_END])
def test_what_can_be_muted_says_how_in_its_header_and_in_both_bodies(sender: Sender) -> None:
    url = f"https://api.example.org/v1{OPT_OUT}"
    raw = compose(replace(NEWS, opt_out=OPT_OUT), sender).as_bytes().decode()
    assert f"\r\nList-Unsubscribe: <{url}>\r\n" in raw  # on one line: a folded one would be encoded
    mail = sent(replace(NEWS, opt_out=OPT_OUT), sender)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url in text(mail, "plain")
    assert url in text(mail, "html")


def test_what_cannot_be_muted_offers_no_way() -> None:
    for mail in (sent(READY), sent(NEWS)):
        assert mail["List-Unsubscribe"] is mail["List-Unsubscribe-Post"] is None
        assert "unsubscribe" not in text(mail, "plain").lower() + text(mail, "html").lower()


def test_somebody_without_a_name_is_not_greeted_by_none() -> None:
    assert "Hello" not in text(sent(replace(NEWS, to=Mailbox("", "ada@example.org"))), "plain")


@given(subject=names, body=names, name=names)
@settings(max_examples=40, deadline=None)
def test_whatever_news_say_stays_text(subject: str, body: str, name: str) -> None:
    mail = sent(replace(NEWS, to=Mailbox(name, "ada@example.org"), subject=subject, says={"body": f"<script>{body}"}))
    assert "\n" not in mail["Subject"]
    assert "<script>" not in text(mail, "html")
    assert [to.addr_spec for to in mail["To"].addresses] == ["ada@example.org"]
