"""What a person does with those they meet: an exchange, and the list that it fills.

A contact is a copy of what the other shows, so that a list of any length is one read. It follows the other's card and consent
(`use_cases_copies.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from functions.contacts.domain import (
    Contact,
    Meeting,
    Misses,
    NonceReused,
    Pair,
    Scan,
    UnknownCode,
    introduce,
    meeting_time,
)
from functions.contacts.people import Bearer, Person
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import Busy, NotFound
from shared.messages import ContactExchanged, Message

TRIES = 3  # of a change to what was changed meanwhile


@dataclass(frozen=True, slots=True)
class Sight:
    """All that an exchange needs to know first."""

    person: Person | None  # who scans
    bearer: Bearer | None  # whom the code shows
    scan: Scan | None  # what the nonce named before, or the one use of the code
    misses: Misses | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What a phone sends of a scan."""

    code: str
    nonce: str
    scanned_at: datetime | None = None  # none: now
    note: str | None = None
    tags: tuple[str, ...] = ()
    conference_id: str | None = None  # where the phone thinks that it is


@dataclass(frozen=True, slots=True)
class Met:
    contact: Contact
    first: bool  # whether the two met just now


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which contacts of a list."""

    conference_id: str | None = None
    tag: str | None = None
    awaiting: bool = False  # only those who wait for the owner to confirm


EVERYBODY = Wanted()


class Exchanges(Protocol):
    def look(self, user_id: str, code: str, nonce: str) -> Sight: ...

    def miss(self, user_id: str, before: Misses | None, now: datetime) -> None:
        """Count a code that led nowhere."""

    def meet(self, meeting: Meeting, pair: Pair, message: ContactExchanged) -> Pair | None:
        """Each becomes the other's contact, once a pair and conference for ever. What they had before, None the first time.

        Raises Busy.
        """

    def settle(
        self,
        before: Pair,
        after: Pair,
        *,
        meeting: Meeting | None = None,
        card_of: Person | None = None,
        messages: Sequence[Message] = (),
    ) -> bool:
        """Both sides anew. False where one is not as `before`, or the card that was shown (`card_of`) is another by now."""

    def note(self, meeting: Meeting) -> bool:
        """The scan alone, by which nothing changes. False where its nonce, or the one use of its code, is taken by now."""

    def contact(self, owner_id: str, contact_id: str) -> Contact | None: ...

    def contacts(self, owner_id: str, wanted: Wanted, limit: int, cursor: str | None) -> tuple[list[Contact], str | None]:
        """Those on the list, newest first, and the cursor of the next page. Raises Malformed for a foreign cursor."""

    def keep(self, before: Contact, after: Contact) -> bool:
        """The owner's side anew. False where it is not as `before`."""


def exchange(exchanges: Exchanges, clock: Clock, *, caller: Caller, scanned: Scanned) -> Met:
    """The caller scanned a code: each now has the other as a contact. Once a pair and conference, whoever scans and however often.

    A later scan tells when it was, adds to the note, brings back whom the caller took off the list, and shows the caller again to
    whom they had withdrawn from. It may come late and in any order: what both have in the end is the same.
    Raises TooManyMisses, NoCard, UnknownCode, OwnCode, NonceReused, Invalid, Busy, and NotFound for a repeated scan of somebody
    who is not on the list any more.
    """
    now = clock()
    at = meeting_time(scanned.scanned_at, now)
    sight = exchanges.look(caller.user_id, scanned.code, scanned.nonce)
    if sight.scan:
        return Met(_scanned_before(exchanges, sight.scan, scanned.code), first=False)
    if sight.misses:
        sight.misses.check(now)
    try:
        return _met(exchanges, _meeting(sight, caller, scanned, at, now))
    except UnknownCode:
        exchanges.miss(caller.user_id, sight.misses, now)
        raise


def _meeting(sight: Sight, caller: Caller, scanned: Scanned, at: datetime, now: datetime) -> Meeting:
    bearer = sight.bearer
    if bearer and scanned.conference_id and scanned.conference_id != bearer.conference_id:
        bearer = None
    scan = Scan(caller.user_id, scanned.nonce, scanned.code)
    return introduce(sight.person, bearer, scan, at=at, now=now, note=scanned.note, tags=scanned.tags)


def _met(exchanges: Exchanges, meeting: Meeting) -> Met:
    for _ in range(TRIES):
        first = meeting.first()
        before = exchanges.meet(meeting, first, exchanged(meeting, first))
        if before is None:
            return Met(first.mine, first=True)
        after = meeting.again(before)
        # Also a scan that changes nothing is on record: sent again after a decision, it must not undo that.
        if exchanges.note(meeting) if after == before else exchanges.settle(before, after, meeting=meeting):
            return Met(after.mine, first=False)
    raise Busy("The same two people are being recorded right now. Send the request again.")


def _scanned_before(exchanges: Exchanges, scan: Scan, code: str) -> Contact:
    if scan.code != code:
        raise NonceReused("The nonce names an earlier scan of another code. Send a new nonce with each scan.")
    found = exchanges.contact(scan.owner_id, scan.contact_id)
    if found is None or not found.is_listed:
        raise NotFound("After this scan you took the contact off your list, or they withdrew. Meet again, with a new nonce.")
    return found


def exchanged(meeting: Meeting, pair: Pair) -> ContactExchanged:
    return ContactExchanged(
        conference_id=meeting.bearer.conference_id or None,
        exchange_id=pair.mine.exchange_id,
        scanner_id=meeting.scanner.user_id,
        scanned_id=meeting.bearer.user_id,
        scanner_name=meeting.card.profile.name,
        scanned_name=meeting.bearer.card.profile.name,
        scanner_team=meeting.party.is_team,
        scanned_team=meeting.bearer.party.is_team,
        scanner_company=meeting.party.company or "",
        scanned_company=meeting.bearer.party.company or "",
        scanner_asked=pair.mine.awaits,
        scanned_asked=pair.theirs.awaits,
    )


def contact(exchanges: Exchanges, *, owner_id: str, contact_id: str) -> Contact:
    """Somebody on the list. Raises NotFound, for somebody else's contact too."""
    found = exchanges.contact(owner_id, contact_id)
    if found is None or not found.is_listed:
        raise not_on_list()
    return found


def change_contact(exchanges: Exchanges, *, owner_id: str, contact_id: str, **changes: object) -> Contact:
    """What its owner wrote about it, which the other never reads. Raises NotFound, Busy."""
    for _ in range(TRIES):
        before = contact(exchanges, owner_id=owner_id, contact_id=contact_id)
        after = replace(before, **changes)  # type: ignore[arg-type]  # each caller names its own field
        if after == before or exchanges.keep(before, after):
            return after
    raise changed_meanwhile()


def remove(exchanges: Exchanges, clock: Clock, *, owner_id: str, contact_id: str) -> None:
    """Off the owner's list; the other keeps theirs. Raises NotFound, Busy."""
    for _ in range(TRIES):
        before = contact(exchanges, owner_id=owner_id, contact_id=contact_id)
        if exchanges.keep(before, before.removed(clock())):
            return
    raise changed_meanwhile()


def not_on_list() -> NotFound:
    return NotFound("There is no such contact on your list. GET /contacts lists them.")


def changed_meanwhile() -> Busy:
    return Busy("This contact is being changed from elsewhere right now. Nothing was done: send the request again.")
