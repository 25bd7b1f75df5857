"""What is done about an order after the sale, from the request to the ticket and the e-mail."""

from email import message_from_string
from email.policy import default
from itertools import permutations
from typing import Any

import boto3
import pypdfium2
import pytest
import zxingcpp

from functions.notifications import worker as notifications_worker
from functions.orders import api, ledger_worker, worker
from functions.orders.domain import MAX_CHANGES
from functions.tickets import api as tickets_api
from functions.tickets import papers_worker
from functions.tickets import worker as tickets_worker
from functions.tickets.domain import ticket_id
from functions.tickets.items import TicketItem
from shared.caller import Caller
from shared.ids import derived_id
from shared.messages import (
    AttendeeChanged,
    Message,
    OrderMailDue,
    OrderMailReady,
    OrderMailRequested,
    OrderPaid,
    OrderRefunded,
)
from shared.money import Money
from tests.moto.stock import changed, unchanged
from tests.moto.tickets import keep_secret
from tests.support import Answer, Table, call, deliver

CONFERENCE, REGULAR = derived_id("cnf", "aftersales"), derived_id("typ", "aftersales")
HOST = Caller(derived_id("usr", "host"), "host@example.org", "Hana", {CONFERENCE: "organizer"})
DOOR = Caller(derived_id("usr", "door"), "door@example.org", "Dora", {CONFERENCE: "staff"})
BOB = Caller(derived_id("usr", "bob"), "bob@example.org", "Bob")
EVE = Caller(derived_id("usr", "eve"), "eve@example.org", "Eve", {"cnf_2": "organizer"})
GRACE = {"name": "Grace", "email": "grace@example.org"}
HOPPER = {"name": "Grace Hopper", "email": "hopper@example.org"}


