"""Contacts as their owner lists, reads, notes and removes them."""

from datetime import timedelta

import pytest

from functions.contacts.api import handler
from shared.caller import Caller
from shared.clock import iso, now
from tests.moto.contacts import ADA, BOB, CYD, exchange, listed, put_card
from tests.support import Table, call


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
