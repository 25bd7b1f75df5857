"""Paying by Stripe, against localstripe, a stateful Stripe server, over HTTP.

It has PaymentIntents, payment methods, refunds and signed webhooks, and lacks what is held here against Stripe's published shapes
instead: it ignores Idempotency-Key (so the keys that are sent are looked at), and has no webhook about a canceled PaymentIntent.
"""

import hashlib
import hmac
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests
import stripe
from stripe._payment_intent_service import PaymentIntentService
from stripe._refund_service import RefundService

from functions.orders import api, schedule, secrets
from shared.caller import Caller
from shared.messages import OrderPaid, OrderRefunded, RefundFailed
from tests.moto.test_orders_api import cancel, get
from tests.moto.test_orders_reconciliation import reconcile
from tests.moto.test_orders_returns import refund, run_out
from tests.moto.test_orders_stock import ADA, BOB, EVE, PAID_AT_ONCE, Book, basket, books, changed, order, stock, unchanged
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


@pytest.fixture(scope="module")
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


# Paying


def test_the_buyer_confirms_in_the_browser_and_the_next_look_finds_it_paid(shop: Table, server: str, sent: Any) -> None:
    pending = order(basket(2, **BY_STRIPE)).json
    assert (pending["status"], pending["payment"]["status"]) == ("reserved", "pending")
    assert pending["payment"]["client_secret"].startswith(pending["payment"]["reference"])
    assert get(f"/orders/{pending['id']}").json["payment"]["client_secret"] is None
    assert pay(pending["id"]).json["payment"]["client_secret"] == pending["payment"]["client_secret"]
    confirm(server, pending)
    after = pay(pending["id"]).json
    assert (after["status"], after["payment"]["status"], after["payment"]["client_secret"]) == ("paid", "confirmed", None)
    assert pay(pending["id"]).json["status"] == "paid"
    assert paid(shop) == 1
    [made] = [key for method, path, key in sent if (method, path) == ("post", "payment_intents")]
    assert made


def test_a_declined_card_leaves_the_buyer_to_try_another(shop: Table, server: str) -> None:
    pending = order(basket(1, **BY_STRIPE)).json
    confirm(server, pending, DECLINED)
    again = pay(pending["id"]).json
    assert (again["status"], again["payment"]["status"]) == ("reserved", "pending")
    assert again["payment"]["client_secret"] == pending["payment"]["client_secret"]  # localstripe takes no second card


def test_a_lost_answer_is_asked_for_again_under_the_same_key(shop: Table, server: str, sent: Any, monkeypatch: Any) -> None:
    real = stripe.RequestsClient.request

    def lost(*asked: Any, **more: Any) -> Any:
        real(*asked, **more)
        raise stripe.APIConnectionError("the answer is lost")

    monkeypatch.setattr("stripe.RequestsClient.request", lost)
    monkeypatch.setattr("stripe.RequestsClient.sleep_time_seconds", lambda *_: 0, raising=False)
    silent = order(basket(1, **BY_STRIPE), key="k")
    assert (silent.status, silent.problem()) == (503, "payment-unavailable")
    monkeypatch.setattr("stripe.RequestsClient.request", real)
    again = order(basket(1, **BY_STRIPE), key="k").json
    keys = {key for method, path, key in sent if (method, path) == ("post", "payment_intents")}
    assert len(keys) == 1
    assert None not in keys
    confirm(server, again)
    assert pay(again["id"]).json["status"] == "paid"
    assert paid(shop) == 1


def test_a_conference_that_takes_stripe_takes_nothing_simulated(shop: Table) -> None:
    with unchanged(shop):
        assert order(basket(1, **PAID_AT_ONCE)).problem() == "payment-method"
    order_id = order(basket(1)).json["id"]
    with unchanged(shop):
        simulated = call(api.handler, "POST", f"/orders/{order_id}/payments", {"method": "simulated"}, caller=BOB)
        assert (simulated.status, simulated.problem()) == (409, "payment-method")


