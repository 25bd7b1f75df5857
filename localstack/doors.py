"""`make load-doors`: hundreds of people at four gates, scanners that lose their connection, and what is left of it afterwards.

Nothing but HTTP. What was planted (races, double entries, repeats in another order) has to come out as it was planted.
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from localstack.client import Person, must, newcomer, until_decided, wait_until
from localstack.opening import opened
from localstack.playing import console, options, played
from localstack.verify_journal import verify

GATES = ("North", "East", "South", "West")
_AT_ONCE = 8
_PER_ORDER = 10
_LATER = ("busy", "overloaded")  # problems of a scan that is to be sent again


@dataclass
class Scanner:
    """A paired scanner: it scans on line, and keeps what it let in while it was off line."""

    api_url: str
    http: httpx.Client
    id: str
    credential: str
    gate: str
    queue: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Device {self.credential}"}
        return until_decided(lambda: self.http.request(method, f"{self.api_url}{path}", json=body, headers=headers))

    def scan(self, code: str, **how: Any) -> Any:
        answer = self.ask("POST", "/tickets/check-in", {"code": code, "nonce": uuid4().hex, "gate": self.gate, **how})
        must(answer.status_code == 200, answer.text)
        return answer.json()

    def let_in_off_line(self, code: str, at: datetime) -> None:
        self.queue.append({"code": code, "nonce": uuid4().hex, "gate": self.gate, "scanned_at": at.isoformat()})

    def reconnect(self, shuffle: random.Random, batch: int) -> list[Any]:
        """Hands its queue in, shuffled, and a part of it twice."""
        again = shuffle.sample(self.queue, len(self.queue) // 5)
        scans = shuffle.sample([*self.queue, *again], len(self.queue) + len(again))
        results: list[Any] = []
        while scans:
            some, scans = scans[:batch], scans[batch:]
            answer = self.ask("POST", "/tickets/check-in/batch", {"scans": some})
            must(answer.status_code == 200, answer.text)
            told = list(zip(some, answer.json()["results"], strict=True))
            results += [result for _, result in told if result["problem"] not in _LATER]
            scans += [scan for scan, result in told if result["problem"] in _LATER]
        return results


@dataclass
class Doors:
    """An evening. `organizer` has logged in and makes a conference of their own."""

    organizer: Person
    buyer: Person
    tickets: int = 200
    scanners_a_gate: int = 2
    doubles: int = 8
    batch: int = 25
    at_once: int = 32  # scans of one ticket in the race; the emulator starts a process for each
    say: Callable[[str], None] = print
    conference_id: str = ""
    type_id: str = ""

    def __post_init__(self) -> None:
        self.random = random.Random(650)  # noqa: S311  # the same evening each time, no secret
        self.seen: Counter[str] = Counter()

    @property
    def base(self) -> str:
        return f"/tickets/conferences/{self.conference_id}"

    def play(self) -> None:
        self.open()
        codes = self.sell()
        scanners = self.pair()
        rest = self.race(scanners, codes)
        rest = self.arrive(scanners, rest)
        planted = self.lose_connection(scanners, rest)
        self.wait_for_the_journal()
        self.check(scanners, planted)

    def open(self) -> None:
        kind = {"name": "Regular", "price": 0, "capacity": self.tickets, "max_per_order": _PER_ORDER}
        self.conference_id, [self.type_id] = opened(
            self.organizer, "An evening at the doors", [kind], starts_in=-timedelta(hours=6)
        )
        self.organizer.wait_for_role(self.conference_id, "organizer")
        self.set_up_gates()

    def set_up_gates(self) -> None:
        for gate in GATES:
            self.organizer.post(f"{self.base}/gates", {"name": gate})
        self.say(f"conference {self.conference_id} with gates {', '.join(GATES)}")

    def sell(self) -> list[str]:
        line = {"ticket_type_id": self.type_id, "quantity": _PER_ORDER}
        body = {"conference_id": self.conference_id, "lines": [line], "payment": {"method": "simulated"}}
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(lambda _: self.buyer.post("/orders", body), range(self.tickets // _PER_ORDER)))
        wait_until(lambda: len(self.bought()) == self.tickets, "the tickets")
        self.say(f"{self.tickets} tickets issued")
        return [ticket["code"] for ticket in self.bought()]

    def bought(self) -> list[Any]:
        return [ticket for ticket in self.buyer.list_all("/tickets") if ticket["conference_id"] == self.conference_id]

    def pair(self) -> list[Scanner]:
        scanners = []
        for gate in GATES:
            for number in range(self.scanners_a_gate):
                body = {"conference_id": self.conference_id, "name": f"{gate} {number + 1}"}
                code = self.organizer.post("/tickets/devices", body)["code"]
                answer = self.organizer.http.post(f"{self.organizer.api_url}/tickets/devices/pair", json={"code": code})
                must(answer.status_code == 201, answer.text)
                paired = answer.json()
                scanner = Scanner(self.organizer.api_url, self.organizer.http, paired["device"]["id"], paired["credential"], gate)
                scanners.append(scanner)
        self.say(f"{len(scanners)} scanners paired")
        return scanners

    def race(self, scanners: Sequence[Scanner], codes: Sequence[str]) -> list[str]:
        """32 scans of one ticket at once: one lets in."""
        with ThreadPoolExecutor(self.at_once) as pool:
            answers = list(pool.map(lambda number: scanners[number % len(scanners)].scan(codes[0]), range(32)))
        told = Counter(answer["reason"] or answer["status"] for answer in answers)
        must(told == {"ok": 1, "already_redeemed": 31}, told)
        self.seen += Counter(admitted=1, refused=31)
        self.say("32 scans of one ticket at once: 1 ok, 31 already_redeemed")
        return list(codes[1:])

    def arrive(self, scanners: Sequence[Scanner], codes: Sequence[str]) -> list[str]:
        """A quarter comes while all is well; some come twice, one is let in by force, one scan is taken back."""
        here = codes[: len(codes) // 4]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            lanes = range(len(here))
            answers = list(pool.map(lambda number: scanners[number % len(scanners)].scan(here[number]), lanes))
        must(all(answer["status"] == "ok" for answer in answers), answers)
        again = [scanners[0].scan(code) for code in here[:5]]
        must(all(answer["cause"] == "already_inside" for answer in again), again)
        self.organizer.post(
            "/tickets/check-in",
            {"code": here[0], "nonce": uuid4().hex, "gate": GATES[1], "force": "lost and found"},
            expect=200,
        )
        nonce = uuid4().hex
        scanners[1].scan(codes[len(here)], nonce=nonce)
        must(scanners[1].ask("DELETE", f"/tickets/check-in/{nonce}").json()["annulled_at"], nonce)
        self.seen += Counter(admitted=len(here) + 1, refused=5, forced=1, annulled=1)
        self.say(f"{len(here)} came in on line, 5 were refused, 1 forced, 1 annulled")
        return list(codes[len(here) :])

    def lose_connection(self, scanners: Sequence[Scanner], codes: Sequence[str]) -> set[str]:
        """The rest comes while scanners are apart; some tickets at two gates. They come back on line at once."""
        start = datetime.now(UTC) - timedelta(hours=2)
        planted = self.random.sample(list(codes), self.doubles)
        for number, code in enumerate(codes):
            at = start + timedelta(seconds=number * 3)
            scanners[number % len(scanners)].let_in_off_line(code, at)
            if code in planted:
                scanners[(number + self.scanners_a_gate) % len(scanners)].let_in_off_line(code, at + timedelta(minutes=7))
        began = time.perf_counter()
        with ThreadPoolExecutor(len(scanners)) as pool:
            results = list(pool.map(lambda scanner: scanner.reconnect(self.random, self.batch), scanners))
        lost = [each for part in results for each in part if each["problem"] or not each["result"]["admitted"]]
        must(not lost, lost)
        self.seen += Counter(admitted=len(codes) + self.doubles)
        seconds = time.perf_counter() - began
        self.say(f"{sum(map(len, results))} scans handed in at once by {len(scanners)} scanners in {seconds:.1f} s")
        return {self.ticket_of(code) for code in planted}

    def ticket_of(self, code: str) -> str:
        return str(next(ticket["id"] for ticket in self.bought() if ticket["code"] == code))

    def wait_for_the_journal(self) -> None:
        due = self.tickets + self.seen.total()
        began = time.perf_counter()
        head = f"{self.base}/journal/head"
        wait_until(lambda: self.organizer.get(head)["seq"] >= due, f"{due} entries in the journal")
        self.say(f"the journal has {due} entries, {time.perf_counter() - began:.1f} s after the last scan")

    def check(self, scanners: Sequence[Scanner], planted: set[str]) -> None:
        conflicts = self.organizer.list_all(f"{self.base}/conflicts")
        must({each["ticket_id"] for each in conflicts} == planted and len(conflicts) == self.doubles, conflicts)
        must(all(each["first"]["by"] != each["second"]["by"] for each in conflicts), conflicts)
        arrivals = self.check_counts()
        proof = self.prove()
        must(proof.fault is None and proof.head.seq == self.tickets + self.seen.total(), proof)
        self.say(f"{len(conflicts)} conflicts, exactly those planted; {arrivals} arrivals counted; the journal is proved")
        seen = {each["id"] for each in self.organizer.get(f"/tickets/devices?conference_id={self.conference_id}")["items"]}
        must(seen == {scanner.id for scanner in scanners}, seen)
        self.organizer.call("DELETE", f"/tickets/devices/{scanners[0].id}")
        must(scanners[0].ask("DELETE", "/tickets/check-in/any").status_code == 401, "a revoked scanner is let in")
        self.say("a revoked scanner is refused with its next request")

    def check_counts(self) -> int:
        """How many came, once the counts have followed the door."""
        came = self.seen["admitted"] + self.seen["forced"] - self.seen["annulled"]
        of_type = {"issued": self.tickets, "expected": self.tickets, "checked_in": self.tickets, "coming": 0, "cancelled": 0}
        expected = ([{"ticket_type_id": self.type_id, **of_type}], came, self.tickets)
        since = (datetime.now(UTC) - timedelta(hours=3)).isoformat().replace("+00:00", "Z")

        def counted() -> tuple[Any, int, int]:
            stats = self.organizer.get(f"{self.base}/stats?since={since}")
            arrivals, inside = stats["arrivals"], stats["gates"]
            return stats["ticket_types"], sum(each["entries"] for each in arrivals), sum(each["inside"] for each in inside)

        wait_until(lambda: counted() == expected, f"{expected} in the counts")
        return came

    def prove(self) -> Any:
        return verify(self.organizer.get, self.conference_id)


def main() -> int:
    parser = options("load-doors", "An evening at the doors, on the running stack.")
    parser.add_argument("--tickets", type=int, default=200)
    asked = parser.parse_args()

    def play(stack: dict[str, Any]) -> None:
        with httpx.Client(timeout=60) as http:
            organizer, buyer = (newcomer(stack["api_url"], http, name) for name in ("Hana", "Citra"))
            Doors(organizer, buyer, tickets=asked.tickets, say=console.print).play()

    return played(asked.port, play)


if __name__ == "__main__":
    sys.exit(main())
