"""Against a simple model: who met, who scanned whom first when, and who sees whom, in whatever order it becomes known."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.contacts import use_cases_consent, use_cases_people
from functions.contacts.cards import Card, Profile, Visible
from functions.contacts.domain import Contact, Meeting, Misses, Pair, Scan, UnknownCode, contact_id
from functions.contacts.people import Person
from functions.contacts.use_cases import Scanned, Sight, Wanted, exchange
from shared.caller import Caller
from shared.messages import ContactExchanged, Message

PEOPLE = [Caller(f"usr_{name}", f"{name}@example.org", name) for name in ("ada", "bob", "cyd")]
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@dataclass
class World:
    """The ports in memory, with the same conditions."""

    people: dict[str, Person] = field(default_factory=dict)
    kept: dict[tuple[str, str], Contact] = field(default_factory=dict)
    scans: dict[tuple[str, str], Scan] = field(default_factory=dict)
    told: list[Message] = field(default_factory=list)

    def person(self, user_id: str) -> Person | None:
        return self.people.get(user_id)

    def change(self, old: Person | None, new: Person, messages: Sequence[Message], done: str | None = None) -> bool:
        self.people[new.user_id] = new
        return True

    def has_done(self, user_id: str, command_id: str) -> bool:
        return False

    def look(self, user_id: str, code: str, nonce: str) -> Sight:
        bearers = {text: bearer for person in self.people.values() for text, bearer in person.bearers().items()}
        return Sight(self.people.get(user_id), bearers.get(code), self.scans.get((user_id, nonce)), None)

    def miss(self, user_id: str, before: Misses | None, now: datetime) -> None:
        pass

    def meet(self, meeting: Meeting, pair: Pair, message: ContactExchanged) -> Pair | None:
        mine, theirs = (self.kept.get((each.owner_id, each.id)) for each in (pair.mine, pair.theirs))
        if mine and theirs:
            return Pair(mine, theirs)
        self._put(pair)
        self.scans[meeting.scan.scanner_id, meeting.scan.nonce] = meeting.scan
        self.told.append(message)
        return None

    def note(self, meeting: Meeting) -> bool:
        self.scans[meeting.scan.scanner_id, meeting.scan.nonce] = meeting.scan
        return True

    def settle(self, before: Pair, after: Pair, *, messages: Sequence[Message] = (), **_: Any) -> bool:
        self._put(after)
        self.told += messages
        return True

    def _put(self, pair: Pair) -> None:
        self.kept |= {(each.owner_id, each.id): each for each in (pair.mine, pair.theirs)}

    def contact(self, owner_id: str, contact_id: str) -> Contact | None:
        return self.kept.get((owner_id, contact_id))

    def other_side(self, contact: Contact) -> Contact | None:
        return self.kept.get(contact.other_side)

    def contacts(self, owner_id: str, wanted: Wanted, limit: int, cursor: str | None) -> tuple[list[Contact], str | None]:
        return [each for each in self.kept.values() if each.owner_id == owner_id and each.is_listed], None

    def holders(self, owner_id: str, limit: int, cursor: str | None) -> tuple[list[Contact], str | None]:
        return [each for each in self.kept.values() if each.owner_id == owner_id], None

    def keep(self, before: Contact, after: Contact) -> bool:
        self.kept[after.owner_id, after.id] = after
        return True


def world() -> World:
    made = World()
    for who in PEOPLE:
        use_cases_people.put_card(made, lambda: NOON, caller=who, conference_id="", card=Card(Profile(who.name)))
    return made


def scan(in_: World, who: int, whom: int, minute: int, received: int = 100) -> bool:
    """Whether it was an exchange."""
    code = in_.people[PEOPLE[whom].user_id].codes[0].text
    at = NOON + timedelta(minutes=minute)
    scanned = Scanned(code=code, nonce=f"{whom}-{minute}", scanned_at=at)
    try:
        exchange(in_, lambda: NOON + timedelta(minutes=received), caller=PEOPLE[who], scanned=scanned)
    except UnknownCode:
        return False
    return True


PAIRS = st.tuples(st.sampled_from(range(3)), st.sampled_from(range(3))).filter(lambda pair: pair[0] != pair[1])
SCANS = st.lists(st.tuples(PAIRS, st.integers(0, 5)), max_size=12)


@given(SCANS, st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_in_whatever_order_scans_come_the_same_is_kept(scans: list[tuple[tuple[int, int], int]], order: Any) -> None:
    arrivals = [*scans, *scans[::2]]
    order.shuffle(arrivals)
    kept = world()
    for (who, whom), minute in arrivals:
        assert scan(kept, who, whom, minute)

    first: dict[frozenset[str], dict[str, datetime]] = {}
    for (who, whom), minute in scans:
        of_pair = first.setdefault(frozenset({PEOPLE[who].user_id, PEOPLE[whom].user_id}), {})
        at = NOON + timedelta(minutes=minute)
        of_pair[PEOPLE[who].user_id] = min(at, of_pair.get(PEOPLE[who].user_id, at))
    assert {frozenset({each.owner_id, each.other_id}): dict(each.scans) for each in kept.kept.values()} == first
    assert len(kept.kept) == 2 * len(first) == 2 * len(kept.told)
    assert all(each.is_listed and each.met_at == min(each.scans.values()) for each in kept.kept.values())


@given(st.lists(st.tuples(st.sampled_from(["scan", "withdraw"]), PAIRS), max_size=16))
@settings(max_examples=60)
def test_who_sees_whom_is_what_a_simple_model_says(acts: list[tuple[str, tuple[int, int]]]) -> None:
    kept = world()
    sees: set[tuple[int, int]] = set()
    met: set[frozenset[int]] = set()
    for minute, (act, (who, whom)) in enumerate(acts):
        pair = frozenset({who, whom})
        if act == "scan":
            refused = pair in met and (who, whom) not in sees  # the other has withdrawn
            assert scan(kept, who, whom, minute, minute) is not refused
            if not refused:
                met.add(pair)
                sees |= {(who, whom), (whom, who)}
        elif pair in met:
            found = contact_id(PEOPLE[who].user_id, PEOPLE[whom].user_id, "")
            at = NOON + timedelta(minutes=minute)
            use_cases_consent.withdraw(kept, kept, lambda at=at: at, caller=PEOPLE[who], contact_id=found)  # type: ignore[misc]
            sees.discard((whom, who))
    by_id = {who.user_id: number for number, who in enumerate(PEOPLE)}
    assert {(by_id[each.owner_id], by_id[each.other_id]) for each in kept.kept.values() if each.is_listed} == sees


def test_a_note_goes_with_who_withdrew_and_a_removal_stands_when_the_other_scans() -> None:
    kept = world()
    scan(kept, 0, 1, 0)
    mine = next(each for each in kept.kept.values() if each.owner_id == PEOPLE[0].user_id)
    noted = replace(mine, note="tea")
    assert noted.showing(None).note is None
    kept.keep(mine, mine.removed(NOON + timedelta(minutes=1)))
    scan(kept, 1, 0, 5)
    assert not kept.kept[mine.owner_id, mine.id].is_listed
    scan(kept, 0, 1, 6)
    assert kept.kept[mine.owner_id, mine.id].is_listed


def test_what_waited_to_be_confirmed_waits_again_after_a_withdrawal_is_over() -> None:
    kept = world()
    asks = Card(Profile("Ada", phone="+44 20 7946 0000"), {"phone": Visible.to_all("confirmed")})
    use_cases_people.put_card(kept, lambda: NOON, caller=PEOPLE[0], conference_id="", card=asks)
    scan(kept, 0, 1, 0)
    mine = next(each for each in kept.kept.values() if each.owner_id == PEOPLE[0].user_id)
    withdrawn = use_cases_consent.withdraw(kept, kept, lambda: NOON, caller=PEOPLE[0], contact_id=mine.id)
    assert (mine.awaits, withdrawn.awaits) == (True, False)
    scan(kept, 0, 1, 5)
    assert kept.kept[mine.owner_id, mine.id].awaits
