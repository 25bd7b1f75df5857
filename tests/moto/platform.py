"""The platform in one process: its real functions, each with its context's table on moto, and between them what AWS does.

Streams, bus and queues are as template.yaml has them (its handlers, tables, rules and filters are read from there): at least once,
five tries, 180 seconds between them. Every call that a function makes to AWS goes through a `Breaker`, which may kill the function
or refuse the call; whoever called then does what clients, streams and queues do: the same again.
"""

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from importlib import import_module
from random import Random
from typing import Any, Literal

import boto3
import pytest
from boto3.dynamodb.types import TypeDeserializer
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ReadTimeoutError

from functions.notifications import ses
from functions.notifications.papers import _s3 as mailed_papers
from functions.relay.stream import _bus
from functions.tickets.papers import _s3 as printed_papers
from shared.caller import Caller
from shared.delay import _queue
from shared.table import Item
from tests.contract.template import FUNCTIONS, RESOURCES
from tests.moto.tickets import keep_secret
from tests.support import CONTEXT, Answer, api_event

Way = Literal["killed before", "refused", "killed after", "answer lost"]
Rows = list[dict[str, Any]]

BEFORE: tuple[Way, ...] = ("refused", "killed before")
AFTER: tuple[Way, ...] = ("answer lost", "killed after")
CONTEXTS = ("Auth", "Events", "Orders", "Tickets", "Contacts", "Notifications")
QUEUES = {name.removesuffix("Rule"): rule for name, rule in RESOURCES.items() if rule["Type"] == "AWS::Events::Rule"}
SETTINGS = {
    "API_ID": "a1b2c3",
    "API_URL": "https://api.example.org/{api}/v1",
    "DIGEST_SECONDS": "600",
    "EXPORTS_BUCKET": "exports",
    "LIVE_ID": "a1b2c3",
    "LIVE_URL": "wss://live.example.org/{api}/v1",
    "MAIL_CONFIGURATION": "off",
    "MAIL_FROM": "tickets@example.org",
    "PAPERS_BUCKET": "papers",
    "PUBLIC_URL": "api",
    "AGENDA_CACHE_URL": "off",
}
_VISIBLE_AGAIN = timedelta(seconds=180)
_TRIES = 5
_STREAMED = {
    "Relay": ("Outbox",),
    "TicketsJournal": ("TicketScan", "TicketAnnulment", "DoorLookUp", "Outbox"),
}
_JOURNALED = {"TicketIssued", "TicketCancelled", "TicketReissued", "TicketTransferred"}


class Killed(BaseException):
    """The function's process is gone: nothing in it runs on."""


class Skew:
    """The clock of the platform, so far from that of the machine."""

    def __init__(self) -> None:
        self.by = timedelta()

    def now(self, tz: tzinfo = UTC) -> datetime:
        return datetime.now(tz) + self.by

    @contextmanager
    def off_by(self, seconds: float) -> Iterator[None]:
        """Within the block whoever runs has a clock that is wrong."""
        self.by += timedelta(seconds=seconds)
        try:
            yield
        finally:
            self.by -= timedelta(seconds=seconds)

    def stand_in(self) -> type[datetime]:
        """To be put where a module has `datetime`: every datetime is one of these."""

        class AnyDatetime(type):
            def __instancecheck__(cls, value: object) -> bool:
                return isinstance(value, datetime)

        return AnyDatetime("datetime", (datetime,), {"now": self.now})


@dataclass(frozen=True)
class Step:
    """A call that a function made."""

    function: str
    operation: str

    def __str__(self) -> str:
        return f"{self.function}: {self.operation}"


class Breaker:
    """Counts the calls that are made, and breaks one of them, or none."""

    def __init__(self) -> None:
        self.arm(None)

    def arm(self, at: int | None, way: Way = "killed before") -> None:
        self.steps: list[Step] = []
        self.broken: Step | None = None
        self._at, self._way = at, way

    def around(self, step: Step, act: Callable[[], Any]) -> Any:
        self.steps.append(step)
        if len(self.steps) - 1 != self._at:
            return act()
        self.broken = step
        if self._way == "killed before":
            raise Killed
        if self._way == "refused":
            told = {
                "Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"},
                "ResponseMetadata": {"HTTPStatusCode": 400},
            }
            raise ClientError(told, step.operation)  # type: ignore[arg-type]  # as much of an answer as botocore makes one of
        act()
        if self._way == "killed after":
            raise Killed
        raise ReadTimeoutError(endpoint_url="https://aws.example.org")


@dataclass
class Queued:
    """A message in a queue: when it may be taken, and how often it was."""

    body: str
    due: datetime
    taken: int = 0


