"""A table as it was: `make restore TABLE=Orders [AT=2026-11-24T12:00:00Z] [EXACTLY=1]`; docs/restore.md says when and what then.

A point of the last 35 days is restored into a table beside the one in use, and what is missing is put back from there: the table
in use stays, with its stream, policies and name. What is put back of the outbox goes to the bus again, where it is heard once.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from localstack.deploy import STACK
from localstack.endpoint import Endpoint
from localstack.failure import Failure
from localstack.standing import DEFAULT_PORT, ready_stack

PATIENCE = 7200  # seconds: AWS takes from minutes to hours, by the size of the table
_BATCH = 25  # items that one BatchWriteItem takes

Raw = dict[str, Any]  # an item as DynamoDB has it
Key = tuple[str, str]


def restore_beside(dynamodb: Any, table: str, at: datetime | None = None) -> str:
    """The name of a new table with what was in `table` at that instant, or last. Raises Failure."""
    beside = f"{table}-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    when: dict[str, Any] = {"RestoreDateTime": at} if at else {"UseLatestRestorableTime": True}
    dynamodb.restore_table_to_point_in_time(SourceTableName=table, TargetTableName=beside, **when)
    deadline = time.monotonic() + PATIENCE
    while dynamodb.describe_table(TableName=beside)["Table"]["TableStatus"] != "ACTIVE":
        if time.monotonic() > deadline:
            raise Failure(f"{beside} was not there within {PATIENCE} s. Put back from it later: make restore … FROM={beside}")
        time.sleep(1)  # between two looks; the condition ends the wait
    return beside


def put_back(dynamodb: Any, beside: str, table: str, *, exactly: bool = False) -> list[Raw]:
    """The items that were missing and are there again. `exactly`: others are as they were too, and what is newer goes."""
    then, now = _all(dynamodb, beside), _all(dynamodb, table)
    missing = [item for key, item in then.items() if key not in now]
    requests: list[Raw] = [{"PutRequest": {"Item": item}} for item in missing]
    if exactly:
        requests += [{"PutRequest": {"Item": item}} for key, item in then.items() if key in now and now[key] != item]
        requests += [{"DeleteRequest": {"Key": {"pk": {"S": pk}, "sk": {"S": sk}}}} for pk, sk in now.keys() - then.keys()]
    for start in range(0, len(requests), _BATCH):
        left = {table: requests[start : start + _BATCH]}
        while left:
            left = dynamodb.batch_write_item(RequestItems=left).get("UnprocessedItems", {})
    return missing


def _all(dynamodb: Any, table: str) -> dict[Key, Raw]:
    return {(item["pk"]["S"], item["sk"]["S"]): item for item in _scan(dynamodb, table)}


def _scan(dynamodb: Any, table: str) -> Iterator[Raw]:
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make restore", description="Put back what a table had.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--at", type=datetime.fromisoformat, help="an instant of the last 35 days; the latest, if none")
    parser.add_argument("--beside", help="a table that was restored before")
    parser.add_argument("--exactly", action="store_true", help="also what was changed since, and what was added goes")
    parser.add_argument("context", help="whose table: Orders, Tickets, …")
    arguments = parser.parse_args()
    try:
        endpoint = Endpoint(ready_stack(arguments.port)["endpoint_url"])
        found = endpoint.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
        tables = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}
        if f"{arguments.context}Table" not in tables:
            raise Failure(
                f"{arguments.context or '…'} has no table. Say one of: Auth, Events, Orders, Tickets, Contacts, Notifications."
            )
        dynamodb, table = endpoint.client("dynamodb"), tables[f"{arguments.context}Table"]
        beside = arguments.beside or restore_beside(dynamodb, table, arguments.at)
        print(f"{len(put_back(dynamodb, beside, table, exactly=arguments.exactly))} items are there again, from {beside}.")
    except Failure as failure:
        sys.exit(str(failure))
    print("Now let orders be reconciled and the books be checked: make invoke FUNCTION=OrdersReconciliation …, make check")
    return 0


if __name__ == "__main__":
    sys.exit(main())
