"""Each message reaches exactly the queues it should, and each queue's worker knows what reaches it."""

import json
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import boto3
import pytest

from shared import messages
from shared.messages import Message
from shared.money import Money
from tests.aws import mock_aws
from tests.contract.template import RESOURCES

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
EUR = Money(4900, "EUR")
LINE = messages.TicketLine("typ_1", "Regular", EUR, "Ada", "ada@example.org", NOON, NOON)
ADA: dict[str, Any] = {"user_id": "usr_1", "email": "ada@example.org", "name": "Ada"}
CNF: dict[str, Any] = {"conference_id": "cnf_1"}
TICKET: dict[str, Any] = {**CNF, "ticket_id": "tkt_1", "owner_id": "usr_1"}
ORDER: dict[str, Any] = {**CNF, "order_id": "ord_1", "buyer_id": "usr_1"}

WAITER: dict[str, Any] = {
    **CNF,
    "entry_id": "wtl_1",
    "user_id": "usr_1",
    "user_name": "Ada",
    "user_email": "ada@example.org",
    "ticket_type_id": "typ_1",
    "ticket_type_name": "Regular",
    "quantity": 2,
    "leave_token": "wtl_1.secret",
}

CONTEXTS = ("Auth", "Events", "Orders", "Tickets", "Contacts", "Notifications")
# Each queue and the worker that empties it.
QUEUES = {
    **{context: f"functions.{context.lower()}.worker" for context in CONTEXTS},
    "OrdersLedger": "functions.orders.ledger_worker",
    "TicketsPapers": "functions.tickets.papers_worker",
}