@dataclass
class Platform:
    breaker: Breaker
    clock: Skew
    streams: dict[str, dict[str, Rows]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    queues: dict[str, list[Queued]] = field(default_factory=lambda: {name: [] for name in QUEUES})
    dead: dict[str, list[Queued]] = field(default_factory=lambda: {name: [] for name in QUEUES})
    archive: list[dict[str, str]] = field(default_factory=list)
    skews: dict[str, int] = field(default_factory=dict)  # seconds by which a function's clock is off
    worse: Random | None = None  # where set, what goes over the bus goes twice, and every queue is shuffled
    running: str = ""
    tries: int = 0  # of requests, beyond the first

    # Requests

    def ask(self, who: Caller | None, method: str, path: str, body: Any = None, key: str = "") -> Answer:
        """As a client that knows nothing but the answer: the same again while that is what the answer says, or there is none."""
        for attempt in range(1, _TRIES + 1):
            answer = self._ask(who, method, path, body, key)
            if answer is not None and answer.status < 500 and "Retry-After" not in answer.headers:
                return answer
            self.tries += 1
            self.clock.by += timedelta(seconds=attempt)
        raise AssertionError(f"{method} {path} was not answered in {_TRIES} tries: {answer}")

    def _ask(self, who: Caller | None, method: str, path: str, body: Any, key: str) -> Answer | None:
        event = api_event(method, path, body, caller=who, headers={"Idempotency-Key": key} if key else {})
        try:
            answer = self.run(f"{path.split('/')[1].partition('?')[0].title()}Api", event)
        except Killed:
            return None
        headers = {name: values[-1] for name, values in answer["multiValueHeaders"].items()}
        return Answer(int(answer["statusCode"]), headers, (answer["body"] or "").encode())

    def run(self, function: str, event: Mapping[str, Any]) -> Any:
        """Raises Killed, and whatever the function raises."""
        module, _, name = FUNCTIONS[function]["Handler"].rpartition(".")
        self.running = function
        queue = FUNCTIONS[function]["Environment"]["Variables"].get("QUEUE_URL", {"Ref": ""})["Ref"]
        os.environ["QUEUE_URL"] = queue.removesuffix("Queue")  # the fixture puts back what was there
        try:
            with self.clock.off_by(self.skews.get(function, 0)):
                return getattr(import_module(module), name)(event, CONTEXT)
        finally:
            self.running = ""

    def now(self) -> datetime:
        """By the clock of AWS, whatever the function thinks that runs."""
        return self.clock.now() - timedelta(seconds=self.skews.get(self.running, 0))

    # What AWS does by itself

    def work_off(self, patience: timedelta = timedelta(minutes=20)) -> None:
        """Streams, bus and queues, until nothing is left that becomes due within `patience`, which passes where it must."""
        until = self.clock.now() + patience
        while True:
            if self._read_streams() or self._empty_queues():
                continue
            due = [each.due for queue in self.queues.values() for each in queue]
            if not due or min(due) > until:
                return
            self.clock.by += min(due) - self.clock.now()

    def replay(self, *queues: str) -> None:
        """All that the archive has, to these queues."""
        for entry in list(self.archive):
            self._route(entry, only=queues)

    def _read_streams(self) -> bool:
        waiting = [(function, images) for function, tables in self.streams.items() for images in tables.values() if images]
        for function, images in waiting:
            while images:
                del images[: self._offer(function, images[:100])]
        return bool(waiting)

    def _offer(self, function: str, images: Rows) -> int:
        """How many of them the function is done with; the stream offers the others again."""
        records = [
            {"eventName": "INSERT", "dynamodb": {"NewImage": each, "SequenceNumber": str(n)}} for n, each in enumerate(images)
        ]
        try:
            failed = self.run(function, {"Records": records})["batchItemFailures"]
        except Killed:
            return 0
        except Exception as failure:
            if not _is_passing(failure):
                raise
            return 0
        return int(failed[0]["itemIdentifier"]) if failed else len(images)

    def _empty_queues(self) -> bool:
        moved = False
        for name, queue in self.queues.items():
            due = [each for each in queue if each.due <= self.clock.now()]
            if self.worse:
                self.worse.shuffle(due)
            for start in range(0, len(due), 10):
                moved = True
                self._work(name, due[start : start + 10])
        return moved

    def _work(self, name: str, batch: list[Queued]) -> None:
        for each in batch:
            each.taken += 1
            each.due = self.clock.now() + _VISIBLE_AGAIN
        event = {"Records": [_record(name, number, each) for number, each in enumerate(batch)]}
        try:
            failed = {each["itemIdentifier"] for each in self.run(f"{name}Worker", event)["batchItemFailures"]}
        except Killed:
            failed = {str(number) for number in range(len(batch))}
        for number, each in enumerate(batch):
            if str(number) not in failed:
                self.queues[name].remove(each)
            elif each.taken >= _TRIES:
                self.queues[name].remove(each)
                self.dead[name].append(each)

    # The calls that functions make

    def call(self, proceed: Callable[[str, Any], Any], service: str, operation: str, params: dict[str, Any]) -> Any:
        if not self.running:
            return proceed(operation, params)
        return self.breaker.around(Step(self.running, operation), lambda: self._call(proceed, service, operation, params))

    def _call(self, proceed: Callable[[str, Any], Any], service: str, operation: str, params: dict[str, Any]) -> Any:
        if service == "dynamodb":
            answer = proceed(operation, _on_table(params, self.table))
            self._stream(operation, params)
            if "Responses" in answer and "RequestItems" in params:
                answer["Responses"] = {Item.Meta.table_name: answer["Responses"][self.table]}
            return answer
        if operation == "PutEvents":
            for entry in params["Entries"]:
                self.archive.append(entry)
                for _ in range(2 if self.worse else 1):
                    self._route(entry)
            return {"FailedEntryCount": 0, "Entries": [{"EventId": str(number)} for number, _ in enumerate(params["Entries"])]}
        if service == "sqs":
            for entry in params.get("Entries", [params]):
                delay = timedelta(seconds=entry.get("DelaySeconds", 0))
                self.queues[params["QueueUrl"]].append(Queued(entry["MessageBody"], self.now() + delay))
            return {}
        return proceed(operation, params)

    @property
    def table(self) -> str:
        """Of the function that runs."""
        return str(FUNCTIONS[self.running]["Environment"]["Variables"]["TABLE_NAME"]["Ref"])

    def _stream(self, operation: str, params: dict[str, Any]) -> None:
        puts = [params] if operation == "PutItem" else [each["Put"] for each in params.get("TransactItems", []) if "Put" in each]
        for image in (put["Item"] for put in puts):
            for function, kinds in _STREAMED.items():
                told = image.get("detail_type", {}).get("S")
                wanted = function == "Relay" or (self.table == "TicketsTable" and (told is None or told in _JOURNALED))
                if image["kind"]["S"] in kinds and wanted:
                    self.streams[function][self.table].append(image)

    def _route(self, entry: dict[str, str], only: tuple[str, ...] = tuple(QUEUES)) -> None:
        event = {"detail-type": entry["DetailType"], "source": entry["Source"], "detail": json.loads(entry["Detail"])}
        for name, rule in QUEUES.items():
            if name in only and entry["DetailType"] in rule["Properties"]["EventPattern"]["detail-type"]:
                self.queues[name].append(Queued(json.dumps(event), self.now()))

    # Looks

    def rows(self, context: str) -> Rows:
        read = TypeDeserializer().deserialize
        pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=f"{context}Table", ConsistentRead=True)
        return [{name: read(value) for name, value in item.items()} for page in pages for item in page["Items"]]

    def kept(self, context: str, kind: str) -> Rows:
        return [row for row in self.rows(context) if row["kind"] == kind]


