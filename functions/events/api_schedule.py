"""A whole agenda in and out: schedule.json and schedule.xml in the frab format."""

import base64
from dataclasses import dataclass
from typing import Annotated

from aws_lambda_powertools.event_handler import Depends, Request, Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.events.bodies import PathId
from functions.events.dynamo_schedule import DynamoSchedules
from functions.events.edge import ConferencesDep, resource
from functions.events.representation import AcceptEncoding, IfNoneMatch, represent
from functions.events.schedule_export import Format
from functions.events.schedule_files import MAX_FILE, TooLarge
from functions.events.use_cases_schedule import ImportReport, Schedules, export_schedule, import_schedule
from shared.http import PUBLIC, CallerDep, answers_with

_SCHEDULE = "/events/conferences/<conference_id>/schedule"
_MEDIA_TYPES: dict[Format, str] = {"json": "application/json", "xml": "application/xml"}
_CACHE_CONTROL = "public, max-age=30, stale-while-revalidate=300"

DryRun = Annotated[bool, Query(description="Only report what an import would do")]
SchedulesDep = Annotated[Schedules, Depends(DynamoSchedules)]


@dataclass(frozen=True, slots=True)
class Upload:
    media_type: str
    data: bytes


def _upload(request: Request) -> Upload:
    """The body as it is: it may be in any encoding that XML allows. Raises TooLarge."""
    event = request.resolved_event
    body = event.raw_event.get("body") or ""
    if len(body) > MAX_FILE * 4 // 3 + 4:  # so long even in base64
        raise TooLarge(f"The file is larger than {MAX_FILE:,} bytes. Leave out what is not the schedule.")
    data = base64.b64decode(body) if event.raw_event.get("isBase64Encoded") else body.encode(errors="replace")
    return Upload(event.headers.get("content-type") or "", data)


router = resource()


@router.post(
    _SCHEDULE,
    summary="Import an agenda: a whole schedule.json or schedule.xml",
    description=(
        "The body is a file in the frab schedule format, as pretalx, frab and the tools of c3voc publish it: JSON as "
        f"application/json, XML as application/xml or text/xml, at most {MAX_FILE:,} bytes. Repeatable: the same file again "
        "changes nothing, a newer one updates what it names. What cannot be taken is listed, and the rest is taken."
    ),
    tags=["events"],
)
def post_schedule(
    conference_id: PathId,
    caller: CallerDep,
    conferences: ConferencesDep,
    schedules: SchedulesDep,
    upload: Annotated[Upload, Depends(_upload)],
    dry_run: DryRun = False,
) -> ImportReport:
    return import_schedule(
        conferences,
        schedules,
        caller=caller,
        conference_id=conference_id,
        data=upload.data,
        media_type=upload.media_type,
        dry_run=dry_run,
    )


@router.get(
    f"{_SCHEDULE}.json",
    summary="The latest release as schedule.json, in the frab format",
    tags=["events"],
    security=PUBLIC,
    responses=answers_with("The file", _MEDIA_TYPES["json"]),
)
def get_schedule_json(
    conference_id: PathId, conferences: ConferencesDep, accept_encoding: AcceptEncoding = "", if_none_match: IfNoneMatch = None
) -> Response[str | None]:
    return _file("json", conferences, conference_id, accept_encoding, if_none_match)


@router.get(
    f"{_SCHEDULE}.xml",
    summary="The latest release as schedule.xml, in the frab format",
    tags=["events"],
    security=PUBLIC,
    responses=answers_with("The file", _MEDIA_TYPES["xml"]),
)
def get_schedule_xml(
    conference_id: PathId, conferences: ConferencesDep, accept_encoding: AcceptEncoding = "", if_none_match: IfNoneMatch = None
) -> Response[str | None]:
    return _file("xml", conferences, conference_id, accept_encoding, if_none_match)


def _file(
    file_format: Format, conferences: ConferencesDep, conference_id: str, accept_encoding: str, if_none_match: str | None
) -> Response[str | None]:
    schedule = export_schedule(conferences, conference_id=conference_id, file_format=file_format)
    return represent(
        schedule,
        _MEDIA_TYPES[file_format],
        accept_encoding=accept_encoding,
        if_none_match=if_none_match,
        cache_control=_CACHE_CONTROL,
    )
