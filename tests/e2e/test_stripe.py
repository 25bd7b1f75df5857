"""A conference that is paid by Stripe, on the emulator: keys in Secrets Manager, a stateful Stripe server of our own over HTTP, and
its signed webhooks through API Gateway. Nothing looks at the order but what Stripe tells."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from localstack.client import Person, wait_until
from localstack.onsale import OnSale, Plan
from localstack.ports import HOST, free_port
from localstack.processes import Child, inherited
from localstack.settings import given
from localstack.stack import RunningStack

KEYS = {"publishable_key": "pk_test_1", "secret_key": "sk_test_1", "webhook_secret": "whsec_test_1"}
VISA = {"type": "card", "card[number]": "4242424242424242", "card[exp_month]": "12", "card[exp_year]": "2030", "card[cvc]": "123"}


class Stripe:
    """A client of the Stripe server, as the buyer's browser and the organiser's dashboard are."""

    def __init__(self, url: str, http: httpx.Client) -> None:
        self.url, self._http = url, http

    def post(self, path: str, form: dict[str, str]) -> Any:
        answer = self._http.post(f"{self.url}{path}", data=form, auth=(KEYS["secret_key"], ""))
        assert answer.is_success, answer.text
        return answer.json()

    def get(self, path: str, **query: str) -> Any:
        return self._http.get(f"{self.url}{path}", params=query, auth=(KEYS["secret_key"], "")).json()

    def tell(self, url: str) -> None:
        """Have webhooks sent there, signed with the conference's secret."""
        about = {"url": url, "secret": KEYS["webhook_secret"], "events": ["payment_intent.succeeded"]}
        assert self._http.post(f"{self.url}/_config/webhooks/ketemu", json=about).is_success

    def confirm(self, client_secret: str) -> str:
        intent = client_secret.partition("_secret_")[0]
        self.post(f"/v1/payment_intents/{intent}", {"payment_method": self.post("/v1/payment_methods", VISA)["id"]})
        self.post(f"/v1/payment_intents/{intent}/confirm", {})
        return intent


@pytest.fixture
def stripe(stack: RunningStack, http: httpx.Client, tmp_path: Path) -> Iterator[Stripe]:
    """A Stripe server that the deployed functions of orders talk to."""
    port = free_port()
    url = f"http://{HOST}:{port}"
    command = [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"]

    def answers() -> bool:
        try:
            return http.get(f"{url}/v1/refunds", auth=(KEYS["secret_key"], "")).is_success
        except httpx.TransportError:
            return False

    with Child("localstripe", command, log=tmp_path / "localstripe.log", settings=inherited(), patience=5):
        wait_until(answers, "a Stripe server")
        with given(stack.endpoint, {each: {"STRIPE_API_BASE": url} for each in ("OrdersApi", "OrdersWorker")}):
            yield Stripe(url, http)


def test_who_pays_by_stripe_has_a_ticket_by_its_webhook_and_the_money_back_by_a_refund(
    stack: RunningStack,
    stripe: Stripe,
    person: Callable[[str], Person],
    http: httpx.Client,
) -> None:
    organizer = person("Stripe")
    sale = OnSale(stack.endpoint, organizer, Plan(tickets=5, buyers=1, hold_minutes=15), print)
    sale.open()
    conference_id, buyer = sale.conference_id, sale.buyers[0].person
    organizer.wait_for_role(conference_id, "organizer")
    told = organizer.call("PUT", f"/orders/conferences/{conference_id}/stripe", KEYS).json()
    assert told == {"publishable_key": KEYS["publishable_key"]}
    kept = stack.endpoint.client("secretsmanager").get_secret_value(SecretId=f"ketemu/stripe/{conference_id}")["SecretString"]
    assert json.loads(kept) == {name: KEYS[name] for name in ("secret_key", "webhook_secret")}
    stripe.tell(f"{stack.api_url}/orders/webhooks/stripe")

    line = {"ticket_type_id": sale.type_id, "quantity": 1}
    order = buyer.post("/orders", {"conference_id": conference_id, "lines": [line], "payment": {"method": "stripe"}})
    assert (order["status"], order["payment"]["status"]) == ("reserved", "pending")
    intent = stripe.confirm(order["payment"]["client_secret"])

    path = f"/orders/{order['id']}"
    paid = wait_until(lambda: (now := buyer.get(path))["status"] == "paid" and now, "the webhook's effect")
    assert [change["by"] for change in paid["history"] if change["what"] == "paid"] == ["provider"]
    assert stripe.get(f"/v1/payment_intents/{intent}")["amount"] == paid["total"]["amount"]
    wait_until(lambda: _tickets(buyer, order["id"]) == ["valid"], "a ticket")

    forged = {
        "type": "payment_intent.succeeded",
        "data": {"object": {"metadata": {"conference_id": conference_id, "order_id": "x"}}},
    }
    refused = http.post(f"{stack.api_url}/orders/webhooks/stripe", json=forged, headers={"Stripe-Signature": "t=1,v1=0"})
    assert refused.status_code == 403

    refunded = organizer.post(f"{path}/refunds", {"tickets": [1]}, expect=200)
    assert (refunded["status"], refunded["refunded"]) == ("refunded", paid["total"])
    assert [each["amount"] for each in stripe.get("/v1/refunds", payment_intent=intent)["data"]] == [paid["total"]["amount"]]
    wait_until(lambda: _tickets(buyer, order["id"]) == ["cancelled"], "the end of the ticket")


def _tickets(buyer: Person, order_id: str) -> list[str]:
    return [ticket["status"] for ticket in buyer.get("/tickets")["items"] if ticket["order_id"] == order_id]
