"""Attendees who meet off line, and take back some of what they showed. `make load-contacts`.

Phones hand in what they scanned in batches: shuffled, in part again, some of it hours late. Meanwhile people withdraw, block,
answer with more or fewer fields, change their cards and codes. At the end what each of them sees, over HTTP, is compared with what
`meetings_model.py` says: any difference ends with a non-zero exit and is named. The same seed is the same day.
"""

import csv
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from statistics import quantiles
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from localstack.client import PATIENCE, NeverHappened, Person, Surprise, must, until_decided, wait_until
from localstack.crowd import crowd
from localstack.endpoint import Endpoint
from localstack.meetings_day import Act, Day, Guest
from localstack.opening import opened
from localstack.playing import console, host, http_client, options, played

T = TypeVar("T")

_TOLD = 500  # acts between two lines of progress


@dataclass(frozen=True, kw_only=True)
class Plan:
    people: int = 300
    contacts: int = 3000  # pairs that meet
    rounds: int = 4
    concurrency: int = 8
    seed: int = 3000


class Meetings:
    """One day on a running stack; `say` hears how it goes."""

    def __init__(self, endpoint: Endpoint, organizer: Person, plan: Plan, say: Callable[[str], None]) -> None:
        self.organizer, self.plan, self.say = organizer, plan, say
        people = crowd(endpoint, organizer, plan.people, organizer.http)
        self.people = {person.user_id: person for person in people}
        guests = [Guest(each.user_id, f"Guest {number:04}", each.email) for number, each in enumerate(people)]
        self.day = Day(guests, plan.seed)
        self.conference_id = ""
        self.told: list[str] = []  # of each scan that was handed in
        self.seconds: list[float] = []  # that each batch took
        self.ids: dict[tuple[str, str], str] = {}  # of the contact that one has of another

    def play(self) -> None:
        """Raises Unexpected, Surprise, NeverHappened where it does not go as it should."""
        self.say(
            f"seed {self.plan.seed}: {self.plan.people} people, {self.plan.contacts} pairs that meet, {self.plan.rounds} rounds"
        )
        self.arrive()
        pairs = self.day.pairs(self.plan.contacts)
        for number in range(self.plan.rounds):
            self.learn_ids()
            self.play_round(f"round {number + 1}", self.day.round(pairs[number :: self.plan.rounds]))
            self.all_at_once(self.change_code, self.day.changes_codes())
        self.compare("after the last round")
        self.play_round("everything once more", self.day.everything_again())
        self.compare("after everything came once more")

    def arrive(self) -> None:
        """Each buys a ticket, and has a card and a code for the conference."""
        free = {"name": "Regular", "price": 0, "capacity": self.plan.people}
        self.conference_id, [type_id] = opened(self.organizer, "A day of meeting", [free], starts_in=timedelta(hours=-6))
        line = {"ticket_type_id": type_id, "quantity": 1}
        order = {"conference_id": self.conference_id, "lines": [line], "payment": {"method": "simulated"}}
        guests = list(self.day.guests.values())
        self.all_at_once(lambda guest: self.ask(guest.id, "POST", "/orders", order), guests)
        self.say(f"{len(guests)} tickets bought")
        for guest in guests:
            card = self.day.card(guest)
            code = wait_until(partial(self.card, guest.id, card), f"{guest.name}'s ticket", seconds=PATIENCE)
            self.day.has_code(guest, str(code))
        self.say(f"{len(guests)} cards filled in")

    def card(self, who: str, card: dict[str, Any]) -> str | None:
        """The code that shows it; None where they do not attend yet."""
        answer = self.ask(who, "PUT", f"/contacts/card?conference_id={self.conference_id}", card, or_else=422)
        return str(answer["code"]) if "code" in answer else None

    def change_code(self, guest: Guest) -> None:
        answer = self.ask(guest.id, "POST", f"/contacts/card/code?conference_id={self.conference_id}")
        self.day.has_code(guest, answer["code"])

    def learn_ids(self) -> None:
        """Under which id each has whom they met."""

        def learn(who: str) -> None:
            for each in self.listed(who, "/contacts"):
                self.ids[who, each["user_id"]] = each["id"]

        self.all_at_once(learn, self.people)

    def play_round(self, name: str, acts: dict[str, list[Act]]) -> None:
        """Each person's acts one after the other, all people's at once."""
        began, due, done = time.perf_counter(), sum(map(len, acts.values())), count(1)

        def play(who: str) -> None:
            for act in acts[who]:
                self.do(who, act)
                if (number := next(done)) % _TOLD == 0:
                    self.say(f"  {number} of {due} acts")

        before = len(self.told)
        self.all_at_once(play, list(acts))
        seconds, scans = time.perf_counter() - began, len(self.told) - before
        self.say(f"{name}: {due} acts, {scans} scans handed in, in {seconds:.1f} s: {scans / seconds:.0f} scans a second")

    def do(self, who: str, act: Act) -> None:
        base = f"/contacts/{self.ids.get((who, act.whom))}"
        match act.what:
            case "batch":
                self.hand_in(who, act.body["scans"])
            case "card":
                self.card(who, act.body)
            case "note":
                self.ask(who, "PATCH", base, act.body)
            case "remove":
                self.ask(who, "DELETE", base, or_else=404)  # done before an answer that did not arrive
            case "unblock":
                self.ask(who, "DELETE", f"/contacts/blocked/{act.whom}", or_else=404)
            case "choose":
                self.ask(who, "PUT", f"{base}/shown", act.body)
            case "confirm":
                self.ask(who, "POST", f"{base}/confirmation", act.body)
            case "withdraw":
                self.ask(who, "POST", f"{base}/withdrawal")
            case _:
                self.ask(who, "POST", f"{base}/{act.what}")

    def hand_in(self, who: str, scans: Sequence[dict[str, Any]]) -> None:
        """Raises Unexpected where a scan is answered otherwise than the model says. What was busy is sent again."""
        while scans:
            began = time.perf_counter()
            results = self.ask(who, "POST", "/contacts/exchange/batch", {"scans": scans})["results"]
            self.seconds.append(time.perf_counter() - began)
            for scan, result in zip(scans, results, strict=True):
                told = result["problem"] or result["status"]
                expected = self.day.answers(scan["nonce"])
                must(told in expected, f"{self.day.guests[who].name}: {result} where {expected} is expected")
                self.told.append(told)
            scans = [scan for scan, result in zip(scans, results, strict=True) if result["problem"] == "busy"]

    def compare(self, when: str) -> None:
        """What each sees, once copies follow changed cards, with what the model says. Raises Unexpected with the differences."""
        different = {who: ["not looked at"] for who in self.people}

        def same() -> bool:
            looks = self.all_at_once(self.differences, list(different))
            for who, found in zip(list(different), looks, strict=True):
                different[who] = found
                if not found:
                    del different[who]
            return not different

        try:
            wait_until(same, when, seconds=PATIENCE / 5)
        except NeverHappened:
            named = [f"{self.day.guests[who].name}: {each}" for who, found in different.items() for each in found]
            must(False, f"{when}, {len(different)} people see something else than the model says:\n" + "\n".join(named[:20]))
        seen = sum(len(self.day.model.contacts(who)) for who in self.people)
        self.say(f"{when} each of {len(self.people)} sees exactly what the model says: {seen} contacts")

    def differences(self, who: str) -> list[str]:
        model = self.day.model
        listed = self.listed(who, "/contacts")
        looks: dict[str, tuple[dict[Any, Any], dict[Any, Any]]] = {
            "contacts": ({each["user_id"]: _as_the_model_has_it(each) for each in listed}, model.contacts(who)),
            "holders": ({each["user_id"]: set(each["sees"]) for each in self.listed(who, "/contacts/holders")}, model.holders(who)),
            "blocked": (
                {each["id"]: True for each in self.ask(who, "GET", "/contacts/blocked")["items"]},
                {whom: True for by, whom in model.blocked if by == who},
            ),
            "awaiting": (
                {each["user_id"]: True for each in self.listed(who, "/contacts", "awaiting=true")},
                {other: True for other, seen in model.contacts(who).items() if seen["confirmation"] == "pending"},
            ),
            "exported": (self.exported(who), {_line(seen["shows"]): True for seen in model.contacts(who).values()}),
        }
        found = [f"{len(listed)} contacts, some twice"] if len(looks["contacts"][0]) < len(listed) else []
        for what, (seen, said) in looks.items():
            keys = [key for key in sorted(seen.keys() | said.keys(), key=str) if seen.get(key) != said.get(key)]
            found += [f"{what}, {self._named(key)}: sees {seen.get(key)}, the model says {said.get(key)}" for key in keys]
        return found

    def exported(self, who: str) -> dict[tuple[str, ...], bool]:
        """The lines of the CSV file; a text that a spreadsheet would take for a formula has a ' before it."""
        lines = csv.DictReader(self.answer(who, "GET", "/contacts/export").text.removeprefix("\ufeff").splitlines())
        columns = ("name", "company", "title", "email", "phone", "links", "fields")
        return {tuple(line[column].removeprefix("'") for column in columns): True for line in lines}

    def _named(self, key: Any) -> str:
        return self.day.guests[key].name if key in self.day.guests else str(key)

    def listed(self, who: str, path: str, query: str = "") -> list[Any]:
        found, cursor = [], ""
        while True:
            page = self.ask(who, "GET", f"{path}?limit=100&{query}{cursor}")
            found += page["items"]
            if not page["next_cursor"]:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    def ask(self, who: str, method: str, path: str, body: Any = None, *, or_else: int = 200) -> Any:
        """Raises Surprise for a failure that is not `or_else`."""
        answer = self.answer(who, method, path, body)
        if answer.is_error and answer.status_code != or_else:
            raise Surprise(f"{method} {path} of {self.day.guests[who].name}", 200, answer)
        return answer.json() if answer.content else {}

    def answer(self, who: str, method: str, path: str, body: Any = None) -> httpx.Response:
        person = self.people[who]
        headers = {"Authorization": f"Bearer {person.tokens['access_token']}", "Idempotency-Key": uuid4().hex}
        return until_decided(lambda: person.http.request(method, f"{person.api_url}{path}", json=body, headers=headers))

    def all_at_once(self, act: Callable[[T], Any], each: Iterable[T]) -> list[Any]:
        with ThreadPoolExecutor(self.plan.concurrency) as pool:
            return list(pool.map(act, each))

    def figures(self) -> list[str]:
        cuts = quantiles(self.seconds, n=100)
        done = ", ".join(f"{number} × {deed}" for deed, number in sorted(self.day.done.items()))
        told = ", ".join(f"{number} × {answer}" for answer, number in Counter(self.told).most_common())
        times = ", ".join(f"p{part} {cuts[part - 1] * 1000:.0f} ms" for part in (50, 95, 99))
        return [f"planned: {done}", f"answers to scans: {told}", f"{len(self.seconds)} batches: {times}"]


