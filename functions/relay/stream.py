"""The outbox, from the tables' streams to the bus: the only caller of `put_events`.

Each batch holds only new Outbox items (the event source mapping filters). What the bus does not accept is reported as failed, so
that the stream hands it over again; a message may thus go out more than once and never not at all.
"""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.config import env
from shared.errors import JsonObject
from shared.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

# The limits of PutEvents: entries, and bytes of all of them together.
_ENTRIES_PER_CALL = 10
_BYTES_PER_CALL = 256 * 1024


@cache
def _bus() -> "EventBridgeClient":
    import boto3

    return boto3.client("events")


def handler(event: JsonObject, _: LambdaContext) -> JsonObject:
    for chunk in _chunks(event["Records"]):
        failed = _publish(chunk)
        if failed is not None:
            # The stream resumes from here; what comes after it waits, so that order within an item is kept.
            return {"batchItemFailures": [{"itemIdentifier": failed["dynamodb"]["SequenceNumber"]}]}
    logger.info("relayed", messages=[_named(record["dynamodb"]["NewImage"]) for record in event["Records"]])
    return {"batchItemFailures": []}


def _chunks(records: Iterable[JsonObject]) -> Iterator[list[JsonObject]]:
    """In their order, as many at a time as one call takes; one that is too large for any call goes alone."""
    chunk: list[JsonObject] = []
    total = 0
    for record in records:
        size = _size(record["dynamodb"]["NewImage"])
        if chunk and (len(chunk) == _ENTRIES_PER_CALL or total + size >= _BYTES_PER_CALL):
            yield chunk
            chunk, total = [], 0
        chunk.append(record)
        total += size
    if chunk:
        yield chunk


def _size(image: JsonObject) -> int:
    """What the bus counts of an entry, in bytes."""
    return sum(len(image[part]["S"].encode()) for part in ("source", "detail_type", "detail"))


def _publish(records: list[JsonObject]) -> JsonObject | None:
    """Put the records on the bus; the first that was not accepted, or None."""
    answer = _bus().put_events(Entries=[_entry(record["dynamodb"]["NewImage"]) for record in records])
    for record, result in zip(records, answer["Entries"], strict=True):
        if "ErrorCode" in result:
            message = _named(record["dynamodb"]["NewImage"])
            logger.warning("refused by the bus", code=result["ErrorCode"], reason=result.get("ErrorMessage"), **message)
            return record
    return None


def _named(image: JsonObject) -> JsonObject:
    """What a log may say of a message."""
    detail = json.loads(image["detail"]["S"])
    return {"kind": image["detail_type"]["S"], "message_id": detail["id"], "correlation_id": detail["correlation_id"]}


def _entry(image: JsonObject) -> "PutEventsRequestEntryTypeDef":
    return {
        "EventBusName": env("BUS_NAME"),
        "Source": image["source"]["S"],
        "DetailType": image["detail_type"]["S"],
        "Detail": image["detail"]["S"],
    }
