"""The client that items are read and written through says, asks and answers what botocore's own does."""

import json
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from pynamodb.attributes import BinaryAttribute, NumberAttribute

from shared.connection import make_frugal
from shared.table import Item
from tests.support import Table

WORDS = {"id": {"S": 'say "B"'}, "tags": {"SS": ["a", "b"]}, "at": {"M": {"n": {"N": "1.50"}}}, "list": {"L": [{"NULL": True}]}}
BYTES = {"sealed": {"B": "AP8="}, "many": {"BS": ["AQ==", "Ag=="]}}
AS_GIVEN = WORDS | {"name": {"S": "Zoë \u2028 \x07"}, "sealed": {"B": b"\x00\xff"}, "many": {"BS": [b"\x01", bytearray(b"\x02")]}}
HEADERS = HTTPHeaders.from_dict({"x-amzn-RequestId": "r-1", "Content-Type": "application/x-amz-json-1.0"})


class Sealed(Item, discriminator="Sealed"):
    v = NumberAttribute(default=1)
    sealed = BinaryAttribute(legacy_encoding=False)


class Other(Item, discriminator="Other"):
    v = NumberAttribute(default=1)


def client(*, frugal: bool) -> Any:  # a client's methods are made at run time
    session = botocore.session.get_session()
    if frugal:
        make_frugal(session)
    return session.create_client("dynamodb")


def parsed(body: bytes, status: int = 200, *, frugal: bool) -> Any:
    made = client(frugal=frugal)
    parser = made._endpoint._response_parser_factory.create_parser("json")
    response = {"body": body, "status_code": status, "headers": HEADERS, "context": {}}
    return parser.parse(response, made.meta.service_model.operation_model("Query").output_shape)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (json.dumps({"Items": [WORDS], "Count": 1}).encode(), 200),
        (json.dumps({"Items": [WORDS | BYTES], "Count": 1}, separators=(",", ":")).encode(), 200),
        (json.dumps({"Items": [{"deep": {"M": BYTES}}]}, indent=1).encode(), 200),
        (b"{}", 200),
        (b"", 200),
        (b'{"Items": [{"id": {"S": "cut o', 200),
        (b'{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "Slow down."}', 400),
        (b"<html>Service Unavailable</html>", 503),
    ],
    ids=["words", "bytes", "bytes deep inside", "nothing", "no body", "cut off", "a refusal", "a proxy's page"],
)
def test_an_answer_reads_as_botocore_reads_it(body: bytes, status: int) -> None:
    assert parsed(body, status, frugal=True) == parsed(body, status, frugal=False)


def test_bytes_come_back_as_they_were_put(table: Table) -> None:
    Sealed("SEALED#1", "SEALED", sealed=b"\x00\xff").save()
    assert Sealed.get("SEALED#1", "SEALED").sealed == b"\x00\xff"


def test_all_kinds_of_item_share_one_client(table: Table) -> None:
    clients = {id(each._get_connection().connection.client) for each in (Sealed, Other, Item)}
    assert len(clients) == 1


@pytest.mark.parametrize("endpoint", ["", "http://127.0.0.1:4566", "https://dynamodb.example.org"])
def test_every_request_is_sent_as_botocore_sends_it(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", endpoint)

    def asked(*, frugal: bool) -> list[tuple[Any, ...]]:
        made, sent = client(frugal=frugal), []

        def answer(request: Any, **_: Any) -> Any:
            headers = {name: value for name, value in request.headers.items() if name in ("X-Amz-Target", "Content-Type")}
            sent.append((request.method, request.url, request.body, headers))
            assert b"Botocore/" in request.headers["User-Agent"]
            assert b"/eu-central-1/dynamodb/aws4_request" in request.headers["Authorization"]
            return AWSResponse(request.url, 200, HEADERS, SimpleNamespace(stream=lambda: iter([b"{}"])))

        made.meta.events.register_first("before-send.dynamodb", answer)
        for name in ("one", "two"):
            made.get_item(TableName=name, Key={"pk": {"S": name}})
            made.put_item(TableName=name, Item=AS_GIVEN)
            made.transact_write_items(TransactItems=[{"Put": {"TableName": name, "Item": AS_GIVEN}}], ClientRequestToken="once")
        return sent

    assert asked(frugal=True) == asked(frugal=False)
