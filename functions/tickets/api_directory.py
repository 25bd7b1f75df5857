"""Finding a ticket that was lost."""

from dataclasses import dataclass
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler import Depends
from pydantic import Field

from functions.tickets.api_gates import ConferenceId
from functions.tickets.directory import masked
from functions.tickets.domain import Entry, Status, Ticket
from functions.tickets.dynamo_directory import DynamoDirectory
from functions.tickets.edge import resource
from functions.tickets.unpaid import Reservation
from functions.tickets.use_cases_directory import Directory, look_up
from shared.clock import now
from shared.fields import ONE_LINE
from shared.http import Body, CallerDep, Page

DirectoryDep = Annotated[Directory, Depends(DynamoDirectory)]

router = resource()


@dataclass(frozen=True, slots=True)
class FoundTicket:
    """Enough to tell people apart; neither the code nor the whole address. Of an order that is not paid nobody is named."""

    id: str
    order_id: str
    attendee_name: str
    attendee_email: str
    ticket_type_name: str
    status: Status | Literal["unpaid"]
    checked_in: Entry | None

    @classmethod
    def of(cls, ticket: Ticket) -> "FoundTicket":
        return cls(
            id=ticket.id,
            order_id=ticket.order_id,
            attendee_name=ticket.attendee.name,
            attendee_email=masked(ticket.attendee.email),
            ticket_type_name=ticket.ticket_type_name,
            status=ticket.status,
            checked_in=ticket.first_entry,
        )


def _unpaid(reserved: Reservation) -> list[FoundTicket]:
    """The tickets that the order will have."""
    return [FoundTicket(each, reserved.order_id, "", "", kind, "unpaid", None) for each, kind in reserved.tickets.items()]


class LookUp(Body):
    query: Annotated[
        str,
        Field(
            min_length=3,
            max_length=254,
            pattern=ONE_LINE,
            description="The beginning of a name or e-mail address, or an order's id",
        ),
    ]


@router.post("/tickets/conferences/<conference_id>/look-up", summary="Find a lost ticket by name, e-mail or order", tags=["door"])
def post_look_up(conference_id: ConferenceId, body: LookUp, caller: CallerDep, directory: DirectoryDep) -> Page[FoundTicket]:
    """At most 20. A POST, so that no log of addresses holds a name; each is noted in the journal, without whom it was for."""
    found, reserved = look_up(directory, now, caller=caller, conference_id=conference_id, text=body.query)
    return Page([FoundTicket.of(ticket) for ticket in found] + (_unpaid(reserved) if reserved else []), None)
