"""Attendees who meet off line, and take back some of what they showed. `make load-contacts`.

Phones hand in what they scanned in batches: shuffled, in part again, some of it hours late. Meanwhile people withdraw, block,
answer with more or fewer fields, change their cards and codes. At the end what each of them sees, over HTTP, is compared with what
`meetings_model.py` says: any difference ends with a non-zero exit and is named. The same seed is the same day.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from statistics import quantiles
from typing import Any, TypeVar

from localstack.client import Person, must
from localstack.crowd import crowd
from localstack.endpoint import Endpoint
from localstack.meetings_asking import Asking, exported_as, shown_in
from localstack.meetings_day import Act, Day, Guest
from localstack.meetings_stands import Fair, Stands
from localstack.opening import opened
from localstack.playing import console, host, http_client, options, played

T = TypeVar("T")

_TOLD = 500  # acts between two lines of progress


@dataclass(frozen=True, kw_only=True)
class Plan:
    people: int = 300
    contacts: int = 3000  # pairs that meet
    rounds: int = 4
    stands: int = 10  # of companies that exhibit, each with two or three people
    visitors: int = 100  # who meet nobody but these
    leads: int = 600  # pairs of a company and a visitor
    concurrency: int = 8
    seed: int = 3000


class Meetings(Asking):
    """One day on a running stack; `say` hears how it goes."""

    def __init__(self, endpoint: Endpoint, organizer: Person, plan: Plan, say: Callable[[str], None]) -> None:
        self.endpoint, self.organizer, self.plan, self.say = endpoint, organizer, plan, say
        people = crowd(endpoint, organizer, plan.people, organizer.http)
        guests = [Guest(each.user_id, f"Guest {number:04}", each.email) for number, each in enumerate(people)]
        super().__init__({each.user_id: each for each in people}, {guest.id: guest.name for guest in guests}, plan.concurrency)
        self.day = Day(guests, plan.seed)
        fair = Fair(stands=plan.stands, visitors=plan.visitors, leads=plan.leads, concurrency=plan.concurrency, seed=plan.seed)
        self.stands = Stands(endpoint, organizer, fair, say)
        self.told: list[str] = []  # of each scan that was handed in
        self.seconds: list[float] = []  # that each batch took
        self.ids: dict[tuple[str, str], str] = {}  # of the contact that one has of another

    def play(self) -> None:
        """Raises Unexpected, Surprise, NeverHappened where it does not go as it should."""
        self.say(
            f"seed {self.plan.seed}: {self.plan.people} people, {self.plan.contacts} pairs that meet, {self.plan.rounds} rounds"
        )
        self.arrive()
        pairs, leads = self.day.pairs(self.plan.contacts), self.stands.day.pairs(self.plan.leads)
        for number in range(self.plan.rounds):
            self.learn_ids()
            self.play_round(f"round {number + 1}", self.day.round(pairs[number :: self.plan.rounds]))
            self.stands.play_round(f"round {number + 1}", leads[number :: self.plan.rounds])
            self.all_at_once(self.change_code, self.day.changes_codes())
        self.look("after the last round")
        self.stands.look("after the last round")
        self.play_round("everything once more", self.day.everything_again())
        self.stands.play_again()
        self.look("after everything came once more")
        self.stands.look("after everything came once more")
        self.stands.send_one_home()

    def arrive(self) -> None:
        """Each buys a ticket, and has a card and a code for the conference."""
        free = {"name": "Regular", "price": 0, "capacity": self.plan.people + self.plan.visitors}
        self.conference_id, [type_id] = opened(self.organizer, "A day of meeting", [free], starts_in=timedelta(hours=-6))
        line = {"ticket_type_id": type_id, "quantity": 1}
        order = {"conference_id": self.conference_id, "lines": [line], "payment": {"method": "simulated"}}
        guests = list(self.day.guests.values())
        self.all_at_once(lambda guest: self.ask(guest.id, "POST", "/orders", order), guests)
        self.say(f"{len(guests)} tickets bought")
        for guest in guests:
            self.day.has_code(guest, self.card(guest.id, self.day.card(guest)))
        self.say(f"{len(guests)} cards filled in")
        self.stands.arrive(self.conference_id, type_id)

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

    def look(self, when: str) -> None:
        self.compare(when, self.people, self.differences)
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
            "exported": (
                self.exported(who, "/contacts/export"),
                {exported_as(seen["shows"]): True for seen in model.contacts(who).values()},
            ),
        }
        found = [f"{len(listed)} contacts, some twice"] if len(looks["contacts"][0]) < len(listed) else []
        return found + self.unlike(looks)

    def figures(self) -> list[str]:
        cuts = quantiles(self.seconds, n=100)
        done = ", ".join(f"{number} × {deed}" for deed, number in sorted(self.day.done.items()))
        told = ", ".join(f"{number} × {answer}" for answer, number in Counter(self.told).most_common())
        times = ", ".join(f"p{part} {cuts[part - 1] * 1000:.0f} ms" for part in (50, 95, 99))
        return [f"planned: {done}", f"answers to scans: {told}", f"{len(self.seconds)} batches: {times}", self.stands.figures()]


def _as_the_model_has_it(contact: dict[str, Any]) -> dict[str, Any]:
    return {
        "shows": shown_in(contact),
        "scans": {scan["by"]: datetime.fromisoformat(scan["at"]) for scan in contact["scans"]},
        "met": datetime.fromisoformat(contact["met_at"]),
        "notes": set((contact["note"] or "").splitlines()),
        "tags": set(contact["tags"]),
        "confirmation": contact["shown"]["confirmation"],
        "chosen": contact["shown"]["fields"],
        "withdrawn": bool(contact["shown"]["withdrawn_at"]),
    }


def main() -> int:
    parser = options("load-contacts", "A day of meeting on the running stack, held against a simple model.")
    parser.add_argument("--people", type=int, default=Plan.people)
    parser.add_argument("--contacts", type=int, default=Plan.contacts)
    parser.add_argument("--stands", type=int, default=Plan.stands)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    asked = parser.parse_args()
    plan = Plan(
        people=asked.people,
        contacts=asked.contacts,
        stands=asked.stands,
        visitors=asked.people // 3,
        leads=asked.contacts // 5,
        seed=asked.seed,
    )

    def play(stack: dict[str, Any]) -> None:
        with http_client(plan.concurrency) as http:
            meetings = Meetings(Endpoint(stack["endpoint_url"]), host(stack, http), plan, console.print)
            meetings.play()
            for line in meetings.figures():
                console.print(line)

    return played(asked.port, play)


if __name__ == "__main__":
    sys.exit(main())
