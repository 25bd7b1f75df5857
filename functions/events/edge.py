"""What the routes of every resource share."""

from typing import Annotated, TypeVar

from aws_lambda_powertools.event_handler import Depends
from aws_lambda_powertools.event_handler.api_gateway import Router

from functions.events.cache import agenda_cache
from functions.events.dynamo import DynamoConferences
from functions.events.render_once import AgendaCache
from functions.events.use_cases import Conferences

T = TypeVar("T")

ConferencesDep = Annotated[Conferences, Depends(DynamoConferences)]
AgendaCacheDep = Annotated[AgendaCache, Depends(agenda_cache)]


def resource() -> Router:
    """The routes of one resource, for `api.py` to include."""
    return Router()  # type: ignore[no-untyped-call]  # Powertools leaves its __init__ untyped
