"""What cannot be done is refused with a reason, and nothing is written."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from functions.contacts import worker
from functions.contacts.api import handler
from shared.caller import Caller
from shared.clock import iso, now
from shared.messages import MembershipChanged
from tests.support import Table, call, deliver

ADA, BOB, EVE = (Caller(f"usr_{name}", f"{name}@example.org", name.title()) for name in ("ada", "bob", "eve"))
UNKNOWN = "KETEMU:C1:" + "A" * 32
NOWHERE = "con_01JD0000000000000000000000"


@pytest.fixture
def codes(table: Table) -> dict[str, str]:
    """Ada and Bob have cards and met; Eve has none."""
    codes = {who.name: call(handler, "PUT", "/contacts/card", {"name": who.name}, caller=who).json["code"] for who in (ADA, BOB)}
    assert call(handler, "POST", "/contacts/exchange", {"code": codes["Ada"], "nonce": "used"}, caller=BOB).status == 201
    return codes


def card(**members: Any) -> dict[str, Any]:
    return {"name": "Ada", **members}


CARDS: list[Any] = [
    None,
    [],
    {},
    card(name=""),
    card(name="   "),
    card(name=None),
    card(name=7),
    card(name="x" * 101),
    card(name="Ada\nBCC: eve@example.org"),
    card(name="Ada\u2028Eve"),
    card(name="\ud800"),
    card(company=""),
    card(company="x" * 101),
    card(title="a\x00b"),
    card(email="not an address"),
    card(email="ada@example.org\r\nX-Evil: 1"),
    card(email="a" * 250 + "@example.org"),
    card(phone="call me"),
    card(phone="1" * 41),
    card(links="https://example.org"),
    card(links=["https://example.org"] * 6),
    card(links=["javascript:alert(1)"]),
    card(links=["https://example.org/a b"]),
    card(links=["https://example.org/" + "x" * 500]),
    card(visibility="everyone"),
    card(visibility={"email": "friends"}),
    card(visibility={"name": "nobody"}),
    card(visibility={"email": {"attendees": "friends"}}),
    card(visibility={"email": {"everybody": "everyone"}}),
    card(visibility={"email": ["everyone"]}),
    card(fields="x"),
    card(fields=[{"label": "x"}]),
    card(fields=[{"label": "", "value": "x"}]),
    card(fields=[{"label": "a.b", "value": "x"}]),
    card(fields=[{"label": "a", "value": "x" * 301}]),
    card(fields=[{"label": "a", "value": "x\ny"}]),
    card(fields=[{"label": "a", "value": "x"}, {"label": "A", "value": "y"}]),
    card(fields=[{"label": str(number), "value": "x"} for number in range(6)]),
    card(fields=[{"label": "a", "value": "x", "visible": "friends"}]),
    card(visibility={"emial": "nobody"}),
    card(code=UNKNOWN),
    card(user_id="usr_bob"),
]

EXCHANGES: list[Any] = [
    None,
    [],
    {},
    {"code": UNKNOWN},
    {"nonce": "n1"},
    {"code": "", "nonce": "n1"},
    {"code": 7, "nonce": "n1"},
    {"code": "x" * 501, "nonce": "n1"},
    {"code": "\ud800", "nonce": "n1"},
    {"code": UNKNOWN, "nonce": ""},
    {"code": UNKNOWN, "nonce": "x" * 65},
    {"code": UNKNOWN, "nonce": "a b"},
    {"code": UNKNOWN, "nonce": "n1\n#"},
    {"code": UNKNOWN, "nonce": 7},
    {"code": UNKNOWN, "nonce": "n1", "note": "x" * 501},
    {"code": UNKNOWN, "nonce": "n1", "scanned_at": "yesterday"},
    {"code": UNKNOWN, "nonce": "n1", "scanned_at": "2026-06-01T09:00:00"},
    {"code": UNKNOWN, "nonce": "n1", "scanned_at": "0001-01-01T00:00:00+14:00"},
    {"code": UNKNOWN, "nonce": "n1", "scanned_at": "9999-12-31T23:59:59-14:00"},
    {"code": UNKNOWN, "nonce": "n1", "scanned_at": 1e300},
    {"code": UNKNOWN, "nonce": "n1", "user_id": "usr_bob"},
    {"code": UNKNOWN, "nonce": "n1", "conference_id": ""},
    {"code": UNKNOWN, "nonce": "n1", "conference_id": 7},
    {"code": UNKNOWN, "nonce": "n1", "conference_id": "x" * 65},
    {"code": UNKNOWN, "nonce": "n1", "conference_id": "cnf_1#"},
    {"code": UNKNOWN, "nonce": "n1", "conference_id": "cnf\n1"},
    {"code": UNKNOWN, "nonce": "n1", "conference_id": "\ud800"},
]

BATCHES: list[Any] = [
    None,
    [],
    {},
    {"scans": []},
    {"scans": "x"},
    {"scans": [{"code": UNKNOWN, "nonce": "n1"}]},
    {"scans": [{"code": UNKNOWN, "nonce": "n1", "scanned_at": None}]},
    {"scans": [{"code": UNKNOWN, "nonce": "n1", "scanned_at": "2026-06-01T09:00:00Z"}] * 101},
    *({"scans": [{**each, "scanned_at": each.get("scanned_at", "2026-06-01T09:00:00Z")}]} for each in EXCHANGES[3:]),
]

REQUESTS = [
    *(("PUT", "/contacts/card", body, ADA, 422, "invalid") for body in CARDS),
    *(("POST", "/contacts/exchange", body, ADA, 422, "invalid") for body in EXCHANGES),
    *(("POST", "/contacts/exchange/batch", body, ADA, 422, "invalid") for body in BATCHES),
    *(
        ("PUT", f"/contacts/{NOWHERE}/shown", body, ADA, 422, "invalid")
        for body in (
            None,
            {},
            {"fields": []},
            {"fields": {"email": "yes please"}},
            {"fields": {"x" * 51: True}},
            {"fields": {}, "x": 1},
        )
    ),
    *(("POST", f"/contacts/{NOWHERE}/confirmation", body, ADA, 422, "invalid") for body in (None, {}, {"confirm": "maybe"})),
    ("POST", f"/contacts/{NOWHERE}/confirmation", {"confirm": True}, ADA, 404, "not-found"),
    ("PUT", f"/contacts/{NOWHERE}/shown", {"fields": {}}, ADA, 404, "not-found"),
    ("POST", f"/contacts/{NOWHERE}/withdrawal", None, ADA, 404, "not-found"),
    ("POST", f"/contacts/{NOWHERE}/block", None, ADA, 404, "not-found"),
    ("DELETE", "/contacts/blocked/usr_bob", None, ADA, 404, "not-found"),
    ("GET", "/contacts/holders?cursor=nonsense", None, ADA, 400, "malformed"),
    ("GET", "/contacts?conference_id=a+b", None, ADA, 422, "invalid"),
    ("GET", "/contacts?awaiting=perhaps", None, ADA, 422, "invalid"),
    ("GET", "/contacts/card?conference_id=cnf_1", None, ADA, 422, "not-attending"),
    ("GET", "/contacts/card?conference_id=a%20b", None, ADA, 422, "invalid"),
    ("PUT", "/contacts/card?conference_id=cnf_1", {"name": "Ada"}, ADA, 422, "not-attending"),
    ("POST", "/contacts/card/code?conference_id=cnf_1", None, ADA, 422, "not-attending"),
    ("POST", "/contacts/card/screen-code?conference_id=cnf_1", None, ADA, 422, "not-attending"),
    ("POST", "/contacts/card/screen-code", None, EVE, 404, "not-found"),
    ("DELETE", "/contacts/card", None, ADA, 404, "not-found"),
    ("DELETE", "/contacts/card?conference_id=cnf_1", None, ADA, 404, "not-found"),
    ("PUT", "/contacts/card", "{", ADA, 400, "malformed"),
    ("POST", "/contacts/exchange", "{", ADA, 400, "malformed"),
    ("GET", "/contacts/card", None, EVE, 404, "not-found"),
    ("GET", "/contacts/card/qrcode", None, EVE, 404, "not-found"),
    ("GET", "/contacts/card/qrcode?box=0", None, ADA, 422, "invalid"),
    ("GET", "/contacts/card/qrcode?box=41", None, ADA, 422, "invalid"),
    ("GET", "/contacts/card/qrcode?box=big", None, ADA, 422, "invalid"),
    ("POST", "/contacts/card/code", None, EVE, 404, "not-found"),
    ("POST", "/contacts/exchange", {"code": UNKNOWN, "nonce": "n1"}, ADA, 404, "unknown-code"),
    ("POST", "/contacts/exchange", {"code": "界" * 500, "nonce": "n1"}, ADA, 404, "unknown-code"),
    ("POST", "/contacts/exchange", {"code": "https://example.org", "nonce": "n1"}, ADA, 404, "unknown-code"),
    ("POST", "/contacts/exchange", {"code": UNKNOWN, "nonce": "n1"}, EVE, 409, "no-card"),
    ("POST", "/contacts/exchange", {"code": UNKNOWN, "nonce": "used"}, BOB, 422, "nonce-reused"),
    ("GET", "/contacts?limit=0", None, ADA, 422, "invalid"),
    ("GET", "/contacts?limit=101", None, ADA, 422, "invalid"),
    ("GET", "/contacts?cursor=nonsense", None, ADA, 400, "malformed"),
    ("GET", "/contacts?cursor=" + "x" * 1025, None, ADA, 422, "invalid"),
    ("GET", f"/contacts/{NOWHERE}", None, ADA, 404, "not-found"),
    ("GET", "/contacts/" + "x" * 65, None, ADA, 422, "invalid"),
    ("PATCH", f"/contacts/{NOWHERE}", {"note": "x"}, ADA, 404, "not-found"),
    ("PATCH", f"/contacts/{NOWHERE}", None, ADA, 422, "invalid"),
    ("PATCH", f"/contacts/{NOWHERE}", "{", ADA, 400, "malformed"),
    ("PATCH", f"/contacts/{NOWHERE}", {}, ADA, 404, "not-found"),
    ("PATCH", f"/contacts/{NOWHERE}", {"tags": "x"}, ADA, 422, "invalid"),
    ("PATCH", f"/contacts/{NOWHERE}", {"tags": ["x" * 41]}, ADA, 422, "invalid"),
    ("PATCH", f"/contacts/{NOWHERE}", {"tags": ["x"] * 21}, ADA, 422, "invalid"),
    ("PATCH", f"/contacts/{NOWHERE}", {"note": 7}, ADA, 422, "invalid"),
    ("PATCH", f"/contacts/{NOWHERE}", {"note": "x" * 501}, ADA, 422, "invalid"),
    ("PATCH", f"/contacts/{NOWHERE}", {"note": "x", "name": "Eve"}, ADA, 422, "invalid"),
    ("DELETE", f"/contacts/{NOWHERE}", None, ADA, 404, "not-found"),
    *(
        (method, path, body, None, 401, "unauthenticated")
        for method, path, body in (
            ("PUT", "/contacts/card", {"name": "Ada"}),
            ("GET", "/contacts/card", None),
            ("POST", "/contacts/card/code", None),
            ("GET", "/contacts/card/qrcode", None),
            ("POST", "/contacts/exchange", {"code": UNKNOWN, "nonce": "n1"}),
            ("GET", "/contacts", None),
            ("GET", f"/contacts/{NOWHERE}", None),
            ("PATCH", f"/contacts/{NOWHERE}", {"note": "x"}),
            ("DELETE", f"/contacts/{NOWHERE}", None),
            ("DELETE", "/contacts/card?conference_id=cnf_1", None),
            ("POST", "/contacts/card/screen-code", None),
            (
                "POST",
                "/contacts/exchange/batch",
                {"scans": [{"code": UNKNOWN, "nonce": "n", "scanned_at": "2026-06-01T09:00:00Z"}]},
            ),
            ("GET", "/contacts/holders", None),
            ("GET", "/contacts/blocked", None),
            ("DELETE", "/contacts/blocked/usr_bob", None),
            ("POST", f"/contacts/{NOWHERE}/confirmation", {"confirm": True}),
            ("PUT", f"/contacts/{NOWHERE}/shown", {"fields": {}}),
            ("POST", f"/contacts/{NOWHERE}/withdrawal", None),
            ("POST", f"/contacts/{NOWHERE}/block", None),
        )
    ),
]


def but_for_misses(table: Table) -> list[dict[str, Any]]:
    """A code that leads nowhere is counted, and nothing else."""
    return [item for item in table.items() if item["kind"] != "Misses"]


def test_what_is_not_acceptable_is_refused_and_writes_nothing(codes: dict[str, str], table: Table) -> None:
    before = table.items()
    for method, url, body, caller, status, slug in REQUESTS:
        answer = call(handler, method, url, body, caller=caller)
        assert (answer.status, answer.problem()) == (status, slug), (method, url, body, answer)
    assert but_for_misses(table) == before


def test_ones_own_code_is_no_meeting(codes: dict[str, str], table: Table) -> None:
    before = table.items()
    answer = call(handler, "POST", "/contacts/exchange", {"code": codes["Ada"], "nonce": "n1"}, caller=ADA)
    assert (answer.status, answer.problem()) == (409, "own-code")
    assert table.items() == before


def test_who_has_no_card_is_told_to_make_one_first(codes: dict[str, str], table: Table) -> None:
    before = table.items()
    answer = call(handler, "POST", "/contacts/exchange", {"code": codes["Ada"], "nonce": "n1"}, caller=EVE)
    assert (answer.status, answer.problem()) == (409, "no-card")
    assert "PUT /contacts/card" in answer.json["detail"]
    assert table.items() == before


def test_who_does_not_attend_a_conference_meets_nobody_there_and_learns_nothing(codes: dict[str, str], table: Table) -> None:
    assert deliver(worker.handler, MembershipChanged(conference_id="cnf_1", user_id=ADA.user_id, role="staff", revision=1)) == []
    code = call(handler, "GET", "/contacts/card?conference_id=cnf_1", caller=ADA).json["code"]
    before = table.items()
    answers = [
        call(handler, "POST", "/contacts/exchange", {"code": text, "nonce": "n1", **where}, caller=BOB)
        for text, where in ((code, {}), (UNKNOWN, {}), (codes["Ada"], {"conference_id": "cnf_1"}))
    ]
    assert [(answer.status, answer.problem()) for answer in answers] == [(404, "unknown-code")] * 3
    assert answers[0].json == answers[1].json == answers[2].json
    assert but_for_misses(table) == before


def test_a_scan_that_has_not_happened_yet_is_refused(codes: dict[str, str], table: Table) -> None:
    before = table.items()
    body = {"code": codes["Bob"], "nonce": "n1", "scanned_at": iso(now() + timedelta(minutes=6))}
    answer = call(handler, "POST", "/contacts/exchange", body, caller=ADA)
    assert (answer.status, answer.problem()) == (422, "invalid")
    assert table.items() == before


def test_somebody_elses_contact_is_nobodys_business(codes: dict[str, str], table: Table) -> None:
    (contact,) = call(handler, "GET", "/contacts", caller=BOB).json["items"]
    before = table.items()
    for method, body in (("GET", None), ("PATCH", {"note": "mine"}), ("DELETE", None)):
        for stranger in (ADA, EVE):
            answer = call(handler, method, f"/contacts/{contact['id']}", body, caller=stranger)
            assert (answer.status, answer.problem()) == (404, "not-found")
    assert table.items() == before


def test_a_cursor_opens_nobody_elses_list(codes: dict[str, str]) -> None:
    forged = [
        {"gsi1pk": {"S": "USER#usr_bob"}, "gsi1sk": {"S": "9"}, "pk": {"S": "USER#usr_bob"}, "sk": {"S": "CONTACT#x"}},
        {"gsi1pk": {"S": "USER#usr_ada"}},
    ]
    for key in forged:
        cursor = base64.urlsafe_b64encode(json.dumps(key).encode()).decode()
        answer = call(handler, "GET", f"/contacts?cursor={cursor}", caller=ADA)
        assert (answer.status, answer.problem()) == (400, "malformed")


@pytest.mark.parametrize(("path", "accept"), [("card/qrcode", "image/gif"), (NOWHERE, "text/html"), ("card/qrcode", "*/*;q=0")])
def test_there_is_no_other_form(codes: dict[str, str], path: str, accept: str) -> None:
    answer = call(handler, "GET", f"/contacts/{path}", caller=ADA, headers={"accept": accept})
    assert (answer.status, answer.problem()) == (406, "not-acceptable")
