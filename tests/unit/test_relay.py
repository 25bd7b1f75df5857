"""The outbox reaches the bus: unchanged, in calls the bus takes, and nothing is said to be done that is not."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from functions.relay import stream
from shared.messages import UserRegistered
from shared.table import Outbox
from tests.support import CONTEXT

NINE = datetime(2026, 6, 1, 9, tzinfo=UTC)
DONE: dict[str, Any] = {"batchItemFailures": []}
TAKEN = {"EventId": "e"}
REFUSED = {"ErrorCode": "InternalFailure", "ErrorMessage": "try again"}


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    client = boto3.client("events")
    monkeypatch.setattr(stream, "_bus", lambda: client)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def record(number: int, name: str = "Ada") -> dict[str, Any]:
    """A stream record of an outbox item, as the table's stream has it."""
    message = UserRegistered(id=f"msg_{number}", user_id="usr_1", email="ada@example.org", name=name, occurred_at=NINE)
    image = Outbox.of(message).serialize()
    return {
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {"Keys": {}, "NewImage": image, "SequenceNumber": str(1000 + number)},
    }


def entries(records: list[dict[str, Any]]) -> dict[str, Any]:
    images = [record["dynamodb"]["NewImage"] for record in records]
    return {
        "Entries": [
            {
                "EventBusName": "ketemu",
                "Source": image["source"]["S"],
                "DetailType": image["detail_type"]["S"],
                "Detail": image["detail"]["S"],
            }
            for image in images
        ]
    }


def put(bus: Stubber, records: list[dict[str, Any]], *results: dict[str, Any]) -> None:
    """Expect one call with exactly these records."""
    answers = list(results) or [TAKEN] * len(records)
    failed = sum("ErrorCode" in answer for answer in answers)
    bus.add_response("put_events", {"FailedEntryCount": failed, "Entries": answers}, entries(records))


def relay(records: list[dict[str, Any]]) -> dict[str, Any]:
    return stream.handler({"Records": records}, CONTEXT)  # type: ignore[arg-type]  # a stand-in for the context


def test_an_empty_batch_calls_nobody(bus: Stubber) -> None:
    assert relay([]) == DONE


def test_the_message_goes_out_as_it_was_written(bus: Stubber) -> None:
    put(bus, [record(1)])
    assert relay([record(1)]) == DONE
    [entry] = entries([record(1)])["Entries"]
    assert (entry["Source"], entry["DetailType"]) == ("ketemu.auth", "UserRegistered")
    assert json.loads(entry["Detail"])["id"] == "msg_1"


def test_ten_go_in_a_call(bus: Stubber) -> None:
    records = [record(number) for number in range(23)]
    for start in (0, 10, 20):
        put(bus, records[start : start + 10])
    assert relay(records) == DONE


def test_a_refused_message_comes_again_with_everything_after_it(bus: Stubber) -> None:
    records = [record(number) for number in range(25)]
    put(bus, records[:10])
    put(bus, records[10:20], *[TAKEN] * 3, REFUSED, *[TAKEN] * 6)
    assert relay(records) == {"batchItemFailures": [{"itemIdentifier": "1013"}]}


def test_of_several_refused_the_first_counts(bus: Stubber) -> None:
    records = [record(number) for number in range(4)]
    put(bus, records, TAKEN, REFUSED, TAKEN, REFUSED)
    assert relay(records) == {"batchItemFailures": [{"itemIdentifier": "1001"}]}


def test_a_call_that_fails_fails_the_batch(bus: Stubber) -> None:
    bus.add_client_error("put_events", "ThrottlingException")
    with pytest.raises(ClientError):
        relay([record(1)])


def test_large_messages_share_a_call_only_while_they_fit(bus: Stubber) -> None:
    records = [record(number, name="x" * 100_000) for number in range(5)]
    for start in (0, 2, 4):
        put(bus, records[start : start + 2])
    assert relay(records) == DONE


def test_size_is_counted_in_bytes(bus: Stubber) -> None:
    records = [record(number, name="é" * 100_000) for number in range(2)]
    put(bus, records[:1])
    put(bus, records[1:])
    assert relay(records) == DONE


@given(st.lists(st.integers(0, 300_000), max_size=40))
def test_chunks_are_the_batch_in_its_order_and_within_the_limits(sizes: list[int]) -> None:
    def sized(size: int) -> dict[str, Any]:
        return {"dynamodb": {"NewImage": {"source": {"S": ""}, "detail_type": {"S": ""}, "detail": {"S": "x" * size}}}}

    records = [sized(size) for size in sizes]
    chunks = list(stream._chunks(records))
    assert [record for chunk in chunks for record in chunk] == records
    for chunk in chunks:
        total = sum(len(record["dynamodb"]["NewImage"]["detail"]["S"]) for record in chunk)
        assert len(chunk) == 1 or (len(chunk) <= 10 and total < 256 * 1024)
