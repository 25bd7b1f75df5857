"""The checker of a conference day finds nothing where everything holds, and names each thing that does not."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from localstack.build import template
from localstack.invariants import Aftermath, again, broken, consumed_of, messages_of, routes_of
from shared.messages import TicketCheckedIn

CONFERENCE = "cnf_1"
ROUTES = {"OrderPaid": frozenset({"Orders", "OrdersLedger", "Tickets"})}


def scan(number: int, ticket: str, **more: Any) -> dict[str, Any]:
    pk = f"SCAN#{CONFERENCE}#dev_1#n{number}"
    return {"kind": "TicketScan", "pk": pk, "ticket": ticket, "admitted": True, "way": "entry"} | more


def ticket(name: str, **more: Any) -> dict[str, Any]:
    return {"kind": "Ticket", "pk": f"TICKET#{name}", "conf": CONFERENCE, **more}


def contact(owner: str, other: str) -> dict[str, Any]:
    return {"kind": "Contact", "pk": f"USER#{owner}", "other_id": other}


@pytest.fixture
def after() -> Aftermath:
    """Two came, one of them twice, one scan was annulled, one refused; two met; one message, which one queue had twice."""
    return Aftermath(
        conference_id=CONFERENCE,
        tickets=[
            ticket("tkt_1", entered="2026-06-01T09:00:00Z"),
            ticket("tkt_2", entered="2026-06-01T09:01:00Z"),
            ticket("tkt_3"),
            ticket("tkt_9", conf="cnf_2", entered="2026-06-01T09:00:00Z"),
            scan(1, "tkt_1"),
            scan(2, "tkt_1"),
            scan(3, "tkt_2"),
            scan(4, "tkt_3", annulled="2026-06-01T09:02:00Z"),
            scan(5, "tkt_3", admitted=False),
            {"kind": "DoorHead", "pk": f"DOOR#{CONFERENCE}", "types": json.dumps({"typ_1": {"checked_in": 2}})},
        ],
        contacts=[contact("usr_1", "usr_2"), contact("usr_2", "usr_1"), {"kind": "Code", "pk": "CODE#x"}],
        messages={"msg_1": "OrderPaid", "msg_2": "ConferencePublished"},
        routes=ROUTES,
        consumed=Counter({("Orders", "msg_1"): 2, ("OrdersLedger", "msg_1"): 1, ("Tickets", "msg_1"): 1, ("Orders", "msg_x"): 1}),
        dead={"Orders": 0, "Tickets": 0},
    )


def test_nothing_is_wrong_where_everything_holds(after: Aftermath) -> None:
    assert broken(after) == []
    assert again(after) == 1


def without(rows: list[Any], number: int) -> list[Any]:
    return rows[:number] + rows[number + 1 :]


@pytest.mark.parametrize(
    ("breaks", "rule", "what"),
    [
        (lambda after: replace(after, tickets=without(after.tickets, 6)), "admission", "tkt_2"),
        (lambda after: replace(after, tickets=[*after.tickets, scan(6, "tkt_3")]), "admission", "tkt_3"),
        (lambda after: replace(after, tickets=[*after.tickets, scan(6, "tkt_lost")]), "admission", "tkt_lost"),
        (lambda after: replace(after, tickets=without(after.tickets, 9)), "door counts", CONFERENCE),
        (lambda after: replace(after, contacts=without(after.contacts, 0)), "contact", "usr_2"),
        (lambda after: replace(after, consumed=after.consumed - Counter({("Tickets", "msg_1"): 1})), "message", "msg_1"),
        (lambda after: replace(after, consumed=after.consumed - Counter({("OrdersLedger", "msg_1"): 1})), "message", "msg_1"),
        (lambda after: replace(after, dead={"Orders": 1}), "dead letters", "Orders"),
    ],
    ids=[
        "an entry without a scan",
        "a scan without an entry",
        "a scan of a ticket that is not there",
        "counts of nobody",
        "a contact of one side",
        "a message that one context never heard of",
        "a message that one of two queues never had",
        "a dead letter",
    ],
)
def test_what_does_not_hold_is_named(after: Aftermath, breaks: Callable[[Aftermath], Aftermath], rule: str, what: str) -> None:
    assert [(each.rule, each.what) for each in broken(breaks(after))] == [(rule, what)]


def test_where_messages_go_is_read_out_of_the_template() -> None:
    routes = routes_of(template()["Resources"])
    assert routes["OrderPaid"] == {"Orders", "OrdersLedger", "Tickets", "Notifications"}
    assert routes["OrderMailDue"] == {"TicketsPapers"}
    assert TicketCheckedIn.__name__ in routes
    assert "ConferencePublished" not in routes


def test_messages_are_those_of_the_day_and_reactions_those_that_succeeded() -> None:
    def outbox(number: int, occurred_at: str) -> dict[str, Any]:
        detail = json.dumps({"id": f"msg_{number}", "conference_id": None, "occurred_at": occurred_at})
        return {"kind": "Outbox", "detail_type": "OrderPaid", "detail": detail}

    rows = [outbox(1, "2026-06-01T09:00:00Z"), outbox(2, "2026-06-01T08:59:59.999Z"), {"kind": "Order"}]
    assert messages_of(rows, datetime(2026, 6, 1, 9, tzinfo=UTC)) == {"msg_1": "OrderPaid"}
    line = {"queue": "ketemu-orders", "message_id": "msg_1"}
    lines = [line | {"message": "message"}, line | {"message": "message failed"}, {"message": "request"}]
    assert consumed_of(lines, {"Orders": "ketemu-orders", "Tickets": "ketemu-tickets"}) == {("Orders", "msg_1"): 1}
