"""Conferences: create, list, show, change, publish."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.events.bodies import ChangeConference, CreateConference, PathId
from functions.events.domain import Conference, slug_of
from functions.events.edge import AgendaCacheDep, ConferencesDep, resource
from functions.events.use_cases import archive, change_conference, create_conference, publish, visible
from shared.clock import now
from shared.errors import Unauthenticated
from shared.http import VISITORS, CallerDep, CommandDep, Cursor, IfMatch, Limit, Page, VisitorDep, versioned

Mine = Annotated[bool, Query(description="The conferences the caller is a member of, drafts included")]

router = resource()


@router.post("/events/conferences", status_code=201, summary="Create a conference and become its organizer", tags=["events"])
def post_conference(
    body: CreateConference, caller: CallerDep, command: CommandDep, conferences: ConferencesDep
) -> Response[Conference]:
    conference_id = command.id("cnf")
    conference = Conference(
        id=conference_id,
        slug=body.slug or slug_of(body.name, conference_id),
        **body.model_dump(exclude={"slug"}),
    )
    created = create_conference(conferences, caller=caller, conference=conference, fingerprint=command.fingerprint)
    return versioned(created, created.version, 201)


@router.get("/events/conferences", summary="List published conferences by start, or one's own", tags=["events"], security=VISITORS)
def get_conferences(
    conferences: ConferencesDep, visitor: VisitorDep, mine: Mine = False, limit: Limit = 50, cursor: Cursor = None
) -> Page[Conference]:
    if not mine:
        return Page(*conferences.published(limit, cursor))
    if visitor is None:
        raise Unauthenticated("mine=true lists your own conferences: send an access token (POST /auth/login gives one).")
    return Page(*conferences.of_member(visitor.user_id, limit, cursor))


@router.get("/events/conferences/<conference_id>", summary="Show a conference", tags=["events"], security=VISITORS)
def get_conference(conference_id: PathId, conferences: ConferencesDep, visitor: VisitorDep) -> Response[Conference]:
    conference = visible(conferences, conference_id, visitor).conference
    return versioned(conference, conference.version)


@router.patch("/events/conferences/<conference_id>", summary="Change a conference", tags=["events"])
def patch_conference(
    conference_id: PathId, body: ChangeConference, caller: CallerDep, conferences: ConferencesDep, if_match: IfMatch = None
) -> Response[Conference]:
    changed = change_conference(conferences, caller=caller, conference_id=conference_id, changes=body.named(), if_match=if_match)
    return versioned(changed, changed.version)


@router.post("/events/conferences/<conference_id>/publish", summary="Publish a conference and open its sale", tags=["events"])
def post_publish(
    conference_id: PathId, caller: CallerDep, conferences: ConferencesDep, agendas: AgendaCacheDep
) -> Response[Conference]:
    published = publish(conferences, agendas, now, caller=caller, conference_id=conference_id)
    return versioned(published, published.version)


@router.post(
    "/events/conferences/<conference_id>/archive", summary="Archive a conference: to be read, not changed", tags=["events"]
)
def post_archive(conference_id: PathId, caller: CallerDep, conferences: ConferencesDep) -> Response[Conference]:
    archived = archive(conferences, now, caller=caller, conference_id=conference_id)
    return versioned(archived, archived.version)
