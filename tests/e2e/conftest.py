import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import httpx
import pytest

from localstack.client import Person, newcomer, wait_until
from localstack.opening import opened
from localstack.ports import free_port
from localstack.stack import RunningStack, running_stack
from tests.e2e.mailbox import Mailbox, mailbox, text


@pytest.fixture(scope="session")
def wire() -> Iterator[Mailbox]:
    """Where the emulator relays all e-mails to, as they are."""
    with mailbox() as kept, pytest.MonkeyPatch.context() as settings:
        settings.setenv("SMTP_HOST", kept.address)
        yield kept


@pytest.fixture(scope="session")
def stack(wire: Mailbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """The platform, built and deployed for this run on a free port; stopped and started once, as after a night."""
    data, port = tmp_path_factory.mktemp("stack"), free_port()  # one port: the kept queues' URLs name it
    with running_stack(port=port, data=data):
        pass
    with running_stack(port=port, data=data) as running:
        yield running


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    # The emulator closes a connection that was idle for five seconds: none of that age is used again.
    with httpx.Client(timeout=180, limits=httpx.Limits(keepalive_expiry=1)) as client:
        yield client


@pytest.fixture
def person(stack: RunningStack, http: httpx.Client) -> Callable[[str], Person]:
    """Somebody who has registered and logged in."""

    def arrive(name: str) -> Person:
        return newcomer(stack.api_url, http, name, undaunted=True)

    return arrive


@pytest.fixture
def mails(stack: RunningStack, http: httpx.Client) -> Callable[[Person], list[Any]]:
    """What somebody was sent, without the request to confirm their address, which everybody gets."""

    def to(person: Person) -> list[Any]:
        sent = http.get(f"{stack.endpoint_url}/_ministack/ses/messages").json()["messages"]
        everything = [mail for account in sent.values() for mail in account if person.email in str(mail["To"])]
        return [mail for mail in everything if mail["Subject"] != "Confirm your e-mail address"]

    return to


@pytest.fixture
def mailed(wire: Mailbox) -> Callable[[Person, str], EmailMessage]:
    """The mail to somebody whose subject says so, once it is there, in HTML and plain text."""

    def to(person: Person, subject: str, number: int = 1) -> EmailMessage:
        def found() -> list[EmailMessage]:
            return [mail for mail in wire.to(person.email) if subject in str(mail["Subject"])]

        mail = wait_until(lambda: found()[number - 1 : number], f"mail {number}: {subject}")[0]
        assert text(mail, "plain")
        assert "<h1" in text(mail, "html")
        return mail

    return to


@pytest.fixture
def on_sale(person: Callable[[str], Person]) -> Callable[..., tuple[str, str]]:
    """A published conference with one ticket type on sale: (conference_id, ticket_type_id)."""

    def publish(*, capacity: int, price: int = 4900, organizer: Person | None = None, **about: Any) -> tuple[str, str]:
        kind = {"name": "Regular", "price": price, "capacity": capacity}
        conference_id, [type_id] = opened(organizer or person("Organizer"), "E2E", [kind], starts_in=-timedelta(hours=1), **about)
        return conference_id, type_id

    return publish


@pytest.fixture
def logs(stack: RunningStack) -> Callable[[str], list[dict[str, Any]]]:
    """The log lines with a correlation id, of all functions, from the stack's log group."""
    client = stack.endpoint.client("logs")

    def with_id(correlation_id: str) -> list[dict[str, Any]]:
        pages = client.get_paginator("filter_log_events").paginate(logGroupName="/ketemu/ketemu", filterPattern=correlation_id)
        lines = [line for page in pages for event in page["events"] for line in event["message"].splitlines()]
        return [json.loads(line) for line in lines if line.startswith("{") and correlation_id in line]

    return with_id
