"""The journey, played against the running stack with nothing but the public API: `make demo`.

Prints each call and how long it took, ends with a table, and leaves the ticket's QR code in `.local/ticket.png`.
Any surprise ends it with a non-zero exit.
"""

import argparse
import re
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

import httpx
import zxingcpp
from PIL import Image
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from localstack.client import Call, NeverHappened, Person, Surprise, Unexpected, must, wait_until
from localstack.failure import Failure
from localstack.paths import LOCAL
from localstack.processes import shown
from localstack.standing import DEFAULT_PORT, ready_stack
from shared import qr

console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 116)


class Journey:
    """The steps in order; what one finds, the next ones use."""

    def __init__(self, api_url: str, http: httpx.Client, picture: Path) -> None:
        self.api_url, self.http, self.picture = api_url, http, picture
        self.run = uuid4().hex[:6]  # so that the demo can be played again on the same stack
        self.steps: list[tuple[str, str, float]] = []
        self.conference_id = ""
        self.shown = ("", "")

    def play(self) -> None:
        organizer = self.person("Sri")
        ada, bob, door = self.person("Ada"), self.person("Bob"), self.person("Dewi")
        with self.step("People register and log in") as step:
            for person in (organizer, ada, bob, door):
                person.register()
                person.log_in()
            step.saw("4 accounts, an access token each")
        type_id = self.organise(organizer)
        self.staff(organizer, door)
        order = self.buy(ada, bob, type_id)
        code = self.ticket(ada, order)
        self.check_in(door, code)
        self.meet(ada, bob)
        self.inboxes(
            {
                "Sri": (organizer, {"role-changed"}),
                "Dewi": (door, {"role-changed"}),
                "Ada": (ada, {"order-paid", "checked-in", "contact-exchanged"}),
                "Bob": (bob, {"order-paid", "contact-exchanged"}),
            }
        )

    def organise(self, organizer: Person) -> str:
        opening = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        hour = timedelta(hours=1)
        with self.step("An organiser makes a conference") as step:
            conference = organizer.post(
                "/events/conferences",
                {
                    "name": f"Meet-up {self.run}",
                    "time_zone": "Asia/Jakarta",
                    "currency": "EUR",
                    "starts_at": opening.isoformat(),
                    "ends_at": (opening + timedelta(days=1)).isoformat(),
                },
            )
            self.conference_id = conference["id"]
            base = f"/events/conferences/{self.conference_id}"
            room = organizer.post(f"{base}/rooms", {"name": "Pendopo", "capacity": 120})
            for number, title in enumerate(("To meet is to build", "Queues without tears")):
                starts_at = opening + (2 + number) * hour
                body = {"title": title, "type": "talk", "room_id": room["id"], "speaker_ids": []}
                body |= {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + hour / 2).isoformat()}
                organizer.post(f"{base}/sessions", body)
            ticket_type = organizer.post(f"{base}/ticket-types", {"name": "Regular", "price": 4900, "capacity": 20})
            organizer.post(f"{base}/ticket-types", {"name": "Student", "price": 0, "capacity": 5})
            step.saw(f"{conference['id']}: a room, 2 sessions, 20 tickets at 49.00 EUR and 5 free ones")
        with self.step("…and publishes it") as step:
            organizer.post(f"{base}/publish", expect=200)
            agenda = Person(self.api_url, self.http, on_call=self.show).get(f"{base}/agenda")
            must([session["title"] for day in agenda["days"] for session in day["sessions"]], agenda)
            step.saw(f"the agenda is public: release {agenda['release']}")
        return str(ticket_type["id"])

    def staff(self, organizer: Person, door: Person) -> None:
        with self.step("Door staff join by invitation") as step:
            invitation = organizer.post(f"/events/conferences/{self.conference_id}/members", {"email": door.email, "role": "staff"})
            door.post("/events/invitations/accept", {"token": invitation["token"]}, expect=200)
            door.wait_for_role(self.conference_id, "staff")
            step.saw("MembershipChanged reached the token")

    def buy(self, ada: Person, bob: Person, type_id: str) -> dict[str, Any]:
        path = f"/orders/availability/{self.conference_id}"
        with self.step("TicketTypeChanged puts the tickets on sale") as step:
            wait_until(lambda: self.http.get(f"{self.api_url}{path}").status_code == 200, "tickets on sale")
            offers = wait_until(lambda: both(ada.get(path)["ticket_types"]), "both ticket types")
            step.saw(", ".join(f"{offer['available']} {offer['name']}" for offer in offers))
        body = {
            "conference_id": self.conference_id,
            "lines": [{"ticket_type_id": type_id, "quantity": 1}],
            "payment": {"method": "simulated"},
        }
        with self.step("Ada and Bob buy") as step:
            order: dict[str, Any] = ada.post("/orders", body)
            bob.post("/orders", body)
            must(order["status"] == "paid", order)
            step.saw(f"{order['id']} is {order['status']}: {order['total']['amount'] / 100:.2f} {order['total']['currency']}")
        return order

    def ticket(self, ada: Person, order: dict[str, Any]) -> str:
        with self.step("OrderPaid crosses the bus: a ticket is issued") as step:
            (ticket,) = wait_until(lambda: ada.get("/tickets")["items"], "the ticket")
            must(ticket["order_id"] == order["id"], ticket)
            step.saw(f"{ticket['id']} for {ticket['attendee']['name']}")
        with self.step("Its QR code is fetched and read back") as step:
            png = ada.call("GET", f"/tickets/{ticket['id']}/qrcode", Accept="image/png").content
            self.picture.parent.mkdir(parents=True, exist_ok=True)
            self.picture.write_bytes(png)
            with Image.open(self.picture) as image:
                (read,) = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
            must(read.text == ticket["code"], read.text)
            step.saw(f"{len(png)} bytes of PNG, {len(read.text)} characters, equal")
        console.print(qr.terminal(read.text, level="L"))
        return str(ticket["code"])

    def check_in(self, door: Person, code: str) -> None:
        with self.step("The door scans it") as step:
            first = door.post("/tickets/check-in", {"code": code, "gate": "North", "nonce": uuid4().hex}, expect=200)
            must(first["status"] == "ok", first)
            step.saw(f"welcome, {first['ticket']['attendee_name']}")
        with self.step("…and again, at another gate") as step:
            second = door.post("/tickets/check-in", {"code": code, "gate": "South", "nonce": uuid4().hex}, expect=200)
            must((second["status"], second["reason"]) == ("error", "already_redeemed"), second)
            must(second["first_entry"]["gate"] == "North", second)
            step.saw(f"refused: entered at {second['first_entry']['at']} at gate {second['first_entry']['gate']}")

    def meet(self, ada: Person, bob: Person) -> None:
        with self.step("Two attendees fill in their cards") as step:
            shown = {"company": "everyone", "email": "everyone"}
            ada.call("PUT", "/contacts/card", {"name": "Ada", "company": "Engines", "email": ada.email, "visibility": shown})
            bob.call("PUT", "/contacts/card", {"name": "Bob", "phone": "+62 274 0000", "email": bob.email})
            step.saw("Bob shows neither phone nor e-mail")
        with self.step("Ada scans Bob's code") as step:
            png = bob.call("GET", "/contacts/card/qrcode", Accept="image/png").content
            scanned = self.picture.with_name("contact.png")
            scanned.write_bytes(png)
            with Image.open(scanned) as image:
                (read,) = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
            contact = ada.post("/contacts/exchange", {"code": read.text, "nonce": uuid4().hex, "note": "queues!"})
            must(contact["name"] == "Bob", contact)
            must(not contact.get("email"), contact)
            (other,) = bob.get("/contacts")["items"]
            must(other["email"] == ada.email, other)
            step.saw(f"Bob has {other['name']} of {other['company']}, {other['email']}; Ada has {contact['name']}")

    def inboxes(self, people: dict[str, tuple[Person, set[str]]]) -> None:
        with self.step("Everybody's inbox shows what happened") as step:
            unread = []
            for name, (person, kinds) in people.items():
                inbox = wait_until(partial(inbox_with, person, kinds), f"{', '.join(kinds)} in the inbox of {name}")
                unread.append(f"{name}: {inbox['unread_count']} unread")
                for item in reversed(inbox["items"]):
                    console.print(f"    [dim]{name}'s inbox:[/] {item['title']}")
            step.saw(", ".join(unread))

    def person(self, name: str) -> Person:
        email = f"{name.lower()}.{self.run}@example.org"
        return Person(self.api_url, self.http, name=name, email=email, password=uuid4().hex, on_call=self.show)

    def show(self, call: Call) -> None:
        """Print a call; one that waits for something by asking again is printed the first time only."""
        if call.method == "GET" and (call.method, call.path) == self.shown:
            return
        self.shown = (call.method, call.path)
        path = re.sub(r"(_[0-9A-Z]{4})[0-9A-Z]{18}([0-9A-Z]{4})", r"\1…\2", call.path)  # an id's middle says nothing
        console.print(f"    {call.method:<5} {path:<58} {call.status} {call.milliseconds:5.0f} ms", style="dim")

    def step(self, title: str) -> "Step":
        return Step(self, title)


