"""The agenda as everybody reads it: rendered from one immutable release, the same bytes every time."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Any, Self
from zoneinfo import ZoneInfo

from functions.events.domain import Conference, Room, Session, Speaker, Track
from functions.events.history import NO_HISTORY, Entry, History, entries
from functions.events.release_diff import NO_DIFF, AgendaDiff, ReleaseSummary, compare
from shared.clock import iso
from shared.errors import Conflict

MAX_BODY = 4_000_000  # bytes; Lambda answers at most 6 MB, in which the body's quotes are escaped once more


class NothingChanged(Conflict):
    slug, title = "nothing-changed", "The agenda is as it was last released"


class AgendaTooLarge(Conflict):
    slug, title = "agenda-too-large", "The agenda is too large to be released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """The snapshot of one release."""

    release: int
    released_at: datetime
    conference: Conference
    rooms: tuple[Room, ...]
    speakers: tuple[Speaker, ...]
    sessions: tuple[Session, ...]
    tracks: tuple[Track, ...] = ()
    history: History = NO_HISTORY
    diff: AgendaDiff = NO_DIFF  # to the release before
    reworded: int = 0  # how often somebody who was erased was taken out of it

    @property
    def entries(self) -> tuple[Entry, ...]:
        return entries(self.conference, self.rooms, self.speakers, self.sessions)

    def after(self, previous: "Agenda | None") -> Self:
        """With the history that the release before leaves it, and what it changes of that."""
        history, before = (previous.history, previous.entries) if previous else (NO_HISTORY, ())
        following = history.following(before, self.entries, self.released_at)
        return replace(self, history=following, diff=compare(previous, self))

    @property
    def summary(self) -> ReleaseSummary:
        return ReleaseSummary(release=self.release, released_at=self.released_at, summary=self.diff.counts)

    def is_as(self, previous: "Agenda") -> bool:
        """Whether a release of this would be the one before with another number."""
        stands = ("release", "revision", "version", "status")
        conference = replace(self.conference, **{name: getattr(previous.conference, name) for name in stands})
        return previous == replace(
            self,
            release=previous.release,
            released_at=previous.released_at,
            conference=conference,
            history=previous.history,
            diff=previous.diff,
            reworded=previous.reworded,
        )


@dataclass(frozen=True, slots=True)
class Rendered:
    """Kept compressed: most readers take it so, and nobody compresses it twice."""

    release: int
    etag: str  # of the body; strong: it changes with the bytes, also where a later version of the program renders them
    gzipped: bytes
    is_due: bool = field(default=False, compare=False)  # to be looked after: the table may have a newer release by now
    reworded: int = 0

    @classmethod
    def of(cls, release: int, body: bytes, reworded: int = 0) -> Self:
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        return cls(release, etag, gzip.compress(body, 6, mtime=0), reworded=reworded)

    @property
    def number(self) -> float:
        return number_of(self.release, self.reworded)

    @property
    def body(self) -> bytes:
        return gzip.decompress(self.gzipped)

    @property
    def gzipped_etag(self) -> str:
        """A strong ETag names one sequence of bytes: the compressed ones have their own."""
        return f'{self.etag[:-1]}-gzip"'


def number_of(release: int, reworded: int) -> float:
    """What tells two renderings of an agenda apart, and which is the newer: the release, with thousandths where it was reworded."""
    return release + reworded / 1000 if reworded else release


def matches(etag: str, if_none_match: str | None) -> bool:
    """Whether a client that sends `If-None-Match` has this version (RFC 9110: weak comparison, lists, `*`)."""
    held = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return etag in held or "*" in held


def render(agenda: Agenda) -> Rendered:
    """Raises AgendaTooLarge."""
    conference = agenda.conference
    document = {
        "conference": {
            "id": conference.id,
            "slug": conference.slug,
            "name": conference.name,
            "description": conference.description,
            "venue": conference.venue,
            "time_zone": conference.time_zone,
            "starts_at": iso(conference.starts_at),
            "ends_at": iso(conference.ends_at),
        },
        "release": agenda.release,
        "released_at": iso(agenda.released_at),
        "days": list(_days(agenda)),
    }
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    check_size(body)
    return Rendered.of(agenda.release, body, agenda.reworded)


def check_size(body: bytes) -> None:
    """Raises AgendaTooLarge."""
    if len(body) > MAX_BODY:
        raise AgendaTooLarge(
            f"Rendered, the agenda has {len(body):,} bytes; at most {MAX_BODY:,} can be served. Shorten the abstracts."
        )


def _days(agenda: Agenda) -> Iterator[dict[str, Any]]:
    zone = ZoneInfo(agenda.conference.time_zone)
    rooms = {room.id: room.name for room in agenda.rooms}
    tracks = {track.id: track.name for track in agenda.tracks}
    speakers = {speaker.id: speaker.name for speaker in agenda.speakers}

    def shown(session: Session) -> dict[str, Any]:
        return {
            "id": session.id,
            "title": session.title,
            "abstract": session.abstract,
            "type": session.type,
            "language": session.language,
            "level": session.level,
            "track": tracks.get(session.track_id) if session.track_id else None,
            "room": rooms.get(session.room_id) if session.room_id else None,
            "room_id": session.room_id,
            "speaker_ids": list(session.speaker_ids),
            "speakers": [speakers[speaker_id] for speaker_id in session.speaker_ids],
            "recording_url": session.recording_url,
            "starts_at": iso(session.starts_at),
            "ends_at": iso(session.ends_at),
            "local_start": session.starts_at.astimezone(zone).isoformat(timespec="minutes"),
            "local_end": session.ends_at.astimezone(zone).isoformat(timespec="minutes"),
        }

    ordered = sorted(agenda.sessions, key=lambda session: (session.starts_at, session.ends_at, session.id))
    for date, sessions in groupby(ordered, key=lambda session: session.starts_at.astimezone(zone).date()):
        yield {"date": date.isoformat(), "sessions": [shown(session) for session in sessions]}
