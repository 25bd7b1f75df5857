"""What tests of several layers share: API Gateway events, SQS events, and a look into the table."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import boto3
from boto3.dynamodb.types import TypeDeserializer

from shared.caller import Caller
from shared.messages import Message, parse

CONTEXT = SimpleNamespace(
    function_name="test",
    function_version="$LATEST",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-central-1:000000000000:function:test",
    aws_request_id="7d9f0c4e-0000-4000-8000-000000000000",
    log_group_name="/aws/lambda/test",
    log_stream_name="test",
    get_remaining_time_in_millis=lambda: 10_000,
)

Handler = Any  # a Lambda handler; its context is untyped by nature


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def problem(self) -> str:
        """The slug of a problem, after checking that it is a whole one."""
        assert self.headers["Content-Type"] == "application/problem+json", self
        document = self.json
        assert document["status"] == self.status, document
        assert len(document["detail"]) > 10, document
        assert document["title"], document
        prefix, _, slug = document["type"].rpartition(":")
        assert prefix == "urn:ketemu:problem", document
        return str(slug)


def api_event(
    method: str, url: str, body: Any = None, *, caller: Caller | None = None, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A REST API proxy event. `body`: bytes and str go as they are, anything else as JSON; base64, as with binary media types."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    sent = {"accept": "*/*", **({"content-type": "application/json"} if body is not None else {}), **(headers or {})}
    who = (
        {
            "principalId": caller.user_id,
            "user_id": caller.user_id,
            "email": caller.email,
            "name": caller.name,
            "roles": json.dumps(caller.roles),
            "email_verified": "true" if caller.email_verified else "false",
            "session_id": caller.session_id,
        }
        if caller
        else None
    )
    return {
        "resource": parts.path,
        "path": parts.path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": query or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} or None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "requestId": "5f1c0b7e-0000-4000-8000-000000000000",
            "stage": "v1",
            "identity": {"sourceIp": "127.0.0.1"},
            **({"authorizer": who} if who else {}),
        },
        "body": base64.b64encode(raw).decode() if body is not None else None,
        "isBase64Encoded": body is not None,
    }


def call(handler: Handler, method: str, url: str, body: Any = None, **kwargs: Any) -> Answer:
    """Call an API handler as API Gateway would."""
    return answered(handler(api_event(method, url, body, **kwargs), CONTEXT))


def answered(answer: Mapping[str, Any]) -> Answer:
    """What API Gateway makes of a handler's answer."""
    raw = answer["body"] or ""
    headers = {name: values[-1] for name, values in answer["multiValueHeaders"].items()}
    return Answer(int(answer["statusCode"]), headers, base64.b64decode(raw) if answer["isBase64Encoded"] else raw.encode())


def sqs_event(*messages: Message) -> dict[str, Any]:
    """A batch of SQS records that hold EventBridge events, as a rule with a queue as its target sends them."""
    records = []
    for number, message in enumerate(messages):
        event = {
            "version": "0",
            "id": f"00000000-0000-4000-8000-{number:012}",
            "detail-type": type(message).__name__,
            "source": message.source,
            "account": "000000000000",
            "time": "2026-06-01T09:00:00Z",
            "region": "eu-central-1",
            "resources": [],
            "detail": json.loads(message.to_json()),
        }
        records.append(
            {
                "messageId": f"m-{number}",
                "receiptHandle": f"r-{number}",
                "body": json.dumps(event),
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "0"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:queue",
                "awsRegion": "eu-central-1",
            }
        )
    return {"Records": records}


def deliver(handler: Handler, *messages: Message) -> list[str]:
    """Hand messages to a worker as one batch; the ids of the records it reports as failed."""
    answer = handler(sqs_event(*messages), CONTEXT)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@cache
def _dynamodb() -> Any:
    return boto3.client("dynamodb")  # made once: a client takes longer than most tests


class Table:
    """A look into a context's table."""

    def items(self) -> list[dict[str, Any]]:
        """Everything in the table, in the order of its keys: equal before and after means nothing was written."""
        read = TypeDeserializer().deserialize
        pages = _dynamodb().get_paginator("scan").paginate(TableName="ketemu", ConsistentRead=True)
        items = [{name: read(value) for name, value in item.items()} for page in pages for item in page["Items"]]
        return sorted(items, key=lambda item: (item["pk"], item["sk"]))

    def outbox(self) -> list[Message]:
        """The messages in the outbox, oldest first."""
        rows = [item for item in self.items() if item["kind"] == "Outbox"]
        return [parse(row["detail_type"], json.loads(row["detail"])) for row in sorted(rows, key=lambda row: row["pk"])]
