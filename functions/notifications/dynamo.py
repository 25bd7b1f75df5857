"""Inboxes, in the context's table.

| pk            | sk             | what                                                      |
|---------------|----------------|-----------------------------------------------------------|
| USER#<id>     | ITEM#<ntf id>  | a notification; ids sort by when it happened              |
| USER#<id>     | ~HEAD          | counts and epoch; sorts after every item                  |
| GONE#<id>     | <ntf id>       | that it was deleted (expires by ttl)                      |
| GONE#<id>     | <subject>      | until when all that named it was taken back (as above)    |

**The head orders everything.** Whatever changes an inbox changes its head in the same transaction, and what depends on the state
of an inbox is conditional on the head's revision that it read, or on its epoch:

- The unread count is always the number of notifications that are not read.
- `read_all` is one write: it raises the head's epoch. A notification keeps the epoch it was delivered in: it is read once it was
  read by itself, or once the head's epoch has moved on.
- Each notification gets the next number as it arrives, so that who was away can be given exactly what came meanwhile.
- What was deleted stays deleted when its message comes again.

No clock and no order of arrival has a say in it.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from functions.notifications.domain import InboxPage, Missed, Notification
from shared.clock import iso, now, parse
from shared.errors import Busy, NotFound
from shared.table import Item, decode_cursor, failed_conditions, page, transact

_HEAD = "~HEAD"
_ITEM = 0  # the notification's place in the transaction that delivers it
_TRIES = 10  # how often others may get in the way of one delivery
_TOGETHER = 40  # deletions in one transaction, two writes each: DynamoDB takes 100
# How long a deletion is remembered: beyond the bus's archive (30 days) and what queues keep (14, and 14 as dead letters).
_GONE_LIFE = timedelta(days=60)


class NotificationItem(Item, discriminator="Notification"):
    v = NumberAttribute(default=1)
    id = UnicodeAttribute()
    what = UnicodeAttribute()
    title = UnicodeAttribute()
    body = UnicodeAttribute()
    data = JSONAttribute()
    created_at = UnicodeAttribute()
    read = BooleanAttribute(default=False)
    epoch = NumberAttribute()
    number = NumberAttribute(default=0)  # in the order of arrival, from 1


class InboxHead(Item, discriminator="InboxHead"):
    v = NumberAttribute(default=1)
    unread = NumberAttribute(default=0)
    epoch = NumberAttribute(default=0)
    arrived = NumberAttribute(default=0)  # the number of the latest
    revision = NumberAttribute(default=0)


class GoneItem(Item, discriminator="Gone"):
    v = NumberAttribute(default=1)
    until = UnicodeAttribute(null=True)


class DynamoInbox:
    def deliver(self, user_id: str, notification: Notification) -> Notification | None:
        for _ in range(_TRIES):
            head, gone = self._state(user_id, notification)
            if gone:
                return None
            try:
                return _deliver(user_id, notification, head)
            except TransactWriteError as failure:
                failed = failed_conditions(failure)
                if _ITEM in failed:  # it is there: this message came before
                    return self._get(user_id, notification.id)
                if not failed:
                    raise
        raise Busy(f"The inbox of {user_id} is changed again and again while it is delivered to.")

    def page(self, user_id: str, *, limit: int, cursor: str | None) -> InboxPage:
        """One round trip for the first page, which starts at the head; two for a later one, which starts below it."""
        start = decode_cursor(cursor, _user(user_id))
        rows, next_cursor = page(
            Item.query(
                _user(user_id),
                limit=limit if start else limit + 1,
                last_evaluated_key=start,
                scan_index_forward=False,
                consistent_read=True,
            )
        )
        head = next((row for row in rows if isinstance(row, InboxHead)), None)
        if head is None:
            head = self._head(user_id) if start else InboxHead()
        items = [_notification(row, head) for row in rows if isinstance(row, NotificationItem)]
        return InboxPage(items, next_cursor, int(head.unread), int(head.arrived))

    def read(self, user_id: str, notification_id: str) -> Notification:
        item = self._item(user_id, notification_id)
        if not item.read:
            _read(item)
        item.read = True
        return _notification(item, InboxHead())

    def read_all(self, user_id: str) -> None:
        head = InboxHead(_user(user_id), _HEAD)
        actions = [InboxHead.unread.set(0), InboxHead.epoch.add(1), *_touched()]
        # A transaction of one: a plain update that meets a delivery is refused, and not tried again.
        transact(lambda transaction: transaction.update(head, actions=actions))

    def delete(self, user_id: str, notification_id: str) -> None:
        for _ in range(_TRIES):
            item, head = self._item(user_id, notification_id), self._head(user_id)
            if _delete(user_id, [item], head):
                return
        raise Busy(f"The inbox of {user_id} is changed again and again while something is deleted from it.")

    def take_back(self, user_id: str, notification_id: str) -> None:
        for _ in range(_TRIES):
            item, head = self._find(user_id, notification_id), self._head(user_id)
            if _delete(user_id, [item] if item else [], head, gone=notification_id):
                return
        raise Busy(f"The inbox of {user_id} is changed again and again while something is taken back from it.")

    def delete_read(self, user_id: str) -> int:
        head = self._head(user_id)
        return self._delete_all(user_id, (item for item in self._items(user_id) if item.read or item.epoch < head.epoch))

    def _delete_all(self, user_id: str, items: Iterator[NotificationItem]) -> int:
        deleted = 0
        for together in _chunks(items):
            while together and not _delete(user_id, together, self._head(user_id)):
                together = [item for item in (self._find(user_id, each.id) for each in together) if item]
            deleted += len(together)
        return deleted

    def take_back_all(self, user_id: str, subject: str, until: datetime) -> None:
        """First what keeps out all that is on its way: whatever is delivered meanwhile finds the head changed, and looks again."""
        for _ in range(_TRIES):
            head, before = self._head(user_id), self.taken_back(user_id, [subject]).get(subject)
            if _delete(user_id, [], head, gone=subject, until=max(until, before or until)):
                break
        else:
            raise Busy(f"The inbox of {user_id} is changed again and again while something is taken back from it.")
        told = ((item, _notification(item, head)) for item in self._items(user_id))
        self._delete_all(user_id, (item for item, news in told if news.subject == subject and news.created_at <= until))

    def taken_back(self, user_id: str, subjects: Collection[str]) -> dict[str, datetime]:
        rows = Item.batch_get([(_gone(user_id), each) for each in subjects], consistent_read=True)
        return {row.sk: parse(row.until) for row in rows if isinstance(row, GoneItem) and row.until}

    def unread(self, user_id: str, ids: Collection[str]) -> set[str]:
        keys = [(_user(user_id), _HEAD), *((_user(user_id), f"ITEM#{each}") for each in ids)]
        rows = list(Item.batch_get(keys, consistent_read=True))
        head = next((row for row in rows if isinstance(row, InboxHead)), InboxHead())
        items = [_notification(row, head) for row in rows if isinstance(row, NotificationItem)]
        return {item.id for item in items if not item.read}

    def since(self, user_id: str, number: int, *, at_most: int) -> Missed:
        head = self._head(user_id)
        missing = int(head.arrived) - number
        if missing <= 0:
            return Missed([], int(head.arrived), complete=missing == 0)
        found: list[NotificationItem] = []
        # Newest first: what arrived late for when it happened is further down, and there are as many as the head has counted.
        for looked_at, item in enumerate(self._items(user_id, newest_first=True), 1):
            if number < item.number <= head.arrived:
                found.append(item)
            if len(found) == missing or looked_at == at_most:
                break
        items = [_notification(item, head) for item in sorted(found, key=lambda item: item.number)]
        return Missed(items, int(head.arrived), complete=len(found) == missing)

    def _state(self, user_id: str, news: Notification) -> tuple[InboxHead, bool]:
        """The head, and whether `news` was deleted or taken back before it came."""
        gone = [(_gone(user_id), each) for each in (news.id, news.subject) if each]
        rows = list(Item.batch_get([(_user(user_id), _HEAD), *gone], consistent_read=True))
        head = next((row for row in rows if isinstance(row, InboxHead)), InboxHead())
        deleted = [row for row in rows if isinstance(row, GoneItem)]
        return head, any(row.until is None or news.created_at <= parse(row.until) for row in deleted)

    def _head(self, user_id: str) -> InboxHead:
        try:
            return InboxHead.get(_user(user_id), _HEAD, consistent_read=True)
        except DoesNotExist:
            return InboxHead()

    def _item(self, user_id: str, notification_id: str) -> NotificationItem:
        item = self._find(user_id, notification_id)
        if item is None:
            raise NotFound(f"There is no notification {notification_id} in your inbox. GET /notifications lists what is.")
        return item

    def _find(self, user_id: str, notification_id: str) -> NotificationItem | None:
        try:
            return NotificationItem.get(_user(user_id), f"ITEM#{notification_id}", consistent_read=True)
        except DoesNotExist:
            return None

    def _get(self, user_id: str, notification_id: str) -> Notification | None:
        item = self._find(user_id, notification_id)
        return _notification(item, self._head(user_id)) if item else None

    def _items(self, user_id: str, *, newest_first: bool = False) -> Iterator[NotificationItem]:
        yield from NotificationItem.query(
            _user(user_id),
            NotificationItem.sk.startswith("ITEM#"),
            scan_index_forward=not newest_first,
            consistent_read=True,
            page_size=100,
        )


def _deliver(user_id: str, notification: Notification, seen: InboxHead) -> Notification:
    item = _item(user_id, notification, seen)
    head = InboxHead(item.pk, _HEAD)
    actions = [InboxHead.unread.add(1), InboxHead.arrived.set(item.number), InboxHead.epoch.set(seen.epoch), *_touched()]

    def write(transaction: TransactWrite) -> None:
        transaction.save(item, condition=NotificationItem.pk.does_not_exist())
        transaction.update(head, actions=actions, condition=_unchanged(seen))

    transact(write)
    return _notification(item, seen)


def _read(item: NotificationItem) -> None:
    def write(transaction: TransactWrite) -> None:
        unread = NotificationItem.read == False  # noqa: E712  # builds an expression
        transaction.update(item, actions=[NotificationItem.read.set(True)], condition=unread)
        head = InboxHead(item.pk, _HEAD)
        transaction.update(head, actions=[InboxHead.unread.add(-1), *_touched()], condition=InboxHead.epoch == item.epoch)

    try:
        transact(write)
    except TransactWriteError as failure:
        if not failed_conditions(failure):
            raise  # a failed one says that it is read already, by itself or together with all others


def _delete(
    user_id: str, items: list[NotificationItem], seen: InboxHead, *, gone: str | None = None, until: datetime | None = None
) -> bool:
    """Whether the inbox was still as `seen`; if not, nothing is done. `gone` comes no more, or not of before `until`."""
    ids = {item.id for item in items} | ({gone} if gone else set())
    unread = sum(not item.read and item.epoch == seen.epoch for item in items)
    expires = int((now() + _GONE_LIFE).timestamp())

    def write(transaction: TransactWrite) -> None:
        for item in items:
            transaction.delete(item)
        for each in ids:
            transaction.save(GoneItem(pk=_gone(user_id), sk=each, until=iso(until) if until else None, ttl=expires))
        head = InboxHead(_user(user_id), _HEAD)
        transaction.update(head, actions=[InboxHead.unread.add(-unread), *_touched()], condition=_unchanged(seen))

    try:
        transact(write)
    except TransactWriteError as failure:
        if not failed_conditions(failure):
            raise
        return False
    return True


def _touched() -> list[Action]:
    return [InboxHead.revision.add(1), InboxHead.kind.set(InboxHead), InboxHead.v.set(1)]


def _unchanged(seen: InboxHead) -> Condition:
    return InboxHead.revision == seen.revision if seen.revision else InboxHead.revision.does_not_exist()


def _chunks(items: Iterator[NotificationItem]) -> Iterator[list[NotificationItem]]:
    chunk: list[NotificationItem] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == _TOGETHER:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _user(user_id: str) -> str:
    return f"USER#{user_id}"


def _gone(user_id: str) -> str:
    return f"GONE#{user_id}"


def _item(user_id: str, notification: Notification, head: InboxHead) -> NotificationItem:
    return NotificationItem(
        pk=_user(user_id),
        sk=f"ITEM#{notification.id}",
        id=notification.id,
        what=notification.kind,
        title=notification.title,
        body=notification.body,
        data=notification.data,
        created_at=iso(notification.created_at),
        epoch=head.epoch,
        number=head.arrived + 1,
    )


def _notification(item: NotificationItem, head: InboxHead) -> Notification:
    return Notification(
        id=item.id,
        kind=item.what,
        title=item.title,
        body=item.body,
        data=dict(item.data),
        created_at=parse(item.created_at),
        read=item.read or item.epoch < head.epoch,
        number=int(item.number),
    )
