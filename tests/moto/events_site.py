"""A conference over HTTP, for the tests of what is in it."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from functions.events.agenda import Rendered
from functions.events.api import handler
from shared.caller import Caller
from shared.ids import new_id
from shared.messages import (
    Message,
)
from tests.support import Answer, Table, call

ADA = Caller("usr_ada", "ada@example.org", "Ada")
BOB = Caller("usr_bob", "bob@example.org", "Bob")
NEW = {
    "name": "PyCon Überlingen",
    "time_zone": "Europe/Berlin",
    "starts_at": "2099-09-01T08:00:00+02:00",
    "ends_at": "2099-09-02T18:00:00+02:00",
    "currency": "EUR",
}
TALK = {"title": "Talk", "type": "talk", "starts_at": "2099-09-01T09:00:00+02:00", "ends_at": "2099-09-01T10:00:00+02:00"}
STANDARD = {"name": "Standard", "price": 4900, "capacity": 100}


@dataclass(frozen=True)
class Site:
    """A conference over HTTP, as its founder sees it."""

    id: str
    table: Table

    def call(self, method: str, path: str = "", body: Any = None, caller: Caller | None = ADA, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return call(handler, method, f"/events/conferences/{self.id}{path}", body, caller=caller, headers=sent)

    def make(self, path: str, body: Any, **headers: str) -> Any:
        answer = self.call("POST", path, body, **headers)
        assert answer.status == 201, answer
        return answer.json

    def publish(self) -> None:
        assert self.call("POST", "/publish").status == 200

    def release(self, **headers: str) -> Any:
        """Of something that changed: a new venue each time."""
        assert self.call("PATCH", body={"venue": new_id("venue")}).status == 200
        return self.make("/agenda/releases", None, **headers)

    def messages(self, kind: type[Message]) -> list[Any]:
        return [message for message in self.table.outbox() if isinstance(message, kind)]

    def admit(self, caller: Caller, role: str) -> None:
        token = self.make("/members", {"email": caller.email, "role": role})["token"]
        assert accept(token, caller).status == 200


def accept(token: str, caller: Caller = BOB) -> Answer:
    return call(handler, "POST", "/events/invitations/accept", {"token": token}, caller=caller)


def found(body: Any = NEW, caller: Caller = ADA, **headers: str) -> Answer:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return call(handler, "POST", "/events/conferences", body, caller=caller, headers=sent)


class Shelf:
    """An agenda cache that remembers."""

    def __init__(self) -> None:
        self.held: dict[str, Rendered] = {}

    def get(self, conference_id: str) -> Rendered | None:
        return self.held.get(conference_id)

    def keep(self, conference_id: str, rendered: Rendered) -> bool:
        self.held[conference_id] = rendered
        return True

    def turn(self, conference_id: str) -> AbstractContextManager[bool]:
        return nullcontext(True)
