"""The whole platform in one process: every handler and worker, joined as template.yaml joins them, and what each step asks for.

A request is handled, the messages that its transactions left are delivered to the workers whose rules match, and so on until
nothing is left. The database is whatever the AWS SDK is pointed at, with a table for each context; what time alone would bring
about (the end of a hold, a digest that closes) is counted and does not happen.
"""

import json
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

from botocore.client import BaseClient

from bench.meter import Meter, Send
from functions.tickets.happenings import TOLD
from localstack.build import context_of, handlers, template
from shared.caller import Caller
from shared.messages import Message, parse
from tests.support import CONTEXT, Answer, answered, api_event, sqs_event

CONTEXTS = ("auth", "events", "orders", "tickets", "contacts", "notifications")
GATEWAY = "gateway"
JOURNALLED = {"TicketScan", "TicketAnnulment", "DoorLookUp"}  # kinds of item that TicketsJournal hears of, beside TOLD
SENT = {"SendMessage": "delayed", "SendMessageBatch": "delayed", "SendRawEmail": "mails", "SendEmail": "mails"}


@dataclass
class Tally:
    """What was used of everything that AWS bills."""

    requests: int = 0  # over HTTP, each with its authorizer
    bytes_out: int = 0
    read_units: float = 0
    write_units: int = 0
    events: int = 0  # put on the bus
    deliveries: int = 0  # from the bus to a queue
    delayed: int = 0  # messages that a worker puts back on its queue for later
    mails: int = 0
    invocations: Counter[str] = field(default_factory=Counter)  # of each function
    round_trips: Counter[str] = field(default_factory=Counter)  # to DynamoDB, by function

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(**{name: value + getattr(other, name) for name, value in vars(self).items()})


