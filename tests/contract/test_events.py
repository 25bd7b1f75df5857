"""Every event in `events/` is one its function takes: what `make invoke` sends works."""

import json
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import boto3
import pytest

from functions.auth.keyset import KeySet
from shared.clock import now
from shared.table import Item
from tests.aws import mock_aws
from tests.contract.template import FUNCTIONS, ROOT
from tests.support import CONTEXT

FILES = sorted((ROOT / "events").rglob("*.json"))
KEYS_SECRET = json.loads((ROOT / "events" / "auth" / "keys.json").read_text())["ResourceProperties"]["SecretId"]
NOT_THERE = {
    "not-found",
    "pairing-refused",
    "unknown-ticket-type",
    "unknown-voucher",
    "unknown-code",
    "no-card",
    "bad-credentials",
    "link-dead",
}
CONTEXTS = ["auth", "contacts", "events", "gateway", "notifications", "orders", "relay", "tickets"]


@pytest.fixture(autouse=True)
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty platform: tables, secrets, the bus and a sender of e-mails."""
    with mock_aws():
        Item.create_table(billing_mode="PAY_PER_REQUEST", wait=False)
        boto3.client("events").create_event_bus(Name="ketemu")
        secrets, queues = boto3.client("secretsmanager"), boto3.client("sqs")
        made = KeySet.generate(now() - timedelta(days=1)).to_json()
        secrets.create_secret(Name=KEYS_SECRET, SecretString=made)
        secrets.create_secret(Name="ticket-secret", SecretString="0" * 64)
        monkeypatch.setenv("SIGNING_KEYS_SECRET", KEYS_SECRET)
        monkeypatch.setenv("TICKET_SECRET", "ticket-secret")
        monkeypatch.setenv("QUEUE_URL", queues.create_queue(QueueName="orders")["QueueUrl"])
        monkeypatch.setenv("AGENDA_CACHE_URL", "off")
        monkeypatch.setenv("STRIPE_SECRETS", "ketemu/stripe/")
        monkeypatch.setenv("MAIL_FROM", "tickets@example.org")
        monkeypatch.setenv("API_URL", "https://api.example.org/{api}/v1")
        monkeypatch.setenv("PUBLIC_URL", "api")
        monkeypatch.setenv("MAIL_CONFIGURATION", "off")
        monkeypatch.setenv("DIGEST_SECONDS", "600")
        monkeypatch.setenv("LIVE_URL", "wss://{api}.example.org/v1")
        monkeypatch.setenv("LIVE_ID", "l1v3")
        monkeypatch.setenv("API_ID", "a1b2c3")
        monkeypatch.setenv("JWKS", KeySet.generate(now()).jwks())
        monkeypatch.setenv("API_ADDRESS", "http://127.0.0.1:9")  # nobody answers there
        boto3.client("ses").verify_email_identity(EmailAddress="tickets@example.org")
        yield


def handler_of(path: Path, event: dict[str, Any]) -> Any:
    context = path.parent.name
    if context == "gateway":
        module, name = "authorizer", "visitor" if path.stem == "visitor" else "handler"
    elif context == "relay":
        module, name = "stream", "handler"
    elif "ResponseURL" in event:
        module, name = "keys", "handler"
    elif "Sns" in event.get("Records", [{}])[0]:
        module, name = "mail_events", "handler"
    elif event.get("source") == "aws.events":
        module, name = {"auth": "rotation", "events": "retention_schedule", "orders": "schedule"}[context], "handler"
    elif (context, path.stem) == ("tickets", "pdf"):
        module, name = "papers_api", "handler"
    elif path.stem in ("ledger-queue", "papers-queue"):
        module, name = f"{path.stem.removesuffix('-queue')}_worker", "handler"
    elif event.get("Records", [{}])[0].get("eventSource") == "aws:dynamodb":
        module, name = "journal_stream", "handler"
    elif "connectionId" in event.get("requestContext", {}):
        module, name = "sockets", "handler"
    else:
        module, name = ("worker" if "Records" in event else "api"), "handler"
    return getattr(import_module(f"functions.{context}.{module}"), name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_its_function_takes_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    event = json.loads(path.read_text())
    sent: list[Any] = []
    monkeypatch.setattr("urllib.request.urlopen", lambda request, **_: sent.append(request) or _Closed())
    answer = handler_of(path, event)(event, CONTEXT)
    if "ResponseURL" in event:
        assert json.loads(sent[0].data)["Status"] == "SUCCESS"
    elif "Sns" in event.get("Records", [{}])[0]:
        assert answer is None
    elif path.stem == "papers-queue":
        assert answer["batchItemFailures"] == [{"itemIdentifier": "m-0"}]  # it comes again: the tickets are still to be issued
    elif "Records" in event:
        assert answer["batchItemFailures"] == []
    elif event.get("source") == "aws.events":
        assert answer in ({"mended": []}, {"conferences": []}) or len(answer["published"]) == 3
    elif "connectionId" in event.get("requestContext", {}):
        assert answer["statusCode"] == (401 if "queryStringParameters" in event else 200)  # the ticket is unknown
    elif path.parent.name == "gateway":
        assert answer["policyDocument"]["Statement"]
    elif answer["statusCode"] >= 300:
        # What it names is not there on an empty platform; but its route is, and nothing is wrong with the request itself.
        problem = json.loads(answer["body"])
        assert problem["type"].rpartition(":")[2] in NOT_THERE, problem
        assert not problem["detail"].startswith(f"There is no {event['httpMethod']} "), problem


class _Closed:
    def __enter__(self) -> "_Closed":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.mark.parametrize("context", CONTEXTS)
def test_every_context_has_events_to_try(context: str) -> None:
    stems = {path.stem for path in FILES if path.parent.name == context}
    assert stems
    if f"{context.capitalize()}Worker" in FUNCTIONS:
        assert "queue" in stems
