"""The agenda: released by organizers, read by everybody."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Header

from functions.events.agenda import matches
from functions.events.bodies import PathId
from functions.events.domain import Release
from functions.events.edge import AgendaCacheDep, ConferencesDep, resource
from functions.events.use_cases import read_agenda, release_agenda
from shared.clock import now
from shared.http import PUBLIC, CallerDep, CommandDep

_AGENDA = "/events/conferences/<conference_id>/agenda"
_CACHE_CONTROL = "public, max-age=30, stale-while-revalidate=300"

IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", max_length=1024)]

router = resource()


@router.post(f"{_AGENDA}/releases", status_code=201, summary="Release the agenda as it is now", tags=["events"])
def post_release(
    conference_id: PathId, caller: CallerDep, command: CommandDep, conferences: ConferencesDep, agendas: AgendaCacheDep
) -> Release:
    return release_agenda(
        conferences,
        agendas,
        now,
        caller=caller,
        conference_id=conference_id,
        release_id=command.id(Release.prefix),
        fingerprint=command.fingerprint,
    )


@router.get(_AGENDA, summary="Read the latest release of the agenda", tags=["events"], security=PUBLIC)
def get_agenda(
    conference_id: PathId, conferences: ConferencesDep, agendas: AgendaCacheDep, if_none_match: IfNoneMatch = None
) -> Response[str | None]:
    agenda = read_agenda(conferences, agendas, conference_id=conference_id)
    headers = {"ETag": agenda.etag, "Cache-Control": _CACHE_CONTROL}
    if matches(agenda.etag, if_none_match):
        return Response(status_code=304, headers=headers)
    return Response(status_code=200, content_type="application/json", body=agenda.body.decode(), headers=headers)
