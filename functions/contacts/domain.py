"""Who has met whom, and what each keeps of the other.

Two parties meet once in each conference, whoever scans whom, how often, and in whatever order it becomes known. Each side keeps
a copy of what the other shows it, so that a list of any length is one read; the copy follows the other's card and consent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from functions.contacts.cards import Card, Consent, Profile
from functions.contacts.people import LATE, Bearer, NoCard, Party, Person, audience_of
from shared.clock import iso, parse
from shared.errors import Conflict, Invalid, NotFound, Problem
from shared.exhibitors import is_team
from shared.ids import derived_id

_CLOCK_SKEW = timedelta(minutes=5)  # a phone's clock may run ahead of ours by this much
NOTE_LENGTH = 2000
MOST_TAGS = 20
MISSES_WINDOW = timedelta(minutes=10)
_MOST_MISSES = 30  # in it; a phone that was off line sends a few codes that died meanwhile


class UnknownCode(NotFound):
    """One answer for whatever code does not lead to a meeting: it tells nothing of the code, or of its owner."""

    slug, title = "unknown-code", "No exchange with this code"

    def __init__(self) -> None:
        super().__init__(
            "It is no contact code, or it has expired, was replaced or used up, or its owner does not exchange with you, or it is "
            "for a conference in which you have no part (a ticket bought just now counts within a minute). Ask to see another."
        )


class OwnCode(Conflict):
    slug, title = "own-code", "This is your own code"


class NonceReused(Invalid):
    slug, title = "nonce-reused", "This nonce was used for another scan"


class TooManyMisses(Problem):
    status, slug, title = 429, "too-many-attempts", "Too many codes that are none"

    def __init__(self, wait: timedelta) -> None:
        self.seconds = max(1, round(wait.total_seconds()))
        super().__init__(f"Wait {self.seconds} s, and scan the codes of people whom you meet.")

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.seconds)}


@dataclass(frozen=True, slots=True)
class Misses:
    """Codes that a person sent and that led nowhere, since the window opened."""

    number: int
    until: datetime

    def check(self, now: datetime) -> None:
        """Raises TooManyMisses."""
        if now < self.until and self.number >= _MOST_MISSES:
            raise TooManyMisses(self.until - now)


@dataclass(frozen=True, slots=True)
class Scan:
    """One reading of a code. The scanner's nonce names it: however often it is sent, it happened once."""

    scanner_id: str
    nonce: str
    code: str
    owner_id: str = ""  # of the contact that it led to
    contact_id: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody met, as one side keeps it. Of the two sides of a pair each has the other's consent to show something."""

    owner_id: str  # a party
    other_id: str
    conference_id: str
    own_face_id: str  # whose card the other sees: of a team, who met first
    face_id: str  # whose card is seen here
    profile: Profile | None  # what the other shows; None: withdrawn, or taken off the list
    scans: Mapping[str, datetime]  # who scanned the other, and when first
    company: str | None = None  # of the other, where that is a team
    consent: Consent = field(default_factory=Consent)  # the owner's, to show something to the other
    awaits: bool = False  # whether something of the owner's card waits for the owner to confirm
    note: str | None = None
    tags: tuple[str, ...] = ()
    rating: int | None = None
    colleagues: Mapping[str, str] = field(default_factory=dict)  # of a team: the names of those of it who scanned
    removed_at: datetime | None = None
    revision: int = 1

    @property
    def id(self) -> str:
        return contact_id(self.owner_id, self.other_id, self.conference_id)

    @property
    def other_side(self) -> tuple[str, str]:
        """Owner and id of what the other keeps of this one."""
        return self.other_id, contact_id(self.other_id, self.owner_id, self.conference_id)

    @property
    def met_at(self) -> datetime:
        return min(self.scans.values())

    @property
    def is_listed(self) -> bool:
        return self.profile is not None and self.removed_at is None

    def name_of(self, scanner_id: str) -> str | None:
        """Of one of `scans`, where the owner may know it: the other whose card is seen here, or a colleague."""
        if self.profile and scanner_id == self.face_id:
            return self.profile.name
        return self.colleagues.get(scanner_id)

    @property
    def exchange_id(self) -> str:
        """The same for both sides."""
        return derived_id("xch", *sorted((self.owner_id, self.other_id)), self.conference_id)

    def removed(self, at: datetime) -> "Contact":
        """Off its owner's list. What the other sees of the owner stays: that is another matter."""
        return self._emptied(removed_at=at)

    def _emptied(self, **changes: object) -> "Contact":
        return replace(self, profile=None, note=None, tags=(), rating=None, colleagues={}, **changes)  # type: ignore[arg-type]  # as named

    def showing(self, profile: Profile | None) -> "Contact":
        """With what the other shows now; what was noted of somebody who withdrew goes with them."""
        if profile is None:
            return self._emptied()
        return self if self.removed_at else replace(self, profile=profile)

    def noted(self, note: str | None, tags: tuple[str, ...]) -> "Contact":
        """With what was noted with a scan: nothing that was written before is lost."""
        new = note if note and note not in (self.note or "") else None
        text = "\n".join(part for part in (self.note, new) if part)[:NOTE_LENGTH] or None
        return replace(self, note=text, tags=tuple(dict.fromkeys((*self.tags, *tags)))[:MOST_TAGS])

    def naming(self, scanner_id: str, name: str) -> "Contact":
        """With the name of a colleague who scanned: not on a person's own list, and not beside what is listed no more."""
        if not is_team(self.owner_id) or not self.is_listed or scanner_id not in self.scans:
            return self
        return replace(self, colleagues={**self.colleagues, scanner_id: name})


