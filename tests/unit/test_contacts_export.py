"""Contacts as a sheet: nothing in it is run by what opens it."""

import csv
import io
from datetime import UTC, datetime

import pytest

from functions.contacts.cards import FreeField, Profile
from functions.contacts.domain import Contact
from functions.contacts.export import sheet

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("evil", ['=HYPERLINK("https://evil.example.org")', "+1+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx"])
def test_no_cell_is_a_formula(evil: str) -> None:
    profile = Profile(evil, evil, evil, evil, evil, (evil,), (FreeField(evil, evil),))
    met = Contact("usr_ada", "usr_bob", "", "usr_ada", "usr_bob", profile, {"usr_ada": NOON}, note=evil, tags=(evil,))
    [_, cells] = csv.reader(io.StringIO(sheet([met], is_first=True).decode("utf-8-sig"), newline=""))
    assert cells.count(f"'{evil}") >= 7
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
