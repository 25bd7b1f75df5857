from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from shared.table import Item
from tests.support import Table


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
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    boto3.client("ses").verify_email_identity(EmailAddress=settings["MAIL_FROM"])
    ses._ses.cache_clear()
    yield
    ses._ses.cache_clear()
