"""What died is listed with its reason, and put back by one command."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.orders import worker
from localstack.dead_letters import DeadLetter, Queues, dead_letters, log_lines
from localstack.failure import Failure
from shared.messages import OrderExpired
from shared.telemetry import logger
from tests.support import CONTEXT, sqs_event

LOST = OrderExpired(conference_id="cnf_1", order_id="ord_1", buyer_id="usr_1")


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch) -> Iterator[Queues]:
    with mock_aws():
        sqs = boto3.client("sqs")
        names = ("OrdersQueue", "OrdersDeadLetters", "RelayDeadLetters")
        yield Queues.of(sqs, {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in names})


def body() -> str:
    return str(sqs_event(LOST)["Records"][0]["body"])


def waiting(queues: Queues, url: str) -> list[str]:
    return [each["Body"] for each in queues.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])]


def test_a_dead_letter_is_listed_with_what_its_worker_said(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(message: OrderExpired) -> None:
        raise RuntimeError

    log = StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", log)
    monkeypatch.setitem(worker.handler.reactions, OrderExpired, broken)  # type: ignore[index]  # a dict behind a Mapping
    assert worker.handler(sqs_event(LOST), CONTEXT)["batchItemFailures"]
    lines: list[dict[str, Any]] = [json.loads(line) for line in log.getvalue().splitlines()]
    queues.sqs.send_message(QueueUrl=queues.dead["Orders"], MessageBody=body())
    [letter] = dead_letters(queues, lines)
    assert letter.why.startswith("RuntimeError at ")
    assert (letter.queue, letter.kind, letter.message_id) == ("Orders", "OrderExpired", LOST.id)
    assert letter.correlation_id == LOST.correlation_id


def test_what_nobody_says_anything_of_and_what_is_no_message_are_listed_too(queues: Queues) -> None:
    queues.sqs.send_message(QueueUrl=queues.dead["Orders"], MessageBody=body())
    queues.sqs.send_message(QueueUrl=queues.dead["Relay"], MessageBody='{"DDBStreamBatchInfo": {}}')
    orders, relay = dead_letters(queues, [])
    assert orders == DeadLetter("Orders", "OrderExpired", LOST.id, LOST.correlation_id, "the log says nothing of it (any more)")
    assert (relay.queue, relay.kind) == ("Relay", "?")


def test_all_of_a_queue_go_back_as_they_were(queues: Queues) -> None:
    for _ in range(12):
        queues.sqs.send_message(QueueUrl=queues.dead["Orders"], MessageBody=body())
    assert queues.redrive("Orders") == 12
    assert waiting(queues, queues.dead["Orders"]) == []
    assert waiting(queues, queues.work["Orders"])[0] == body()


@pytest.mark.parametrize("name", ["Relay", "", "Nothing"])
def test_what_came_from_no_queue_is_put_back_into_none(queues: Queues, name: str) -> None:
    with pytest.raises(Failure, match="Orders"):
        queues.redrive(name)


class CutOff:
    """Logs as the embedded emulator has them: so many events in an answer, and no word of others."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self.events = events

    def get_paginator(self, _: str) -> "CutOff":
        return self

    def paginate(self, *, startTime: int, **_: str) -> list[dict[str, Any]]:  # noqa: N803  # as CloudWatch names it
        return [{"events": [each for each in self.events if each["timestamp"] >= startTime][:4]}]


def test_the_whole_log_is_read_however_much_of_it_an_answer_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localstack.dead_letters._PAGE", 4)
    times = [1000, 2000, 2000, 3000, 4000, 4000, 5000]
    logs = CutOff([{"timestamp": at, "message": json.dumps({"line": number})} for number, at in enumerate(times)])
    assert [each["line"] for each in log_lines(logs, "/ketemu")] == [*range(7)]
    assert [each["line"] for each in log_lines(logs, "/ketemu", since=datetime.fromtimestamp(4, UTC))] == [4, 5, 6]
