"""Digests in DynamoDB, from the queue to the mailbox."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from functions.notifications import api, worker
from functions.notifications.digest import Entry
from functions.notifications.domain import News, Notification
from functions.notifications.dynamo import DynamoInbox, InboxHead
from functions.notifications.dynamo_digests import DynamoDigests
from functions.notifications.letter import Link
from shared import delay
from shared.caller import Caller
from shared.clock import now
from shared.messages import ContactConfirmed, ContactExchanged, ContactWithdrawn, DigestOpened, UserRegistered
from tests.support import Table, call, deliver

pytestmark = pytest.mark.usefixtures("mailing")

NINE = datetime(2026, 6, 1, 9, tzinfo=UTC)
ADA = Caller("usr_ada", "ada@example.org", "Ada")
REGISTERED = UserRegistered(user_id="usr_ada", email="ada@example.org", name="Ada")


@pytest.fixture(autouse=True)
def queue(aws: None, monkeypatch: pytest.MonkeyPatch) -> str:
    delay._queue.cache_clear()
    url: str = boto3.client("sqs").create_queue(QueueName="notifications")["QueueUrl"]
    monkeypatch.setenv("QUEUE_URL", url)
    return url


def met(number: int) -> ContactExchanged:
    return ContactExchanged(
        id=f"msg_{number}",
        occurred_at=NINE + timedelta(seconds=number),
        exchange_id=f"xch_{number}",
        scanner_id="usr_ada",
        scanned_id=f"usr_{number}",
        scanner_name="Ada",
        scanned_name=f"Guest {number}",
    )


def entry(number: int) -> Entry:
    news = News("contact-exchanged", f"You met Guest {number}", "Well.", {"exchange_id": f"xch_{number}"})
    told = Notification.of(news, message_id=f"msg_{number}", user_id="usr_ada", occurred_at=NINE + timedelta(seconds=number))
    return Entry(told, Link("See your contacts", "/contacts"))


def subjects() -> list[str]:
    raw = [message.raw_data for message in ses_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].sent_messages]
    lines = [line for text in raw for line in text.splitlines() if line.startswith("Subject: ")]
    return [line.removeprefix("Subject: ") for line in lines]


def opened(table: Table) -> list[DigestOpened]:
    return [message for message in table.outbox() if isinstance(message, DigestOpened) and message.user_id == "usr_ada"]


def test_many_contacts_are_one_mail(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    assert deliver(worker.handler, REGISTERED, *map(met, range(5)), *map(met, range(5))) == []
    (message,) = opened(table)
    assert deliver(worker.handler, message) == []
    assert subjects() == []
    monkeypatch.setattr(worker, "now", lambda: now() + timedelta(seconds=601))
    assert deliver(worker.handler, message, message) == []
    assert subjects() == ["You met Guest 0, and 4 more"]


def test_before_it_is_due_it_is_put_back_for_what_remains(table: Table, queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(delay._queue(), "send_message", lambda **parameters: sent.append(parameters))
    deliver(worker.handler, REGISTERED, met(1))
    deliver(worker.handler, *opened(table))
    assert 590 < sent[0]["DelaySeconds"] <= 600
    assert sent[0]["QueueUrl"] == queue


def test_what_is_read_meanwhile_is_not_mailed(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(worker.handler, REGISTERED, met(1), met(2))
    call(api.handler, "POST", "/notifications/read-all", caller=ADA)
    deliver(worker.handler, met(3))
    monkeypatch.setattr(worker, "now", lambda: now() + timedelta(seconds=601))
    deliver(worker.handler, *opened(table))
    assert subjects() == ["You met Guest 3"]


WITHDRAWN = ContactWithdrawn(exchange_id="xch_1", holder_id="usr_ada", whole=True, occurred_at=NINE + timedelta(minutes=1))
CONFIRMED = ContactConfirmed(exchange_id="xch_1", holder_id="usr_ada", name="Guest 1", occurred_at=NINE + timedelta(seconds=30))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (0, 2, 1), (1, 2, 0), (2, 2, 0, 1, 0)])
@pytest.mark.parametrize("in_inbox", [True, False])
def test_who_withdraws_is_named_neither_in_the_inbox_nor_in_a_mail_that_waits(
    table: Table, monkeypatch: pytest.MonkeyPatch, order: tuple[int, ...], in_inbox: bool
) -> None:
    choices = {"kinds": {kind: {"inbox": in_inbox, "email": True} for kind in ("contact-exchanged", "contact-confirmed")}}
    assert call(api.handler, "PUT", "/notifications/preferences", choices, caller=ADA).status == 200
    assert deliver(worker.handler, REGISTERED, met(2)) == []
    assert deliver(worker.handler, *((met(1), CONFIRMED, WITHDRAWN)[number] for number in order)) == []
    inbox = call(api.handler, "GET", "/notifications", caller=ADA).json
    assert "Guest 1" not in str(inbox)
    assert inbox["unread_count"] == len(inbox["items"])
    assert any("took something back" in item["title"] for item in inbox["items"])
    monkeypatch.setattr(worker, "now", lambda: now() + timedelta(seconds=601))
    deliver(worker.handler, *opened(table))
    assert subjects() == ["You met Guest 2"]


def test_what_is_told_after_a_withdrawal_is_over_stays_and_a_withdrawal_that_comes_again_takes_nothing_more(table: Table) -> None:
    later = replace(CONFIRMED, id="msg_later", occurred_at=NINE + timedelta(minutes=2))
    deliver(worker.handler, REGISTERED, met(1), WITHDRAWN, later, WITHDRAWN, replace(WITHDRAWN, occurred_at=NINE))
    deliver(worker.handler, met(1))
    titles = [item["title"] for item in call(api.handler, "GET", "/notifications", caller=ADA).json["items"]]
    assert ("Guest 1 shows you more" in titles, "You met Guest 1" in titles) == (True, False)


def test_less_to_see_takes_no_name_back_and_who_had_them_on_no_list_is_told_nothing(table: Table) -> None:
    deliver(worker.handler, REGISTERED, met(1), met(2))
    deliver(worker.handler, replace(WITHDRAWN, whole=False), replace(WITHDRAWN, id="msg_3", exchange_id="xch_2", listed=False))
    titles = [item["title"] for item in call(api.handler, "GET", "/notifications", caller=ADA).json["items"]]
    assert [title for title in titles if "Guest" in title] == ["You met Guest 1"]
    assert [title for title in titles if "took" in title] == ["Somebody you met took something back"]


def test_news_that_was_on_its_way_when_it_was_taken_back_does_not_arrive(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    look, inbox = DynamoInbox._state, DynamoInbox()

    def taken_back_after(self: DynamoInbox, user_id: str, news: Notification) -> tuple[InboxHead, bool]:
        seen = look(self, user_id, news)
        monkeypatch.setattr(DynamoInbox, "_state", look)
        inbox.take_back_all(user_id, "xch_1", NINE + timedelta(minutes=1))
        return seen

    monkeypatch.setattr(DynamoInbox, "_state", taken_back_after)
    assert inbox.deliver("usr_ada", entry(1).news) is None
    assert inbox.page("usr_ada", limit=10, cursor=None).items == []


def test_what_comes_back_is_what_was_added_in_its_order(table: Table) -> None:
    digests = DynamoDigests()
    for number in (2, 1, 2):
        digests.add("usr_ada", entry(number), due_at=NINE)
    (message,) = opened(table)
    assert (message.user_id, message.due_at) == ("usr_ada", NINE)
    assert digests.entries(message.digest_id) == [entry(1), entry(2)]


def test_a_closed_digest_gets_nothing_more_and_the_next_is_told(table: Table) -> None:
    digests = DynamoDigests()
    digests.add("usr_ada", entry(1), due_at=NINE)
    (first,) = opened(table)
    for _ in range(2):
        digests.close("usr_ada", first.digest_id)
    digests.add("usr_ada", entry(1), due_at=NINE)  # it comes again
    assert opened(table) == [first]
    digests.add("usr_ada", entry(2), due_at=NINE)
    (second,) = (message for message in opened(table) if message != first)
    digests.close("usr_ada", first.digest_id)  # a repetition of what closed the first
    digests.add("usr_ada", entry(3), due_at=NINE)
    assert digests.entries(first.digest_id) == [entry(1)]
    assert digests.entries(second.digest_id) == [entry(2), entry(3)]


def test_one_that_closes_while_it_is_added_to_loses_nothing(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = DynamoDigests()
    digests.add("usr_ada", entry(1), due_at=NINE)
    (first,) = opened(table)
    look = DynamoDigests._open

    def closed_after(self: DynamoDigests, user_id: str) -> str | None:
        found = look(self, user_id)
        monkeypatch.setattr(DynamoDigests, "_open", look)
        digests.close("usr_ada", first.digest_id)
        return found

    monkeypatch.setattr(DynamoDigests, "_open", closed_after)
    digests.add("usr_ada", entry(2), due_at=NINE)
    assert len(opened(table)) == 2
    assert digests.entries(first.digest_id) == [entry(1)]
