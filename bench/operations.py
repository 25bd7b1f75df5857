"""The operations of the budget: what each needs to be there, and the request that is measured.

People, names and addresses are as long as real ones, since a DynamoDB unit is a kilobyte.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bench.platform import Platform
from functions.orders.cache import recent_offers
from shared.caller import Caller
from shared.clock import iso, now
from shared.ids import new_id
from shared.messages import TicketTypeChanged
from shared.money import Money

CROWD = 10  # things in a list that is read, as many as a contact list has
SESSIONS = 12  # of an agenda

PASSWORD = "long enough to be one"  # noqa: S105  # of people who live for one run

Event = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """`event` brings about what a run needs, and gives its request."""

    name: str
    context: str
    event: Callable[[], Event]


@dataclass
class World:
    """A conference on the platform: on sale, its agenda released, its door open."""

    platform: Platform
    conference: str = ""
    ticket_type: str = ""
    host: Caller | None = None
    crowd: int = CROWD

    def person(self) -> Caller:
        """Somebody with an account."""
        email, name = f"christopher.{new_id('x')[-10:].lower()}@engineering.example.org", "Christopher Montgomery-Abernathy"
        account = {"email": email, "password": PASSWORD, "name": name}
        return Caller(self.platform.request("auth", "POST", "/auth/register", account).json["user_id"], email, name)

    def found(self) -> "World":
        host = self.person()
        start = (now() + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
        body = {
            "name": "Ketemu Days Yogyakarta 2026",
            "time_zone": "Asia/Jakarta",
            "currency": "EUR",
            "starts_at": iso(start),
            "ends_at": iso(start + timedelta(days=2)),
        }
        self.conference = self.platform.request("events", "POST", "/events/conferences", body, caller=host).json["id"]
        self.host = Caller(host.user_id, host.email, host.name, {self.conference: "organizer"})
        self.agenda(start)
        self.platform.request("events", "POST", f"/events/conferences/{self.conference}/publish", caller=self.host)
        self.ticket_type = new_id("typ")
        self.platform.publish(self.on_sale())
        return self

    def agenda(self, start: datetime) -> None:
        base = f"/events/conferences/{self.conference}"
        rooms = [self._made(f"{base}/rooms", {"name": name}) for name in ("Pendopo", "Gamelan", "Wayang")]
        speakers = [self._made(f"{base}/speakers", {"name": f"Speaker number {number}"}) for number in range(6)]
        for number in range(SESSIONS):
            at = start + timedelta(minutes=30 * (number // 3))
            session = {
                "title": f"Session {number}: what we learned of queues",
                "abstract": f"Session {number} says what happened, why, and what to do. " * 8,
                "type": "talk",
                "room_id": rooms[number % 3],
                "speaker_ids": [speakers[number % 6]],
                "starts_at": iso(at),
                "ends_at": iso(at + timedelta(minutes=30)),
            }
            self._made(f"{base}/sessions", session)

    def on_sale(self) -> TicketTypeChanged:
        start = now()
        return TicketTypeChanged(
            conference_id=self.conference,
            conference_name="Ketemu Days Yogyakarta 2026",
            ticket_type_id=self.ticket_type,
            revision=1,
            name="Early bird",
            price=Money(4900, "EUR"),
            capacity=50_000,
            min_per_order=1,
            max_per_order=10,
            sale_starts_at=start - timedelta(days=1),
            sale_ends_at=start + timedelta(days=1),
            hidden=False,
            valid_from=start - timedelta(hours=1),
            valid_until=start + timedelta(days=2),
            hold_minutes=15,
        )

    def order(self, *, paid: bool = False) -> dict[str, Any]:
        return {
            "conference_id": self.conference,
            "lines": [{"ticket_type_id": self.ticket_type, "quantity": 1}],
            **({"payment": {"method": "simulated"}} if paid else {}),
        }

    def token(self, caller: Caller) -> str:
        """Their access token."""
        session = self.platform.request("auth", "POST", "/auth/login", {"email": caller.email, "password": PASSWORD})
        return str(session.json["access_token"])

    def bought(self, buyer: Caller) -> None:
        self.platform.request("orders", "POST", "/orders", self.order(paid=True), caller=buyer)

    def reserve(self) -> Event:
        return self.platform.event("POST", "/orders", self.order(), caller=self.person())

    def pay(self) -> Event:
        buyer = self.person()
        placed = self.platform.request("orders", "POST", "/orders", self.order(), caller=buyer).json["id"]
        return self.platform.event("POST", f"/orders/{placed}/payments", {"method": "simulated"}, caller=buyer)

    def check_in(self) -> Event:
        holder = self.person()
        self.bought(holder)
        [ticket] = self.platform.request("tickets", "GET", "/tickets", caller=holder).json["items"]
        scan = {"code": ticket["code"], "nonce": new_id("scn"), "scanned_at": iso(now())}
        return self.platform.event("POST", "/tickets/check-in", scan, caller=self.host)

    def card(self, owner: Caller) -> str:
        """They attend; their contact code at the conference."""
        self.bought(owner)
        body = {
            "name": owner.name,
            "company": "Engines and Looms Ltd",
            "title": "Principal analyst",
            "email": owner.email,
            "phone": "+44 20 7946 0000",
            "links": ["https://example.org/christopher.montgomery"],
        }
        self.platform.request("contacts", "PUT", "/contacts/card", body, caller=owner)
        url = f"/contacts/card?conference_id={self.conference}"
        return str(self.platform.request("contacts", "GET", url, caller=owner).json["code"])

    def exchange(self, scanner: Caller | None = None) -> Event:
        if scanner is None:
            scanner = self.person()
            self.card(scanner)
        met = {"code": self.card(self.person()), "nonce": new_id("scn"), "conference_id": self.conference}
        return self.platform.event("POST", "/contacts/exchange", met, caller=scanner)

    def reader(self) -> Caller:
        """Somebody with many tickets, orders, contacts and messages."""
        reader = self.person()
        for _ in range(self.crowd):
            self.card(reader)
            self.platform.handle("contacts", self.exchange(reader))
        return reader

    def _made(self, url: str, body: Any) -> str:
        return str(self.platform.request("events", "POST", url, body, caller=self.host).json["id"])


def operations(world: World) -> Sequence[Operation]:
    """Those of the budget."""
    reader = world.reader()

    def read(url: str, caller: Caller | None = reader, **headers: str) -> Callable[[], Event]:
        return lambda: world.platform.event("GET", url, caller=caller, **headers)

    def authorise() -> Event:
        url = "arn:aws:execute-api:eu-central-1:000000000000:a1b2c3/v1/GET/tickets"
        return {"methodArn": url, "headers": {"Authorization": f"Bearer {world.token(reader)}"}}

    return (
        Operation("authorise a request, warm", "gateway", authorise),
        Operation(
            "read the agenda, cached",
            "events",
            read(f"/events/conferences/{world.conference}/agenda", None, accept_encoding="gzip"),
        ),
        Operation("reserve one line", "orders", world.reserve),
        Operation("confirm a payment", "orders", world.pay),
        Operation("check in, on line", "tickets", world.check_in),
        Operation("exchange contacts", "contacts", world.exchange),
        Operation("read own tickets", "tickets", read("/tickets")),
        Operation("read own orders", "orders", read("/orders")),
        Operation("read own contacts", "contacts", read("/contacts")),
        Operation("read own inbox", "notifications", read("/notifications")),
    )


def others(world: World) -> Sequence[Operation]:
    """What has no budget and has a price: the rest of what people do on the way to and through a conference."""

    def register() -> Event:
        account = {"email": f"x.{new_id('x')[-10:].lower()}@engineering.example.org", "password": PASSWORD, "name": "Christopher"}
        return world.platform.event("POST", "/auth/register", account)

    def log_in() -> Event:
        return world.platform.event("POST", "/auth/login", {"email": world.person().email, "password": PASSWORD})

    def refresh() -> Event:
        session = world.platform.handle("auth", log_in()).json
        return world.platform.event("POST", "/auth/refresh", {"refresh_token": session["refresh_token"]})

    def availability() -> Event:
        recent_offers.cache_clear()  # a function looks again every few seconds: how often, its speed decides
        return world.platform.event("GET", f"/orders/availability/{world.conference}")

    return (
        Operation("register", "auth", register),
        Operation("log in", "auth", log_in),
        Operation("refresh", "auth", refresh),
        Operation("see what is on sale", "orders", availability),
    )
