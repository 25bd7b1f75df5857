"""Whoever scans whom, in whatever order and however often: each pair meets once and both know it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
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
    NotAttending,
    Profile,
    Removed,
    Scan,
    UnknownCode,
)
from functions.contacts.use_cases import Met, Sight
from shared.caller import Caller
from shared.clock import Clock
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
    attendances: set[tuple[str, str]] = field(default_factory=set)
    rotations: set[tuple[str, str]] = field(default_factory=set)
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

    def rotate(self, old: Card, new: Card, command_id: str) -> bool:
        if (new.user_id, command_id) in self.rotations or not self.replace_card(old, new):
            return False
        self.rotations.add((new.user_id, command_id))
        return True

    def has_rotated(self, user_id: str, command_id: str) -> bool:
        return (user_id, command_id) in self.rotations

    def attend(self, user_id: str, conference_id: str) -> None:
        self.attendances.add((user_id, conference_id))

    def look(self, user_id: str, code: str, nonce: str, conference_id: str | None) -> Sight:
        shown = next((card.shown() for card in self.cards.values() if card.code == code), None)
        attends = (user_id, conference_id) in self.attendances
        return Sight(self.cards.get(user_id), shown, self.scans.get((user_id, nonce)), attends)

    def meet(self, meeting: Meeting, message: ContactExchanged) -> Contact | Removed | None:
        mine, theirs = meeting.mine, meeting.theirs
        if before := self.kept.get((mine.owner_id, mine.id)):
            return before
        self.kept |= {(mine.owner_id, mine.id): mine, (theirs.owner_id, theirs.id): theirs}
        self.scans[meeting.scan.scanner_id, meeting.scan.nonce] = meeting.scan
        self.outbox.append(message)
        return None

    def keep(self, before: Contact | Removed, contact: Contact, scan: Scan) -> None:
        assert self.kept[contact.owner_id, contact.id] == before
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


def scan(
    contacts: FakeContacts,
    who: Caller,
    whom: Caller,
    nonce: str,
    *,
    code: str | None = None,
    note: str | None = None,
    conference_id: str | None = None,
    clock: Clock = noon,
) -> Met:
    return use_cases.exchange(
        contacts,
        clock,
        caller=who,
        code=code or contacts.cards[whom.user_id].code,
        nonce=nonce,
        scanned_at=None,
        note=note,
        conference_id=conference_id,
    )


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
    assert scan(contacts, ADA, BOB, "n1", code=code) == Met(met.contact, first=False)
    with pytest.raises(UnknownCode):
        scan(contacts, ADA, BOB, "n2", code=code)


def test_a_nonce_does_not_name_two_scans(contacts: FakeContacts) -> None:
    scan(contacts, ADA, BOB, "n1")
    with pytest.raises(NonceReused):
        scan(contacts, ADA, PEOPLE[2], "n1")


def test_a_note_fills_an_empty_one_and_replaces_none(contacts: FakeContacts) -> None:
    scan(contacts, BOB, ADA, "n1")
    assert scan(contacts, ADA, BOB, "n2", note="tea").contact.note == "tea"
    assert scan(contacts, ADA, BOB, "n3", note="coffee").contact.note == "tea"
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


PROFILES = st.builds(Profile, st.just("Robert"), *([st.none() | st.just("x")] * 4), st.just(()) | st.just(("https://example.org",)))
VISIBILITIES = st.builds(CardVisibility, *([st.sampled_from(["everyone", "nobody"])] * 5))


@given(before=st.tuples(PROFILES, VISIBILITIES), after=st.tuples(PROFILES, VISIBILITIES), note=st.none() | st.just("tea"))
def test_a_new_scan_shows_what_is_visible_now_and_keeps_the_note_and_the_time(
    before: tuple[Profile, CardVisibility], after: tuple[Profile, CardVisibility], note: str | None
) -> None:
    contacts = with_cards()
    use_cases.put_card(contacts, noon, caller=BOB, profile=before[0], visibility=before[1])
    met = scan(contacts, ADA, BOB, "n1", note=note).contact
    mutual = contacts.contacts(BOB.user_id, 10, None)
    use_cases.put_card(contacts, noon, caller=BOB, profile=after[0], visibility=after[1])
    again = scan(contacts, ADA, BOB, "n2", clock=lambda: noon() + timedelta(hours=1))
    assert again == Met(replace(met, profile=after[0].under(after[1])), first=False)
    assert contacts.contacts(ADA.user_id, 10, None) == ([again.contact], None)
    assert contacts.contacts(BOB.user_id, 10, None) == mutual
    assert len(contacts.outbox) == 1


def test_a_repeated_scan_shows_what_it_showed(contacts: FakeContacts) -> None:
    met = scan(contacts, ADA, BOB, "n1")
    use_cases.put_card(contacts, noon, caller=BOB, profile=Profile("Robert"), visibility=CardVisibility())
    assert scan(contacts, ADA, BOB, "n1") == Met(met.contact, first=False)


def test_who_attends_a_conference_meets_people_there(contacts: FakeContacts) -> None:
    use_cases.welcome(contacts, noon, user_id=ADA.user_id, name="Ada", conference_id="cnf_1")
    met = scan(contacts, ADA, BOB, "n1", conference_id="cnf_1")
    assert {contact.conference_id for contact in contacts.kept.values() if isinstance(contact, Contact)} == {"cnf_1"}
    assert [message.conference_id for message in contacts.outbox] == ["cnf_1"]
    assert scan(contacts, ADA, BOB, "n2").contact == met.contact


@pytest.mark.parametrize("who", [BOB, PEOPLE[2]])
def test_who_does_not_attend_a_conference_meets_nobody_there(contacts: FakeContacts, who: Caller) -> None:
    use_cases.welcome(contacts, noon, user_id=ADA.user_id, name="Ada", conference_id="cnf_1")
    use_cases.welcome(contacts, noon, user_id=BOB.user_id, name="Bob", conference_id="cnf_2")
    with pytest.raises(NotAttending, match="cnf_1"):
        scan(contacts, who, ADA, "n1", conference_id="cnf_1")
    assert not contacts.kept


def test_a_code_is_rotated_once_for_each_command(contacts: FakeContacts) -> None:
    rotated = use_cases.rotate_code(contacts, noon, caller=ADA, command_id="rot_1")
    assert use_cases.rotate_code(contacts, noon, caller=ADA, command_id="rot_1") == rotated
    assert use_cases.rotate_code(contacts, noon, caller=ADA, command_id="rot_2").code != rotated.code


def test_a_command_that_comes_back_late_leaves_the_code_of_a_later_one(contacts: FakeContacts) -> None:
    for command_id in ("rot_1", "rot_2"):
        present = use_cases.rotate_code(contacts, noon, caller=ADA, command_id=command_id)
    assert use_cases.rotate_code(contacts, noon, caller=ADA, command_id="rot_1") == present
    assert contacts.cards[ADA.user_id] == present


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
    for user_id, name in ((ADA.user_id, "Somebody else"), ("usr_eve", " Eve "), ("usr_nameless", "  ")):
        use_cases.welcome(contacts, noon, user_id=user_id, name=name, conference_id="cnf_1")
    assert contacts.cards[ADA.user_id] == before
    assert contacts.cards["usr_eve"].profile == Profile("Eve")
    assert "usr_nameless" not in contacts.cards
