"""What the tests of contacts share: three people, their cards, and what they scan."""

import json
from datetime import UTC, datetime
from typing import Any

from functions.contacts import worker
from functions.contacts.api import handler
from shared.caller import Caller
from shared.messages import TicketIssued
from tests.support import Answer, Table, call, deliver

ADA, BOB, CYD = (Caller(f"usr_{name}", f"{name}@example.org", name.title()) for name in ("ada", "bob", "cyd"))
WHOLE = {
    "name": "Ada Lovelace",
    "company": "Engines Ltd",
    "title": "Analyst",
    "email": "ada@example.org",
    "phone": "+44 20 7946 0000",
    "links": ["https://example.org/ada"],
}


def put_card(who: Caller, **members: Any) -> Any:
    answer = call(handler, "PUT", "/contacts/card", {"name": who.name, **members}, caller=who)
    assert answer.status == 200, answer
    return answer.json


def exchange(who: Caller, code: str, nonce: str, **members: Any) -> Answer:
    return call(handler, "POST", "/contacts/exchange", {"code": code, "nonce": nonce, **members}, caller=who)


def code_at(conference_id: str, who: Caller, *others: Caller) -> str:
    """The code of `who` at a conference that all have a ticket to."""
    for number, each in enumerate((who, *others)):
        assert deliver(worker.handler, issued(each.user_id, each.name, number + 10)) == []
    answer = call(handler, "GET", f"/contacts/card?conference_id={conference_id}", caller=who)
    assert answer.status == 200, answer
    return str(answer.json["code"])


def listed(who: Caller, query: str = "") -> Any:
    answer = call(handler, "GET", f"/contacts{query}", caller=who)
    assert answer.status == 200, answer
    return answer.json


def kinds_with(table: Table, text: str) -> set[str]:
    return {item["kind"] for item in table.items() if text in json.dumps(item, default=str)}


def issued(owner_id: str, name: str, number: int = 1) -> TicketIssued:
    return TicketIssued(
        conference_id="cnf_1",
        ticket_id=f"tkt_{number}",
        order_id="ord_1",
        order_tickets=2,
        number=number,
        owner_id=owner_id,
        owner_name=name,
        owner_email="ada@example.org",
        attendee_name=name,
        ticket_type_name="Regular",
        code="KETEMU:E1:X",
        valid_from=datetime(2026, 6, 1, tzinfo=UTC),
    )
