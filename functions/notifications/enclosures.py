"""What comes with a mail: tickets as pictures and on paper, and when they are for."""

from functions.notifications.domain import conference_named, one_line
from functions.notifications.letter import Enclosure
from shared.messages import OrderMailReady
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
    """All tickets of an order on paper, a page each, in the order of their numbers."""
    return Enclosure("tickets.pdf", "application/pdf", paper)


def picture(code: str, ticket_id: str) -> Enclosure:
    """One ticket's QR code, for the HTML to show as `cid:<ticket id>` and as a file."""
    return Enclosure("ticket.png", "image/png", png(code, box=6), cid=ticket_id)


def calendar(ready: OrderMailReady) -> tuple[Enclosure, ...]:
    """The times that the tickets are for, to put into a calendar; the same order gives the same entries, so that none doubles."""
    visits = sorted({(ticket.valid_from, ticket.valid_until) for ticket in ready.tickets if ticket.valid_until})
    if not visits:
        return ()
    from icalendar import Calendar, Event

    book = Calendar()
    book.add("prodid", "-//Ketemu//Tickets//EN")
    book.add("version", "2.0")
    book.add("method", "PUBLISH")
    for number, (starts, ends) in enumerate(visits, 1):
        event = Event()
        event.add("uid", f"{ready.order_id}-{number}")
        event.add("dtstamp", ready.paid_at)
        event.add("dtstart", starts)
        event.add("dtend", ends)
        event.add("summary", one_line(conference_named(ready.conference_name)))
        event.add("description", f"Order {ready.order_id}. The tickets are in the e-mail that this came with.")
        book.add_component(event)
    return (Enclosure("conference.ics", "text/calendar", book.to_ical()),)
