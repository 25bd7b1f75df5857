"""The tracks of a conference."""

from aws_lambda_powertools.event_handler import Response

from functions.events.bodies import AddTrack, ChangeTrack, PathId
from functions.events.domain import Track
from functions.events.edge import ConferencesDep, resource
from functions.events.use_cases_parts import add_part, change_part, get_part, list_parts, remove_part
from shared.http import VISITORS, CallerDep, CommandDep, Cursor, IfMatch, Limit, Page, VisitorDep, versioned

_MANY = "/events/conferences/<conference_id>/tracks"
_ONE = f"{_MANY}/<track_id>"

router = resource()


@router.post(_MANY, status_code=201, summary="Add a track", tags=["events"])
def post_track(
    conference_id: PathId, body: AddTrack, caller: CallerDep, command: CommandDep, conferences: ConferencesDep
) -> Response[Track]:
    track = Track(id=command.id(Track.prefix), name=body.name, color=body.color)
    filed = add_part(conferences, caller=caller, conference_id=conference_id, part=track, fingerprint=command.fingerprint)
    return versioned(filed.part, filed.version, 201)


@router.get(_MANY, summary="List tracks (members only)", tags=["events"], security=VISITORS)
def get_tracks(
    conference_id: PathId, visitor: VisitorDep, conferences: ConferencesDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[Track]:
    listing = list_parts(conferences, Track, visitor=visitor, conference_id=conference_id, limit=limit, cursor=cursor)
    return Page(listing.parts, listing.next_cursor)


@router.get(_ONE, summary="Show a track (members only)", tags=["events"], security=VISITORS)
def get_track(conference_id: PathId, track_id: PathId, visitor: VisitorDep, conferences: ConferencesDep) -> Response[Track]:
    filed = get_part(conferences, Track, visitor=visitor, conference_id=conference_id, part_id=track_id)
    return versioned(filed.part, filed.version)


@router.patch(_ONE, summary="Change a track", tags=["events"])
def patch_track(
    conference_id: PathId,
    track_id: PathId,
    body: ChangeTrack,
    caller: CallerDep,
    conferences: ConferencesDep,
    if_match: IfMatch = None,
) -> Response[Track]:
    filed = change_part(
        conferences, Track, caller=caller, conference_id=conference_id, part_id=track_id, changes=body.named(), if_match=if_match
    )
    return versioned(filed.part, filed.version)


@router.delete(_ONE, status_code=204, summary="Delete a track", tags=["events"])
def delete_track(
    conference_id: PathId, track_id: PathId, caller: CallerDep, conferences: ConferencesDep, if_match: IfMatch = None
) -> Response[None]:
    remove_part(conferences, Track, caller=caller, conference_id=conference_id, part_id=track_id, if_match=if_match)
    return Response(204)
