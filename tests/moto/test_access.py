"""Who may do what: every route of docs/openapi.json, for every kind of caller, on one conference that has one of everything.

A route without a rule fails, and so does a rule that the code does not keep. A caller who may not is answered 401, 403, 404 or 410
and changes nothing; one who may is answered anything else (a conflict, say), and never by a fault.
"""

import copy
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any

import boto3
import pytest
from moto.dynamodb.models import dynamodb_backends

from functions.auth.keyset import KeySet
from shared import delay, messages
from shared.caller import Caller
from shared.clock import iso, now
from tests.contract.template import FUNCTIONS, OPENAPI, route_of
from tests.moto.access_rules import BODIES, CONFERENCE, COUNTED, LEADS, ORDERS, PASSWORD, PERSONS, ROLES, RULES, example
from tests.moto.conftest import CallNext, Intercept
from tests.moto.tickets import keep_secret, write_down
from tests.support import Answer, Table, call, deliver

ROUTES = [(method.upper(), path) for path, item in OPENAPI["paths"].items() for method in item]
CONTEXTS = ("auth", "events", "orders", "tickets", "contacts", "notifications")
WRITES = {"BatchWriteItem", "DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem"}


class World:
    """A published conference with one of everything, and everybody."""

    def __init__(self, table: Table) -> None:
        self.table, self._told = table, set[str]()
        self.people: dict[str, Caller | None] = {"anonymous": None}
        for role in (*ROLES[1:], "peer"):
            email = f"{role}@example.org"
            told = {"email": email, "password": PASSWORD, "name": role.title()}
            account = self.ok("POST", "/auth/register", told, None)
            self.people[role] = Caller(account["user_id"], email, role.title(), {}, email_verified=True)
        self.ids: dict[str, str] = {}
        host = "organizer"
        new = example("POST", "/events/conferences")
        made = self.ok("POST", "/events/conferences", new, host)
        other = self.ok("POST", "/events/conferences", {**new, "slug": "elsewhere"}, "elsewhere")
        self.ids["conference_id"] = conference = made["id"]
        base = f"/events/conferences/{conference}"
        for kind, one in (("rooms", "room_id"), ("speakers", "speaker_id"), ("tracks", "track_id"), ("pools", "pool_id")):
            self.ids[one] = self.ok("POST", f"{base}/{kind}", example("POST", f"{CONFERENCE}/{kind}"), host)["id"]
        self.ids["session_id"] = self.ok("POST", f"{base}/sessions", BODIES[f"POST {CONFERENCE}/sessions"], host)["id"]
        kind = {"name": "Regular", "price": 4900, "capacity": 20}
        self.ids["ticket_type_id"] = self.ok("POST", f"{base}/ticket-types", kind, host)["id"]
        self.ok("POST", f"{base}/publish", None, host)
        self.ids["release"] = "1"
        for role in ("staff", "exhibitor", "speaker"):
            invited = {"email": f"{role}@example.org", "role": role} | ({"company": "Stand"} if role == "exhibitor" else {})
            token = self.ok("POST", f"{base}/members", invited, host)["token"]
            self.ok("POST", "/events/invitations/accept", {"token": token}, role)
        self.ids["member_id"] = self.id_of("speaker")
        for role, where, what in [
            (host, conference, host),
            ("elsewhere", other["id"], host),
            *((each, conference, each) for each in ("staff", "exhibitor", "speaker")),
        ]:
            person = self.people[role]
            assert person
            person.roles[where] = what
        self.settle()
        lines = [{"ticket_type_id": self.ids["ticket_type_id"], "quantity": 1}]
        self.order = {"conference_id": conference, "lines": lines, "payment": {"method": "simulated"}}
        self.ids["order_id"] = self.ok("POST", "/orders", self.order, "owner")["id"]
        self.ok("POST", "/orders", self.order, "peer")
        self.ids |= {"number": "1", "code": "FRIENDS-20", "token": "not.a.token"}
        self.ids["voucher_id"] = self.ok(
            "POST", f"/orders/conferences/{conference}/vouchers", example("POST", f"{ORDERS}/vouchers"), host
        )["id"]
        self.settle()
        ticket = self.ok("GET", "/tickets", None, "owner")["items"][0]
        self.ids["ticket_id"] = ticket["id"]
        self.code = ticket["code"]
        self.ids["gate_id"] = self.ok("POST", f"/tickets/conferences/{conference}/gates", {"name": "North"}, host)["id"]
        self.ids["device_id"] = self.ok("POST", "/tickets/devices", {"conference_id": conference, "name": "Left"}, host)["device"][
            "id"
        ]
        self.ids["nonce"] = "n-1"
        self.ok("POST", f"/tickets/{ticket['id']}/transfer", {"email": "peer@example.org"}, "owner")
        scan = {"code": self.code, "gate": "North"}
        for role, nonce in (("staff", "n-1"), (host, "n-4")):
            scans = [{**scan, "nonce": nonce, "scanned_at": iso(now() - timedelta(seconds=2 if role == host else 9))}]
            self.ok("POST", "/tickets/check-in/batch", {"scans": scans}, role)
        write_down()
        [conflict] = self.ok("GET", f"/tickets/conferences/{conference}/conflicts", None, host)["items"]
        self.ids["conflict_id"] = conflict["id"]
        for role in ROLES[1:]:
            self.ok("PUT", "/contacts/card", {"name": role.title()}, role)
        self.card = self.ok("GET", "/contacts/card", None, "peer")["code"]
        met = self.ok("POST", "/contacts/exchange", {"code": self.card, "nonce": "meet-1"}, "owner")
        self.ids |= {"contact_id": met["id"], "party_id": self.id_of("peer")}
        here = self.ok("GET", f"/contacts/card?conference_id={conference}", None, "peer")["code"]
        self.lead = self.ok("POST", "/contacts/exchange", {"code": here, "nonce": "meet-2"}, "exhibitor")["id"]
        self.settle()
        self.ok("POST", "/auth/login", {"email": "owner@example.org", "password": PASSWORD}, None)
        self.signed_in = self.ok("GET", "/auth/sessions", None, "owner")["items"][0]["id"]
        self.ids["notification_id"] = self.ok("GET", "/notifications", None, "owner")["items"][0]["id"]

    def id_of(self, role: str) -> str:
        person = self.people[role]
        assert person
        return person.user_id

    def ok(self, method: str, url: str, body: Any, role: str | None) -> Any:
        answer = self.call(method, url, body, role)
        assert answer.status < 300, (method, url, role, answer)
        return answer.json if answer.body else None

    def call(self, method: str, url: str, body: Any, role: str | None, **headers: str) -> Answer:
        module, _, name = FUNCTIONS[route_of(method.lower(), url.partition("?")[0]).function]["Handler"].rpartition(".")
        handler = getattr(import_module(module), name)
        return call(handler, method, url, body, caller=self.people[role] if role else None, headers=headers)

    def settle(self) -> None:
        """Hand all messages to who reacts to them, until there are no new ones."""
        while fresh := [each for each in self.table.outbox() if each.id not in self._told]:
            for message in fresh:
                self._told.add(message.id)
                for context in CONTEXTS:
                    worker = import_module(f"functions.{context}.worker").handler
                    if type(message) in worker.reactions and not isinstance(message, messages.OrderReserved):
                        assert not deliver(worker, message), (context, message)

    def request(self, method: str, path: str) -> tuple[str, Any]:
        ids = self.ids | ({"session_id": self.signed_in} if path.startswith("/auth") else {})
        ids |= {"contact_id": self.lead} if path.startswith(LEADS) else {}
        url = re.sub(r"{(\w+)}", lambda name: ids[name[1]], path)
        asked = OPENAPI["paths"][path][method.lower()]
        if any(each["in"] == "query" and each.get("required") for each in asked.get("parameters", ())):
            url += f"?conference_id={self.ids['conference_id']}"
        if "requestBody" not in asked:
            return url, None
        body = BODIES.get(f"{method} {path}") or example(method, path)
        own: dict[str, Any] = {
            "POST /orders": self.order,
            "POST /orders/waiting-list": {
                **body,
                "conference_id": self.ids["conference_id"],
                "ticket_type_id": self.ids["ticket_type_id"],
            },
            "POST /tickets/devices": {**body, "conference_id": self.ids["conference_id"]},
            "POST /tickets/check-in": {"code": self.code, "nonce": "n-2", "gate": "North"},
            "POST /tickets/check-in/batch": {
                "scans": [{"code": self.code, "nonce": "n-3", "gate": "North", "scanned_at": "2026-06-01T09:00:00Z"}]
            },
            "POST /contacts/exchange": {"code": self.card, "nonce": "meet-3"},
            "POST /contacts/exchange/batch": {
                "scans": [{"code": self.card, "nonce": "meet-4", "scanned_at": "2026-06-01T09:00:00Z"}]
            },
        }
        return url, own.get(f"{method} {path}", body)


