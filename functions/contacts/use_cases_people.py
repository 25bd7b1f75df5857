"""Cards and codes: what a person says of themselves, where they attend, and the codes that show it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from functions.contacts.cards import Card, Profile, card_name
from functions.contacts.people import GENERAL, Attendance, Code, Held, Person
from shared.caller import Caller, Role
from shared.clock import Clock
from shared.errors import Busy, NotFound
from shared.messages import CardChanged, Message

_TRIES = 3  # of a change to a person who was changed meanwhile


class People(Protocol):
    def person(self, user_id: str) -> Person | None: ...

    def change(self, old: Person | None, new: Person, messages: Sequence[Message], done: str | None = None) -> bool:
        """Put `new`, and what each code shows, in the place of `old`; codes that are not `new`'s are dead.

        False where the person is not `old` any more, or the command `done` was done before.
        """

    def has_done(self, user_id: str, command_id: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class OwnCard:
    """A card as its owner sees it, with the code that shows it."""

    user_id: str
    conference_id: str
    card: Card
    inherited: bool  # whether it is the general card, for want of one for the conference
    code: Code


def put_card(people: People, clock: Clock, *, caller: Caller, conference_id: str, card: Card) -> OwnCard:
    """The whole card, new or replaced; its code stays. Raises NotAttending, TooManyCards, Busy."""
    now = clock()

    def put(person: Person) -> Person:
        person.require(conference_id, now)
        return _with_code(person.with_card(conference_id, card), conference_id, now)

    return _own(change_person(people, caller.user_id, put), conference_id, now)


def own_card(people: People, clock: Clock, *, caller: Caller, conference_id: str) -> OwnCard:
    """What holds there. A code that has expired is renewed, so that nobody shows a dead one.

    Raises NotFound, NotAttending, Busy.
    """
    now = clock()

    def renewed(person: Person) -> Person:
        person.require(conference_id, now)
        return _with_code(_with_a_card(person), conference_id, now)

    return _own(change_person(people, caller.user_id, renewed), conference_id, now)


def drop_card(people: People, clock: Clock, *, caller: Caller, conference_id: str) -> None:
    """The general card holds there again. Raises NotFound, Busy."""

    def without(person: Person) -> Person:
        if conference_id == GENERAL or conference_id not in person.cards:
            raise NotFound("There is no card of your own for this conference: the general one holds, and is replaced with PUT.")
        return person.without_card(conference_id)

    change_person(people, caller.user_id, without)


def rotate_code(people: People, clock: Clock, *, caller: Caller, conference_id: str, command_id: str) -> OwnCard:
    """A new code; the old one is dead at once, also for scans of before. Raises NotFound, NotAttending, Busy.

    Once for each `command_id`: a repeated one gets the card as it is now, whose code may be of a later command.
    """
    now = clock()
    for _ in range(_TRIES):
        done = people.has_done(caller.user_id, command_id)  # before the person, who is then at least as new
        old = people.person(caller.user_id)
        person = _with_a_card(old or Person(caller.user_id))
        person.require(conference_id, now)
        if done:
            return _own(person, conference_id, now)
        new = person.with_code(Code.new(conference_id, now), now)
        if people.change(old, new, [], command_id):
            return _own(new, conference_id, now)
    raise _changed_meanwhile()


def screen_code(people: People, clock: Clock, *, caller: Caller, conference_id: str, command_id: str) -> Code:
    """A code for one use within minutes, for a phone's screen; the same command gives the same.

    Raises NotFound, NotAttending, Busy.
    """
    now = clock()

    def with_screen(person: Person) -> Person:
        person.require(conference_id, now)
        if _made_by(command_id, person):
            return person
        return _with_a_card(person).with_code(Code.new(conference_id, now, one_use=True, command_id=command_id), now)

    code = _made_by(command_id, change_person(people, caller.user_id, with_screen))
    if code is None:  # a rival ended it while it was made
        raise _changed_meanwhile()
    return code


def note_ticket(people: People, *, user_id: str, name: str, conference_id: str, ticket_id: str, held: Held) -> None:
    """Who has a ticket attends, and gets a card that says no more than the name where there is none yet.

    Safe to repeat and to reorder. Raises Busy.
    """

    def attending(person: Person) -> Person:
        there = person.attendance.get(conference_id, Attendance())
        person = person.with_attendance(conference_id, there.with_ticket(ticket_id, held))
        is_first = card_name(name) and not person.cards
        return person.with_card(GENERAL, Card(Profile(card_name(name)))) if is_first else person

    change_person(people, user_id, attending)


def note_role(
    people: People,
    *,
    user_id: str,
    conference_id: str,
    role: Role | None,
    revision: int,
    company: str | None,
    team_id: str | None,
    at: datetime,
) -> None:
    """Whoever has a role attends; safe to repeat and to reorder. Raises Busy."""

    def in_the_role(person: Person) -> Person:
        there = person.attendance.get(conference_id, Attendance())
        return person.with_attendance(conference_id, there.with_role(role, revision, company, team_id, at))

    change_person(people, user_id, in_the_role)


def change_person(people: People, user_id: str, change: Callable[[Person], Person]) -> Person:
    """Read, `change`, write; again where somebody else wrote meanwhile. Raises Busy."""
    for _ in range(_TRIES):
        old = people.person(user_id)
        new = change(old or Person(user_id))
        if new.revision == (old.revision if old else 0):
            return new
        if people.change(old, new, _news(old, new)):
            return new
    raise _changed_meanwhile()


def _news(old: Person | None, new: Person) -> list[Message]:
    """To bring the copies that others hold up to date."""
    is_changed = old is not None and old.cards and old.cards != new.cards
    return [CardChanged(user_id=new.user_id, revision=new.revision)] if is_changed else []


def _with_code(person: Person, conference_id: str, now: datetime) -> Person:
    return person if person.code(conference_id, now) else person.with_code(Code.new(conference_id, now), now)


def _with_a_card(person: Person) -> Person:
    if not person.cards:
        raise NotFound("You have no contact card yet. Make one with PUT /contacts/card: a name is enough.")
    return person


def _made_by(command_id: str, person: Person) -> Code | None:
    return next((code for code in person.codes if code.command_id == command_id), None)


def _own(person: Person, conference_id: str, now: datetime) -> OwnCard:
    code = person.code(conference_id, now)
    if code is None:  # of a repeated rotation, whose code has expired since
        raise _changed_meanwhile()
    return OwnCard(person.user_id, conference_id, person.card(conference_id), conference_id not in person.cards, code)


def _changed_meanwhile() -> Busy:
    return Busy("Your card is being changed from elsewhere right now. Nothing was done: send the request again.")
