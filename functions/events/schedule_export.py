"""A release of the agenda in the frab schedule format, which conference apps and recording teams read."""

import re
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from functions.events.agenda import Agenda, Rendered, check_size
from functions.events.domain import Conference, Room, Session, Speaker
from functions.events.schedule_entries import RECORDING, format_duration
from functions.events.schedule_files import number_of, write_json, write_xml
from functions.events.schedule_plan import guid_of
from functions.events.schedule_text import as_html, line
from shared.errors import JsonObject

Format = Literal["json", "xml"]

_GENERATOR = {"name": "ketemu", "version": "1"}
_DAY_BREAK = timedelta(hours=4)  # what starts by then is of the evening before, as the format's readers expect
_CODE = re.compile(r"[A-Z0-9]+")
_WRITE = {"json": write_json, "xml": write_xml}


def render_schedule(agenda: Agenda, file_format: Format) -> Rendered:
    """Raises AgendaTooLarge: the format repeats who a speaker is at each of their sessions."""
    body = _WRITE[file_format](schedule_of(agenda), _GENERATOR)
    check_size(body)
    return Rendered.of(agenda.release, body)


def schedule_of(agenda: Agenda) -> JsonObject:
    conference = agenda.conference
    first, last = _dates(conference)
    return {
        "version": str(agenda.release),
        "conference": {
            "acronym": conference.slug.replace("-", "_").ljust(4, "_"),
            "title": line(conference.name),
            "start": first.isoformat(),
            "end": last.isoformat(),
            "daysCount": (last - first).days + 1,
            "timeslot_duration": "00:05",
            "time_zone_name": conference.time_zone,
            "rooms": [_room(room) for room in agenda.rooms],
            "tracks": [{"name": line(each.name)} | ({"color": each.color} if each.color else {}) for each in agenda.tracks],
            "days": _Days(agenda).written(first),
        },
    }


class _Days:
    def __init__(self, agenda: Agenda) -> None:
        self._zone = ZoneInfo(agenda.conference.time_zone)
        self._slug = agenda.conference.slug
        self._rooms = {room.id: line(room.name) for room in agenda.rooms}
        self._tracks = {track.id: line(track.name) for track in agenda.tracks}
        self._speakers = {speaker.id: speaker for speaker in agenda.speakers}
        self._sessions = sorted(agenda.sessions, key=lambda session: (session.starts_at, session.ends_at, session.id))
        self._numbers = _numbers(self._sessions)

    def written(self, first: date) -> list[JsonObject]:
        """The days that have sessions; where there are none, the first."""
        days: dict[date, dict[str, list[JsonObject]]] = defaultdict(lambda: defaultdict(list))
        for session in self._sessions:
            local = session.starts_at.astimezone(self._zone)
            day = max(first, (local.replace(tzinfo=None) - _DAY_BREAK).date())
            room = self._rooms[session.room_id] if session.room_id else ""
            days[day][room].append(self._event(session, local, room))
        return [
            {
                "index": (day - first).days + 1,
                "date": day.isoformat(),
                "day_start": self._begins(day),
                "day_end": self._begins(day + timedelta(days=1)),
                "rooms": dict(rooms),
            }
            for day, rooms in (days or {first: {}}).items()
        ]

    def _begins(self, day: date) -> str:
        return (datetime.combine(day, time(), self._zone) + _DAY_BREAK).isoformat()

    def _event(self, session: Session, local: datetime, room: str) -> JsonObject:
        number = self._numbers[session.id]
        return {
            "id": number,
            "guid": guid_of(session.id, session.external_id),
            "date": local.isoformat(),
            "start": local.strftime("%H:%M"),
            "duration": format_duration(session.ends_at - session.starts_at),
            "room": room,
            "slug": f"{self._slug.replace('-', '_')}-{number}-{_slug(session.title)}",
            "url": f"urn:ketemu:session:{session.id}",
            "title": line(session.title),
            "subtitle": "",
            "track": self._tracks.get(session.track_id) if session.track_id else None,
            "type": session.type,
            "language": session.language or "",
            "abstract": as_html(session.abstract),
            "description": "",
            "persons": [_person(self._speakers[speaker_id]) for speaker_id in session.speaker_ids],
            "links": [{"title": RECORDING, "url": session.recording_url, "type": "related"}] if session.recording_url else [],
            "attachments": [],
        }


def _dates(conference: Conference) -> tuple[date, date]:
    zone = ZoneInfo(conference.time_zone)
    last = conference.ends_at - timedelta(milliseconds=1)  # what ends at midnight has no other day
    return conference.starts_at.astimezone(zone).date(), last.astimezone(zone).date()


def _room(room: Room) -> JsonObject:
    return {"name": line(room.name), "guid": guid_of(room.id), "capacity": room.capacity}


def _person(speaker: Speaker) -> JsonObject:
    external = speaker.external_id or ""
    code = external if _CODE.fullmatch(external) else speaker.id.rpartition("_")[2].upper()
    said = {"guid": guid_of(speaker.id, external), "code": code, "name": line(speaker.name), "public_name": line(speaker.name)}
    return said | ({"biography": as_html(speaker.biography)} if speaker.biography else {})


def _numbers(sessions: list[Session]) -> dict[str, int]:
    """The number of each session: the same in every release, unless two would have one."""
    taken: dict[int, str] = {}
    for session in sorted(sessions, key=lambda session: session.id):
        number = _number(session.id, session.external_id or "")
        while number in taken:
            number += 1
        taken[number] = session.id
    return {session_id: number for number, session_id in taken.items()}


def _number(part_id: str, external_id: str) -> int:
    return int(external_id) if re.fullmatch(r"[1-9][0-9]{0,8}", external_id) else number_of(guid_of(part_id, external_id))


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower())[:50].strip("-") or "session"
