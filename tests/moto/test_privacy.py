"""What is held about a person is shown to them, and erased, in whatever table it stands."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeSerializer

from functions.notifications.dynamo_people import DynamoAddresses
from functions.notifications.feedback import Trouble
from functions.orders.domain import OrderTicket
from functions.orders.dynamo_ledger import DynamoLedger
from functions.orders.ledger import Entry
from functions.orders.lines import Attendee
from functions.tickets.codes import signed_bytes
from functions.tickets.dynamo_directory import DynamoDirectory
from functions.tickets.dynamo_feed import CodeRecordItem
from functions.tickets.sealing import secrets_of, unseal
from shared import personal
from shared.messages import DataExportRequested, OrderPaid, TicketIssued, UserErased
from shared.money import Money
from shared.nobody import NO_EMAIL, NOBODY
from shared.table import Outbox
from tests.moto.tickets import keep_secret, order_paid
from tests.support import Table, deliver

ADA, BOB = "usr_01K0ADA0000000000000000000", "usr_01K0B0B0000000000000000000"
EMAIL, NAME = "ada@example.org", "Ada Lovelace"
ERASED = UserErased(user_id=ADA, email=EMAIL, name=NAME)
CONTEXTS = ["auth", "events", "orders", "tickets", "contacts", "notifications"]


@pytest.fixture
def bucket(aws: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket="exports", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    monkeypatch.setenv("EXPORTS_BUCKET", "exports")
    return client


def put(kind: str, pk: str, sk: str = "X", **attributes: Any) -> None:
    write = TypeSerializer().serialize
    item = {"pk": pk, "sk": sk, "kind": kind, **attributes}
    boto3.client("dynamodb").put_item(TableName="ketemu", Item={name: write(value) for name, value in item.items()})


def erased_by(context: str, *messages: UserErased) -> None:
    worker = import_module(f"functions.{context}.worker").handler
    assert deliver(worker, *(messages or [ERASED])) == []


def kept(table: Table, kind: str) -> dict[str, Any]:
    [item] = [item for item in table.items() if item["kind"] == kind]
    return item


@pytest.mark.parametrize("context", CONTEXTS)
def test_each_context_hands_over_what_is_in_a_persons_partitions_and_nothing_of_others(
    table: Table, bucket: Any, monkeypatch: pytest.MonkeyPatch, context: str
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", context)
    put("Thing", f"USER#{ADA}", note="mine", number=7, token_digest="secret")
    put("Order", "ORDER#1", gsi1pk=f"USER#{ADA}", buyer_name=NAME)
    put("Order", "ORDER#2", gsi1pk=f"USER#{BOB}", buyer_name="Bob", lines=[{"attendees": [{"name": NAME, "email": EMAIL}]}])
    put("Contact", f"USER#{BOB}", other_id=ADA, note="what Bob thinks of Ada")
    worker = import_module(f"functions.{context}.worker").handler
    assert deliver(worker, DataExportRequested(user_id=ADA, export_id="exp_1")) == []
    stored = bucket.get_object(Bucket="exports", Key=f"exports/exp_1/{context}.json")
    assert stored["ServerSideEncryption"] == "AES256"
    part = json.loads(stored["Body"].read())
    assert sorted(part, key=lambda item: item["kind"]) == [
        {"kind": "Order", "buyer_name": NAME},
        {"kind": "Thing", "note": "mine", "number": 7},
    ]


@pytest.mark.parametrize("context", CONTEXTS)
def test_what_is_in_a_persons_partitions_goes_and_others_stay(table: Table, context: str) -> None:
    put("Thing", f"USER#{ADA}", note="mine")
    put("Thing", f"USER#{BOB}", note="Bob's")
    erased_by(context, ERASED, ERASED)  # safe to repeat
    assert [item["note"] for item in table.items()] == ["Bob's"]


@pytest.mark.parametrize("context", CONTEXTS)
def test_messages_about_a_person_do_not_wait_in_the_outbox(table: Table, context: str) -> None:
    order: dict[str, Any] = {"conference_id": "cnf_1", "order_id": "ord_1", "total": Money(1, "EUR"), "tickets": []}
    for buyer, email in ((ADA, EMAIL), (BOB, "bob@example.org")):
        Outbox.of(OrderPaid(**order, buyer_id=buyer, buyer_name="X", buyer_email=email)).save()
    Outbox.of(ERASED).save()
    Outbox.of(OrderPaid(**order, buyer_id=BOB, buyer_name=NAME, buyer_email="x@example.org")).save()  # only the name
    erased_by(context)
    [message] = table.outbox()
    assert isinstance(message, OrderPaid)
    assert message.buyer_id == BOB


def test_an_order_stays_in_the_books_and_names_nobody(table: Table) -> None:
    of_before = {"name": "A former name", "email": "old@x.org"}
    attendees = [{"name": NAME, "email": EMAIL}, {"name": "Bob", "email": "bob@example.org"}, of_before]
    lines = [{"name": "Regular", "attendees": attendees}]
    put("Order", "ORDER#1", gsi1pk=f"USER#{ADA}", buyer_id=ADA, buyer_name="A former name", buyer_email="old@x.org", lines=lines)
    erased_by("orders")
    order = kept(table, "Order")
    assert (order["buyer_name"], order["buyer_email"], order["buyer_id"]) == (NOBODY, NO_EMAIL, ADA)
    [line] = order["lines"]
    nobody = {"name": NOBODY, "email": NOBODY}
    assert line["attendees"] == [{"name": NOBODY, "email": NO_EMAIL}, {"name": "Bob", "email": "bob@example.org"}, nobody]


def test_the_ledger_keeps_the_amounts_and_finds_the_order_by_no_word_of_the_person(table: Table) -> None:
    attendees = (Attendee(NAME, EMAIL), Attendee("Bob", "bob@example.org"))
    tickets = tuple(OrderTicket(n, "typ_1", "Regular", Money(4900, "EUR"), each, "active") for n, each in enumerate(attendees, 1))
    at = datetime(2026, 6, 1, 9, tzinfo=UTC)
    for order_id, buyer in (("ord_1", attendees[0]), ("ord_2", attendees[1])):
        entry = Entry(
            conference_id="cnf_1",
            order_id=order_id,
            revision=1,
            status="paid",
            created_at=at,
            paid_at=at,
            day="2026-06-01",
            buyer_name=buyer.name,
            buyer_email=buyer.email,
            total=Money(9800, "EUR"),
            refunded=Money(0, "EUR"),
            tickets=tickets,
        )
        DynamoLedger().replace(None, entry, entry.tally)
    put("Order", "ORDER#ord_1", "ORDER", buyer_id=ADA, buyer_name=NAME, buyer_email=EMAIL)
    totals = [item for item in table.items() if item["kind"] == "LedgerTotal"]
    erased_by("orders", ERASED, ERASED)
    left = table.items()
    for private in (EMAIL, NAME, "lovelace"):
        assert private not in repr(left)
    assert {item["sk"].partition("#")[0] for item in left if item["kind"] == "LedgerWord"} >= {"ord_1", "ord_2", "bob"}
    assert [item for item in left if item["kind"] == "LedgerTotal"] == totals


def test_in_an_order_of_another_only_the_person_is_blanked(table: Table) -> None:
    lines = [{"attendees": [{"name": NAME, "email": "Ada@example.org".lower()}]}]
    put("Order", "ORDER#1", gsi1pk=f"USER#{BOB}", buyer_id=BOB, buyer_name="Bob", buyer_email="bob@example.org", lines=lines)
    erased_by("orders")
    order = kept(table, "Order")
    assert (order["buyer_name"], order["buyer_email"]) == ("Bob", "bob@example.org")
    assert order["lines"] == [{"attendees": [{"name": NOBODY, "email": NO_EMAIL}]}]


@pytest.mark.parametrize(
    ("buyer", "attendee", "email", "name_left"),
    [
        (ADA, NAME, "old@example.org", NOBODY),  # under an address of before
        (ADA, "Grace", "grace@example.org", "Grace"),  # bought for somebody else
        (BOB, "A. Lovelace", EMAIL.upper(), NOBODY),  # bought by somebody else
    ],
)
def test_a_ticket_stays_for_the_doors_count_and_names_the_person_no_more_nor_does_its_record_for_scanners(
    table: Table, monkeypatch: pytest.MonkeyPatch, buyer: str, attendee: str, email: str, name_left: str
) -> None:
    keep_secret(monkeypatch)
    line = replace(order_paid().tickets[0], attendee_name=attendee, attendee_email=email)
    paid = replace(order_paid(), buyer_id=buyer, buyer_name=NAME if buyer == ADA else "Bob", buyer_email=email, tickets=[line])
    deliver(import_module("functions.tickets.worker").handler, paid)
    [issued] = [message for message in table.outbox() if isinstance(message, TicketIssued)]
    deliver(import_module("functions.tickets.worker").handler, issued)
    DynamoDirectory().refresh([issued.ticket_id])
    assert [item for item in table.items() if item["kind"] == "Listing"]
    erased_by("tickets", ERASED, ERASED)
    ticket = kept(table, "Ticket")
    assert (ticket["name"], ticket["status"]) == (name_left, "valid")
    assert EMAIL not in repr(table.items()).lower()
    record = CodeRecordItem.get(kept(table, "CodeRecord")["pk"], kept(table, "CodeRecord")["sk"])
    assert unseal(secrets_of(signed_bytes(ticket["code"])), record.sealed).name == name_left
    listed = [item for item in table.items() if item["kind"] == "Listing"]
    assert bool(listed) == (name_left != NOBODY)


def test_cards_codes_and_the_copies_that_others_hold_go(table: Table) -> None:
    put("Attendee", f"USER#{ADA}", name=NAME)
    put("Code", "CODE#1", user_id=ADA, name=NAME)
    put("ContactScan", "CODE#2", scanner_id=ADA)
    put("Contact", f"USER#{BOB}", other_id=ADA, name=NAME)
    put("Lead", "TEAM#exh_1", other_id=ADA, name=NAME)
    put("Contact", f"USER#{BOB}", "Y", other_id="usr_carol", name="Carol")
    put("Lead", "TEAM#exh_1", "Y", other_id="usr_carol", name="Carol's lead", scans={ADA: "2026-06-01T09:00:00.000Z"})
    erased_by("contacts")
    assert [item["name"] for item in table.items()] == ["Carol's lead", "Carol"]


def test_a_team_forgets_a_member_and_an_invitation(table: Table) -> None:
    put("Member", "CONF#1", f"MEMBER#{ADA}", user_id=ADA, email=EMAIL, name=NAME, company="Engines", role="staff")
    put("Member", "CONF#1", f"MEMBER#{BOB}", user_id=BOB, email="bob@example.org", name="Bob", company="Engines", role="staff")
    put("Invitation", "CONF#1", "MEMBER#inv_1", email=EMAIL)
    erased_by("events")
    ada, bob = table.items()
    assert (ada["email"], ada["name"], ada["company"], ada["user_id"]) == (NO_EMAIL, NOBODY, NOBODY, ADA)
    assert (bob["name"], bob["company"]) == ("Bob", "Engines")


def test_what_others_were_told_stays_told_and_names_nobody(table: Table) -> None:
    put("Notification", f"USER#{BOB}", title=f"You met {NAME}", body=f"You and {NAME} exchanged contacts.")
    put("Person", "PERSON#usr_new", email=EMAIL)  # who registered with the address since
    erased_by("notifications")
    told, person = sorted(table.items(), key=lambda item: str(item["kind"]))
    assert (told["title"], told["body"]) == (f"You met {NOBODY}", f"You and {NOBODY} exchanged contacts.")
    assert person["email"] == EMAIL


def test_what_was_gathered_for_somebody_who_left_goes_too(table: Table) -> None:
    put("DigestEntry", "DIGEST#1", user_id=ADA, title="You met Bob", body="B", data="{}")
    put("DigestEntry", "DIGEST#2", user_id=BOB, title=f"You met {NAME}", body="B", data="{}")
    erased_by("notifications")
    assert kept(table, "DigestEntry")["title"] == f"You met {NOBODY}"  # which is then not mailed


def test_a_person_is_shown_that_mail_does_not_arrive(table: Table, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "notifications")
    put("Person", f"PERSON#{ADA}", "PERSON", email=EMAIL, name=NAME, v=1)
    DynamoAddresses().note(Trouble(EMAIL, "complaint", datetime(2026, 6, 1, tzinfo=UTC)))
    worker = import_module("functions.notifications.worker").handler
    assert deliver(worker, DataExportRequested(user_id=ADA, export_id="exp_1")) == []
    part = json.loads(bucket.get_object(Bucket="exports", Key="exports/exp_1/notifications.json")["Body"].read())
    assert {"kind": "Trouble", "reason": "complaint", "since": "2026-06-01T00:00:00.000Z"} in part


def test_a_name_that_json_escapes_is_blanked_too(table: Table) -> None:
    put("Notification", f"USER#{BOB}", title="x", data=json.dumps({"name": "Zoë Čapek"}))
    erased_by("notifications", UserErased(user_id=ADA, email=EMAIL, name="Zoë Čapek"))
    assert json.loads(kept(table, "Notification")["data"]) == {"name": NOBODY}


def test_an_address_is_forgotten_also_where_only_its_hash_is_kept(table: Table) -> None:
    DynamoAddresses().note(Trouble(EMAIL, "complaint", datetime(2026, 6, 1, tzinfo=UTC)))
    DynamoAddresses().note(Trouble("bob@example.org", "complaint", datetime(2026, 6, 1, tzinfo=UTC)))
    erased_by("notifications", ERASED, ERASED)
    assert DynamoAddresses().trouble(EMAIL) is None
    assert DynamoAddresses().trouble("bob@example.org") is not None


def test_who_left_can_still_be_refunded(table: Table) -> None:
    """A refund counts down what the person has, and would find no count."""
    put("Count", f"COUNT#typ_1#{ADA}", "COUNT", tickets=1)
    erased_by("orders")
    assert kept(table, "Count")["tickets"] == 1


def test_a_speaker_is_shown_their_profile(table: Table, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "events")
    put("Speaker", "CONF#1", "PART#spk_1", user_id=ADA, name=NAME)
    put("Speaker", "CONF#1", "PART#spk_2", user_id=BOB, name="Bob")
    assert deliver(import_module("functions.events.worker").handler, DataExportRequested(user_id=ADA, export_id="exp_1")) == []
    part = json.loads(bucket.get_object(Bucket="exports", Key="exports/exp_1/events.json")["Body"].read())
    assert [item["name"] for item in part] == [NAME]


def test_an_account_that_took_the_address_since_is_left_alone(table: Table) -> None:
    put("Credential", f"EMAIL#{EMAIL}", email=EMAIL, user_id="usr_new")
    put("User", "USER#usr_new", email=EMAIL, user_id="usr_new")
    before = table.items()
    erased_by("auth")
    assert table.items() == before


def test_who_changes_an_item_meanwhile_is_not_overwritten(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    put("Order", "ORDER#1", buyer_id=ADA, buyer_name=NAME, buyer_email=EMAIL)
    [stale] = list(personal.items())
    put("Order", "ORDER#1", buyer_id=ADA, buyer_name="Countess", buyer_email=EMAIL)
    monkeypatch.setattr(personal, "items", lambda: iter([stale]))
    worker = import_module("functions.orders.worker").handler
    assert deliver(worker, ERASED) == ["m-0"]  # goes back to the queue, to be read anew
    assert kept(table, "Order")["buyer_name"] == "Countess"


def test_a_persons_data_is_not_shown_where_it_could_be_logged() -> None:
    assert EMAIL not in repr(personal.Person(ADA, EMAIL, NAME))
