"""What the routes of every resource share."""

from typing import Annotated, TypeVar

from aws_lambda_powertools.event_handler import Depends, Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Header

from functions.events.cache import agenda_cache
from functions.events.dynamo import DynamoConferences
from functions.events.render_once import AgendaCache
from functions.events.use_cases import Conferences
from functions.events.versions import etag_of

T = TypeVar("T")

ConferencesDep = Annotated[Conferences, Depends(DynamoConferences)]
AgendaCacheDep = Annotated[AgendaCache, Depends(agenda_cache)]
IfMatch = Annotated[
    str | None, Header(alias="If-Match", max_length=1024, description="The ETag that was read: 412 where it is another by now")
]


def resource() -> Router:
    """The routes of one resource, for `api.py` to include."""
    return Router()  # type: ignore[no-untyped-call]  # Powertools leaves its __init__ untyped


def versioned(body: T, version: int, status: int = 200) -> Response[T]:
    """An answer with the ETag that `If-Match` takes."""
    return Response(status, "application/json", body, {"ETag": etag_of(version)})
