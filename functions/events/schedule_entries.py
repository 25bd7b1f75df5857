"""What a schedule file says, entry by entry: read into this platform's terms, and a reason for whatever cannot be."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from functions.events.domain import Conference, SessionType, UnknownTimeZone, check_time_zone
from functions.events.schedule_files import NotASchedule
from functions.events.schedule_text import line, prose, shortened, words
from shared.errors import JsonObject

MAX_ENTRIES = 5000
_NAME, _TEXT = 200, 4000  # characters, as the API takes them
_SPEAKERS = 20
_NIGHT_ENDS = 4  # o'clock: where a file does not say when its days begin, what starts before is of the evening before

_DURATION = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):(\d{2})")  # hours and minutes, perhaps after days
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_HTTPS = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[^\s<>\"]*)?")
RECORDING = "Recording"  # the title of the link to it

# Words of the type, in the order in which they decide.
_TYPES: tuple[tuple[SessionType, frozenset[str]], ...] = (
    ("break", words("break breaks breakfast coffee dinner lunch pause")),
    ("keynote", words("keynote keynotes")),
    ("workshop", words("hands training tutorial tutorials workshop workshops")),
    ("talk", words("devroom lecture lectures lightningtalk lightningtalks panel presentation talk talks vortrag")),
)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about one place of a file. `reason` is stable; `detail` is for people."""

    where: str
    reason: str
    detail: str


class Refused(Exception):
    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class FileRoom:
    name: str
    capacity: int | None


@dataclass(frozen=True, slots=True)
class FileTrack:
    name: str
    color: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """`keys`: what the other system calls them, the best first."""

    keys: tuple[str, ...]
    name: str
    biography: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    where: str
    keys: tuple[str, ...]
    title: str
    abstract: str | None
    type: SessionType
    language: str | None
    track: str | None
    room: str | None
    persons: tuple[Person, ...]
    starts_at: datetime
    ends_at: datetime
    recording_url: str | None


@dataclass(slots=True)
class ScheduleFile:
    rooms: list[FileRoom] = field(default_factory=list)
    tracks: list[FileTrack] = field(default_factory=list)
    entries: list[FileEntry] = field(default_factory=list)
    refused: list[Remark] = field(default_factory=list)
    adjusted: list[Remark] = field(default_factory=list)


def understand(schedule: JsonObject, conference: Conference) -> ScheduleFile:
    """Raises NotASchedule."""
    said = schedule["conference"]
    file = ScheduleFile(
        rooms=[FileRoom(name, _capacity(each.get("capacity"))) for name, each in _named(said.get("rooms"))],
        tracks=[FileTrack(name, _color(each.get("color"))) for name, each in _named(said.get("tracks"))],
    )
    reader = _Reader(_zone(said.get("time_zone_name"), conference), file)
    for number, slot in enumerate(_slots(said.get("days"))):
        if number == MAX_ENTRIES:
            raise NotASchedule(f"The file has more than {MAX_ENTRIES:,} entries; no conference here takes as many.")
        reader.take(slot)
    return file