def both(offers: list[Any]) -> list[Any]:
    """The offers, none while there is only one of the two."""
    return offers if len(offers) == 2 else []


def inbox_with(person: Person, kinds: set[str]) -> Any:
    """The person's inbox, or None while it does not yet tell of all `kinds`."""
    inbox = person.get("/notifications")
    return inbox if kinds <= {item["kind"] for item in inbox["items"]} else None


class Step:
    """One line of the closing table: what was done, what was seen, how long it took."""

    def __init__(self, journey: Journey, title: str) -> None:
        self.journey, self.title, self.outcome = journey, title, ""

    def __enter__(self) -> "Step":
        console.print(f"[bold]{self.title}[/]")
        self.began = perf_counter()
        return self

    def saw(self, outcome: str) -> None:
        self.outcome = outcome
        console.print(f"    [green]✓[/] {outcome}")

    def __exit__(self, *_: object) -> None:
        self.journey.steps.append((self.title, self.outcome, perf_counter() - self.began))


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description="Play the journey against the running stack.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    try:
        stack = ready_stack(parser.parse_args().port)
    except Failure as failure:
        console.print(f"[red]Nothing is running.[/] {failure}")
        return 1
    picture = LOCAL / "ticket.png"
    with httpx.Client(timeout=30) as http:
        journey = Journey(stack["api_url"], http, picture)
        try:
            journey.play()
        except (Unexpected, Surprise, NeverHappened, httpx.HTTPError) as surprise:
            console.print(f"[red]A surprise:[/] {surprise}")
            return 1
    table = Table(title="The journey", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("step")
    table.add_column("seen")
    table.add_column("s", justify="right")
    for title, outcome, seconds in journey.steps:
        table.add_row(title, outcome, f"{seconds:.2f}")
    console.print(table)
    console.print(f"The ticket's QR code is in {shown(picture)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
