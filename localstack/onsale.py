"""An on-sale as it happens: more people than tickets, all at once, some of whom never pay. `make load-onsale`.

Everything goes over HTTP. Those who are told that it is sold out come back when a hold has ended, as the answer tells them to.
At the end all tickets are sold, everybody has what they were told, and the books balance; or it ends with a non-zero exit.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import quantiles
from typing import Any, Literal, TypeVar
from uuid import uuid4

import httpx

from localstack import books
from localstack.client import PATIENCE, Person, Surprise, must, named, until_decided, wait_until
from localstack.crowd import crowd
from localstack.endpoint import Endpoint
from localstack.opening import opened
from localstack.playing import console, host, http_client, options, played

T = TypeVar("T")
R = TypeVar("R")

Habit = Literal["pays at once", "pays later", "never pays"]
Told = Literal["paid", "reserved", "sold out"]

_PAID = {"payment": {"method": "simulated"}}
_SOLD_OUT = "409 sold-out"
_LAPSED = ("409 order-expired", "409 paid-too-late")
_TOLD = 250  # buyers between two lines of progress
_WARM = 1.0  # seconds: the slowest answer of a crowd whose functions all run
_WARMING = 60  # seconds, at most


@dataclass(frozen=True, kw_only=True)
class Plan:
    tickets: int = 650
    buyers: int = 1000
    concurrency: int = 32
    hold_minutes: float = 0.5
    abandoned: float = 0.15  # the share of the buyers who never pay
    seed: int = 650
    name: str = "On-sale"
    starts_in: timedelta = timedelta(days=30)


@dataclass
class Buyer:
    person: Person
    habit: Habit
    told: Told | None = None
    order_id: str = ""
    lapsed: int = 0  # orders whose hold ended before the payment was through
    asked: list[float] = field(default_factory=list)  # seconds that each answer to an order took
    answers: Counter[str] = field(default_factory=Counter)

    def order(self, conference_id: str, type_id: str) -> None:
        """Ask for a ticket, and pay for it as is this buyer's habit. Whose hold ends before that asks anew, and pays at once."""
        body = {"conference_id": conference_id, "lines": [{"ticket_type_id": type_id, "quantity": 1}]}
        answer = self._send("POST", "/orders", body | (_PAID if self.habit == "pays at once" else {}))
        if named(answer) == _SOLD_OUT:
            self.told = "sold out"
            return
        if self.habit == "pays later":
            self.order_id, self.told = _told(answer, 201)
            answer = self._send("POST", f"/orders/{self.order_id}/payments", _PAID["payment"])
        if named(answer) in _LAPSED:
            self.lapsed, self.habit = self.lapsed + 1, "pays at once"
            self.order(conference_id, type_id)
            return
        self.order_id, self.told = _told(answer, 200 if self.habit == "pays later" else 201)

    def _send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """The answer that decides. Where there is none, or it says so, it is asked for again with the same key: one order."""
        headers = {**self.person.credential(), "Idempotency-Key": uuid4().hex}
        url = f"{self.person.api_url}{path}"
        return until_decided(lambda: self.person.http.request(method, url, json=body, headers=headers), heard=self._heard)

    def _heard(self, answer: httpx.Response | None, seconds: float) -> None:
        self.answers[named(answer)] += 1
        if answer is not None:
            self.asked.append(seconds)

    def look(self) -> list[Any]:
        """This buyer's orders."""
        orders: list[Any] = _expect(self._send("GET", "/orders"), 200)["items"]
        return orders

    def check(self) -> None:
        """Raises Unexpected where the platform says something else of this buyer's orders than the buyer was told."""
        kept, due = Counter(order["status"] for order in self.look()), Counter(expired=self.lapsed)
        if self.told != "sold out":
            due[_became(self.told)] += 1
        must(kept == due, f"told {self.told}, {self.lapsed} holds ended, on record {dict(kept)}")


def _became(told: Told | None) -> str:
    return "expired" if told == "reserved" else str(told)


def _told(answer: httpx.Response, status: int) -> tuple[str, Told]:
    """The order and what it is now."""
    order = _expect(answer, status)
    return order["id"], order["status"]


def _expect(answer: httpx.Response, status: int) -> Any:
    if answer.status_code != status:
        raise Surprise(f"{answer.request.method} {answer.url.path}", status, answer)
    return answer.json()