# Who hears of what. A message that is not here, or goes elsewhere, fails.
REACHES: list[tuple[Message, set[str]]] = [
    (messages.UserRegistered(**ADA), {"Notifications"}),
    *(
        (
            kind(user_id="usr_1", email="ada@example.org", name="Ada", token="usr_1.prf_1.x", expires_at=NOON),
            {"Auth", "Notifications"},
        )
        for kind in (messages.EmailVerificationRequested, messages.EmailChangeRequested, messages.PasswordResetRequested)
    ),
    (messages.DataExportRequested(user_id="usr_1", export_id="exp_1"), set(CONTEXTS)),
    (messages.UserErased(**ADA), set(CONTEXTS)),
    (messages.PasswordForgotten(email="ada@example.org"), {"Auth"}),
    (
        messages.EmailChanged(**ADA, old_email="a@example.org"),
        {"Notifications"},
    ),
    (messages.PasswordChanged(**ADA), {"Notifications"}),
    (
        messages.RetentionEnding(**CNF, conference_name="C", organizers=("usr_1",), ends_at=NOON),
        {"Notifications"},
    ),
    (messages.RetentionEnded(**CNF), {"Events", "Orders", "Tickets", "Contacts", "Notifications"}),
    (
        messages.ConferencePublished(**CNF, name="C", time_zone="Asia/Jakarta", starts_at=NOON, ends_at=NOON, published_by="usr_1"),
        set(),
    ),
    (messages.AgendaReleased(**CNF, release=1), {"Events", "Notifications"}),
    (
        messages.AgendaMoved(
            **CNF,
            user_id="usr_1",
            release=2,
            moved=[messages.MovedSession("ses_1", "Talk", NOON, "Hall", NOON, None)],
            canceled=[messages.CanceledSession("ses_2", "Talk", NOON, None)],
        ),
        {"Notifications"},
    ),
    (
        messages.TicketTypeChanged(
            **CNF,
            ticket_type_id="typ_1",
            revision=1,
            name="Regular",
            price=EUR,
            capacity=10,
            min_per_order=1,
            max_per_order=5,
            sale_starts_at=NOON,
            sale_ends_at=NOON,
            hidden=False,
            valid_from=NOON,
            valid_until=NOON,
            hold_minutes=15,
        ),
        {"Orders"},
    ),
    (messages.PoolChanged(**CNF, pool_id="pool_1", revision=1, capacity=500), {"Orders"}),
    (
        messages.MemberInvited(
            **CNF, invitation_id="inv_1", email="ada@example.org", role="staff", token="cnf_1.inv_1.x", expires_at=NOON
        ),
        {"Events", "Notifications"},
    ),
    (
        messages.MembershipChanged(**CNF, user_id="usr_1", role="staff", revision=1),
        {"Auth", "Tickets", "Contacts", "Notifications"},
    ),
    (messages.OrderReserved(**ORDER, expires_at=NOON), {"Orders", "OrdersLedger", "Tickets"}),
    (
        messages.OrderPaid(**ORDER, buyer_name="Ada", buyer_email="ada@example.org", total=EUR, tickets=[]),
        {"Orders", "OrdersLedger", "Tickets", "Notifications"},
    ),
    (messages.OrderExpired(**ORDER), {"Orders", "OrdersLedger", "Notifications"}),
    (messages.OrderCancelled(**ORDER, was_paid=False), {"Orders", "OrdersLedger", "Tickets", "Notifications"}),
    (messages.OrderRefunded(**ORDER, amount=EUR), {"Orders", "OrdersLedger", "Tickets", "Notifications"}),
    (messages.RefundFailed(**ORDER, refund_id="rfd_1", amount=EUR, came_back=True), {"OrdersLedger", "Notifications"}),
    (messages.OrderReseated(**ORDER, total=EUR), {"Notifications"}),
    (messages.PaymentPending(**CNF, order_id="ord_1", number=1, check_at=NOON), {"Orders"}),
    (messages.WaitingListJoined(**WAITER), {"Notifications"}),
    (messages.WaitingListOffered(**WAITER, order_id="ord_1", expires_at=NOON), {"Orders", "Notifications"}),
    (messages.WaitingListOfferExpired(**WAITER, order_id="ord_1"), {"Notifications"}),
    (messages.WaitingListLeft(**WAITER), {"Orders", "Notifications"}),
    (
        messages.AttendeeChanged(
            **ORDER, number=1, attendee_name="Grace", attendee_email="grace@example.org", is_paid=True, revision=3
        ),
        {"OrdersLedger", "Tickets", "Notifications"},
    ),
    (
        messages.OrderMailRequested(
            **ORDER, request_id="req_1", buyer_name="Ada", buyer_email="ada@example.org", total=EUR, paid_at=NOON
        ),
        {"TicketsPapers"},
    ),
    (
        messages.OrderMailDue(
            **ORDER, request_id="ord_1", buyer_name="Ada", buyer_email="ada@example.org", total=EUR, paid_at=NOON
        ),
        {"TicketsPapers"},
    ),
    (
        messages.OrderMailReady(
            **ORDER,
            request_id="req_1",
            buyer_name="Ada",
            buyer_email="ada@example.org",
            total=EUR,
            paid_at=NOON,
            tickets=[messages.MailedCode(1, "Ada", "Regular", "KETEMU:E1:X", NOON, "UTC")],
        ),
        {"Notifications"},
    ),
    (
        messages.TicketIssued(
            **CNF,
            ticket_id="tkt_1",
            order_id="ord_1",
            order_tickets=1,
            number=1,
            owner_id="usr_1",
            owner_name="Ada",
            owner_email="ada@example.org",
            attendee_name="Ada",
            ticket_type_name="Regular",
            code="KETEMU:E1:X",
            valid_from=NOON,
        ),
        {"Events", "Contacts"},
    ),
    (
        messages.TicketCancelled(**CNF, ticket_id="tkt_1", order_id="ord_1", owner_id="usr_1"),
        {"Events", "Contacts", "Notifications"},
    ),
    (
        messages.TicketMailReady(
            **TICKET,
            order_id="ord_1",
            request_id="msg_1",
            ticket=messages.MailedCode(1, "Ada", "Regular", "KETEMU:E2:X", NOON, "UTC"),
            issued_at=NOON,
            paper="papers/msg_1.pdf",
            reissued=True,
        ),
        {"Notifications"},
    ),
    (
        messages.TicketReissued(
            **TICKET,
            order_id="ord_1",
            by_owner=True,
            attendee_name="Ada",
            ticket_type_name="Regular",
            code="KETEMU:E2:X",
            serial=2,
            valid_from=NOON,
        ),
        {"TicketsPapers", "Notifications"},
    ),
    (
        messages.TicketTransferOffered(
            **TICKET,
            ticket_type_name="Regular",
            owner_name="Ada",
            email="bob@example.org",
            token="secret",
            valid_from=NOON,
            expires_at=NOON,
        ),
        {"Notifications"},
    ),
    (messages.TicketTransferEnded(**TICKET, email="bob@example.org", declined=True), {"Notifications"}),
    (
        messages.TicketTransferred(
            **TICKET,
            order_id="ord_1",
            ticket_type_name="Regular",
            from_id="usr_2",
            owner_name="Ada",
            owner_email="ada@example.org",
            code="KETEMU:E2:X",
            serial=2,
            valid_from=NOON,
        ),
        {"Contacts", "Events", "TicketsPapers", "Notifications"},
    ),
    (
        messages.TicketCheckedIn(
            **CNF, ticket_id="tkt_1", owner_id="usr_1", ticket_type_id="typ_1", gate="A", direction="entry", scanned_at=NOON
        ),
        {"Notifications"},
    ),
    (messages.CheckInAnnulled(**CNF, ticket_id="tkt_1", direction="entry"), {"Notifications"}),
    (
        messages.DoubleEntryFound(
            **CNF,
            conflict_id="dbl_1",
            ticket_id="tkt_1",
            crew=("usr_1",),
            first_gate="A",
            first_at=NOON,
            first_by="dev_1",
            second_gate=None,
            second_at=NOON,
            second_by="usr_2",
        ),
        {"Notifications"},
    ),
    (messages.CardChanged(user_id="usr_1", revision=2), {"Contacts"}),
    (messages.ContactConfirmed(exchange_id="exc_1", holder_id="usr_2", name="Ada"), {"Notifications"}),
    (messages.ContactWithdrawn(exchange_id="exc_1", holder_id="usr_2", whole=True), {"Notifications"}),
    (
        messages.DoubleEntrySettled(**CNF, conflict_id="dbl_1", found_id="msg_1", found_at=NOON, crew=("usr_1",)),
        {"Notifications"},
    ),
    (
        messages.ContactExchanged(
            exchange_id="exc_1", scanner_id="usr_1", scanned_id="usr_2", scanner_name="Ada", scanned_name="Bob"
        ),
        {"Notifications"},
    ),
    (messages.DoorCounted(**CNF), {"Notifications"}),
    (messages.LiveFrame(topic="door:cnf_1", connection_ids=["abc="], frame="{}"), {"Notifications"}),
    (messages.DigestOpened(user_id="usr_1", digest_id="dig_1", due_at=NOON), {"Notifications"}),
]

