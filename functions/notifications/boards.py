"""What a conference shows live: which release its agenda has, and to its staff how many people are in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Protocol

from functions.notifications.digests import Delay
from functions.notifications.live import Frame, Live, agenda_topic, door_topic
from shared.clock import Clock
from shared.messages import AgendaReleased, CheckInAnnulled, DoorCounted, TicketCheckedIn

PAUSE = timedelta(seconds=1)  # between two showings of a door: a busy one has several scans a second


@dataclass(frozen=True, slots=True)
class DoorCounts:
    entries: int
    exits: int

    def frame(self, conference_id: str) -> Frame:
        inside = self.entries - self.exits
        return {"type": "door", "conference_id": conference_id, "entries": self.entries, "exits": self.exits, "inside": inside}


class Turn(Enum):
    """When the counts of a door are to be shown: now, since they were not for a while; in a `PAUSE`; or already on their way."""

    NOW = auto()
    LATER = auto()
    NONE = auto()


class AgendaBoard(Protocol):
    def post(self, conference_id: str, release: int, frame: Frame) -> bool:
        """Whether there is no later release on it."""


class Doors(Protocol):
    def count(self, message: TicketCheckedIn | CheckInAnnulled) -> None:
        """Once by the message's id: one more, or one less where it was taken back."""

    def counts(self, conference_id: str) -> DoorCounts: ...
    def turn(self, conference_id: str, at: datetime) -> Turn: ...

    def begin(self, conference_id: str) -> None:
        """What is counted from here on takes another turn."""


def show_agenda(board: AgendaBoard, live: Live, message: AgendaReleased) -> None:
    changes = {"added": message.added, "canceled": message.canceled, "moved": message.moved, "changed": message.changed}
    frame = {
        "type": "agenda",
        "conference_id": message.conference_id,
        "release": message.release,
        "changes": {name: len(some) for name, some in changes.items()},
    }
    if board.post(message.conference_id, message.release, frame):
        live.tell(agenda_topic(message.conference_id), frame)


def count_scan(doors: Doors, live: Live, delay: Delay, clock: Clock, message: TicketCheckedIn | CheckInAnnulled) -> None:
    doors.count(message)
    conference_id = message.conference_id
    if not live.connections.of(door_topic(conference_id)):
        return  # who comes later is shown the counts as they are then
    match doors.turn(conference_id, clock()):
        case Turn.NOW:
            _show(doors, live, conference_id)
        case Turn.LATER:
            delay.send(DoorCounted(conference_id=conference_id), int(PAUSE.total_seconds()))


def show_door(doors: Doors, live: Live, message: DoorCounted) -> None:
    doors.begin(message.conference_id)
    _show(doors, live, message.conference_id)


def _show(doors: Doors, live: Live, conference_id: str) -> None:
    live.tell(door_topic(conference_id), doors.counts(conference_id).frame(conference_id))
