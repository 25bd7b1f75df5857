"""The rules of a ticket and of all the tickets of an order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from functions.tickets.domain import (
    Attendee,
    CodesExhausted,
    Entry,
    NotReissuable,
    Passage,
    Presence,
    Stale,
    Ticket,
    TicketsOfOrder,
    ticket_id,
)
from functions.tickets.entry_code import LAST_SERIAL
from shared.errors import Problem

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TICKET = Ticket(
    id="tkt_1",
    conference_id="cnf_1",
    conference_name="PyCon",
    order_id="ord_1",
    ticket_type_id="typ_1",
    ticket_type_name="Regular",
    owner_id="usr_ada",
    attendee=Attendee("Ada", "ada@example.org"),
    code="KETEMU:E2:1",
    valid_from=NOON,
    valid_until=NOON + timedelta(days=1),
    issued_at=NOON,
)


def test_a_reissued_ticket_has_the_next_code_and_is_otherwise_the_same() -> None:
    again = TICKET.reissue("KETEMU:E2:2")
    assert again == replace(TICKET, code="KETEMU:E2:2", serial=2, superseded="reissued")
    assert again.reissue("KETEMU:E2:3").serial == 3


def test_a_cancelled_ticket_gets_no_new_code() -> None:
    with pytest.raises(NotReissuable):
        replace(TICKET, status="cancelled").reissue("KETEMU:E2:2")


def test_a_ticket_that_was_let_in_can_still_get_a_new_code() -> None:
    assert replace(TICKET, status="checked_in").reissue("KETEMU:E2:2").status == "checked_in"


def test_the_last_code_of_a_ticket_is_the_last() -> None:
    assert replace(TICKET, serial=LAST_SERIAL - 1).reissue("x").serial == LAST_SERIAL
    with pytest.raises(CodesExhausted):
        replace(TICKET, serial=LAST_SERIAL).reissue("x")


def test_where_a_holder_is_follows_from_what_the_door_saw() -> None:
    first, last = Entry(NOON, "North"), Passage(NOON + timedelta(hours=1), "scn_1")
    inside = replace(TICKET, status="checked_out", first_entry=first, last=last)
    assert inside.presence == Presence("checked_out", first, last)
    assert TICKET.presence == Presence("valid", None, None)


def test_a_ticket_of_an_order_is_one_however_often_it_is_issued() -> None:
    assert ticket_id("ord_1", 1) == ticket_id("ord_1", 1)
    assert len({ticket_id(order, number) for order in ("ord_1", "ord_2") for number in (1, 2)}) == 4
    assert ticket_id("ord_1", 1).startswith("tkt_")


def standing(order: TicketsOfOrder) -> list[int]:
    return list(order.standing)


def test_an_order_is_settled_once_its_tickets_are_issued_or_it_is_cancelled() -> None:
    order = TicketsOfOrder("ord_1")
    assert not order.is_settled
    assert not order.cancel([1]).is_settled  # that one ticket is given back does not say what became of the others
    assert order.issue(1).is_settled
    assert order.cancel([]).is_settled


def test_tickets_stand_from_when_they_are_issued_until_they_are_cancelled() -> None:
    issued = TicketsOfOrder("ord_1").issue(3)
    assert issued.standing == {number: ticket_id("ord_1", number) for number in (1, 2, 3)}
    assert standing(issued.cancel([2])) == [1, 3]
    assert standing(issued.cancel([2]).cancel([3])) == [1]
    assert standing(issued.cancel([])) == []


def test_what_was_cancelled_before_it_was_issued_never_stands() -> None:
    assert standing(TicketsOfOrder("ord_1").cancel([2]).issue(3)) == [1, 3]
    assert standing(TicketsOfOrder("ord_1").cancel([]).issue(3)) == []


@pytest.mark.parametrize(
    "repeated",
    [lambda order: order.cancel([2]).cancel([2]), lambda order: order.cancel([1, 2]).cancel([2])],
    ids=["the same", "one of them"],
)
def test_cancelling_what_is_cancelled_changes_nothing(repeated: Callable[[TicketsOfOrder], TicketsOfOrder]) -> None:
    assert repeated(TicketsOfOrder("ord_1").issue(3)).revision == 2


def test_after_a_whole_order_is_cancelled_nothing_more_can_be() -> None:
    cancelled = TicketsOfOrder("ord_1").issue(2).cancel([])
    assert cancelled.cancel([1]) is cancelled
    assert cancelled.cancel([]) is cancelled


def test_each_change_of_an_orders_tickets_is_a_revision() -> None:
    order = TicketsOfOrder("ord_1")
    revisions = [order.revision, order.issue(2).revision, order.issue(2).cancel([1]).revision, order.issue(2).cancel([]).revision]
    assert revisions == [0, 1, 2, 2]
    assert order.issue(2).cancel([1]).cancel([1, 2]).revision == 3


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (NotReissuable, "cancelled"),
        (CodesExhausted, f"{LAST_SERIAL} codes. Ask the organiser"),
        (Stale, "Send the same request again"),
    ],
)
def test_a_refusal_says_why_or_what_to_do(refusal: Callable[[], Problem], said: str) -> None:
    assert said in refusal().detail
