"""What the table holds against two things at once."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from functions.contacts.domain import Card, CardVisibility, Contact, Meeting, Profile, Removed, introduce
from functions.contacts.dynamo import DynamoContacts
from shared.errors import Busy
from shared.messages import ContactExchanged
from tests.support import Table

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
CONTACTS = DynamoContacts()


def card(name: str, visibility: CardVisibility | None = None) -> Card:
    profile = Profile(name, email=f"{name}@example.org", links=("https://example.org/1", "https://example.org/2"))
    return Card.first(f"usr_{name}", profile, visibility or CardVisibility(), NOON)


def meeting(scanner: Card, scanned: Card, nonce: str, note: str | None = None, conference_id: str | None = None) -> Meeting:
    return introduce(scanner, scanned.shown(), code=scanned.code, nonce=nonce, met_at=NOON, note=note, conference_id=conference_id)


def meet(of: Meeting) -> object:
    message = ContactExchanged(exchange_id=of.exchange_id, scanner_id="a", scanned_id="b", scanner_name="A", scanned_name="B")
    return CONTACTS.meet(of, message)


def test_a_card_comes_back_as_it_went(table: Table) -> None:
    first = card("ada", CardVisibility(company="nobody", links="everyone"))
    assert CONTACTS.replace_card(None, first)
    assert CONTACTS.card("usr_ada") == first
    assert CONTACTS.card("usr_bob") is None
    assert CONTACTS.look("usr_bob", first.code, "n", None).shown == first.shown()


def test_a_card_that_is_not_the_one_that_was_read_stays(table: Table) -> None:
    first = card("ada")
    assert CONTACTS.replace_card(None, first)
    hidden = first.rewritten(replace(first.profile, email=None), first.visibility, NOON)
    assert CONTACTS.replace_card(first, hidden)
    before = table.items()
    assert not CONTACTS.rotate(first, first.rotated(NOON), "rot_1")
    assert not CONTACTS.replace_card(None, card("ada"))
    assert table.items() == before


def test_a_dead_code_is_not_in_the_table(table: Table) -> None:
    first = card("ada")
    CONTACTS.replace_card(None, first)
    assert CONTACTS.rotate(first, first.rotated(NOON), "rot_1")
    assert first.code not in str(table.items())
    assert CONTACTS.look("usr_bob", first.code, "n", None).shown is None


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
    before = meeting(ada, bob, "n1")
    assert meet(before) is None
    noted = meeting(ada, bob, "n2", "tea")
    CONTACTS.keep(before.mine, noted.mine, noted.scan)
    items = table.items()
    late = meeting(ada, bob, "n3", "coffee")
    with pytest.raises(Busy):
        CONTACTS.keep(before.mine, late.mine, late.scan)
    assert table.items() == items


def test_a_new_note_is_not_lost_to_a_scan_that_read_the_old_one(table: Table) -> None:
    of_bob = meeting(card("ada"), card("bob"), "n1", "tea")
    assert meet(of_bob) is None
    assert CONTACTS.annotate(replace(of_bob.mine, note="coffee"))
    again = meeting(card("ada"), card("bob"), "n2")
    with pytest.raises(Busy):
        CONTACTS.keep(of_bob.mine, again.kept_over(of_bob.mine), again.scan)
    assert CONTACTS.contact("usr_ada", of_bob.mine.id) == replace(of_bob.mine, note="coffee")


def test_who_was_removed_meanwhile_is_not_brought_back_with_the_old_note(table: Table) -> None:
    of_bob = meeting(card("ada"), card("bob"), "n1")
    assert meet(of_bob) is None
    assert CONTACTS.remove("usr_ada", of_bob.mine.id)
    again = meeting(card("ada"), card("bob"), "n2")
    with pytest.raises(Busy):
        CONTACTS.keep(of_bob.mine, again.kept_over(of_bob.mine), again.scan)
    CONTACTS.keep(Removed(), again.kept_over(Removed()), again.scan)
    assert CONTACTS.contact("usr_ada", of_bob.mine.id) == again.mine


def test_a_note_is_not_written_on_what_was_removed(table: Table) -> None:
    of_bob = meeting(card("ada"), card("bob"), "n1")
    assert meet(of_bob) is None
    assert CONTACTS.remove("usr_ada", of_bob.mine.id)
    assert not CONTACTS.annotate(replace(of_bob.mine, note="tea"))
    assert not CONTACTS.remove("usr_ada", of_bob.mine.id)


def test_where_two_met_is_kept_with_the_contact(table: Table) -> None:
    there = meeting(card("ada"), card("bob"), "n1", conference_id="cnf_1")
    assert meet(there) is None
    assert CONTACTS.contact("usr_ada", there.mine.id) == there.mine
    assert CONTACTS.contact("usr_bob", there.theirs.id) == there.theirs


def test_who_attends_is_seen_for_that_conference_only(table: Table) -> None:
    for _ in range(2):
        CONTACTS.attend("usr_ada", "cnf_1")
    asked = [(who, where) for who in ("usr_ada", "usr_bob") for where in ("cnf_1", "cnf_2", None)]
    assert [place for place in asked if CONTACTS.look(place[0], "code", "n", place[1]).attends] == [("usr_ada", "cnf_1")]


def test_each_command_that_rotated_is_remembered(table: Table) -> None:
    first = card("ada")
    CONTACTS.replace_card(None, first)
    second, third = first.rotated(NOON), first.rotated(NOON).rotated(NOON)
    assert not CONTACTS.has_rotated("usr_ada", "rot_1")
    assert CONTACTS.rotate(first, second, "rot_1")
    assert not CONTACTS.rotate(second, third, "rot_1")
    assert CONTACTS.rotate(second, third, "rot_2")
    assert [CONTACTS.has_rotated("usr_ada", command_id) for command_id in ("rot_1", "rot_2", "rot_3")] == [True, True, False]
    assert not CONTACTS.has_rotated("usr_bob", "rot_1")
    assert CONTACTS.card("usr_ada") == third


def test_the_record_of_what_is_done_once_does_not_stay_for_ever(table: Table) -> None:
    ada = card("ada")
    CONTACTS.replace_card(None, ada)
    CONTACTS.rotate(ada, ada.rotated(NOON), "rot_1")
    meet(meeting(ada, card("bob"), "n1"))
    assert {item["kind"] for item in table.items() if "ttl" in item} == {"ContactScan", "Outbox", "Rotation"}
