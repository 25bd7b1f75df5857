"""What the routes of every resource share."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Depends
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import Field

from shared.clock import Clock, now

ID = r"^[A-Za-z0-9_-]{1,64}$"
Id = Annotated[str, Field(pattern=ID)]
PathId = Annotated[str, Path(pattern=ID)]


def clock() -> Clock:
    return now


ClockDep = Annotated[Clock, Depends(clock)]


def resource() -> Router:
    """The routes of one resource, for `api.py` to include."""
    return Router()  # type: ignore[no-untyped-call]  # Powertools leaves its __init__ untyped
