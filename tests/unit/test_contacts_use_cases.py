"""Whoever scans whom, in whatever order and however often: each pair meets once and both know it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.contacts import use_cases
from functions.contacts.domain import (
    Card,
    CardVisibility,
    Contact,
    Meeting,
    NonceReused,
    Profile,
    Removed,
    Scan,
    UnknownCode,
)
from functions.contacts.use_cases import Met, Sight
from shared.caller import Caller
from shared.errors import Busy, NotFound
from shared.messages import ContactExchanged

PEOPLE = [Caller(f"usr_{name}", f"{name}@example.org", name) for name in ("ada", "bob", "cyd", "dot")]
ADA, BOB = PEOPLE[:2]


def noon() -> datetime:
    return datetime(2026, 6, 1, 12, tzinfo=UTC)


@dataclass
class FakeContacts:
    """The port in memory, with the same conditions."""

    cards: dict[str, Card] = field(default_factory=dict)
    kept: dict[tuple[str, str], Contact | Removed] = field(default_factory=dict)
    scans: dict[tuple[str, str], Scan] = field(default_factory=dict)
    outbox: list[ContactExchanged] = field(default_factory=list)
    rivals: int = 0  # how many changes of a card somebody else gets in before

    def card(self, user_id: str) -> Card | None:
        return self.cards.get(user_id)

    def replace_card(self, old: Card | None, new: Card) -> bool:
        if self.rivals:
            self.rivals -= 1
            return False
        if self.cards.get(new.user_id) != old:
            return False
        self.cards[new.user_id] = new
        return True

    def look(self, user_id: str, code: str, nonce: str) -> Sight:
        shown = next((card.shown() for card in self.cards.values() if card.code == code), None)
        return Sight(self.cards.get(user_id), shown, self.scans.get((user_id, nonce)))

    def meet(self, meeting: Meeting, message: ContactExchanged) -> Contact | Removed | None:
        mine, theirs = meeting.mine, meeting.theirs
        if before := self.kept.get((mine.owner_id, mine.id)):
            return before
        self.kept |= {(mine.owner_id, mine.id): mine, (theirs.owner_id, theirs.id): theirs}
        self.scans[meeting.scan.scanner_id, meeting.scan.nonce] = meeting.scan
        self.outbox.append(message)
        return None

    def keep(self, contact: Contact, scan: Scan) -> None:
        self.kept[contact.owner_id, contact.id] = contact
        self.scans[scan.scanner_id, scan.nonce] = scan

    def contact(self, owner_id: str, contact_id: str) -> Contact | None:
        found = self.kept.get((owner_id, contact_id))
        return found if isinstance(found, Contact) else None

    def contacts(self, owner_id: str, limit: int, cursor: str | None) -> tuple[list[Contact], str | None]:
        mine = [contact for contact in self.kept.values() if isinstance(contact, Contact) and contact.owner_id == owner_id]
        return mine[:limit], None

    def annotate(self, contact: Contact) -> bool:
        self.kept[contact.owner_id, contact.id] = contact
        return True

    def remove(self, owner_id: str, contact_id: str) -> bool:
        there = self.contact(owner_id, contact_id) is not None
        if there:
            self.kept[owner_id, contact_id] = Removed()
        return there


@pytest.fixture
def contacts() -> FakeContacts:
    return with_cards()


def with_cards() -> FakeContacts:
    contacts = FakeContacts()
    for person in PEOPLE:
        use_cases.put_card(contacts, noon, caller=person, profile=Profile(person.name), visibility=CardVisibility())
    return contacts


def scan(contacts: FakeContacts, who: Caller, whom: Caller, nonce: str, note: str | None = None) -> Met:
    code = contacts.cards[whom.user_id].code
    return use_cases.exchange(contacts, noon, caller=who, code=code, nonce=nonce, scanned_at=None, note=note)


SCANS = st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)).filter(lambda pair: pair[0] != pair[1])


@given(scans=st.lists(SCANS, max_size=20), same_nonce=st.booleans())
def test_each_pair_that_met_is_known_to_both_exactly_once(scans: list[tuple[Caller, Caller]], *, same_nonce: bool) -> None:
    contacts, nonces = with_cards(), count()
    first = [scan(contacts, who, whom, f"{who.name}-{whom.name}" if same_nonce else str(next(nonces))).first for who, whom in scans]

    pairs = {frozenset((who.user_id, whom.user_id)) for who, whom in scans}
    known = [(contact.owner_id, contact.user_id) for contact in contacts.kept.values() if isinstance(contact, Contact)]
    assert sorted(known) == sorted((one, other) for pair in pairs for one in pair for other in pair - {one})
    assert sum(first) == len(contacts.outbox) == len(pairs)
    assert len({message.exchange_id for message in contacts.outbox}) == len(pairs)


def test_a_repeated_scan_is_answered_after_the_code_was_rotated(contacts: FakeContacts) -> None:
    code = contacts.cards[BOB.user_id].code
    met = scan(contacts, ADA, BOB, "n1")
    use_cases.rotate_code(contacts, noon, caller=BOB, command_id="rot_1")
    again = use_cases.exchange(contacts, noon, caller=ADA, code=code, nonce="n1", scanned_at=None, note=None)
    assert again == Met(met.contact, first=False)
    with pytest.raises(UnknownCode):
        use_cases.exchange(contacts, noon, caller=ADA, code=code, nonce="n2", scanned_at=None, note=None)


def test_a_nonce_does_not_name_two_scans(contacts: FakeContacts) -> None:
    scan(contacts, ADA, BOB, "n1")
    with pytest.raises(NonceReused):
        scan(contacts, ADA, PEOPLE[2], "n1")


def test_a_note_fills_an_empty_one_and_replaces_none(contacts: FakeContacts) -> None:
    scan(contacts, BOB, ADA, "n1")
    assert scan(contacts, ADA, BOB, "n2", "tea").contact.note == "tea"
    assert scan(contacts, ADA, BOB, "n3", "coffee").contact.note == "tea"
    assert scan(contacts, BOB, ADA, "n4").contact.note is None


def test_who_was_removed_comes_back_with_a_new_scan_and_not_with_an_old_one(contacts: FakeContacts) -> None:
    met = scan(contacts, ADA, BOB, "n1")
    use_cases.remove(contacts, caller=ADA, contact_id=met.contact.id)
    with pytest.raises(NotFound, match="new nonce"):
        scan(contacts, ADA, BOB, "n1")
    assert scan(contacts, ADA, BOB, "n2") == Met(met.contact, first=False)
    assert len(contacts.outbox) == 1


def test_a_removal_stands_when_the_other_scans_again(contacts: FakeContacts) -> None:
    scan(contacts, ADA, BOB, "n1")
    (of_bob,), _ = contacts.contacts(BOB.user_id, 10, None)
    use_cases.remove(contacts, caller=BOB, contact_id=of_bob.id)
    scan(contacts, ADA, BOB, "n2")
    assert contacts.contacts(BOB.user_id, 10, None) == ([], None)


def test_a_contact_shows_what_was_visible_at_the_exchange(contacts: FakeContacts) -> None:
    scan(contacts, ADA, BOB, "n1")
    use_cases.put_card(contacts, noon, caller=BOB, profile=Profile("Robert"), visibility=CardVisibility())
    assert scan(contacts, ADA, BOB, "n2").contact.profile == Profile("bob")


def test_a_code_is_rotated_once_for_each_command(contacts: FakeContacts) -> None:
    rotated = use_cases.rotate_code(contacts, noon, caller=ADA, command_id="rot_1")
    assert use_cases.rotate_code(contacts, noon, caller=ADA, command_id="rot_1") == rotated
    assert use_cases.rotate_code(contacts, noon, caller=ADA, command_id="rot_2").code != rotated.code


def test_a_card_that_changed_meanwhile_is_read_again(contacts: FakeContacts) -> None:
    contacts.rivals = 2
    use_cases.put_card(contacts, noon, caller=ADA, profile=Profile("Ada L."), visibility=CardVisibility())
    assert contacts.cards[ADA.user_id].profile.name == "Ada L."
    contacts.rivals = 99
    with pytest.raises(Busy):
        use_cases.put_card(contacts, noon, caller=ADA, profile=Profile("Ada"), visibility=CardVisibility())
    with pytest.raises(Busy):
        use_cases.rotate_code(contacts, noon, caller=ADA, command_id="rot_1")


def test_a_first_card_is_made_only_where_there_is_none(contacts: FakeContacts) -> None:
    before = contacts.cards[ADA.user_id]
    use_cases.make_first_card(contacts, noon, user_id=ADA.user_id, name="Somebody else")
    use_cases.make_first_card(contacts, noon, user_id="usr_eve", name=" Eve ")
    use_cases.make_first_card(contacts, noon, user_id="usr_nameless", name="  ")
    assert contacts.cards[ADA.user_id] == before
    assert contacts.cards["usr_eve"].profile == Profile("Eve")
    assert "usr_nameless" not in contacts.cards
