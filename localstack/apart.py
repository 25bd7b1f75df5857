"""`make load-scanners`: reference scanners that lose their network, let people in alone, and come back on line at once.

Nothing but HTTP and `scanner/`. What was planted (tickets let in at two gates) has to come out as it was planted, and nothing else,
though one scanner is killed in the middle of handing in. At the end the journal is proved.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from localstack.client import Person, Surprise, must, newcomer, until_decided, wait_until
from localstack.opening import opened
from localstack.paths import ROOT
from localstack.playing import console, options, played
from localstack.verify_journal import verify
from scanner.credential import seal
from scanner.platform import Platform, pair
from scanner.scanner import BATCH, Answer, Scanner, Synced
from scanner.store import Store

_AT_ONCE = 4
_PER_ORDER = 20
_PASSPHRASE = "nobody else's"  # noqa: S105  # of scanners that are gone when the run is
_NOWHERE = "http://127.0.0.1:9"  # the discard port: a network that is not there


@dataclass
class Apart:
    """A morning without a network. `organizer` has logged in and makes a conference of their own."""

    organizer: Person
    buyer: Person
    folder: Path
    tickets: int = 60
    scanners: int = 3
    scans: int = 48  # of different tickets; one in twenty of them is let in at a second gate too
    say: Callable[[str], None] = print
    conference_id: str = ""
    secrets: list[str] = field(default_factory=list)  # that no store may hold
    opened: ExitStack = field(default_factory=ExitStack)  # connections and stores, closed at the end

    def __post_init__(self) -> None:
        self.random = random.Random(4000)  # noqa: S311  # the same morning each time, no secret

    def play(self) -> None:
        self.open()
        codes = self.sell()
        with self.opened:
            doors = [self.pair(number) for number in range(self.scanners)]
            self.prepare(doors)
            twice = self.let_in(doors, self.random.sample(codes, self.scans))
            self.steal(doors[0], codes)
            self.reconnect(doors)
            self.check(twice)
            self.prove(len(twice))

    def open(self) -> None:
        kind = {"name": "Regular", "price": 0, "capacity": self.tickets, "max_per_order": _PER_ORDER}
        self.conference_id, [self.type_id] = opened(
            self.organizer, "A morning without a network", [kind], starts_in=-timedelta(hours=6)
        )
        self.organizer.wait_for_role(self.conference_id, "organizer")

    def sell(self) -> list[str]:
        began = time.perf_counter()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self.order, range(self.tickets // _PER_ORDER)))
        ordered = time.perf_counter() - began
        self.grown(self.issued, self.tickets, "tickets issued")
        codes = [each["code"] for each in self.buyer.list_all("/tickets") if each["conference_id"] == self.conference_id]
        must(len(codes) == self.tickets, len(codes))
        self.say(f"{self.tickets} tickets ordered in {ordered:.1f} s, issued after {time.perf_counter() - began:.1f} s")
        return codes

    def order(self, number: int) -> None:
        """As often as it takes: it is one order by its key."""
        line = {"ticket_type_id": self.type_id, "quantity": _PER_ORDER}
        body = {"conference_id": self.conference_id, "lines": [line], "payment": {"method": "simulated"}}
        headers = {**self.buyer.credential(), "Idempotency-Key": f"{self.conference_id}-{number}"}
        answer = until_decided(lambda: self.buyer.http.post(f"{self.buyer.api_url}/orders", json=body, headers=headers))
        must(answer.status_code == 201, answer.text)

    def issued(self) -> int:
        return sum(issued for issued, _ in self.counted())

    def counted(self) -> list[tuple[int, int]]:
        """Of each ticket type: tickets issued, and people who are here."""
        return [(each["issued"], each["checked_in"]) for each in self.organizer.get(f"{self.base}/stats")["ticket_types"]]

    @property
    def base(self) -> str:
        return f"/tickets/conferences/{self.conference_id}"

    def grown(self, count: Callable[[], int], due: int, what: str) -> None:
        """Wait for as long as it grows."""
        reached = -1
        while reached < due:
            reached = wait_until(partial(self.more_than, reached, count), what)[0]

    def more_than(self, before: int, count: Callable[[], int]) -> list[int]:
        """What it has come to, once it has; a platform that is too busy to say is asked again."""
        try:
            now = count()
        except (httpx.TimeoutException, Surprise) as busy:
            if isinstance(busy, Surprise) and busy.status < 500:
                raise
            return []
        return [now] if now > before else []

    def pair(self, number: int) -> Scanner:
        device = {"conference_id": self.conference_id, "name": f"Lane {number + 1}"}
        code = self.organizer.post("/tickets/devices", device)["code"]
        conference_id, credential = pair(self.organizer.api_url, code)
        platform = self.opened.enter_context(closing(Platform(self.organizer.api_url, conference_id, credential, seconds=30)))
        store = self.opened.enter_context(closing(Store(self.folder / f"scanner-{number}.db")))
        store.keep("paired", [self.organizer.api_url, conference_id, seal(credential, _PASSPHRASE)])
        self.secrets.append(credential)
        return Scanner(platform, store)

    def prepare(self, doors: list[Scanner]) -> None:
        """They fetch what they need, until all tickets are in it."""
        began = time.perf_counter()
        self.grown(lambda: self.known_to(doors[0]), self.tickets, "sealed records")

        def ready(door: Scanner) -> bool:
            return self.known_to(door) == self.tickets

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(lambda door: wait_until(partial(ready, door), "a scanner with all records"), doors))
        self.say(f"{len(doors)} scanners have {self.tickets} sealed records each, after {time.perf_counter() - began:.1f} s")

    def known_to(self, door: Scanner) -> int:
        """0 where its request was late: it is off line until its next one."""
        return door.store.people() if door.sync().mode == "on line" else 0

    def let_in(self, doors: list[Scanner], codes: list[str]) -> set[str]:
        """Off line, at times that are not in order; the codes that were let in twice."""
        start, platforms = datetime.now(UTC) - timedelta(hours=2), [door.platform for door in doors]
        twice = set(self.random.sample(codes, max(1, len(codes) // 20)))
        held = [(code, lane) for lane, code in enumerate(codes)] + [(code, codes.index(code) + 1) for code in twice]
        self.random.shuffle(held)
        for door in doors:
            door.platform = self.opened.enter_context(closing(Platform(_NOWHERE, self.conference_id, "")))
        for code, lane in held:
            at = start + timedelta(seconds=self.random.randrange(7000))
            doors[lane % len(doors)].clock = lambda at=at: at  # type: ignore[misc]  # a lambda's default
            answer = doors[lane % len(doors)].scan(code)
            must(answer.mode == "off line" and answer.admitted and answer.person == self.buyer.name, answer)
        for door, platform in zip(doors, platforms, strict=True):
            door.platform = platform
        self.say(f"{len(held)} let in off line, {len(twice)} of them twice; each was shown by name")
        return twice

    def steal(self, door: Scanner, codes: list[str]) -> None:
        """What lies on its disk, read by somebody who has nothing else."""
        files = sorted(self.folder.glob("scanner-0.db*"))
        # In a process of its own: whoever closes a file that SQLite has open here takes SQLite's locks on it away.
        stolen = subprocess.run(["cat", *files], stdout=subprocess.PIPE, check=True).stdout
        in_clear = [secret for secret in (self.buyer.name, self.buyer.email, *self.secrets) if secret.encode() in stolen]
        in_clear += [code for code in codes if code[-60:].encode() in stolen]
        must(not in_clear, in_clear)
        self.say(f"a stolen store of {door.store.people()} records has no name, code or credential in the clear")

    def reconnect(self, doors: list[Scanner]) -> None:
        waiting, began = sum(door.store.backlog() for door in doors), time.perf_counter()
        with ThreadPoolExecutor(1) as pool:
            killed = pool.submit(self.kill_in_mid_upload, doors[0])
            self.all_at_once(doors[1:])
            self.say(f"a scanner was killed with {killed.result()} of its scans answered")
        while any(door.store.backlog() for door in doors):
            self.all_at_once(doors)
        seconds = time.perf_counter() - began
        # A scanner whose last request was late is off line until its next one.
        wait_until(lambda: all(one.mode == "on line" for one in self.all_at_once(doors)), "all scanners on line")
        must(sum(len(door.store.answers()) for door in doors) == waiting, "a scan without an answer")
        self.say(f"{waiting} scans handed in by {len(doors)} scanners at once in {seconds:.1f} s: none is left, each is answered")

    def kill_in_mid_upload(self, door: Scanner) -> int:
        """A process of its own hands in, and is killed as soon as it has got an answer; how many it has got."""
        command = [sys.executable, "-m", "scanner", "--store", str(self.folder / "scanner-0.db"), "sync"]
        environment = {**os.environ, "SCANNER_PASSPHRASE": _PASSPHRASE}
        running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        wait_until(lambda: door.store.answers() or running.poll() is not None, "a first answer")
        running.kill()
        running.wait()
        must(door.store.backlog() or self.scans < 2 * BATCH * self.scanners, "it was done before it was killed")
        return len(door.store.answers())

    def all_at_once(self, doors: Iterable[Scanner]) -> list[Synced]:
        with ThreadPoolExecutor(64) as pool:
            return list(pool.map(lambda door: door.sync(), doors))

    def check(self, twice: set[str]) -> None:
        """As a scanner sees it that was not there."""
        late = self.pair(self.scanners)

        def inside() -> int:
            return late.store.people_inside() if late.sync().mode == "on line" else 0

        self.grown(inside, self.scans, "people inside")
        answers: list[Answer] = [late.scan(code) for code in sorted(twice)[:5]]
        must(all(answer.reason == "already_redeemed" for answer in answers), answers)
        wait_until(lambda: late.sync().mode == "on line" and not late.store.backlog(), "what it decided by itself, handed in")
        self.grown(lambda: len(self.organizer.list_all(f"{self.base}/conflicts")), len(twice), "conflicts")
        sold = {each["code"]: each["id"] for each in self.buyer.list_all("/tickets")}
        found = sorted(each["ticket_id"] for each in self.organizer.list_all(f"{self.base}/conflicts"))
        must(found == sorted(sold[code] for code in twice), "other conflicts than were planted")
        self.say(f"{self.scans} people are inside, each counted once; {len(twice)} conflicts, exactly those planted")

    def prove(self, twice: int) -> None:
        """Every issue and every scan is an entry of the journal, and it is whole."""
        due = self.tickets + self.scans + twice + min(twice, 5)
        self.grown(lambda: int(self.organizer.get(f"{self.base}/journal/head")["seq"]), due, "entries in the journal")
        wait_until(lambda: self.counted() == [(self.tickets, self.scans)], f"{self.tickets} issued and {self.scans} here")
        proof = verify(self.organizer.get, self.conference_id)
        must(proof.fault is None and proof.head.seq == due, proof)
        self.say(f"the journal of {self.conference_id} is proved: {due} entries")


def main() -> int:
    parser = options("load-scanners", "A morning without a network, on the running stack.")
    parser.add_argument("--tickets", type=int, default=500)
    parser.add_argument("--scanners", type=int, default=20)
    parser.add_argument("--scans", type=int, default=400)
    asked = parser.parse_args()

    def play(stack: dict[str, Any]) -> None:
        with httpx.Client(timeout=60) as http, tempfile.TemporaryDirectory() as folder:
            organizer, buyer = (newcomer(stack["api_url"], http, name) for name in ("Hana", "Citra"))
            Apart(organizer, buyer, Path(folder), asked.tickets, asked.scanners, asked.scans, console.print).play()

    return played(asked.port, play)


if __name__ == "__main__":
    sys.exit(main())
