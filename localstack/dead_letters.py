"""`make dlq`: the messages that failed five times, and why; `make redrive QUEUE=Orders`: back to the queue they came from.

By receive and send, since neither emulator moves messages by itself: on AWS the console's *Start DLQ redrive* does the same.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from localstack.deploy import STACK
from localstack.endpoint import Endpoint
from localstack.failure import Failure
from localstack.standing import DEFAULT_PORT, ready_stack

_SUFFIX = "DeadLetters"
_PAGE = 10_000  # events in one answer, at most
_EVER = datetime.fromtimestamp(0, UTC)
LOOKED_AT = 10  # seconds for which a message that is looked at is kept from who else looks


@dataclass(frozen=True)
class DeadLetter:
    """What died, and what its function's log says of it."""

    queue: str
    kind: str
    message_id: str
    correlation_id: str
    why: str


@dataclass(frozen=True)
class Queues:
    """A stack's queues, by the name of their context: where dead letters lie, and where they came from."""

    sqs: Any  # botocore makes its clients at run time
    dead: dict[str, str]
    work: dict[str, str]

    @classmethod
    def of(cls, sqs: Any, resources: dict[str, str]) -> "Queues":
        """`resources`: the physical names of a stack's resources, by logical name."""
        dead = {name.removesuffix(_SUFFIX): each for name, each in resources.items() if name.endswith(_SUFFIX)}
        return cls(sqs, dead, {name: resources[f"{name}Queue"] for name in dead if f"{name}Queue" in resources})

    def lengths(self) -> dict[str, int]:
        """How many dead letters there are, by the name of the queue."""
        wanted = "ApproximateNumberOfMessages"
        asked = {
            name: self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[wanted]) for name, url in sorted(self.dead.items())
        }
        return {name: int(answer["Attributes"][wanted]) for name, answer in asked.items()}

    def letters(self, name: str) -> Iterator[Any]:
        """Each that is there, once; those that are not deleted come back after a moment."""
        seen: set[str] = set()
        while True:
            got = self.sqs.receive_message(
                QueueUrl=self.dead[name], MaxNumberOfMessages=10, VisibilityTimeout=LOOKED_AT, WaitTimeSeconds=1
            ).get("Messages", [])
            fresh = [each for each in got if each["MessageId"] not in seen]
            if not fresh:
                return
            seen |= {each["MessageId"] for each in fresh}
            yield from fresh

    def redrive(self, name: str) -> int:
        """How many went back. A message is sent before it is deleted: it may come twice and never not at all. Raises Failure."""
        if name not in self.work:
            raise Failure(f"QUEUE={name or '…'} cannot be put back. Say one of: {', '.join(sorted(self.work))}.")
        moved = 0
        for each in self.letters(name):
            self.sqs.send_message(QueueUrl=self.work[name], MessageBody=each["Body"])
            self.sqs.delete_message(QueueUrl=self.dead[name], ReceiptHandle=each["ReceiptHandle"])
            moved += 1
        return moved


def dead_letters(queues: Queues, lines: list[dict[str, Any]]) -> list[DeadLetter]:
    """All there are; `lines` is the log of the workers, oldest first."""
    failed = {line.get("message_id"): line for line in lines if line.get("message") == "message failed"}
    return [_read(name, each, failed) for name in sorted(queues.dead) for each in queues.letters(name)]


def _read(queue: str, letter: Any, failed: dict[Any, dict[str, Any]]) -> DeadLetter:
    try:
        event = json.loads(letter["Body"])
        detail = event["detail"]
        line = failed.get(detail["id"])
        why = f"{line.get('exception_name')} at {line.get('timestamp')}" if line else "the log says nothing of it (any more)"
        return DeadLetter(queue, event["detail-type"], detail["id"], detail["correlation_id"], why)
    except (ValueError, KeyError, TypeError):  # not one of our messages: the relay's say which records of a stream were lost
        return DeadLetter(queue, "?", letter["MessageId"], "?", "it is no message of ours: see it with aws sqs receive-message")


def log_lines(logs: Any, group: str, pattern: str = '"message failed"', since: datetime = _EVER) -> list[dict[str, Any]]:
    """What the functions said since then, oldest first, as far as it is JSON and holds the pattern."""
    lines: list[dict[str, Any]] = []
    for text in (text for event in _events(logs, group, pattern, since) for text in event["message"].splitlines()):
        try:
            line = json.loads(text)
        except ValueError:
            continue
        lines += [line] if isinstance(line, dict) else []
    return lines


def _events(logs: Any, group: str, pattern: str, since: datetime) -> Iterator[Any]:
    """All there are: the embedded emulator cuts its answer off, and says nothing of a next page."""
    pages = logs.get_paginator("filter_log_events")
    start, known = int(since.timestamp() * 1000), 0
    while True:
        answers = pages.paginate(logGroupName=group, filterPattern=pattern, startTime=start)
        found = [event for page in answers for event in page["events"]]
        yield from found[known:]
        if len(found) < _PAGE:
            return
        start = found[-1]["timestamp"]
        known = sum(event["timestamp"] == start for event in found)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make dlq", description="Dead letters of the running stack, and why they died.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--redrive", metavar="QUEUE", help="put those of this context back into its queue")
    arguments = parser.parse_args()
    try:
        endpoint = Endpoint(ready_stack(arguments.port)["endpoint_url"])
        found = endpoint.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
        queues = Queues.of(endpoint.client("sqs"), {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found})
        if arguments.redrive is not None:
            print(f"{queues.redrive(arguments.redrive)} put back into the queue of {arguments.redrive}.")
            return 0
    except Failure as failure:
        sys.exit(str(failure))
    letters = dead_letters(queues, log_lines(endpoint.client("logs"), f"/ketemu/{STACK}"))
    for each in letters:
        print(f"✗ {each.queue}: {each.kind} {each.message_id} (correlation {each.correlation_id}): {each.why}")
    print(f"{len(letters)} dead letters." + (" Mend the cause, then: make redrive QUEUE=…" if letters else ""))
    return 1 if letters else 0


if __name__ == "__main__":
    sys.exit(main())
