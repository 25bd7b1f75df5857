"""The pools of a conference: limits that several ticket types share."""

from aws_lambda_powertools.event_handler import Response

from functions.events.bodies import AddPool, ChangePool, PathId
from functions.events.domain import Pool
from functions.events.edge import ConferencesDep, resource
from functions.events.use_cases_parts import add_part, change_part, get_part, list_parts, remove_part
from shared.http import VISITORS, CallerDep, CommandDep, Cursor, IfMatch, Limit, Page, VisitorDep, versioned

_MANY = "/events/conferences/<conference_id>/pools"
_ONE = f"{_MANY}/<pool_id>"

router = resource()


@router.post(_MANY, status_code=201, summary="Add a pool", tags=["events"])
def post_pool(
    conference_id: PathId, body: AddPool, caller: CallerDep, command: CommandDep, conferences: ConferencesDep
) -> Response[Pool]:
    pool = Pool(id=command.id(Pool.prefix), name=body.name, capacity=body.capacity)
    filed = add_part(conferences, caller=caller, conference_id=conference_id, part=pool, fingerprint=command.fingerprint)
    return versioned(filed.part, filed.version, 201)


@router.get(_MANY, summary="List pools (members only)", tags=["events"], security=VISITORS)
def get_pools(
    conference_id: PathId, visitor: VisitorDep, conferences: ConferencesDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[Pool]:
    listing = list_parts(conferences, Pool, visitor=visitor, conference_id=conference_id, limit=limit, cursor=cursor)
    return Page(listing.parts, listing.next_cursor)


@router.get(_ONE, summary="Show a pool (members only)", tags=["events"], security=VISITORS)
def get_pool(conference_id: PathId, pool_id: PathId, visitor: VisitorDep, conferences: ConferencesDep) -> Response[Pool]:
    filed = get_part(conferences, Pool, visitor=visitor, conference_id=conference_id, part_id=pool_id)
    return versioned(filed.part, filed.version)


@router.patch(_ONE, summary="Change a pool", tags=["events"])
def patch_pool(
    conference_id: PathId,
    pool_id: PathId,
    body: ChangePool,
    caller: CallerDep,
    conferences: ConferencesDep,
    if_match: IfMatch = None,
) -> Response[Pool]:
    filed = change_part(
        conferences, Pool, caller=caller, conference_id=conference_id, part_id=pool_id, changes=body.named(), if_match=if_match
    )
    return versioned(filed.part, filed.version)


@router.delete(_ONE, status_code=204, summary="Delete a pool that no ticket type draws from", tags=["events"])
def delete_pool(
    conference_id: PathId, pool_id: PathId, caller: CallerDep, conferences: ConferencesDep, if_match: IfMatch = None
) -> Response[None]:
    remove_part(conferences, Pool, caller=caller, conference_id=conference_id, part_id=pool_id, if_match=if_match)
    return Response(204)
