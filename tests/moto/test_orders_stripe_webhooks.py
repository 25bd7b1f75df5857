"""What Stripe tells, and the keys that a conference gives for it, against localstripe over HTTP (tests/moto/stripe_shop.py)."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests
from stripe._refund_service import RefundService

from functions.orders import api, secrets
from shared.caller import Caller
from shared.messages import RefundFailed
from tests.moto.stock import ADA, BOB, EVE, Book, basket, books, order, unchanged
from tests.moto.stripe_shop import (
    BY_STRIPE,
    KEYS,
    SETTINGS,
    confirm,
    event,
    paid,
    pay,
    server,
    settle_in,
    shop,
    signed,
    wait_until,
    webhook,
)
from tests.moto.test_orders_api import get
from tests.moto.test_orders_returns import refund
from tests.support import Table, call

__all__ = ["server", "shop"]


# Webhooks


def test_stripe_tells_that_it_was_paid(shop: Table, server: str) -> None:
    """A webhook that localstripe itself makes, signs and sends."""
    heard: list[tuple[bytes, str]] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append((self.rfile.read(int(self.headers["Content-Length"])), self.headers["Stripe-Signature"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Ear) as ear:
        threading.Thread(target=ear.serve_forever, daemon=True).start()
        told = {"url": f"http://127.0.0.1:{ear.server_port}/", "secret": KEYS["webhook_secret"]}
        requests.post(f"{server}/_config/webhooks/ours", json=told, timeout=5)
        pending = order(basket(1, **BY_STRIPE)).json
        confirm(server, pending)
        body, signature = wait_until(lambda: next((each for each in heard if pending["id"].encode() in each[0]), None))
        ear.shutdown()
    assert webhook(body, signature).status == 204
    after = get(f"/orders/{pending['id']}").json
    assert (after["status"], after["history"][-1]["by"]) == ("paid", "provider")
    with unchanged(shop):
        assert webhook(body, signature).status == 204
    assert paid(shop) == 1


def refund_event(order_id: str, refund_id: str, kind: str = "refund.failed", **metadata: Any) -> bytes:
    """As Stripe documents them (docs.stripe.com/refunds#failed-refunds)."""
    named = {"order_id": order_id, "conference_id": "cnf_1", "refund_id": refund_id, **metadata}
    made = {"id": "re_1", "object": "refund", "status": "failed", "metadata": named}
    return json.dumps({"id": "evt_2", "object": "event", "type": kind, "data": {"object": made}}).encode()


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Says what has become of all refunds: localstripe has none that fail after they were made."""
    real = RefundService.list

    def becomes(status: str) -> None:
        def listed(self: RefundService, *asked: Any, **more: Any) -> Any:
            found = real(self, *asked, **more)
            for each in found.data:
                each.status, each.failure_reason = status, "expired_or_canceled_card"
            return found

        monkeypatch.setattr(RefundService, "list", listed)

    return becomes


def returned(server: str, quantity: int, **body: Any) -> Any:
    """An order that was paid, and of which some was returned."""
    pending = order(basket(quantity, **BY_STRIPE)).json
    confirm(server, pending)
    pay(pending["id"])
    return refund(pending["id"], **body).json


@pytest.mark.parametrize("kind", ["refund.failed", "refund.updated", "charge.refund.updated"])
def test_a_refund_that_comes_back_is_told_once_and_can_be_made_again(shop: Table, server: str, bank: Any, kind: str) -> None:
    before = returned(server, 2)
    [made] = before["refunds"]
    body = refund_event(before["id"], made["id"], kind)
    bank("failed")
    assert webhook(body, signed(body)).status == 204
    with unchanged(shop):
        assert webhook(body, signed(body)).status == 204
    after = get(f"/orders/{before['id']}").json
    assert (after["status"], after["payment"]["status"], after["refunded"]["amount"]) == ("refunded", "confirmed", 0)
    assert (after["refunds"][0]["status"], after["history"][-1]["what"]) == ("failed", "refund_failed")
    [told] = [message for message in shop.outbox() if isinstance(message, RefundFailed)]
    assert (told.amount.amount, told.came_back, "expired_or_canceled_card" in told.reason) == (9800, True, True)
    assert refund(before["id"], BOB).problem() == "not-refundable"
    bank("succeeded")
    again = refund(before["id"], key="again").json
    assert (again["status"], again["payment"]["status"], again["refunded"]["amount"]) == ("refunded", "refunded", 9800)
    assert refund(before["id"]).problem() == "not-refundable"
    assert books(shop) == {"typ_1": Book(5, 5, 0, 0)}


def test_a_refund_of_some_tickets_that_comes_back_leaves_the_others_as_they_are(shop: Table, server: str, bank: Any) -> None:
    before = returned(server, 3, tickets=[2])
    body = refund_event(before["id"], before["refunds"][0]["id"])
    bank("failed")
    assert webhook(body, signed(body)).status == 204
    assert [each["status"] for each in get(f"/orders/{before['id']}").json["tickets"]] == ["active", "refunded", "active"]
    bank("succeeded")
    again = refund(before["id"], tickets=[2]).json
    assert (again["status"], again["payment"]["status"], again["refunded"]["amount"]) == ("partially_refunded", "confirmed", 4900)
    assert refund(before["id"], tickets=[2]).problem() == "not-refundable"
    assert refund(before["id"]).json["refunded"]["amount"] == 14700
    assert books(shop) == {"typ_1": Book(5, 5, 0, 0)}


def test_a_webhook_about_a_refund_is_not_believed(shop: Table, server: str) -> None:
    before = returned(server, 1)
    for body in (
        refund_event(before["id"], before["refunds"][0]["id"]),  # Stripe, asked, says that it succeeded
        refund_event(before["id"], "rfd_other"),
        refund_event("ord_other", before["refunds"][0]["id"]),
        refund_event(before["id"], "../x"),
    ):
        with unchanged(shop):
            assert webhook(body, signed(body)).status == 204
            assert webhook(body, signed(body, secret="whsec_other")).status in (204, 403)


@pytest.mark.parametrize("kind", ["payment_intent.succeeded", "payment_intent.canceled", "payment_intent.processing"])
def test_a_webhook_is_a_reason_to_ask_and_is_not_believed(shop: Table, kind: str) -> None:
    pending = order(basket(1, **BY_STRIPE)).json
    body = event(pending["id"], kind)
    assert webhook(body, signed(body)).status == 204
    after = get(f"/orders/{pending['id']}").json
    assert (after["status"], after["payment"]["status"]) == ("reserved", "pending")


def test_only_what_stripe_signed_lately_is_heard(shop: Table, server: str) -> None:
    pending = order(basket(1, **BY_STRIPE)).json
    confirm(server, pending)
    body = event(pending["id"])
    for signature in (
        "",
        "t=1,v1=0",
        signed(body, secret="whsec_other"),
        signed(body + b" "),
        signed(body, at=time.time() - 301),
        signed(body).replace("v1=", "v0="),
    ):
        with unchanged(shop):
            answer = webhook(body, signature)
        assert (answer.status, answer.problem()) == (403, "not-from-provider")
    assert webhook(body, signed(body)).status == 204
    assert get(f"/orders/{pending['id']}").json["status"] == "paid"


def test_one_conference_cannot_speak_for_another(shop: Table, server: str) -> None:
    boss = Caller("usr_boss", "boss@example.org", "Boss", {"cnf_2": "organizer"})
    keys = {**KEYS, "webhook_secret": "whsec_other"}
    assert call(api.handler, "PUT", "/orders/conferences/cnf_2/stripe", keys, caller=boss).status == 200
    pending = order(basket(1, **BY_STRIPE)).json
    confirm(server, pending)
    foreign = event(pending["id"], conference_id="cnf_2")
    with unchanged(shop):
        assert webhook(foreign, signed(foreign, secret="whsec_other")).status == 204
        ours = event(pending["id"])
        assert webhook(ours, signed(ours, secret="whsec_other")).problem() == "not-from-provider"


def test_a_conference_without_keys_costs_nobody_a_look_for_them(shop: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody may send webhooks, to whatever conference."""
    monkeypatch.setattr(secrets, "_client", lambda: pytest.fail("a secret was looked for"))
    for conference_id in ("cnf_2", "cnf_nowhere"):
        body = event("ord_1", conference_id=conference_id)
        assert webhook(body, signed(body)).problem() == "not-from-provider"


@pytest.mark.parametrize(
    "body",
    [
        b'{"id": "evt_1", "type": "customer.created", "data": {"object": {"metadata": {}}}}',
        b'{"type": "payment_intent.succeeded"}',
        b'{"type": "payment_intent.succeeded", "data": []}',
        b'{"type": "payment_intent.succeeded", "data": {"object": {"metadata": {"conference_id": 1, "order_id": 2}}}}',
        b'{"type": "payment_intent.succeeded", "data": {"object": {"metadata": {"conference_id": "../x", "order_id": "o"}}}}',
        b"{}",
    ],
)
def test_what_is_about_nothing_of_ours_is_harmless(shop: Table, body: bytes) -> None:
    with unchanged(shop):
        assert webhook(body, signed(body)).status == 204


def test_a_webhook_that_is_no_json_is_refused(shop: Table) -> None:
    with unchanged(shop):
        assert webhook(b"\xff", "t=1,v1=0").problem() == "malformed"
        assert webhook(b"[]", "t=1,v1=0").problem() == "invalid"


# Keys


def test_secret_keys_are_written_and_never_read_or_logged(shop: Table, caplog: pytest.LogCaptureFixture, capsys: Any) -> None:
    answer = settle_in(secret_key="sk_test_2")
    shown = call(api.handler, "GET", SETTINGS, caller=BOB)
    order(basket(1, **BY_STRIPE))
    told = f"{answer.body!r}{shown.body!r}{caplog.text}{capsys.readouterr()}{shop.items()}"
    assert "sk_test" not in told
    assert "whsec" not in told
    assert shown.json == {"publishable_key": "pk_test_1"}
    kept = secrets.ConferenceSecrets().find("cnf_1")
    assert kept
    assert kept.secret_key == "sk_test_2"
    assert "sk_test" not in repr(kept)


@pytest.mark.parametrize(
    ("other", "caller", "status", "slug"),
    [
        ({}, None, 401, "unauthenticated"),
        ({}, BOB, 403, "forbidden"),
        ({}, EVE, 403, "forbidden"),
        ({"secret_key": "pk_test_1"}, ADA, 422, "invalid"),
        ({"secret_key": "sk_" + "a" * 251}, ADA, 422, "invalid"),
        ({"secret_key": "sk_a b"}, ADA, 422, "invalid"),
        ({"publishable_key": "sk_test_1"}, ADA, 422, "invalid"),
        ({"webhook_secret": "secret"}, ADA, 422, "invalid"),
        ({"webhook_secret": None}, ADA, 422, "invalid"),
        ({"account": "acct_1"}, ADA, 422, "invalid"),
    ],
)
def test_bad_keys_are_refused_and_not_repeated(shop: Table, other: Any, caller: Caller | None, status: int, slug: str) -> None:
    with unchanged(shop):
        answer = settle_in(caller, **other)
    assert (answer.status, answer.problem()) == (status, slug)
    assert b"sk_" not in answer.body


def test_the_library_is_not_imported_until_stripe_is_needed() -> None:
    code = "import sys, functions.orders.api, functions.orders.worker, functions.orders.schedule; sys.exit('stripe' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
