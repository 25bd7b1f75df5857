"""The whole, over HTTP, on the emulator: what a person does and sees."""

import json
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from localstack.client import Person, named, until_decided, wait_until
from localstack.demo import Journey
from localstack.stack import RunningStack


def order(conference_id: str, type_id: str, quantity: int = 1) -> dict[str, Any]:
    return {"conference_id": conference_id, "lines": [{"ticket_type_id": type_id, "quantity": quantity}]}


def paid_order(conference_id: str, type_id: str, quantity: int = 1) -> dict[str, Any]:
    return {**order(conference_id, type_id, quantity), "payment": {"method": "simulated"}}


def test_the_journey_from_registration_to_the_inbox(stack: RunningStack, http: httpx.Client, tmp_path: Path) -> None:
    journey = Journey(stack.api_url, http, tmp_path / "ticket.png")
    journey.play()
    assert [outcome for _, outcome, _ in journey.steps if not outcome] == []


def test_a_paid_order_is_mailed_once_with_its_tickets(
    person: Callable[[str], Person], on_sale: Any, mails: Callable[[Person], list[Any]]
) -> None:
    conference_id, type_id = on_sale(capacity=5)
    buyer = person("Maya")
    order_id = buyer.post("/orders", paid_order(conference_id, type_id, quantity=2))["id"]

    wait_until(lambda: mails(buyer), "the e-mail")
    (mail,) = mails(buyer)
    assert mail["Source"] == "tickets@example.org"
    assert order_id in mail["BodyText"]
    assert "page 2 of the attached tickets.pdf" in mail["BodyText"]


def test_fifty_buyers_for_the_last_twenty_tickets_buy_exactly_twenty(
    stack: RunningStack, http: httpx.Client, person: Callable[[str], Person], on_sale: Any
) -> None:
    conference_id, type_id = on_sale(capacity=20)
    buyers = [person(f"Buyer{number}") for number in range(50)]
    body = {
        "conference_id": conference_id,
        "lines": [{"ticket_type_id": type_id, "quantity": 1}],
        "payment": {"method": "simulated"},
    }

    def buy(buyer: Person) -> httpx.Response:
        headers = {**buyer.credential(), "Idempotency-Key": "once"}
        return until_decided(lambda: http.post(f"{stack.api_url}/orders", json=body, headers=headers))

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(buy, buyers))
    assert Counter(named(answer) for answer in answers) == {"201": 20, "409 sold-out": 30}
    assert {answer.json()["status"] for answer in answers if answer.is_success} == {"paid"}

    with ThreadPoolExecutor(50) as pool:  # a retry changes nothing: the same key is the same order
        again = list(pool.map(buy, buyers))
    assert [answer.json().get("id") for answer in again] == [answer.json().get("id") for answer in answers]

    winners = [buyer for buyer, answer in zip(buyers, answers, strict=True) if answer.status_code == 201]
    tickets = [
        wait_until(lambda buyer=buyer: buyer.get("/tickets")["items"], "a ticket")  # type: ignore[misc]  # a lambda's default
        for buyer in winners
    ]
    assert len({ticket["id"] for (ticket,) in tickets}) == 20


def test_a_hold_that_nobody_pays_returns_its_seat(person: Callable[[str], Person], on_sale: Any) -> None:
    slow, quick = person("Slow"), person("Quick")
    began = time.monotonic()
    conference_id, type_id = on_sale(capacity=1, hold_minutes=1)
    trip = timedelta(seconds=time.monotonic() - began)  # from a request through the bus to what is seen
    held = slow.post("/orders", order(conference_id, type_id))
    assert held["status"] == "reserved"
    quick.call("POST", "/orders", order(conference_id, type_id), expect=409)

    wait_until(lambda: slow.get(f"/orders/{held['id']}")["status"] == "expired", "the expiry")
    late_by = datetime.now(UTC) - datetime.fromisoformat(held["expires_at"])
    assert timedelta(0) <= late_by < max(timedelta(seconds=10), 10 * trip)
    slow.call("POST", f"/orders/{held['id']}/payments", {"method": "simulated"}, expect=409)
    quick.post("/orders", paid_order(conference_id, type_id))


