"""What comes with a mail: tickets as pictures and on paper, and when they are for."""

from collections.abc import Iterable
from datetime import datetime

from functions.notifications.domain import conference_named, one_line
from functions.notifications.letter import Enclosure
from shared.messages import MailedCode, OrderMailReady
from shared.qr import png


def pictures(ready: OrderMailReady) -> tuple[Enclosure, ...]:
    """Each ticket's QR code, for the HTML to show as `cid:ticket-<number>@<order>`."""
    return tuple(
        Enclosure(
            name=f"ticket-{ticket.number}.png",
            media_type="image/png",
            content=png(ticket.code, box=6),
            cid=f"ticket-{ticket.number}@{ready.order_id}",
            attached=False,
        )
        for ticket in ready.tickets
    )


def document(paper: bytes) -> Enclosure:
    """Tickets on paper, a page each, in the order of their numbers."""
    return Enclosure("tickets.pdf", "application/pdf", paper)


def picture(code: str, ticket_id: str) -> Enclosure:
    """One ticket's QR code, for the HTML to show as `cid:<ticket id>` and as a file."""
    return Enclosure("ticket.png", "image/png", png(code, box=6), cid=ticket_id)


def calendar(tickets: Iterable[MailedCode], *, of: str, conference: str, at: datetime, about: str) -> tuple[Enclosure, ...]:
    """The times that the tickets are for, to put into a calendar; the same order or ticket (`of`) gives the same entries, so that
    none doubles.
    """
    visits = sorted({(ticket.valid_from, ticket.valid_until) for ticket in tickets if ticket.valid_until})
    if not visits:
        return ()
    from icalendar import Calendar, Event

    from shared.calendar_text import CalendarText

    book = Calendar()
    book.add("prodid", "-//Ketemu//Tickets//EN")
    book.add("version", "2.0")
    book.add("method", "PUBLISH")
    for number, (starts, ends) in enumerate(visits, 1):
        event = Event()
        event.add("uid", f"{of}-{number}")
        event.add("dtstamp", at)
        event.add("dtstart", starts)
        event.add("dtend", ends)
        event.add("summary", CalendarText(one_line(conference_named(conference))))
        event.add("description", CalendarText(about))
        book.add_component(event)
    return (Enclosure("conference.ics", "text/calendar", book.to_ical()),)
