"""A card: what a person says of themselves, and who sees which field of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

# everyone: everyone I meet. confirmed: of those, whom I confirm. nobody: nobody.
Level = Literal["everyone", "confirmed", "nobody"]
Audience = Literal["attendees", "exhibitors"]

FIELDS = ("company", "title", "email", "phone", "links")
_FREE = "fields."  # before the label of a field that the person made up
_NAME_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Visible:
    """Who sees a field."""

    attendees: Level = "nobody"
    exhibitors: Level = "nobody"

    @classmethod
    def to_all(cls, level: Level) -> "Visible":
        return cls(level, level)

    def to(self, audience: Audience) -> Level:
        return self.attendees if audience == "attendees" else self.exhibitors


EVERYONE, NOBODY = Visible.to_all("everyone"), Visible.to_all("nobody")
USUAL: Mapping[str, Visible] = {"company": EVERYONE, "title": EVERYONE, "email": NOBODY, "phone": NOBODY, "links": NOBODY}


@dataclass(frozen=True, slots=True)
class FreeField:
    """Something that only this card has."""

    label: str
    value: str

    @property
    def key(self) -> str:
        return _FREE + self.label


@dataclass(frozen=True, slots=True)
class Profile:
    """What a card says of a person; in a contact, what the person lets its owner see."""

    name: str
    company: str | None = None
    title: str | None = None
    email: str | None = None
    phone: str | None = None
    links: tuple[str, ...] = ()
    fields: tuple[FreeField, ...] = ()

    @property
    def says(self) -> tuple[str, ...]:
        """The fields that say something, beside the name."""
        return (*(key for key in FIELDS if getattr(self, key)), *(each.key for each in self.fields))

    def only(self, shown: Callable[[str], bool]) -> "Profile":
        """The name, and the fields that are `shown`."""
        return Profile(
            self.name,
            company=self.company if shown("company") else None,
            title=self.title if shown("title") else None,
            email=self.email if shown("email") else None,
            phone=self.phone if shown("phone") else None,
            links=self.links if shown("links") else (),
            fields=tuple(each for each in self.fields if shown(each.key)),
        )


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person decided about one contact: it goes before what their card says of everybody."""

    confirmed: bool | None = None  # None: not decided
    fields: Mapping[str, bool] = field(default_factory=dict)  # shown (True) or hidden whatever the card says
    withdrawn_at: datetime | None = None  # since when nothing is shown

    def decided(self, *, confirmed: bool) -> "Consent":
        return replace(self, confirmed=confirmed, withdrawn_at=None)

    def with_fields(self, fields: Mapping[str, bool]) -> "Consent":
        return replace(self, fields=dict(fields), withdrawn_at=None)

    def withdrawn(self, at: datetime) -> "Consent":
        return self if self.withdrawn_at else replace(self, withdrawn_at=at)

    def renewed(self, at: datetime) -> "Consent":
        """After a meeting that the person began: a withdrawal of before it is over."""
        return replace(self, withdrawn_at=None) if self.withdrawn_at and at > self.withdrawn_at else self


@dataclass(frozen=True, slots=True)
class Card:
    profile: Profile
    visibility: Mapping[str, Visible] = field(default_factory=lambda: dict(USUAL))  # by field; a field that is not here is hidden

    def shown(self, audience: Audience, consent: Consent) -> Profile | None:
        """What somebody of `audience` sees of it; None: not even the name."""
        if consent.withdrawn_at:
            return None
        return self.profile.only(lambda key: self._shows(key, audience, consent))

    def awaits(self, audience: Audience, consent: Consent) -> bool:
        """Whether something of it waits for its owner to confirm."""
        undecided = consent.confirmed is None and not consent.withdrawn_at
        return undecided and any(
            self._level(key, audience) == "confirmed" and key not in consent.fields for key in self.profile.says
        )

    def _shows(self, key: str, audience: Audience, consent: Consent) -> bool:
        level = self._level(key, audience)
        return consent.fields.get(key, level == "everyone" or (level == "confirmed" and consent.confirmed is True))

    def _level(self, key: str, audience: Audience) -> Level:
        return self.visibility.get(key, NOBODY).to(audience)


def card_name(text: str) -> str:
    """`text` as the name of a card: one line of at most 100 characters; empty where nothing is left."""
    return " ".join(text.split())[:_NAME_LENGTH].strip()
