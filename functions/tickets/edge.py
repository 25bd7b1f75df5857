"""What the routes of tickets share."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Depends
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Path

from functions.tickets.dynamo import DynamoTickets
from functions.tickets.secret import entry_codes
from functions.tickets.use_cases import Codes, Tickets

TicketsDep = Annotated[Tickets, Depends(DynamoTickets)]
CodesDep = Annotated[Codes, Depends(entry_codes)]
TicketId = Annotated[str, Path(max_length=64, examples=["tkt_01JD0000000000000000000000"])]


def resource() -> Router:
    """The routes of one resource, for `api.py` to include."""
    return Router()  # type: ignore[no-untyped-call]  # Powertools leaves its __init__ untyped
