"""What the routes of contacts share."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Depends
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import Field

from functions.contacts.dynamo import DynamoExchanges
from functions.contacts.dynamo_people import DynamoPeople
from functions.contacts.use_cases_consent import Holders
from functions.contacts.use_cases_people import People
from shared import qr

JSON, VCARD, CSV = "application/json", "text/vcard", "text/csv"
PICTURES = {"image/png": qr.png, "image/svg+xml": qr.svg}  # in our order of preference
PRIVATE = {"Cache-Control": "private, no-store", "Vary": "Accept"}
ID = r"^[A-Za-z0-9_-]{1,64}$"

HoldersDep = Annotated[Holders, Depends(DynamoExchanges)]
PeopleDep = Annotated[People, Depends(DynamoPeople)]
ContactId = Annotated[str, Path(pattern=ID, description="`id` of a contact of yours")]
ConferenceId = Annotated[str, Path(pattern=ID)]
AtConference = Annotated[
    str | None,
    Query(pattern=ID, description="A conference where the caller attends; none: outside any, and wherever there is no other"),
]
Box = Annotated[int, Query(ge=1, le=40, description="Pixels a module (PNG), or tenths of a millimetre (SVG)")]
Note = Annotated[str, Field(max_length=500)]
Tag = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$")]
Tags = Annotated[tuple[Tag, ...], Field(max_length=20)]


def resource() -> Router:
    """The routes of one resource, for `api.py` to include."""
    return Router()  # type: ignore[no-untyped-call]  # Powertools leaves its __init__ untyped