class OnSale:
    """One on-sale on a running stack; `say` hears how it goes."""

    def __init__(self, endpoint: Endpoint, organizer: Person, plan: Plan, say: Callable[[str], None]) -> None:
        self.endpoint, self.organizer, self.plan, self.say = endpoint, organizer, plan, say
        self.buyers: list[Buyer] = []
        self.conference_id = self.type_id = ""
        self.seconds = 0.0  # that the first rush took

    def play(self) -> None:
        """Raises Unexpected, Surprise, NeverHappened where it does not go as it should."""
        self.open()
        self.warm_up()
        began = time.perf_counter()
        self.rush(self.buyers)
        self.seconds = time.perf_counter() - began
        self.say(f"{self._state()} after {self.seconds:.1f} s")
        self.come_back()
        self.say(f"{self._state()} after {time.perf_counter() - began:.1f} s")
        self.check()

    def open(self) -> None:
        """A published conference whose tickets are on sale, and people who want them."""
        since = datetime.now(UTC) - timedelta(hours=1)  # it has begun, whatever the clock of a function says
        kind = {"name": "Regular", "price": 4900, "capacity": self.plan.tickets, "sale_starts_at": since.isoformat()}
        self.conference_id, [self.type_id] = opened(
            self.organizer, self.plan.name, [kind], starts_in=self.plan.starts_in, hold_minutes=self.plan.hold_minutes
        )
        people = crowd(self.endpoint, self.organizer, self.plan.buyers, self.organizer.http)
        self.buyers = [Buyer(person, habit) for person, habit in zip(people, self._habits(), strict=True)]

    def _habits(self) -> list[Habit]:
        never = round(self.plan.buyers * self.plan.abandoned)
        later = (self.plan.buyers - never) // 2
        shares: dict[Habit, int] = {"never pays": never, "pays later": later, "pays at once": self.plan.buyers - never - later}
        habits = [habit for habit, share in shares.items() for _ in range(share)]
        Random(self.plan.seed).shuffle(habits)  # noqa: S311  # the same mixture each time, no secret
        return habits

    def availability(self) -> httpx.Response:
        return self.organizer.http.get(f"{self.organizer.api_url}/orders/availability/{self.conference_id}")

    def left(self) -> int | None:
        """As the public is told; None where there is no answer."""
        with suppress(httpx.TransportError):
            answer = self.availability()
            return int(answer.json()["ticket_types"][0]["available"]) if answer.is_success else None
        return None

    def warm_up(self) -> None:
        """Until as many processes run as will be called at once: on an emulator each starts cold, and all at once slowly.

        A machine with much else to do may have none of them answer that fast; then it begins as it is.
        """

        def slowest() -> float:
            crowd = self.buyers[: self.plan.concurrency]
            return max(self._all_at_once(lambda buyer: _seconds(buyer.look), crowd))

        deadline = time.monotonic() + _WARMING
        while (took := slowest()) > _WARM and time.monotonic() < deadline:
            pass
        self.say(f"{'warm' if took <= _WARM else 'busy'}: {self.plan.concurrency} at once are answered within {took * 1000:.0f} ms")

    def rush(self, buyers: Sequence[Buyer]) -> None:
        for some in range(0, len(buyers), _TOLD):
            self._all_at_once(lambda buyer: buyer.order(self.conference_id, self.type_id), buyers[some : some + _TOLD])
            self.say(self._state())

    def come_back(self) -> None:
        """Whoever found it sold out tries again when holds have ended, until nothing is left or held."""
        patience = self.plan.hold_minutes * 60 + PATIENCE
        while self.sold < self.plan.tickets:
            waiting = [buyer for buyer in self.buyers if buyer.told == "sold out"]
            must(waiting, f"{self.sold} of {self.plan.tickets} are sold and nobody wants one: plan more buyers")
            free = wait_until(self.left, "a hold that ends and comes back on sale", seconds=patience) or 0
            for buyer in waiting:
                buyer.habit = "pays at once"  # having waited for it
            self.rush(waiting[: 2 * free])  # twice as many as there are again

    @property
    def sold(self) -> int:
        return sum(buyer.told == "paid" for buyer in self.buyers)

    def _state(self) -> str:
        told = Counter(buyer.told for buyer in self.buyers)
        return f"told paid {told['paid']}, reserved and left {told['reserved']}, sold out {told['sold out']}"

    def check(self) -> None:
        """Exactly all tickets are sold, nothing is left, everybody has what they were told, and the books balance."""
        must(self.sold == self.plan.tickets, f"{self.sold} buyers were told that they have one of {self.plan.tickets} tickets")
        wait_until(lambda: self.left() == 0, "nothing left")
        tables, wrong = books.settled(lambda: books.read(self.endpoint), PATIENCE)
        must(not wrong, "the books do not balance: " + "; ".join(map(str, wrong[:5])))
        mine = [order for order in tables.kept("Order") if order["conference_id"] == self.conference_id]
        states = Counter(order["status"] for order in mine)
        must(states["paid"] == self.plan.tickets, states)
        must(states["reserved"] == 0, states)
        self._all_at_once(Buyer.check, self.buyers)
        self.say(f"everybody has what they were told; the books balance: {tables.summary()}")

    def _all_at_once(self, act: Callable[[T], R], people: Iterable[T]) -> list[R]:
        with ThreadPoolExecutor(self.plan.concurrency) as pool:
            return list(pool.map(act, people))

    def figures(self) -> list[str]:
        """How long the answers took, and which there were."""
        asked = sorted(seconds for buyer in self.buyers for seconds in buyer.asked)
        answers = sum((buyer.answers for buyer in self.buyers), Counter[str]())
        cuts = quantiles(asked, n=100)
        times = ", ".join(f"p{part} {cuts[part - 1] * 1000:.0f} ms" for part in (50, 95, 99))
        counts = ", ".join(f"{count} × {answer}" for answer, count in answers.most_common())
        decided = self.plan.buyers / self.seconds
        return [
            f"{self.plan.buyers} buyers were told what they have within {self.seconds:.1f} s: {decided:.1f} a second",
            f"{len(asked)} answers: {times}, slowest {asked[-1] * 1000:.0f} ms",
            counts,
        ]


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def main() -> int:
    parser = options("load-onsale", "Play an on-sale on the running stack.")
    parser.add_argument("--tickets", type=int, default=Plan.tickets)
    parser.add_argument("--buyers", type=int, default=Plan.buyers)
    arguments = parser.parse_args()
    plan = Plan(tickets=arguments.tickets, buyers=arguments.buyers)

    def play(stack: dict[str, Any]) -> None:
        with http_client(plan.concurrency) as http:
            sale = OnSale(Endpoint(stack["endpoint_url"]), host(stack, http), plan, console.print)
            sale.play()
        for line in sale.figures():
            console.print(line)

    return played(arguments.port, play)


if __name__ == "__main__":
    sys.exit(main())
