"""The journey, broken at every call that any function makes to AWS, once before and once after the call took effect.

Somebody registers, buys, pays, is issued tickets and mailed them, is let in, exchanges contacts and is told. Each case is somebody
of their own, with one call broken: the function is killed, the call refused, or its answer lost. Clients, streams and queues try
again. At the end all of it adds up; and so it does where calls fail at random while messages come twice and in any order.
"""

import json
import logging
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from email import message_from_string
from random import Random
from typing import Any

import pytest
from moto.backends import get_backend

from localstack.books import Books, imbalances
from shared.caller import Caller
from shared.clock import iso, now
from shared.ids import derived_id
from shared.telemetry import logger
from tests.moto.accounts import caller_of
from tests.moto.platform import AFTER, BEFORE, Breaker, Platform, Rows, Step, Way, platform

__all__ = ["platform"]

PASSWORD = "correct horse battery"
SOON = timedelta(minutes=9)  # in which what failed has come back, and no digest is due yet
LOOKS = {"BatchGetItem", "GetItem", "GetObject", "GetSecretValue", "Query"}
LATER = timedelta(minutes=40)  # in which holds end, and digests go out


class Conference:
    """One that is on, with its tickets on sale, staff at the door, and Bea, who meets everybody."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.spare: list[dict[str, Any]] = []
        begin = now() - timedelta(hours=1)
        host = self.person("host")
        told = {"name": "Meet", "time_zone": "Asia/Jakarta", "currency": "EUR"}
        told |= {"starts_at": iso(begin), "ends_at": iso(begin + timedelta(days=2))}
        self.id = self._post(host, "/events/conferences", told)["id"]
        base = f"/events/conferences/{self.id}"
        self.type_id = self._post(host, f"{base}/ticket-types", {"name": "Regular", "price": 4900, "capacity": 500})["id"]
        self._post(host, f"{base}/publish")
        platform.work_off(SOON)
        self.door = Caller(derived_id("usr", "door"), "door@example.org", "Dewi", {self.id: "staff"})
        self.bea = guest("bea")
        self.bea_code = self.card(self.bea)
        platform.work_off(SOON)

    # What somebody does

    def person(self, name: str) -> Caller:
        """Who registers and logs in."""
        told = {"email": f"{name}@example.org", "password": PASSWORD, "name": name.title()}
        registered = self.platform.ask(None, "POST", "/auth/register", told, key=f"register-{name}")
        assert registered.status == 201, registered
        del told["name"]
        logged_in = self.platform.ask(None, "POST", "/auth/login", told)
        assert logged_in.status == 200, logged_in
        self.platform.work_off(SOON)
        return caller_of(logged_in.json["access_token"])

    def buy(self, who: Caller, quantity: int = 1) -> list[dict[str, Any]]:
        """Tickets that were paid for, issued and mailed."""
        lines = [{"ticket_type_id": self.type_id, "quantity": quantity}]
        body = {"conference_id": self.id, "lines": lines, "payment": {"method": "simulated"}}
        bought = self.platform.ask(who, "POST", "/orders", body, key="buy")
        assert (bought.status, bought.json["status"]) == (201, "paid"), bought
        self.platform.work_off(SOON)
        tickets: list[dict[str, Any]] = self.platform.ask(who, "GET", "/tickets").json["items"]
        assert len(tickets) == quantity
        return tickets

    def enter(self, ticket: dict[str, Any]) -> None:
        scan = {"code": ticket["code"], "nonce": ticket["id"]}
        let_in = self.platform.ask(self.door, "POST", "/tickets/check-in", scan)
        assert let_in.json["status"] == "ok", let_in
        self.platform.work_off(SOON)

    def card(self, who: Caller) -> str:
        assert self.platform.ask(who, "PUT", "/contacts/card", {"name": who.name, "email": who.email}).status == 200
        return str(self.platform.ask(who, "GET", "/contacts/card").json["code"])

    def meet(self, who: Caller) -> None:
        self.card(who)
        met = self.platform.ask(who, "POST", "/contacts/exchange", {"code": self.bea_code, "nonce": f"met-{who.name}"})
        assert met.status in (200, 201), met
        self.platform.work_off(SOON)

    # The same, of somebody who has done what comes before it already

    def registers(self, name: str) -> Callable[[], None]:
        return lambda: self.reads(self.person(name), {"welcome"})

    def buys(self, name: str) -> Callable[[], None]:
        def act() -> None:
            self.buy(guest(name))
            self.reads(guest(name), {"order-paid"})

        return act

    def enters(self, name: str) -> Callable[[], None]:
        self.spare = self.spare or self.buy(guest(name), quantity=10)
        ticket = self.spare.pop()
        return lambda: self.enter(ticket)

    def meets(self, name: str) -> Callable[[], None]:
        def act() -> None:
            self.meet(guest(name))
            self.reads(guest(name), {"contact-exchanged"})

        return act

    def hears_of_it(self, name: str) -> Callable[[], None]:
        self.meet(self.person(name))  # who has an account has a mailbox
        return lambda: self.platform.work_off(LATER)

    def reads(self, who: Caller, kinds: set[str]) -> None:
        inbox = self.platform.ask(who, "GET", "/notifications").json
        assert {item["kind"] for item in inbox["items"]} == kinds, inbox
        assert inbox["unread_count"] == len(kinds)

    def _post(self, who: Caller, path: str, body: Any = None) -> Any:
        answer = self.platform.ask(who, "POST", path, body, key=path)
        assert answer.status in (200, 201), answer
        return answer.json


def guest(name: str) -> Caller:
    return Caller(derived_id("usr", name), f"{name}@example.org", name.title())


# What must be so at the end, read from the tables


def wrong(platform: Platform) -> list[str]:
    books = Books(platform.rows("Orders"), platform.rows("Tickets"))
    return [
        *map(str, imbalances(books, now())),
        *_entries(books.tickets, platform.rows("Notifications")),
        *_pairs(platform.rows("Contacts")),
        *_inboxes(platform.rows("Notifications")),
        *_mails(books.kept("Order")),
        *(f"{len(dead)} dead letters of {queue}" for queue, dead in platform.dead.items() if dead),
        *(f"{len(left)} messages left for {queue}" for queue, left in platform.queues.items() if left),
    ]


def _entries(tickets: Rows, notifications: Rows) -> list[str]:
    """Who was let in was let in once, and everybody counts the same."""
    admitted = Counter(
        row["ticket"] for row in tickets if row["kind"] == "TicketScan" and row["admitted"] and not row.get("annulled")
    )
    twice = [f"{ticket_id} was let in {times} times" for ticket_id, times in admitted.items() if times > 1]
    arrived = sum(int(row["entries"]) for row in tickets if row["kind"] == "Arrivals")
    inside = sum(sum(json.loads(row["inside"]).values()) for row in tickets if row["kind"] == "DoorHead")
    shown = sum(int(row["entries"]) for row in notifications if row["kind"] == "DoorBoard")
    counts = {"scans": len(admitted), "arrivals": arrived, "shown": shown, "inside": inside}
    return twice if len(set(counts.values())) == 1 else [*twice, f"entries are counted differently: {counts}"]


def _pairs(contacts: Rows) -> list[str]:
    pairs = Counter((row["pk"].partition("#")[2], row["other_id"]) for row in contacts if row["kind"] == "Contact")
    return [
        f"{one} has {other} {times} times, and is had {pairs[other, one]} times"
        for (one, other), times in pairs.items()
        if not times == pairs[other, one] == 1
    ]


def _inboxes(notifications: Rows) -> list[str]:
    """Each message told somebody once: news are numbered as they come."""
    there = Counter(row["pk"] for row in notifications if row["kind"] == "Notification")
    heads = {row["pk"]: int(row["arrived"]) for row in notifications if row["kind"] == "InboxHead"}
    return [
        f"{inbox} has {there[inbox]} news and counted {heads.get(inbox)}"
        for inbox in there.keys() | heads.keys()
        if there[inbox] != heads.get(inbox)
    ]


def _mails(orders: Rows) -> list[str]:
    """One for each order; where a function died before it noted that SES had taken it, again, with the same Message-ID."""
    sent = [message_from_string(mail.raw_data) for mail in get_backend("ses")["123456789012"]["eu-central-1"].sent_messages]
    keys = {key for mail in sent if (key := str(mail["Message-ID"]).partition("@")[0].strip("<")).startswith("ord_")}
    wanted = {order["order_id"] for order in orders}
    return [f"mailed {keys - wanted}, not mailed {wanted - keys}"] if keys != wanted else []


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what takes longest and makes no call: tickets on paper and their pictures, and the lines of the log."""
    monkeypatch.setattr("functions.tickets.paper.pdf", lambda *tickets: b"%PDF")
    monkeypatch.setattr("functions.notifications.order_mail.pictures", lambda ready: ())
    silent = logging.getLogger("silent")
    silent.disabled = True
    monkeypatch.setattr(logger, "_logger", silent)


