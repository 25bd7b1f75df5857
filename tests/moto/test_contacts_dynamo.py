"""What the table holds against two things at once."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from functions.contacts.domain import Card, CardVisibility, Contact, Meeting, Profile, introduce
from functions.contacts.dynamo import DynamoContacts
from shared.errors import Busy
from shared.messages import ContactExchanged
from tests.support import Table

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
CONTACTS = DynamoContacts()


def card(name: str, visibility: CardVisibility | None = None) -> Card:
    profile = Profile(name, email=f"{name}@example.org", links=("https://example.org/1", "https://example.org/2"))
    return Card.first(f"usr_{name}", profile, visibility or CardVisibility(), NOON)


def meeting(scanner: Card, scanned: Card, nonce: str, note: str | None = None) -> Meeting:
    return introduce(scanner, scanned.shown(), code=scanned.code, nonce=nonce, met_at=NOON, note=note)


def meet(of: Meeting) -> object:
    message = ContactExchanged(exchange_id=of.exchange_id, scanner_id="a", scanned_id="b", scanner_name="A", scanned_name="B")
    return CONTACTS.meet(of, message)


def test_a_card_comes_back_as_it_went(table: Table) -> None:
    first = card("ada", CardVisibility(company="nobody", links="everyone"))
    assert CONTACTS.replace_card(None, first)
    assert CONTACTS.card("usr_ada") == first
    assert CONTACTS.card("usr_bob") is None
    assert CONTACTS.look("usr_bob", first.code, "n").shown == first.shown()


def test_a_card_that_is_not_the_one_that_was_read_stays(table: Table) -> None:
    first = card("ada")
    assert CONTACTS.replace_card(None, first)
    hidden = first.rewritten(replace(first.profile, email=None), first.visibility, NOON)
    assert CONTACTS.replace_card(first, hidden)
    before = table.items()
    assert not CONTACTS.replace_card(first, first.rotated("rot_1", NOON))
    assert not CONTACTS.replace_card(None, card("ada"))
    assert table.items() == before


def test_a_dead_code_is_not_in_the_table(table: Table) -> None:
    first = card("ada")
    CONTACTS.replace_card(None, first)
    CONTACTS.replace_card(first, first.rotated("rot_1", NOON))
    assert first.code not in str(table.items())
    assert CONTACTS.look("usr_bob", first.code, "n").shown is None


def test_two_who_scan_each_other_at_once_meet_once(table: Table) -> None:
    ada, bob = card("ada"), card("bob")
    assert meet(meeting(ada, bob, "n1")) is None
    kept = meet(meeting(bob, ada, "n1"))
    assert isinstance(kept, Contact)
    assert (kept.owner_id, kept.user_id) == ("usr_bob", "usr_ada")
    assert len(table.outbox()) == 1


def test_one_nonce_for_two_codes_at_once_is_one_meeting(table: Table) -> None:
    ada = card("ada")
    assert meet(meeting(ada, card("bob"), "n1")) is None
    before = table.items()
    with pytest.raises(Busy):
        meet(meeting(ada, card("cyd"), "n1"))
    assert table.items() == before


def test_of_two_notes_at_once_the_first_stays(table: Table) -> None:
    ada, bob = card("ada"), card("bob")
    assert meet(meeting(ada, bob, "n1")) is None
    noted = meeting(ada, bob, "n2", "tea")
    CONTACTS.keep(noted.mine, noted.scan)
    before = table.items()
    late = meeting(ada, bob, "n3", "coffee")
    with pytest.raises(Busy):
        CONTACTS.keep(late.mine, late.scan)
    assert table.items() == before


def test_a_note_is_not_written_on_what_was_removed(table: Table) -> None:
    of_bob = meeting(card("ada"), card("bob"), "n1")
    assert meet(of_bob) is None
    assert CONTACTS.remove("usr_ada", of_bob.mine.id)
    assert not CONTACTS.annotate(replace(of_bob.mine, note="tea"))
    assert not CONTACTS.remove("usr_ada", of_bob.mine.id)


def test_the_record_of_a_scan_does_not_stay_for_ever(table: Table) -> None:
    meet(meeting(card("ada"), card("bob"), "n1"))
    assert {item["kind"] for item in table.items() if "ttl" in item} == {"ContactScan", "Outbox"}
