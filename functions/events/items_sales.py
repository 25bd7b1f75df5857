"""What this context keeps of tickets, as messages told of them: how many were sold, and who is coming."""

from typing import TYPE_CHECKING, Self

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from functions.events.items import audience_partition
from shared.table import Item

if TYPE_CHECKING:  # the routes do not hear of them
    from shared.messages import TicketCancelled, TicketIssued, TicketTransferred

TICKET = "TICKET"


class SoldTicketItem(Item, discriminator="SoldTicket"):
    """One that was given back stays on record, out of the indexes and without a serial, so that a late message finds it."""

    v = NumberAttribute(default=1)
    user_id = UnicodeAttribute(null=True)
    serial = NumberAttribute(null=True)  # of the code that its owner was given with it, from 1

    @classmethod
    def of(cls, issued: "TicketIssued") -> Self:
        return cls._owned(issued, serial=1)

    @classmethod
    def handed_on(cls, transferred: "TicketTransferred") -> Self:
        return cls._owned(transferred, serial=transferred.serial)

    @classmethod
    def given_back(cls, cancelled: "TicketCancelled") -> Self:
        return cls(pk=ticket_partition(cancelled.ticket_id), sk=TICKET)

    @classmethod
    def _owned(cls, ticket: "TicketIssued | TicketTransferred", *, serial: int) -> Self:
        return cls(
            pk=ticket_partition(ticket.ticket_id),
            sk=TICKET,
            gsi1pk=sold_partition(ticket.ticket_type_id),
            gsi1sk=ticket.ticket_id,
            gsi2pk=audience_partition(ticket.conference_id),
            gsi2sk=f"{ticket.owner_id}#{ticket.ticket_id}",
            user_id=ticket.owner_id,
            serial=serial,
        )


def ticket_partition(ticket_id: str) -> str:
    return f"{TICKET}#{ticket_id}"


def sold_partition(ticket_type_id: str) -> str:
    return f"SOLD#{ticket_type_id}"
