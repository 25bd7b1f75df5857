"""A WebSocket client that is told what is new within two seconds, drops, and comes back to what it missed."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from socket import SHUT_RDWR
from typing import Any
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from localstack.client import PATIENCE, Person, wait_until
from localstack.stack import RunningStack

SOON = 2.0  # seconds from what happened to who is connected
HOPS = 10  # table, stream, bus, queue and worker: what a pong takes, which is one function, so many times on a machine in use
ROOM = 3  # for what has one try


def listening(url: str) -> ClientConnection:
    """However long the machine takes to let it in, or to answer its pings."""
    return connect(url, proxy=None, open_timeout=PATIENCE, ping_timeout=PATIENCE)


class Client:
    """What an app does: keep the number up to which it has everything, and what it was told by id."""

    def __init__(self, person: Person, *conference_ids: str) -> None:
        self.person, self.conference_ids = person, list(conference_ids)
        self.latest: int | None = None
        self.told: dict[str, int] = {}  # number by id: what comes twice is one
        self.frames: list[Any] = []
        self.socket: ClientConnection | None = None
        self.closing = ExitStack()

    def ticket(self) -> Any:
        return self.person.post("/notifications/live", {"conference_ids": self.conference_ids})

    def open(self) -> None:
        ticket = self.ticket()
        url = f"{ticket['url']}?ticket={ticket['ticket']}"
        self.socket = self.closing.enter_context(listening(url))

    def resume(self) -> None:
        self.open()
        self.say(action="resume", **({} if self.latest is None else {"after": self.latest}))
        ready = self.until(lambda frame: frame["type"] == "ready")
        assert ready["complete"]
        self.latest = max(ready["latest"], self.latest or 0)

    def say(self, **message: Any) -> None:
        assert self.socket
        self.socket.send(json.dumps(message))

    def until(self, wanted: Callable[[Any], bool], patience: float = PATIENCE) -> Any:
        """The first frame from now on that is `wanted`; all on the way are taken."""
        assert self.socket
        deadline = time.monotonic() + patience
        while True:
            frame = json.loads(self.socket.recv(timeout=max(0.01, deadline - time.monotonic())))
            self.frames.append(frame)
            if frame["type"] == "notification":
                news = frame["notification"]
                self.told[news["id"]] = news["number"]
                while (
                    self.latest is not None and self.latest + 1 in self.told.values()
                ):  # what comes while it resumes may come first
                    self.latest += 1
            if wanted(frame):
                return frame

    def soon(self) -> float:
        """Within how many seconds it should be told: soon, or in proportion to what this machine takes just now."""
        began = time.monotonic()
        self.say(action="ping")
        self.until(lambda frame: frame["type"] == "pong")
        return max(SOON, HOPS * (time.monotonic() - began))

    def news(self, title: str) -> Any:
        return self.until(lambda frame: frame["type"] == "notification" and frame["notification"]["title"] == title)

    def drop(self) -> None:
        """As in a tunnel: nothing is said."""
        assert self.socket
        self.socket.socket.shutdown(SHUT_RDWR)
        self.closing.close()
        self.socket = None


def latest(person: Person) -> int:
    return int(person.get("/notifications")["latest"])


def with_card(person: Person) -> Person:
    person.call("PUT", "/contacts/card", {"name": person.name})
    return person


def meet(scanner: Person, other: Person) -> None:
    code = other.call("GET", "/contacts/card").json()["code"]
    scanner.post("/contacts/exchange", {"code": code, "nonce": uuid4().hex})


@pytest.fixture
def maya(person: Callable[[str], Person]) -> Person:
    maya = with_card(person("Maya"))
    wait_until(lambda: maya.call("GET", "/notifications").json()["items"], "the welcome")
    return maya


def test_news_arrive_at_once_and_nothing_is_lost_by_dropping(maya: Person, person: Callable[[str], Person]) -> None:
    guests = [with_card(person(f"Guest{number}")) for number in range(8)]
    client = Client(maya)
    client.resume()
    late_by = []
    for guest in guests[:4]:
        meet(guest, maya)
        began = time.monotonic()
        client.news(f"You met {guest.name}")
        late_by.append(time.monotonic() - began - client.soon())
    assert min(late_by) <= 0  # the fastest: others may be using this machine
    client.drop()
    for guest in guests[4:7]:
        meet(guest, maya)
    wait_until(lambda: latest(maya) == 8, "what happens meanwhile")
    meet(guests[7], maya)  # comes while the client does
    client.resume()
    if client.latest != 9:
        client.news("You met Guest7")
    inbox = maya.get("/notifications")
    assert client.told == {item["id"]: item["number"] for item in inbox["items"] if item["kind"] != "welcome"}
    assert client.latest == inbox["latest"]


def test_a_ticket_opens_one_connection(maya: Person) -> None:
    client = Client(maya)
    ticket = client.ticket()
    assert maya.tokens["access_token"] not in json.dumps(ticket)
    with listening(f"{ticket['url']}?ticket={ticket['ticket']}"):
        pass
    for address in (f"{ticket['url']}?ticket={ticket['ticket']}", ticket["url"], f"{ticket['url']}?ticket=guess"):
        with pytest.raises(InvalidStatus) as refused, listening(address):
            pass
        assert refused.value.response.status_code in (401, 403)


def test_what_is_not_understood_is_said(maya: Person) -> None:
    client = Client(maya)
    client.resume()
    client.say(action="sing")
    assert client.until(lambda frame: frame["type"] == "refused")["problem"]["type"] == "urn:ketemu:problem:malformed"
    client.say(action="ping")
    client.until(lambda frame: frame["type"] == "pong")


def test_staff_see_the_door_and_everybody_the_agenda(
    stack: RunningStack, http: httpx.Client, person: Callable[[str], Person]
) -> None:
    organizer = person("Organizer")
    opening = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    conference = {
        "name": "Live",
        "time_zone": "Asia/Jakarta",
        "currency": "EUR",
        "starts_at": opening.isoformat(),
        "ends_at": (opening + timedelta(days=1)).isoformat(),
    }
    conference_id = organizer.post("/events/conferences", conference)["id"]
    base = f"/events/conferences/{conference_id}"
    type_id = organizer.post(f"{base}/ticket-types", {"name": "Regular", "price": 0, "capacity": 10})["id"]
    organizer.post(f"{base}/publish", expect=200)
    wait_until(lambda: http.get(f"{stack.api_url}/orders/availability/{conference_id}").status_code == 200, "tickets on sale")
    organizer.wait_for_role(conference_id, "organizer")
    visitor = person("Visitor")
    body = {"conference_id": conference_id, "lines": [{"ticket_type_id": type_id, "quantity": 2}]}
    visitor.post("/orders", body | {"payment": {"method": "simulated"}})
    wait_until(lambda: len(visitor.call("GET", "/tickets").json()["items"]) == 2, "the tickets")
    tickets = visitor.call("GET", "/tickets").json()["items"]

    staff, guest = Client(organizer, conference_id), Client(visitor, conference_id)
    staff.resume()
    guest.resume()
    talk = {"title": "Queues", "type": "talk", "speaker_ids": [], "starts_at": conference["starts_at"]}
    organizer.post(f"{base}/sessions", talk | {"ends_at": (opening + timedelta(minutes=30)).isoformat()})
    release = organizer.post(f"{base}/agenda/releases")["release"]
    began = time.monotonic()
    for client in (staff, guest):
        frame = client.until(lambda frame: frame["type"] == "agenda" and frame["release"] == release)
        assert (frame["conference_id"], frame["changes"]["added"]) == (conference_id, 1)
    assert time.monotonic() - began <= ROOM * staff.soon()
    for number, ticket in enumerate(tickets, 1):
        organizer.post("/tickets/check-in", {"code": ticket["code"], "nonce": uuid4().hex}, expect=200)
        began = time.monotonic()
        staff.until(lambda frame, number=number: frame["type"] == "door" and frame["inside"] == number)
        assert time.monotonic() - began <= ROOM * staff.soon()
    guest.until(lambda frame: frame["type"] == "notification" and frame["notification"]["kind"] == "checked-in")
    assert not [frame for frame in guest.frames if frame["type"] == "door"]

    late = Client(organizer, conference_id)
    late.resume()
    assert {"door", "agenda"} <= {frame["type"] for frame in late.frames}  # as it stands


def test_dead_connections_are_forgotten(stack: RunningStack, maya: Person, person: Callable[[str], Person]) -> None:
    client = Client(maya)
    client.resume()
    table = next(name for name in stack.endpoint.client("dynamodb").list_tables()["TableNames"] if "Notifications" in name)
    items = stack.endpoint.client("dynamodb")
    topic = {"S": f"TOPIC#inbox:{maya.user_id}"}
    for number in range(150):  # with the living one more than one message's worth
        dead = {"pk": topic, "sk": {"S": f"dead{number:04}="}, "kind": {"S": "Listener"}, "v": {"N": "1"}}
        items.put_item(TableName=table, Item=dead)

    def listening() -> int:
        names = {":pk": topic}
        found = items.query(
            TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues=names, ConsistentRead=True
        )
        return int(found["Count"])

    assert listening() == 151
    meet(with_card(person("Guest")), maya)
    client.news("You met Guest")
    wait_until(lambda: listening() == 1, "the dead to be forgotten")
    client.drop()
    wait_until(lambda: listening() == 0, "the dropped one to be forgotten")
