"""The door over HTTP, on the emulator: an evening with races, scanners that were off line, and an altered journal."""

import json
from collections.abc import Callable
from typing import Any

from localstack.client import Person, wait_until
from localstack.doors import Doors
from localstack.stack import RunningStack


def tickets_table(stack: RunningStack) -> str:
    """The physical name of the tickets' table."""
    resources = stack.endpoint.client("cloudformation").describe_stack_resources(StackName="ketemu")["StackResources"]
    return next(str(each["PhysicalResourceId"]) for each in resources if each["LogicalResourceId"] == "TicketsTable")


def test_an_evening_at_the_doors(stack: RunningStack, person: Callable[[str], Person]) -> None:
    organizer = person("Hana")
    evening = Doors(organizer, person("Citra"), tickets=80, doubles=4, at_once=16, say=lambda _: None)
    evening.play()

    def told() -> int:
        return [each["kind"] for each in organizer.get("/notifications?limit=100")["items"]].count("double-entry")

    wait_until(lambda: told() == evening.doubles, "news of each double entry")

    conflict = organizer.get(f"{evening.base}/conflicts")["items"][0]
    note = {"note": "badge passed on, talked to both"}
    organizer.post(f"{evening.base}/conflicts/{conflict['id']}/resolution", note, expect=200)
    assert len(organizer.get(f"{evening.base}/conflicts")["items"]) == evening.doubles - 1

    dynamodb, table = stack.endpoint.client("dynamodb"), tickets_table(stack)
    first_page: dict[str, Any] = dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :journal",
        ExpressionAttributeValues={":journal": {"S": f"JOURNAL#{evening.conference_id}"}},
        Limit=1,
    )["Items"][0]
    entries = json.loads(first_page["entries"]["S"])
    entries[0][1] = entries[0][1].replace('"tkt_', '"tkx_')
    dynamodb.put_item(TableName=table, Item={**first_page, "entries": {"S": json.dumps(entries)}})
    fault = evening.prove().fault
    assert fault is not None
    assert fault.seq == 1
    dynamodb.put_item(TableName=table, Item=first_page)
    assert evening.prove().fault is None
