"""A conference day, scaled to this machine: `make load`.

Sale, doors, breaks and meetings follow each other in the shapes that published conferences have had (docs/load.md says which),
through the public API alone. How long each answer took is counted on the way; at the end the tables are read, and what does not
hold is named.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from random import Random
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from localstack.aftermath import aftermath, settled
from localstack.client import PATIENCE, Person, must, newcomer, until_decided, wait_until
from localstack.doors import Doors, Scanner
from localstack.endpoint import Endpoint
from localstack.invariants import Aftermath, again
from localstack.metering import Meter, Metered
from localstack.onsale import OnSale
from localstack.onsale import Plan as Sale
from localstack.paths import LOCAL
from localstack.playing import console, options, played

T = TypeVar("T")

KEPT = LOCAL / "load.json"
REDELIVERY = 240  # seconds: a message whose reaction failed comes back after its queue's visibility timeout of 180


@dataclass(frozen=True, kw_only=True)
class Plan:
    tickets: int = 300
    contacts: int = 3  # that an attendee scans
    breaks: int = 2
    concurrency: int = 16
    hold_minutes: float = 0.5
    seed: int = 1500
    crowd_of: int = 20  # buyers, of whom one has an account: registering all would measure password hashes

    @property
    def buyers(self) -> int:
        """1,000 for 650."""
        return round(self.tickets * 1000 / 650)


class Day:
    """On a running stack; `say` hears how it goes. The organiser's requests are metered as everybody's are."""

    def __init__(self, endpoint: Endpoint, organizer: Person, meter: Meter, plan: Plan, say: Callable[[str], None]) -> None:
        self.endpoint, self.organizer, self.meter, self.plan, self.say = endpoint, organizer, meter, plan, say
        self.random = Random(plan.seed)  # noqa: S311  # the same day each time, no secret
        sale = Sale(
            tickets=plan.tickets,
            buyers=plan.buyers,
            concurrency=plan.concurrency,
            seed=plan.seed,
            hold_minutes=plan.hold_minutes,
            name="A conference day",
            starts_in=-timedelta(hours=6),
        )
        self.sale = OnSale(endpoint, organizer, sale, say)
        self.doors = Doors(organizer, organizer, say=say)
        self.attendees: list[Person] = []
        self.codes: dict[str, str] = {}  # of tickets, by attendee
        self.arrived: list[Person] = []
        self.pairs: set[frozenset[str]] = set()
        self.refreshed: set[str] = set()  # whose access tokens were

    def play(self) -> None:
        """Raises Unexpected, Surprise, NeverHappened where it does not go as it should."""
        self.set_up()
        self.go_through()
        self.check(unchanged=REDELIVERY)

    def go_through(self) -> None:
        self.sale.warm_up()
        for phase, act in (("on sale", self.sell), ("doors", self.open_doors), ("breaks", self.read), ("meeting", self.meet)):
            began = time.perf_counter()
            self.organizer.refresh()  # an access token is good for a quarter of an hour
            with self.meter.phase(phase):
                act()
            self.say(f"{phase}: {time.perf_counter() - began:.0f} s")

    def set_up(self) -> None:
        """Tickets on sale, gates and scanners, and 35 sessions in three rooms, released."""
        self.began = datetime.now(UTC)
        self.sale.open()
        self.doors.conference_id = self.sale.conference_id
        self.organizer.wait_for_role(self.sale.conference_id, "organizer")
        self.doors.set_up_gates()
        self.scanners = self.doors.pair()
        base = f"/events/conferences/{self.sale.conference_id}"
        self.rooms = [self.organizer.post(f"{base}/rooms", {"name": name, "capacity": 100})["id"] for name in ("A", "B", "C")]
        opening = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=5)
        for number in range(35):
            starts_at = opening + timedelta(minutes=45 * (number // 3))
            body = {
                "title": f"Session {number + 1}",
                "type": "talk",
                "room_id": self.rooms[number % 3],
                "speaker_ids": [],
                "starts_at": starts_at.isoformat(),
                "ends_at": (starts_at + timedelta(minutes=40)).isoformat(),
            }
            self.session_id = self.organizer.post(f"{base}/sessions", body)["id"]
        self.organizer.post(f"{base}/agenda/releases")
        with_account = self.sale.buyers[:: self.plan.crowd_of]
        people = self.all_at_once(lambda _: newcomer(self.organizer.api_url, self.organizer.http, "Phone"), with_account)
        for buyer, person in zip(with_account, people, strict=True):
            buyer.person = person

    def sell(self) -> None:
        """More people than tickets, some of whom never pay; then everybody fetches their ticket."""
        self.sale.rush(self.sale.buyers)
        self.sale.come_back()
        self.attendees = [buyer.person for buyer in self.sale.buyers if buyer.told == "paid"]
        self.all_at_once(self.fetch_ticket, self.attendees)
        self.say(f"{len(self.codes)} of {self.plan.tickets} tickets sold, and each is in its buyer's hands")

    def fetch_ticket(self, person: Person) -> None:
        def issued() -> list[Any]:
            return list(asked(person, "GET", "/tickets").json()["items"])

        [ticket] = wait_until(issued, "a ticket", every=1.0)
        self.codes[person.user_id] = ticket["code"]

    def open_doors(self) -> None:
        """One in six never comes. Each lane scans one by one; one scan in ten is sent again, one ticket in twenty shown again."""
        self.arrived = self.random.sample(self.attendees, len(self.attendees) * 83 // 100)
        lanes = [self.arrived[lane :: len(self.scanners)] for lane in range(len(self.scanners))]
        with ThreadPoolExecutor(len(self.scanners)) as pool:
            told = sum(pool.map(self.keep_lane, self.scanners, lanes, range(len(lanes))), Counter[str]())
        must(told["ok"] == len(self.arrived), f"{len(self.arrived)} came, and the door said {dict(told)}")
        stats = f"/tickets/conferences/{self.sale.conference_id}/stats"

        def counted() -> bool:
            return bool(sum(each["checked_in"] for each in self.organizer.get(stats)["ticket_types"]) == len(self.arrived))

        began = time.perf_counter()
        wait_until(counted, f"{len(self.arrived)} arrivals in the counts", every=1.0)
        self.say(f"{dict(told)}; counted {time.perf_counter() - began:.1f} s after the last scan")

    def keep_lane(self, scanner: Scanner, people: Sequence[Person], seed: int) -> Counter[str]:
        shuffle, told = Random(seed), Counter[str]()  # noqa: S311  # as above
        for person in people:
            code, nonce = self.codes[person.user_id], uuid4().hex
            answer = scanner.scan(code, nonce=nonce)
            told[answer["reason"] or answer["status"]] += 1
            if shuffle.random() < 0.1:
                must(scanner.scan(code, nonce=nonce)["status"] == answer["status"], "a repeated scan has another answer")
            if shuffle.random() < 0.05:
                told[scanner.scan(code)["reason"]] += 1
        return told

    def read(self) -> None:
        """In each break everybody who came reads the agenda; meanwhile a session is moved, and everybody looks again.

        A day outlasts every access token: half-way through, whoever has an account refreshes theirs, among all the others.
        """
        base = f"/events/conferences/{self.sale.conference_id}"
        for number in range(self.plan.breaks):
            come = self.come_refreshed if number == self.plan.breaks // 2 else partial(self.read_agenda, tag="")
            tags = self.all_at_once(come, self.arrived)
            room = self.rooms[2 - number % 2]  # from the second to the third, and back: the first is taken then
            self.organizer.call("PATCH", f"{base}/sessions/{self.session_id}", {"room_id": room})
            self.organizer.post(f"{base}/agenda/releases")
            began = time.perf_counter()
            wait_until(lambda seen=tags[0]: self.read_agenda(self.arrived[0], tag=seen) != seen, "the moved session")  # type: ignore[misc]  # a lambda's default
            self.say(f"a session was moved: seen after {time.perf_counter() - began:.1f} s")
            fresh = self.all_at_once(partial(self.read_agenda, tag=tags[0]), self.arrived)
            must(len(set(fresh)) == 1 and fresh[0] != tags[0], "some read an agenda of before")
        must(self.refreshed, "nobody refreshed an access token")
        self.say(f"{len(self.refreshed)} people refreshed their access token")

    def come_refreshed(self, person: Person) -> str:
        if "refresh_token" in person.tokens:
            before = person.tokens["access_token"]
            person.refresh()
            must(person.tokens["access_token"] != before, "a refreshed access token is the one of before")
            self.refreshed.add(person.user_id)
        return self.read_agenda(person, tag="")

    def read_agenda(self, person: Person, *, tag: str) -> str:
        """The tag of what is there now; where it is the one that is known, nothing is sent."""
        headers = {"If-None-Match": tag} if tag else {}
        answer = asked(person, "GET", f"/events/conferences/{self.sale.conference_id}/agenda", headers=headers)
        return answer.headers["ETag"]

    def meet(self) -> None:
        """Everybody has a card and scans some others, half of them on line, the others in a batch, which is sent twice."""
        cards = dict(zip([each.user_id for each in self.arrived], self.all_at_once(self.make_card, self.arrived), strict=True))
        draws = [(person, self.draw(person)) for person in self.arrived]
        self.all_at_once(lambda draw: self.scan_others(draw[0], [cards[other.user_id] for other in draw[1]]), draws)
        self.pairs = {frozenset((person.user_id, other.user_id)) for person, others in draws for other in others}
        self.say(f"{len(self.pairs)} pairs met")

    def draw(self, person: Person) -> list[Person]:
        """Whom this one scans."""
        others = self.random.sample(self.arrived, self.plan.contacts + 1)
        return [other for other in others if other is not person][: self.plan.contacts]

    def make_card(self, person: Person) -> str:
        body = {"name": person.name, "email": person.email, "visibility": {"email": "everyone"}}
        return str(asked(person, "PUT", "/contacts/card", body).json()["code"])

    def scan_others(self, person: Person, codes: Sequence[str]) -> None:
        for code in codes[::2]:
            asked(person, "POST", "/contacts/exchange", {"code": code, "nonce": uuid4().hex})
        at = datetime.now(UTC).isoformat()
        scans = [{"code": code, "nonce": uuid4().hex, "scanned_at": at} for code in codes[1::2]]
        for _ in range(2 if scans else 0):
            results = asked(person, "POST", "/contacts/exchange/batch", {"scans": scans}).json()["results"]
            must(all(result["status"] in ("met", "known") for result in results), results)

    # Afterwards

    def check(self, unchanged: float) -> None:
        """Once everything that is under way has arrived, everything holds; or it is named."""
        self.after, wrong = settled(
            self.endpoint,
            self.look,
            self.say,
            unchanged=unchanged,
            patience=PATIENCE,
        )
        must(not wrong, f"{len(wrong)} things do not hold: " + "; ".join(map(str, wrong[:5])))
        mine = {person.user_id for person in self.arrived}
        met = {frozenset((row["pk"].partition("#")[2], row["other_id"])) for row in self.after.contacts if row["kind"] == "Contact"}
        must({pair for pair in met if pair & mine} == self.pairs, "other pairs have each other than met")
        self.say(
            f"everything holds: the books balance; {len(self.arrived)} came in, by scans, tickets and counts; "
            f"{len(self.pairs)} pairs have each other; {len(self.after.messages)} messages reached each of their queues "
            f"({again(self.after)} reactions more: holds that ended, second looks, repeats); no dead letter"
        )

    def look(self) -> Aftermath:
        return aftermath(self.endpoint, self.sale.conference_id, self.began)

    def all_at_once(self, act: Callable[[Any], T], people: Iterable[Any]) -> list[T]:
        with ThreadPoolExecutor(self.plan.concurrency) as pool:
            return list(pool.map(act, people))


def asked(person: Person, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> httpx.Response:
    """The answer that decides, as one person asks for it; Unexpected where it is a failure."""
    sent = {**person.credential(), "Idempotency-Key": uuid4().hex, **(headers or {})}
    answer = until_decided(lambda: person.http.request(method, f"{person.api_url}{path}", json=body, headers=sent))
    must(answer.is_success or answer.status_code == HTTPStatus.NOT_MODIFIED, f"{method} {path}: {answer.text}")
    return answer


def report(meter: Meter) -> Iterator[str]:
    figures = meter.figures()
    width = max((len(each.operation) for each in figures), default=0)
    yield f"{'answers, in milliseconds':{width}} {'asked':>7} {'p50':>7} {'p95':>7} {'p99':>7} {'slowest':>8}"
    for each in figures:
        yield f"{each.operation:{width}} {each.asked:7} {each.p50:7.0f} {each.p95:7.0f} {each.p99:7.0f} {each.slowest:8.0f}"
    for (operation, outcome), times in meter.errors().most_common():
        yield f"{times} × {outcome} to {operation}"


def main() -> int:
    parser = options("load", "Play a conference day on the running stack.")
    parser.add_argument("--tickets", type=int, default=Plan.tickets)
    parser.add_argument("--contacts", type=int, default=Plan.contacts)
    arguments = parser.parse_args()
    plan, meter = Plan(tickets=arguments.tickets, contacts=arguments.contacts), Meter()

    def play(stack: dict[str, Any]) -> None:
        with httpx.Client(timeout=60, transport=Metered(meter, plan.concurrency + 16)) as http:
            organizer = newcomer(stack["api_url"], http, "Hana")
            day = Day(Endpoint(stack["endpoint_url"]), organizer, meter, plan, console.print)
            try:
                with meter.telling(console.print):
                    day.play()
            finally:
                meter.keep(KEPT)
                for line in report(meter):
                    console.print(line)

    return played(arguments.port, play)


if __name__ == "__main__":
    sys.exit(main())
