"""The agenda as everybody reads it: rendered from one immutable release, the same bytes every time."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from functions.events.domain import Conference, Room, Session, Speaker
from shared.clock import iso
from shared.errors import Conflict

MAX_BODY = 4_000_000  # bytes; Lambda answers at most 6 MB, in which the body's quotes are escaped once more


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


@dataclass(frozen=True, slots=True)
class Rendered:
    release: int
    body: bytes

    @property
    def etag(self) -> str:
        """Strong: it changes with the bytes, also where a later version of the program renders them."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


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
    if len(body) > MAX_BODY:
        raise AgendaTooLarge(
            f"Rendered, the agenda has {len(body):,} bytes; at most {MAX_BODY:,} can be served. Shorten the abstracts."
        )
    return Rendered(agenda.release, body)


def _days(agenda: Agenda) -> Iterator[dict[str, Any]]:
    zone = ZoneInfo(agenda.conference.time_zone)
    rooms = {room.id: room.name for room in agenda.rooms}
    speakers = {speaker.id: speaker.name for speaker in agenda.speakers}

    def shown(session: Session) -> dict[str, Any]:
        return {
            "id": session.id,
            "title": session.title,
            "abstract": session.abstract,
            "type": session.type,
            "language": session.language,
            "room": rooms.get(session.room_id) if session.room_id else None,
            "speakers": [speakers[speaker_id] for speaker_id in session.speaker_ids],
            "starts_at": iso(session.starts_at),
            "ends_at": iso(session.ends_at),
            "local_start": session.starts_at.astimezone(zone).isoformat(timespec="minutes"),
            "local_end": session.ends_at.astimezone(zone).isoformat(timespec="minutes"),
        }

    ordered = sorted(agenda.sessions, key=lambda session: (session.starts_at, session.ends_at, session.id))
    for date, sessions in groupby(ordered, key=lambda session: session.starts_at.astimezone(zone).date()):
        yield {"date": date.isoformat(), "sessions": [shown(session) for session in sessions]}
