"""A conference and what it is made of: rooms, speakers, sessions, ticket types, and the rules between them."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from functools import cache
from typing import Any, ClassVar, Literal, Self, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from shared.caller import Role
from shared.clock import iso
from shared.errors import Busy, Conflict, Forbidden, Invalid, KeyReused, NotFound
from shared.money import Money

Status = Literal["draft", "published", "archived"]
SessionType = Literal["talk", "workshop", "keynote", "break", "other"]
Level = Literal["beginner", "intermediate", "advanced"]

P = TypeVar("P", bound="Part")


class InvalidWindow(Invalid):
    slug, title = "invalid-window", "It ends before it starts"


class UnknownTimeZone(Invalid):
    slug, title = "unknown-time-zone", "No such time zone"


class UnknownRoom(Invalid):
    slug, title = "unknown-room", "No such room in this conference"


class UnknownTrack(Invalid):
    slug, title = "unknown-track", "No such track in this conference"


class UnknownPool(Invalid):
    slug, title = "unknown-pool", "No such pool in this conference"


class UnknownSpeaker(Invalid):
    slug, title = "unknown-speaker", "No such speaker in this conference"


class SessionOutsideConference(Invalid):
    slug, title = "session-outside-conference", "The session is not within the conference"


class OrderLimits(Invalid):
    slug, title = "order-limits", "The least per order is more than the most"


class SlugTaken(Conflict):
    slug, title = "slug-taken", "Another conference has this slug"


class CurrencyFixed(Conflict):
    slug, title = "currency-fixed", "Prices are on sale in this currency"


class SessionsLeftOutside(Conflict):
    slug, title = "sessions-left-outside", "Sessions would lie outside the conference"


class RoomTaken(Conflict):
    slug, title = "room-taken", "Another session is in that room then"


class SpeakerBusy(Conflict):
    slug, title = "speaker-busy", "A speaker is in another session then"


class InUse(Conflict):
    slug, title = "in-use", "Something else refers to it"


class OnSale(Conflict):
    slug, title = "on-sale", "Tickets of this type may have been sold"


class PoolFixed(Conflict):
    slug, title = "pool-fixed", "Tickets of this type may have been sold"


class BelowSold(Conflict):
    slug, title = "below-sold", "More are sold than that"


class LimitReached(Conflict):
    slug, title = "limit-reached", "A conference holds no more of these"


class NotPublished(Conflict):
    slug, title = "not-published", "The conference is still a draft"


class Archived(Conflict):
    slug, title = "archived", "The conference is archived"


class WorkInProgress(Forbidden):
    slug, title = "work-in-progress", "Not released yet"


class Overtaken(Busy):
    """Somebody else changed the conference since it was read: read again and decide anew."""

    def __init__(self) -> None:
        super().__init__("Somebody else is changing this conference. Nothing was done: send the request again.")


@dataclass(frozen=True, slots=True)
class Window:
    starts_at: datetime
    ends_at: datetime

    def check(self, of: str) -> None:
        """Raises InvalidWindow."""
        if self.ends_at <= self.starts_at:
            raise InvalidWindow(f"{of} must end after it starts; it would last {self}.")

    def __contains__(self, other: "Window") -> bool:
        return self.starts_at <= other.starts_at and other.ends_at <= self.ends_at

    def __str__(self) -> str:
        return f"from {iso(self.starts_at)} to {iso(self.ends_at)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conference:
    """`release` is the number of its latest agenda, 0 before the first.

    `revision` grows with every change of the conference or of anything in it; `version` is the revision of its own last change.
    """

    id: str
    slug: str
    name: str
    description: str | None
    venue: str | None
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    currency: str
    hold_minutes: float
    contact_email: str | None
    status: Status = "draft"
    release: int = 0
    revision: int = 1
    version: int = 1
    retention_days: int | None = None  # after its end, for which what is known of people is kept; None: nobody has said
    retention_told_at: datetime | None = None  # its organisers, that the end is near
    retention_ended_at: datetime | None = None

    @property
    def window(self) -> Window:
        return Window(self.starts_at, self.ends_at)

    @property
    def first_midnight(self) -> datetime:
        """Where the local day begins on which the conference does."""
        local = self.starts_at.astimezone(ZoneInfo(self.time_zone))
        return datetime.combine(local.date(), time.min, local.tzinfo).astimezone(UTC)

    @property
    def is_published(self) -> bool:
        return self.status == "published"

    @property
    def is_public(self) -> bool:
        return self.status != "draft"

    def check(self) -> None:
        """Raises InvalidWindow, UnknownTimeZone."""
        self.window.check("The conference")
        check_time_zone(self.time_zone)

    def touched(self) -> Self:
        """The next revision, for a change of something in the conference."""
        return replace(self, revision=self.revision + 1)

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """The next revision with `changes`, or this very one where they change nothing.

        Raises InvalidWindow, UnknownTimeZone, CurrencyFixed.
        """
        if replace(self, **changes) == self:
            return self
        changed = replace(self._next(), **changes)
        if self.is_published and changed.currency != self.currency:
            raise CurrencyFixed(f"The conference is published and sells in {self.currency}; that cannot become {changed.currency}.")
        changed.check()
        if changed.retention_days != self.retention_days or changed.ends_at != self.ends_at:
            return replace(changed, retention_told_at=None)  # of another day
        return changed

    def with_release(self) -> Self:
        """Published, with one agenda release more."""
        return replace(self._next(), status="published", release=self.release + 1)

    def archived(self) -> Self:
        """Still to be read, and closed to changes; this very one where it is so already. Raises NotPublished."""
        if not self.is_public:
            raise NotPublished("A draft has nothing to keep. Publish the conference first (POST …/publish), or leave it a draft.")
        return self if self.status == "archived" else replace(self._next(), status="archived")

    def check_open(self) -> None:
        """Raises Archived."""
        if self.status == "archived":
            raise Archived(f"Conference {self.id} is archived: it can be read and no longer changed. Create a new one instead.")

    def _next(self) -> Self:
        return replace(self, revision=self.revision + 1, version=self.revision + 1)


def check_time_zone(name: str) -> None:
    """Raises UnknownTimeZone."""
    if name not in _time_zones():
        raise UnknownTimeZone(f"{name!r} is not an IANA time zone. Send one such as Europe/Berlin or UTC.")


@cache
def _time_zones() -> set[str]:
    return available_timezones() - {"Factory", "localtime"}  # what the machine has beside the IANA zones


def slug_of(name: str, conference_id: str) -> str:
    """A slug made of the name and the end of the id, so that conferences of one name do not collide."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", ascii_name)[:50].strip("-") or "conference"
    return f"{words}-{conference_id[-8:].lower()}"


