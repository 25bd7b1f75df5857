"""What is known of the people at a conference goes from every table once its retention has ended, and the books stay."""

import json
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest

from functions.events import retention_schedule
from functions.events.retention import NOTICE
from functions.orders.domain import OrderTicket
from functions.orders.dynamo_ledger import DynamoLedger
from functions.orders.ledger import Entry, Filter
from functions.orders.lines import Attendee
from functions.tickets.dynamo_directory import DynamoDirectory
from shared.caller import Caller
from shared.clock import iso
from shared.messages import OrderPaid, RetentionEnded, RetentionEnding, TicketIssued, UserErased
from shared.money import Money
from shared.nobody import NO_EMAIL, NOBODY
from shared.table import Outbox
from tests.moto.test_privacy import ADA, BOB, EMAIL, NAME, put
from tests.moto.tickets import keep_secret, order_paid
from tests.support import CONTEXT, Table, call, deliver

CNF, OTHER = "cnf_1", "cnf_2"
HOST = Caller("usr_host", "host@example.org", "Hana")


def pass_on(context: str, conference_id: str = CNF) -> None:
    worker = import_module(f"functions.{context}.worker").handler
    message = RetentionEnded(conference_id=conference_id)
    assert deliver(worker, message, message) == []  # safe to repeat


def of_kind(table: Table, kind: str) -> list[dict[str, Any]]:
    return [item for item in table.items() if item["kind"] == kind]


def test_an_organiser_sets_it_the_schedule_tells_and_then_ends_it(table: Table) -> None:
    api = import_module("functions.events.api").handler
    start = datetime(2026, 1, 1, 9, tzinfo=UTC)
    body = {
        "name": "Past",
        "time_zone": "UTC",
        "currency": "EUR",
        "starts_at": iso(start),
        "ends_at": iso(start + timedelta(days=1)),
    }
    conference = call(api, "POST", "/events/conferences", {**body, "retention_days": 30}, caller=HOST).json
    path = f"/events/conferences/{conference['id']}"
    assert (conference["retention_days"], conference["retention_told_at"]) == (30, None)
    until = start + timedelta(days=31)

    def on(at: datetime) -> list[str]:
        return list(retention_schedule.handler({"time": iso(at), "id": "1"}, CONTEXT)["conferences"])

    assert on(until - NOTICE - timedelta(seconds=1)) == []
    assert on(until - NOTICE) == [conference["id"]]
    assert on(until - NOTICE) == []
    [ending] = [message for message in table.outbox() if isinstance(message, RetentionEnding)]
    assert (ending.organizers, ending.ends_at) == ((HOST.user_id,), until)
    assert call(api, "PATCH", path, {"retention_days": 60}, caller=HOST).status == 200
    assert on(until) == []
    later = until + timedelta(days=30)
    assert on(later - NOTICE) == on(later) == [conference["id"]]
    assert on(later + timedelta(days=1000)) == []
    [_] = [message for message in table.outbox() if isinstance(message, RetentionEnded)]
    assert call(api, "GET", path, caller=HOST).json["retention_ended_at"].startswith(f"{later:%Y-%m-%d}")
    assert "gsi2pk" not in of_kind(table, "Conference")[0]


def test_orders_keep_their_amounts_and_name_nobody(table: Table) -> None:
    lines = [{"name": "Regular", "amount": 4900, "attendees": [{"name": "Grace", "email": "grace@example.org"}]}]
    for number, conference_id in enumerate((CNF, OTHER), 1):
        buyer: dict[str, Any] = {"buyer_id": ADA, "buyer_name": NAME, "buyer_email": EMAIL}
        put("Order", f"ORDER#{number}", conference_id=conference_id, lines=lines, **buyer)
    put("WaitingEntry", "WAIT#1", conference_id=CNF, user_id=BOB, user_name="Bob", user_email="bob@example.org", quantity=2)
    paid: dict[str, Any] = {"order_id": "ord_1", "total": Money(1, "EUR"), "tickets": [], "buyer_email": EMAIL, "buyer_name": NAME}
    for conference_id in (CNF, OTHER):
        Outbox.of(OrderPaid(conference_id=conference_id, buyer_id=ADA, **paid)).save()
    pass_on("orders")
    order, other = of_kind(table, "Order")
    assert (order["buyer_name"], order["buyer_email"], order["buyer_id"]) == (NOBODY, NO_EMAIL, ADA)
    assert order["lines"] == [{"name": "Regular", "amount": 4900, "attendees": [{"name": NOBODY, "email": NO_EMAIL}]}]
    assert (other["buyer_name"], other["lines"]) == (NAME, lines)
    [entry] = of_kind(table, "WaitingEntry")
    assert (entry["user_name"], entry["user_email"], entry["quantity"]) == (NOBODY, NO_EMAIL, 2)
    assert [message.conference_id for message in table.outbox()] == [OTHER]


