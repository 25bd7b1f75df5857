"""Somebody whose order is reserved and not paid stands at the door: it is told apart from everything else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.tickets import api, worker
from functions.tickets.domain import ticket_id
from shared.caller import Caller
from shared.clock import now
from shared.messages import LineState, OrderCancelled, OrderReserved, OrderState
from shared.money import Money
from tests.moto.tickets import ADA, BOB, CONFERENCE, DOOR, ELSEWHERE, REGULAR, STRANGER, check_in, keep_secret, order_paid
from tests.support import Table, call, deliver

PRICE = Money(4900, "EUR")
ORDER = order_paid().order_id
STATE = OrderState(1, "reserved", now(), PRICE, Money(0, "EUR"), (LineState(REGULAR, "Regular", 2, PRICE),))
RESERVED = OrderReserved(
    conference_id=CONFERENCE, order_id=ORDER, buyer_id=ADA.user_id, expires_at=now() + timedelta(hours=1), order=STATE
)
CANCELLED = OrderCancelled(conference_id=CONFERENCE, order_id=ORDER, buyer_id=ADA.user_id, was_paid=False)


@pytest.fixture(autouse=True)
def secret(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_secret(monkeypatch)


def found(conference: str = CONFERENCE, caller: Caller = DOOR) -> list[dict[str, Any]]:
    answer = call(api.handler, "POST", f"/tickets/conferences/{conference}/look-up", {"query": ORDER}, caller=caller)
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def test_an_unpaid_order_is_found_and_turned_away_as_unpaid_and_the_scan_is_kept(table: Table) -> None:
    assert not deliver(worker.handler, RESERVED, RESERVED)
    rows = found()
    assert [(each["id"], each["status"], each["ticket_type_name"], each["attendee_name"]) for each in rows] == [
        (ticket_id(ORDER, number), "unpaid", "Regular", "") for number in (1, 2)
    ]
    answers = [check_in(None, ticket_id=rows[0]["id"]).json for _ in range(2)]
    assert answers[0] == answers[1]
    assert (answers[0]["status"], answers[0]["reason"], answers[0]["cause"]) == ("error", "unpaid", "unpaid")
    assert (answers[0]["admitted"], answers[0]["ticket"]) == (False, None)
    [scan] = [item for item in table.items() if item["kind"] == "TicketScan"]
    assert scan["ticket"] == rows[0]["id"]


def test_nobody_is_let_in_unpaid_by_force(table: Table) -> None:
    assert not deliver(worker.handler, RESERVED)
    assert check_in(None, ticket_id=ticket_id(ORDER, 1), force="knows the organiser").json["admitted"] is False


@pytest.mark.parametrize("paid_first", [False, True])
def test_once_it_is_paid_it_is_a_ticket(table: Table, paid_first: bool) -> None:
    messages = [RESERVED, order_paid(2)]
    assert not deliver(worker.handler, *(reversed(messages) if paid_first else messages))
    assert {each["status"] for each in found()} == {"valid"}
    assert check_in(None, ticket_id=ticket_id(ORDER, 1)).json["status"] == "ok"


@pytest.mark.parametrize(
    "told", [(RESERVED, CANCELLED), (CANCELLED, RESERVED), (replace(RESERVED, expires_at=now() - timedelta(seconds=1)),), ()]
)
def test_what_was_given_up_or_has_expired_is_nothing_any_more(table: Table, told: tuple[Any, ...]) -> None:
    for message in told:
        assert not deliver(worker.handler, message)
    assert found() == []
    assert check_in(None, ticket_id=ticket_id(ORDER, 1)).problem() == "not-found"


def test_it_is_shown_to_the_crew_of_its_conference_alone(table: Table) -> None:
    assert not deliver(worker.handler, RESERVED)
    assert found(ELSEWHERE, STRANGER) == []
    assert check_in(None, ticket_id=ticket_id(ORDER, 1), caller=STRANGER).problem() == "not-found"
    assert check_in(None, ticket_id=ticket_id(ORDER, 1), caller=BOB).problem() == "forbidden"
