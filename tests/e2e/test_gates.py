"""What a gate holds people to, over HTTP: types, times, capacity with its live count, re-entry, force, and looking somebody up."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from localstack.client import Person, wait_until
from localstack.opening import opened
from localstack.verify_journal import entries

_AT_ONCE = 8


class Gates:
    """A conference with two ticket types, whose organiser keeps its gates."""

    def __init__(self, organizer: Person, buyer: Person) -> None:
        self.organizer = organizer
        kinds: list[dict[str, Any]] = [{"name": name, "price": 0, "capacity": 10} for name in ("Regular", "Workshop")]
        self.conference_id, types = opened(organizer, "Gates", kinds, starts_in=-timedelta(hours=1))
        self.regular, self.workshop = types
        lines = [{"ticket_type_id": type_id, "quantity": quantity} for type_id, quantity in ((self.regular, 3), (self.workshop, 1))]
        buyer.post("/orders", {"conference_id": self.conference_id, "lines": lines, "payment": {"method": "simulated"}})
        organizer.wait_for_role(self.conference_id, "organizer")
        self.base = f"/tickets/conferences/{self.conference_id}"

        def bought() -> list[Any]:
            tickets: list[Any] = buyer.get("/tickets")["items"]
            return tickets if len(tickets) == 4 else []

        tickets = wait_until(bought, "the tickets")
        self.codes = [each["code"] for each in tickets if each["ticket_type_name"] == "Regular"]
        [self.lesson] = [each["code"] for each in tickets if each["ticket_type_name"] == "Workshop"]

    def add(self, name: str, **rules: Any) -> str:
        return str(self.organizer.post(f"{self.base}/gates", {"name": name, **rules})["id"])

    def change(self, gate_id: str, **rules: Any) -> None:
        self.organizer.call("PATCH", f"{self.base}/gates/{gate_id}", rules)

    def scan(self, code: str, gate: str, **how: Any) -> str:
        """`ok`, or reason and cause."""
        body = {"code": code, "nonce": uuid4().hex, "gate": gate, **how}
        answer = self.organizer.post("/tickets/check-in", body, expect=200)
        return "ok" if answer["status"] == "ok" else f"{answer['reason']}: {answer['cause']}"

    def wait_for(self, gate_id: str, inside: int) -> None:
        """Counts follow the door within seconds."""
        wait_until(lambda: self.organizer.get(f"{self.base}/gates/{gate_id}")["inside"] == inside, f"{inside} inside")


def test_a_gate_admits_by_type_and_time_and_as_many_as_it_holds(person: Callable[[str], Person]) -> None:
    buyer = person("Citra")
    door = Gates(person("Hana"), buyer)
    one, two, three = door.codes
    hall = door.add("Hall", ticket_type_ids=[door.regular], capacity=2)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    lab = door.add("Lab", openings=[{"starts_at": tomorrow.isoformat(), "ends_at": (tomorrow + timedelta(hours=2)).isoformat()}])

    assert door.scan(door.lesson, "Hall") == "product: wrong_ticket_type"
    assert door.scan(door.lesson, "Lab") == "invalid_time: gate_closed"
    since = datetime.now(UTC) - timedelta(hours=1)
    door.change(lab, openings=[{"starts_at": since.isoformat(), "ends_at": tomorrow.isoformat()}])
    assert door.scan(door.lesson, "lab") == "ok"
    assert door.scan(one, "Balcony") == "rules: unknown_gate"

    assert [door.scan(code, "Hall") for code in (one, two)] == ["ok", "ok"]
    door.wait_for(hall, 2)
    assert door.scan(three, "Hall") == "rules: gate_full"
    assert [door.scan(one, "Lab", type="exit") for _ in range(2)] == ["ok", "rules: not_inside"]
    door.wait_for(hall, 1)
    assert door.scan(three, "Hall") == "ok"
    door.wait_for(hall, 2)

    door.change(hall, capacity=None)
    assert door.scan(one, "Hall") == "ok", "re-entry after an exit"
    assert door.scan(one, "Hall") == "already_redeemed: already_inside"
    door.change(hall, reentry="never")
    assert door.scan(one, "Hall", type="exit") == "ok"
    assert door.scan(one, "Hall") == "already_redeemed: already_used"

    by_force = {"code": one, "nonce": uuid4().hex, "gate": "Hall", "force": "left the coat inside"}
    assert _status(buyer, "/tickets/check-in", by_force) == 403
    assert door.organizer.post("/tickets/check-in", by_force, expect=200)["admitted"]
    assert door.scan(one, "Hall", force="still inside") == "ok"
    _look_somebody_up(door, buyer)


def _look_somebody_up(door: Gates, buyer: Person) -> None:
    look_up = f"{door.base}/look-up"
    assert _status(door.organizer, look_up, {"query": "Ci"}) == 422
    assert _status(buyer, look_up, {"query": "Cit"}) == 403
    wait_until(lambda: len(door.organizer.post(look_up, {"query": "Cit"}, expect=200)["items"]) == 4, "the directory")
    answers: list[httpx.Response] = []
    with ThreadPoolExecutor(_AT_ONCE) as pool:  # one after the other they might take longer than the minute that is counted
        while all(answer.status_code == 200 for answer in answers):
            assert len(answers) < 60, "nobody was slowed down"
            answers += pool.map(lambda _: _post(door.organizer, look_up, {"query": "citra"}), range(_AT_ONCE))
    found, slowed = ([answer for answer in answers if answer.status_code == status] for status in (200, 429))
    assert len(found) + len(slowed) == len(answers)
    assert all(0 < int(answer.headers["retry-after"]) <= 60 for answer in slowed)

    def noted() -> bool:
        lines = [each.line for each in entries(door.organizer.get, door.conference_id)]
        return sum('"kind":"looked_up"' in line for line in lines) > len(found) and not any("itra" in line for line in lines)

    wait_until(noted, "each look-up in the journal, without for whom")


def _post(person: Person, path: str, body: Any) -> httpx.Response:
    headers = {**person.credential(), "Idempotency-Key": uuid4().hex}
    return person.http.post(f"{person.api_url}{path}", json=body, headers=headers)


def _status(person: Person, path: str, body: Any) -> int:
    return _post(person, path, body).status_code
