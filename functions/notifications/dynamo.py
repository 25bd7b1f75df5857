"""Inboxes and half-collected order mails, in one table.

| pk            | sk             | what                                                      |
|---------------|----------------|-----------------------------------------------------------|
| USER#<id>     | ITEM#<ntf id>  | a notification; ids sort by when it happened              |
| USER#<id>     | ~HEAD          | unread count and epoch; sorts after every item            |
| ORDER#<id>    | PAID           | the payment (expires by ttl)                              |
| ORDER#<id>    | TICKET#<nnnn>  | a ticket with its code (expires by ttl)                   |
| ORDER#<id>    | SENT           | who may send until when, and when it was sent (is kept)   |

**Read all in one write.** The head has an epoch that `read_all` raises while it sets the count to zero. A notification keeps
the epoch it was delivered in: it is read once it was read by itself, or once the head's epoch has moved on. Delivering and
reading are conditional on the head's epoch, in one transaction with the change of the count, so that the count is always the
number of notifications that are not read. No clock and no order of arrival has a say in it.
"""

from datetime import datetime, timedelta

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, TransactWriteError, UpdateError
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from functions.notifications.domain import Collected, InboxPage, MailedTicket, Notification, PaidOrder
from shared.clock import iso, now, parse
from shared.errors import Busy, NotFound
from shared.money import Money
from shared.table import Item, decode_cursor, failed_conditions, page, transact

_HEAD = "~HEAD"
_ITEM = 0  # the notification's place in the transaction that delivers it
_EPOCHS = 5  # how many times "read all" may get in the way of one delivery
_COLLECTED_LIFE = timedelta(days=30)  # beyond any queue's retention (14 days); afterwards names, addresses and codes are gone


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


class PaidOrderItem(Item, discriminator="PaidOrder"):
    v = NumberAttribute(default=1)
    order_id = UnicodeAttribute()
    conference_id = UnicodeAttribute()
    conference_name = UnicodeAttribute()
    buyer_name = UnicodeAttribute()
    buyer_email = UnicodeAttribute()
    total = NumberAttribute()  # minor units
    currency = UnicodeAttribute()
    tickets = NumberAttribute()
    paid_at = UnicodeAttribute()


class MailedTicketItem(Item, discriminator="MailedTicket"):
    v = NumberAttribute(default=1)
    number = NumberAttribute()
    attendee_name = UnicodeAttribute()
    ticket_type_name = UnicodeAttribute()
    code = UnicodeAttribute()
    valid_from = UnicodeAttribute()
    time_zone = UnicodeAttribute(default="UTC")


class SentMark(Item, discriminator="SentMark"):
    v = NumberAttribute(default=1)
    claimed_until = UnicodeAttribute()
    sent_at = UnicodeAttribute(null=True)


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


class DynamoOrderMails:
    def add_order(self, order: PaidOrder) -> None:
        PaidOrderItem(
            pk=_order(order.order_id),
            sk="PAID",
            ttl=_end_of_life(),
            order_id=order.order_id,
            conference_id=order.conference_id,
            conference_name=order.conference_name,
            buyer_name=order.buyer_name,
            buyer_email=order.buyer_email,
            total=order.total.amount,
            currency=order.total.currency,
            tickets=order.tickets,
            paid_at=iso(order.paid_at),
        ).save()

    def add_ticket(self, order_id: str, ticket: MailedTicket) -> None:
        MailedTicketItem(
            pk=_order(order_id),
            sk=f"TICKET#{ticket.number:04}",
            ttl=_end_of_life(),
            number=ticket.number,
            attendee_name=ticket.attendee_name,
            ticket_type_name=ticket.ticket_type_name,
            code=ticket.code,
            valid_from=iso(ticket.valid_from),
            time_zone=ticket.time_zone,
        ).save()

    def collected(self, order_id: str) -> Collected:
        rows = list(Item.query(_order(order_id), consistent_read=True))
        orders = [_paid_order(row) for row in rows if isinstance(row, PaidOrderItem)]
        tickets = tuple(_mailed_ticket(row) for row in rows if isinstance(row, MailedTicketItem))
        sent = any(isinstance(row, SentMark) and row.sent_at for row in rows)
        return Collected(orders[0] if orders else None, tickets, sent)

    def claim(self, order_id: str, *, at: datetime, until: datetime) -> None:
        free = SentMark.claimed_until.does_not_exist() | (SentMark.claimed_until <= iso(at))
        try:
            SentMark(_order(order_id), "SENT").update(
                actions=[SentMark.claimed_until.set(iso(until)), SentMark.kind.set(SentMark), SentMark.v.set(1)],
                condition=SentMark.sent_at.does_not_exist() & free,
            )
        except UpdateError as failure:
            if failure.cause_response_code != "ConditionalCheckFailedException":
                raise
            raise Busy(f"The mail of {order_id} is being sent by another.") from None

    def mark_sent(self, order_id: str, at: datetime) -> None:
        SentMark(_order(order_id), "SENT").update(actions=[SentMark.sent_at.set(iso(at))])


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


def _order(order_id: str) -> str:
    return f"ORDER#{order_id}"


def _end_of_life() -> int:
    return int((now() + _COLLECTED_LIFE).timestamp())


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


def _paid_order(item: PaidOrderItem) -> PaidOrder:
    return PaidOrder(
        order_id=item.order_id,
        conference_id=item.conference_id,
        conference_name=item.conference_name,
        buyer_name=item.buyer_name,
        buyer_email=item.buyer_email,
        total=Money(int(item.total), item.currency),
        tickets=int(item.tickets),
        paid_at=parse(item.paid_at),
    )


def _mailed_ticket(item: MailedTicketItem) -> MailedTicket:
    return MailedTicket(
        number=int(item.number),
        attendee_name=item.attendee_name,
        ticket_type_name=item.ticket_type_name,
        code=item.code,
        valid_from=parse(item.valid_from),
        time_zone=item.time_zone,
    )
