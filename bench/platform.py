"""The whole platform in one process: every handler and worker, joined as template.yaml joins them, and what each step asks for.

A request is handled, the messages that its transactions left are delivered to the workers whose rules match, and so on until
nothing is left. The database is whatever the AWS SDK is pointed at, with a table for each context; what time alone would bring
about (the end of a hold, a digest that closes) is counted and does not happen.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any

from botocore.client import BaseClient

from bench.meter import Meter, Send
from bench.tally import Tally
from functions.tickets.happenings import TOLD
from localstack.build import context_of, handlers, template
from shared.caller import Caller
from shared.messages import Message, parse
from tests.support import CONTEXT, Answer, answered, api_event, sqs_event

CONTEXTS = ("auth", "events", "orders", "tickets", "contacts", "notifications")
GATEWAY = "gateway"
JOURNALLED = {"TicketScan", "TicketAnnulment", "DoorLookUp"}  # kinds of item that TicketsJournal hears of, beside TOLD
BILLED = {
    "SendMessage": "delayed",
    "SendMessageBatch": "delayed",
    "SendRawEmail": "mails",
    "PutObject": "objects_put",
    "GetObject": "objects_read",
}


class Platform:
    """Within `joined`, which made it."""

    def __init__(self, tables: Mapping[str, str]) -> None:
        self.meter = Meter()
        self._tally: Tally | None = None
        self._tables, self._running = tables, ""
        self._waiting: deque[Message] = deque()
        self._journal: list[Mapping[str, Any]] = []

    @contextmanager
    def counting(self) -> Iterator[Tally]:
        """What is used within the block. Elsewhere nothing is counted, which halves the time that it takes to set things up."""
        self._tally = tally = Tally()
        try:
            yield tally
        finally:
            self._tally = None

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
        if self._tally and context != GATEWAY:
            self._tally.requests += 1
            self._tally.bytes_out += len(answer.body) + sum(len(name) + len(value) + 4 for name, value in answer.headers.items())
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
        reached = [queue for queue, names in heard().items() if type(message).__name__ in names]
        if self._tally:
            self._tally.events += 1
            self._tally.deliveries += len(reached)
            self._tally.invocations["Relay"] += 1
        for queue in reached:
            function = f"{queue}Worker"
            module, _, handle = handlers()[function].rpartition(".")
            with self._runs(function, context_of(function)):
                failed = getattr(import_module(module), handle)(sqs_event(message), CONTEXT)
            assert not failed["batchItemFailures"], (queue, message)  # noqa: S101  # as above

    @contextmanager
    def _runs(self, function: str, context: str) -> Iterator[None]:
        self._running = context
        self.meter.reset()
        try:
            yield
        finally:
            self._running = ""
            if self._tally:
                self._tally.invocations[function] += 1
                self._tally.read_units += self.meter.read_units
                self._tally.write_units += self.meter.write_units
                self._tally.round_trips[function] += len(self.meter.calls)

    def send(self, service: str, operation: str, request: Mapping[str, Any], send: Send) -> Any:
        """What any function asks of AWS."""
        if self._tally and operation in BILLED:
            name = BILLED[operation]
            setattr(self._tally, name, getattr(self._tally, name) + len(request.get("Entries", [None])))
        if service != "dynamodb" or not self._running:
            return send(operation, request)
        own = renamed(send, self._tables[self._running])
        answer = self.meter.observe(operation, request, own) if self._tally else own(operation, request)
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
