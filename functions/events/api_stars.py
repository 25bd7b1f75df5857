"""The sessions that people starred, each their own; organisers see how many."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Depends, Response

from functions.events.bodies import PathId
from functions.events.dynamo_stars import DynamoStars
from functions.events.edge import ConferencesDep, resource
from functions.events.use_cases_stars import StarCount, Stars, add_star, count_stars, list_stars, remove_star
from shared.caller import Caller
from shared.errors import Unauthenticated
from shared.http import VISITORS, CallerDep, Cursor, Limit, Page, VisitorDep

StarsDep = Annotated[Stars, Depends(DynamoStars)]

_CONFERENCE = "/events/conferences/<conference_id>"
_STAR = f"{_CONFERENCE}/sessions/<session_id>/star"

router = resource()


@router.put(_STAR, status_code=204, summary="Star a session of the latest release; may be repeated", tags=["events"])
def put_star(
    conference_id: PathId, session_id: PathId, caller: CallerDep, conferences: ConferencesDep, stars: StarsDep
) -> Response[None]:
    add_star(conferences, stars, caller=caller, conference_id=conference_id, session_id=session_id)
    return Response(204)


@router.delete(_STAR, status_code=204, summary="Take one's star off a session; may be repeated", tags=["events"])
def delete_star(
    conference_id: PathId, session_id: PathId, caller: CallerDep, conferences: ConferencesDep, stars: StarsDep
) -> Response[None]:
    remove_star(conferences, stars, caller=caller, conference_id=conference_id, session_id=session_id)
    return Response(204)


@router.get(f"{_CONFERENCE}/stars", summary="The ids of all sessions that one starred", tags=["events"], security=VISITORS)
def get_stars(conference_id: PathId, visitor: VisitorDep, conferences: ConferencesDep, stars: StarsDep) -> Page[str]:
    return Page(list_stars(conferences, stars, caller=_known(visitor), conference_id=conference_id), None)


@router.get(
    f"{_CONFERENCE}/stars/counts",
    summary="How many starred each session, and which rooms are too small for them",
    tags=["events"],
    security=VISITORS,
)
def get_star_counts(
    conference_id: PathId,
    visitor: VisitorDep,
    conferences: ConferencesDep,
    stars: StarsDep,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[StarCount]:
    return Page(*count_stars(conferences, stars, caller=_known(visitor), conference_id=conference_id, limit=limit, cursor=cursor))


def _known(visitor: Caller | None) -> Caller:
    """These paths share a gate with what anybody may read. Raises Unauthenticated."""
    if visitor is None:
        raise Unauthenticated("Stars are kept for each person: send an access token (POST /auth/login gives one).")
    return visitor
