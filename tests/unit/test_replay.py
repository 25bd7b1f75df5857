"""What is kept by messages is made anew from the archive that the emulator is given."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeSerializer

from localstack.failure import Failure
from localstack.finish import keep_events
from localstack.replay import SIDES, Stack, rebuild
from tests.aws import mock_aws
from tests.contract.template import WRITTEN

DOOR = SIDES["door"]
BUS = "ketemu"


class Here:
    """What is asked of an endpoint."""

    def client(self, service: str) -> Any:
        return boto3.client(service)  # type: ignore[call-overload]  # any of them


@pytest.fixture
def stack() -> Iterator[Stack]:
    with mock_aws():
        events, sqs, dynamodb = boto3.client("events"), boto3.client("sqs"), boto3.client("dynamodb")
        events.create_event_bus(Name=BUS)
        queue = sqs.create_queue(QueueName="notifications")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(Name="notifications", EventBusName=BUS, EventPattern=json.dumps({"detail-type": ["TicketCheckedIn"]}))
        events.put_targets(Rule="notifications", EventBusName=BUS, Targets=[{"Id": "queue", "Arn": arn}])
        dynamodb.create_table(
            TableName="notifications",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        )
        names = {"Bus": BUS, "NotificationsQueue": queue, "NotificationsRule": "notifications"}
        yield Stack({**names, "NotificationsTable": "notifications"}, events, sqs, dynamodb)


class Worker(threading.Thread):
    """Counts who comes in, until it is told to stop."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        self._stack, self._over, self.heard = stack, threading.Event(), 0

    def run(self) -> None:
        url = self._stack.names["NotificationsQueue"]
        while not self._over.is_set():
            for each in self._stack.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0).get(
                "Messages", []
            ):
                self.heard += 1
                board(self._stack, self.heard)
                self._stack.sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
            self._over.wait(0.02)  # between two looks

    def __enter__(self) -> "Worker":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()


def board(stack: Stack, entries: int) -> None:
    row = {"pk": "BOARD#door:cnf_1", "sk": "BOARD", "kind": "DoorBoard", "entries": entries}
    item = {name: TypeSerializer().serialize(value) for name, value in row.items()}
    stack.dynamodb.put_item(TableName="notifications", Item=item)


def archive(stack: Stack) -> None:
    keep_events(Here(), "ketemu", BUS, WRITTEN["Resources"]["BusArchive"]["Properties"])  # type: ignore[arg-type]  # see Here


def tell(stack: Stack, *kinds: str) -> None:
    entries = [{"EventBusName": BUS, "Source": "ketemu.tickets", "DetailType": kind, "Detail": "{}"} for kind in kinds]
    stack.events.put_events(Entries=entries)


def test_a_read_side_is_emptied_and_made_anew_by_what_the_archive_holds(stack: Stack) -> None:
    archive(stack)
    tell(stack, "TicketCheckedIn", "TicketCheckedIn", "OrderPaid")
    stack.sqs.purge_queue(QueueUrl=stack.names["NotificationsQueue"])
    board(stack, 7)
    with Worker(stack):
        before, after = rebuild(stack, DOOR)
    assert before == {"cnf_1 entries": 7, "cnf_1 exits": 0}
    assert after == {"cnf_1 entries": 2, "cnf_1 exits": 0}


def test_the_archive_is_made_once_and_keeps_no_secret(stack: Stack) -> None:
    archive(stack)
    archive(stack)
    tell(stack, "TicketCheckedIn", "MemberInvited", "PasswordResetRequested")
    (kept,) = stack.events.list_archives()["Archives"]
    assert (kept["EventCount"], kept["RetentionDays"]) == (1, 30)


def test_where_there_is_no_archive_nothing_is_emptied(stack: Stack) -> None:
    board(stack, 7)
    with pytest.raises(Failure, match="EventArchive"):
        rebuild(stack, DOOR)
    assert DOOR.figures(stack.rows(DOOR))["cnf_1 entries"] == 7
