"""What was in a stream when the emulator ended is handed to its readers again: all that they may have missed, and nothing else."""

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest

from localstack.streams import _hand, lets_through, relayed_by, unread
from tests.contract.template import RESOURCES

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
OUTBOX = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"kind": {"S": ["Outbox"]}}}}
DOOR = [json.loads(each["Pattern"]) for each in RESOURCES["TicketsRecords"]["Properties"]["FilterCriteria"]["Filters"]]


def message(number: int, kind: str = "OrderPaid", minutes: float = 0) -> dict[str, Any]:
    occurred_at = (NOON + timedelta(minutes=minutes)).isoformat()
    detail = json.dumps({"id": f"msg_{number}", "occurred_at": occurred_at})
    return {"kind": {"S": "Outbox"}, "detail_type": {"S": kind}, "detail": {"S": detail}}


def scan(at: datetime) -> dict[str, Any]:
    return {"kind": {"S": "TicketScan"}, "received": {"S": at.isoformat()}, "at": {"S": "2026-06-01T07:00:00+00:00"}}


def handed(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [record["dynamodb"]["NewImage"] for record in records]


def test_messages_are_handed_on_oldest_first_and_numbered_as_a_stream_does() -> None:
    late, early = message(1, minutes=2), message(2, minutes=1)
    records = unread([late, early], [OUTBOX], NOON, frozenset())
    assert handed(records) == [early, late]
    assert [record["dynamodb"]["SequenceNumber"] for record in records] == ["0", "1"]


def test_what_the_relay_says_it_put_on_the_bus_is_not_handed_on() -> None:
    told = relayed_by([{"message": "relayed", "messages": [{"message_id": "msg_1"}]}, {"message": "request"}])
    assert handed(unread([message(1), message(2)], [OUTBOX], NOON, told)) == [message(2)]


def test_what_is_too_old_to_be_under_way_is_not_handed_on() -> None:
    assert unread([message(1, minutes=-0.1), scan(NOON - timedelta(seconds=1))], [OUTBOX, *DOOR], NOON, frozenset()) == []


def test_a_reader_is_handed_what_its_filters_in_the_template_let_through() -> None:
    items = [scan(NOON), message(1, "TicketIssued"), message(2, "OrderPaid"), {"kind": {"S": "Ticket"}}]
    assert handed(unread(items, DOOR, NOON, frozenset())) == items[:2]


@pytest.mark.parametrize(
    ("record", "passes"),
    [
        ({"a": "x", "b": {"c": "z"}}, True),
        ({"a": "y", "b": {"c": "z"}, "d": "more"}, True),
        ({"a": "n", "b": {"c": "z"}}, False),
        ({"a": "x", "b": "z"}, False),
        ({"a": "x"}, False),
    ],
)
def test_a_filter_names_the_values_that_pass(record: dict[str, Any], passes: bool) -> None:
    assert lets_through({"a": ["x", "y"], "b": {"c": ["z"]}}, record) is passes


class Reader:
    """A function that is busy, then fails, then takes a part, then the rest."""

    class exceptions:  # noqa: N801  # as botocore's clients have them
        class TooManyRequestsException(Exception):
            pass

    def __init__(self) -> None:
        self.given: list[list[str]] = []

    def invoke(self, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803  # as above
        self.given.append([each["dynamodb"]["SequenceNumber"] for each in json.loads(Payload)["Records"]])
        if len(self.given) == 1:
            raise self.exceptions.TooManyRequestsException
        failed = [{"itemIdentifier": "1"}] if len(self.given) == 3 else []
        answer = {"Payload": BytesIO(json.dumps({"batchItemFailures": failed}).encode())}
        return answer | ({"FunctionError": "Unhandled"} if len(self.given) == 2 else {})


def test_a_reader_is_handed_a_batch_until_it_has_taken_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localstack.streams.time.sleep", lambda seconds: None)
    reader = Reader()
    _hand(reader, "Relay", unread([message(1), message(2), message(3)], [OUTBOX], NOON, frozenset()))
    assert reader.given == [["0", "1", "2"], ["0", "1", "2"], ["0", "1", "2"], ["1", "2"]]
