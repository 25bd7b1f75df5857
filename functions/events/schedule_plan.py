"""What an import would make of a conference: which parts are new, which change, and which entries break a rule."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Generic, Literal, TypeVar
from uuid import UUID

from functions.events.domain import Conference, P, Part, Room, Session, Speaker, Track
from functions.events.schedule_entries import FileEntry, Person, Refused, Remark, ScheduleFile
from functions.events.schedule_files import number_of
from shared.errors import Problem
from shared.ids import derived_id, id_bytes

Outcome = Literal["taken", "changed", "unchanged"]
N = TypeVar("N", Room, Track)
K = TypeVar("K", Speaker, Session)

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Existing:
    """All that a conference has."""

    rooms: Sequence[Room]
    tracks: Sequence[Track]
    speakers: Sequence[Speaker]
    sessions: Sequence[Session]


@dataclass(slots=True)
class Plan:
    """`added` and `changed` are each in an order in which they can be written: what is referred to comes first."""

    added: list[Part] = field(default_factory=list)
    changed: list[Part] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)  # by the id of each part that the file names
    refused: list[Remark] = field(default_factory=list)
    adjusted: list[Remark] = field(default_factory=list)

    def include(self, part: Part, before: Part | None) -> None:
        if before is None:
            self.added.append(part)
            self.outcomes[part.id] = "taken"
        elif part != before:
            self.changed.append(part)
            self.outcomes[part.id] = "changed"
        else:
            self.outcomes[part.id] = "unchanged"


def plan_import(conference: Conference, existing: Existing, file: ScheduleFile) -> Plan:
    """What the file does not name stays as it is, also what it does not say of a part. On its own result it plans nothing."""
    plan = Plan(refused=list(file.refused), adjusted=list(file.adjusted))
    planner = _Planner(conference, existing, plan)
    planner.take_head(file)
    planner.take_entries(file.entries)
    return planner.finished()


def guid_of(part_id: str, external_id: str | None = None) -> str:
    """What other systems call a part: as the one did that it was imported from, or else its id as a UUID."""
    if external_id and _UUID.fullmatch(external_id):
        return external_id
    try:
        return str(UUID(bytes=id_bytes(part_id)))
    except ValueError:  # an id that is no ULID
        return str(UUID(bytes=id_bytes(derived_id("guid", part_id))))


class _Shelf(Generic[P]):
    """The parts of one kind: what there was, and what the file makes of them."""

    def __init__(self, kind: type[P], before: Sequence[P]) -> None:
        self.kind = kind
        self.before = {part.id: part for part in before}
        self.now = dict(self.before)
        self._named: dict[str, None] = {}  # the ids of what the file names, in its order

    def put(self, part: P) -> P:
        """Raises Refused where there is no room for one more."""
        if part.id not in self.now and len(self.now) >= self.kind.limit:
            raise Refused("limit-reached", f"A conference has at most {self.kind.limit} {self.kind.noun}s.")
        self.now[part.id] = part
        self._named[part.id] = None
        return part

    def outcome(self) -> Iterator[tuple[P, P | None]]:
        return ((self.now[part_id], self.before.get(part_id)) for part_id in self._named)


class _Planner:
    def __init__(self, conference: Conference, existing: Existing, plan: Plan) -> None:
        self._conference = conference
        self._plan = plan
        self._rooms, self._room_names = _Shelf(Room, existing.rooms), _by_name(existing.rooms)
        self._tracks, self._track_names = _Shelf(Track, existing.tracks), _by_name(existing.tracks)
        self._speakers, self._speaker_keys = _Shelf(Speaker, existing.speakers), _by_key(existing.speakers)
        self._sessions, self._session_keys = _Shelf(Session, existing.sessions), _by_key(existing.sessions)
        self._namesakes: dict[str, set[str]] = defaultdict(set)  # ids of speakers by name
        for speaker in existing.speakers:
            self._namesakes[speaker.name].add(speaker.id)
        self._claimed: set[str] = set()  # ids of speakers whom the file knows by a key

    def take_head(self, file: ScheduleFile) -> None:
        for room in file.rooms:
            with _remarking(self._plan, f"room {room.name}"):
                self._room(room.name, room.capacity)
        for track in file.tracks:
            with _remarking(self._plan, f"track {track.name}"):
                self._track(track.name, track.color)

    def take_entries(self, entries: Iterable[FileEntry]) -> None:
        keys = (key for entry in entries for person in entry.persons for key in person.keys)
        self._claimed = {self._speaker_keys[key] for key in keys if key in self._speaker_keys}
        candidates: dict[str, tuple[FileEntry, Session]] = {}
        for entry in entries:
            with _remarking(self._plan, entry.where):
                session = self._session(entry)
                if session.id in candidates:
                    raise Refused("duplicate", f"The file has this entry before ({candidates[session.id][0].where}).")
                session.check(self._conference)
                candidates[session.id] = entry, session
        self._refuse_clashes(candidates)
        for entry, session in candidates.values():
            with _remarking(self._plan, entry.where):
                self._sessions.put(session)

    def finished(self) -> Plan:
        for outcome in (self._rooms.outcome(), self._tracks.outcome(), self._speakers.outcome(), self._sessions.outcome()):
            for part, before in outcome:
                self._plan.include(part, before)
        return self._plan

    def _refuse_clashes(self, candidates: dict[str, tuple[FileEntry, Session]]) -> None:
        """What is refused stays where it was, which may be in the way of others: again, until nothing more is refused."""
        settled = False
        while not settled:
            staying = [session for session in self._sessions.before.values() if session.id not in candidates]
            bookings = _Bookings(staying)
            settled = True
            for entry, session in list(candidates.values()):
                try:
                    bookings.take(session)
                except Problem as clash:
                    self._plan.refused.append(Remark(entry.where, clash.slug, clash.detail))
                    del candidates[session.id]
                    settled = settled and session.id not in self._sessions.before

    def _session(self, entry: FileEntry) -> Session:
        """Raises Refused."""
        fresh = Session(
            id=derived_id(Session.prefix, self._conference.id, entry.keys[0]),
            title=entry.title,
            abstract=entry.abstract,
            type=entry.type,
            room_id=self._room(entry.room).id if entry.room else None,
            speaker_ids=tuple(dict.fromkeys(self._speaker(person).id for person in entry.persons)),
            starts_at=entry.starts_at,
            ends_at=entry.ends_at,
            language=entry.language,
            track_id=self._track(entry.track).id if entry.track else None,
            recording_url=entry.recording_url,
            external_id=entry.keys[0],
        )
        before = self._sessions.before.get(_first(self._session_keys, entry.keys) or fresh.id)
        if before is None:
            return fresh
        return replace(
            fresh,
            id=before.id,
            level=before.level,
            recording_url=entry.recording_url or before.recording_url,
            external_id=before.external_id or fresh.external_id,
        )

    def _room(self, name: str, capacity: int | None = None) -> Room:
        """Raises Refused."""
        fresh = Room(id=derived_id(Room.prefix, self._conference.id, name), name=name, capacity=capacity)
        return _put_named(self._rooms, self._room_names, fresh)

    def _track(self, name: str, color: str | None = None) -> Track:
        """Raises Refused."""
        fresh = Track(id=derived_id(Track.prefix, self._conference.id, name), name=name, color=color)
        return _put_named(self._tracks, self._track_names, fresh)

    def _speaker(self, person: Person) -> Speaker:
        """Raises Refused."""
        key = person.keys[0] if person.keys else None
        fresh = Speaker(
            id=derived_id(Speaker.prefix, self._conference.id, key or f"name {person.name}"),
            name=person.name,
            biography=person.biography,
            company=None,
            external_id=key,
        )
        known = _first(self._speaker_keys, person.keys) or self._namesake(person) or fresh.id
        before = self._speakers.now.get(known)
        speaker = _updated(before, fresh, keep=before.external_id and "external_id") if before else fresh
        self._speakers.put(speaker)
        self._namesakes[speaker.name].add(speaker.id)
        self._speaker_keys.update(dict.fromkeys(person.keys, speaker.id))
        return speaker

    def _namesake(self, person: Person) -> str | None:
        """The one speaker of this name, unless the two systems' keys show that they are two people."""
        namesakes = [self._speakers.now[speaker_id] for speaker_id in self._namesakes[person.name]]
        if person.keys:
            namesakes = [each for each in namesakes if each.id not in self._claimed and _may_be(person, each.external_id)]
        return namesakes[0].id if len(namesakes) == 1 else None