def contact_id(owner_id: str, other_id: str, conference_id: str) -> str:
    return derived_id("con", owner_id, other_id, conference_id)


@dataclass(frozen=True, slots=True)
class Pair:
    mine: Contact
    theirs: Contact

    def consenting(self, consent: Consent, card: Card) -> "Pair":
        """After its owner has decided what the other sees of `card`."""
        mine = replace(self.mine, consent=consent, awaits=card.awaits(audience_of(self.mine.other_id), consent))
        return Pair(mine, self.theirs.showing(card.shown(audience_of(self.mine.other_id), consent)))


@dataclass(frozen=True, slots=True)
class Meeting:
    """A scan that leads to somebody: from it each side follows, whether or not they have met before."""

    scan: Scan
    scanner: Person
    party: Party  # as whom the scanner meets
    card: Card  # of the scanner
    bearer: Bearer
    at: datetime
    note: str | None = None
    tags: tuple[str, ...] = ()

    def first(self) -> Pair:
        """What each keeps where they have not met before."""
        none, where = Consent(), self.bearer.conference_id
        scans = {self.scanner.user_id: self.at}
        mine = Contact(
            owner_id=self.party.id,
            other_id=self.bearer.party.id,
            conference_id=where,
            own_face_id=self.scanner.user_id,
            face_id=self.bearer.user_id,
            profile=self.bearer.card.shown(self.party.audience, none),
            scans=scans,
            company=self.bearer.party.company,
            awaits=self.card.awaits(self.bearer.party.audience, none),
        )
        theirs = Contact(
            owner_id=self.bearer.party.id,
            other_id=self.party.id,
            conference_id=where,
            own_face_id=self.bearer.user_id,
            face_id=self.scanner.user_id,
            profile=self.card.shown(self.bearer.party.audience, none),
            scans=scans,
            company=self.party.company,
            awaits=self.bearer.card.awaits(self.party.audience, none),
        )
        return Pair(self._noted(mine), theirs)

    def again(self, before: Pair) -> Pair:
        """What each keeps who had `before`. Raises UnknownCode where the other has withdrawn.

        The scanner's list has the other again, if it happened after they took them off; and who scans shows themselves again.
        The other's list is the other's: a removal stands.
        """
        if before.theirs.consent.withdrawn_at:
            raise UnknownCode
        consent = before.mine.consent.renewed(self.at)
        scans = _merged(before.mine.scans, self.scanner.user_id, self.at)
        is_back = before.mine.removed_at is not None and self.at > before.mine.removed_at
        mine = replace(before.mine, scans=scans, consent=consent, removed_at=None if is_back else before.mine.removed_at)
        theirs = replace(before.theirs, scans=scans)
        if is_back or mine.face_id == self.bearer.user_id:
            mine = replace(mine, face_id=self.bearer.user_id, company=self.bearer.party.company)
            theirs = replace(theirs, own_face_id=self.bearer.user_id)
            mine = mine.showing(self.bearer.card.shown(self.party.audience, theirs.consent))
        if consent != before.mine.consent or mine.own_face_id == self.scanner.user_id:
            mine = replace(mine, own_face_id=self.scanner.user_id)
            theirs = replace(theirs, face_id=self.scanner.user_id)
            theirs = theirs.showing(self.card.shown(self.bearer.party.audience, consent))
        if consent != before.mine.consent:  # what waited for the scanner before the withdrawal waits again
            mine = replace(mine, awaits=self.card.awaits(self.bearer.party.audience, consent))
        return Pair(mine if mine.removed_at else self._noted(mine), theirs)

    def _noted(self, mine: Contact) -> Contact:
        return mine.noted(self.note, self.tags).naming(self.scanner.user_id, self.card.profile.name)


def _merged(scans: Mapping[str, datetime], by: str, at: datetime) -> dict[str, datetime]:
    return {**scans, by: min(at, scans.get(by, at))}


def meeting_time(scanned_at: datetime | None, now: datetime) -> datetime:
    """When the two met, in UTC to the millisecond: as the phone says, or now. Raises Invalid for a time that has not come yet."""
    if scanned_at is None:
        return now
    if scanned_at > now + _CLOCK_SKEW:
        raise Invalid(f"scanned_at is {scanned_at.isoformat()}, and here it is {now.isoformat()}. Set the clock, or leave it out.")
    return parse(iso(scanned_at))


def introduce(
    scanner: Person | None,
    bearer: Bearer | None,
    scan: Scan,
    *,
    at: datetime,
    now: datetime,
    note: str | None,
    tags: tuple[str, ...],
) -> Meeting:
    """The meeting that a scan is. Raises NoCard, UnknownCode, OwnCode."""
    if scanner is None or not scanner.cards:
        raise NoCard
    if bearer is None or at > bearer.until or now > bearer.until + LATE or not scanner.attends(bearer.conference_id, at):
        raise UnknownCode
    party, card = scanner.party(bearer.conference_id), scanner.card(bearer.conference_id)
    if party.id == bearer.party.id:
        raise OwnCode("You scanned your own code, or that of a colleague. Scan the code of the person you met.")
    if not bearer.meets(scanner.user_id, party.id) or scanner.blocked & {bearer.user_id, bearer.party.id}:
        raise UnknownCode
    contact = contact_id(party.id, bearer.party.id, bearer.conference_id)
    return Meeting(replace(scan, owner_id=party.id, contact_id=contact), scanner, party, card, bearer, at, note, tags)
