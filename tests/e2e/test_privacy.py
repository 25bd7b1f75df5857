"""A person sees all that is held about them, and leaves; a search of every table and of the logs finds nothing of them."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from localstack.client import NeverHappened, Person, until_decided, wait_until
from localstack.stack import RunningStack
from tests.e2e.mailbox import files, text

PHONE = "+62 274 555 0199"
BOOKS = ("Orders", "Tickets", "Events")  # in the names of tables


@pytest.fixture
def tables(stack: RunningStack) -> Callable[[], Iterator[tuple[str, str]]]:
    """Every item of every table, as text, with its table's name."""
    dynamodb = stack.endpoint.client("dynamodb")

    def read() -> Iterator[tuple[str, str]]:
        for name in dynamodb.list_tables()["TableNames"]:
            for page in dynamodb.get_paginator("scan").paginate(TableName=name):
                yield from ((name, json.dumps(item, ensure_ascii=False, default=str)) for item in page["Items"])

    return read


def test_a_person_is_shown_and_erased_across_all_contexts(
    stack: RunningStack, http: httpx.Client, person: Callable[[str], Person], on_sale: Any, tables: Any
) -> None:
    conference_id, type_id = on_sale(capacity=5)
    zelda, bob = person(f"Zelda{uuid4().hex[:6]}"), person("Keeper")
    body = {
        "conference_id": conference_id,
        "lines": [{"ticket_type_id": type_id, "quantity": 1}],
        "payment": {"method": "simulated"},
    }
    order = zelda.post("/orders", body)
    body["lines"] = [{"ticket_type_id": type_id, "quantity": 1, "attendees": [{"name": zelda.name, "email": zelda.email}]}]
    bob.post("/orders", body)
    for buyer in (zelda, bob):
        wait_until(lambda buyer=buyer: buyer.get("/tickets")["items"], "the ticket")  # type: ignore[misc]  # a lambda's default
    card = {"name": zelda.name, "email": zelda.email, "phone": PHONE, "visibility": {"email": "everyone", "phone": "everyone"}}
    zelda.call("PUT", "/contacts/card", card)
    bob.call("PUT", "/contacts/card", {"name": "Keeper", "email": bob.email})
    code = zelda.get("/contacts/card")["code"]
    bob.post("/contacts/exchange", {"code": code, "nonce": uuid4().hex})
    wait_until(lambda: [item for item in zelda.get("/notifications")["items"] if item["kind"] == "contact-exchanged"], "the news")
    zelda.post("/auth/me/consents", {"purpose": "terms", "text_version": "2026-01"})

    state = wait_until(lambda: ready(zelda), "the archive")
    whole = zipfile.ZipFile(io.BytesIO(http.get(state["url"]).raise_for_status().content))
    parts = {name: json.loads(whole.read(name)) for name in whole.namelist()}
    assert {"Consent", "User"} <= {item["kind"] for item in parts["auth.json"]}
    assert order["id"] in whole.read("orders.json").decode()
    assert zelda.email in whole.read("tickets.json").decode()
    assert PHONE in whole.read("contacts.json").decode()
    assert parts["notifications.json"]
    assert bob.email not in whole.read("orders.json").decode()

    zelda.call("DELETE", "/auth/me", {"password": zelda.password}, expect=204)
    zelda.call("POST", "/auth/refresh", {"refresh_token": zelda.tokens["refresh_token"]}, expect=401)

    def traces() -> list[tuple[str, str]]:
        private = (zelda.email, zelda.name, zelda.name.lower(), PHONE)
        return [(table, item) for table, item in tables() if any(text in item for text in private)]

    try:
        wait_until(lambda: not traces(), "no trace in any table")
    except NeverHappened:
        assert traces() == []  # says what is left
    assert order["id"] in str(list(tables()))  # the books stay
    assert bob.get("/contacts")["items"] == []
    newcomer = Person(zelda.api_url, http, zelda.name, zelda.email, uuid4().hex)
    newcomer.register()
    assert newcomer.user_id != zelda.user_id


def coded(who: Person, path: str, card: Any) -> str | None:
    """The code of the card; None where they do not attend yet."""
    answer = until_decided(lambda: who.http.put(f"{who.api_url}{path}", json=card, headers=who.credential()))
    assert answer.status_code in (200, 422), answer.text
    return str(answer.json()["code"]) if answer.is_success else None


def run(stack: RunningStack, function: str, event: Any) -> None:
    """As the schedule would."""
    resources = stack.endpoint.client("cloudformation").describe_stack_resources(StackName="ketemu")["StackResources"]
    name = next(str(each["PhysicalResourceId"]) for each in resources if each["LogicalResourceId"] == function)
    answer = stack.endpoint.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    assert "FunctionError" not in answer, answer["Payload"].read()


def ready(caller: Person) -> Any:
    answer = caller.http.get(f"{caller.api_url}/auth/me/export", headers=caller.credential())
    assert answer.status_code in (200, 202), answer.text
    return answer.json() if answer.status_code == 200 else None


