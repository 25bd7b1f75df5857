"""The outbox, from the tables' streams to the bus: the only caller of `put_events`.

Each batch holds only new Outbox items (the event source mapping filters). What the bus does not accept is reported as failed, so
that the stream hands it over again; a message may thus go out more than once and never not at all.
"""

from collections.abc import Iterable
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.config import env
from shared.errors import JsonObject
from shared.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

_ENTRIES_PER_CALL = 10  # the limit of PutEvents


@cache
def _bus() -> "EventBridgeClient":
    import boto3

    return boto3.client("events")


def handler(event: JsonObject, _: LambdaContext) -> JsonObject:
    records = iter(event["Records"])
    while chunk := list(islice(records, _ENTRIES_PER_CALL)):
        failed = _publish(chunk)
        if failed is not None:
            # The stream resumes from here; what comes after it waits, so that order within an item is kept.
            return {"batchItemFailures": [{"itemIdentifier": failed["dynamodb"]["SequenceNumber"]}]}
    logger.info("relayed", messages=len(event["Records"]))
    return {"batchItemFailures": []}


def _publish(records: Iterable[JsonObject]) -> JsonObject | None:
    """Put the records on the bus; the first that was not accepted, or None."""
    records = list(records)
    answer = _bus().put_events(Entries=[_entry(record["dynamodb"]["NewImage"]) for record in records])
    for record, result in zip(records, answer["Entries"], strict=True):
        if "ErrorCode" in result:
            logger.warning("refused by the bus", code=result["ErrorCode"], reason=result.get("ErrorMessage"))
            return record
    return None


def _entry(image: JsonObject) -> "PutEventsRequestEntryTypeDef":
    return {
        "EventBusName": env("BUS_NAME"),
        "Source": image["source"]["S"],
        "DetailType": image["detail_type"]["S"],
        "Detail": image["detail"]["S"],
    }
