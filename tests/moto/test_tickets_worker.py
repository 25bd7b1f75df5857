"""Orders become tickets once, and stop being tickets once, in whatever order the messages come."""

from dataclasses import replace
from itertools import permutations

import pytest

from functions.tickets import api, worker
from functions.tickets.domain import ticket_id
from shared.messages import Message, OrderCancelled, OrderRefunded, TicketCancelled, TicketIssued
from shared.money import Money
from tests.moto.tickets import ADA, CONFERENCE, check_in, issued, keep_secret, order_paid
from tests.support import Table, call, deliver

PAID = order_paid(2)
REFUNDED = OrderRefunded(conference_id=CONFERENCE, order_id=PAID.order_id, buyer_id=ADA.user_id, amount=Money(9800, "EUR"))
SECOND_REFUNDED = replace(REFUNDED, numbers=(2,))
CANCELLED = OrderCancelled(conference_id=CONFERENCE, order_id=PAID.order_id, buyer_id=ADA.user_id, was_paid=True)
ABANDONED = OrderCancelled(conference_id=CONFERENCE, order_id=PAID.order_id, buyer_id=ADA.user_id, was_paid=False)


@pytest.fixture(autouse=True)
def secret(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_secret(monkeypatch)


def statuses() -> list[str]:
    return [ticket["status"] for ticket in call(api.handler, "GET", "/tickets", caller=ADA).json["items"]]


def told(table: Table, kind: type[Message]) -> list[Message]:
    return [message for message in table.outbox() if type(message) is kind]


def test_a_paid_order_becomes_one_ticket_a_line(table: Table) -> None:
    assert not deliver(worker.handler, PAID)
    assert statuses() == ["valid", "valid"]
    assert {message.ticket_id for message in told(table, TicketIssued)} == {ticket_id(PAID.order_id, n) for n in (1, 2)}  # type: ignore[attr-defined]


def test_a_payment_that_comes_again_changes_nothing(table: Table) -> None:
    deliver(worker.handler, PAID)
    before = table.items()
    assert not deliver(worker.handler, PAID, PAID)
    assert table.items() == before


def test_twenty_tickets_of_one_order_are_issued_together(table: Table) -> None:
    assert not deliver(worker.handler, order_paid(20))
    assert len(statuses()) == len(told(table, TicketIssued)) == 20


@pytest.mark.parametrize("ended", [REFUNDED, CANCELLED])
def test_an_order_that_ended_admits_nobody(table: Table, ended: Message) -> None:
    ticket = issued()
    assert not deliver(worker.handler, ended, ended)
    assert statuses() == ["cancelled"]
    assert len(told(table, TicketCancelled)) == 1
    assert check_in(ticket["code"]).json["reason"] == "canceled"


def test_a_cancelled_ticket_still_says_when_it_was_first_used(table: Table) -> None:
    ticket = issued()
    check_in(ticket["code"], gate="North")
    deliver(worker.handler, REFUNDED)
    now = call(api.handler, "GET", f"/tickets/{ticket['id']}", caller=ADA).json
    assert (now["status"], now["checked_in"]["gate"]) == ("cancelled", "North")


@pytest.mark.parametrize("order", permutations([PAID, REFUNDED, CANCELLED]))
def test_in_any_order_of_messages_nothing_is_left_to_enter_with(table: Table, order: tuple[Message, ...]) -> None:
    for message in [*order, *order]:
        assert not deliver(worker.handler, message)
    assert "valid" not in statuses()
    assert len(told(table, TicketIssued)) == len(told(table, TicketCancelled))


@pytest.mark.parametrize("order", permutations([PAID, SECOND_REFUNDED, SECOND_REFUNDED]))
def test_a_refund_of_one_ticket_leaves_the_other_in_any_order_of_messages(table: Table, order: tuple[Message, ...]) -> None:
    for message in [*order, *order]:
        assert not deliver(worker.handler, message)
    second = call(api.handler, "GET", f"/tickets/{ticket_id(PAID.order_id, 2)}", caller=ADA).json
    assert second["status"] == "cancelled"
    assert sorted(statuses()) == ["cancelled", "valid"]
    assert len(told(table, TicketCancelled)) == 1
    assert check_in(second["code"]).json["reason"] == "canceled"


def test_an_order_that_was_never_paid_had_no_tickets_to_cancel(table: Table) -> None:
    assert not deliver(worker.handler, ABANDONED)
    assert [item["kind"] for item in table.items()] == ["ReservedOrder"]  # that it was given up
