"""What notifications tells the others."""

from dataclasses import dataclass
from datetime import datetime

from shared.messages.message import Message


@dataclass(frozen=True, kw_only=True)
class DigestOpened(Message):
    """News for a person are gathered until `due_at`, to go out as one e-mail."""

    context = "notifications"
    user_id: str
    digest_id: str
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class DoorCounted(Message):
    """The counts of a door have changed since they were last shown."""

    context = "notifications"
    conference_id: str


@dataclass(frozen=True, kw_only=True)
class LiveFrame(Message):
    """What some of the connections that hear of a topic are still to be sent; `frame` is JSON."""

    context = "notifications"
    topic: str
    connection_ids: list[str]
    frame: str
