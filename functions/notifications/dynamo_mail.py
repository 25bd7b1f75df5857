"""What e-mails need to be sent once, in the context's table.

| pk            | sk             | what                                                      |
|---------------|----------------|-----------------------------------------------------------|
| ORDER#<id>    | PAID           | the payment (expires by ttl)                              |
| ORDER#<id>    | TICKET#<nnnn>  | a ticket with its code (expires by ttl)                   |
| MAIL#<key>    | SENT           | who may send until when, and when it was sent (is kept)   |
"""

from datetime import datetime, timedelta

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError

from functions.notifications.paid_order import Collected, MailedTicket, PaidOrder, Visit
from shared.clock import iso, now, parse
from shared.errors import Busy
from shared.money import Money
from shared.table import Item

_COLLECTED_LIFE = timedelta(days=30)  # beyond any queue's retention (14 days); afterwards names, addresses and codes are gone


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
    visits = JSONAttribute(null=True)  # from and until


class MailedTicketItem(Item, discriminator="MailedTicket"):
    v = NumberAttribute(default=1)
    number = NumberAttribute()
    attendee_name = UnicodeAttribute()
    ticket_type_name = UnicodeAttribute()
    code = UnicodeAttribute()
    valid_from = UnicodeAttribute()
    time_zone = UnicodeAttribute(default="UTC")


class SentMark(Item, discriminator="SentMark"):
    """Of no person: it is kept, so that no replay however late mails again."""

    v = NumberAttribute(default=1)
    claimed_until = UnicodeAttribute()
    sent_at = UnicodeAttribute(null=True)


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
            visits=[[iso(visit.starts), iso(visit.ends)] for visit in order.visits],
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
        return Collected(orders[0] if orders else None, tickets)


class DynamoSent:
    def claim(self, key: str, *, at: datetime, until: datetime) -> bool:
        mark = SentMark(_mail(key), "SENT")
        free = SentMark.claimed_until.does_not_exist() | (SentMark.claimed_until <= iso(at))
        try:
            mark.update(
                actions=[SentMark.claimed_until.set(iso(until)), SentMark.kind.set(SentMark), SentMark.v.set(1)],
                condition=SentMark.sent_at.does_not_exist() & free,
            )
        except UpdateError as failure:
            if failure.cause_response_code != "ConditionalCheckFailedException":
                raise
            if SentMark.get(_mail(key), "SENT", consistent_read=True).sent_at:
                return False
            raise Busy(f"The mail {key} is being sent by another.") from None
        return True

    def mark(self, key: str, at: datetime) -> None:
        SentMark(_mail(key), "SENT").update(actions=[SentMark.sent_at.set(iso(at))])


def _order(order_id: str) -> str:
    return f"ORDER#{order_id}"


def _mail(key: str) -> str:
    return f"MAIL#{key}"


def _end_of_life() -> int:
    return int((now() + _COLLECTED_LIFE).timestamp())


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
        visits=tuple(Visit(parse(starts), parse(ends)) for starts, ends in item.visits or []),
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