RULES = {name: resource["Properties"] for name, resource in RESOURCES.items() if resource["Type"] == "AWS::Events::Rule"}


def test_every_message_is_accounted_for() -> None:
    assert {type(message).__name__ for message, _ in REACHES} == set(messages.KINDS)


@pytest.mark.parametrize("message", [message for message, _ in REACHES], ids=lambda message: type(message).__name__)
def test_a_message_crosses_the_bus_unchanged(message: Message) -> None:
    assert messages.parse(type(message).__name__, json.loads(message.to_json())) == message


@pytest.mark.parametrize("message", [message for message, _ in REACHES], ids=lambda message: type(message).__name__)
def test_a_newer_producer_does_not_break_a_consumer(message: Message) -> None:
    detail = {**json.loads(message.to_json()), "added_later": 1}
    assert messages.parse(type(message).__name__, detail) == message


def test_each_message_reaches_exactly_its_queues() -> None:
    with mock_aws():
        events, sqs = boto3.client("events"), boto3.client("sqs")
        events.create_event_bus(Name="ketemu")
        urls = {context: sqs.create_queue(QueueName=context)["QueueUrl"] for context in QUEUES}
        arns = {
            f"{context}Queue": sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            for context, url in urls.items()
        }
        for name, rule in RULES.items():
            events.put_rule(Name=name, EventBusName="ketemu", EventPattern=json.dumps(rule["EventPattern"]))
            targets = [{"Id": target["Id"], "Arn": arns[target["Arn"]["Fn::GetAtt"][0]]} for target in rule["Targets"]]
            events.put_targets(Rule=name, EventBusName="ketemu", Targets=targets)

        for message, reached in REACHES:
            kind = type(message).__name__
            entry = {"EventBusName": "ketemu", "Source": message.source, "DetailType": kind, "Detail": message.to_json()}
            assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
            seen = {context: sqs.receive_message(QueueUrl=url).get("Messages", []) for context, url in urls.items()}
            assert {context for context, received in seen.items() if received} == reached, kind
            for context, received in seen.items():
                for one in received:
                    sqs.delete_message(QueueUrl=urls[context], ReceiptHandle=one["ReceiptHandle"])


@pytest.mark.parametrize(("queue", "module"), QUEUES.items())
def test_a_worker_reacts_to_exactly_what_reaches_its_queue(queue: str, module: str) -> None:
    reactions = import_module(module).handler.reactions
    assert {kind.__name__ for kind in reactions} == set(RULES[f"{queue}Rule"]["EventPattern"]["detail-type"])


def test_only_the_relay_publishes() -> None:
    root = Path(__file__).resolve().parents[2]
    callers = {
        path for folder in ("functions", "shared") for path in (root / folder).rglob("*.py") if ".put_events(" in path.read_text()
    }
    assert callers == {root / "functions" / "relay" / "stream.py"}
