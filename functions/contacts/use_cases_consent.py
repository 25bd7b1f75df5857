"""What a person decides about somebody who holds their card: confirm, show more or less, withdraw, block."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from functions.contacts.cards import Consent, Profile
from functions.contacts.domain import Contact, Pair
from functions.contacts.people import Person, audience_of
from functions.contacts.use_cases import TRIES, Exchanges, changed_meanwhile, not_on_list
from functions.contacts.use_cases_people import People, change_person
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import Invalid, NotFound
from shared.messages import ContactConfirmed, ContactWithdrawn, Message


class Holders(Exchanges, Protocol):
    def holders(self, owner_id: str, limit: int, cursor: str | None) -> tuple[list[Contact], str | None]:
        """All who were met and not withdrawn from, on the list or not; in no order that means anything."""

    def other_side(self, contact: Contact) -> Contact | None: ...


class NoSuchField(Invalid):
    slug, title = "no-such-field", "Your card has no such field"


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody whom a person met, and what that one sees of them."""

    contact: Contact
    sees: Profile | None


def confirm(holders: Holders, people: People, *, caller: Caller, contact_id: str, yes: bool) -> Contact:
    """Show what the card shows to whom its owner confirms, or decide that it stays hidden. Raises NotFound, Busy."""
    return _decide(holders, people, caller, contact_id, lambda consent, _: consent.decided(confirmed=yes))


def show(holders: Holders, people: People, *, caller: Caller, contact_id: str, fields: Mapping[str, bool]) -> Contact:
    """Show this one contact more or fewer fields than the card says. Raises NotFound, NoSuchField, Busy."""

    def checked(consent: Consent, profile: Profile) -> Consent:
        unknown = [key for key, shown in fields.items() if shown and key not in profile.says]
        if unknown:
            raise NoSuchField(
                f"Your card says nothing under {', '.join(unknown)}. It has {', '.join(profile.says) or 'a name only'}."
            )
        return consent.with_fields(fields)

    return _decide(holders, people, caller, contact_id, checked)


def withdraw(holders: Holders, people: People, clock: Clock, *, caller: Caller, contact_id: str) -> Contact:
    """The other loses all that they saw, name and notes included. Safe to repeat. Raises NotFound, Busy."""
    now = clock()
    return _decide(holders, people, caller, contact_id, lambda consent, _: consent.withdrawn(now))


def block(holders: Holders, people: People, clock: Clock, *, caller: Caller, contact_id: str) -> None:
    """No exchange with them any more, wherever; what they saw is withdrawn. Raises NotFound, TooManyBlocked, Busy."""
    mine = holders.contact(caller.user_id, contact_id)
    if mine is None:
        raise not_on_list()
    change_person(people, caller.user_id, lambda person: person.blocking(mine.other_id))
    withdraw(holders, people, clock, caller=caller, contact_id=contact_id)


def unblock(people: People, *, caller: Caller, party_id: str) -> None:
    """They may exchange again; what was withdrawn stays so. Raises NotFound, Busy."""

    def without(person: Person) -> Person:
        if party_id not in person.blocked:
            raise NotFound("You have not blocked them. GET /contacts/blocked lists whom you have.")
        return person.unblocking(party_id)

    change_person(people, caller.user_id, without)


def blocked(people: People, *, caller: Caller) -> list[str]:
    person = people.person(caller.user_id)
    return sorted(person.blocked) if person else []


def list_holders(
    holders: Holders, people: People, *, caller: Caller, limit: int, cursor: str | None
) -> tuple[list[Holder], str | None]:
    """Who holds something of the caller's, companies too, and what. Raises Malformed."""
    found, following = holders.holders(caller.user_id, limit, cursor)
    person = people.person(caller.user_id)
    return [Holder(each, _seen(each, person)) for each in found], following


def _seen(contact: Contact, person: Person | None) -> Profile | None:
    if person is None or not person.cards:
        return None
    return person.card(contact.conference_id).shown(audience_of(contact.other_id), contact.consent)


def _decide(
    holders: Holders, people: People, caller: Caller, contact_id: str, decision: Callable[[Consent, Profile], Consent]
) -> Contact:
    for _ in range(TRIES):
        mine = holders.contact(caller.user_id, contact_id)
        theirs = holders.other_side(mine) if mine else None
        person = people.person(caller.user_id)
        if mine is None or theirs is None or person is None:
            raise not_on_list()
        before = Pair(mine, theirs)
        card = person.card(mine.conference_id)
        after = before.consenting(decision(mine.consent, card.profile), card)
        if after == before or holders.settle(before, after, card_of=person, messages=_news(before, after, card.profile.name)):
            return after.mine
    raise changed_meanwhile()


def _news(before: Pair, after: Pair, name: str) -> list[Message]:
    """What the other side is to hear: that there is less to see, or more."""
    saw, sees = before.theirs.profile, after.theirs.profile
    is_new = bool(after.mine.consent.withdrawn_at) and not before.mine.consent.withdrawn_at
    if saw is None and not is_new:
        return []
    to = {
        "conference_id": after.mine.conference_id or None,
        "exchange_id": after.mine.exchange_id,
        "holder_id": after.mine.other_id,
    }
    if saw is None:
        return [ContactWithdrawn(**to, whole=True, listed=False)]  # type: ignore[arg-type]  # a dict of str and None
    if sees is None or set(saw.says) - set(sees.says):
        return [ContactWithdrawn(**to, whole=sees is None)]  # type: ignore[arg-type]
    if set(sees.says) - set(saw.says):
        return [ContactConfirmed(**to, name=name)]  # type: ignore[arg-type]
    return []
