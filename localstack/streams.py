"""What was in the tables' streams when the emulator ended: it keeps tables, queues and logs, and not streams. AWS keeps them a day.

Whoever reads a stream is therefore handed the items of the last minutes again, as the stream would; every reader takes repeats. Of
the outbox it is only what the relay has not said that it put on the bus.
"""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from localstack.books import resources_of
from localstack.dead_letters import log_lines
from localstack.deploy import STACK
from localstack.endpoint import Endpoint
from localstack.failure import Failure

Image = dict[str, Any]  # an item as DynamoDB has it

BEHIND = timedelta(minutes=10)  # the furthest that a reader may have been
_BATCH = 100
PATIENCE = 120  # seconds for a batch: what fails in part or as a whole is handed over again


def ended_at(data: Path) -> datetime | None:
    """When the emulator wrote its tables last; None where it never did."""
    tables = data / "state" / "dynamodb.json"
    return datetime.fromtimestamp(tables.stat().st_mtime, UTC) if tables.exists() else None


def hand_again(endpoint: Endpoint, ended: datetime) -> int:
    """How many items were handed to the readers of streams. Raises Failure where one does not take them."""
    functions, dynamodb = endpoint.client("lambda"), endpoint.client("dynamodb")
    since, relay = ended - BEHIND, resources_of(endpoint)["Relay"]
    relayed = relayed_by(log_lines(endpoint.client("logs"), f"/ketemu/{STACK}", '"relayed"', since))
    total = 0
    for mapping in functions.get_paginator("list_event_source_mappings").paginate().search("EventSourceMappings[]"):
        if ":dynamodb:" not in mapping["EventSourceArn"]:
            continue
        function, table = mapping["FunctionArn"], mapping["EventSourceArn"].split("/")[1]
        patterns = [json.loads(each["Pattern"]) for each in mapping["FilterCriteria"]["Filters"]]
        known = relayed if relay in function else frozenset[str]()
        images = (item for page in dynamodb.get_paginator("scan").paginate(TableName=table) for item in page["Items"])
        records = unread(images, patterns, since, known)
        for start in range(0, len(records), _BATCH):
            _hand(functions, function, records[start : start + _BATCH])
        total += len(records)
    return total


def relayed_by(lines: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The ids of the messages that the relay says it put on the bus."""
    return frozenset(each["message_id"] for line in lines if line.get("message") == "relayed" for each in line["messages"])


def unread(images: Iterable[Image], patterns: Sequence[Any], since: datetime, known: frozenset[str]) -> list[dict[str, Any]]:
    """Records of a stream, oldest first: the items written since then that a pattern lets through, but for `known` messages."""
    found: list[tuple[datetime, Image]] = []
    for image in images:
        if not any(lets_through(pattern, _record(image, 0)) for pattern in patterns):
            continue
        message_id, written = _known_by(image)
        if written >= since and message_id not in known:
            found.append((written, image))
    found.sort(key=lambda each: each[0])
    return [_record(image, number) for number, (_, image) in enumerate(found)]


def _record(image: Image, number: int) -> dict[str, Any]:
    return {"eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": {"NewImage": image, "SequenceNumber": str(number)}}


def lets_through(pattern: Any, record: Any) -> bool:
    """As an event source mapping's filter does, as far as the template's say: nested names, and lists of allowed values."""
    if isinstance(pattern, list):
        return record in pattern
    return isinstance(record, dict) and all(lets_through(part, record.get(name)) for name, part in pattern.items())


def _known_by(image: Image) -> tuple[str, datetime]:
    """The id of a message, and when an item of a stream was written."""
    plain = {name: TypeDeserializer().deserialize(value) for name, value in image.items()}
    if plain["kind"] != "Outbox":
        return "", datetime.fromisoformat(plain.get("received") or plain["at"])
    detail = json.loads(plain["detail"])
    return detail["id"], datetime.fromisoformat(detail["occurred_at"])


def _hand(functions: Any, function: str, records: list[dict[str, Any]]) -> None:
    rest, deadline = records, time.monotonic() + PATIENCE
    while rest:
        if time.monotonic() > deadline:
            raise Failure(f"{function} did not take what was left in its stream within {PATIENCE} s: the emulator's log says why.")
        rest = _left(functions, function, rest)
        if rest:
            time.sleep(0.5)  # between two tries, as a stream pauses


def _left(functions: Any, function: str, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What its reader did not take."""
    try:
        answer = functions.invoke(FunctionName=function, Payload=json.dumps({"Records": records}))
    except functions.exceptions.TooManyRequestsException:  # it is at what came since, and runs one at a time
        return records
    told = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        return records
    failed = [int(each["itemIdentifier"]) for each in told["batchItemFailures"]]
    return [each for each in records if failed and int(each["dynamodb"]["SequenceNumber"]) >= failed[0]]