class _Bookings:
    """Who and what is needed when."""

    def __init__(self, sessions: Iterable[Session]) -> None:
        self._of: dict[str, list[Session]] = defaultdict(list)
        for session in sessions:
            self.add(session)

    def add(self, session: Session) -> None:
        for part_id in _needs(session):
            self._of[part_id].append(session)

    def take(self, session: Session) -> None:
        """Raises RoomTaken, SpeakerBusy."""
        for part_id in _needs(session):
            others = self._of[part_id]
            session.check_clashes(
                other for other in others if other.starts_at < session.ends_at and other.ends_at > session.starts_at
            )
        self.add(session)


class _remarking:  # noqa: N801  # reads as a statement
    """What is refused within is remarked on, and the next is gone on with."""

    def __init__(self, plan: Plan, where: str) -> None:
        self._plan = plan
        self._where = where

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, failure: BaseException | None, __: object) -> bool:
        match failure:
            case Refused():
                self._plan.refused.append(Remark(self._where, failure.reason, failure.detail))
            case Problem():
                self._plan.refused.append(Remark(self._where, failure.slug, failure.detail))
            case _:
                return False
        return True


def _needs(session: Session) -> tuple[str, ...]:
    return session.speaker_ids if session.room_id is None else (session.room_id, *session.speaker_ids)


def _put_named(shelf: _Shelf[N], names: dict[str, str], fresh: N) -> N:
    """Raises Refused."""
    before = shelf.now.get(names.get(fresh.name, fresh.id))
    part = shelf.put(_updated(before, fresh) if before else fresh)
    names[fresh.name] = part.id
    return part


def _updated(before: P, fresh: P, keep: str | None = None) -> P:
    """With what `fresh` says; what it does not say, its id and `keep` stay."""
    said = {each.name: getattr(fresh, each.name) for each in fields(fresh) if each.name not in ("id", keep)}
    return replace(before, **{name: value for name, value in said.items() if value is not None})


def _by_name(parts: Sequence[N]) -> dict[str, str]:
    return {part.name: part.id for part in reversed(parts)}


def _by_key(parts: Sequence[K]) -> dict[str, str]:
    """Ids by what other systems call them: as an export from here does, and as the system did that they come from."""
    guids = {guid_of(part.id, part.external_id): part.id for part in parts}
    numbers = {str(number_of(guid)): part_id for guid, part_id in guids.items()}
    return numbers | guids | {part.external_id: part.id for part in parts if part.external_id}


def _first(ids: dict[str, str], keys: Iterable[str]) -> str | None:
    return next((ids[key] for key in keys if key in ids), None)


def _may_be(person: Person, external_id: str | None) -> bool:
    """Two keys of one kind that differ are two people; a guid and a number may be one."""
    return external_id is None or _kind(external_id) not in {_kind(key) for key in person.keys}


def _kind(key: str) -> str:
    return "guid" if _UUID.fullmatch(key) else "number" if key.isdigit() else "code"
