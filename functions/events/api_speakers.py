"""The speakers of a conference."""

from aws_lambda_powertools.event_handler import Response

from functions.events.bodies import AddSpeaker, ChangeSpeaker, PathId
from functions.events.domain import Speaker
from functions.events.edge import ConferencesDep, resource
from functions.events.use_cases_parts import add_part, change_part, get_part, list_parts, remove_part
from functions.events.views import ShownSpeaker
from shared.http import VISITORS, CallerDep, CommandDep, Cursor, IfMatch, Limit, Page, VisitorDep, versioned

_MANY = "/events/conferences/<conference_id>/speakers"
_ONE = f"{_MANY}/<speaker_id>"

router = resource()


@router.post(_MANY, status_code=201, summary="Add a speaker", tags=["events"])
def post_speaker(
    conference_id: PathId, body: AddSpeaker, caller: CallerDep, command: CommandDep, conferences: ConferencesDep
) -> Response[ShownSpeaker]:
    speaker = Speaker(id=command.id(Speaker.prefix), name=body.name, biography=body.biography, company=body.company)
    filed = add_part(conferences, caller=caller, conference_id=conference_id, part=speaker, fingerprint=command.fingerprint)
    return versioned(ShownSpeaker.of(filed.part), filed.version, 201)


@router.get(_MANY, summary="List speakers (members only)", tags=["events"], security=VISITORS)
def get_speakers(
    conference_id: PathId, visitor: VisitorDep, conferences: ConferencesDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[ShownSpeaker]:
    listing = list_parts(conferences, Speaker, visitor=visitor, conference_id=conference_id, limit=limit, cursor=cursor)
    return Page([ShownSpeaker.of(speaker) for speaker in listing.parts], listing.next_cursor)


@router.get(_ONE, summary="Show a speaker (members only)", tags=["events"], security=VISITORS)
def get_speaker(
    conference_id: PathId, speaker_id: PathId, visitor: VisitorDep, conferences: ConferencesDep
) -> Response[ShownSpeaker]:
    filed = get_part(conferences, Speaker, visitor=visitor, conference_id=conference_id, part_id=speaker_id)
    return versioned(ShownSpeaker.of(filed.part), filed.version)


@router.patch(_ONE, summary="Change a speaker", tags=["events"])
def patch_speaker(
    conference_id: PathId,
    speaker_id: PathId,
    body: ChangeSpeaker,
    caller: CallerDep,
    conferences: ConferencesDep,
    if_match: IfMatch = None,
) -> Response[ShownSpeaker]:
    filed = change_part(
        conferences,
        Speaker,
        caller=caller,
        conference_id=conference_id,
        part_id=speaker_id,
        changes=body.named(),
        if_match=if_match,
    )
    return versioned(ShownSpeaker.of(filed.part), filed.version)


@router.delete(_ONE, status_code=204, summary="Delete a speaker", tags=["events"])
def delete_speaker(
    conference_id: PathId, speaker_id: PathId, caller: CallerDep, conferences: ConferencesDep, if_match: IfMatch = None
) -> Response[None]:
    remove_part(conferences, Speaker, caller=caller, conference_id=conference_id, part_id=speaker_id, if_match=if_match)
    return Response(204)
