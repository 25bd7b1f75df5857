"""Every day: the organisers of conferences whose retention is about to end are told, and where it has ended everybody hears."""

from typing import Any

from functions.events.dynamo_retention import DynamoRetained
from functions.events.use_cases_retention import keep_retentions
from shared.clock import parse
from shared.errors import JsonObject
from shared.telemetry import logger


def handler(event: JsonObject, context: Any) -> JsonObject:  # the Lambda context is untyped by nature
    """The clock is the event's: a schedule says when it is, and one that is sent again says the same."""
    logger.set_correlation_id(str(event.get("id", "")))
    at = parse(event["time"])
    taken = keep_retentions(DynamoRetained(), lambda: at)
    logger.info("retentions kept", conferences=len(taken))
    return {"conferences": taken}
