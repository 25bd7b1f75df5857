"""What a reader picks from a rendered release: a day, a room, a speaker, a track, words, or what is on. The table is not asked."""

import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from functions.events.agenda import Rendered
from shared.clock import iso, parse

Shown = Mapping[str, Any]  # a session as `render` shows it


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A session is picked where it has all that is not None; rooms and speakers are named, or given by their ids."""

    day: date | None = None
    room: str | None = None
    speaker: str | None = None
    track: str | None = None
    q: str | None = None

    @property
    def is_all(self) -> bool:
        return self == Wanted()


def pick(rendered: Rendered, wanted: Wanted) -> Rendered:
    """The release with the sessions that are wanted, and the days that have any."""
    if wanted.is_all:
        return rendered
    document = _document(rendered)
    is_picked = _test(rendered, wanted)
    days = [
        {**day, "sessions": [session for session in day["sessions"] if is_picked(session)]}
        for day in document["days"]
        if wanted.day is None or day["date"] == wanted.day.isoformat()
    ]
    return _written(rendered.release, {**document, "days": [day for day in days if day["sessions"]]})


def now_and_next(rendered: Rendered, at: datetime) -> Rendered:
    """What is on at the instant `at`, and what comes next in each room."""
    sessions = [session for day in _document(rendered)["days"] for session in day["sessions"]]
    on = [session for session in sessions if parse(session["starts_at"]) <= at < parse(session["ends_at"])]
    coming = sorted((session for session in sessions if parse(session["starts_at"]) > at), key=_place)
    following = [list(group) for _, group in groupby(coming, key=lambda session: _place(session)[0])]
    first = [session for group in following for session in group if session["starts_at"] == group[0]["starts_at"]]
    return _written(rendered.release, {"at": iso(at), "release": rendered.release, "now": sorted(on, key=_place), "next": first})


def _place(session: Shown) -> tuple[str, str, str]:
    return session["room"] or "", session["starts_at"], session["id"]


def _test(rendered: Rendered, wanted: Wanted) -> Callable[[Shown], bool]:
    room, speaker, track = (folded(name or "") for name in (wanted.room, wanted.speaker, wanted.track))
    words = folded(wanted.q or "").split()
    texts = _texts(rendered) if words else {}

    def is_picked(session: Shown) -> bool:
        return (
            (not room or session["room_id"] == wanted.room or folded(session["room"] or "") == room)
            and (not speaker or wanted.speaker in session["speaker_ids"] or speaker in map(folded, session["speakers"]))
            and (not track or folded(session["track"] or "") == track)
            and all(word in texts[session["id"]] for word in words)
        )

    return is_picked


def folded(text: str) -> str:
    """Alike for whatever is written with or without accents, in large or small letters."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in apart if not unicodedata.combining(character))


@lru_cache(maxsize=4)
def _document(rendered: Rendered) -> dict[str, Any]:
    return dict(json.loads(rendered.body))


@lru_cache(maxsize=4)
def _texts(rendered: Rendered) -> dict[str, str]:
    """What is searched, by session id."""
    said = itemgetter("title", "abstract")
    return {
        session["id"]: folded("\n".join(filter(None, (*said(session), *session["speakers"]))))
        for day in _document(rendered)["days"]
        for session in day["sessions"]
    }


def _written(release: int, document: Mapping[str, Any]) -> Rendered:
    return Rendered.of(release, json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())