@pytest.mark.parametrize(
    "does", [Conference.registers, Conference.buys, Conference.enters, Conference.meets, Conference.hears_of_it]
)
def test_it_adds_up_whichever_call_is_broken(
    platform: Platform, quickly: None, does: Callable[[Conference, str], Callable[[], None]]
) -> None:
    there, breaker = Conference(platform), platform.breaker
    does(there, "first")()
    act = does(there, "unbroken")
    breaker.arm(None)
    act()
    steps = list(breaker.steps)
    for at, step in enumerate(steps):
        for way in ways(at, step):
            act = does(there, f"{way.replace(' ', '-')}-{at}")
            breaker.arm(at, way)
            act()
            assert breaker.broken, f"{step} was not reached"
            breaker.arm(None)
    platform.work_off(LATER)
    assert wrong(platform) == []


def ways(at: int, step: Step) -> tuple[Way, ...]:
    """Before and after, killed and not, in turn; a look is the same before and after."""
    before, after = BEFORE[at % 2], AFTER[at % 2]
    return (before,) if step.operation in LOOKS else (before, after)


@pytest.mark.parametrize("seed", range(2))
def test_it_adds_up_where_calls_fail_at_random_and_messages_come_twice_and_in_any_order(
    platform: Platform, quickly: None, seed: int
) -> None:
    there, dice = Conference(platform), Random(seed)
    platform.worse, platform.breaker = dice, (unsteady := Unsteady(dice, share=0.04))
    for number in range(4):
        who = there.person(f"storm-{seed}-{number}")
        for ticket in there.buy(who, quantity=2):
            there.enter(ticket)
        there.meet(who)
    unsteady.calm()
    platform.work_off(LATER)
    assert unsteady.failed > 10
    assert wrong(platform) == []


class Unsteady(Breaker):
    """Breaks a share of all calls, each in a way of its own."""

    def __init__(self, dice: Random, share: float) -> None:
        super().__init__()
        self._dice, self._share, self.failed = dice, share, 0

    def around(self, step: Step, act: Callable[[], Any]) -> Any:
        if self._share and self._dice.random() < self._share:
            self.failed += 1
            super().arm(len(self.steps), self._dice.choice(BEFORE + AFTER))
        return super().around(step, act)

    def calm(self) -> None:
        self._share = 0
