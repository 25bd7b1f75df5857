"""Cards and contacts, from the request to the table and back."""

import io
import json

import pytest
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bench.meter import Meter
from functions.contacts.api import handler
from shared.caller import Caller
from shared.ids import new_id
from shared.messages import ContactExchanged
from tests.moto.contacts import ADA, BOB, CYD, WHOLE, code_at, exchange, kinds_with, listed, put_card
from tests.support import Table, call


def drawn(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


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


@pytest.mark.parametrize("accept", ["*/*", "image/*", "image/png", "image/svg+xml;q=0.5, image/png"])
def test_the_picture_is_a_png_that_says_the_code(table: Table, accept: str) -> None:
    code = put_card(ADA)["code"]
    answer = call(handler, "GET", "/contacts/card/qrcode", caller=ADA, headers={"accept": accept})
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/png")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert [found.text for found in zxingcpp.read_barcodes(drawn(answer.body), formats=zxingcpp.BarcodeFormat.QRCode)] == [code]


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