@pytest.fixture(autouse=True)
def platform(table: Table, mailing: None, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_secret(monkeypatch)
    monkeypatch.setenv("DIGEST_SECONDS", "0")
    assert not deliver(worker.handler, changed(REGULAR, conference_id=CONFERENCE))


def bought(quantity: int = 1, *, paid: bool = True) -> str:
    body: dict[str, Any] = {"conference_id": CONFERENCE, "lines": [{"ticket_type_id": REGULAR, "quantity": quantity}]}
    answer = call(api.handler, "POST", "/orders", body | ({"payment": {"method": "simulated"}} if paid else {}), caller=BOB)
    assert answer.status == 201, answer
    return str(answer.json["id"])


def name(order_id: str, number: int, attendee: Any, caller: Caller = BOB) -> Answer:
    return call(api.handler, "PATCH", f"/orders/{order_id}/tickets/{number}", attendee, caller=caller)


def mail(order_id: str, caller: Caller = BOB, key: str = "k1") -> Answer:
    return call(api.handler, "POST", f"/orders/{order_id}/mails", caller=caller, headers={"Idempotency-Key": key})


def sent(table: Table, *kinds: type[Message]) -> list[Any]:
    return [message for message in table.outbox() if isinstance(message, kinds)]


def attendees(order_id: str, caller: Caller = BOB) -> list[str]:
    order = call(api.handler, "GET", f"/orders/{order_id}", caller=caller).json
    return [ticket["attendee"]["name"] for ticket in order["tickets"]]


def ticket_of(order_id: str, number: int = 1) -> Any:
    return call(tickets_api.handler, "GET", f"/tickets/{ticket_id(order_id, number)}", caller=BOB).json


# Naming attendees


@pytest.mark.parametrize("caller", [BOB, HOST])
def test_buyer_and_organiser_name_who_a_ticket_is_for(caller: Caller) -> None:
    order_id = bought(2)
    answer = name(order_id, 2, GRACE, caller)
    assert [ticket["attendee"]["name"] for ticket in answer.json["tickets"]] == ["Bob", "Grace"] == attendees(order_id)
    assert answer.json["history"][-1] | {"at": ""} == {"at": "", "what": "attendee", "by": caller.user_id, "detail": "ticket 2"}


def test_a_name_reaches_the_ticket_however_often_and_in_whatever_order_it_is_told(table: Table) -> None:
    order_id = bought(2)
    name(order_id, 1, GRACE)
    name(order_id, 1, HOPPER)
    messages = sent(table, OrderPaid, AttendeeChanged)
    before = table.items()
    for way in permutations(messages):
        _restore(table, before)
        deliver(tickets_worker.handler, *way)
        assert not deliver(tickets_worker.handler, *way, *way)  # what came before its ticket comes again
        assert ticket_of(order_id)["attendee"] == HOPPER
        assert ticket_of(order_id, 2)["attendee"]["name"] == "Bob"


def _restore(table: Table, rows: list[dict[str, Any]]) -> None:
    """The table as it was: what was added since is gone."""
    resource = boto3.resource("dynamodb").Table("ketemu")
    kept = {(row["pk"], row["sk"]) for row in rows}
    for row in table.items():
        if (row["pk"], row["sk"]) not in kept:
            resource.delete_item(Key={"pk": row["pk"], "sk": row["sk"]})


def test_a_name_that_comes_before_its_ticket_comes_again(table: Table) -> None:
    order_id = bought()
    name(order_id, 1, GRACE)
    (message,) = sent(table, AttendeeChanged)
    assert len(deliver(tickets_worker.handler, message)) == 1


def test_an_unpaid_order_s_tickets_are_named_when_they_are_issued(table: Table) -> None:
    order_id = bought(paid=False)
    name(order_id, 1, GRACE)
    call(api.handler, "POST", f"/orders/{order_id}/payments", {"method": "simulated"}, caller=BOB)
    assert not deliver(tickets_worker.handler, *sent(table, AttendeeChanged, OrderPaid))
    assert ticket_of(order_id)["attendee"] == GRACE


def test_a_ticket_that_was_handed_over_keeps_its_new_owner_s_name(table: Table) -> None:
    order_id = bought()
    assert not deliver(tickets_worker.handler, *sent(table, OrderPaid))
    item = TicketItem.get(*TicketItem.key(ticket_id(order_id, 1)))
    item.gsi1pk = f"USER#{EVE.user_id}"
    item.save()
    name(order_id, 1, GRACE)
    assert not deliver(tickets_worker.handler, *sent(table, AttendeeChanged))
    assert TicketItem.get(*TicketItem.key(ticket_id(order_id, 1))).attendee_name == "Bob"


def test_the_organiser_s_list_and_the_buyer_hear_of_a_new_name(table: Table) -> None:
    order_id = bought()
    name(order_id, 1, GRACE)
    messages = sent(table, AttendeeChanged)
    assert not deliver(ledger_worker.handler, *messages)
    assert not deliver(notifications_worker.handler, *messages)
    listed = call(api.handler, "GET", f"/orders/conferences/{CONFERENCE}?q=grace", caller=HOST).json["items"]
    assert [each["id"] for each in listed] == [order_id]
    assert [row["what"] for row in table.items() if row["kind"] == "Notification"] == ["attendee-changed"]


def test_the_same_name_again_changes_nothing(table: Table) -> None:
    order_id = bought()
    name(order_id, 1, GRACE)
    with unchanged(table):
        assert name(order_id, 1, GRACE).status == 200


@pytest.mark.parametrize(
    ("number", "body", "slug"),
    [
        (3, GRACE, "not-found"),
        (0, GRACE, "invalid"),
        ("x", GRACE, "invalid"),
        (1, {}, "invalid"),
        (1, {"name": "Grace"}, "invalid"),
        (1, GRACE | {"name": ""}, "invalid"),
        (1, GRACE | {"name": "Gr\nace"}, "invalid"),
        (1, GRACE | {"email": "nobody"}, "invalid"),
        (1, GRACE | {"status": "valid"}, "invalid"),
        (1, b"[]", "invalid"),
        (1, b"{", "malformed"),
    ],
)
def test_a_name_that_makes_no_sense_is_refused(table: Table, number: Any, body: Any, slug: str) -> None:
    order_id = bought(2)
    with unchanged(table):
        assert name(order_id, number, body).problem() == slug


def test_nobody_is_named_on_a_ticket_that_has_ended(table: Table) -> None:
    order_id = bought(paid=False)
    call(api.handler, "POST", f"/orders/{order_id}/cancel", caller=BOB)
    with unchanged(table):
        assert name(order_id, 1, GRACE).problem() == "ticket-ended"


def test_an_order_is_not_changed_by_hand_without_end(table: Table) -> None:
    order_id = bought()
    for number in range(MAX_CHANGES):
        if name(order_id, 1, GRACE | {"name": f"Grace {number}"}).status != 200:
            break
    with unchanged(table):
        assert name(order_id, 1, HOPPER).problem() == "too-many-changes"
        assert mail(order_id).problem() == "too-many-changes"


# Sending the e-mail again


@pytest.mark.parametrize("caller", [BOB, HOST, DOOR])
def test_the_mail_is_sent_again_as_the_tickets_are_now(table: Table, caller: Caller) -> None:
    order_id = bought(2)
    name(order_id, 2, GRACE)
    assert mail(order_id, caller).status == 202
    assert not deliver(tickets_worker.handler, *sent(table, OrderPaid))
    assert not deliver(tickets_worker.handler, *sent(table, AttendeeChanged))
    assert not deliver(papers_worker.handler, *sent(table, OrderMailRequested))
    assert not deliver(notifications_worker.handler, *sent(table, OrderMailReady))
    (letter,) = mails()
    assert "bob@example.org" in letter
    assert "Grace" in letter


def mails() -> list[str]:
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.ses.models import ses_backends

    return [message.raw_data for message in ses_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].sent_messages]


