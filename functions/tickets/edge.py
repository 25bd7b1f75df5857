"""What the routes of tickets share."""

import time
from typing import Annotated

from aws_lambda_powertools.event_handler import Depends, Request
from aws_lambda_powertools.event_handler.api_gateway import Router

from functions.tickets.devices import DeviceKey
from functions.tickets.dynamo import DynamoTickets
from functions.tickets.dynamo_door import DynamoDoor
from functions.tickets.dynamo_keys import DynamoKeys
from functions.tickets.pace import Pace
from functions.tickets.secret import entry_codes
from functions.tickets.use_cases import Codes, Tickets
from functions.tickets.use_cases_door import Door, Keeper
from functions.tickets.use_cases_keys import Keys
from shared.errors import Unauthenticated
from shared.http import VisitorDep

TicketsDep = Annotated[Tickets, Depends(DynamoTickets)]
KeysDep = Annotated[Keys, Depends(DynamoKeys)]
CodesDep = Annotated[Codes, Depends(entry_codes)]
DoorDep = Annotated[Door, Depends(DynamoDoor)]


def resource() -> Router:
    """The routes of one resource, for `api.py` to include."""
    return Router()  # type: ignore[no-untyped-call]  # Powertools leaves its __init__ untyped


# A lane does 5 to 8 scans a minute; one that comes back on line sends its batches one after the other.
_DEVICE_PACE = Pace(burst=30, per_second=5, clock=time.monotonic)


def _keeper(request: Request, visitor: VisitorDep) -> Keeper:
    """A person by their access token, or a scanner by its credential. Raises Unauthenticated, DeviceRefused, TooManyRequests."""
    scheme, _, text = request.resolved_event.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "device":
        key = DeviceKey.parse(text.strip())
        _DEVICE_PACE.take(key.device_id)
        return key
    if visitor is None:
        raise Unauthenticated(
            "Send the access token of somebody with a role at the door (Authorization: Bearer …), or the credential of a paired "
            "scanner (Authorization: Device …)."
        )
    return visitor


KeeperDep = Annotated[Keeper, Depends(_keeper)]