def test_what_is_known_of_a_conferences_people_ends_with_its_retention(
    stack: RunningStack, person: Callable[[str], Person], on_sale: Any, tables: Any, mailed: Any
) -> None:
    """A month after it, by the schedule's own clock: companies and organisers lose the people, the books and friends stay."""
    host, booth, friend = person("Keeping"), person("Selling"), person("Befriended")
    wanda = person(f"Wanda{uuid4().hex[:6]}")
    conference_id, type_id = on_sale(capacity=5, organizer=host, retention_days=30)
    events = f"/events/conferences/{conference_id}"
    invited = {"email": booth.email, "role": "exhibitor", "company": "Acme"}
    booth.post("/events/invitations/accept", {"token": host.post(f"{events}/members", invited)["token"]}, expect=200)
    lines = [{"ticket_type_id": type_id, "quantity": 1}]
    for buyer in (wanda, friend):
        buyer.post("/orders", {"conference_id": conference_id, "lines": lines, "payment": {"method": "simulated"}})
    booth.wait_for_role(conference_id, "exhibitor")
    host.wait_for_role(conference_id, "organizer")
    card, where = {"name": wanda.name, "email": wanda.email, "visibility": {"email": "everyone"}}, f"?conference_id={conference_id}"
    code = wait_until(lambda: coded(wanda, f"/contacts/card{where}", card), "Wanda attends")
    for scanner in (booth, friend):
        wait_until(lambda s=scanner: coded(s, f"/contacts/card{where}", {"name": s.name}), "they attend")  # type: ignore[misc]
        scanner.post("/contacts/exchange", {"code": code, "nonce": uuid4().hex, "note": "wants a quote"})
    leads = f"/contacts/conferences/{conference_id}/leads"
    assert [lead["email"] for lead in booth.get(leads)["items"]] == [wanda.email]

    until = datetime.fromisoformat(host.get(events)["ends_at"]) + timedelta(days=30)
    for at, kind in ((until - timedelta(days=14), "retention-ending"), (until, "")):
        run(stack, "EventsRetention", {"time": at.isoformat().replace("+00:00", "Z"), "id": "1"})
        wait_until(lambda k=kind: k in str(host.get("/notifications?limit=100")["items"]), "it is told")  # type: ignore[misc]
    warning = mailed(host, "What is known of the people at E2E is soon anonymised")
    assert "Export before what you must keep" in text(warning, "html")
    assert (warning["List-Unsubscribe"], files(warning)) == (None, {})

    def books() -> list[str]:
        """Items of orders, tickets and events that still name Wanda."""
        return [item for table, item in tables() if wanda.email in item and any(name in table for name in BOOKS)]

    wait_until(lambda: booth.get(leads)["items"] == [], "no lead")
    orders = f"/orders/conferences/{conference_id}"
    wait_until(lambda: not books(), "no order, ticket or list at the door that names her")
    assert len(host.get(orders)["items"]) == 2
    assert wanda.email not in str(wanda.get("/tickets")["items"])

    def sold() -> tuple[int, int]:
        total = host.get(f"{orders}/totals")["total"]
        return (total["tickets_paid"], total["revenue"]["amount"]) if total else (0, 0)

    wait_until(lambda: sold() == (2, 9800), "the totals")
    assert host.get(events)["name"] == "E2E"
    [kept] = friend.get("/contacts")["items"]
    assert (kept["name"], kept["email"], kept["note"]) == (wanda.name, wanda.email, "wants a quote")
    assert [holder["user_id"] for holder in wanda.get("/contacts/holders")["items"]] == [friend.user_id]


def test_no_log_line_names_a_person_or_shows_a_secret(stack: RunningStack, person: Callable[[str], Person]) -> None:
    """After all that was done before it, and by somebody with a name that is found."""
    somebody = person(f"Quintessa{uuid4().hex[:6]}")
    somebody.refresh()
    somebody.get("/auth/me")
    somebody.call("POST", "/auth/login", {"email": somebody.email, "password": "wrong password"}, expect=401)
    somebody.call("POST", "/auth/password/forgot", {"email": somebody.email}, expect=202)
    somebody.call("POST", "/auth/password/reset", {"token": "a.b.c", "password": "a new password"}, expect=410)
    somebody.call("GET", "/auth/me/export", expect=202)
    wait_until(lambda: ready(somebody), "the archive")
    logs = stack.endpoint.client("logs")
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName="/ketemu/ketemu")
    lines = [line for page in pages for event in page["events"] for line in event["message"].splitlines()]
    assert len(lines) > 50
    private = ("@example.org", somebody.name, somebody.password, PHONE, "wrong password", *map(str, somebody.tokens.values()))
    private = tuple(text for text in private if text not in ("Bearer", "900"))
    leaks = [line for line in lines if any(text in line for text in private)]
    assert leaks == []
