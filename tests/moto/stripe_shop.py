"""A shop that takes Stripe: localstripe, a stateful Stripe server, over HTTP.

It has PaymentIntents, payment methods, refunds and signed webhooks, and lacks what is held here against Stripe's published shapes
instead: it ignores Idempotency-Key (so the keys that are sent are looked at), and has no webhook about a canceled PaymentIntent.
"""

import hashlib
import hmac
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
import stripe

from functions.orders import api, secrets
from shared.caller import Caller
from shared.messages import OrderPaid
from tests.moto.stock import ADA, BOB, changed, stock
from tests.support import Answer, Table, call

KEYS = {"publishable_key": "pk_test_1", "secret_key": "sk_test_1", "webhook_secret": "whsec_test_1"}
SETTINGS = "/orders/conferences/cnf_1/stripe"
VISA, DECLINED = "4242424242424242", "4000000000000341"
BY_STRIPE = {"payment": {"method": "stripe"}}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(holds: Callable[[], Any], seconds: float = 20) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a Stripe of our own."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        with suppress(requests.ConnectionError):
            return requests.get(f"{url}/v1/refunds", auth=("sk_test_1", ""), timeout=2).ok
        return False

    try:
        wait_until(answers)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def shop(table: Table, server: str, monkeypatch: pytest.MonkeyPatch) -> Table:
    """Five seats on sale at a conference that is paid by Stripe."""
    monkeypatch.setenv("STRIPE_API_BASE", server)
    monkeypatch.setenv("STRIPE_SECRETS", "ketemu/stripe/")
    secrets._kept.clear()
    secrets._client.cache_clear()
    stock(changed(capacity=5))
    assert settle_in().json == {"publishable_key": "pk_test_1"}
    return table


def settle_in(caller: Caller | None = ADA, **other: Any) -> Answer:
    return call(api.handler, "PUT", SETTINGS, {**KEYS, **other}, caller=caller)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str | None]]:
    """Method, path and idempotency key of what goes to Stripe."""
    calls: list[tuple[str, str, str | None]] = []
    real = stripe.RequestsClient.request

    def request(client: Any, method: str, url: str, headers: Any, *rest: Any, **more: Any) -> Any:
        calls.append((method, url.partition("/v1/")[2].partition("?")[0], headers.get("Idempotency-Key")))
        return real(client, method, url, headers, *rest, **more)

    monkeypatch.setattr(stripe.RequestsClient, "request", request)
    return calls


def confirm(server: str, order: Any, card: str = VISA) -> None:
    """What Stripe's library does in the buyer's browser."""
    intent = order["payment"]["client_secret"].partition("_secret_")[0]
    form = {"type": "card", "card[number]": card, "card[exp_month]": "12", "card[exp_year]": "2030", "card[cvc]": "123"}
    method = ask(f"{server}/v1/payment_methods", form).json()["id"]
    ask(f"{server}/v1/payment_intents/{intent}", {"payment_method": method})
    ask(f"{server}/v1/payment_intents/{intent}/confirm", {})


def ask(url: str, form: dict[str, str]) -> requests.Response:
    return requests.post(url, data=form, auth=("sk_test_1", ""), timeout=5)


def pay(order_id: str) -> Answer:
    return call(api.handler, "POST", f"/orders/{order_id}/payments", {"method": "stripe"}, caller=BOB)


def webhook(body: bytes, signature: str) -> Answer:
    return call(api.handler, "POST", "/orders/webhooks/stripe", body, headers={"stripe-signature": signature})


def signed(body: bytes, at: float | None = None, secret: str = KEYS["webhook_secret"]) -> str:
    """As Stripe documents it (docs.stripe.com/webhooks#verify-manually)."""
    instant = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{instant}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={instant},v1={digest}"


def event(order_id: str, kind: str = "payment_intent.succeeded", **metadata: Any) -> bytes:
    named = {"order_id": order_id, "conference_id": "cnf_1", "attempt": "1", **metadata}
    intent = {"id": "pi_1", "object": "payment_intent", "status": "succeeded", "metadata": named}
    return json.dumps({"id": "evt_1", "object": "event", "type": kind, "data": {"object": intent}}).encode()


def paid(table: Table) -> int:
    return len([message for message in table.outbox() if isinstance(message, OrderPaid)])