def test_an_order_is_paid_as_its_conference_was_paid_when_it_was_placed(table: Table, server: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("STRIPE_SECRETS", "ketemu/stripe/")
    stock(changed(capacity=5))
    order_id = order(basket(1)).json["id"]
    assert settle_in().status == 200
    assert pay(order_id).problem() == "payment-method"


def test_simulated_payments_can_be_switched_off(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(changed(capacity=5))
    monkeypatch.setenv("SIMULATED_PAYMENTS", "off")
    with unchanged(table):
        assert order(basket(1, **PAID_AT_ONCE)).problem() == "payment-method"


# What happens to an open one


def test_a_hold_that_ends_calls_the_payment_off(shop: Table, server: str) -> None:
    pending = order(basket(1, **BY_STRIPE)).json
    run_out(shop)
    after = get(f"/orders/{pending['id']}").json
    assert (after["status"], after["payment"]["status"]) == ("expired", "failed")
    confirm(server, pending)
    assert get(f"/orders/{pending['id']}").json["status"] == "expired"
    assert books(shop) == {"typ_1": Book(5, 5, 0, 0)}


def test_a_hold_that_ends_finds_what_was_paid(shop: Table, server: str) -> None:
    pending = order(basket(1, **BY_STRIPE)).json
    confirm(server, pending)
    run_out(shop)
    assert get(f"/orders/{pending['id']}").json["status"] == "paid"


def test_a_cancelled_order_can_no_longer_be_paid(shop: Table, server: str) -> None:
    pending = order(basket(1, **BY_STRIPE)).json
    assert cancel(pending["id"]).json["payment"]["status"] == "failed"
    confirm(server, pending)
    assert get(f"/orders/{pending['id']}").json["status"] == "cancelled"


def test_only_the_buyer_is_given_what_a_payment_is_confirmed_with(shop: Table, server: str, monkeypatch: Any) -> None:
    pending = order(basket(1, **BY_STRIPE)).json
    with_the_bank = stripe.InvalidRequestError("it is processing", None, code="payment_intent_unexpected_state")

    def refuse(*_: Any, **__: Any) -> None:
        raise with_the_bank

    monkeypatch.setattr(PaymentIntentService, "cancel", refuse)
    by_organiser = cancel(pending["id"], ADA)
    assert (by_organiser.json["status"], by_organiser.json["payment"]["status"]) == ("cancelled", "pending")
    assert by_organiser.json["payment"]["client_secret"] is None
    assert pending["payment"]["client_secret"].encode() not in by_organiser.body


def test_the_reconciliation_finds_what_no_webhook_told(shop: Table, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pending = order(basket(1, **BY_STRIPE)).json
    confirm(server, pending)
    assert reconcile(monkeypatch) == ["paid"]
    assert schedule.handler({}, None)["mended"] == []


# Returning


def test_a_refund_whole_and_in_part_is_made_once_at_stripe(shop: Table, server: str, sent: Any) -> None:
    pending = order(basket(3, **BY_STRIPE)).json
    confirm(server, pending)
    pay(pending["id"])
    assert refund(pending["id"], key="k", tickets=[1]).json["status"] == "partially_refunded"
    assert refund(pending["id"], key="k", tickets=[1]).json["status"] == "partially_refunded"
    assert refund(pending["id"]).json["status"] == "refunded"
    whose = {"payment_intent": pending["payment"]["reference"]}
    made = requests.get(f"{server}/v1/refunds", params=whose, auth=("sk_test_1", ""), timeout=5).json()["data"]
    assert sorted(each["amount"] for each in made) == [4900, 9800]
    keys = [key for method, path, key in sent if (method, path) == ("post", "refunds")]
    assert len(keys) == len(set(keys)) == 2
    assert books(shop) == {"typ_1": Book(5, 5, 0, 0)}


def test_a_refund_that_stripe_made_and_we_did_not_record_is_not_made_again(
    shop: Table, server: str, sent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pending = order(basket(1, **BY_STRIPE)).json
    confirm(server, pending)
    pay(pending["id"])
    real = stripe.RequestsClient.request

    def lost(client: Any, method: str, url: str, *rest: Any, **more: Any) -> Any:
        answer = real(client, method, url, *rest, **more)
        if method == "post":
            raise stripe.StripeError("the answer is lost")
        return answer

    monkeypatch.setattr("stripe.RequestsClient.request", lost)
    assert refund(pending["id"]).status == 503
    monkeypatch.setattr("stripe.RequestsClient.request", real)
    assert reconcile(monkeypatch) == ["refunded"]
    assert len([each for each in sent if each[:2] == ("post", "refunds")]) == 1
    assert [message.amount.amount for message in shop.outbox() if isinstance(message, OrderRefunded)] == [4900]


def test_what_stripe_refuses_to_return_leaves_the_tickets_as_they_are(shop: Table, server: str, monkeypatch: Any) -> None:
    pending = order(basket(1, **BY_STRIPE)).json
    confirm(server, pending)
    pay(pending["id"])
    refusal = stripe.InvalidRequestError("already refunded", None, code="charge_already_refunded")  # localstripe never refuses it

    def refuse(*_: Any, **__: Any) -> None:
        raise refusal

    monkeypatch.setattr(RefundService, "create", refuse)
    refused = refund(pending["id"])
    assert (refused.status, refused.problem()) == (409, "refund-refused")
    assert "charge_already_refunded" in refused.json["detail"]
    assert get(f"/orders/{pending['id']}").json["status"] == "paid"


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
