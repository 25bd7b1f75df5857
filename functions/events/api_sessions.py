"""The sessions of a conference."""

from aws_lambda_powertools.event_handler import Response

from functions.events.bodies import AddSession, ChangeSession, PathId
from functions.events.domain import Session
from functions.events.edge import ConferencesDep, resource
from functions.events.use_cases_parts import add_part, change_part, get_part, list_parts, remove_part
from functions.events.views import ShownSession
from shared.http import VISITORS, CallerDep, CommandDep, Cursor, IfMatch, Limit, Page, VisitorDep, versioned

_MANY = "/events/conferences/<conference_id>/sessions"
_ONE = f"{_MANY}/<session_id>"

router = resource()


@router.post(_MANY, status_code=201, summary="Add a session", tags=["events"])
def post_session(
    conference_id: PathId, body: AddSession, caller: CallerDep, command: CommandDep, conferences: ConferencesDep
) -> Response[ShownSession]:
    session = Session(id=command.id(Session.prefix), **body.model_dump())
    filed = add_part(conferences, caller=caller, conference_id=conference_id, part=session, fingerprint=command.fingerprint)
    return versioned(ShownSession.of(filed.part), filed.version, 201)


@router.get(_MANY, summary="List sessions (members only)", tags=["events"], security=VISITORS)
def get_sessions(
    conference_id: PathId, visitor: VisitorDep, conferences: ConferencesDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[ShownSession]:
    listing = list_parts(conferences, Session, visitor=visitor, conference_id=conference_id, limit=limit, cursor=cursor)
    return Page([ShownSession.of(session) for session in listing.parts], listing.next_cursor)


@router.get(_ONE, summary="Show a session (members only)", tags=["events"], security=VISITORS)
def get_session(
    conference_id: PathId, session_id: PathId, visitor: VisitorDep, conferences: ConferencesDep
) -> Response[ShownSession]:
    filed = get_part(conferences, Session, visitor=visitor, conference_id=conference_id, part_id=session_id)
    return versioned(ShownSession.of(filed.part), filed.version)


@router.patch(_ONE, summary="Change a session", tags=["events"])
def patch_session(
    conference_id: PathId,
    session_id: PathId,
    body: ChangeSession,
    caller: CallerDep,
    conferences: ConferencesDep,
    if_match: IfMatch = None,
) -> Response[ShownSession]:
    filed = change_part(
        conferences,
        Session,
        caller=caller,
        conference_id=conference_id,
        part_id=session_id,
        changes=body.named(),
        if_match=if_match,
    )
    return versioned(ShownSession.of(filed.part), filed.version)


@router.delete(_ONE, status_code=204, summary="Delete a session", tags=["events"])
def delete_session(
    conference_id: PathId, session_id: PathId, caller: CallerDep, conferences: ConferencesDep, if_match: IfMatch = None
) -> Response[None]:
    remove_part(conferences, Session, caller=caller, conference_id=conference_id, part_id=session_id, if_match=if_match)
    return Response(204)
