"""What may fail beneath a conference day, one kind at a time or all at once: `make load-faults` lets it loose.

The functions' calls to AWS go through one proxy (breaking.py). Beside it the queues are robbed, the cache is killed, and the
emulator itself is started anew. Each kind counts what it hit: one that never struck has proved nothing, and is named.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Literal, get_args

from localstack.aftermath import hear_out
from localstack.books import resources_of
from localstack.breaking import Call, Way, breaking
from localstack.client import must, wait_until
from localstack.dead_letters import Queues, log_lines
from localstack.deploy import STACK
from localstack.embedded.sitecustomize import CLOCK_OFF
from localstack.emulator import valkey
from localstack.endpoint import Endpoint
from localstack.mailbag import Mailbag
from localstack.paths import LOCAL, ROOT
from localstack.ports import HOST, free_port
from localstack.restart import restart
from localstack.settings import ENDPOINT, given, physical, visible_again
from localstack.thief import Thief
from localstack.unsteady import Clocks, Outage, Unsteady, Weather

Kind = Literal["database", "ses", "bus", "queue", "redis", "payment", "kill", "dead", "restart", "clock"]
KINDS: tuple[Kind, ...] = get_args(Kind)

FUNCTIONS = (
    *("EventsApi", "OrdersApi", "TicketsApi", "ContactsApi", "EventsWorker", "OrdersWorker", "OrdersLedgerWorker", "TicketsWorker"),
    *("TicketsPapersWorker", "TicketsJournal", "ContactsWorker", "NotificationsWorker", "Relay"),
)
ROBBED = ("Events", "Orders", "OrdersLedger", "Tickets", "TicketsPapers", "Contacts", "Notifications")
OFF = 120  # seconds
# How far each function's clock is off. A token is issued two minutes ago where it is checked: what the other way round would be,
# tokens that are refused until the clocks are within the leeway, is in tests/moto/test_clock_skew.py.
CLOCKS = {
    **dict.fromkeys(("AuthApi", "OrdersApi", "TicketsApi", "EventsWorker", "TicketsPapersWorker", "ContactsWorker"), -OFF),
    **dict.fromkeys(("GatewayAuthorizer", "GatewayVisitor", "EventsApi", "ContactsApi", "OrdersLedgerWorker"), OFF),
    **dict.fromkeys(("TicketsWorker", "TicketsJournal", "NotificationsWorker", "Relay"), OFF),
}
HOLDS_END_EARLY = OFF  # seconds: those that OrdersApi begins and OrdersWorker, whose clock is right, ends
DEAD = "Contacts"  # whose worker reaches nothing for longer than five tries
VISIBLE_AGAIN = 20  # seconds
_MAIL_AGAIN = 30  # seconds: five tries must outlast the 90 s for which whoever sends a mail keeps it from others
_SOON_AGAIN = 2  # seconds: of what is to die
_DOWN, _UP = 2.0, 2.0  # seconds of the cache
_DATABASE = frozenset(
    ("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "TransactGetItems", "TransactWriteItems")
)
_REFUSALS: tuple[Way, ...] = ("throttled", "unavailable", "answer lost")

WEATHER: dict[Kind, Weather] = {
    "database": Weather(share=0.01, most=60, ways=("throttled", "unavailable", "answer lost", "silent"), operations=_DATABASE),
    "ses": Weather(share=0.5, most=24, ways=_REFUSALS, operations=frozenset({"SendRawEmail"})),
    "bus": Weather(share=0.2, most=24, ways=_REFUSALS, operations=frozenset({"PutEvents"})),
    "queue": Weather(share=0.4, most=24, ways=_REFUSALS, operations=frozenset({"SendMessage", "SendMessageBatch"})),
    "kill": Weather(share=0.006, most=40, ways=("killed before", "killed after")),
}


class Storm:
    """Over the stack of a port; `say` hears of it. What `payment` hits, whoever pays notes in `hits`."""

    def __init__(self, endpoint: Endpoint, port: int, kinds: Sequence[Kind], say: Callable[[str], None]) -> None:
        self.endpoint, self.port, self.kinds, self.say = endpoint, port, kinds, say
        self.plans = {kind: Unsteady(weather, seed=11) for kind, weather in WEATHER.items() if kind in kinds}
        self.outage = Outage(f"{DEAD}Worker")
        self.clocks = Clocks(CLOCKS if "clock" in kinds else {})
        self.hits: dict[Kind, Counter[str]] = {kind: Counter() for kind in kinds}
        self.bag = Mailbag(endpoint)
        queues = {name: (physical(endpoint, f"{name}Queue"), physical(endpoint, f"{name}Worker")) for name in ROBBED}
        self.thief = Thief(endpoint, queues, most=4)

    @contextmanager
    def over(self) -> Iterator[None]:
        """Within the block all of it rages, until `calm`; the ways of the calls stay as they are until its end."""
        with ExitStack() as ways:
            ways.enter_context(visible_again(self.endpoint, dict.fromkeys(ROBBED, VISIBLE_AGAIN) | {"Notifications": _MAIL_AGAIN}))
            if "dead" in self.kinds:
                ways.enter_context(visible_again(self.endpoint, {DEAD: _SOON_AGAIN}))
            if "bus" in self.kinds:
                ways.enter_context(self.bag)
            url = ways.enter_context(breaking(self.endpoint.url, self._plan, self._intercept))
            if "redis" in self.kinds:
                self.cache_port = free_port()
            ways.enter_context(given(self.endpoint, self._settings(url)))
            if "queue" in self.kinds:
                ways.enter_context(self.thief)
            yield

    def _settings(self, url: str) -> dict[str, dict[str, str]]:
        """Of each function, for as long as the storm is over it."""
        settings = {function: {ENDPOINT: f"{url}/{function}"} for function in FUNCTIONS}
        if "redis" in self.kinds:
            settings["EventsApi"]["AGENDA_CACHE_URL"] = f"redis://{HOST}:{self.cache_port}/0"
        for function, off in CLOCKS.items() if "clock" in self.kinds else ():
            settings.setdefault(function, {})[CLOCK_OFF] = str(off)
        return settings

    def _plan(self, call: Call) -> Way | None:
        return self.clocks(call) or self.outage(call) or next((way for plan in self.plans.values() if (way := plan(call))), None)

    def _intercept(self, call: Call, body: bytes) -> bytes | None:
        return self.bag.take(call, body) if "bus" in self.kinds else None

    def calm(self) -> None:
        """Nothing fails any more; what did is counted."""
        for kind, plan in self.plans.items():
            plan.calm()
            self.hits[kind] += plan.broken
        if "clock" in self.kinds:
            self.hits["clock"] += self.clocks.seen
        if "bus" in self.kinds:
            self.hits["bus"] += Counter({"put twice and out of order": self.bag.taken})
        if "queue" in self.kinds:
            self.thief.calm()
            self.hits["queue"] += self.thief.done

    def never_struck(self) -> list[Kind]:
        return [kind for kind in self.kinds if not +self.hits[kind]]

    def report(self) -> Iterator[str]:
        for kind, counted in self.hits.items():
            yield f"{kind}: {', '.join(f'{count} × {what}' for what, count in sorted((+counted).items())) or 'nothing'}"

    # What happens at a moment of the day

    @contextmanager
    def cache_failing(self) -> Iterator[None]:
        """Within the block the cache is killed, and starts empty, over and over; in between it is there and says nothing."""
        if "redis" not in self.kinds:
            yield
            return
        said = self._warnings()
        ended = threading.Event()
        thread = threading.Thread(target=self._fail_the_cache, args=(ended,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
        self.hits["redis"]["no answer, as its function's log says"] += self._warnings() - said

    def _fail_the_cache(self, ended: threading.Event) -> None:
        while not ended.is_set():
            with valkey(self.cache_port, LOCAL / str(self.port) / "storm") as cache:
                ended.wait(_UP)
                os.kill(cache.pid, signal.SIGSTOP)
                self.hits["redis"]["silenced"] += 1
                ended.wait(_DOWN)
                os.kill(cache.pid, signal.SIGKILL)
                self.hits["redis"]["killed"] += 1
            ended.wait(_DOWN)

    def _warnings(self) -> int:
        return len(log_lines(self.endpoint.client("logs"), f"/ketemu/{STACK}", '"agenda cache does not answer"'))

    @contextmanager
    def starting_anew(self, after: float) -> Iterator[None]:
        """Within the block, so many seconds after its begin, the emulator is stopped and started from its data."""
        if "restart" not in self.kinds:
            yield
            return
        failure: list[Exception] = []

        def act() -> None:
            time.sleep(after)  # into the middle of what others do
            try:
                hear_out(self.endpoint)
                self.say(f"the emulator was stopped and started: away for {restart(self.port):.0f} s")
                self.hits["restart"]["stopped and started"] += 1
            except Exception as raised:  # noqa: BLE001  # raised again in the thread that waits
                failure.append(raised)

        thread = threading.Thread(target=act, daemon=True)
        thread.start()
        try:
            yield
        finally:
            thread.join()
        for each in failure:
            raise each

    @contextmanager
    def letters_dying(self) -> Iterator[None]:
        """Within the block messages fail five times, and are seen and put back by the commands for it once the cause is gone."""
        if "dead" not in self.kinds:
            yield
            return
        self.outage.begin()
        yield
        queues = Queues.of(self.endpoint.client("sqs"), resources_of(self.endpoint))
        wait_until(lambda: queues.lengths()[DEAD], "a dead letter", seconds=240, every=1.0)
        listed = self._command("--port", str(self.port), fails=True)
        must("Error" in listed and f"✗ {DEAD}: " in listed, f"make dlq does not say why: {listed}")
        self.say(f"make dlq: {listed.splitlines()[0]} … {listed.splitlines()[-1]}")
        self.outage.end()
        self.hits["dead"]["dead letters seen"] += queues.lengths()[DEAD]
        self.hits["dead"]["calls of their worker that reached nothing"] += self.outage.met
        self.redrive(queues)

    def redrive(self, queues: Queues) -> None:
        """Every dead letter, by the command for it, until none is left."""

        def is_empty() -> bool:
            self.put_back(queues)
            return not any(queues.lengths().values())

        wait_until(is_empty, "the end of all dead letters", seconds=120, every=_SOON_AGAIN * 6.0)

    def put_back(self, queues: Queues) -> None:
        """The dead letters that there are, by the command for it."""
        for name in [name for name, letters in queues.lengths().items() if letters]:
            self.say(f"make redrive QUEUE={name}: {self._command('--port', str(self.port), '--redrive', name)}")

    def _command(self, *arguments: str, fails: bool = False) -> str:
        command = [sys.executable, "-m", "localstack.dead_letters", *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
        must(done.returncode == int(fails), f"{' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout.strip()
