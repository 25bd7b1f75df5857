"""The agenda as iCalendar files, for calendar clients: everybody's, and one's own by a secret address."""

import secrets
from dataclasses import dataclass
from typing import Annotated

from aws_lambda_powertools.event_handler import Depends, Response

from functions.events.api_stars import StarsDep
from functions.events.bodies import PathId
from functions.events.dynamo_stars import DynamoSubscriptions
from functions.events.edge import AgendaCacheDep, ConferencesDep, resource
from functions.events.ics import MEDIA_TYPE
from functions.events.representation import AcceptEncoding, IfNoneMatch, represent
from functions.events.use_cases_calendars import Subscriptions, read_calendar, read_own_calendar, subscribe, unsubscribe
from shared.http import PUBLIC, CallerDep, CommandDep, answers_with

SubscriptionsDep = Annotated[Subscriptions, Depends(DynamoSubscriptions)]

_CONFERENCE = "/events/conferences/<conference_id>"
_FOR_ALL = "public, max-age=1, stale-while-revalidate=1"  # seconds: together, how long a release may go unseen
_FOR_ONE = "private, max-age=30"

router = resource()


@dataclass(frozen=True, slots=True)
class CalendarAddress:
    """`path` lets whoever has it read what its owner starred: it is shown here and kept nowhere."""

    path: str


@router.get(
    f"{_CONFERENCE}/agenda.ics",
    summary="The latest release as an iCalendar file",
    tags=["events"],
    security=PUBLIC,
    responses=answers_with("The calendar", "text/calendar"),
)
def get_agenda_ics(
    conference_id: PathId,
    conferences: ConferencesDep,
    agendas: AgendaCacheDep,
    accept_encoding: AcceptEncoding = "",
    if_none_match: IfNoneMatch = None,
) -> Response[str | None]:
    calendar = read_calendar(conferences, agendas, conference_id=conference_id)
    return represent(calendar, MEDIA_TYPE, accept_encoding=accept_encoding, if_none_match=if_none_match, cache_control=_FOR_ALL)


@router.post(
    f"{_CONFERENCE}/calendar",
    status_code=201,
    summary="Get the secret address of one's own calendar; the one before stops working",
    tags=["events"],
)
def post_calendar(
    conference_id: PathId,
    caller: CallerDep,
    command: CommandDep,
    conferences: ConferencesDep,
    subscriptions: SubscriptionsDep,
) -> CalendarAddress:
    key = command.key or secrets.token_urlsafe(32)
    file_name = subscribe(conferences, subscriptions, caller=caller, conference_id=conference_id, key=key)
    return CalendarAddress(f"/events/calendars/{file_name}")


@router.delete(f"{_CONFERENCE}/calendar", status_code=204, summary="Withdraw the address of one's own calendar", tags=["events"])
def delete_calendar(
    conference_id: PathId, caller: CallerDep, conferences: ConferencesDep, subscriptions: SubscriptionsDep
) -> Response[None]:
    unsubscribe(conferences, subscriptions, caller=caller, conference_id=conference_id)
    return Response(204)


@router.get(
    "/events/calendars/<token>",
    summary="One's own calendar: what its owner starred, by its secret address",
    tags=["events"],
    security=PUBLIC,
    responses=answers_with("The calendar", "text/calendar"),
)
def get_calendar(
    token: PathId,
    conferences: ConferencesDep,
    subscriptions: SubscriptionsDep,
    stars: StarsDep,
    accept_encoding: AcceptEncoding = "",
    if_none_match: IfNoneMatch = None,
) -> Response[str | None]:
    calendar = read_own_calendar(conferences, subscriptions, stars, file_name=token)
    return represent(calendar, MEDIA_TYPE, accept_encoding=accept_encoding, if_none_match=if_none_match, cache_control=_FOR_ONE)
