"""The ticket types of a conference."""

from dataclasses import dataclass
from datetime import datetime

from aws_lambda_powertools.event_handler import Response

from functions.events.bodies import AddTicketType, ChangeTicketType, PathId
from functions.events.domain import Conference, TicketType
from functions.events.edge import ConferencesDep, resource
from functions.events.use_cases_parts import add_part, change_part, get_part, list_parts, remove_part
from shared.clock import now
from shared.http import VISITORS, CallerDep, CommandDep, Cursor, IfMatch, Limit, Page, VisitorDep, versioned

_MANY = "/events/conferences/<conference_id>/ticket-types"
_ONE = f"{_MANY}/<ticket_type_id>"

router = resource()


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTypeOnSale:
    """A ticket type with what it takes from its conference: the currency of the price, and the windows it does not set itself."""

    id: str
    name: str
    description: str | None
    price: int
    currency: str
    capacity: int
    min_per_order: int
    max_per_order: int
    sale_starts_at: datetime
    sale_ends_at: datetime
    hidden: bool
    valid_from: datetime
    valid_until: datetime
    pool_id: str | None
    max_per_person: int | None

    @classmethod
    def of(cls, conference: Conference, ticket_type: TicketType) -> "TicketTypeOnSale":
        sale, validity = ticket_type.sale(conference), ticket_type.validity(conference)
        return cls(
            id=ticket_type.id,
            name=ticket_type.name,
            description=ticket_type.description,
            price=ticket_type.price,
            currency=conference.currency,
            capacity=ticket_type.capacity,
            min_per_order=ticket_type.min_per_order,
            max_per_order=ticket_type.max_per_order,
            sale_starts_at=sale.starts_at,
            sale_ends_at=sale.ends_at,
            hidden=ticket_type.hidden,
            valid_from=validity.starts_at,
            valid_until=validity.ends_at,
            pool_id=ticket_type.pool_id,
            max_per_person=ticket_type.max_per_person,
        )


@router.post(_MANY, status_code=201, summary="Add a ticket type", tags=["events"])
def post_ticket_type(
    conference_id: PathId, body: AddTicketType, caller: CallerDep, command: CommandDep, conferences: ConferencesDep
) -> Response[TicketTypeOnSale]:
    values = {**body.model_dump(), "sale_starts_at": body.sale_starts_at or now()}
    ticket_type = TicketType(id=command.id(TicketType.prefix), **values)
    filed = add_part(conferences, caller=caller, conference_id=conference_id, part=ticket_type, fingerprint=command.fingerprint)
    return versioned(TicketTypeOnSale.of(filed.conference, filed.part), filed.version, 201)


@router.get(_MANY, summary="List ticket types", tags=["events"], security=VISITORS)
def get_ticket_types(
    conference_id: PathId, visitor: VisitorDep, conferences: ConferencesDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[TicketTypeOnSale]:
    listing = list_parts(conferences, TicketType, visitor=visitor, conference_id=conference_id, limit=limit, cursor=cursor)
    return Page([TicketTypeOnSale.of(listing.conference, part) for part in listing.parts], listing.next_cursor)


@router.get(_ONE, summary="Show a ticket type", tags=["events"], security=VISITORS)
def get_ticket_type(
    conference_id: PathId, ticket_type_id: PathId, visitor: VisitorDep, conferences: ConferencesDep
) -> Response[TicketTypeOnSale]:
    filed = get_part(conferences, TicketType, visitor=visitor, conference_id=conference_id, part_id=ticket_type_id)
    return versioned(TicketTypeOnSale.of(filed.conference, filed.part), filed.version)


@router.patch(_ONE, summary="Change a ticket type", tags=["events"])
def patch_ticket_type(
    conference_id: PathId,
    ticket_type_id: PathId,
    body: ChangeTicketType,
    caller: CallerDep,
    conferences: ConferencesDep,
    if_match: IfMatch = None,
) -> Response[TicketTypeOnSale]:
    filed = change_part(
        conferences,
        TicketType,
        caller=caller,
        conference_id=conference_id,
        part_id=ticket_type_id,
        changes=body.named(),
        if_match=if_match,
    )
    return versioned(TicketTypeOnSale.of(filed.conference, filed.part), filed.version)


@router.delete(_ONE, status_code=204, summary="Delete a ticket type that was never on sale", tags=["events"])
def delete_ticket_type(
    conference_id: PathId, ticket_type_id: PathId, caller: CallerDep, conferences: ConferencesDep, if_match: IfMatch = None
) -> Response[None]:
    remove_part(conferences, TicketType, caller=caller, conference_id=conference_id, part_id=ticket_type_id, if_match=if_match)
    return Response(204)
