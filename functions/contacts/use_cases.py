"""What a person does with a card and with the people met.

A contact is a copy of what the other showed when last scanned, so that a list of any length is one read. What the other
hides or changes afterwards reaches the copy with the next scan.
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
    NotAttending,
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
    attends: bool  # whether the scanner attends the conference that was asked about


@dataclass(frozen=True, slots=True)
class Met:
    contact: Contact
    first: bool  # whether the two met just now


class Contacts(Protocol):
    def card(self, user_id: str) -> Card | None: ...

    def replace_card(self, old: Card | None, new: Card) -> bool:
        """Put `new`, and what its code shows, in the place of `old`. False where the card is not `old` any more."""

    def rotate(self, old: Card, new: Card, command_id: str) -> bool:
        """Put `new` in the place of `old`, whose code is then dead. False where `old` is not there, or the command was done."""

    def has_rotated(self, user_id: str, command_id: str) -> bool: ...

    def attend(self, user_id: str, conference_id: str) -> None:
        """Keep that the user attends the conference. Safe to repeat. Raises Busy."""

    def look(self, user_id: str, code: str, nonce: str, conference_id: str | None) -> Sight: ...

    def meet(self, meeting: Meeting, message: ContactExchanged) -> Contact | Removed | None:
        """Each becomes the other's contact, once a pair for ever. What the scanner had before, None the first time. Raises Busy."""

    def keep(self, before: Contact | Removed, contact: Contact, scan: Scan) -> None:
        """Write the owner's side anew. Raises Busy where it was removed, or got another note, since it was `before`."""

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
    """A new code for the card; the old one is dead at once. Raises NotFound, Busy.

    Once for each `command_id`: a repeated one gets the card as it is now, whose code may be of a later command.
    """
    for _ in range(_TRIES):
        done = contacts.has_rotated(caller.user_id, command_id)  # before the card, which is then at least as new
        old = own_card(contacts, caller=caller)
        if done:
            return old
        new = old.rotated(clock())
        if contacts.rotate(old, new, command_id):
            return new
    raise _changed_meanwhile()


def own_card(contacts: Contacts, *, caller: Caller) -> Card:
    """Raises NotFound before the first one."""
    card = contacts.card(caller.user_id)
    if card is None:
        raise NotFound("You have no contact card yet. Make one with PUT /contacts/card: a name is enough.")
    return card


def welcome(contacts: Contacts, clock: Clock, *, user_id: str, name: str, conference_id: str) -> None:
    """Who has a ticket attends the conference, and gets a card that says no more than the name where there is none yet.

    Never changes a card; safe to repeat. Raises Busy.
    """
    contacts.attend(user_id, conference_id)
    name = card_name(name)
    if name:
        contacts.replace_card(None, Card.first(user_id, Profile(name), CardVisibility(), clock()))


def exchange(
    contacts: Contacts,
    clock: Clock,
    *,
    caller: Caller,
    code: str,
    nonce: str,
    scanned_at: datetime | None,
    note: str | None,
    conference_id: str | None,
) -> Met:
    """The caller scanned a code: each now has the other as a contact. Once a pair, whoever scans and however often.

    A new scan of somebody on the caller's list brings the copy up to date; the note stays, and so does where and when they
    met. Who was taken off the list comes back. The other's list is not touched again.
    Raises NotAttending, NoCard, UnknownCode, OwnCode, NonceReused, Invalid, Busy, and NotFound for a repeated scan of a
    removed contact.
    """
    met_at = meeting_time(scanned_at, clock())
    sight = contacts.look(caller.user_id, code, nonce, conference_id)
    if sight.scan:
        return Met(_scanned_before(contacts, sight.scan, code), first=False)
    if conference_id and not sight.attends:
        raise _not_attending(conference_id)
    meeting = introduce(sight.card, sight.shown, code=code, nonce=nonce, met_at=met_at, note=note, conference_id=conference_id)
    before = contacts.meet(meeting, _exchanged(meeting))
    if before is None:
        return Met(meeting.mine, first=True)
    kept = meeting.kept_over(before)
    if kept != before:
        contacts.keep(before, kept, meeting.scan)
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


def _not_attending(conference_id: str) -> NotAttending:
    return NotAttending(
        f"You have no ticket to {conference_id}. Correct conference_id, or leave it out to meet outside any conference."
        " A ticket bought just now counts within a minute."
    )


def _not_on_list() -> NotFound:
    return NotFound("There is no such contact on your list. GET /contacts lists them.")
