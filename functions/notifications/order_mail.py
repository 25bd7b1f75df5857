"""The one mail of a paid order, with all its tickets, once the last of them is there."""

from dataclasses import replace
from typing import Protocol

from functions.notifications.enclosures import calendar, pictures
from functions.notifications.letter import Letter, Link, Mailbox
from functions.notifications.paid_order import Collected, MailedTicket, PaidOrder, Visit, WholeOrder
from functions.notifications.use_cases import Post, send_once
from shared.messages import OrderMailReady, OrderPaid, TicketIssued
from shared.telemetry import count


class OrderMails(Protocol):
    """What is collected of each order until its mail goes out. Adding the same again has no effect."""

    def add_order(self, order: PaidOrder) -> None: ...
    def add_ticket(self, order_id: str, ticket: MailedTicket) -> None: ...
    def collected(self, order_id: str) -> Collected: ...


def collect_order(mails: OrderMails, post: Post, message: OrderPaid) -> None:
    """Note the payment; send the mail if all tickets are here already."""
    mails.add_order(
        PaidOrder(
            order_id=message.order_id,
            conference_id=message.conference_id,
            conference_name=message.conference_name,
            buyer_name=message.buyer_name,
            buyer_email=message.buyer_email,
            total=message.total,
            tickets=len(message.tickets),
            paid_at=message.occurred_at,
            visits=tuple(sorted({Visit(line.valid_from, line.valid_until) for line in message.tickets})),
        )
    )
    _send_when_whole(mails, post, message.order_id)


def collect_ticket(mails: OrderMails, post: Post, message: TicketIssued) -> None:
    """Note the ticket; send the mail if it was the last that was missing."""
    ticket = MailedTicket(
        number=message.number,
        attendee_name=message.attendee_name,
        ticket_type_name=message.ticket_type_name,
        code=message.code,
        valid_from=message.valid_from,
        time_zone=message.time_zone,
    )
    mails.add_ticket(message.order_id, ticket)
    _send_when_whole(mails, post, message.order_id)


def send_again(post: Post, message: OrderMailReady) -> None:
    """The mail as the tickets are now, once for each request."""
    order = PaidOrder(
        order_id=message.order_id,
        conference_id=message.conference_id,
        conference_name=message.conference_name,
        buyer_name=message.buyer_name,
        buyer_email=message.buyer_email,
        total=message.total,
        tickets=len(message.tickets),
        paid_at=message.paid_at,
    )
    tickets = (
        MailedTicket(each.number, each.attendee_name, each.ticket_type_name, each.code, each.valid_from, each.time_zone)
        for each in message.tickets
    )
    whole, key = WholeOrder(order, tuple(tickets)), message.request_id
    if send_once(post, key, _buyer(whole), lambda: replace(letter_of(whole), key=key, date=message.occurred_at)):
        count("OrderMailsSent", message.conference_id)


def _send_when_whole(mails: OrderMails, post: Post, order_id: str) -> None:
    whole = mails.collected(order_id).whole()
    if whole and send_once(post, order_id, _buyer(whole), lambda: letter_of(whole)):
        count("OrderMailsSent", whole.order.conference_id)


def letter_of(whole: WholeOrder) -> Letter:
    order = whole.order
    return Letter(
        key=order.order_id,
        to=_buyer(whole),
        subject=order.subject,
        date=order.paid_at,
        template="order",
        says={"order": order, "tickets": whole.tickets},
        link=Link("See the order", f"/orders/{order.order_id}"),
        enclosures=(*pictures(whole), *calendar(whole.order)),
    )


def _buyer(whole: WholeOrder) -> Mailbox:
    return Mailbox(whole.order.buyer_name, whole.order.buyer_email)
