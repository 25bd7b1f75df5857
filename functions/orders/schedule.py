"""Every few minutes: what is half done is found and mended."""

from typing import Any

from functions.orders.dynamo import DynamoOrders
from functions.orders.dynamo_work import DynamoWorkList
from functions.orders.providers import AllProviders
from functions.orders.reconciling import reconcile
from shared.clock import now
from shared.errors import JsonObject
from shared.telemetry import logger


def handler(event: JsonObject, context: Any) -> JsonObject:  # the Lambda context is untyped by nature
    logger.set_correlation_id(str(event.get("id", "")))
    mended = reconcile(DynamoWorkList(), DynamoOrders(), AllProviders(), now)
    return {"mended": [{"order_id": each.order_id, "what": each.what} for each in mended]}
