"""Paying and returning on the running stack, broken between every two steps. `make load-faults FAULTS=steps`.

The API's function is killed before and after each of its calls, or gets no answer, or loses it, or is refused; the buyer asks
again with the same key, or never does. Meanwhile every message goes out twice and out of order, and the workers' calls fail now
and then. At the end the books balance, and every buyer who paid has a ticket or a refund; or it ends with a non-zero exit.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

import httpx

from localstack import books
from localstack.breaking import WAYS, Call, OneBreak, Way, breaking
from localstack.client import Person, must, named, until_decided, wait_until
from localstack.endpoint import Endpoint
from localstack.mailbag import Mailbag
from localstack.onsale import OnSale, Plan
from localstack.settings import ENDPOINT, given, physical, visible_again
from localstack.unsteady import Unsteady, Weather

Command = Literal["pay", "refund"]

API, WORKERS, RELAY = "OrdersApi", ("OrdersWorker", "TicketsWorker"), "Relay"
_HOLD = 0.75  # minutes
_VISIBLE_AGAIN = 20  # seconds: so that a message whose reaction failed comes back while somebody watches
_HALF_DONE = 75  # seconds: what is younger than a minute the reconciliation leaves to whoever is at it
_PATIENCE = 240  # seconds for messages under way
_PAYMENT = {"payment": {"method": "simulated"}}


@dataclass
class Case:
    """A command of a buyer of their own, broken once."""

    command: Command
    step: int
    operation: str  # what the step is
    way: Way
    asks_again: bool
    person: Person
    order_id: str = ""
    first: str = ""  # the answer to the broken request
    key: str = field(default_factory=lambda: uuid4().hex)

    def __str__(self) -> str:
        again = "asks again" if self.asks_again else "never asks again"
        return f"{self.command}, {self.way} at call {self.step + 1} ({self.operation}), {again}, order {self.order_id or '?'}"


class Faults:
    """The play on a running stack; `say` hears how it goes."""

    def __init__(self, endpoint: Endpoint, organizer: Person, say: Callable[[str], None], ways: tuple[Way, ...] = WAYS) -> None:
        self.endpoint, self.organizer, self.say, self.ways = endpoint, organizer, say, ways
        self.one, self.unsteady = OneBreak(), Unsteady(Weather(share=0.04, most=24, functions=frozenset(WORKERS)), seed=4)
        self.cases: list[Case] = []
        self.bag = Mailbag(endpoint)

    def play(self, size: int) -> None:
        """`size` buyers at most. Raises Unexpected, Surprise, NeverHappened where it does not go as it should."""
        self.sale = OnSale(self.endpoint, self.organizer, Plan(tickets=size, buyers=size, hold_minutes=_HOLD), self.say)
        self.sale.open()
        self._let_buyers_return()
        people = iter([buyer.person for buyer in self.sale.buyers])
        with ExitStack() as broken:
            broken.enter_context(self.bag)
            url = broken.enter_context(breaking(self.endpoint.url, self._plan, self.bag.take))
            broken.enter_context(given(self.endpoint, {each: {ENDPOINT: f"{url}/{each}"} for each in (API, *WORKERS, RELAY)}))
            broken.enter_context(visible_again(self.endpoint, {"Orders": _VISIBLE_AGAIN, "Tickets": _VISIBLE_AGAIN}))
            for command in ("pay", "refund"):
                self._break_each_step(command, people)
            self._end()
        self.check()

    def _plan(self, call: Call) -> Way | None:
        return self.one(call) or self.unsteady(call)

    def _let_buyers_return(self) -> None:
        self.organizer.wait_for_role(self.sale.conference_id, "organizer")
        until = (datetime.now(UTC) + timedelta(days=20)).isoformat()
        self.organizer.call("PUT", f"/orders/conferences/{self.sale.conference_id}/refund-policy", {"until": until})

    # One command after the other

    def _break_each_step(self, command: Command, people: Iterator[Person]) -> None:
        steps = self._steps(command, next(people))
        self.say(f"{command}: the calls are {', '.join(steps)}")
        for asks_again in (True, False):
            for way in self.ways:
                for step, operation in enumerate(steps):
                    case = Case(command, step, operation, way, asks_again, next(people))
                    self.cases.append(case)
                    self._run(case)
            broken = Counter(case.first for case in self.cases if case.command == command and case.asks_again == asks_again)
            self.say(f"{command}, {'asking again' if asks_again else 'never asking again'}: first answers {dict(broken)}")

    def _steps(self, command: Command, person: Person) -> list[str]:
        """The calls of the function where nothing breaks."""
        case = Case(command, 0, "", "answer lost", asks_again=True, person=person)
        self._prepare(case)
        self.one.arm(API, None, "answer lost")
        self._ask_until_decided(case)
        steps = list(self.one.taken)
        self.one.arm("", None, "answer lost")
        return steps

    def _prepare(self, case: Case) -> None:
        if case.command == "refund":
            self._ask_until_decided(paying := Case("pay", 0, "", case.way, asks_again=True, person=case.person))
            case.order_id = paying.order_id

    def _run(self, case: Case) -> None:
        self._prepare(case)
        self.one.arm(API, case.step, case.way)
        answer = self._ask(case)
        must(self.one.broken, f"nothing was broken of: {case}")
        self.one.arm("", None, "answer lost")
        case.first = named(answer)
        if case.asks_again:
            self._ask_until_decided(case)

    def _ask(self, case: Case) -> httpx.Response | None:
        """Once; None where no answer came."""
        with suppress(httpx.TransportError):
            answer = self._send(case)
            if answer.is_success:
                case.order_id = answer.json()["id"]
            return answer
        return None

    def _send(self, case: Case) -> httpx.Response:
        if case.command == "pay":
            lines = [{"ticket_type_id": self.sale.type_id, "quantity": 1}]
            path = "/orders"
            body: dict[str, Any] = {"conference_id": self.sale.conference_id, "lines": lines} | _PAYMENT
        else:
            path, body = f"/orders/{case.order_id}/refunds", {"tickets": [1]}
        headers = {**case.person.credential(), "Idempotency-Key": case.key}
        return case.person.http.post(f"{case.person.api_url}{path}", json=body, headers=headers)

    def _ask_until_decided(self, case: Case) -> None:
        """As a client that knows nothing: the same request with the same key, until the answer decides it."""
        wanted = {"pay": "paid", "refund": "refunded"}[case.command]
        answer = until_decided(lambda: self._send(case), seconds=_PATIENCE)
        must(answer.is_success, f"{case}: {named(answer)}")
        case.order_id = answer.json()["id"]
        must(answer.json()["status"] == wanted, f"{case} ended with {answer.text[:300]}")

    # Afterwards

    def _end(self) -> None:
        """Holds end, and what is half done becomes old enough to be mended."""
        begun = time.monotonic()
        wait_until(lambda: self._count("reserved") == 0, "the end of all holds", seconds=_PATIENCE)
        wait_until(lambda: time.monotonic() - begun > _HALF_DONE, "old enough to be mended", seconds=_HALF_DONE + 5)
        report = self._reconcile()
        self.say(f"mended: {dict(Counter(each['what'] for each in report)) or 'nothing'}")

    def _reconcile(self) -> list[Any]:
        function = physical(self.endpoint, "OrdersReconciliation")
        answer = self.endpoint.client("lambda").invoke(FunctionName=function, Payload=b"{}")
        must("FunctionError" not in answer, answer["Payload"].read())
        return self.organizer.list_all(f"/orders/conferences/{self.sale.conference_id}/mended")

    def _count(self, status: str) -> int:
        return sum(order["status"] == status for order in self._orders(books.read(self.endpoint)))

    def _orders(self, tables: books.Books) -> list[books.Row]:
        return [order for order in tables.kept("Order") if order["conference_id"] == self.sale.conference_id]

    def check(self) -> None:
        """The books balance; who paid has a ticket or a refund; each command was done once, and those that asked again know it."""
        tables, wrong = books.settled(lambda: books.read(self.endpoint), _PATIENCE)
        must(not wrong, "the books do not balance: " + "; ".join(map(str, wrong[:5])))
        half_done = [order["order_id"] for order in self._orders(tables) if order.get("gsi2pk")]
        must(not half_done, f"still to be looked after: {half_done}")
        of_buyer = {order["buyer_id"]: order for order in self._orders(tables)}
        ends: dict[Command, Counter[str]] = {"pay": Counter(), "refund": Counter()}
        for case in self.cases:
            order = of_buyer.get(case.person.user_id)
            status = order["status"] if order else "no order"
            allowed = _ENDS[case.command, case.asks_again]
            must(status in allowed, f"{case}: ended {status}")
            ends[case.command][f"{status} ({'asked' if case.asks_again else 'never asked'} again)"] += 1
        for command, counted in ends.items():
            self.say(f"{command} ended: {', '.join(f'{count} {end}' for end, count in sorted(counted.items()))}")
        ways = Counter(f"{case.command}: {case.way}" for case in self.cases)
        self.say(f"broken in the API: {_listed(ways)}; in the workers: {_listed(self.unsteady.broken)}")
        self.say(f"messages: {self.bag.taken}, each put twice and out of order ({self.bag.put} put)")
        self.say(f"the books balance: {tables.summary()}")


# What may have become of an order. Who never asked again and whose order was not even on record has none; what was held is ended,
# or paid where the provider had said yes; a refund that was not on record leaves the order paid.
_ENDS: Mapping[tuple[Command, bool], set[str]] = {
    ("pay", True): {"paid"},
    ("pay", False): {"no order", "paid", "expired"},
    ("refund", True): {"refunded"},
    ("refund", False): {"paid", "refunded"},
}


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in sorted(counted.items())) or "nothing"