@pytest.mark.parametrize(
    ("method", "path", "token", "status", "slug"),
    [
        ("GET", "/tickets", None, 401, "unauthenticated"),
        ("GET", "/tickets", "not-a-token", 403, "token-refused"),
        ("GET", "/nowhere/at/all", None, 404, "not-found"),
        ("GET", "/events/conferences?mine=true", None, 401, "unauthenticated"),
        ("GET", "/events/conferences/cnf_00000000000000000000000000", None, 404, "not-found"),
        ("POST", "/auth/login", None, 422, "invalid"),
    ],
)
def test_the_gate_and_the_functions_speak_the_same_problems(
    stack: RunningStack, http: httpx.Client, method: str, path: str, token: str | None, status: int, slug: str
) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = http.request(method, f"{stack.api_url}{path}", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:ketemu:problem:{slug}")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_browser_may_ask_first(stack: RunningStack, http: httpx.Client) -> None:
    answer = http.options(f"{stack.api_url}/orders", headers={"Origin": "https://app.example.org"})
    assert answer.status_code == 204
    assert "Idempotency-Key" in answer.headers["access-control-allow-headers"]


def test_the_correlation_id_goes_from_the_request_through_every_message(
    person: Callable[[str], Person], on_sale: Any, logs: Callable[[str], list[dict[str, Any]]]
) -> None:
    conference_id, type_id = on_sale(capacity=1)
    buyer = person("Traced")
    buyer.call("POST", "/orders", paid_order(conference_id, type_id), expect=201, X_Correlation_Id="trace-me-4711")
    contexts = {"orders", "tickets", "contacts", "notifications"}
    wait_until(lambda: {line["service"] for line in logs("trace-me-4711")} >= contexts, "the id in the logs of each context")
    assert buyer.email not in str(logs("trace-me-4711"))


def test_an_answer_without_a_body_arrives_as_one(stack: RunningStack, http: httpx.Client, person: Callable[[str], Person]) -> None:
    organizer = person("Brief")
    opening = datetime.now(UTC) + timedelta(days=1)
    body = {"name": "Brief", "time_zone": "UTC", "currency": "EUR", "starts_at": opening.isoformat()}
    body["ends_at"] = (opening + timedelta(days=1)).isoformat()
    base = f"/events/conferences/{organizer.post('/events/conferences', body)['id']}"
    room = organizer.post(f"{base}/rooms", {"name": "Pendopo"})
    organizer.call("DELETE", f"{base}/rooms/{room['id']}", expect=204)
    organizer.post(f"{base}/publish", expect=200)
    etag = organizer.call("GET", f"{base}/agenda").headers["etag"]
    assert organizer.call("GET", f"{base}/agenda", expect=304, If_None_Match=etag).content == b""
    organizer.call("POST", "/auth/logout", {"refresh_token": organizer.tokens["refresh_token"]}, expect=204)


def test_every_message_was_worked_off_without_a_failure(stack: RunningStack) -> None:
    sqs, logs = stack.endpoint.client("sqs"), stack.endpoint.client("logs")
    waiting = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]  # what is delayed is a hold that lasts

    def idle(url: str) -> bool:
        return set(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=waiting)["Attributes"].values()) == {"0"}

    for url in sqs.list_queues()["QueueUrls"]:
        wait_until(lambda url=url: idle(url), f"{url} to be empty")  # type: ignore[misc]  # a lambda's default
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName="/ketemu/ketemu")
    lines = [line for page in pages for event in page["events"] for line in event["message"].splitlines()]
    assert len(lines) > 100
    assert [line for line in lines if '"unhandled"' in line] == []
    failed = [json.loads(line) for line in lines if '"message failed"' in line]
    # What will pass is tried again by design: two messages of one order that would both send its mail, a database that is late.
    assert [line for line in failed if not line["passing"]] == []
