"""A conference with people, an order, and the secret that signs its codes: what the tests of tickets start from."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from functions.tickets import api, journal_stream, papers_api, secret, worker
from functions.tickets.happenings import TOLD
from shared.caller import Caller
from shared.clock import now
from shared.ids import derived_id
from shared.messages import OrderPaid, TicketLine
from shared.money import Money
from tests.support import CONTEXT, Answer, call, deliver

CONFERENCE, ELSEWHERE = derived_id("cnf", "1"), derived_id("cnf", "2")
REGULAR = derived_id("typ", "regular")
ADA = Caller(derived_id("usr", "ada"), "ada@example.org", "Ada")
BOB = Caller(derived_id("usr", "bob"), "bob@example.org", "Bob", {CONFERENCE: "exhibitor"})
DOOR = Caller(derived_id("usr", "door"), "door@example.org", "Dora", {CONFERENCE: "staff"})
HOST = Caller(derived_id("usr", "host"), "host@example.org", "Hana", {CONFERENCE: "organizer"})
STRANGER = Caller(derived_id("usr", "stranger"), "stranger@example.org", "Otto", {ELSEWHERE: "staff"})


def keep_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The root secret, as the stack makes it."""
    boto3.client("secretsmanager").create_secret(Name="ketemu-tickets", SecretString="s" * 64)
    monkeypatch.setenv("TICKET_SECRET", "ketemu-tickets")
    secret.forget()


def order_paid(quantity: int = 1, *, order: str = "1", buyer: Caller = ADA, opens: datetime | None = None) -> OrderPaid:
    """A paid order for tickets that admit since an hour ago, or from `opens`, for two days."""
    opens = opens or now() - timedelta(hours=1)
    line = TicketLine(REGULAR, "Regular", Money(4900, "EUR"), "Grace", "grace@example.org", opens, opens + timedelta(days=2))
    return OrderPaid(
        conference_id=CONFERENCE,
        conference_name="Meet in June",
        order_id=derived_id("ord", order),
        buyer_id=buyer.user_id,
        buyer_name=buyer.name,
        buyer_email=buyer.email,
        total=Money(4900 * quantity, "EUR"),
        tickets=[line] * quantity,
    )


def issued(**how: Any) -> dict[str, Any]:
    """A ticket that was just issued to Ada, as its owner sees it."""
    assert not deliver(worker.handler, order_paid(**how))
    ticket: dict[str, Any] = call(api.handler, "GET", "/tickets?limit=1", caller=ADA).json["items"][0]
    return ticket


def handler_of(url: str) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """Of the function that has the route."""
    return (papers_api if url.endswith("/pdf") else api).handler


def check_in(
    code: str | None, nonce: str = "n1", *, caller: Caller | None = DOOR, credential: str | None = None, **body: object
) -> Answer:
    held = {"code": code, "nonce": nonce, **body}
    return call(api.handler, "POST", "/tickets/check-in", held, caller=caller, headers=device(credential))


def hand_in(scans: list[dict[str, Any]], *, caller: Caller | None = DOOR, credential: str | None = None) -> Answer:
    return call(api.handler, "POST", "/tickets/check-in/batch", {"scans": scans}, caller=caller, headers=device(credential))


def device(credential: str | None) -> dict[str, str]:
    return {"authorization": f"Device {credential}"} if credential else {}


def add_gate(name: str, **body: object) -> dict[str, Any]:
    answer = call(api.handler, "POST", f"/tickets/conferences/{CONFERENCE}/gates", {"name": name, **body}, caller=HOST)
    assert answer.status == 201, answer
    gate: dict[str, Any] = answer.json
    return gate


def add_device(**body: object) -> dict[str, Any]:
    """A device and the code that pairs it."""
    told = {"conference_id": CONFERENCE, "name": "Scanner 1", **body}
    answer = call(api.handler, "POST", "/tickets/devices", told, caller=HOST)
    assert answer.status == 201, answer
    pairing: dict[str, Any] = answer.json
    return pairing


def pair(code: str) -> Answer:
    return call(api.handler, "POST", "/tickets/devices/pair", {"code": code})


def paired(**body: object) -> str:
    """The credential of a scanner that was just paired."""
    return str(pair(add_device(**body)["code"]).json["credential"])


def records() -> list[dict[str, Any]]:
    """All that the table's stream says to the journal's scribe, as DynamoDB has it."""
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName="ketemu", ConsistentRead=True)
    images = [item for page in pages for item in page["Items"]]
    told = {"TicketScan", "TicketAnnulment", "DoorLookUp"}
    return [each for each in images if each["kind"]["S"] in told or each.get("detail_type", {}).get("S") in TOLD]


def write_down(images: list[dict[str, Any]] | None = None) -> None:
    """Let the scribe write the records into the journal: all there are, or these."""
    images = records() if images is None else images
    journal_stream.handler({"Records": [{"dynamodb": {"NewImage": image}} for image in images]}, CONTEXT)
