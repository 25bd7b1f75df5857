"""The mail that brings a ticket's new code to who has the ticket now: as a picture, on paper and for the calendar."""

from functions.notifications import domain
from functions.notifications.domain import one_line
from functions.notifications.enclosures import calendar, document, picture
from functions.notifications.letter import Letter, Link, Mailbox
from functions.notifications.order_mail import Papers
from functions.notifications.use_cases import Post, send_once
from shared.messages import TicketMailReady
from shared.telemetry import logger


def send_ticket_mail(papers: Papers, post: Post, ready: TicketMailReady) -> None:
    """Once for each code. Raises Busy, and what keeps the mail from being accepted; the paper is there until it is."""
    to = Mailbox(ready.owner_name, ready.owner_email) if ready.owner_email else post.people.get(ready.owner_id).mailbox
    if to is None:
        logger.warning("no address", user_id=ready.owner_id, ticket_id=ready.ticket_id)
    else:
        send_once(post, ready.request_id, to, lambda: letter_of(ready, to, papers.fetch(ready.paper)))
    papers.discard(ready.paper)


def letter_of(ready: TicketMailReady, to: Mailbox, paper: bytes) -> Letter:
    news = news_of(ready.conference_id, ready.conference_name, ready.ticket_id, reissued=ready.reissued, by_owner=ready.by_owner)
    ticket = ready.ticket
    about = f"Ticket {ready.ticket_id}. It is in the e-mail that this came with."
    visit = calendar([ticket], of=ready.ticket_id, conference=ready.conference_name, at=ready.issued_at, about=about)
    return Letter(
        key=ready.request_id,
        to=to,
        subject=one_line(news.title),
        date=ready.occurred_at,
        template="ticket",
        says={
            "body": news.body,
            "ticket_id": ready.ticket_id,
            "ticket_type_name": ticket.ticket_type_name,
            "attendee_name": ticket.attendee_name,
            "valid_from": ticket.valid_from,
            "time_zone": ticket.time_zone,
        },
        link=Link("See the ticket", f"/tickets/{ready.ticket_id}"),
        enclosures=(picture(ticket.code, ready.ticket_id), document(paper), *visit),
    )


def news_of(conference_id: str, conference: str, ticket_id: str, *, reissued: bool, by_owner: bool) -> domain.News:
    data = {"conference_id": conference_id, "ticket_id": ticket_id}
    return domain.ticket_reissued(conference, data, by_owner=by_owner) if reissued else domain.ticket_received(conference, data)
