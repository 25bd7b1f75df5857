"""Cards and contacts, from the request to the table and back."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import zxingcpp
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bench.meter import Meter
from functions.contacts import worker
from functions.contacts.api import handler
from shared.caller import Caller
from shared.clock import iso, now
from shared.ids import new_id
from shared.messages import ContactExchanged, MembershipChanged, TicketCancelled, TicketIssued, TicketTransferred
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


def drawn(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


# Cards


def test_a_card_is_kept_as_it_was_put(table: Table) -> None:
    fields = [{"label": "Fediverse", "value": "@ada@example.org", "visible": {"attendees": "everyone", "exhibitors": "nobody"}}]
    visibility = {"email": "everyone", "phone": {"attendees": "confirmed", "exhibitors": "nobody"}}
    card = put_card(ADA, **WHOLE, fields=fields, visibility=visibility)
    assert card == {
        **WHOLE,
        "user_id": "usr_ada",
        "conference_id": None,
        "inherited": False,
        "fields": fields,
        "visibility": {
            **{key: {"attendees": "everyone", "exhibitors": "everyone"} for key in ("company", "title", "email")},
            "phone": {"attendees": "confirmed", "exhibitors": "nobody"},
            "links": {"attendees": "nobody", "exhibitors": "nobody"},
        },
        "code": card["code"],
        "code_expires_at": card["code_expires_at"],
    }
    assert call(handler, "GET", "/contacts/card", caller=ADA).json == card


def test_before_the_first_card_a_person_is_told_how_to_make_one(table: Table) -> None:
    for path in ("/contacts/card", "/contacts/card/qrcode"):
        answer = call(handler, "GET", path, caller=ADA)
        assert (answer.status, answer.problem()) == (404, "not-found")
        assert "PUT /contacts/card" in answer.json["detail"]


def test_a_code_stays_when_its_card_changes(table: Table) -> None:
    assert put_card(ADA)["code"] == put_card(ADA, **(WHOLE | {"name": "Ada L."}))["code"]


def test_a_put_replaces_the_whole_card(table: Table) -> None:
    put_card(ADA, **WHOLE, visibility={"email": "everyone", "company": "nobody"})
    card = put_card(ADA)
    assert (card["company"], card["links"]) == (None, [])
    assert card["visibility"]["company"]["attendees"] == "everyone"
    assert card["visibility"]["email"]["attendees"] == "nobody"


def test_what_is_hidden_is_hidden_from_the_next_scan(table: Table) -> None:
    put_card(BOB)
    code = put_card(ADA, **WHOLE, visibility={"email": "everyone"})["code"]
    put_card(ADA, **WHOLE, visibility={"company": "nobody"})
    contact = exchange(BOB, code, "n1").json
    assert (contact["name"], contact["title"]) == ("Ada Lovelace", "Analyst")
    assert (contact["company"], contact["email"], contact["phone"], contact["links"]) == (None, None, None, [])


def test_what_is_hidden_is_in_no_contact(table: Table) -> None:
    put_card(BOB)
    exchange(BOB, put_card(ADA, **WHOLE)["code"], "n1")
    assert kinds_with(table, "ada@example.org") == {"Attendee", "Code"}


def test_a_rotated_code_is_dead_at_once_and_the_new_one_works(table: Table) -> None:
    put_card(BOB)
    card = put_card(ADA, **WHOLE)
    rotated = call(handler, "POST", "/contacts/card/code", caller=ADA)
    assert rotated.status == 200
    assert rotated.json == {**card, "code": rotated.json["code"], "code_expires_at": rotated.json["code_expires_at"]}
    assert rotated.json["code"] != card["code"]
    old, unknown = exchange(BOB, card["code"], "n1"), exchange(BOB, "KETEMU:C1:" + "A" * 32, "n1")
    assert (old.status, old.problem()) == (404, "unknown-code")
    assert old.json == unknown.json
    assert exchange(BOB, rotated.json["code"], "n1").status == 201


def test_the_same_idempotency_key_rotates_once(table: Table) -> None:
    put_card(ADA)
    answers = [call(handler, "POST", "/contacts/card/code", caller=ADA, headers={"idempotency-key": "k"}) for _ in range(2)]
    assert answers[0].json == answers[1].json


def test_a_key_that_comes_back_late_does_not_kill_the_code_of_a_later_one(table: Table) -> None:
    put_card(ADA)
    first, second, late = (
        call(handler, "POST", "/contacts/card/code", caller=ADA, headers={"idempotency-key": key}) for key in ("k1", "k2", "k1")
    )
    assert first.json["code"] != second.json["code"]
    assert (late.status, late.json) == (200, second.json)
    assert call(handler, "GET", "/contacts/card", caller=ADA).json == second.json


# The picture


@pytest.mark.parametrize("accept", ["*/*", "image/*", "image/png", "image/svg+xml;q=0.5, image/png"])
def test_the_picture_is_a_png_that_says_the_code(table: Table, accept: str) -> None:
    code = put_card(ADA)["code"]
    answer = call(handler, "GET", "/contacts/card/qrcode", caller=ADA, headers={"accept": accept})
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/png")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert [found.text for found in zxingcpp.read_barcodes(drawn(answer.body))] == [code]


def test_the_picture_is_as_large_as_asked(table: Table) -> None:
    put_card(ADA)
    small, large = (drawn(call(handler, "GET", f"/contacts/card/qrcode?box={box}", caller=ADA).body) for box in (1, 40))
    assert large.width == 40 * small.width


def test_the_picture_is_an_svg_for_who_asks(table: Table) -> None:
    put_card(ADA)
    answer = call(handler, "GET", "/contacts/card/qrcode", caller=ADA, headers={"accept": "image/svg+xml"})
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/svg+xml")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert b"<svg" in answer.body


# Exchanges


def test_an_exchange_makes_each_the_others_contact(table: Table) -> None:
    put_card(BOB, company="Rays")
    code = put_card(ADA, **WHOLE)["code"]
    answer = exchange(BOB, code, "n1", note="Engines!")
    assert answer.status == 201
    contact = answer.json
    assert contact == {
        "id": contact["id"],
        "user_id": "usr_ada",
        "exhibitor_id": None,
        "exhibitor": None,
        "shared": False,
        "name": "Ada Lovelace",
        "company": "Engines Ltd",
        "title": "Analyst",
        "email": None,
        "phone": None,
        "links": [],
        "fields": [],
        "note": "Engines!",
        "tags": [],
        "met_at": contact["met_at"],
        "scans": [{"by": "me", "at": contact["met_at"]}],
        "conference_id": None,
        "shown": {"confirmation": "none", "fields": {}, "withdrawn_at": None},
    }
    assert listed(BOB) == {"items": [contact], "next_cursor": None}
    (mutual,) = listed(ADA)["items"]
    assert (mutual["name"], mutual["company"], mutual["note"], mutual["met_at"]) == ("Bob", "Rays", None, contact["met_at"])
    assert mutual["scans"] == [{"by": "them", "at": contact["met_at"]}]


def test_an_exchange_is_told_once(table: Table) -> None:
    ada, bob = put_card(ADA), put_card(BOB)
    first = exchange(BOB, ada["code"], "n1").json
    for who, code, nonce in ((BOB, ada["code"], "n1"), (BOB, ada["code"], "n2"), (ADA, bob["code"], "n1")):
        assert exchange(who, code, nonce).status == 200
    (message,) = table.outbox()
    assert isinstance(message, ContactExchanged)
    assert (message.scanner_id, message.scanner_name) == ("usr_bob", "Bob")
    assert (message.scanned_id, message.scanned_name) == ("usr_ada", "Ada")
    assert message.conference_id is None
    (contact,) = listed(BOB)["items"]
    assert [scan["by"] for scan in contact["scans"]] == ["me", "them"]
    assert contact == {**first, "scans": contact["scans"]}


def test_a_repeated_scan_writes_nothing_and_a_new_one_that_tells_nothing_only_that_it_was(table: Table) -> None:
    code = put_card(ADA)["code"]
    put_card(BOB)
    first = exchange(BOB, code, "n1", note="tea")
    before = table.items()
    for nonce in ("n1", "n2", "n2"):
        again = exchange(BOB, code, nonce, note="tea")
        assert (again.status, again.json) == (200, first.json)
    [noted] = [item for item in table.items() if item not in before]
    assert (noted["kind"], noted["nonce"]) == ("ContactScan", "n2")


@pytest.mark.parametrize("decision", ["removal", "withdrawal", "block"])
def test_a_scan_that_told_nothing_new_is_the_same_scan_after_a_decision(table: Table, decision: str) -> None:
    """Sent again it neither undoes that nor is it a code that leads nowhere."""
    ada = put_card(ADA)
    put_card(BOB)
    first = exchange(BOB, ada["code"], "n1").json
    exchange(BOB, ada["code"], "n2")
    [of_bob] = listed(ADA)["items"]
    if decision == "removal":
        assert call(handler, "DELETE", f"/contacts/{first['id']}", caller=BOB).status == 204
    else:
        assert call(handler, "POST", f"/contacts/{of_bob['id']}/{decision}", caller=ADA).status in (200, 204)
    for nonce in ("n1", "n2"):
        assert exchange(BOB, ada["code"], nonce).problem() == "not-found"
    assert listed(BOB)["items"] == []
    assert kinds_with(table, "number") == set()  # no miss is counted


def test_whoever_withdrew_is_not_shown_again_by_a_scan_of_before_that_is_sent_again(table: Table) -> None:
    ada = put_card(ADA)
    put_card(BOB)
    first = exchange(BOB, ada["code"], "n1").json
    exchange(BOB, ada["code"], "n2")
    assert call(handler, "POST", f"/contacts/{first['id']}/withdrawal", caller=BOB).status == 200
    assert exchange(BOB, ada["code"], "n2").status == 200  # Ada is on his list as before
    assert listed(ADA)["items"] == []


def test_a_code_for_one_use_is_used_up_by_somebody_who_was_known(table: Table) -> None:
    for who in (ADA, BOB, CYD):
        put_card(who)
    exchange(BOB, call(handler, "GET", "/contacts/card", caller=ADA).json["code"], "n1")
    code = call(handler, "POST", "/contacts/card/screen-code", caller=ADA).json["code"]
    assert exchange(BOB, code, "n2").status == 200
    assert exchange(CYD, code, "n1").problem() == "unknown-code"


def test_a_new_scan_brings_the_scanners_copy_up_to_date(table: Table, meter: Meter) -> None:
    ada = put_card(ADA, company="Engines Ltd", email="ada@example.org", visibility={"email": "everyone"})
    put_card(BOB)
    met = exchange(BOB, ada["code"], "n1", note="tea").json
    assert met["email"] == "ada@example.org"
    mutual = listed(ADA)
    put_card(ADA, title="Countess", links=["https://example.org/ada"], email="ada@example.org", visibility={"links": "everyone"})
    meter.reset()
    again = exchange(BOB, ada["code"], "n2", note="coffee")
    assert meter.operations == ["BatchGetItem", "TransactWriteItems", "TransactWriteItems"]
    shown = {"company": None, "email": None, "title": "Countess", "links": ["https://example.org/ada"], "note": "tea\ncoffee"}
    assert (again.status, again.json) == (200, {**met, **shown})
    assert listed(BOB)["items"] == [again.json]
    assert kinds_with(table, "ada@example.org") == {"Attendee", "Code"}
    assert listed(ADA) == mutual
    assert len([message for message in table.outbox() if isinstance(message, ContactExchanged)]) == 1


def test_two_meet_when_the_phone_says(table: Table) -> None:
    code = put_card(ADA)["code"]
    put_card(BOB)
    assert exchange(BOB, code, "n1", scanned_at="2026-06-01T16:00:00.1234+07:00").json["met_at"] == "2026-06-01T09:00:00.123000Z"
    assert listed(BOB)["items"][0]["met_at"] == "2026-06-01T09:00:00.123000Z"


def test_a_note_is_added_to_a_contact_the_other_made(table: Table) -> None:
    ada, bob = put_card(ADA), put_card(BOB)
    exchange(BOB, ada["code"], "n1")
    answer = exchange(ADA, bob["code"], "n1", note="tea")
    assert (answer.status, answer.json["note"]) == (200, "tea")
    assert listed(ADA)["items"] == [answer.json]
    assert listed(BOB)["items"][0]["note"] is None


def test_an_exchange_at_a_conference_says_where(table: Table) -> None:
    code = code_at("cnf_1", ADA, BOB)
    answer = exchange(BOB, code, "n1", conference_id="cnf_1")
    assert (answer.status, answer.json["conference_id"]) == (201, "cnf_1")
    assert [contact["conference_id"] for who in (ADA, BOB) for contact in listed(who)["items"]] == ["cnf_1", "cnf_1"]
    assert [message.conference_id for message in table.outbox()] == ["cnf_1"]
    for nonce in ("n1", "n2"):
        assert exchange(BOB, code, nonce).json == answer.json


@pytest.mark.parametrize(("where", "dimension"), [({}, "none"), ({"conference_id": "cnf_1"}, "cnf_1")])
def test_exchanges_are_counted(table: Table, capsys: pytest.CaptureFixture[str], where: dict[str, str], dimension: str) -> None:
    at_conference = code_at("cnf_1", ADA, BOB)
    code = at_conference if where else put_card(ADA)["code"]
    capsys.readouterr()
    for nonce in ("n1", "n2"):
        exchange(BOB, code, nonce, **where)
    counted = [line for line in capsys.readouterr().out.splitlines() if '"Exchanges"' in line]
    assert [json.loads(line)["conference"] for line in counted] == [dimension]


PEOPLE = [0, 1, 2]
SCANS = st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)).filter(lambda pair: pair[0] != pair[1]), max_size=6)


@given(scans=SCANS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_pair_that_met_is_known_to_both_exactly_once(table: Table, scans: list[tuple[int, int]]) -> None:
    told = len(table.outbox())
    people = [Caller(new_id("usr"), "x@example.org", f"Person {number}") for number in PEOPLE]
    codes = [put_card(person)["code"] for person in people]
    statuses = [exchange(people[who], codes[whom], f"n{number}").status for number, (who, whom) in enumerate(scans)]

    pairs = {frozenset(scan) for scan in scans}
    for number, person in enumerate(people):
        met = [contact["user_id"] for contact in listed(person)["items"]]
        assert sorted(met) == sorted(people[other].user_id for pair in pairs if number in pair for other in pair - {number})
    assert statuses.count(201) == len(table.outbox()) - told == len(pairs)


# The price


def test_an_exchange_takes_two_round_trips_and_ten_write_units(table: Table, meter: Meter) -> None:
    visible = {"phone": "confirmed", "links": "everyone", "email": "everyone"}
    put_card(ADA, **WHOLE, visibility=visible)
    put_card(BOB, **(WHOLE | {"name": "Bob"}), visibility=visible)
    code = code_at("cnf_1", ADA, BOB)
    meter.reset()
    assert exchange(BOB, code, "n1", note="x" * 100, conference_id="cnf_1").status == 201
    assert meter.operations == ["BatchGetItem", "TransactWriteItems"]
    assert meter.write_units <= 10


def test_a_code_for_one_use_costs_no_more(table: Table, meter: Meter) -> None:
    put_card(ADA)
    put_card(BOB)
    code = call(handler, "POST", "/contacts/card/screen-code", caller=ADA).json["code"]
    meter.reset()
    assert exchange(BOB, code, "n1").status == 201
    assert meter.operations == ["BatchGetItem", "TransactWriteItems"]
    assert meter.write_units <= 10


def test_a_repeated_exchange_takes_two_round_trips_and_a_new_scan_of_somebody_known_three(table: Table, meter: Meter) -> None:
    ada, bob = put_card(ADA), put_card(BOB)
    exchange(BOB, ada["code"], "n1")
    for who, code, nonce, trips in (
        (BOB, ada["code"], "n1", 2),
        (BOB, ada["code"], "n2", 3),
        (BOB, ada["code"], "n2", 2),
        (ADA, bob["code"], "n1", 3),
        (ADA, bob["code"], "n1", 2),
        (ADA, bob["code"], "n2", 3),
    ):
        meter.reset()
        assert exchange(who, code, nonce).status == 200
        assert len(meter.calls) == trips


def test_a_list_takes_one_round_trip(table: Table, meter: Meter) -> None:
    code = put_card(ADA)["code"]
    put_card(BOB)
    exchange(BOB, code, "n1")
    meter.reset()
    listed(BOB)
    assert meter.operations == ["Query"]


# Contention


def conflicting(times: int) -> Any:
    """DynamoDB whose first `times` transactions meet another one."""
    really, left = BaseClient._make_api_call, [times]

    def call(self: BaseClient, name: str, request: dict[str, Any]) -> Any:
        if name != "TransactWriteItems" or not left[0]:
            return really(self, name, request)
        left[0] -= 1
        reasons = [{"Code": "TransactionConflict"}, *({"Code": "None"} for _ in request["TransactItems"][1:])]
        error = {"Code": "TransactionCanceledException", "Message": "Transaction cancelled"}
        raise ClientError({"Error": error, "CancellationReasons": reasons}, name)

    return call


def test_a_transaction_that_met_another_is_tried_again(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    code = put_card(ADA)["code"]
    put_card(BOB)
    monkeypatch.setattr(BaseClient, "_make_api_call", conflicting(3))
    assert exchange(BOB, code, "n1").status == 201


def test_contention_without_end_is_no_answer_and_no_harm(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    code = put_card(ADA)["code"]
    put_card(BOB)
    before = table.items()
    with monkeypatch.context() as contention:
        contention.setattr(BaseClient, "_make_api_call", conflicting(99))
        answers = [exchange(BOB, code, "n1"), call(handler, "PUT", "/contacts/card", WHOLE, caller=ADA)]
    assert [(answer.status, answer.problem()) for answer in answers] == [(409, "busy")] * 2
    assert table.items() == before


# Contacts


def met_many(table: Table, how_many: int) -> list[Caller]:
    put_card(ADA)
    others = [Caller(f"usr_{number}", f"{number}@example.org", f"Person {number}") for number in range(how_many)]
    for number, other in enumerate(others):
        scanned_at = iso(now() - timedelta(hours=how_many - number))
        assert exchange(ADA, put_card(other)["code"], f"n{number}", scanned_at=scanned_at).status == 201
    return others


def test_a_list_is_newest_first_and_comes_in_pages(table: Table) -> None:
    others = met_many(table, 5)
    seen, cursor = [], ""
    while cursor is not None:
        page = listed(ADA, f"?limit=2{f'&cursor={cursor}' if cursor else ''}")
        assert len(page["items"]) <= 2
        seen += [contact["user_id"] for contact in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [other.user_id for other in reversed(others)]


def test_a_contact_is_read_by_its_id_and_by_its_owner_only(table: Table) -> None:
    put_card(BOB)
    put_card(CYD)
    contact = exchange(BOB, put_card(ADA)["code"], "n1").json
    assert call(handler, "GET", f"/contacts/{contact['id']}", caller=BOB).json == contact
    for other in (ADA, CYD):
        answer = call(handler, "GET", f"/contacts/{contact['id']}", caller=other)
        assert (answer.status, answer.problem()) == (404, "not-found")


@pytest.mark.parametrize(("accept", "version"), [("text/vcard", "4.0"), ("text/vcard; version=3.0", "3.0")])
def test_a_contact_goes_into_an_address_book(table: Table, accept: str, version: str) -> None:
    put_card(BOB)
    contact = exchange(BOB, put_card(ADA, company="Engines; Ltd")["code"], "n1", note="line\nline").json
    answer = call(handler, "GET", f"/contacts/{contact['id']}", caller=BOB, headers={"accept": accept})
    assert answer.status == 200
    assert answer.headers["Content-Type"] == f"text/vcard; version={version}; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{contact["id"]}.vcf"'
    lines = answer.body.decode().split("\r\n")
    assert lines[:2] == ["BEGIN:VCARD", f"VERSION:{version}"]
    assert {"FN:Ada", "ORG:Engines\\; Ltd", "NOTE:line\\nline", "END:VCARD"} <= set(lines)


def test_a_note_is_its_writers(table: Table) -> None:
    put_card(BOB)
    contact = exchange(BOB, put_card(ADA)["code"], "n1").json
    noted = call(handler, "PATCH", f"/contacts/{contact['id']}", {"note": "tea"}, caller=BOB)
    assert (noted.status, noted.json) == (200, {**contact, "note": "tea"})
    assert listed(BOB)["items"] == [noted.json]
    assert listed(ADA)["items"][0]["note"] is None
    cleared = call(handler, "PATCH", f"/contacts/{contact['id']}", {"note": None}, caller=BOB)
    assert (cleared.status, cleared.json) == (200, contact)
    assert call(handler, "GET", f"/contacts/{contact['id']}", caller=BOB).json == contact


def test_a_removed_contact_is_off_ones_own_list_only(table: Table) -> None:
    put_card(BOB)
    contact = exchange(BOB, put_card(ADA)["code"], "n1").json
    answer = call(handler, "DELETE", f"/contacts/{contact['id']}", caller=BOB)
    assert (answer.status, answer.body) == (204, b"")
    assert listed(BOB)["items"] == []
    assert len(listed(ADA)["items"]) == 1
    for method, body in (("GET", None), ("PATCH", {"note": "x"}), ("DELETE", None)):
        assert call(handler, method, f"/contacts/{contact['id']}", body, caller=BOB).status == 404
    (left,) = (item for item in table.items() if item["sk"] == f"CONTACT#{contact['id']}")
    assert set(left) == {"pk", "sk", "kind", "v", "other_id", "scans", "revision", "removed_at"}


def test_who_was_removed_comes_back_when_met_again_and_is_not_told_anew(table: Table) -> None:
    put_card(BOB)
    code = put_card(ADA)["code"]
    contact = exchange(BOB, code, "n1").json
    call(handler, "DELETE", f"/contacts/{contact['id']}", caller=BOB)
    assert exchange(BOB, code, "n1").status == 404
    back = exchange(BOB, code, "n2")
    assert (back.status, back.json["id"]) == (200, contact["id"])
    assert listed(BOB)["items"] == [back.json]
    assert len(table.outbox()) == 1


# Tickets


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


def test_a_ticket_makes_a_first_card_that_says_the_name_only(table: Table) -> None:
    assert deliver(worker.handler, issued("usr_ada", "Ada", 1), issued("usr_ada", "Ada", 2)) == []
    card = call(handler, "GET", "/contacts/card", caller=ADA).json
    assert (card["name"], card["company"], card["email"], card["links"]) == ("Ada", None, None, [])
    put_card(BOB)
    assert exchange(BOB, card["code"], "n1").json["name"] == "Ada"


def test_a_ticket_never_changes_a_card(table: Table) -> None:
    put_card(ADA, **WHOLE)
    before = call(handler, "GET", "/contacts/card", caller=ADA).json
    assert deliver(worker.handler, issued("usr_ada", "Somebody else")) == []
    assert call(handler, "GET", "/contacts/card", caller=ADA).json == before


def test_a_ticket_without_a_name_makes_no_card(table: Table) -> None:
    assert deliver(worker.handler, issued("usr_ada", " ")) == []
    assert call(handler, "GET", "/contacts/card", caller=ADA).status == 404


def test_a_ticket_told_again_changes_nothing(table: Table) -> None:
    deliver(worker.handler, issued("usr_ada", "Ada"))
    before = table.items()
    assert deliver(worker.handler, issued("usr_ada", "Ada"), issued("usr_ada", "Somebody")) == []
    assert table.items() == before


def test_whoever_a_ticket_was_handed_on_to_attends_and_who_had_it_may_send_scans_of_before(table: Table) -> None:
    before = iso(now() - timedelta(minutes=10))
    handed_on = TicketTransferred(
        conference_id="cnf_1",
        ticket_id="tkt_1",
        order_id="ord_1",
        ticket_type_name="Regular",
        from_id=ADA.user_id,
        owner_id=BOB.user_id,
        owner_name=BOB.name,
        owner_email=BOB.email,
        code="KETEMU:E2:X",
        serial=2,
        valid_from=datetime(2026, 6, 1, tzinfo=UTC),
    )
    assert deliver(worker.handler, handed_on, issued(ADA.user_id, ADA.name)) == []  # in the wrong order
    assert deliver(worker.handler, issued(CYD.user_id, CYD.name, 2)) == []
    codes = [call(handler, "GET", "/contacts/card?conference_id=cnf_1", caller=who).json["code"] for who in (BOB, CYD)]
    own = call(handler, "GET", "/contacts/card?conference_id=cnf_1", caller=ADA)
    assert (own.status, own.problem()) == (422, "not-attending")
    late, early = (exchange(ADA, code, "n1", **at) for code, at in zip(codes, ({}, {"scanned_at": before}), strict=True))
    assert (late.status, late.problem()) == (404, "unknown-code")
    assert (early.status, early.json["conference_id"]) == (201, "cnf_1")


def test_who_gave_a_ticket_back_does_not_attend_whatever_is_heard_of_it_later(table: Table) -> None:
    gone = TicketCancelled(conference_id="cnf_1", ticket_id="tkt_1", order_id="ord_1", owner_id=ADA.user_id)
    assert deliver(worker.handler, gone, issued(ADA.user_id, ADA.name)) == []
    answer = call(handler, "GET", "/contacts/card?conference_id=cnf_1", caller=ADA)
    assert (answer.status, answer.problem()) == (422, "not-attending")


def test_who_has_a_role_attends_until_it_is_taken(table: Table) -> None:
    put_card(ADA)
    given = MembershipChanged(conference_id="cnf_1", user_id=ADA.user_id, role="staff", revision=1)
    taken = MembershipChanged(conference_id="cnf_1", user_id=ADA.user_id, role=None, revision=2)
    for message, status in ((given, 200), (taken, 422), (given, 422)):
        assert deliver(worker.handler, message) == []
        assert call(handler, "GET", "/contacts/card?conference_id=cnf_1", caller=ADA).status == status
