"""What comes with a mail: QR codes of tickets."""

from functions.notifications.letter import Enclosure
from functions.notifications.paid_order import WholeOrder
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