class Platform:
    """Within `joined`, which made it."""

    def __init__(self, tables: Mapping[str, str]) -> None:
        self.tally, self.meter = Tally(), Meter()
        self._tables, self._running = tables, ""
        self._waiting: deque[Message] = deque()
        self._journal: list[Mapping[str, Any]] = []

    def request(
        self, context: str, method: str, url: str, body: Any = None, caller: Caller | None = None, **headers: str
    ) -> Answer:
        """One request, and all that follows from it. Fails where it is refused."""
        return self.handle(context, self.event(method, url, body, caller, **headers))

    def event(self, method: str, url: str, body: Any = None, caller: Caller | None = None, **headers: str) -> dict[str, Any]:
        return api_event(
            method, url, body, caller=caller, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    def handle(self, context: str, event: dict[str, Any], *, settle: bool = True) -> Answer:
        """As `request`; what follows can be left for `settle`."""
        with self._runs(f"{context.title()}{'Authorizer' if context == GATEWAY else 'Api'}", context):
            answer = of_gateway(context, handler(context)(event, CONTEXT))
        assert answer.status < 400, answer  # noqa: S101  # what is measured must be what was meant
        self.tally.requests += context != GATEWAY
        self.tally.bytes_out += len(answer.body) + sum(len(name) + len(value) + 4 for name, value in answer.headers.items())
        if settle:
            self.settle()
        return answer

    def publish(self, message: Message) -> None:
        """A message as if a context had sent it, and all that follows."""
        self._waiting.append(message)
        self.settle()

    def settle(self) -> None:
        while self._waiting or self._journal:
            if self._waiting:
                self._deliver(self._waiting.popleft())
            else:
                records, self._journal = self._journal, []
                with self._runs("TicketsJournal", "tickets"):
                    journal = import_module("functions.tickets.journal_stream").handler
                    journal({"Records": [{"dynamodb": {"NewImage": image}} for image in records]}, CONTEXT)

    def _deliver(self, message: Message) -> None:
        self.tally.events += 1
        self.tally.invocations["Relay"] += 1
        for queue, names in heard().items():
            if type(message).__name__ in names:
                self.tally.deliveries += 1
                function = f"{queue}Worker"
                module, _, handle = handlers()[function].rpartition(".")
                with self._runs(function, context_of(function)):
                    failed = getattr(import_module(module), handle)(sqs_event(message), CONTEXT)
                assert not failed["batchItemFailures"], (queue, message)  # noqa: S101  # as above

    @contextmanager
    def _runs(self, function: str, context: str) -> Iterator[None]:
        self._running = context
        self.meter.reset()
        self.tally.invocations[function] += 1
        try:
            yield
        finally:
            self.tally.read_units += self.meter.read_units
            self.tally.write_units += self.meter.write_units
            self.tally.round_trips[function] += len(self.meter.calls)
            self._running = ""

    def send(self, service: str, operation: str, request: Mapping[str, Any], send: Send) -> Any:
        """What any function asks of AWS."""
        if operation in SENT:
            setattr(self.tally, SENT[operation], getattr(self.tally, SENT[operation]) + len(request.get("Entries", [None])))
        if service != "dynamodb" or not self._running:
            return send(operation, request)
        answer = self.meter.observe(operation, request, renamed(send, self._tables[self._running]))
        for action in request.get("TransactItems", []) if operation == "TransactWriteItems" else [{"Put": request}]:
            if item := action.get("Put", {}).get("Item"):
                self._tell(item)
        return answer

    def _tell(self, item: Mapping[str, Any]) -> None:
        """The table's stream to whom it goes: the relay, and the journal."""
        kind, detail = item["kind"]["S"], item.get("detail_type", {}).get("S", "")
        if kind == "Outbox":
            self._waiting.append(parse(detail, json.loads(item["detail"]["S"])))
        if self._running == "tickets" and (kind in JOURNALLED or detail in TOLD):
            self._journal.append(item)


@contextmanager
def joined(tables: Mapping[str, str]) -> Iterator[Platform]:
    """The platform on these tables, by context."""
    platform, real = Platform(tables), BaseClient._make_api_call  # type: ignore[attr-defined]  # botocore's one way out

    def sent(client: Any, operation: str, request: Mapping[str, Any]) -> Any:
        return platform.send(client.meta.service_model.service_name, operation, request, lambda *call: real(client, *call))

    BaseClient._make_api_call = sent  # type: ignore[attr-defined]  # as above
    try:
        yield platform
    finally:
        BaseClient._make_api_call = real  # type: ignore[attr-defined]  # as above


def renamed(send: Send, table: str) -> Send:
    """PynamoDB reads TABLE_NAME at import, so that in one process all contexts name one table. Each gets its own, as on AWS."""

    def at(operation: str, request: Mapping[str, Any]) -> Any:
        own = {**request, "TableName": table} if "TableName" in request else dict(request)
        if "RequestItems" in own:
            own["RequestItems"] = dict.fromkeys([table], *own["RequestItems"].values())
        if "TransactItems" in own:
            own["TransactItems"] = [
                {kind: {**each, "TableName": table} for kind, each in action.items()} for action in own["TransactItems"]
            ]
        answer = send(operation, own)
        for part in ("Responses", "UnprocessedKeys", "UnprocessedItems"):
            if isinstance(answer.get(part), dict):
                answer[part] = dict(zip(["ketemu"], answer[part].values(), strict=False))  # empty where nothing is left
        return answer

    return at


def handler(context: str) -> Callable[[Any, Any], Any]:
    """Of its requests over HTTP; for the gateway, what authorises them."""
    found: Callable[[Any, Any], Any] = import_module(f"functions.{context}.{'authorizer' if context == GATEWAY else 'api'}").handler
    return found


def of_gateway(context: str, answer: Mapping[str, Any]) -> Answer:
    """What API Gateway makes of a handler's answer."""
    if context != GATEWAY:
        return answered(answer)
    [statement] = answer["policyDocument"]["Statement"]
    return Answer(200 if statement["Effect"] == "Allow" else 403, {}, b"")


@cache
def heard() -> dict[str, list[str]]:
    """The messages that the rule of each queue lets through."""
    return {
        name.removesuffix("Rule"): each["Properties"]["EventPattern"]["detail-type"]
        for name, each in template()["Resources"].items()
        if isinstance(each, dict) and each["Type"] == "AWS::Events::Rule"
    }
