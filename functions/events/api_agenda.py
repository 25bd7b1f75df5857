"""The agenda as it was last released: read by everybody."""

from datetime import date
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.events.agenda_parts import Wanted, now_and_next, pick
from functions.events.bodies import Instant, PathId
from functions.events.edge import AgendaCacheDep, ConferencesDep, resource
from functions.events.representation import AcceptEncoding, IfNoneMatch, represent
from functions.events.use_cases import read_agenda
from shared.clock import now
from shared.http import PUBLIC, answers_with

_AGENDA = "/events/conferences/<conference_id>/agenda"
_JSON = "application/json"
_CACHE_CONTROL = "public, max-age=1, stale-while-revalidate=1"  # seconds: together, how long a release may go unseen
_ON_NOW = "public, max-age=10"

Day = Annotated[date | None, Query(description="Only this day, in the conference's time zone")]
Picked = Annotated[str | None, Query(min_length=1, max_length=200, description="Only these: an id or a name")]
Track = Annotated[str | None, Query(min_length=1, max_length=200, description="Only this track: its name")]
Words = Annotated[
    str | None, Query(min_length=1, max_length=200, description="Only sessions with all these words in title, abstract or speakers")
]
At = Annotated[Instant | None, Query(description="An instant other than now")]

router = resource()


@router.get(
    _AGENDA,
    summary="Read the latest release of the agenda, or search it",
    tags=["events"],
    security=PUBLIC,
    responses=answers_with("The agenda", _JSON),
)
def get_agenda(
    conference_id: PathId,
    conferences: ConferencesDep,
    agendas: AgendaCacheDep,
    day: Day = None,
    room: Picked = None,
    speaker: Picked = None,
    track: Track = None,
    q: Words = None,
    accept_encoding: AcceptEncoding = "",
    if_none_match: IfNoneMatch = None,
) -> Response[str | None]:
    wanted = Wanted(day=day, room=room, speaker=speaker, track=track, q=q)
    picked = pick(read_agenda(conferences, agendas, conference_id=conference_id), wanted)
    return represent(picked, _JSON, accept_encoding=accept_encoding, if_none_match=if_none_match, cache_control=_CACHE_CONTROL)


@router.get(
    f"{_AGENDA}/now",
    summary="What is on now and what comes next in each room",
    tags=["events"],
    security=PUBLIC,
    responses=answers_with("What is on", _JSON),
)
def get_now(
    conference_id: PathId,
    conferences: ConferencesDep,
    agendas: AgendaCacheDep,
    at: At = None,
    accept_encoding: AcceptEncoding = "",
    if_none_match: IfNoneMatch = None,
) -> Response[str | None]:
    on = now_and_next(read_agenda(conferences, agendas, conference_id=conference_id), at or now())
    return represent(on, _JSON, accept_encoding=accept_encoding, if_none_match=if_none_match, cache_control=_ON_NOW)
