"""The releases of the agenda: made by organizers, each with what it changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path

from functions.events.agenda import Agenda
from functions.events.bodies import PathId
from functions.events.domain import Release
from functions.events.edge import AgendaCacheDep, ConferencesDep, resource
from functions.events.release_diff import DiffCounts, ReleaseSummary, SessionChange
from functions.events.use_cases import list_releases, release_agenda, released
from shared.clock import now
from shared.http import PUBLIC, CallerDep, CommandDep, Cursor, Limit, Page

_MANY = "/events/conferences/<conference_id>/agenda/releases"
_ONE = f"{_MANY}/<release>"
_FOR_EVER = {"Cache-Control": "public, max-age=86400, immutable"}

Number = Annotated[int, Path(ge=1, le=99_999_999)]

router = resource()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedAgenda:
    """A release, and what it changes of the one before."""

    release: int
    released_at: datetime
    summary: DiffCounts
    added: tuple[SessionChange, ...]
    canceled: tuple[SessionChange, ...]
    moved: tuple[SessionChange, ...]
    changed: tuple[SessionChange, ...]

    @classmethod
    def of(cls, agenda: Agenda) -> "ReleasedAgenda":
        return cls(
            release=agenda.release,
            released_at=agenda.released_at,
            summary=agenda.diff.counts,
            added=agenda.diff.added,
            canceled=agenda.diff.canceled,
            moved=agenda.diff.moved,
            changed=agenda.diff.changed,
        )


@router.post(_MANY, status_code=201, summary="Release the agenda as it is now", tags=["events"])
def post_release(
    conference_id: PathId, caller: CallerDep, command: CommandDep, conferences: ConferencesDep, agendas: AgendaCacheDep
) -> ReleasedAgenda:
    agenda = release_agenda(
        conferences,
        agendas,
        now,
        caller=caller,
        conference_id=conference_id,
        release_id=command.id(Release.prefix),
        fingerprint=command.fingerprint,
    )
    return ReleasedAgenda.of(agenda)


@router.get(_MANY, summary="List the releases of the agenda, newest first", tags=["events"], security=PUBLIC)
def get_releases(
    conference_id: PathId, conferences: ConferencesDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[ReleaseSummary]:
    return Page(*list_releases(conferences, conference_id=conference_id, limit=limit, cursor=cursor))


@router.get(_ONE, summary="Show what a release changed of the one before", tags=["events"], security=PUBLIC)
def get_release(conference_id: PathId, release: Number, conferences: ConferencesDep) -> Response[ReleasedAgenda]:
    agenda = released(conferences, conference_id=conference_id, release=release)
    return Response(200, "application/json", ReleasedAgenda.of(agenda), _FOR_EVER)
