"""Whether the books balance: `make check` reads the tables of orders and tickets and names all that does not add up.

It reads items, not models, and shares no code with what wrote them: a mistake there is not repeated here.
"""

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from localstack.deploy import STACK
from localstack.endpoint import Endpoint
from localstack.failure import Failure
from localstack.standing import DEFAULT_PORT, ready_stack

Row = Mapping[str, Any]  # an item, of whatever kind

_COUNTED = ("reserved", "paid", "refunded", "expired", "cancelled")  # tickets, in the totals

EXPIRY = timedelta(seconds=10)  # how exact a hold's end is promised to be
PATIENCE = 60  # seconds that messages under way are given to arrive
POOLED = ("TicketTypeCopy", "Pool", "Voucher")  # what seats are kept for
HOLDING = ("reserved", "paid", "partially_refunded")  # orders whose seats are out
TAKEN = ("confirmed", "refunded")  # payments that took money


@dataclass(frozen=True, slots=True)
class Imbalance:
    """`rule` is broken by `what` (an id, never a person)."""

    rule: str
    what: str
    detail: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.what}: {self.detail}"


@dataclass(frozen=True)
class Books:
    """All items of the tables of orders and of tickets, as they were read."""

    orders: list[Row]
    tickets: list[Row]

    def kept(self, kind: str) -> list[Row]:
        return [row for row in self.orders if row["kind"] == kind]

    def summary(self) -> str:
        states = Counter(order["status"] for order in self.kept("Order"))
        free = sum(int(shard["free"]) for shard in self.kept("Shard"))
        told = ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "none"
        return f"{sum(states.values())} orders ({told}), {free} seats free"


def imbalances(books: Books, now: datetime) -> list[Imbalance]:
    """All that does not add up; empty where the books balance."""
    return [
        *_seats(books),
        *_holds(books, now),
        *_payments(books),
        *_tickets(books),
        *_totals(books),
        *_money(books),
        *_waiting(books),
    ]


# Seats: what is free and what is out are the capacity in force.


def _seats(books: Books) -> Iterator[Imbalance]:
    shards: dict[str, dict[int, int]] = defaultdict(dict)
    for shard in books.kept("Shard"):
        _, pool_id, number = shard["pk"].split("#")
        shards[pool_id][int(number)] = int(shard["free"])
    out = _seats_out(books)
    for kept in (row for kind in POOLED for row in books.kept(kind)):
        pool_id, capacity = kept["sk"].partition("#")[2], int(kept["capacity"])
        free = shards.pop(pool_id, {})
        if set(free) != set(range(int(kept["shards"]))):
            yield Imbalance("shards", pool_id, f"{int(kept['shards'])} are wanted, and there are {sorted(free)}")
        for number, seats in sorted(free.items()):
            if seats < 0:
                yield Imbalance("oversold shard", f"{pool_id} shard {number}", f"{seats} seats are free")
        taken = out.pop(pool_id, Counter())
        if sum(free.values()) + taken.total() != capacity:
            states = " + ".join(f"{seats} {state}" for state, seats in sorted(taken.items())) or "none out"
            yield Imbalance("seats", pool_id, f"{sum(free.values())} free + {states} is not the capacity in force, {capacity}")
    for pool_id in sorted({*shards, *out}):
        yield Imbalance("pool", pool_id, "seats are free or out of a pool that is not on record")


def _seats_out(books: Books) -> dict[str, Counter[str]]:
    """Seats that orders have, by pool and by the state of the order."""
    out: dict[str, Counter[str]] = defaultdict(Counter)
    for order in books.kept("Order"):
        for line in order["lines"] if order["status"] in HOLDING else ():
            for pool_id, seats in _held(line).items():
                out[pool_id][order["status"]] += seats
        for line, ended in _ended(order) if order["status"] in HOLDING else ():
            for pool_id in _held(line):
                out[pool_id][order["status"]] -= ended
    return out


def _held(line: Row) -> dict[str, int]:
    """A line's seats in each pool; an old line says only the shards of its ticket type's own."""
    by_pool = json.loads(line["seats"])
    if any(isinstance(seats, int) for seats in by_pool.values()):
        by_pool = {line["ticket_type_id"]: by_pool}
    return {pool_id: sum(shards.values()) for pool_id, shards in by_pool.items()}


