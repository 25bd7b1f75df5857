"""Inboxes, in the context's table.

| pk            | sk             | what                                                      |
|---------------|----------------|-----------------------------------------------------------|
| USER#<id>     | ITEM#<ntf id>  | a notification; ids sort by when it happened              |
| USER#<id>     | ~HEAD          | unread count and epoch; sorts after every item            |

**Read all in one write.** The head has an epoch that `read_all` raises while it sets the count to zero. A notification keeps
the epoch it was delivered in: it is read once it was read by itself, or once the head's epoch has moved on. Delivering and
reading are conditional on the head's epoch, in one transaction with the change of the count, so that the count is always the
number of notifications that are not read. No clock and no order of arrival has a say in it.
"""

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, TransactWriteError
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from functions.notifications.domain import InboxPage, Notification
from shared.clock import iso, parse
from shared.errors import Busy, NotFound
from shared.table import Item, decode_cursor, failed_conditions, page, transact

_HEAD = "~HEAD"
_ITEM = 0  # the notification's place in the transaction that delivers it
_EPOCHS = 5  # how many times "read all" may get in the way of one delivery


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


class InboxHead(Item, discriminator="InboxHead"):
    v = NumberAttribute(default=1)
    unread = NumberAttribute(default=0)
    epoch = NumberAttribute(default=0)


class DynamoInbox:
    def deliver(self, user_id: str, notification: Notification) -> None:
        for _ in range(_EPOCHS):
            try:
                _deliver(user_id, notification, self._head(user_id).epoch)
            except TransactWriteError as failure:
                failed = failed_conditions(failure)
                if _ITEM in failed:  # it is there: this message came before
                    return
                if not failed:
                    raise
            else:
                return
        raise Busy(f"The inbox of {user_id} is marked as read again and again while it is delivered to.")

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
        return InboxPage(items, next_cursor, int(head.unread))

    def read(self, user_id: str, notification_id: str) -> Notification:
        try:
            item = NotificationItem.get(_user(user_id), f"ITEM#{notification_id}", consistent_read=True)
        except DoesNotExist:
            raise NotFound(f"There is no notification {notification_id} in your inbox. GET /notifications lists what is.") from None
        if not item.read:
            _read(item)
        item.read = True
        return _notification(item, InboxHead())

    def read_all(self, user_id: str) -> None:
        head = InboxHead(_user(user_id), _HEAD)
        actions: list[Action] = [InboxHead.unread.set(0), InboxHead.epoch.add(1), InboxHead.kind.set(InboxHead), InboxHead.v.set(1)]
        # A transaction of one: a plain update that meets a delivery is refused, and not tried again.
        transact(lambda transaction: transaction.update(head, actions=actions))

    def _head(self, user_id: str) -> InboxHead:
        try:
            return InboxHead.get(_user(user_id), _HEAD, consistent_read=True)
        except DoesNotExist:
            return InboxHead()


def _deliver(user_id: str, notification: Notification, epoch: float) -> None:
    item = _item(user_id, notification, epoch)
    head = InboxHead(item.pk, _HEAD)

    def write(transaction: TransactWrite) -> None:
        transaction.save(item, condition=NotificationItem.pk.does_not_exist())
        transaction.update(
            head,
            actions=[InboxHead.unread.add(1), InboxHead.epoch.set(epoch), InboxHead.kind.set(InboxHead), InboxHead.v.set(1)],
            condition=InboxHead.pk.does_not_exist() | (InboxHead.epoch == epoch),
        )

    transact(write)


def _read(item: NotificationItem) -> None:
    def write(transaction: TransactWrite) -> None:
        unread = NotificationItem.read == False  # noqa: E712  # builds an expression
        transaction.update(item, actions=[NotificationItem.read.set(True)], condition=unread)
        transaction.update(InboxHead(item.pk, _HEAD), actions=[InboxHead.unread.add(-1)], condition=InboxHead.epoch == item.epoch)

    try:
        transact(write)
    except TransactWriteError as failure:
        if not failed_conditions(failure):
            raise  # a failed one says that it is read already, by itself or together with all others


def _user(user_id: str) -> str:
    return f"USER#{user_id}"


def _item(user_id: str, notification: Notification, epoch: float) -> NotificationItem:
    return NotificationItem(
        pk=_user(user_id),
        sk=f"ITEM#{notification.id}",
        id=notification.id,
        what=notification.kind,
        title=notification.title,
        body=notification.body,
        data=notification.data,
        created_at=iso(notification.created_at),
        epoch=epoch,
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
    )
