"""The sheet of orders: complete, harmless, readable by spreadsheets."""

import csv
import gzip
import io
from dataclasses import replace

import pytest

from functions.orders.export import COLUMNS, Sheet, harmless
from functions.orders.ledger import Entry
from functions.orders.lines import Attendee
from tests.unit.test_orders_ledger import ADA, BOB, PAID, line, returned


def read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def sheet(*entries: Entry, is_first: bool = True, is_gzipped: bool = False) -> bytes:
    made = Sheet(is_first=is_first, is_gzipped=is_gzipped)
    made.add(entries)
    return made.finished()


def test_there_is_a_line_for_each_ticket() -> None:
    rows = read(sheet(Entry.of(returned(PAID, 2, amount=4900))))
    assert [(row["ticket_number"], row["attendee_name"], row["ticket_status"]) for row in rows] == [
        ("1", ADA.name, "active"),
        ("2", BOB.name, "refunded"),
        ("3", BOB.name, "active"),
    ]
    assert rows[0] | {"ticket_type_id": "regular", "ticket_type": "Regular", "price": "49.00"} == rows[0]
    assert {(row["order_id"], row["order_status"], row["order_total"], row["order_refunded"], row["currency"]) for row in rows} == {
        ("ord_1", "partially_refunded", "108.00", "49.00", "EUR")
    }
    assert {(row["placed_at"], row["day"]) for row in rows} == {("2026-06-01T22:00:00.000Z", "2026-06-02")}


def test_a_spreadsheet_takes_it_for_utf_8() -> None:
    assert sheet().startswith(b"\xef\xbb\xbforder_id,")
    assert read(sheet(Entry.of(PAID)))[1]["attendee_name"] == "Bob Müller"


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x","y")'])
def test_no_cell_is_a_formula(evil: str) -> None:
    order = replace(PAID, buyer_name=evil, lines=(line("regular", 4900, Attendee(evil, f"{evil}@example.org")),))
    (row,) = read(sheet(Entry.of(order)))
    assert row["buyer_name"] == row["attendee_name"] == f"'{evil}"
    assert row["attendee_email"].startswith("'")
    assert harmless("\t=1") == "'\t=1"


def test_commas_and_quotes_stay_in_their_cell() -> None:
    name = 'Ada, "the first"'
    order = replace(PAID, buyer_name=name)
    assert read(sheet(Entry.of(order)))[0]["buyer_name"] == name


@pytest.mark.parametrize("is_gzipped", [False, True])
def test_parts_one_after_the_other_are_the_sheet(is_gzipped: bool) -> None:
    one, other = Entry.of(PAID), Entry.of(replace(PAID, id="ord_2"))
    parts = sheet(one, is_gzipped=is_gzipped) + sheet(other, is_first=False, is_gzipped=is_gzipped)
    whole = sheet(one, other)
    assert (gzip.decompress(parts) if is_gzipped else parts) == whole
    assert tuple(read(whole)[0]) == COLUMNS


def test_what_is_compressed_is_not_kept_twice() -> None:
    made = Sheet(is_first=True, is_gzipped=True)
    for _ in range(100):
        made.add([Entry.of(PAID)] * 100)
    assert 0 < made.size <= len(made.finished()) < 30 * 30_000  # of some 4 MB
