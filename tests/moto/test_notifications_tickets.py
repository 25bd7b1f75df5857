"""What people hear of tickets that change hands or get a new code: secrets and codes go to one mailbox each."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import boto3
import pytest

from functions.notifications import worker
from functions.notifications.dynamo import DynamoInbox
from shared.messages import (
    DoubleEntryFound,
    DoubleEntrySettled,
    MailedCode,
    Message,
    TicketMailReady,
    TicketReissued,
    TicketTransferEnded,
    TicketTransferOffered,
    TicketTransferred,
    UserRegistered,
)
from tests.moto.test_notifications_worker import codes, mails, titles
from tests.support import Table, deliver

PAPER = b"%PDF-1.7 a ticket"
NINE = datetime(2026, 6, 1, 9, tzinfo=UTC)
TICKET: dict[str, Any] = {"conference_id": "cnf_1", "conference_name": "PyCon", "ticket_id": "tkt_1"}
REISSUED = TicketReissued(
    **TICKET,
    order_id="ord_1",
    owner_id="usr_ada",
    by_owner=True,
    attendee_name="Grace",
    ticket_type_name="Regular",
    code="KETEMU:E2:NEW",
    serial=2,
    valid_from=NINE,
)
OFFERED = TicketTransferOffered(
    **TICKET,
    ticket_type_name="Regular",
    owner_id="usr_ada",
    owner_name="Ada",
    email="eva@example.org",
    token="the-secret-token",
    valid_from=NINE,
    expires_at=NINE,
    time_zone="Asia/Jakarta",
)
TRANSFERRED = TicketTransferred(
    **TICKET,
    order_id="ord_1",
    ticket_type_name="Regular",
    from_id="usr_ada",
    owner_id="usr_eva",
    owner_name="Eva",
    owner_email="eva@example.org",
    code="KETEMU:E2:EVAS",
    serial=2,
    valid_from=NINE,
)


@pytest.fixture(autouse=True)
def people(table: Table, mailing: None) -> None:
    registered = [UserRegistered(user_id=f"usr_{name}", email=f"{name}@example.org", name=name.title()) for name in ("ada", "eva")]
    assert deliver(worker.handler, *registered) == []


def to(mail: EmailMessage) -> list[str]:
    return [address.addr_spec for address in mail["To"].addresses]


def plain(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_the_token_of_an_offer_goes_to_its_mailbox_alone_and_once() -> None:
    assert deliver(worker.handler, OFFERED, OFFERED) == []
    [mail] = mails()
    assert (to(mail), mail["Subject"]) == (["eva@example.org"], "Ada offers you a ticket for PyCon")
    assert "Token: the-secret-token" in plain(mail)
    assert "1 June 2026, 16:00 (Asia/Jakarta)" in plain(mail)
    assert not any("offers you" in title for user in ("usr_ada", "usr_eva") for title in titles(user))


def printed(reissued: bool, code: str, **more: Any) -> TicketMailReady:
    """With its paper in the bucket, as tickets leaves it there."""
    key = f"papers/{code}.pdf"
    boto3.client("s3").put_object(Bucket="papers", Key=key, Body=PAPER)
    mailed = MailedCode(1, "Grace", "Regular", code, NINE, "Asia/Jakarta", NINE + timedelta(hours=8))
    how: dict[str, Any] = {"reissued": reissued, "ticket": mailed, "issued_at": NINE, "paper": key, **more}
    return TicketMailReady(**TICKET, order_id="ord_1", request_id=f"msg_{code}", **how)


def attached(mail: EmailMessage) -> set[str]:
    return {str(part.get_filename()) for part in mail.iter_attachments()}


def test_a_ticket_that_changed_hands_brings_its_code_to_the_new_owner_alone() -> None:
    ready = printed(False, "KETEMU:E2:EVAS", owner_id="usr_eva", owner_name="Eva", owner_email="eva@example.org")
    assert deliver(worker.handler, TRANSFERRED, ready, TRANSFERRED, ready) == []
    by_address = {to(mail)[0]: mail for mail in mails()}
    assert codes(by_address["eva@example.org"]) == ["KETEMU:E2:EVAS"]
    assert attached(by_address["eva@example.org"]) >= {"ticket.png", "tickets.pdf", "conference.ics"}
    assert codes(by_address["ada@example.org"]) == []
    assert "Your ticket for PyCon is Eva's now" in titles("usr_ada")
    assert "Your ticket for PyCon" in titles("usr_eva")


def test_a_new_code_is_mailed_to_the_tickets_owner() -> None:
    ready = printed(True, "KETEMU:E2:NEW", owner_id="usr_ada", by_owner=True)
    assert deliver(worker.handler, ready, REISSUED, REISSUED, ready) == []
    [mail] = mails()
    assert "Your ticket for PyCon has a new code" in titles("usr_ada")
    assert attached(mail) >= {"ticket.png", "tickets.pdf", "conference.ics"}
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="papers")
    assert (to(mail), codes(mail)) == (["ada@example.org"], ["KETEMU:E2:NEW"])
    assert "You asked for it." in plain(mail)


@pytest.mark.parametrize(("declined", "whom"), [(True, "ada@example.org"), (False, "eva@example.org")])
def test_whoever_did_not_end_an_offer_hears_that_it_ended(declined: bool, whom: str) -> None:
    ended = TicketTransferEnded(**TICKET, owner_id="usr_ada", email="eva@example.org", declined=declined)
    assert deliver(worker.handler, ended, ended) == []
    assert [to(mail) for mail in mails()] == [[whom]]


FOUND = DoubleEntryFound(
    **TICKET,
    conflict_id="dbl_1",
    crew=("usr_ada", "usr_eva"),
    first_gate="North",
    first_at=NINE,
    first_by="dev_1",
    second_gate="South",
    second_at=NINE,
    second_by="dev_2",
)
SETTLED = DoubleEntrySettled(
    conference_id="cnf_1", conflict_id="dbl_1", found_id=FOUND.id, found_at=FOUND.occurred_at, crew=("usr_ada", "usr_eva")
)


@pytest.mark.parametrize("told", [(FOUND, SETTLED), (SETTLED, FOUND), (FOUND, SETTLED, SETTLED, FOUND)])
def test_news_of_a_double_entry_goes_when_it_is_settled_in_whatever_order_that_is_heard(told: tuple[Message, ...]) -> None:
    for message in told:
        assert deliver(worker.handler, message) == []
    for user in ("usr_ada", "usr_eva"):
        assert not any("let in twice" in title for title in titles(user))
        assert DynamoInbox().page(user, limit=10, cursor=None).unread_count == 1  # the welcome


def test_news_of_a_double_entry_is_there_until_then() -> None:
    assert deliver(worker.handler, FOUND) == []
    assert "A ticket was let in twice at PyCon" in titles("usr_ada")