@dataclass(frozen=True, slots=True)
class References:
    """The other parts that a change names."""

    room_id: str | None = None
    speaker_ids: tuple[str, ...] = ()
    track_id: str | None = None
    pool_id: str | None = None

    @classmethod
    def of(cls, changes: Mapping[str, Any]) -> Self:
        return cls(changes.get("room_id"), tuple(changes.get("speaker_ids", ())), changes.get("track_id"), changes.get("pool_id"))

    @property
    def ids(self) -> tuple[str, ...]:
        return (*(each for each in (self.room_id, self.track_id, self.pool_id) if each is not None), *self.speaker_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Something a conference has several of."""

    prefix: ClassVar[str]  # of its ids
    noun: ClassVar[str]
    limit: ClassVar[int]  # how many a conference may have

    id: str

    @property
    def references(self) -> References:
        return References()


@dataclass(frozen=True, slots=True, kw_only=True)
class Room(Part):
    prefix, noun, limit = "room", "room", 200

    name: str
    capacity: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Track(Part):
    prefix, noun, limit = "trk", "track", 100

    name: str
    color: str | None  # #rrggbb


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker(Part):
    """`user_id` is theirs once they accepted an invitation as this speaker.

    `external_id` is what the system calls them that they were imported from; it is not shown.
    """

    prefix, noun, limit = "spk", "speaker", 3000

    name: str
    biography: str | None
    company: str | None
    external_id: str | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Part):
    """`external_id` is what the system calls it that it was imported from; it is not shown."""

    prefix, noun, limit = "ses", "session", 2000

    title: str
    abstract: str | None
    type: SessionType
    room_id: str | None
    speaker_ids: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    language: str | None
    track_id: str | None = None
    level: Level | None = None
    recording_url: str | None = None
    external_id: str | None = None

    @property
    def window(self) -> Window:
        return Window(self.starts_at, self.ends_at)

    @property
    def references(self) -> References:
        return References(self.room_id, self.speaker_ids, self.track_id)

    def check(self, conference: Conference) -> None:
        """Raises InvalidWindow, SessionOutsideConference."""
        self.window.check("The session")
        if self.window not in conference.window:
            raise SessionOutsideConference(f"The conference lasts {conference.window}; the session would last {self.window}.")

    def check_clashes(self, others: Iterable["Session"]) -> None:
        """`others` are at an overlapping time. Raises RoomTaken, SpeakerBusy where one that is not this session needs the same."""
        for other in others:
            if other.id == self.id:
                continue
            if self.room_id is not None and other.room_id == self.room_id:
                raise RoomTaken(
                    f"{other.title!r} ({other.id}) is in {other.room_id} {other.window}. Choose another room or time.",
                    session_id=other.id,
                )
            for speaker_id in self.speaker_ids:
                if speaker_id in other.speaker_ids:
                    raise SpeakerBusy(
                        f"Speaker {speaker_id} is in {other.title!r} ({other.id}) {other.window}. Choose another speaker or time.",
                        session_id=other.id,
                        speaker_id=speaker_id,
                    )


def check_capacity(capacity: int, sold: int) -> None:
    """Raises BelowSold."""
    if capacity < sold:
        raise BelowSold(
            f"{sold} tickets are sold and stand; the capacity cannot be {capacity}. Refund some first, or send at least {sold}.",
            sold=sold,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool(Part):
    """Tickets that several types may sell together, each within its own capacity: a venue holds 500 whatever the mix."""

    prefix, noun, limit = "pool", "pool", 20

    name: str
    capacity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketType(Part):
    """`price` is in minor units of the conference's currency. What is None here follows the conference's window."""

    prefix, noun, limit = "typ", "ticket type", 50

    name: str
    description: str | None
    price: int
    capacity: int
    min_per_order: int
    max_per_order: int
    sale_starts_at: datetime
    sale_ends_at: datetime | None
    hidden: bool
    valid_from: datetime | None
    valid_until: datetime | None
    pool_id: str | None = None
    max_per_person: int | None = None

    @property
    def references(self) -> References:
        return References(pool_id=self.pool_id)

    def check_pool(self, before: Self, conference: Conference) -> None:
        """Raises PoolFixed: a pool counts what is sold from it, and would not count what this type has sold already."""
        if self.pool_id != before.pool_id and conference.is_public:
            raise PoolFixed(
                f"{before.name!r} has been on sale, and its pool cannot be another since then. "
                "Add a ticket type that draws from the pool, and end the sale of this one (sale_ends_at)."
            )

    def sale(self, conference: Conference) -> Window:
        return Window(self.sale_starts_at, self.sale_ends_at or conference.ends_at)

    def ended(self, conference: Conference, now: datetime) -> Self:
        """Sold no longer than `now`."""
        return replace(self, sale_ends_at=min(now, self.sale(conference).ends_at))

    def validity(self, conference: Conference) -> Window:
        """When the door admits: unless the type says otherwise from the midnight before the conference, since people come early."""
        return Window(self.valid_from or conference.first_midnight, self.valid_until or conference.ends_at)

    def cost(self, conference: Conference) -> Money:
        return Money(self.price, conference.currency)

    def check(self, conference: Conference) -> None:
        """Raises InvalidWindow, OrderLimits."""
        self.sale(conference).check(f"The sale of {self.name!r}")
        self.validity(conference).check(f"The validity of {self.name!r}")
        if self.min_per_order > self.max_per_order:
            raise OrderLimits(
                f"min_per_order is {self.min_per_order} and max_per_order is {self.max_per_order}: change one of them."
            )
        if self.max_per_person is not None and self.min_per_order > self.max_per_person:
            raise OrderLimits(
                f"min_per_order is {self.min_per_order} and max_per_person is {self.max_per_person}: change one of them."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Part):
    """One numbered, immutable release of the agenda."""

    prefix, noun = "rel", "release"

    release: int
    released_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What somebody who works on a conference has before them: it, their own role, and the parts they asked for by id."""

    conference: Conference
    role: Role | None
    parts: Mapping[str, Part]
    fingerprints: Mapping[str, str]  # of the commands that made the parts, by id
    versions: Mapping[str, int]  # of the parts, by id: the conference's revision at their last change
    counts: Mapping[str, int]  # how many there are of each part, by prefix

    def check_visible(self) -> None:
        """Raises NotFound for a draft, unless its member asks."""
        if not self.conference.is_public and self.role is None:
            raise no_conference(self.conference.id)

    def check_shown(self, kind: type[Part]) -> None:
        """Raises WorkInProgress: what becomes the agenda is its members' until a release shows it; ticket types are on offer."""
        if kind is not TicketType and self.role is None:
            raise WorkInProgress(
                f"What the team of conference {self.conference.id} works on is not public. "
                f"Read what is released: GET /events/conferences/{self.conference.id}/agenda."
            )

    def check_organizer(self) -> None:
        """Raises NotFound as `check_visible` does, and Forbidden for everybody but its organisers."""
        self.check_visible()
        if self.role != "organizer":
            raise Forbidden(
                f"Only an organizer of conference {self.conference.id} may do this; you are {self.role or 'not a member'}."
            )

    def find(self, kind: type[P], part_id: str) -> P:
        """Raises NotFound."""
        part = self.parts.get(part_id)
        if not isinstance(part, kind):
            raise no_part(kind, part_id)
        return part

    def made(self, part: P, fingerprint: str) -> P | None:
        """What an earlier run of the same command made. Raises KeyReused."""
        earlier = self.parts.get(part.id)
        if not isinstance(earlier, type(part)):
            return None
        if self.fingerprints[part.id] != fingerprint:
            raise KeyReused
        return earlier

    def check_limit(self, kind: type[Part]) -> None:
        """Raises LimitReached."""
        if self.counts[kind.prefix] >= kind.limit:
            raise LimitReached(f"This conference has {kind.limit} {kind.noun}s, the most there can be. Delete one first.")

    def check_references(self, references: References) -> None:
        """Raises UnknownRoom, UnknownTrack, UnknownPool, UnknownSpeaker."""
        if references.room_id is not None and not isinstance(self.parts.get(references.room_id), Room):
            raise UnknownRoom(f"This conference has no room {references.room_id!r}. Add it first (POST …/rooms).")
        if references.track_id is not None and not isinstance(self.parts.get(references.track_id), Track):
            raise UnknownTrack(f"This conference has no track {references.track_id!r}. Add it first (POST …/tracks).")
        if references.pool_id is not None and not isinstance(self.parts.get(references.pool_id), Pool):
            raise UnknownPool(f"This conference has no pool {references.pool_id!r}. Add it first (POST …/pools).")
        for speaker_id in references.speaker_ids:
            if not isinstance(self.parts.get(speaker_id), Speaker):
                raise UnknownSpeaker(f"This conference has no speaker {speaker_id!r}. Add them first (POST …/speakers).")


def of_kind(kind: type[P], parts: Iterable[Part]) -> tuple[P, ...]:
    return tuple(part for part in parts if isinstance(part, kind))


def no_conference(conference_id: str) -> NotFound:
    return NotFound(f"There is no conference {conference_id!r}, or it is not published yet.")


def no_part(kind: type[Part], part_id: str) -> NotFound:
    return NotFound(f"This conference has no {kind.noun} {part_id!r}.")
