"""A new code kills the one before; an organiser cancels a ticket, and never sees its code."""

from typing import Any

import boto3
import pytest

from functions.tickets import api, papers_worker, worker
from functions.tickets.items import TicketItem
from shared.caller import Caller
from shared.messages import OrderRefunded, TicketCancelled, TicketMailReady, TicketReissued
from shared.money import Money
from tests.moto.tickets import ADA, CONFERENCE, HOST, check_in, issued, keep_secret, order_paid
from tests.support import Answer, Table, call, deliver


@pytest.fixture(autouse=True)
def secret(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_secret(monkeypatch)


def reissue(ticket: dict[str, Any], key: str | None = None, caller: Caller = ADA) -> Answer:
    where = f"/tickets/{ticket['id']}" if caller == ADA else f"/tickets/conferences/{CONFERENCE}/tickets/{ticket['id']}"
    return call(api.handler, "POST", f"{where}/reissue", caller=caller, headers={"idempotency-key": key} if key else {})


def cancel(ticket: dict[str, Any]) -> Answer:
    return call(api.handler, "POST", f"/tickets/conferences/{CONFERENCE}/tickets/{ticket['id']}/cancel", caller=HOST)


def test_the_old_code_is_dead_and_the_new_one_opens(table: Table) -> None:
    ticket = issued()
    again = reissue(ticket).json
    assert again == {**ticket, "code": again["code"]}
    assert check_in(ticket["code"], "n1").json["reason"] == "revoked"
    assert check_in(again["code"], "n2").json["status"] == "ok"


def test_a_repeated_request_makes_one_code_and_another_makes_another(table: Table) -> None:
    ticket = issued()
    first = reissue(ticket, "a")
    before = table.items()
    assert reissue(ticket, "a").json == first.json
    assert table.items() == before
    assert reissue(ticket, "b").json["code"] != first.json["code"]


def test_an_organiser_reissues_without_seeing_the_code_and_the_owner_is_told(table: Table) -> None:
    ticket = issued()
    outline = reissue(ticket, "a", HOST)
    assert outline.json == {
        "id": ticket["id"], "order_id": ticket["order_id"], "ticket_type_name": "Regular", "attendee_name": "Grace",
        "status": "valid", "serial": 2,
    }  # fmt: skip
    assert reissue(ticket, "a", HOST).json == outline.json
    [told] = [message for message in table.outbox() if isinstance(message, TicketReissued)]
    assert (told.owner_id, told.by_owner, told.serial) == (ADA.user_id, False, 2)
    assert told.code == call(api.handler, "GET", f"/tickets/{ticket['id']}", caller=ADA).json["code"]


@pytest.mark.usefixtures("mailing")
def test_a_new_code_is_printed_for_its_mail_once_unless_another_has_taken_its_place(table: Table) -> None:
    ticket = issued()
    for key in ("a", "b"):
        reissue(ticket, key)
    dead, good = (message for message in table.outbox() if isinstance(message, TicketReissued))
    assert deliver(papers_worker.handler, dead, good, good) == []
    [ready] = [message for message in table.outbox() if isinstance(message, TicketMailReady)]
    assert (ready.ticket.code, ready.reissued, ready.by_owner, ready.owner_id) == (good.code, True, True, ADA.user_id)
    kept = boto3.client("s3").list_objects_v2(Bucket="papers")["Contents"]
    assert [each["Key"] for each in kept] == [ready.paper]
    cancel(ticket)
    assert deliver(papers_worker.handler, good) == []
    assert boto3.client("s3").get_object(Bucket="papers", Key=ready.paper)["Body"].read(4) == b"%PDF"


def test_whoever_is_inside_may_have_a_new_code_and_is_still_inside(table: Table) -> None:
    ticket = issued()
    check_in(ticket["code"], "n1", gate="North")
    code = reissue(ticket).json["code"]
    assert check_in(code, "n2").json["reason"] == "already_redeemed"
    assert check_in(ticket["code"], "n3", type="exit").json["reason"] == "revoked"
    assert check_in(code, "n4", type="exit").json["status"] == "ok"


def test_a_cancelled_ticket_gets_no_new_code(table: Table) -> None:
    ticket = issued()
    cancel(ticket)
    refused = reissue(ticket)
    assert (refused.status, refused.problem()) == (409, "not-reissuable")


def test_after_65535_codes_there_is_none(table: Table) -> None:
    ticket = issued()
    TicketItem(*TicketItem.key(ticket["id"])).update(actions=[TicketItem.serial.set(65534)])
    assert reissue(ticket, "a").status == 200
    refused = reissue(ticket, "b")
    assert (refused.status, refused.problem()) == (409, "codes-exhausted")


def test_an_organiser_cancels_one_ticket_of_an_order(table: Table) -> None:
    deliver(worker.handler, order_paid(3))
    first, second, third = sorted(call(api.handler, "GET", "/tickets", caller=ADA).json["items"], key=lambda ticket: ticket["id"])
    assert [cancel(second).json["status"] for _ in range(2)] == ["cancelled", "cancelled"]
    assert [check_in(ticket["code"], ticket["id"]).json["reason"] for ticket in (first, second, third)] == [None, "canceled", None]
    [told] = [message for message in table.outbox() if isinstance(message, TicketCancelled)]
    assert told.ticket_id == second["id"]


def test_a_refund_of_a_ticket_that_the_organiser_cancelled_tells_nobody_twice(table: Table) -> None:
    ticket = issued()
    cancel(ticket)
    deliver(
        worker.handler,
        OrderRefunded(conference_id=CONFERENCE, order_id=ticket["order_id"], buyer_id=ADA.user_id, amount=Money(0, "EUR")),
    )
    assert len([message for message in table.outbox() if isinstance(message, TicketCancelled)]) == 1
