"""What conferences show live, in the context's table.

| pk                  | sk    | what                                                          |
|---------------------|-------|---------------------------------------------------------------|
| BOARD#agenda:<cnf>  | BOARD | the latest release, as it is shown                            |
| BOARD#door:<cnf>    | BOARD | entries and exits, and when they were and are to be shown     |
| SCAN#<message>      | SCAN  | that it is counted (expires by ttl)                           |
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from functions.notifications.boards import PAUSE, DoorCounts, Turn
from functions.notifications.live import Frame, agenda_topic, door_topic
from shared.clock import iso, now
from shared.messages import CheckInAnnulled, TicketCheckedIn
from shared.table import Item, failed_conditions, transact

_BOARD = "BOARD"
_LIFE = timedelta(days=60)  # beyond the bus's archive (30 days) and what queues keep (14, and 14 as dead letters)


class AgendaItem(Item, discriminator="AgendaBoard"):
    v = NumberAttribute(default=1)
    release = NumberAttribute()
    frame = JSONAttribute()


class DoorItem(Item, discriminator="DoorBoard"):
    v = NumberAttribute(default=1)
    entries = NumberAttribute(default=0)
    exits = NumberAttribute(default=0)
    shown_at = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute(null=True)


class ScanMark(Item, discriminator="ScanMark"):
    v = NumberAttribute(default=1)


class DynamoBoards:
    def latest(self, topics: Sequence[str]) -> list[Frame]:
        rows = Item.batch_get([(_board(topic), _BOARD) for topic in topics], consistent_read=True)
        return [_shown(row) for row in sorted(rows, key=lambda row: str(row.pk)) if isinstance(row, AgendaItem | DoorItem)]

    def post(self, conference_id: str, release: int, frame: Frame) -> bool:
        actions: list[Action] = [AgendaItem.frame.set(frame), AgendaItem.kind.set(AgendaItem), AgendaItem.v.set(1)]
        newer = AgendaItem.release.does_not_exist() | (AgendaItem.release <= release)
        item = AgendaItem(_board(agenda_topic(conference_id)), _BOARD)
        return _updated(item, [AgendaItem.release.set(release), *actions], newer)


class DynamoDoors:
    def count(self, message: TicketCheckedIn | CheckInAnnulled) -> None:
        mark = ScanMark(pk=f"SCAN#{message.id}", sk="SCAN", ttl=int((now() + _LIFE).timestamp()))
        by = -1 if isinstance(message, CheckInAnnulled) else 1
        counted = DoorItem.entries.add(by) if message.direction == "entry" else DoorItem.exits.add(by)

        def write(transaction: TransactWrite) -> None:
            transaction.save(mark, condition=ScanMark.pk.does_not_exist())
            transaction.update(_door(message.conference_id), actions=[counted, DoorItem.kind.set(DoorItem), DoorItem.v.set(1)])

        try:
            transact(write)
        except TransactWriteError as failure:
            if not failed_conditions(failure):
                raise  # a failed one says that it is counted

    def counts(self, conference_id: str) -> DoorCounts:
        try:
            door = DoorItem.get(_board(door_topic(conference_id)), _BOARD, consistent_read=True)
        except DoesNotExist:
            return DoorCounts(0, 0)
        return DoorCounts(int(door.entries), int(door.exits))

    def turn(self, conference_id: str, at: datetime) -> Turn:
        long_ago = DoorItem.shown_at.does_not_exist() | (DoorItem.shown_at <= iso(at - PAUSE))
        if _updated(_door(conference_id), [DoorItem.shown_at.set(iso(at))], long_ago):
            return Turn.NOW
        nothing_due = DoorItem.due_at.does_not_exist() | (DoorItem.due_at <= iso(at))
        return Turn.LATER if _updated(_door(conference_id), [DoorItem.due_at.set(iso(at + PAUSE))], nothing_due) else Turn.NONE

    def begin(self, conference_id: str) -> None:
        _door(conference_id).update(actions=[DoorItem.due_at.remove(), DoorItem.shown_at.set(iso(now()))])


def _updated(item: Item, actions: list[Action], condition: Condition) -> bool:
    """Whether the condition held."""
    try:
        item.update(actions=actions, condition=condition)
    except UpdateError as failure:
        if failure.cause_response_code != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _shown(row: AgendaItem | DoorItem) -> Frame:
    if isinstance(row, AgendaItem):
        return dict(row.frame)
    return DoorCounts(int(row.entries), int(row.exits)).frame(row.pk.removeprefix("BOARD#door:"))


def _door(conference_id: str) -> DoorItem:
    return DoorItem(_board(door_topic(conference_id)), _BOARD)


def _board(topic: str) -> str:
    return f"BOARD#{topic}"
