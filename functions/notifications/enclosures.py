"""What comes with a mail: QR codes of tickets, and when they are for."""

from functions.notifications.domain import conference_named, one_line
from functions.notifications.letter import Enclosure
from functions.notifications.paid_order import PaidOrder, WholeOrder
from shared.qr import png


def pictures(whole: WholeOrder) -> tuple[Enclosure, ...]:
    """Each ticket's QR code, for the HTML to show and as a file."""
    return tuple(
        Enclosure(
            name=f"ticket-{ticket.number}.png",
            media_type="image/png",
            content=png(ticket.code, box=6),
            cid=f"ticket-{ticket.number}@{whole.order.order_id}",
        )
        for ticket in whole.tickets
    )


def picture(code: str, ticket_id: str) -> Enclosure:
    """One ticket's QR code, for the HTML to show as `cid:<ticket id>` and as a file."""
    return Enclosure("ticket.png", "image/png", png(code, box=6), cid=ticket_id)


def calendar(order: PaidOrder) -> tuple[Enclosure, ...]:
    """The times that the tickets are for, to put into a calendar; the same order gives the same entries, so that none doubles."""
    if not order.visits:
        return ()
    from icalendar import Calendar, Event

    book = Calendar()
    book.add("prodid", "-//Ketemu//Tickets//EN")
    book.add("version", "2.0")
    book.add("method", "PUBLISH")
    for number, visit in enumerate(order.visits, 1):
        event = Event()
        event.add("uid", f"{order.order_id}-{number}")
        event.add("dtstamp", order.paid_at)
        event.add("dtstart", visit.starts)
        event.add("dtend", visit.ends)
        event.add("summary", one_line(conference_named(order.conference_name)))
        event.add("description", f"Order {order.order_id}. The tickets are in the e-mail that this came with.")
        book.add_component(event)
    return (Enclosure("conference.ics", "text/calendar", book.to_ical()),)
