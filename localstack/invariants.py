"""What must hold of the tables after a conference, whatever happened in it. `make load` ends with it.

It reads items and log lines, and shares no code with what wrote them; `books.py` has the books of orders and their tickets.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from localstack.books import Imbalance, Row


@dataclass(frozen=True)
class Aftermath:
    """Of one conference; `tickets` and `contacts` are all rows of those tables."""

    conference_id: str
    tickets: list[Row]
    contacts: list[Row]
    messages: Mapping[str, str]  # what kind each message was that the day brought about, by its id
    routes: Mapping[str, frozenset[str]]  # the queues that a message goes to, by its kind
    consumed: Counter[tuple[str, str]]  # how often a message out of a queue was reacted to
    dead: Mapping[str, int]  # letters, by queue


def broken(after: Aftermath) -> list[Imbalance]:
    """All that does not hold; empty where everything does."""
    return [*_admissions(after), *_pairs(after), *_messages(after), *_dead(after)]


def _admissions(after: Aftermath) -> Iterator[Imbalance]:
    """Who was let in first, by the scans on record, by the tickets, and by the door's counts."""
    scans = (row for row in after.tickets if row["kind"] == "TicketScan" and row["pk"].split("#")[1] == after.conference_id)
    let_in = {row["ticket"] for row in scans if row["admitted"] and row["way"] == "entry" and not row.get("annulled")}
    tickets = {
        row["pk"].partition("#")[2]: row for row in after.tickets if row["kind"] == "Ticket" and row["conf"] == after.conference_id
    }
    entered = {ticket_id for ticket_id, row in tickets.items() if row.get("entered")}
    for ticket_id in sorted(let_in - entered):
        yield Imbalance("admission", ticket_id, "was let in, and the ticket knows of no entry")
    for ticket_id in sorted(entered - let_in):
        yield Imbalance("admission", ticket_id, "has an entry, and no scan on record let it in")
    head = next((row for row in after.tickets if row["kind"] == "DoorHead" and row["pk"] == f"DOOR#{after.conference_id}"), None)
    counted = sum(int(each["checked_in"]) for each in json.loads(head["types"]).values()) if head else 0
    if counted != len(entered):
        yield Imbalance("door counts", after.conference_id, f"{counted} are counted as checked in, and {len(entered)} tickets are")


def _pairs(after: Aftermath) -> Iterator[Imbalance]:
    """Whoever has somebody is had by them."""
    has = {(row["pk"].partition("#")[2], row["other_id"]) for row in after.contacts if row["kind"] == "Contact"}
    for owner, other in sorted(has):
        if (other, owner) not in has:
            yield Imbalance("contact", owner, f"has {other}, who has not them")


def _messages(after: Aftermath) -> Iterator[Imbalance]:
    """Each was reacted to out of every queue that it goes to.

    More often, where it came again, is no fault: that a repeat has no effect, the tables show.
    """
    for message_id, kind in sorted(after.messages.items()):
        for queue in sorted(after.routes.get(kind, ())):
            if not after.consumed[queue, message_id]:
                yield Imbalance("message", message_id, f"{kind} is in no log of the worker of {queue}")


def _dead(after: Aftermath) -> Iterator[Imbalance]:
    for queue, letters in sorted(after.dead.items()):
        if letters:
            yield Imbalance("dead letters", queue, f"{letters} messages failed five times: make dlq says why")


def again(after: Aftermath) -> int:
    """How many reactions were to a message that came again: twice from the bus, or sent for later (the end of a hold)."""
    due = sum(len(after.routes.get(kind, ())) for kind in after.messages.values())
    seen = sum(times for (_, message_id), times in after.consumed.items() if message_id in after.messages)
    return max(0, seen - due)


def messages_of(rows: Iterable[Row], since: datetime) -> dict[str, str]:
    """What the outboxes hold since then: the kind of each, by its id. Not all name a conference: who met, what a card says."""
    details = ((row["detail_type"], json.loads(row["detail"])) for row in rows if row["kind"] == "Outbox")
    return {detail["id"]: kind for kind, detail in details if datetime.fromisoformat(detail["occurred_at"]) >= since}


def routes_of(resources: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """The queues that each kind of message goes to: the template's rules are named as the queues that they fill."""
    rules = {
        name.removesuffix("Rule"): each["Properties"]["EventPattern"]["detail-type"]
        for name, each in resources.items()
        if isinstance(each, Mapping) and each["Type"] == "AWS::Events::Rule"  # a loop is a list
    }
    kinds = {kind for pattern in rules.values() for kind in pattern}
    return {kind: frozenset(queue for queue, pattern in rules.items() if kind in pattern) for kind in kinds}


def consumed_of(lines: Iterable[Mapping[str, Any]], queues: Mapping[str, str]) -> Counter[tuple[str, str]]:
    """What the workers' log says of messages that they reacted to; `queues`: the names of queues, by the template's."""
    known = {name: queue for queue, name in queues.items()}
    reactions = (line for line in lines if line.get("message") == "message" and line.get("queue") in known)
    return Counter((known[line["queue"]], line["message_id"]) for line in reactions)
