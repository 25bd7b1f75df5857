"""From the queue to the inbox and to the mailbox."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import boto3
import pytest
import zxingcpp
from botocore.exceptions import ClientError
from icalendar import Calendar
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from PIL import Image

from functions.notifications import ses, worker
from functions.notifications.dynamo import DynamoInbox
from functions.notifications.ses import MailRefused, SesMailer
from functions.notifications.use_cases import SENDING_LEASE
from shared.clock import now
from shared.messages import (
    AgendaMoved,
    CanceledSession,
    ContactExchanged,
    MailedCode,
    MembershipChanged,
    Message,
    OrderCancelled,
    OrderExpired,
    OrderMailReady,
    OrderPaid,
    OrderRefunded,
    OrderReseated,
    RefundFailed,
    TicketCancelled,
    TicketCheckedIn,
    TicketLine,
    UserRegistered,
)
from shared.money import Money
from tests.support import Table, deliver

NINE = datetime(2026, 6, 1, 9, tzinfo=UTC)
EUR = Money(4900, "EUR")
REGISTERED = UserRegistered(user_id="usr_ada", email="ada@example.org", name="Ada")
PAPER = b"%PDF-1.4 as it was printed"
ORDER: dict[str, Any] = {"conference_id": "cnf_1", "order_id": "ord_1", "buyer_id": "usr_ada", "conference_name": "PyCon"}


pytestmark = pytest.mark.usefixtures("mailing")


def paid(tickets: int = 1, order_id: str = "ord_1", price: Money = EUR) -> OrderPaid:
    line = TicketLine("typ_1", "Regular", price, "Ada", "ada@example.org", NINE, NINE)
    return OrderPaid(
        conference_id="cnf_1",
        order_id=order_id,
        buyer_id="usr_ada",
        buyer_name="Ada",
        buyer_email="ada@example.org",
        total=price * tickets,
        tickets=[line] * tickets,
        conference_name="PyCon",
    )


def ready(tickets: int = 1, order_id: str = "ord_1", price: Money = EUR, time_zone: str = "UTC") -> OrderMailReady:
    """With its paper in the bucket, as tickets leaves it there."""
    key = f"papers/{order_id}.pdf"
    boto3.client("s3").put_object(Bucket="papers", Key=key, Body=PAPER)
    codes = [f"KETEMU:T1:{order_id.upper().replace('_', '-')}-{number}" for number in range(1, tickets + 1)]
    return OrderMailReady(
        conference_id="cnf_1",
        conference_name="PyCon",
        order_id=order_id,
        request_id=order_id,
        buyer_id="usr_ada",
        buyer_name="Ada",
        buyer_email="ada@example.org",
        total=price * tickets,
        paid_at=NINE,
        tickets=[
            MailedCode(number, f"Attendee {number}", "Regular", code, NINE, time_zone, NINE + timedelta(hours=9))
            for number, code in enumerate(codes, 1)
        ],
        paper=key,
    )


def papers() -> list[str]:
    return [each["Key"] for each in boto3.client("s3").list_objects_v2(Bucket="papers").get("Contents", [])]


def mails() -> list[EmailMessage]:
    raw = [message.raw_data for message in ses_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].sent_messages]
    return [message_from_bytes(text.encode(), policy=default) for text in raw]


def codes(mail: EmailMessage) -> list[str]:
    shown = [part for part in mail.walk() if part.get_content_disposition() == "inline"]
    pictures = [Image.open(io.BytesIO(part.get_content())) for part in shown]
    return [
        str(code.text) for picture in pictures for code in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    ]


def titles(user_id: str) -> list[str]:
    return [item.title for item in DynamoInbox().page(user_id, limit=100, cursor=None).items]


@pytest.mark.parametrize(
    ("message", "title"),
    [
        (REGISTERED, "Welcome to Ketemu, Ada"),
        (
            MembershipChanged(conference_id="cnf_1", user_id="usr_ada", role="staff", revision=1, conference_name="PyCon"),
            "You are now staff of PyCon",
        ),
        (
            MembershipChanged(conference_id="cnf_1", user_id="usr_ada", role=None, revision=2, conference_name="PyCon"),
            "You are no longer on the team of PyCon",
        ),
        (
            AgendaMoved(
                conference_id="cnf_1",
                user_id="usr_ada",
                release=2,
                moved=[],
                canceled=[CanceledSession("ses_1", "Locks", NINE, None)],
                conference_name="PyCon",
            ),
            "Locks on 1 June, 09:00, is canceled",
        ),
        (paid(), "Your order for PyCon is complete"),
        (OrderExpired(**ORDER), "Your reservation for PyCon has expired"),
        (OrderCancelled(**ORDER, was_paid=True), "Your order for PyCon is cancelled"),
        (OrderRefunded(**ORDER, amount=EUR), "Refund for PyCon: 49.00 EUR"),
        (OrderReseated(**ORDER, total=EUR), "Your seats for PyCon are yours after all"),
        (RefundFailed(**ORDER, refund_id="rfd_1", amount=EUR, came_back=True), "Your refund for PyCon is delayed"),
        (
            TicketCheckedIn(
                conference_id="cnf_1",
                ticket_id="tkt_1",
                owner_id="usr_ada",
                ticket_type_id="typ_1",
                gate="North",
                direction="entry",
                scanned_at=NINE,
                conference_name="PyCon",
            ),
            "Welcome to PyCon",
        ),
        (
            TicketCancelled(
                conference_id="cnf_1",
                ticket_id="tkt_1",
                order_id="ord_1",
                owner_id="usr_ada",
                conference_name="PyCon",
                number=1,
            ),
            "Your ticket for PyCon is cancelled",
        ),
        (
            ContactExchanged(
                exchange_id="xch_1", scanner_id="usr_bob", scanned_id="usr_ada", scanner_name="Bob", scanned_name="Ada"
            ),
            "You met Bob",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Message) else "",
)
def test_each_message_reaches_whom_it_concerns_once(table: Table, message: Message, title: str) -> None:
    assert deliver(worker.handler, message, message) == []
    assert deliver(worker.handler, message) == []
    assert titles("usr_ada") == [title]


def test_what_one_message_tells_somebody_twice_over_is_told_in_full(table: Table) -> None:
    met = ContactExchanged(
        exchange_id="xch_1",
        scanner_id="usr_bob",
        scanned_id="usr_ada",
        scanner_name="Bob",
        scanned_name="Ada",
        scanned_asked=True,
    )
    assert deliver(worker.handler, met, met) == []
    assert sorted(titles("usr_ada")) == ["Bob waits for you to confirm", "You met Bob"]


@pytest.mark.parametrize(
    ("message", "title"),
    [
        (OrderReseated(**ORDER, total=EUR), "Order ord_1 for PyCon was paid too late, and has its seats"),
        (OrderRefunded(**ORDER, amount=EUR, reason="paid too late"), "Order ord_1 for PyCon was paid too late, and is paid back"),
        (OrderRefunded(**ORDER, amount=EUR, numbers=(1,)), None),
        (
            RefundFailed(**ORDER, refund_id="rfd_1", amount=EUR, came_back=False, reason="No."),
            "Order ord_1 for PyCon waits for a refund of 49.00 EUR that failed",
        ),
    ],
    ids=["seated again", "paid back", "a usual refund", "failed"],
)
def test_money_that_goes_astray_is_told_to_all_who_organise_then(table: Table, message: Message, title: str | None) -> None:
    for user_id, role in (("usr_eve", "organizer"), ("usr_cy", "organizer"), ("usr_dan", "staff"), ("usr_cy", None)):
        revision = 2 if role is None else 1
        member = MembershipChanged(conference_id="cnf_1", user_id=user_id, role=role, revision=revision, conference_name="PyCon")
        assert deliver(worker.handler, member) == []
    before = {user_id: titles(user_id) for user_id in ("usr_eve", "usr_cy", "usr_dan")}
    assert deliver(worker.handler, message, message) == []
    assert sorted(titles("usr_eve")) == sorted([*([title] if title else []), *before.pop("usr_eve")])
    assert {user_id: titles(user_id) for user_id in before} == before


def test_an_order_is_mailed_to_its_buyer_with_its_tickets(table: Table) -> None:
    assert deliver(worker.handler, paid(2), ready(2)) == []
    [mail] = mails()
    assert [address.addr_spec for address in mail["To"].addresses] == ["ada@example.org"]
    assert codes(mail) == ["KETEMU:T1:ORD-1-1", "KETEMU:T1:ORD-1-2"]
    (paper,) = (part for part in mail.iter_attachments() if part.get_filename() == "tickets.pdf")
    assert paper.get_content() == PAPER
    assert papers() == []


def test_the_mail_has_the_times_for_a_calendar(table: Table) -> None:
    first, second, third = ready(3).tickets
    day = timedelta(days=1)
    late = replace(first, valid_from=NINE + day, valid_until=NINE + day + timedelta(hours=9))
    deliver(worker.handler, replace(ready(3), tickets=[late, second, third]))
    [mail] = mails()
    (calendar,) = (part for part in mail.iter_attachments() if part.get_filename() == "conference.ics")
    assert calendar.get_content_type() == "text/calendar"
    text = calendar.get_content()
    events = Calendar.from_ical(text).walk("VEVENT")
    assert [(event.start, event.end) for event in events] == [
        (NINE, NINE + timedelta(hours=9)),
        (NINE + timedelta(days=1), NINE + timedelta(days=1, hours=9)),
    ]
    assert {str(event["SUMMARY"]) for event in events} == {"PyCon"}


def test_the_mail_says_the_conferences_local_time(table: Table) -> None:
    deliver(worker.handler, ready(time_zone="Asia/Jakarta"))
    body = mails()[0].get_body(("plain",))
    assert body is not None
    assert "1 June 2026, 16:00 (Asia/Jakarta)" in body.get_content()


def test_twenty_entries_of_one_buyer_say_whose_they_are(table: Table) -> None:
    guests = [f"Guest {number}" for number in range(20)]
    scans = [
        TicketCheckedIn(
            conference_id="cnf_1",
            ticket_id=f"tkt_{number}",
            owner_id="usr_ada",
            ticket_type_id="typ_1",
            gate=None,
            direction="entry",
            scanned_at=NINE,
            conference_name="PyCon",
            time_zone="Asia/Jakarta",
            attendee_name=guest,
        )
        for number, guest in enumerate(guests)
    ]
    assert deliver(worker.handler, *scans) == []
    bodies = {item.body for item in DynamoInbox().page("usr_ada", limit=100, cursor=None).items}
    assert bodies == {f"The ticket of {guest} was checked in on 1 June 2026, 16:00 (Asia/Jakarta)." for guest in guests}


def test_a_request_is_mailed_once_however_often_it_comes_and_another_again(table: Table) -> None:
    message = ready()
    for _ in range(3):
        assert deliver(worker.handler, message, message) == []
    assert len(mails()) == 1
    assert deliver(worker.handler, replace(ready(), request_id="req_2")) == []
    assert len(mails()) == 2


def test_a_refused_mail_goes_back_to_the_queue_alone_and_is_sent_later(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    boto3.client("ses").delete_identity(Identity="tickets@example.org")
    message = ready()
    assert deliver(worker.handler, REGISTERED, message) == ["m-1"]
    assert deliver(worker.handler, message) == ["m-0"]  # too early: the claim is still held
    assert (mails(), papers()) == ([], [message.paper])

    boto3.client("ses").verify_email_identity(EmailAddress="tickets@example.org")
    monkeypatch.setattr(worker, "now", lambda: now() + SENDING_LEASE)
    assert deliver(worker.handler, message) == []
    assert (len(mails()), papers()) == (1, [])


def test_a_crash_while_sending_is_made_up_for_after_the_lease(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise SystemExit

    message = ready()
    with monkeypatch.context() as crashing:
        crashing.setattr(SesMailer, "send", crash)
        with pytest.raises(SystemExit):
            deliver(worker.handler, message)
    assert deliver(worker.handler, REGISTERED, message) == ["m-1"]  # the claim is still held
    monkeypatch.setattr(worker, "now", lambda: now() + SENDING_LEASE + timedelta(seconds=1))
    assert deliver(worker.handler, message) == []
    assert len(mails()) == 1


def test_what_ses_says_of_an_address_is_not_told(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        error: Any = {"Error": {"Code": "MessageRejected", "Message": "Email address is not verified: ada@example.org"}}
        raise ClientError(error, "SendRawEmail")

    monkeypatch.setattr(ses._ses(), "send_raw_email", refuse)
    with pytest.raises(MailRefused) as refused:
        worker._order_mail_ready(ready())
    assert str(refused.value) == "MessageRejected"
    assert refused.value.__suppress_context__


def written(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> str:
    """Every log record with all its members, and every metric."""
    return " ".join(str(vars(record)) for record in caplog.records) + capsys.readouterr().out


def test_logs_say_nothing_of_a_person(table: Table, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    assert deliver(worker.handler, REGISTERED, paid(), ready()) == []
    text = written(caplog, capsys)
    assert "OrderMailsSent" in text
    for secret in ("ada@example.org", "Ada", "Attendee", "KETEMU:T1"):
        assert secret not in text


def test_a_failure_is_logged_without_the_person(
    table: Table, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    boto3.client("ses").delete_identity(Identity="tickets@example.org")
    assert deliver(worker.handler, paid(), ready()) == ["m-1"]
    text = written(caplog, capsys)
    assert "message failed" in text
    assert "MessageRejected" in text
    for secret in ("ada@example.org", "Ada", "Attendee", "KETEMU:T1"):
        assert secret not in text


def test_the_mark_stays_so_that_a_replay_long_after_does_not_mail_again(table: Table) -> None:
    message = ready()
    deliver(worker.handler, message)
    (kept,) = (item for item in table.items() if item["pk"] == "MAIL#ord_1")
    assert "ttl" not in kept
    assert not [item for item in table.items() if "KETEMU:T1" in str(item)]
    assert deliver(worker.handler, message) == []
    assert len(mails()) == 1
