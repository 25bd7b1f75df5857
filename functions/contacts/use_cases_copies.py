"""The copies that others hold of a card follow it, and so does a name on a team's list: what is changed or hidden there is changed
or gone here."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Protocol

from functions.contacts.domain import Contact, Pair
from functions.contacts.people import Person
from functions.contacts.use_cases import TRIES
from functions.contacts.use_cases_consent import Holders
from functions.contacts.use_cases_people import People
from shared.errors import Busy
from shared.messages import CardChanged, Message

# An exchange that was under way may have read the card of before. None takes so long: the function is ended before.
_SECOND_LOOK = timedelta(seconds=30)


class Copies(Holders, Protocol):
    def with_card_of(self, person: Person) -> Iterator[Contact]:
        """What the person keeps, or the teams that they are of, of all who see that person's card or whom the person scanned."""

    def other_sides(self, contacts: Sequence[Contact]) -> list[Contact | None]:
        """In their order."""


class Later(Protocol):
    def send(self, message: Message, seconds: int) -> None: ...


def refresh_copies(copies: Copies, people: People, later: Later, message: CardChanged) -> int:
    """How many had to change. Safe to repeat; an older message finds nothing to do. Raises Busy: to be tried again."""
    person = people.person(message.user_id)
    if person is None or not person.cards:
        return 0
    mine = list(copies.with_card_of(person))
    pairs = [Pair(each, theirs) for each, theirs in zip(mine, copies.other_sides(mine), strict=True) if theirs is not None]
    outcomes = [_refresh(copies, people, person, pair) for pair in pairs]
    if not message.again:
        again = CardChanged(user_id=message.user_id, revision=message.revision, again=True)
        later.send(again, int(_SECOND_LOOK.total_seconds()))
    if None in outcomes:
        raise Busy("A contact is being changed again and again. The message comes again.")
    return sum(map(bool, outcomes))


def _refresh(copies: Copies, people: People, person: Person | None, before: Pair | None) -> bool | None:
    """Whether it had to change; None where it was changed meanwhile, again and again: that holds up no other."""
    for _ in range(TRIES):
        if person is None or before is None:
            return False
        after = _following(before, person)
        if after == before:
            return False
        if copies.settle(before, after, card_of=person):
            return True
        person, before = people.person(person.user_id), _read_again(copies, before.mine)
    return None


def _following(before: Pair, person: Person) -> Pair:
    """After the person's card has changed: only a face is seen by the other, any colleague's name by the team."""
    card = person.card(before.mine.conference_id)
    is_face = before.mine.own_face_id == person.user_id
    after = before.consenting(before.mine.consent, card) if is_face else before
    return Pair(after.mine.naming(person.user_id, card.profile.name), after.theirs)


def _read_again(copies: Copies, contact: Contact) -> Pair | None:
    mine, theirs = copies.contact(contact.owner_id, contact.id), copies.other_side(contact)
    return Pair(mine, theirs) if mine and theirs else None