def _is_passing(failure: Exception) -> bool:
    """Whether a call that was broken is what a function gave up for."""
    while failure:
        if isinstance(failure, ClientError | ReadTimeoutError):
            return True
        failure = getattr(failure, "cause", None) or failure.__cause__  # type: ignore[assignment]  # an exception, or none
    return False


def _record(queue: str, number: int, of: Queued) -> dict[str, Any]:
    return {
        "messageId": str(number),
        "receiptHandle": str(number),
        "body": of.body,
        "attributes": {"ApproximateReceiveCount": str(of.taken), "SentTimestamp": "0"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:000000000000:{queue}",
        "awsRegion": "eu-central-1",
    }


def _on_table(params: dict[str, Any], table: str) -> dict[str, Any]:
    """The request to another table than the one that PynamoDB read from the environment at its import."""
    if "TableName" in params:
        return {**params, "TableName": table}
    if "RequestItems" in params:
        (request,) = params["RequestItems"].values()
        return {**params, "RequestItems": {table: request}}
    moved = [{what: {**operation, "TableName": table} for what, operation in each.items()} for each in params["TransactItems"]]
    return {**params, "TransactItems": moved}


def make_tables() -> None:
    """As the template has them."""
    wanted = ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "BillingMode")
    for context in CONTEXTS:
        properties = RESOURCES[f"{context}Table"]["Properties"]
        boto3.client("dynamodb").create_table(TableName=f"{context}Table", **{name: properties[name] for name in wanted})


@pytest.fixture
def platform(signing: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    for cached in (_queue, _bus, ses._ses, mailed_papers, printed_papers):
        cached.cache_clear()
    keep_secret(monkeypatch)
    for name, value in {**SETTINGS, "QUEUE_URL": ""}.items():
        monkeypatch.setenv(name, value)
    for bucket in ("papers", "exports"):
        boto3.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    boto3.client("ses").verify_email_identity(EmailAddress=SETTINGS["MAIL_FROM"])
    make_tables()
    clock = Skew()
    for module in ("shared.clock", "jwt.api_jwt"):
        monkeypatch.setattr(f"{module}.datetime", clock.stand_in())
    built = Platform(Breaker(), clock)
    original = BaseClient._make_api_call  # type: ignore[attr-defined]  # the one place that every call goes through

    def made(client: Any, operation: str, params: dict[str, Any]) -> Any:
        service = client.meta.service_model.service_name
        return built.call(lambda *call: original(client, *call), service, operation, params)

    monkeypatch.setattr(BaseClient, "_make_api_call", made)
    yield built
    for cached in (_queue, _bus, ses._ses, mailed_papers, printed_papers):
        cached.cache_clear()
