"""`make load-faults`: a conference day beneath which everything fails, and which adds up all the same.

A small day of `make load` (sale, doors, breaks, meetings), with the kinds of `storm.py` that `FAULTS=` names, or all. At the end
nothing fails any more, and what must hold of every day holds. `FAULTS=steps` is another play: each command of a buyer, broken
between every two steps (faults.py).
"""

import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import cycle
from typing import Any

import httpx

from localstack.books import resources_of
from localstack.client import Person, must, named, newcomer, wait_until
from localstack.day import Day, Plan, report
from localstack.dead_letters import Queues
from localstack.endpoint import Endpoint
from localstack.faults import Faults
from localstack.invariants import Aftermath
from localstack.metering import Meter, Metered
from localstack.onsale import Buyer
from localstack.playing import console, host, http_client, options, played
from localstack.storm import HOLDS_END_EARLY, KINDS, OFF, VISIBLE_AGAIN, Kind, Storm

STEPS = "steps"
_TOKENS = ("tok_ok", "tok_lost", "tok_declined", "tok_unavailable", "tok_late:3")  # docs/payments.md says what becomes of each
_UNDECIDED = "503 payment-unavailable"
_HOLD = 45  # seconds
_PATIENCE = 120  # seconds for a payment
_UNCHANGED = 6 * VISIBLE_AGAIN  # seconds: longer than five tries of a message


@dataclass
class Payer(Buyer):
    """A buyer whose first try to pay meets a provider that fails, and who then pays by a card that works."""

    token: str = "tok_ok"  # noqa: S105  # it opens nothing
    met: Counter[str] = field(default_factory=Counter)

    def order(self, conference_id: str, type_id: str) -> None:
        if self.habit != "pays at once" or self.token == "tok_ok":  # noqa: S105
            super().order(conference_id, type_id)
            return
        body = {"conference_id": conference_id, "lines": [{"ticket_type_id": type_id, "quantity": 1}]}
        payment = {"payment": {"method": "simulated", "token": self.token}}
        answer = self._until_told(body | payment)
        if named(answer) == "409 sold-out":
            self.told = "sold out"
            return
        self.met[f"{self.token}: {named(answer)}"] += 1
        order = answer.json() if answer.is_success else self.look()[0]
        self.order_id = order["id"]
        if not answer.is_success:
            paying = self._send("POST", f"/orders/{self.order_id}/payments", {"method": "simulated"})
            must(paying.is_success, f"{self.token}, paid again: {paying.text}")
        wait_until(lambda: self.look()[0]["status"] == "paid", f"order {self.order_id} paid", seconds=_PATIENCE, every=1.0)
        self.told = "paid"

    def _until_told(self, body: dict[str, Any]) -> httpx.Response:
        """What the provider decided, or that it did not; asked with one key."""
        key = f"{self.person.user_id}-{self.token}"
        headers = {**self.person.credential(), "Idempotency-Key": key}

        def told() -> httpx.Response | None:
            with suppress(httpx.TransportError):
                answer = self.person.http.post(f"{self.person.api_url}/orders", json=body, headers=headers)
                if named(answer) == _UNDECIDED or not ("retry-after" in answer.headers or answer.is_server_error):
                    return answer
            return None

        return wait_until(lambda: (answer := told()) is not None and [answer], "an answer", seconds=_PATIENCE, every=1.0)[0]  # type: ignore[index]  # a list, once there is one


class StormyDay(Day):
    """A day under a storm."""

    def __init__(self, storm: Storm, organizer: Person, meter: Meter, plan: Plan, say: Callable[[str], None]) -> None:
        super().__init__(storm.endpoint, organizer, meter, plan, say)
        self.storm = storm

    def play(self) -> None:
        self.set_up()
        if "payment" in self.storm.kinds:
            tokens = cycle(_TOKENS)
            self.sale.buyers = [Payer(each.person, each.habit, token=next(tokens)) for each in self.sale.buyers]
        if "clock" in self.storm.kinds:
            self.began -= timedelta(seconds=OFF)  # by the clocks that are behind
        with self.storm.over():
            self.go_through()
            self.storm.calm()
            for line in self.storm.report():
                self.say(f"struck by {line}")
            must(not self.storm.never_struck(), f"never struck, and so nothing proved: {self.storm.never_struck()}")
            self.storm.redrive(self._queues())
            self.check(unchanged=_UNCHANGED)

    def look(self) -> Aftermath:
        """What still dies of what was before (a mail that another seems to send, for 90 s) is put back, too."""
        self.storm.put_back(self._queues())
        return super().look()

    def _queues(self) -> Queues:
        return Queues.of(self.endpoint.client("sqs"), resources_of(self.endpoint))

    def sell(self) -> None:
        with self.storm.letters_dying():
            super().sell()
        for buyer in self.sale.buyers:
            if isinstance(buyer, Payer):
                self.storm.hits["payment"] += buyer.met

    def open_doors(self) -> None:
        with self.storm.starting_anew(after=2.0):
            super().open_doors()

    def read(self) -> None:
        with self.storm.cache_failing():
            super().read()


def main() -> int:
    parser = options("load-faults", "Let things fail beneath a conference day on the running stack.")
    parser.add_argument("--faults", default=",".join(KINDS), help=f"some of {', '.join(KINDS)}; or {STEPS}")
    parser.add_argument("--tickets", type=int, default=40)
    arguments = parser.parse_args()
    kinds = arguments.faults.split(",")
    if unknown := set(kinds) - {*KINDS, STEPS}:
        parser.error(f"there is no {', '.join(sorted(unknown))}: say some of {', '.join(KINDS)}, or {STEPS}")

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the functions' ways are put back

    def play(stack: dict[str, Any]) -> None:
        began = time.monotonic()
        if STEPS in kinds:
            with http_client(8) as http:
                Faults(Endpoint(stack["endpoint_url"]), host(stack, http), console.print).play(size=250)
        if under := [kind for kind in KINDS if kind in kinds]:
            hold = _HOLD + (HOLDS_END_EARLY if "clock" in under else 0)
            plan = Plan(tickets=arguments.tickets, concurrency=8, breaks=4, hold_minutes=hold / 60)
            play_under(under, stack, arguments.port, plan)
        console.print(f"{time.monotonic() - began:.0f} s")

    return played(arguments.port, play)


def play_under(kinds: Sequence[Kind], stack: dict[str, Any], port: int, plan: Plan) -> None:
    meter = Meter()
    with httpx.Client(timeout=60, transport=Metered(meter, plan.concurrency + 16)) as http:
        organizer = newcomer(stack["api_url"], http, "Hana")
        organizer.undaunted = True
        day = StormyDay(Storm(Endpoint(stack["endpoint_url"]), port, kinds, console.print), organizer, meter, plan, console.print)
        try:
            with meter.telling(console.print):
                day.play()
        finally:
            for line in report(meter):
                console.print(line)


if __name__ == "__main__":
    sys.exit(main())
