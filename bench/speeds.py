"""Latency, throughput and CPU over HTTP on the emulator: of this machine and that emulator, not of AWS.

Each operation is asked for by 1, 8 and 32 clients at once, for a few seconds each, after every client had its first answer (a
function that starts takes a second or more), and after the workers had done with what came before. What a client does next waits
for its last answer, so that the rate is what the platform gives. CPU is that of the emulator with all functions, workers included;
the clients have their own.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from os import sysconf
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import uuid4

import httpx
from rich.console import Console

from localstack.client import PATIENCE, Person, newcomer, wait_until
from localstack.crowd import crowd
from localstack.endpoint import Endpoint
from localstack.opening import opened
from localstack.stack import RunningStack, running_stack
from localstack.steps import Steps

CONCURRENCY = (1, 8, 32)
SECONDS = 4.0  # of each measurement

Ask = Callable[[Person, int], None]  # by a client, for the n-th time


@dataclass(frozen=True)
class Speed:
    operation: str
    concurrency: int
    answers: int
    seconds: float
    p50: float  # milliseconds, as p95 and p99
    p95: float
    p99: float
    cpu: float  # milliseconds an answer
    functions: float  # milliseconds of it that were the functions'; the others are those of what stands for AWS here

    @property
    def rate(self) -> float:
        return self.answers / self.seconds


def speeds(seconds: float = SECONDS, concurrency: Sequence[int] = CONCURRENCY) -> list[Speed]:
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data,
        running_stack(data=Path(data), steps=Steps(Console())) as stack,
        httpx.Client(timeout=120, limits=httpx.Limits(max_connections=2 * max(concurrency))) as http,
    ):
        venue = Venue.opened(stack, http, max(concurrency))
        server = [child.pid for child in stack.children]
        done = []
        for clients in concurrency:
            for name, ask in venue.operations():
                wait_until(partial(is_idle, stack.endpoint), "workers that have done their work", seconds=PATIENCE)
                done.append(measured(name, ask, venue.people[:clients], seconds, server))
                print(f"  {name}, {clients} at once: {done[-1].rate:.1f} answers/s, {done[-1].p50:.0f} ms", flush=True)
        return done


def measured(operation: str, ask: Ask, clients: Sequence[Person], seconds: float, server: Sequence[int]) -> Speed:
    """Fails where any answer is another than the one that was asked for."""
    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(lambda client: ask(client, 0), clients))  # warm
        began, spent = time.perf_counter(), Spent.by(server)
        until = began + seconds
        taken = [each for client in pool.map(lambda client: list(repeated(ask, client, until)), clients) for each in client]
        lasted, used = time.perf_counter() - began, Spent.by(server)
    cuts = quantiles(taken, n=100, method="inclusive") if len(taken) > 1 else [*taken] * 99
    p50, p95, p99 = (cuts[share - 1] * 1000 for share in (50, 95, 99))
    functions = (used.below - spent.below) / len(taken) * 1000
    emulator = (used.roots - spent.roots) / len(taken) * 1000
    return Speed(operation, len(clients), len(taken), lasted, p50, p95, p99, cpu=emulator + functions, functions=functions)


def is_idle(endpoint: Endpoint) -> bool:
    """Whether no queue has anything to give, or given away. What is delayed is a hold that lasts."""
    sqs, wanted = endpoint.client("sqs"), ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    queues = sqs.list_queues()["QueueUrls"]
    return all(
        set(sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=wanted)["Attributes"].values()) == {"0"} for queue in queues
    )


def repeated(ask: Ask, client: Person, until: float) -> Iterator[float]:
    """Seconds that each answer took; at least one."""
    turn = 1
    while turn == 1 or time.perf_counter() < until:
        began = time.perf_counter()
        ask(client, turn)
        yield time.perf_counter() - began
        turn += 1


@dataclass(frozen=True)
class Spent:
    """Seconds of CPU, user and system, since they began."""

    roots: float
    below: float  # by their children and all below them, with what ended ones had used

    @classmethod
    def by(cls, roots: Sequence[int]) -> "Spent":
        parents: dict[int, int] = {}
        own: dict[int, float] = {}
        awaited: dict[int, float] = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            process, second = int(folder.name), sysconf("SC_CLK_TCK")
            parents[process] = int(fields[1])
            own[process], awaited[process] = (sum(map(int, fields[at : at + 2])) / second for at in (11, 13))
        below = {process for process in own if process not in roots and _is_below(process, set(roots), parents)}
        theirs = sum(own[process] + awaited[process] for process in below)
        ours = [process for process in roots if process in own]
        return cls(sum(own[process] for process in ours), theirs + sum(awaited[process] for process in ours))


def _is_below(process: int, roots: set[int], parents: dict[int, int]) -> bool:
    while process in parents:
        if process in roots:
            return True
        process = parents[process]
    return False


@dataclass
class Venue:
    """A conference with a ticket for each of its people, and the door's keeper."""

    host: Person
    people: list[Person]
    conference: str
    ticket_type: str
    codes: dict[str, str] = field(default_factory=dict)  # of each one's first ticket

    @classmethod
    def opened(cls, stack: RunningStack, http: httpx.Client, people: int) -> "Venue":
        host = newcomer(stack.api_url, http, "Sri")
        kinds = [{"name": "Regular", "price": 4900, "capacity": 20_000}]
        conference, [ticket_type] = opened(host, "Bench", kinds, starts_in=timedelta(hours=-1))
        base = f"/events/conferences/{conference}"
        about = host.get(base)
        times = {"starts_at": about["starts_at"], "ends_at": about["ends_at"]}
        for number in range(30):
            host.post(f"{base}/sessions", {"title": f"Session {number}", "type": "talk", **times})
        host.post(f"{base}/agenda/releases")
        host.wait_for_role(conference, "organizer")
        venue = cls(host, crowd(stack.endpoint, host, people, http), conference, ticket_type)
        for person in venue.people:
            venue.buy(person, 0)
        for person in venue.people:
            venue.codes[person.user_id] = wait_until(partial(ticket, person), "a ticket", seconds=PATIENCE)["code"]
        return venue

    def operations(self) -> Sequence[tuple[str, Ask]]:
        return (
            ("read the agenda", lambda client, _: client.get(f"/events/conferences/{self.conference}/agenda")),
            ("read own tickets", lambda client, _: client.get("/tickets?limit=10")),
            ("check in", self.check_in),
            ("buy a ticket", self.buy),
        )

    def buy(self, client: Person, _: int) -> None:
        lines = [{"ticket_type_id": self.ticket_type, "quantity": 1}]
        client.post("/orders", {"conference_id": self.conference, "lines": lines, "payment": {"method": "simulated"}})

    def check_in(self, client: Person, turn: int) -> None:
        """In and out again, by turns: every scan is one that the door grants."""
        scan = {"code": self.codes[client.user_id], "nonce": uuid4().hex, "type": "exit" if turn % 2 else "entry"}
        self.host.post("/tickets/check-in", scan, expect=200)


def ticket(owner: Person) -> Any:
    """Their first one, once it is issued."""
    return next(iter(owner.get("/tickets")["items"]), None)
