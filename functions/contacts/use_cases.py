"""What a person does with a card and with the people met.

A contact is a copy of what the other showed at the exchange, so that a list of any length is one read. What the owner
hides or changes afterwards does not reach copies made before.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from functions.contacts.domain import (
    Card,
    CardVisibility,
    Contact,
    Meeting,
    NonceReused,
    Profile,
    Removed,
    Scan,
    ShownCard,
    card_name,
    introduce,
    meeting_time,
)
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import Busy, NotFound
from shared.messages import ContactExchanged

_TRIES = 3  # of a change to a card that was changed meanwhile


@dataclass(frozen=True, slots=True)
class Sight:
    """All that an exchange needs to know first."""

    card: Card | None  # the scanner's own
    shown: ShownCard | None  # whom the code shows
    scan: Scan | None  # what the nonce named before


@dataclass(frozen=True, slots=True)
class Met:
    contact: Contact
    first: bool  # whether the two met just now


class Contacts(Protocol):
    def card(self, user_id: str) -> Card | None: ...

    def replace_card(self, old: Card | None, new: Card) -> bool:
        """Put `new`, and what its code shows, in the place of `old`. False where the card is not `old` any more."""

    def look(self, user_id: str, code: str, nonce: str) -> Sight: ...

    def meet(self, meeting: Meeting, message: ContactExchanged) -> Contact | Removed | None:
        """Each becomes the other's contact, once a pair for ever. What the scanner had before, None the first time. Raises Busy."""

    def keep(self, contact: Contact, scan: Scan) -> None:
        """Write the owner's side anew, unless there is a note to lose. Raises Busy where it changed meanwhile."""

    def contact(self, owner_id: str, contact_id: str) -> Contact | None: ...

    def contacts(self, owner_id: str, limit: int, cursor: str | None) -> tuple[list[Contact], str | None]:
        """Newest first, and the cursor of the next page. Raises Malformed for a foreign cursor."""

    def annotate(self, contact: Contact) -> bool:
        """Store the contact's note. False where the contact is gone."""

    def remove(self, owner_id: str, contact_id: str) -> bool:
        """Take it off its owner's list. False where it is not there."""


def put_card(contacts: Contacts, clock: Clock, *, caller: Caller, profile: Profile, visibility: CardVisibility) -> Card:
    """The whole card, new or replaced; its code stays. Raises Busy."""
    for _ in range(_TRIES):
        old = contacts.card(caller.user_id)
        new = old.rewritten(profile, visibility, clock()) if old else Card.first(caller.user_id, profile, visibility, clock())
        if contacts.replace_card(old, new):
            return new
    raise _changed_meanwhile()


def rotate_code(contacts: Contacts, clock: Clock, *, caller: Caller, command_id: str) -> Card:
    """A new code for the card; the old one is dead at once. Once for each `command_id`. Raises NotFound, Busy."""
    for _ in range(_TRIES):
        old = own_card(contacts, caller=caller)
        if old.rotation == command_id:
            return old
        new = old.rotated(command_id, clock())
        if contacts.replace_card(old, new):
            return new
    raise _changed_meanwhile()


def own_card(contacts: Contacts, *, caller: Caller) -> Card:
    """Raises NotFound before the first one."""
    card = contacts.card(caller.user_id)
    if card is None:
        raise NotFound("You have no contact card yet. Make one with PUT /contacts/card: a name is enough.")
    return card


def make_first_card(contacts: Contacts, clock: Clock, *, user_id: str, name: str) -> None:
    """A card that says no more than the name, for who has none yet. Never changes a card; safe to repeat."""
    name = card_name(name)
    if name:
        contacts.replace_card(None, Card.first(user_id, Profile(name), CardVisibility(), clock()))


def exchange(
    contacts: Contacts, clock: Clock, *, caller: Caller, code: str, nonce: str, scanned_at: datetime | None, note: str | None
) -> Met:
    """The caller scanned a code: each now has the other as a contact. Once a pair, whoever scans and however often.

    Who was taken off the caller's list comes back; the other's list is not touched again. A note never replaces one.
    Raises NoCard, UnknownCode, OwnCode, NonceReused, Invalid, Busy, and NotFound for a repeated scan of a removed contact.
    """
    met_at = meeting_time(scanned_at, clock())
    sight = contacts.look(caller.user_id, code, nonce)
    if sight.scan:
        return Met(_scanned_before(contacts, sight.scan, code), first=False)
    meeting = introduce(sight.card, sight.shown, code=code, nonce=nonce, met_at=met_at, note=note)
    before = contacts.meet(meeting, _exchanged(meeting))
    if before is None:
        return Met(meeting.mine, first=True)
    kept = meeting.kept_over(before)
    if kept != before:
        contacts.keep(kept, meeting.scan)
    return Met(kept, first=False)


def contact(contacts: Contacts, *, caller: Caller, contact_id: str) -> Contact:
    """Raises NotFound, for somebody else's contact too."""
    found = contacts.contact(caller.user_id, contact_id)
    if found is None:
        raise _not_on_list()
    return found


def annotate(contacts: Contacts, *, caller: Caller, contact_id: str, note: str | None) -> Contact:
    """Replace the caller's note, which nobody else reads. Raises NotFound."""
    annotated = replace(contact(contacts, caller=caller, contact_id=contact_id), note=note)
    if not contacts.annotate(annotated):
        raise _not_on_list()
    return annotated


def remove(contacts: Contacts, *, caller: Caller, contact_id: str) -> None:
    """Off the caller's own list; the other keeps theirs. Raises NotFound."""
    if not contacts.remove(caller.user_id, contact_id):
        raise _not_on_list()


def _scanned_before(contacts: Contacts, scan: Scan, code: str) -> Contact:
    if scan.code != code:
        raise NonceReused("The nonce names an earlier scan of another code. Send a new nonce with each scan.")
    found = contacts.contact(scan.scanner_id, scan.contact_id)
    if found is None:
        raise NotFound("You took this contact off your list after this scan. Scan the code again, with a new nonce.")
    return found


def _exchanged(meeting: Meeting) -> ContactExchanged:
    return ContactExchanged(
        conference_id=meeting.mine.conference_id,
        exchange_id=meeting.exchange_id,
        scanner_id=meeting.mine.owner_id,
        scanned_id=meeting.theirs.owner_id,
        scanner_name=meeting.theirs.profile.name,
        scanned_name=meeting.mine.profile.name,
    )


def _changed_meanwhile() -> Busy:
    return Busy("Your card is being changed from elsewhere right now. Nothing was done: send the request again.")


def _not_on_list() -> NotFound:
    return NotFound("There is no such contact on your list. GET /contacts lists them.")
