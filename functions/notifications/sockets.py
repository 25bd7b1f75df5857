"""The WebSocket's edge: who opens it shows a ticket, and then says after which notification it wants to be told.

Answers go out as frames, not as what the handler returns: a WebSocket API of API Gateway sends those nowhere.
"""

import json
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.notifications.dynamo import DynamoInbox
from functions.notifications.dynamo_boards import DynamoBoards
from functions.notifications.dynamo_live import DynamoConnections, DynamoTickets
from functions.notifications.live import connect, resume
from functions.notifications.wire import ApiGatewayWire
from shared import correlation
from shared.clock import now
from shared.errors import JsonObject, Malformed, Problem
from shared.telemetry import logger

_LAST = 2**53  # beyond it JSON's numbers are not exact


def handler(event: JsonObject, _: LambdaContext) -> JsonObject:
    context = event["requestContext"]
    connection_id, kind = context["connectionId"], context["eventType"]
    correlation.follow(context["requestId"])
    logger.set_correlation_id(context["requestId"])
    status = 200
    try:
        match kind:
            case "CONNECT":
                secret = (event.get("queryStringParameters") or {}).get("ticket") or ""
                connect(DynamoTickets(), now, secret=secret, connection_id=connection_id)
            case "DISCONNECT":
                DynamoConnections().drop([connection_id])
            case _:
                _take(connection_id, event.get("body") or "")
    except Problem as problem:
        status = problem.status
        if kind == "MESSAGE":
            ApiGatewayWire().send([connection_id], {"type": "refused", "problem": problem.document()})
    logger.info("socket", kind=kind, status=status)
    return {"statusCode": status if kind == "CONNECT" else 200}


def _take(connection_id: str, body: str) -> None:
    message = _read(body)
    wire = ApiGatewayWire()
    match message.get("action"):
        case "ping":
            wire.send([connection_id], {"type": "pong"})
        case "resume":
            go_on = partial(resume, DynamoConnections(), DynamoInbox(), DynamoBoards(), wire)
            go_on(connection_id=connection_id, after=_after(message))
        case _:
            raise Malformed('Send {"action": "resume", "after": <number of the last notification you have>} or {"action": "ping"}.')


def _read(body: str) -> dict[str, Any]:
    """Untyped JSON. Raises Malformed."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("The message is not JSON.") from None
    if not isinstance(message, dict):
        raise Malformed("The message is JSON, but not an object.")
    return message


def _after(message: dict[str, Any]) -> int | None:
    after = message.get("after")
    if after is None or (type(after) is int and 0 <= after <= _LAST):
        return after
    raise Malformed("`after` is the `number` of the last notification you have, 0 for all, or left out for none.")
