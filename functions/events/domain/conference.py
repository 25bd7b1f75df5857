"""A conference as such: when and where it is, and what becomes of it."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from functools import cache
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from shared.clock import iso
from shared.errors import Busy, Conflict, Invalid, NotFound

Status = Literal["draft", "published", "archived"]


class InvalidWindow(Invalid):
    slug, title = "invalid-window", "It ends before it starts"


class UnknownTimeZone(Invalid):
    slug, title = "unknown-time-zone", "No such time zone"


class SlugTaken(Conflict):
    slug, title = "slug-taken", "Another conference has this slug"


class CurrencyFixed(Conflict):
    slug, title = "currency-fixed", "Prices are on sale in this currency"


class NotPublished(Conflict):
    slug, title = "not-published", "The conference is still a draft"


class Archived(Conflict):
    slug, title = "archived", "The conference is archived"


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


def no_conference(conference_id: str) -> NotFound:
    return NotFound(f"There is no conference {conference_id!r}, or it is not published yet.")
