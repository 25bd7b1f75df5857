"""How a lost ticket is found."""

from dataclasses import replace

import pytest

from functions.tickets.directory import Query, listings, masked
from functions.tickets.domain import Attendee
from shared.errors import Invalid
from shared.ids import derived_id
from tests.unit.test_tickets_door import TICKET

TYPED = replace(TICKET, order_id=derived_id("ord", "1"), attendee=Attendee("Ángela  de la Cruz", "angela.cruz@example.org"))


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("ang", True),
        ("ÁNGELA DE", True),
        ("cruz", True),
        ("la cru", True),
        ("angela.cruz@", True),
        ("ngela", False),
        ("cruz@example", False),
        (derived_id("ord", "1"), True),
        (derived_id("ord", "1").lower(), True),
        (derived_id("ord", "2"), False),
    ],
)
def test_a_ticket_is_found_by_how_a_word_begins_or_by_its_order(text: str, fits: bool) -> None:
    assert Query.parse(text).fits(TYPED) is fits


@pytest.mark.parametrize("text", ["an", "a n"[:2], " a ", "́́́"])
def test_with_less_than_three_letters_nobody_is_looked_for(text: str) -> None:
    with pytest.raises(Invalid):
        Query.parse(text)


def test_a_ticket_is_listed_under_each_word_of_its_name() -> None:
    assert [(each.what, each.text) for each in listings(TYPED)] == [
        ("email", "angela.cruz@example.org"),
        ("name", "angela de la cruz"),
        ("name", "cruz"),
        ("name", "de la cruz"),
        ("name", "la cruz"),
    ]
    assert {each.initials for each in listings(TYPED)} == {"ang", "cru", "de ", "la "}


def test_an_address_is_told_by_its_first_letter_and_domain() -> None:
    assert masked("angela.cruz@example.org") == "a…@example.org"
