"""Whatever is sent: a whole problem with a stable type, and nothing written."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.tickets import api
from functions.tickets.domain import ticket_id
from shared.caller import Caller
from shared.clock import iso, now
from shared.table import Item
from tests.aws import mock_aws
from tests.moto.tickets import ADA, BOB, CONFERENCE, DOOR, check_in, handler_of, issued, keep_secret
from tests.support import Table, call

CODE, GOOD = "<the code>", {"code": "<the code>", "nonce": "n1"}
UNKNOWN = ticket_id("ord_unknown", 1)
FOREIGN_CURSOR = "eyJnc2kxcGsiOnsiUyI6IlVTRVIjc29tZWJvZHkifX0="  # of the list of USER#somebody
SPEAKER = Caller("usr_speaker", "speaker@example.org", "Sana", {CONFERENCE: "speaker"})


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    """One table for all: what is here writes nothing, and shows it."""
    with mock_aws(), pytest.MonkeyPatch.context() as monkeypatch:
        Item.create_table(billing_mode="PAY_PER_REQUEST", wait=False)
        keep_secret(monkeypatch)
        yield Table()


@pytest.fixture(scope="module")
def ticket(table: Table) -> dict[str, Any]:
    return issued()


@pytest.mark.parametrize(
    ("url", "caller", "accept", "status", "slug"),
    [
        ("/tickets", None, "*/*", 401, "unauthenticated"),
        ("/tickets?limit=0", ADA, "*/*", 422, "invalid"),
        ("/tickets?limit=101", ADA, "*/*", 422, "invalid"),
        ("/tickets?limit=many", ADA, "*/*", 422, "invalid"),
        ("/tickets?cursor=nonsense", ADA, "*/*", 400, "malformed"),
        ("/tickets?cursor=", ADA, "*/*", 400, "malformed"),
        (f"/tickets?cursor={FOREIGN_CURSOR}", ADA, "*/*", 400, "malformed"),
        (f"/tickets?cursor={'x' * 1025}", ADA, "*/*", 422, "invalid"),
        ("/tickets/<the id>", None, "*/*", 401, "unauthenticated"),
        ("/tickets/<the id>", BOB, "*/*", 404, "not-found"),
        ("/tickets/<the id>", DOOR, "*/*", 404, "not-found"),
        (f"/tickets/{UNKNOWN}", ADA, "*/*", 404, "not-found"),
        ("/tickets/nonsense", ADA, "*/*", 404, "not-found"),
        ("/tickets/check-in", ADA, "*/*", 404, "not-found"),
        (f"/tickets/{'x' * 65}", ADA, "*/*", 422, "invalid"),
        (f"/tickets/{'x' * 3000}", ADA, "*/*", 422, "invalid"),
        ("/tickets/<the id>/qrcode", None, "*/*", 401, "unauthenticated"),
        ("/tickets/<the id>/qrcode", BOB, "*/*", 404, "not-found"),
        ("/tickets/<the id>/qrcode", DOOR, "*/*", 404, "not-found"),
        (f"/tickets/{UNKNOWN}/qrcode", ADA, "*/*", 404, "not-found"),
        ("/tickets/<the id>/qrcode", ADA, "text/html", 406, "not-acceptable"),
        ("/tickets/<the id>/qrcode", ADA, "image/webp, */*;q=0", 406, "not-acceptable"),
        ("/tickets/<the id>/qrcode", ADA, "x" * 256, 422, "invalid"),
        ("/tickets/<the id>/qrcode?box=0", ADA, "*/*", 422, "invalid"),
        ("/tickets/<the id>/qrcode?box=41", ADA, "*/*", 422, "invalid"),
        ("/tickets/<the id>/qrcode?box=big", ADA, "*/*", 422, "invalid"),
        ("/tickets/<the id>/qrcode?level=X", ADA, "*/*", 422, "invalid"),
        ("/tickets/<the id>/qrcode?level=", ADA, "*/*", 422, "invalid"),
        ("/tickets/<the id>/pdf", None, "*/*", 401, "unauthenticated"),
        ("/tickets/<the id>/pdf", BOB, "*/*", 404, "not-found"),
        (f"/tickets/{UNKNOWN}/pdf", ADA, "*/*", 404, "not-found"),
        ("/tickets/<the id>/picture", ADA, "*/*", 404, "not-found"),
    ],
)
def test_what_cannot_be_read(
    table: Table, ticket: dict[str, Any], url: str, caller: Caller | None, accept: str, status: int, slug: str
) -> None:
    before = table.items()
    answer = call(handler_of(url), "GET", url.replace("<the id>", ticket["id"]), caller=caller, headers={"accept": accept})
    assert (answer.status, answer.problem()) == (status, slug)
    assert table.items() == before


@pytest.mark.parametrize(
    ("body", "caller", "status", "slug"),
    [
        (GOOD, None, 401, "unauthenticated"),
        (GOOD, ADA, 403, "forbidden"),
        (GOOD, BOB, 403, "forbidden"),
        (GOOD, SPEAKER, 403, "forbidden"),
        (None, DOOR, 422, "invalid"),
        ("{no json", DOOR, 400, "malformed"),
        ([1], DOOR, 422, "invalid"),
        ({}, DOOR, 422, "invalid"),
        ({"nonce": "n1"}, DOOR, 422, "invalid"),
        ({"code": CODE}, DOOR, 422, "invalid"),
        (GOOD | {"force": True}, DOOR, 422, "invalid"),
        (GOOD | {"code": " "}, DOOR, 422, "invalid"),
        (GOOD | {"code": 7}, DOOR, 422, "invalid"),
        (GOOD | {"code": None}, DOOR, 422, "invalid"),
        (GOOD | {"code": "x" * 301}, DOOR, 422, "invalid"),
        (GOOD | {"code": "x" * 300}, DOOR, 404, "unknown-code"),
        (GOOD | {"code": "KETEMU:E1:"}, DOOR, 404, "unknown-code"),
        (GOOD | {"code": "KETEMU:E1:" + "A" * 196}, DOOR, 404, "unknown-code"),
        (GOOD | {"code": "https://example.org/ticket"}, DOOR, 404, "unknown-code"),
        (GOOD | {"code": "é" * 206}, DOOR, 404, "unknown-code"),
        (GOOD | {"nonce": ""}, DOOR, 422, "invalid"),
        (GOOD | {"nonce": "x" * 65}, DOOR, 422, "invalid"),
        (GOOD | {"nonce": "a b"}, DOOR, 422, "invalid"),
        (GOOD | {"nonce": "a#b"}, DOOR, 422, "invalid"),
        (GOOD | {"nonce": 7}, DOOR, 422, "invalid"),
        (GOOD | {"gate": ""}, DOOR, 422, "invalid"),
        (GOOD | {"gate": "x" * 51}, DOOR, 422, "invalid"),
        (GOOD | {"gate": "a\nb"}, DOOR, 422, "invalid"),
        (GOOD | {"gate": 7}, DOOR, 422, "invalid"),
        (GOOD | {"type": "sideways"}, DOOR, 422, "invalid"),
        (GOOD | {"type": None}, DOOR, 422, "invalid"),
        (GOOD | {"scanned_at": "yesterday"}, DOOR, 422, "invalid"),
        (GOOD | {"scanned_at": "2026-06-01T09:00:00"}, DOOR, 422, "invalid"),
        (GOOD | {"scanned_at": "1969-12-31T23:59:59Z"}, DOOR, 422, "invalid"),
        (GOOD | {"scanned_at": "0001-01-01T00:00:00+23:59"}, DOOR, 422, "invalid"),
        (GOOD | {"scanned_at": "9999-12-31T23:59:59-23:59"}, DOOR, 422, "invalid"),
        (GOOD | {"scanned_at": "9998-12-31T23:59:59Z"}, DOOR, 422, "scanned-in-the-future"),
        (GOOD | {"scanned_at": iso(now() + timedelta(hours=1))}, DOOR, 422, "scanned-in-the-future"),
    ],
)
def test_what_the_door_does_not_take(
    table: Table, ticket: dict[str, Any], body: Any, caller: Caller | None, status: int, slug: str
) -> None:
    before = table.items()
    if isinstance(body, dict) and body.get("code") == CODE:
        body |= {"code": ticket["code"]}
    answer = call(api.handler, "POST", "/tickets/check-in", body, caller=caller)
    assert (answer.status, answer.problem()) == (status, slug)
    assert table.items() == before


@pytest.mark.parametrize("forged", ["lower", "cut", "changed"])
def test_a_code_that_was_tampered_with_is_unknown(table: Table, ticket: dict[str, Any], forged: str) -> None:
    code = ticket["code"]
    changed = {"lower": code.lower(), "cut": code[:-1], "changed": code[:100] + ("A" if code[100] != "A" else "B") + code[101:]}
    before = table.items()
    answer = check_in(changed[forged])
    assert (answer.status, answer.problem()) == (404, "unknown-code")
    assert table.items() == before


def test_a_nonce_for_another_ticket_or_direction_is_refused(table: Table, ticket: dict[str, Any]) -> None:
    first, second = ticket["code"], issued(order="2")["code"]
    check_in(first, "n1")
    before = table.items()
    for answer in (check_in(second, "n1"), check_in(first, "n1", type="exit")):
        assert (answer.status, answer.problem()) == (422, "nonce-reused")
    assert table.items() == before


def test_a_role_elsewhere_does_not_open_a_ticket(ticket: dict[str, Any]) -> None:
    elsewhere = replace(DOOR, roles={"cnf_elsewhere": "organizer"})
    answer = call(api.handler, "GET", f"/tickets/{ticket['id']}", caller=elsewhere)
    assert (answer.status, answer.problem()) == (404, "not-found")