@pytest.fixture
def world(table: Table, signing: KeySet, mailing: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    keep_secret(monkeypatch)
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="exports")
    monkeypatch.setenv("EXPORTS_BUCKET", "exports")
    monkeypatch.setenv("AGENDA_CACHE_URL", "off")
    monkeypatch.setenv("LIVE_URL", "wss://{api}.example.org/v1")
    monkeypatch.setenv("LIVE_ID", "l1v3")
    monkeypatch.setenv("STRIPE_SECRETS", "ketemu/stripe/")
    monkeypatch.setenv("QUEUE_URL", boto3.client("sqs").create_queue(QueueName="queue")["QueueUrl"])
    delay._queue.cache_clear()
    yield World(table)
    delay._queue.cache_clear()


def stored() -> Any:
    (regions,) = dynamodb_backends.values()
    return next(backend.tables["ketemu"] for backend in regions.values() if "ketemu" in backend.tables)


def test_every_route_has_a_rule_and_every_rule_a_route() -> None:
    assert set(RULES) == {f"{method} {path}" for method, path in ROUTES}


def test_everybody_may_do_what_the_rules_say_and_nothing_else(world: World, intercept: Intercept) -> None:
    table = stored()
    asked_for: set[str] = set()

    def noted(proceed: CallNext, operation: str, params: dict[str, Any]) -> Any:
        asked_for.add(operation)
        return proceed(operation, params)

    intercept(noted)
    before = {pk: kept for pk, kept in copy.deepcopy(table.items).items() if kept}
    wrong: list[str] = []
    for method, path in ROUTES:
        url, body = world.request(method, path)
        allowed = RULES[f"{method} {path}"]
        # What is behind the gateway's guard, no anonymous caller reaches: tests/contract/test_template.py holds that.
        guarded = "security" not in OPENAPI["paths"][path][method.lower()]
        asking = ("anonymous", "stranger", "owner") if allowed >= PERSONS else ROLES  # where everybody may, a role gives no more
        for role in asking[1:] if guarded else asking:
            asked_for.clear()
            answer = world.call(method, url, body, None if role == "anonymous" else role)
            kept = {pk: kept for pk, kept in table.items.items() if kept}  # moto notes the partitions that are asked for
            changed = not WRITES.isdisjoint(asked_for) and kept != before
            if answer.status >= 500 or (role in allowed) == (answer.status in (401, 403, 404, 410)):
                wrong.append(f"{method} {path}: {role} got {answer.status} {answer.body[:160]!r}")
            if changed and role not in allowed and path not in COUNTED:
                wrong.append(f"{method} {path}: {role} may not, and something was written")
            if changed:
                table.items = defaultdict(dict, copy.deepcopy(before))
    assert not wrong, "\n".join(wrong)