def parse_duration(text: object) -> timedelta:
    """`HH:MM`, or `D:HH:MM`. Raises Refused."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise Refused("invalid-duration", f"duration is {text!r:.50}; it must be hours and minutes, such as 01:30.")
    days, hours, minutes = (int(group or 0) for group in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def format_duration(duration: timedelta) -> str:
    """The inverse of `parse_duration`, down to the minute."""
    minutes = max(1, int(duration.total_seconds()) // 60)
    return f"{minutes // 60:02}:{minutes % 60:02}"


@dataclass(frozen=True, slots=True)
class _Slot:
    """An entry as it is, and where."""

    day: JsonObject
    room: str
    number: int
    entry: Any

    def __str__(self) -> str:
        title = line(self.entry.get("title")) if isinstance(self.entry, dict) else ""
        return f"day {self.day.get('index') or self.day.get('date')!s:.20}, {self.room or 'no room'!s:.80}, entry {self.number}" + (
            f": {shortened(title, 80)}" if title else ""
        )


def _slots(days: object) -> Iterator[_Slot]:
    """Raises NotASchedule."""
    if not isinstance(days, list):
        raise NotASchedule("conference.days must be a list of days.")
    for number, day in enumerate(days, 1):
        rooms = day.get("rooms") if isinstance(day, dict) else None
        if not isinstance(rooms, dict) or not all(isinstance(entries, list) for entries in rooms.values()):
            raise NotASchedule(f"conference.days, day {number}: rooms must be an object of lists of entries, by the room's name.")
        for room, entries in rooms.items():
            for index, entry in enumerate(entries, 1):
                yield _Slot(day, line(room), index, entry)


class _Reader:
    def __init__(self, zone: ZoneInfo, file: ScheduleFile) -> None:
        self._zone = zone
        self._file = file

    def take(self, slot: _Slot) -> None:
        try:
            self._file.entries.append(self._entry(slot))
        except Refused as refused:
            self._file.refused.append(Remark(str(slot), refused.reason, refused.detail))

    def _entry(self, slot: _Slot) -> FileEntry:
        entry = slot.entry
        if not isinstance(entry, dict):
            raise Refused("not-an-entry", "An entry must be an object.")
        keys = keys_of(entry, "guid", "id", "code")
        if not keys:
            raise Refused("no-id", "An entry needs a guid or an id, by which a later import finds it again.")
        title = self._short(slot, "title", line(entry.get("title")), _NAME)
        if not title:
            raise Refused("no-title", "An entry needs a title.")
        starts_at = self._start(slot)
        return FileEntry(
            where=str(slot),
            keys=keys,
            title=title,
            abstract=self._abstract(slot),
            type=session_type(entry.get("type")),
            language=self._language(slot),
            track=self._short(slot, "track", line(entry.get("track")), _NAME) or None,
            room=self._short(slot, "room", line(entry.get("room")) or slot.room, _NAME) or None,
            persons=self._persons(slot),
            starts_at=starts_at,
            ends_at=starts_at + parse_duration(entry.get("duration")),
            recording_url=_recording(entry.get("links")),
        )

    def _start(self, slot: _Slot) -> datetime:
        """`date` where it is an instant; else the day's date and `start`, which past midnight is of the next date."""
        try:
            instant = self._instant(slot.entry.get("date")) or self._local(slot)
            if 2000 <= instant.year <= 2100:
                utc = instant.astimezone(UTC)
                return utc.replace(microsecond=utc.microsecond // 1000 * 1000)
        except (ValueError, OverflowError):
            pass
        raise Refused(
            "invalid-date",
            f"date is {slot.entry.get('date')!r:.50} and start {slot.entry.get('start')!r:.50}; "
            "date must be such as 2030-06-03T09:00:00+02:00.",
        )

    def _instant(self, text: object) -> datetime | None:
        if not isinstance(text, str) or len(text) <= len("2030-06-03"):
            return None
        instant = datetime.fromisoformat(text)
        return instant if instant.tzinfo else instant.replace(tzinfo=self._zone)

    def _local(self, slot: _Slot) -> datetime:
        day = date.fromisoformat(line(slot.entry.get("date")) or line(slot.day.get("date")))
        local = datetime.combine(day, time.fromisoformat(line(slot.entry.get("start"))), self._zone)
        begins = self._instant(slot.day.get("day_start")) or datetime.combine(day, time(_NIGHT_ENDS), self._zone)
        return local if local >= begins else local + timedelta(days=1)

    def _abstract(self, slot: _Slot) -> str | None:
        parts = [prose(slot.entry.get(name)) for name in ("subtitle", "abstract", "description")]
        whole = "\n\n".join(dict.fromkeys(part for part in parts if part))
        return self._short(slot, "abstract", whole, _TEXT) or None

    def _language(self, slot: _Slot) -> str | None:
        language = line(slot.entry.get("language")).replace("_", "-")
        if language and not (_LANGUAGE.fullmatch(language) and len(language) <= 35):
            self._remark(slot, "unknown-language", f"{shortened(language, 50)!r} is not such as en or de-AT; it was left out.")
            return None
        return language or None

    def _persons(self, slot: _Slot) -> tuple[Person, ...]:
        persons = list(dict.fromkeys(self._named_persons(slot)))
        if len(persons) > _SPEAKERS:
            raise Refused("too-many-speakers", f"An entry has at most {_SPEAKERS} speakers; this one has {len(persons)}.")
        return tuple(persons)

    def _named_persons(self, slot: _Slot) -> Iterator[Person]:
        persons = slot.entry.get("persons")
        for person in persons if isinstance(persons, list) else []:
            said = person if isinstance(person, dict) else {"name": person}
            name = self._short(slot, "speaker", line(said.get("name")) or line(said.get("public_name")), _NAME)
            if not name:
                self._remark(slot, "no-name", "A speaker without a name was left out.")
                continue
            biography = self._short(slot, "biography", prose(said.get("biography")), _TEXT)
            yield Person(keys_of(said, "guid", "code", "id"), name, biography or None)

    def _short(self, slot: _Slot, what: str, text: str, longest: int) -> str:
        if len(text) > longest:
            self._remark(slot, "shortened", f"The {what} has {len(text):,} characters; {longest:,} of them were taken.")
        return shortened(text, longest)

    def _remark(self, slot: _Slot, reason: str, detail: str) -> None:
        self._file.adjusted.append(Remark(str(slot), reason, detail))


def keys_of(said: JsonObject, *names: str) -> tuple[str, ...]:
    """The ids that are there: text, or whole numbers."""
    values = [said.get(name) for name in names]
    texts = [str(value) if isinstance(value, int) and not isinstance(value, bool) else line(value) for value in values]
    return tuple(dict.fromkeys(text.lower() if "-" in text else text for text in texts if text and len(text) <= 100))


def session_type(value: object) -> SessionType:
    said = set(re.split(r"[\W_]+", line(value).lower()))
    return next((kind for kind, any_of in _TYPES if said & any_of), "other")


def _named(values: object) -> Iterator[tuple[str, JsonObject]]:
    """The rooms or tracks of the file's head."""
    for value in values[:MAX_ENTRIES] if isinstance(values, list) else []:
        if isinstance(value, dict) and (name := line(value.get("name"))):
            yield shortened(name, _NAME), value


def _capacity(value: object) -> int | None:
    return value if type(value) is int and 1 <= value <= 100_000 else None


def _color(value: object) -> str | None:
    return value.lower() if isinstance(value, str) and _COLOR.fullmatch(value) else None


def _recording(links: object) -> str | None:
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("title") == RECORDING:
            url = link.get("url")
            if isinstance(url, str) and len(url) <= 1000 and _HTTPS.fullmatch(url):
                return url
    return None


def _zone(name: object, conference: Conference) -> ZoneInfo:
    """The file's, or the conference's where the file has none that is known."""
    chosen = line(name) or conference.time_zone
    try:
        check_time_zone(chosen)
    except UnknownTimeZone:
        return ZoneInfo(conference.time_zone)
    return ZoneInfo(chosen)
