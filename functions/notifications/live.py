"""Live connections: opened with a ticket, told what is new, and given what they missed when they come back.

A *topic* is what a connection hears of: its person's inbox, a conference's agenda or door. A *frame* is what it is sent.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from functions.notifications.domain import Notification
from functions.notifications.use_cases import Inbox
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import Forbidden, Unauthenticated

TICKET_LIFE = timedelta(seconds=30)
REPLAYED = 500  # news looked at for what somebody missed; beyond that GET /notifications has all of it
TOGETHER = 100  # connections that one message of a fan-out is for

Frame = Mapping[str, Any]  # becomes JSON


def inbox_topic(user_id: str) -> str:
    return f"inbox:{user_id}"


def agenda_topic(conference_id: str) -> str:
    return f"agenda:{conference_id}"


def door_topic(conference_id: str) -> str:
    return f"door:{conference_id}"


@dataclass(frozen=True, slots=True)
class Ticket:
    """Opens one connection, once, until `expires_at`. `secret` is known to its holder alone."""

    secret: str
    user_id: str
    topics: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Connection:
    id: str
    user_id: str
    topics: tuple[str, ...]


class Tickets(Protocol):
    def add(self, ticket: Ticket) -> None: ...

    def redeem(self, secret: str, connection_id: str, at: datetime) -> Connection | None:
        """The connection that it opens, on record; None for one that is unknown, used or expired."""


class Connections(Protocol):
    def get(self, connection_id: str) -> Connection | None: ...
    def subscribe(self, connection: Connection) -> None: ...
    def of(self, topic: str) -> list[str]: ...

    def drop(self, connection_ids: Collection[str], topic: str | None = None) -> None:
        """All that is known of them; from `topic` even those of which nothing else is known."""

    def unsubscribe(self, user_id: str, topic: str) -> None:
        """All connections of a person, from now on."""


class Boards(Protocol):
    """The latest frame of each topic that has a state: an agenda's release, a door's counts."""

    def latest(self, topics: Sequence[str]) -> list[Frame]: ...


class Wire(Protocol):
    def send(self, connection_ids: Collection[str], frame: Frame) -> set[str]:
        """Returns those that are gone. What does not get through otherwise is logged: its receiver asks again."""


def issue_ticket(tickets: Tickets, clock: Clock, *, caller: Caller, conference_ids: Sequence[str]) -> Ticket:
    """For the caller's inbox and the conferences' agendas; and for the doors of those that the caller works at."""
    agendas = [agenda_topic(each) for each in conference_ids]
    doors = [door_topic(each) for each in conference_ids if caller.is_any(each, "organizer", "staff")]
    topics = (inbox_topic(caller.user_id), *agendas, *doors)
    ticket = Ticket(secrets.token_urlsafe(32), caller.user_id, topics, clock() + TICKET_LIFE)
    tickets.add(ticket)
    return ticket


def connect(tickets: Tickets, clock: Clock, *, secret: str, connection_id: str) -> None:
    """Raises Unauthenticated."""
    if tickets.redeem(secret, connection_id, clock()) is None:
        raise Unauthenticated("The ticket is unknown, used or older than 30 s. POST /notifications/live gives another.")


def resume(connections: Connections, inbox: Inbox, boards: Boards, wire: Wire, *, connection_id: str, after: int | None) -> None:
    """From here on the connection hears of what is new; what arrived since `after` comes now, in its order, and then `ready`.

    Subscribed before it is looked up, so that nothing falls between; what comes twice has one id. Raises Forbidden.
    """
    connection = connections.get(connection_id)
    if connection is None:
        raise Forbidden("This connection is closed. Open another: POST /notifications/live.")
    connections.subscribe(connection)
    missed = inbox.since(connection.user_id, 2**53 if after is None else after, at_most=REPLAYED)
    for frame in (*map(news_frame, missed.items), *boards.latest(connection.topics)):
        wire.send([connection_id], frame)
    wire.send([connection_id], {"type": "ready", "latest": missed.latest, "complete": after is None or missed.complete})


def news_frame(news: Notification) -> Frame:
    """As GET /notifications has it."""
    return {"type": "notification", "notification": {**asdict(news), "created_at": f"{news.created_at:%Y-%m-%dT%H:%M:%S.%f}Z"}}


class FanOut(Protocol):
    def spread(self, topic: str, batches: Sequence[Sequence[str]], frame: Frame) -> None:
        """To others who send it, a batch each."""


@dataclass(frozen=True, slots=True)
class Live:
    """Who hears of a topic, and how they are reached."""

    connections: Connections
    wire: Wire
    fan_out: FanOut

    def tell(self, topic: str, frame: Frame) -> None:
        """Everybody who listens: few at once, many by way of the queue, so that they are reached side by side."""
        listening = self.connections.of(topic)
        if len(listening) <= TOGETHER:
            self.send(topic, listening, frame)
        else:
            batches = [listening[start : start + TOGETHER] for start in range(0, len(listening), TOGETHER)]
            self.fan_out.spread(topic, batches, frame)

    def news(self, user_id: str, news: Notification) -> None:
        self.tell(inbox_topic(user_id), news_frame(news))

    def send(self, topic: str, connection_ids: Collection[str], frame: Frame) -> None:
        """And forget those that are gone."""
        gone = self.wire.send(connection_ids, frame) if connection_ids else set()
        if gone:
            self.connections.drop(gone, topic)


class Silence:
    """Where the platform runs without live connections."""

    def news(self, user_id: str, news: Notification) -> None:
        pass
