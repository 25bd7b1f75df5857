"""Paying by Stripe and returning what was paid, against localstripe over HTTP (tests/moto/stripe_shop.py)."""

from typing import Any

import pytest
import requests
import stripe
from stripe._payment_intent_service import PaymentIntentService
from stripe._refund_service import RefundService

from functions.orders import api, schedule
from shared.messages import OrderRefunded
from tests.moto.stock import ADA, BOB, PAID_AT_ONCE, Book, basket, books, changed, order, stock, unchanged
from tests.moto.stripe_shop import BY_STRIPE, DECLINED, confirm, paid, pay, sent, server, settle_in, shop
from tests.moto.test_orders_api import cancel, get
from tests.moto.test_orders_reconciliation import reconcile
from tests.moto.test_orders_returns import refund, run_out
from tests.support import Table, call

__all__ = ["sent", "server", "shop"]


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
