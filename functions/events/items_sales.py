"""What this context keeps of tickets, as messages told of them: how many were sold, and who is coming."""

from typing import Self

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute

from functions.events.items import audience_partition
from shared.messages import TicketCancelled, TicketIssued
from shared.table import Item

TICKET = "TICKET"


class SoldTicketItem(Item, discriminator="SoldTicket"):
    """One that was given back stays on record, out of the indexes, so that a late `TicketIssued` finds it."""

    v = NumberAttribute(default=1)
    user_id = UnicodeAttribute(null=True)
    as_of = UTCDateTimeAttribute()  # when the tickets' context said so

    @classmethod
    def of(cls, issued: TicketIssued) -> Self:
        return cls(
            pk=ticket_partition(issued.ticket_id),
            sk=TICKET,
            gsi1pk=sold_partition(issued.ticket_type_id),
            gsi1sk=issued.ticket_id,
            gsi2pk=audience_partition(issued.conference_id),
            gsi2sk=f"{issued.owner_id}#{issued.ticket_id}",
            user_id=issued.owner_id,
            as_of=issued.occurred_at,
        )

    @classmethod
    def given_back(cls, cancelled: TicketCancelled) -> Self:
        return cls(pk=ticket_partition(cancelled.ticket_id), sk=TICKET, as_of=cancelled.occurred_at)


def ticket_partition(ticket_id: str) -> str:
    return f"{TICKET}#{ticket_id}"


def sold_partition(ticket_type_id: str) -> str:
    return f"SOLD#{ticket_type_id}"