def test_the_ledger_adds_up_as_before_and_finds_orders_by_their_ids_alone(table: Table) -> None:
    at = datetime(2026, 6, 1, 9, tzinfo=UTC)
    ticket = OrderTicket(1, "typ_1", "Regular", Money(4900, "EUR"), Attendee("Grace", "grace@example.org"), "active")
    entry = Entry(
        conference_id=CNF,
        order_id="ord_1",
        revision=1,
        status="paid",
        created_at=at,
        paid_at=at,
        day="2026-06-01",
        buyer_name=NAME,
        buyer_email=EMAIL,
        total=Money(4900, "EUR"),
        refunded=Money(0, "EUR"),
        tickets=(ticket,),
    )
    DynamoLedger().replace(None, entry, entry.tally)
    totals = of_kind(table, "LedgerTotal")
    pass_on("orders")
    for private in ("grace", "lovelace", EMAIL, NAME):
        assert private not in repr(table.items()).lower().replace(NAME.lower(), NAME)
    assert of_kind(table, "LedgerTotal") == totals
    [found], _ = DynamoLedger().page(CNF, Filter(text=("ord_1",)), limit=10, cursor=None)
    assert (found.buyer_name, found.total, found.tickets[0].attendee) == (NOBODY, entry.total, Attendee(NOBODY, NO_EMAIL))


def test_tickets_stay_for_the_doors_count_and_scanners_carry_nobody(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_secret(monkeypatch)
    worker = import_module("functions.tickets.worker").handler
    paid = order_paid()
    deliver(worker, paid)
    [issued] = [message for message in table.outbox() if isinstance(message, TicketIssued)]
    deliver(worker, issued)
    DynamoDirectory().refresh([issued.ticket_id])
    put("DoubleEntry", f"DOOR#{paid.conference_id}", note="It was Grace's brother", ticket_id=issued.ticket_id)
    pass_on("tickets", paid.conference_id)
    [ticket] = of_kind(table, "Ticket")
    assert (ticket["name"], ticket["email"], ticket["status"]) == (NOBODY, NO_EMAIL, "valid")
    assert of_kind(table, "DoubleEntry")[0]["note"] == NOBODY
    assert {item["kind"] for item in table.items()}.isdisjoint({"Listing", "Listed", "CodeRecord", "Outbox"})


def test_of_a_team_the_organisers_stay_and_of_the_agenda_the_speakers(table: Table) -> None:
    for user_id, role in ((ADA, "organizer"), (BOB, "staff")):
        put("Member", f"CONF#{CNF}", f"MEMBER#{user_id}", user_id=user_id, email="x@example.org", name="X", role=role)
    put("Invitation", f"CONF#{CNF}", "MEMBER#inv_1", email="y@example.org")
    put("Speaker", f"CONF#{CNF}", "PART#spk_1", name="Grace")
    put("Star", f"USER#{ADA}", f"STAR#{CNF}#ses_1", conference_id=CNF, user_id=ADA)
    pass_on("events")
    ada, bob, speaker = table.items()
    assert (ada["name"], bob["name"], bob["email"], bob["role"], speaker["name"]) == ("X", NOBODY, NO_EMAIL, "staff", "Grace")


def test_an_inbox_counts_on_and_names_nobody_of_the_conference(table: Table) -> None:
    for number, conference_id in enumerate((CNF, OTHER)):
        data = json.dumps({"conference_id": conference_id})
        put(
            "Notification",
            f"USER#{ADA}",
            f"ITEM#{number}",
            what="attendee-changed",
            title="Ticket 1 is for Grace",
            body="B",
            data=data,
        )
    put("DigestEntry", "DIGEST#1", what="checked-in", title="Grace is at PyCon", data=json.dumps({"conference_id": CNF}))
    pass_on("notifications")
    ended, other = table.items()
    assert (ended["title"], ended["body"]) == ("A ticket of your order is for somebody else", "")
    assert other["title"] == "Ticket 1 is for Grace"


def test_a_message_about_people_is_no_trouble_afterwards(table: Table) -> None:
    """Whoever was at the conference may still leave: what is blank stays blank."""
    put("Order", "ORDER#1", conference_id=CNF, lines=[], buyer_id=ADA, buyer_name=NAME, buyer_email=EMAIL)
    pass_on("orders")
    before = table.items()
    assert deliver(import_module("functions.orders.worker").handler, UserErased(user_id=ADA, email=EMAIL, name=NAME)) == []
    assert table.items() == before
