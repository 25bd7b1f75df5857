"""What is shown of parts that hold more than everybody may see."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Self

from functions.events.domain import Level, Session, SessionType, Speaker


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSpeaker:
    id: str
    name: str
    biography: str | None
    company: str | None
    user_id: str | None

    @classmethod
    def of(cls, speaker: Speaker) -> Self:
        return cls(**{field.name: getattr(speaker, field.name) for field in fields(cls)})


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSession:
    id: str
    title: str
    abstract: str | None
    type: SessionType
    level: Level | None
    language: str | None
    track_id: str | None
    room_id: str | None
    speaker_ids: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    recording_url: str | None

    @classmethod
    def of(cls, session: Session) -> Self:
        return cls(**{field.name: getattr(session, field.name) for field in fields(cls)})
