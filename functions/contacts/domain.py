"""Contact cards, what their owners show of themselves, and who has met whom."""

import base64
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from shared.clock import iso, parse
from shared.errors import Conflict, Invalid, NotFound
from shared.ids import derived_id

Audience = Literal["everyone", "nobody"]  # everyone: everyone I meet

_CODE_BYTES = 20  # 160 random bits: 32 characters of base 32 without padding, and nobody finds a code by trying
_CLOCK_SKEW = timedelta(minutes=5)  # a phone's clock may run ahead of ours by this much
_NAME_LENGTH = 100


class UnknownCode(NotFound):
    slug, title = "unknown-code", "No such contact code"


class OwnCode(Conflict):
    slug, title = "own-code", "This is your own code"


class NoCard(Conflict):
    slug, title = "no-card", "You have no contact card yet"


class NonceReused(Invalid):
    slug, title = "nonce-reused", "This nonce was used for another scan"


class NotAttending(Invalid):
    slug, title = "not-attending", "You do not attend this conference"


@dataclass(frozen=True, slots=True)
class CardVisibility:
    """Who sees each field of a card. The name is always visible."""

    company: Audience = "everyone"
    title: Audience = "everyone"
    email: Audience = "nobody"
    phone: Audience = "nobody"
    links: Audience = "nobody"


@dataclass(frozen=True, slots=True)
class Profile:
    """What a card says of a person; in a contact, what the person made visible."""

    name: str
    company: str | None = None
    title: str | None = None
    email: str | None = None
    phone: str | None = None
    links: tuple[str, ...] = ()

    def under(self, visibility: CardVisibility) -> "Profile":
        """Only what `visibility` lets others see."""
        return Profile(
            self.name,
            company=self.company if visibility.company == "everyone" else None,
            title=self.title if visibility.title == "everyone" else None,
            email=self.email if visibility.email == "everyone" else None,
            phone=self.phone if visibility.phone == "everyone" else None,
            links=self.links if visibility.links == "everyone" else (),
        )


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card as whoever scans its code sees it."""

    user_id: str
    profile: Profile


@dataclass(frozen=True, slots=True)
class Card:
    user_id: str
    profile: Profile
    visibility: CardVisibility
    code: str
    updated_at: datetime
    revision: int = 1  # grows with each change

    @classmethod
    def first(cls, user_id: str, profile: Profile, visibility: CardVisibility, now: datetime) -> "Card":
        return cls(user_id, profile, visibility, new_code(), now)

    def rewritten(self, profile: Profile, visibility: CardVisibility, now: datetime) -> "Card":
        return replace(self, profile=profile, visibility=visibility, updated_at=now, revision=self.revision + 1)

    def rotated(self, now: datetime) -> "Card":
        return replace(self, code=new_code(), updated_at=now, revision=self.revision + 1)

    def shown(self) -> ShownCard:
        return ShownCard(self.user_id, self.profile.under(self.visibility))


def new_code() -> str:
    """A contact code: it says nothing of its owner, and fits the QR alphanumeric set."""
    return f"KETEMU:C1:{base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode()}"


def card_name(text: str) -> str:
    """`text` as the name of a card: one line of at most 100 characters; empty where nothing is left."""
    return " ".join(text.split())[:_NAME_LENGTH].strip()


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody a person met, as that person keeps it: a copy of what was visible at the last scan, and a private note."""

    id: str
    owner_id: str
    user_id: str
    profile: Profile
    note: str | None
    met_at: datetime
    conference_id: str | None = None  # where they met

    @classmethod
    def of(
        cls, owner_id: str, met: ShownCard, met_at: datetime, *, conference_id: str | None = None, note: str | None = None
    ) -> "Contact":
        contact_id = derived_id("con", owner_id, met.user_id)
        return cls(contact_id, owner_id, met.user_id, met.profile, note, met_at, conference_id)


@dataclass(frozen=True, slots=True)
class Removed:
    """In a contact's place, where its owner took it off the list."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One reading of a code. The scanner's nonce names it: however often it is sent, it happened once."""

    scanner_id: str
    nonce: str
    code: str
    contact_id: str


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two people, each with the other as a contact."""

    scan: Scan
    mine: Contact  # kept by who scanned
    theirs: Contact  # kept by who was scanned

    @property
    def exchange_id(self) -> str:
        """The same whoever scanned whom."""
        return derived_id("xch", *sorted((self.mine.owner_id, self.theirs.owner_id)))

    def kept_over(self, before: Contact | Removed) -> Contact:
        """What the scanner keeps who had `before`: that, with what is visible now, and the new note where it had none.

        All of it is new where `before` was removed.
        """
        if isinstance(before, Removed):
            return self.mine
        return replace(before, profile=self.mine.profile, note=before.note or self.mine.note)


def meeting_time(scanned_at: datetime | None, now: datetime) -> datetime:
    """When the two met, in UTC to the millisecond: as the phone says, or now. Raises Invalid for a time that has not come yet."""
    if scanned_at is None:
        return now
    if scanned_at > now + _CLOCK_SKEW:
        raise Invalid(f"scanned_at is {scanned_at.isoformat()}, and here it is {now.isoformat()}. Set the clock, or leave it out.")
    return parse(iso(scanned_at))


def introduce(
    card: Card | None,
    shown: ShownCard | None,
    *,
    code: str,
    nonce: str,
    met_at: datetime,
    note: str | None,
    conference_id: str | None,
) -> Meeting:
    """The meeting of the owner of `card` with whom the code shows. Raises NoCard, UnknownCode, OwnCode."""
    if card is None:
        raise NoCard("An exchange goes both ways: say who you are with PUT /contacts/card, then scan again.")
    if shown is None:
        raise UnknownCode("This is not a contact code in use. Its owner may have replaced it: ask to see the present one.")
    if shown.user_id == card.user_id:
        raise OwnCode("You scanned your own code. Scan the code of the person you met.")
    mine = Contact.of(card.user_id, shown, met_at, conference_id=conference_id, note=note)
    theirs = Contact.of(shown.user_id, card.shown(), met_at, conference_id=conference_id)
    return Meeting(Scan(card.user_id, nonce, code, mine.id), mine, theirs)
