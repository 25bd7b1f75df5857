"""What a conference has several of, and how a part names others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self, TypeVar

from shared.errors import Conflict, NotFound

P = TypeVar("P", bound="Part")


class InUse(Conflict):
    slug, title = "in-use", "Something else refers to it"


class LimitReached(Conflict):
    slug, title = "limit-reached", "A conference holds no more of these"


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
class Release(Part):
    """One numbered, immutable release of the agenda."""

    prefix, noun = "rel", "release"

    release: int
    released_at: datetime


def of_kind(kind: type[P], parts: Iterable[Part]) -> tuple[P, ...]:
    return tuple(part for part in parts if isinstance(part, kind))


def no_part(kind: type[Part], part_id: str) -> NotFound:
    return NotFound(f"This conference has no {kind.noun} {part_id!r}.")
