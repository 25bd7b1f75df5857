"""The tables, queues and logs of the running stack after a play, read until all of it adds up or what does not stays as it is."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime

from localstack import books
from localstack.build import template
from localstack.client import NeverHappened, wait_until
from localstack.dead_letters import Queues, log_lines
from localstack.deploy import STACK
from localstack.endpoint import Endpoint
from localstack.invariants import Aftermath, broken, consumed_of, messages_of, routes_of

_OUTBOXES = ("Auth", "Events", "Orders", "Tickets", "Contacts", "Notifications")


def aftermath(endpoint: Endpoint, conference_id: str, since: datetime) -> Aftermath:
    """Of a conference that was played since then, as it looks now."""
    resources, dynamodb = books.resources_of(endpoint), endpoint.client("dynamodb")
    tables = {context: list(books.items(dynamodb, resources[f"{context}Table"])) for context in _OUTBOXES}
    lines = log_lines(endpoint.client("logs"), f"/ketemu/{STACK}", '"message_id"', since)
    queues = Queues.of(endpoint.client("sqs"), resources)
    return Aftermath(
        conference_id=conference_id,
        tickets=tables["Tickets"],
        contacts=tables["Contacts"],
        messages=messages_of([row for rows in tables.values() for row in rows], since),
        routes=routes_of(template()["Resources"]),
        consumed=consumed_of(lines, {name: url.rpartition("/")[2] for name, url in queues.work.items()}),
        dead=queues.lengths(),
    )


def settled(
    endpoint: Endpoint, look: Callable[[], Aftermath], say: Callable[[str], None], *, unchanged: float, patience: float
) -> tuple[Aftermath, list[books.Imbalance]]:
    """What is left, and what is wrong with it: nothing, or what has not changed for `unchanged` seconds."""
    wrong: list[books.Imbalance] = []
    after, changed = look(), time.monotonic()

    def is_settled() -> bool:
        nonlocal after, wrong, changed
        after = look()
        found = [*books.imbalances(books.read(endpoint), datetime.now(UTC)), *broken(after)]
        if found == wrong:
            hear_out(endpoint)
        else:
            wrong, changed = found, time.monotonic()
            say(f"  {len(wrong)} things do not hold yet: {_rules(wrong)}")
        return not wrong or time.monotonic() - changed > unchanged

    with suppress(NeverHappened):
        wait_until(is_settled, "the end of all that is under way", seconds=patience, every=2.0)
    return after, wrong


def hear_out(endpoint: Endpoint) -> None:
    """Let the log have what workers said last: a busy emulator misses the end of it, and hears it with their next answer.

    The batch that they are given for it is empty.
    """
    functions = endpoint.client("lambda")
    for name, worker in books.resources_of(endpoint).items():
        if name.endswith("Worker"):
            with suppress(functions.exceptions.TooManyRequestsException):  # it is at work, and will be heard
                functions.invoke(FunctionName=worker, Payload=b'{"Records": []}')


def _rules(wrong: Iterable[books.Imbalance]) -> str:
    return ", ".join(f"{count} × {rule}" for rule, count in Counter(each.rule for each in wrong).most_common()) or "none"