def _as_the_model_has_it(contact: dict[str, Any]) -> dict[str, Any]:
    shows = {key: contact[key] for key in ("name", "company", "title", "email", "phone", "links") if contact[key]}
    shows |= {f"fields.{each['label']}": each["value"] for each in contact["fields"]}
    return {
        "shows": shows,
        "scans": {scan["by"]: datetime.fromisoformat(scan["at"]) for scan in contact["scans"]},
        "met": datetime.fromisoformat(contact["met_at"]),
        "notes": set((contact["note"] or "").splitlines()),
        "tags": set(contact["tags"]),
        "confirmation": contact["shown"]["confirmation"],
        "chosen": contact["shown"]["fields"],
        "withdrawn": bool(contact["shown"]["withdrawn_at"]),
    }


def _line(shows: dict[str, Any]) -> tuple[str, ...]:
    links, seeks = " ".join(shows.get("links", [])), shows.get("fields.Seeks")
    plain = (shows.get(key, "") for key in ("name", "company", "title", "email", "phone"))
    return (*plain, links, f"Seeks: {seeks}" if seeks else "")


def main() -> int:
    parser = options("load-contacts", "A day of meeting on the running stack, held against a simple model.")
    parser.add_argument("--people", type=int, default=Plan.people)
    parser.add_argument("--contacts", type=int, default=Plan.contacts)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    asked = parser.parse_args()
    plan = Plan(people=asked.people, contacts=asked.contacts, seed=asked.seed)

    def play(stack: dict[str, Any]) -> None:
        with http_client(plan.concurrency) as http:
            meetings = Meetings(Endpoint(stack["endpoint_url"]), host(stack, http), plan, console.print)
            meetings.play()
            for line in meetings.figures():
                console.print(line)

    return played(asked.port, play)


if __name__ == "__main__":
    sys.exit(main())
