"""The one mail of an order, with all its tickets: as they are when tickets has them ready, and again on request."""

from typing import Protocol

from functions.notifications.domain import conference_named, one_line
from functions.notifications.enclosures import calendar, document, pictures
from functions.notifications.letter import Letter, Link, Mailbox
from functions.notifications.use_cases import Post, send_once
from shared.messages import OrderMailReady
from shared.telemetry import count


class Papers(Protocol):
    """Tickets as tickets has printed them."""

    def fetch(self, key: str) -> bytes: ...

    def discard(self, key: str) -> None:
        """It has been mailed, or will not be. May be repeated."""


def send_order_mail(papers: Papers, post: Post, ready: OrderMailReady) -> None:
    """Once for each request. Raises Busy, and what keeps the mail from being accepted; the paper is there until it is."""
    if send_once(post, ready.request_id, _buyer(ready), lambda: letter_of(ready, papers.fetch(ready.paper))):
        count("OrderMailsSent", ready.conference_id)
    papers.discard(ready.paper)


def letter_of(ready: OrderMailReady, paper: bytes) -> Letter:
    conference = conference_named(ready.conference_name)
    about = f"Order {ready.order_id}. The tickets are in the e-mail that this came with."
    visits = calendar(ready.tickets, of=ready.order_id, conference=ready.conference_name, at=ready.paid_at, about=about)
    return Letter(
        key=ready.request_id,
        to=_buyer(ready),
        subject=one_line(f"Your {'ticket' if len(ready.tickets) == 1 else 'tickets'} for {conference}"),
        date=ready.occurred_at,
        template="order",
        says={"order": ready, "tickets": ready.tickets},
        link=Link("See the order", f"/orders/{ready.order_id}"),
        enclosures=(*pictures(ready), document(paper), *visits),
    )


def _buyer(ready: OrderMailReady) -> Mailbox:
    return Mailbox(ready.buyer_name, ready.buyer_email)
