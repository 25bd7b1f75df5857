"""What is kept by messages, made anew from the bus's archive: `make replay SIDE=door`, `totals` or `sales`.

Empties the items of one read side, replays all that the archive holds to the rule that feeds it, and says whether the figures are
what they were. The archive has 30 days (template.yaml): what is older is not in it. On AWS the replay goes to that one rule; the
embedded emulator offers every message to every rule again, which is as well: nothing happens twice.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from localstack.books import Row, items
from localstack.deploy import STACK
from localstack.endpoint import Endpoint
from localstack.failure import Failure
from localstack.standing import DEFAULT_PORT, ready_stack

PATIENCE = 600  # seconds for the replay, and then for the workers
_BATCH = 25  # items that one BatchWriteItem takes
_IDLE = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")  # what is delayed is a hold that lasts

Figures = Mapping[str, int]


@dataclass(frozen=True)
class Side:
    """`context`: whose table. `queue`: whose worker keeps the items of these `kinds`, by the rule of that name."""

    context: str
    queue: str
    kinds: frozenset[str]
    figures: Callable[[Iterable[Row]], Figures]


def _door(rows: Iterable[Row]) -> Figures:
    boards = {row["pk"].rpartition(":")[2]: row for row in rows if row["kind"] == "DoorBoard"}
    return {f"{conference} {way}": int(row.get(way) or 0) for conference, row in boards.items() for way in ("entries", "exits")}


def _totals(rows: Iterable[Row]) -> Figures:
    counted: Counter[str] = Counter()
    for row in rows:
        if row["kind"] == "LedgerTotal":
            day, ticket_type, _ = row["sk"].split("#")
            for what in ("reserved", "paid", "refunded", "expired", "cancelled", "revenue", "returned"):
                counted[f"{row['pk'].partition('#')[2]} {day} {ticket_type} {what}"] += int(row.get(what) or 0)
    return {what: number for what, number in counted.items() if number}


def _sales(rows: Iterable[Row]) -> Figures:
    return Counter(row["gsi1pk"].partition("#")[2] for row in rows if row["kind"] == "SoldTicket" and "gsi1pk" in row)


SIDES = {
    "door": Side("Notifications", "Notifications", frozenset({"DoorBoard", "ScanMark"}), _door),
    "totals": Side("Orders", "OrdersLedger", frozenset({"LedgerEntry", "LedgerWord", "LedgerTotal"}), _totals),
    "sales": Side("Events", "Events", frozenset({"SoldTicket"}), _sales),
}


def empty(dynamodb: Any, table: str, side: Side) -> int:
    """Deletes what the side keeps; how many items that were."""
    keys = [{"pk": {"S": row["pk"]}, "sk": {"S": row["sk"]}} for row in items(dynamodb, table) if row["kind"] in side.kinds]
    for start in range(0, len(keys), _BATCH):
        left = {table: [{"DeleteRequest": {"Key": key}} for key in keys[start : start + _BATCH]]}
        while left:
            left = dynamodb.batch_write_item(RequestItems=left).get("UnprocessedItems", {})
    return len(keys)


@dataclass(frozen=True)
class Stack:
    """A stack's bus, queues and tables: `names` are the physical ones, by logical name."""

    names: Mapping[str, str]
    events: Any  # botocore makes its clients at run time
    sqs: Any
    dynamodb: Any

    @classmethod
    def of(cls, endpoint: Endpoint) -> "Stack":
        found = endpoint.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
        names = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}
        return cls(names, *(endpoint.client(service) for service in ("events", "sqs", "dynamodb")))

    def rows(self, side: Side) -> Iterable[Row]:
        return items(self.dynamodb, self.names[f"{side.context}Table"])

    def archive(self) -> Any:
        """Of the bus, as it is described. Raises Failure."""
        bus = self.events.describe_event_bus(Name=self.names["Bus"])["Arn"]
        found = self.events.list_archives(EventSourceArn=bus)["Archives"]
        if not found:
            raise Failure("The bus has no archive: deploy with EventArchive=on.")
        return self.events.describe_archive(ArchiveName=found[0]["ArchiveName"])

    def replay(self, archive: Any, side: Side) -> None:
        """Returns once its worker has nothing left to do. Raises Failure."""
        bus = archive["EventSourceArn"]
        rule = self.events.describe_rule(Name=self.names[f"{side.queue}Rule"].rpartition("|")[2], EventBusName=self.names["Bus"])
        name = f"{STACK}-{uuid4().hex[:12]}"
        self.events.start_replay(
            ReplayName=name,
            EventSourceArn=archive["ArchiveArn"],
            EventStartTime=datetime.now(UTC) - timedelta(days=archive["RetentionDays"]),
            EventEndTime=datetime.now(UTC),
            Destination={"Arn": bus, "FilterArns": [rule["Arn"]]},
        )
        _until(lambda: self._is_over(name), "the replay to end")
        _until(lambda: self._is_idle(side), f"the queue of {side.queue} to be empty")

    def _is_over(self, name: str) -> bool:
        replay = self.events.describe_replay(ReplayName=name)
        if replay["State"] in ("FAILED", "CANCELLED"):
            raise Failure(f"The replay ended: {replay['State']} {replay.get('StateReason', '')}")
        return bool(replay["State"] == "COMPLETED")

    def _is_idle(self, side: Side) -> bool:
        url = self.names[f"{side.queue}Queue"]
        return set(self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_IDLE))["Attributes"].values()) == {"0"}


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise Failure(f"Waited {PATIENCE} s in vain for {what}.")
        time.sleep(0.5)  # between two looks; the condition ends the wait


def rebuild(stack: Stack, side: Side) -> tuple[Figures, Figures]:
    """The figures as they were, and as the archive's messages make them. Raises Failure: where there is none, before anything."""
    archive = stack.archive()
    before = side.figures(stack.rows(side))
    empty(stack.dynamodb, stack.names[f"{side.context}Table"], side)
    stack.replay(archive, side)
    return before, side.figures(stack.rows(side))


def main() -> int:
    parser = argparse.ArgumentParser(prog="make replay", description="Make a read side anew from the archive of the bus.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("side", choices=sorted(SIDES), help="what is emptied and made anew")
    arguments = parser.parse_args()
    try:
        stack = Stack.of(Endpoint(ready_stack(arguments.port)["endpoint_url"]))
        before, after = rebuild(stack, SIDES[arguments.side])
    except Failure as failure:
        sys.exit(str(failure))
    for what in sorted({*before, *after}):
        if before.get(what) != after.get(what):
            print(f"✗ {what}: it was {before.get(what, 0)} and is {after.get(what, 0)}")
    print(f"{arguments.side}: {len(after)} figures were made anew, {'as they were' if before == after else 'and differ'}.")
    return 0 if before == after else 1


if __name__ == "__main__":
    sys.exit(main())
