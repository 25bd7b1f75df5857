import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import botocore.client
import pytest
from argon2 import PasswordHasher
from aws_lambda_powertools.utilities import parameters

from bench.meter import Meter, metering
from functions.auth import passwords
from functions.auth.keyset import KeySet
from shared.clock import now
from shared.table import Item
from tests.aws import mock_aws
from tests.support import Table

CallNext = Callable[[str, dict[str, Any]], Any]
Intercept = Callable[[Callable[[CallNext, str, dict[str, Any]], Any]], None]


@pytest.fixture
def aws() -> Iterator[None]:
    """All of AWS, in memory, empty."""
    with mock_aws():
        yield


@pytest.fixture
def table(aws: None) -> Table:
    """The context's table with its index, as template.yaml makes it."""
    Item.create_table(billing_mode="PAY_PER_REQUEST", wait=False)
    return Table()


@pytest.fixture
def mailing(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the worker of notifications is given to send mail and gather digests with."""
    from functions.notifications import ses

    settings = {
        "MAIL_FROM": "tickets@example.org",
        "API_URL": "https://api.example.org/{api}/v1",
        "API_ID": "a1b2c3",
        "PUBLIC_URL": "api",
        "MAIL_CONFIGURATION": "off",
        "DIGEST_SECONDS": "600",
        "LIVE_URL": "off",
        "LIVE_ID": "off",
        "PAPERS_BUCKET": "papers",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="papers", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    boto3.client("ses").verify_email_identity(EmailAddress=settings["MAIL_FROM"])
    ses._ses.cache_clear()
    yield
    ses._ses.cache_clear()


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id with the least of everything: what it costs on purpose is for `tests/unit/test_auth_passwords.py`."""
    quick = PasswordHasher(memory_cost=8, time_cost=1, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", quick)
    monkeypatch.setattr(passwords, "NOBODY", quick.hash("nobody's"))


@pytest.fixture
def signing(aws: None, quick_passwords: None, monkeypatch: pytest.MonkeyPatch) -> KeySet:
    """The signing keys, as the deployment makes them."""
    keys = KeySet.generate(now())
    boto3.client("secretsmanager").create_secret(Name="signing-keys", SecretString=keys.to_json())
    monkeypatch.setenv("SIGNING_KEYS_SECRET", "signing-keys")
    monkeypatch.setenv("JWKS", keys.jwks())
    monkeypatch.setenv("API_ADDRESS", "http://127.0.0.1:9")  # where nobody answers: no key is looked up
    parameters.clear_caches()
    return keys


@pytest.fixture
def meter() -> Iterator[Meter]:
    """What is asked of DynamoDB, and the units that it bills for that."""
    with metering() as running:
        yield running


@pytest.fixture
def intercept(monkeypatch: pytest.MonkeyPatch) -> Intercept:
    """Puts a function around every call to AWS."""
    original = botocore.client.BaseClient._make_api_call  # the one place every call goes through

    def around(hook: Callable[[CallNext, str, dict[str, Any]], Any]) -> None:
        def made(self: Any, operation: str, params: dict[str, Any]) -> Any:
            return hook(lambda *args: original(self, *args), operation, params)

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", made)

    return around


@pytest.fixture
def one_at_a_time(intercept: Intercept) -> None:
    """Each call is atomic, as DynamoDB's are and moto's transactions between threads are not; what lies between calls is free."""
    lock = threading.Lock()

    def serialised(proceed: CallNext, operation: str, params: dict[str, Any]) -> Any:
        with lock:
            return proceed(operation, params)

    intercept(serialised)
