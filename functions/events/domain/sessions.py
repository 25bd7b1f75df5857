"""What the agenda is made of: sessions, their rooms, tracks and speakers, and what cannot be at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from functions.events.domain.conference import Conference, Window
from functions.events.domain.parts import Part, References
from shared.errors import Conflict, Invalid

SessionType = Literal["talk", "workshop", "keynote", "break", "other"]
Level = Literal["beginner", "intermediate", "advanced"]


class UnknownRoom(Invalid):
    slug, title = "unknown-room", "No such room in this conference"


class UnknownTrack(Invalid):
    slug, title = "unknown-track", "No such track in this conference"


class UnknownSpeaker(Invalid):
    slug, title = "unknown-speaker", "No such speaker in this conference"


class SessionOutsideConference(Invalid):
    slug, title = "session-outside-conference", "The session is not within the conference"


class SessionsLeftOutside(Conflict):
    slug, title = "sessions-left-outside", "Sessions would lie outside the conference"


class RoomTaken(Conflict):
    slug, title = "room-taken", "Another session is in that room then"


class SpeakerBusy(Conflict):
    slug, title = "speaker-busy", "A speaker is in another session then"


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