def test_a_request_is_mailed_once_however_often_anything_comes(table: Table) -> None:
    order_id = bought()
    assert mail(order_id).json == mail(order_id).json
    deliver(tickets_worker.handler, *sent(table, OrderPaid))
    for _ in range(2):
        assert not deliver(papers_worker.handler, *sent(table, OrderMailRequested))
        assert not deliver(notifications_worker.handler, *sent(table, OrderMailReady))
    assert len(mails()) == 1
    mail(order_id, key="k2")
    assert not deliver(papers_worker.handler, *sent(table, OrderMailRequested))
    assert not deliver(notifications_worker.handler, *sent(table, OrderMailReady))
    assert len(mails()) == 2


def test_the_first_mail_and_another_are_two(table: Table) -> None:
    order_id = bought()
    mail(order_id)
    deliver(tickets_worker.handler, *sent(table, OrderPaid))
    assert not deliver(papers_worker.handler, *sent(table, OrderMailDue, OrderMailRequested))
    assert not deliver(notifications_worker.handler, *sent(table, OrderPaid, OrderMailReady))
    assert len(mails()) == 2


def test_a_mail_holds_the_tickets_on_paper_and_their_times_first_and_again(table: Table) -> None:
    order_id = bought(2)
    deliver(tickets_worker.handler, *sent(table, OrderPaid))
    assert not deliver(papers_worker.handler, *sent(table, OrderMailDue))
    assert not deliver(notifications_worker.handler, *sent(table, OrderMailReady))
    name(order_id, 2, GRACE)
    mail(order_id)
    deliver(tickets_worker.handler, *sent(table, AttendeeChanged))
    assert not deliver(papers_worker.handler, *sent(table, OrderMailRequested))
    assert not deliver(notifications_worker.handler, *sent(table, OrderMailReady))
    first, again = (message_from_string(each, policy=default) for each in mails())
    for letter, who in ((first, ["Bob", "Bob"]), (again, ["Bob", "Grace"])):
        files = {part.get_filename(): part.get_content() for part in letter.iter_attachments()}
        assert set(files) == {"tickets.pdf", "conference.ics"}
        pages = list(pypdfium2.PdfDocument(files["tickets.pdf"]))
        assert [each in page.get_textpage().get_text_bounded() for each, page in zip(who, pages, strict=True)] == [True, True]
        read = [
            zxingcpp.read_barcodes(page.render(scale=2).to_pil().convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)
            for page in pages
        ]
        issued = [TicketItem.get(*TicketItem.key(ticket_id(order_id, number))).code for number in (1, 2)]
        assert [code.text for (code,) in read] == issued


def test_a_request_that_comes_before_the_tickets_comes_again(table: Table) -> None:
    mail(bought())
    assert len(deliver(papers_worker.handler, *sent(table, OrderMailRequested))) == 1


def test_a_returned_ticket_is_not_mailed(table: Table) -> None:
    order_id = bought(2)
    mail(order_id)
    deliver(tickets_worker.handler, *sent(table, OrderPaid))
    order = {"conference_id": CONFERENCE, "order_id": order_id, "buyer_id": BOB.user_id}
    deliver(tickets_worker.handler, OrderRefunded(**order, amount=Money(4900, "EUR"), numbers=(1,)))
    deliver(papers_worker.handler, *sent(table, OrderMailRequested))
    (ready,) = sent(table, OrderMailReady)
    assert [each.number for each in ready.tickets] == [2]
    deliver(tickets_worker.handler, OrderRefunded(**order, amount=Money(4900, "EUR"), numbers=(2,)))
    mail(order_id, key="k2")
    assert not deliver(papers_worker.handler, *sent(table, OrderMailRequested))
    assert len(sent(table, OrderMailReady)) == 1


def test_an_unpaid_order_has_nothing_to_mail(table: Table) -> None:
    order_id = bought(paid=False)
    with unchanged(table):
        assert mail(order_id).problem() == "not-paid"


# Who may


def test_others_do_not_learn_that_the_order_is_there(table: Table) -> None:
    order_id = bought()
    with unchanged(table):
        for stranger in (EVE, DOOR):
            assert name(order_id, 1, GRACE, stranger).problem() == "not-found"
        assert mail(order_id, EVE).problem() == "not-found"
        assert name("ord_nobody", 1, GRACE).problem() == "not-found"
        assert call(api.handler, "PATCH", f"/orders/{order_id}/tickets/1", GRACE).problem() == "unauthenticated"
