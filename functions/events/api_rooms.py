"""The rooms of a conference."""

from aws_lambda_powertools.event_handler import Response

from functions.events.bodies import AddRoom, ChangeRoom, PathId
from functions.events.domain import Room
from functions.events.edge import ConferencesDep, resource
from functions.events.use_cases_parts import add_part, change_part, get_part, list_parts, remove_part
from shared.http import VISITORS, CallerDep, CommandDep, Cursor, IfMatch, Limit, Page, VisitorDep, versioned

_MANY = "/events/conferences/<conference_id>/rooms"
_ONE = f"{_MANY}/<room_id>"

router = resource()


@router.post(_MANY, status_code=201, summary="Add a room", tags=["events"])
def post_room(
    conference_id: PathId, body: AddRoom, caller: CallerDep, command: CommandDep, conferences: ConferencesDep
) -> Response[Room]:
    room = Room(id=command.id(Room.prefix), name=body.name, capacity=body.capacity)
    filed = add_part(conferences, caller=caller, conference_id=conference_id, part=room, fingerprint=command.fingerprint)
    return versioned(filed.part, filed.version, 201)


@router.get(_MANY, summary="List rooms (members only)", tags=["events"], security=VISITORS)
def get_rooms(
    conference_id: PathId, visitor: VisitorDep, conferences: ConferencesDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[Room]:
    listing = list_parts(conferences, Room, visitor=visitor, conference_id=conference_id, limit=limit, cursor=cursor)
    return Page(listing.parts, listing.next_cursor)


@router.get(_ONE, summary="Show a room (members only)", tags=["events"], security=VISITORS)
def get_room(conference_id: PathId, room_id: PathId, visitor: VisitorDep, conferences: ConferencesDep) -> Response[Room]:
    filed = get_part(conferences, Room, visitor=visitor, conference_id=conference_id, part_id=room_id)
    return versioned(filed.part, filed.version)


@router.patch(_ONE, summary="Change a room", tags=["events"])
def patch_room(
    conference_id: PathId,
    room_id: PathId,
    body: ChangeRoom,
    caller: CallerDep,
    conferences: ConferencesDep,
    if_match: IfMatch = None,
) -> Response[Room]:
    filed = change_part(
        conferences, Room, caller=caller, conference_id=conference_id, part_id=room_id, changes=body.named(), if_match=if_match
    )
    return versioned(filed.part, filed.version)


@router.delete(_ONE, status_code=204, summary="Delete a room", tags=["events"])
def delete_room(
    conference_id: PathId, room_id: PathId, caller: CallerDep, conferences: ConferencesDep, if_match: IfMatch = None
) -> Response[None]:
    remove_part(conferences, Room, caller=caller, conference_id=conference_id, part_id=room_id, if_match=if_match)
    return Response(204)