def _ended(order: Row) -> list[tuple[Row, int]]:
    """How many tickets of each line were given back, with their seats. They are numbered from 1 over all lines."""
    numbers = {int(number) for number in json.loads(order.get("ended") or "{}")}
    ended, first = [], 1
    for line in order["lines"]:
        following = first + int(line["quantity"])
        ended.append((line, len(numbers & set(range(first, following)))))
        first = following
    return ended


# Orders


def _holds(books: Books, now: datetime) -> Iterator[Imbalance]:
    for order in books.kept("Order"):
        if order["status"] == "reserved" and datetime.fromisoformat(order["expires_at"]) + EXPIRY < now:
            yield Imbalance("hold", order["order_id"], f"is still reserved and expired at {order['expires_at']}")
        for line in order["lines"] if order["status"] in HOLDING else ():
            held = _held(line)
            for pool_id, seats in held.items() or {line["ticket_type_id"]: 0}.items():
                if seats != int(line["quantity"]):
                    told = f"{line['quantity']} tickets were ordered, {seats} seats are held of {pool_id}"
                    yield Imbalance("line", order["order_id"], told)


def _payments(books: Books) -> Iterator[Imbalance]:
    for order in books.kept("Order"):
        price = _price(order)
        charged = price if json.loads(order.get("payment") or "{}").get("status") in TAKEN else 0
        returned = int(order.get("returned") or 0)
        if order["status"] in ("paid", "partially_refunded") and price and not charged:
            yield Imbalance("payment", order["order_id"], f"is {order['status']}, and no payment is on record")
        if order["status"] in ("reserved", "expired", "cancelled") and charged > returned and not order.get("ended"):
            yield Imbalance("payment", order["order_id"], f"is {order['status']}: {charged} were paid and {returned} returned")
        if returned > charged:
            yield Imbalance("payment", order["order_id"], f"{charged} were paid and {returned} returned")


# Tickets: those of paid orders, once each.


def _tickets(books: Books) -> Iterator[Imbalance]:
    valid: Counter[str] = Counter()
    for ticket in books.tickets:
        if ticket["kind"] == "Ticket" and ticket["status"] != "cancelled":
            valid[ticket["order"]] += 1
    for order in books.kept("Order"):
        all_of_it = sum(int(line["quantity"]) for line in order["lines"]) - sum(ended for _, ended in _ended(order))
        due = all_of_it if order["status"] in ("paid", "partially_refunded") else 0
        issued = valid.pop(order["order_id"], 0)
        if issued != due:
            yield Imbalance("tickets", order["order_id"], f"is {order['status']}: {due} valid tickets are due, there are {issued}")
    for order_id, issued in sorted(valid.items()):
        yield Imbalance("tickets", order_id, f"{issued} valid tickets of an order that is not on record")


# The organisers' totals: what the orders say, counted again.


def _totals(books: Books) -> Iterator[Imbalance]:
    said: Counter[tuple[str, str]] = Counter()
    for part in books.kept("LedgerTotal"):
        ticket_type_id = part["sk"].split("#")[1]
        said.update({(ticket_type_id, state): int(part[state]) for state in _COUNTED if part.get(state)})
    counted: Counter[tuple[str, str]] = Counter()
    for order in books.kept("Order"):
        for line, ended in _ended(order):
            for state, tickets in _states(order["status"], int(line["quantity"]), ended).items():
                counted[line["ticket_type_id"], state] += tickets
    for ticket_type_id, state in sorted({*said, *counted}):
        told, there = said[ticket_type_id, state], counted[ticket_type_id, state]
        if told != there:
            yield Imbalance("totals", ticket_type_id, f"organisers are told of {told} tickets {state}, and orders have {there}")


def _money(books: Books) -> Iterator[Imbalance]:
    said: Counter[tuple[str, str]] = Counter()
    for part in books.kept("LedgerTotal"):
        conference_id = part["pk"].partition("#")[2]
        said.update({(conference_id, what): int(part.get(what) or 0) for what in ("revenue", "returned")})
    counted: Counter[tuple[str, str]] = Counter()
    for order in books.kept("Order"):
        if order.get("paid_at"):  # what was paid too late, and went back, was never revenue
            counted[order["conference_id"], "revenue"] += _price(order)
            counted[order["conference_id"], "returned"] += int(order.get("returned") or 0)
    for conference_id, what in sorted({*said, *counted}):
        told, there = said[conference_id, what], counted[conference_id, what]
        if told != there:
            yield Imbalance("money", conference_id, f"organisers are told of {told} {what}, and orders come to {there}")


