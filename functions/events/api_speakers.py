"""The speakers of a conference."""

from aws_lambda_powertools.event_handler import Response

from functions.events.bodies import AddSpeaker, ChangeSpeaker, PathId
from functions.events.domain import Speaker
from functions.events.edge import ConferencesDep, resource
from functions.events.use_cases_parts import add_part, change_part, get_part, list_parts, remove_part
from shared.http import VISITORS, CallerDep, CommandDep, Cursor, Limit, Page, VisitorDep

_MANY = "/events/conferences/<conference_id>/speakers"
_ONE = f"{_MANY}/<speaker_id>"

router = resource()


@router.post(_MANY, status_code=201, summary="Add a speaker", tags=["events"])
def post_speaker(
    conference_id: PathId, body: AddSpeaker, caller: CallerDep, command: CommandDep, conferences: ConferencesDep
) -> Speaker:
    speaker = Speaker(id=command.id(Speaker.prefix), name=body.name, biography=body.biography, company=body.company)
    return add_part(conferences, caller=caller, conference_id=conference_id, part=speaker, fingerprint=command.fingerprint).part


@router.get(_MANY, summary="List speakers", tags=["events"], security=VISITORS)
def get_speakers(
    conference_id: PathId, visitor: VisitorDep, conferences: ConferencesDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[Speaker]:
    listing = list_parts(conferences, Speaker, visitor=visitor, conference_id=conference_id, limit=limit, cursor=cursor)
    return Page(listing.parts, listing.next_cursor)


@router.get(_ONE, summary="Show a speaker", tags=["events"], security=VISITORS)
def get_speaker(conference_id: PathId, speaker_id: PathId, visitor: VisitorDep, conferences: ConferencesDep) -> Speaker:
    return get_part(conferences, Speaker, visitor=visitor, conference_id=conference_id, part_id=speaker_id).part


@router.patch(_ONE, summary="Change a speaker", tags=["events"])
def patch_speaker(
    conference_id: PathId, speaker_id: PathId, body: ChangeSpeaker, caller: CallerDep, conferences: ConferencesDep
) -> Speaker:
    return change_part(
        conferences, Speaker, caller=caller, conference_id=conference_id, part_id=speaker_id, changes=body.named()
    ).part


@router.delete(_ONE, status_code=204, summary="Delete a speaker", tags=["events"])
def delete_speaker(conference_id: PathId, speaker_id: PathId, caller: CallerDep, conferences: ConferencesDep) -> Response[None]:
    remove_part(conferences, Speaker, caller=caller, conference_id=conference_id, part_id=speaker_id)
    return Response(204)
