"""The signing keys are made once, and a deployment always gets its answer."""

import io
import json
import urllib.request
from typing import Any

import boto3
import pytest

from functions.auth import keys
from functions.auth.keyset import KeySet
from tests.support import CONTEXT

URL = "https://cloudformation.example.org/answer?signature=abc"


@pytest.fixture
def answers(aws: None, monkeypatch: pytest.MonkeyPatch) -> list[urllib.request.Request]:
    """What CloudFormation was told."""
    sent: list[urllib.request.Request] = []

    def urlopen(request: urllib.request.Request, timeout: float) -> io.BytesIO:
        sent.append(request)
        return io.BytesIO()

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return sent


def secret(value: str | None) -> Any:
    client = boto3.client("secretsmanager")
    client.create_secret(Name="signing-keys", **({} if value is None else {"SecretString": value}))
    return client


def kept(client: Any) -> str:
    return str(client.get_secret_value(SecretId="signing-keys")["SecretString"])


def run(answers: list[urllib.request.Request], request_type: str = "Create", **changes: Any) -> dict[str, Any]:
    event = {
        "RequestType": request_type,
        "ResponseURL": URL,
        "StackId": "arn:aws:cloudformation:eu-central-1:000000000000:stack/ketemu/1",
        "RequestId": "req-1",
        "ResourceType": "Custom::SigningKeys",
        "LogicalResourceId": "SigningKeys",
        "ResourceProperties": {"SecretId": "signing-keys"},
        **changes,
    }
    keys.handler(event, CONTEXT)
    data = answers[-1].data
    assert isinstance(data, bytes)
    assert len(data) <= 4_096
    answer: dict[str, Any] = json.loads(data)
    assert {name: answer[name] for name in ("StackId", "RequestId", "LogicalResourceId")} == {
        name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")
    }
    return answer


@pytest.mark.parametrize("placeholder", [None, "{}", '{"keys": {}}'])
def test_the_first_deployment_makes_the_keys(answers: list[urllib.request.Request], placeholder: str | None) -> None:
    client = secret(placeholder)
    answer = run(answers)
    made = KeySet.from_json(kept(client))
    assert made is not None
    assert (answer["Status"], answer["Data"]) == ("SUCCESS", {"Jwks": made.jwks()})


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_later_deployments_keep_the_keys(answers: list[urllib.request.Request], request_type: str) -> None:
    client = secret("{}")
    first, before = run(answers), kept(client)
    again = run(answers, request_type, PhysicalResourceId=first["PhysicalResourceId"])
    assert again == first
    assert kept(client) == before


def test_the_answer_is_put_to_cloudformation_with_an_empty_content_type(answers: list[urllib.request.Request]) -> None:
    secret("{}")
    run(answers)
    [request] = answers
    assert (request.full_url, request.get_method(), request.get_header("Content-type")) == (URL, "PUT", "")


def test_nothing_private_is_told(answers: list[urllib.request.Request]) -> None:
    client = secret("{}")
    run(answers)
    told = json.dumps(json.loads(answers[0].data or b""))
    assert "PRIVATE" not in told
    for document in json.loads(kept(client))["keys"].values():
        assert document["private"].startswith("-----BEGIN PRIVATE KEY-----")
        assert not [line for line in document["private"].splitlines()[1:-1] if line in told]


def test_deleting_the_resource_leaves_the_keys(answers: list[urllib.request.Request]) -> None:
    client = secret("{}")
    made, before = run(answers), kept(client)
    answer = run(answers, "Delete", PhysicalResourceId=made["PhysicalResourceId"])
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", made["PhysicalResourceId"])
    assert kept(client) == before


def test_deleting_what_was_never_made_succeeds(answers: list[urllib.request.Request]) -> None:
    assert run(answers, "Delete", PhysicalResourceId="SigningKeys", ResourceProperties={})["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("properties", "value", "reason"),
    [
        ({}, "{}", "KeyError"),
        ({"SecretId": "no-such-secret"}, "{}", "ResourceNotFoundException"),
        ({"SecretId": "signing-keys"}, "not ours", "JSONDecodeError"),
        ({"SecretId": "signing-keys"}, '{"current": "k", "keys": {"k": {"private": "?", "created_at": "?"}}}', "ValueError"),
    ],
)
def test_a_failure_is_answered_with_its_reason_and_overwrites_nothing(
    answers: list[urllib.request.Request], properties: dict[str, str], value: str, reason: str
) -> None:
    client = secret(value)
    answer = run(answers, ResourceProperties=properties)
    assert answer["Status"] == "FAILED"
    assert answer["Reason"].startswith(reason)
    assert answer["PhysicalResourceId"]
    assert kept(client) == value