def _price(order: Row) -> int:
    return sum(int(line["amount"]) * int(line["quantity"]) for line in order["lines"])


# The waiting list: seats are kept for those who wait, and only while somebody does.


def _waiting(books: Books) -> Iterator[Imbalance]:
    waiting = {entry["pk"].partition("#")[2] for entry in books.kept("WaitingEntry") if entry["state"] == "waiting"}
    places = books.kept("Place")
    in_line = Counter(place["entry_id"] for place in places)
    for entry_id in sorted(waiting | set(in_line)):
        if in_line[entry_id] != (entry_id in waiting):
            state = "waits" if entry_id in waiting else "does not wait"
            yield Imbalance("place", entry_id, f"{state}, and has {in_line[entry_id]} places in line")
    kept = {pool["sk"].partition("#")[2] for kind in POOLED for pool in books.kept(kind) if pool.get("awaited")}
    for shard in books.kept("Shard"):
        _, pool_id, number = shard["pk"].split("#")
        if (shard.get("joined") is not None) != (pool_id in kept):
            yield Imbalance(
                "kept", f"{pool_id} shard {number}", "it does not say as its pool does whether seats are kept for a line"
            )
    wanted = {pool_id for place in places for pool_id in (place["pk"].partition("#")[2], place["ticket_type_id"])}
    for pool_id in sorted(kept - wanted):
        yield Imbalance("kept", pool_id, "its seats are kept, and nobody waits for them")
    for place in places:
        if not kept & {place["pk"].partition("#")[2], place["ticket_type_id"]}:
            yield Imbalance("kept", place["ticket_type_id"], f"{place['entry_id']} waits, and no seats are kept")


def _states(status: str, quantity: int, ended: int) -> dict[str, int]:
    """What became of the tickets of a line, of which so many were given back."""
    if status == "refunded":
        return {"refunded": quantity}
    if status in ("paid", "partially_refunded"):
        return {"paid": quantity - ended, "refunded": ended}
    return {status: quantity}


# Reading


def read(endpoint: Endpoint) -> Books:
    """The tables as they are; while somebody writes to them, not as of one instant."""
    tables, dynamodb = resources_of(endpoint), endpoint.client("dynamodb")
    return Books(list(items(dynamodb, tables["OrdersTable"])), list(items(dynamodb, tables["TicketsTable"])))


def resources_of(endpoint: Endpoint) -> dict[str, str]:
    """The physical names of the stack's resources, by logical name."""
    resources = endpoint.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}


def items(dynamodb: Any, table: str) -> Iterable[Row]:
    plain = TypeDeserializer().deserialize
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        for item in page["Items"]:
            yield {name: plain(value) for name, value in item.items()}


def settled(look: Callable[[], Books], patience: float = PATIENCE) -> tuple[Books, list[Imbalance]]:
    """The books and what is wrong with them once nothing is, or after `patience` seconds: messages need time to arrive."""
    deadline = time.monotonic() + patience
    while True:
        books = look()
        wrong = imbalances(books, datetime.now(UTC))
        if not wrong or time.monotonic() > deadline:
            return books, wrong
        time.sleep(1)  # between two looks at whole tables; the condition ends the wait


def main() -> int:
    parser = argparse.ArgumentParser(prog="make check", description="Say whether the books of the running stack balance.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--patience", type=float, default=PATIENCE, help="seconds that messages under way are given to arrive")
    arguments = parser.parse_args()
    try:
        stack = ready_stack(arguments.port)
    except Failure as failure:
        sys.exit(str(failure))
    endpoint = Endpoint(stack["endpoint_url"])
    books, wrong = settled(lambda: read(endpoint), arguments.patience)
    for imbalance in wrong:
        print(f"✗ {imbalance}")
    print(f"{'The books do not balance' if wrong else 'The books balance'}: {books.summary()}.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
