"""What DynamoDB is asked for, and what it bills for that: round trips, read units and write units.

The in-memory AWS of the tests reports no consumed capacity that could be believed, so units are computed from the items, by the
rules of DynamoDB's documentation: a write is a unit for each KB begun of the larger of the item before and after, twice that in a
transaction, and once more for each index that the item enters, leaves or changes in; a read is half a unit for each 4 KB begun, a
whole one where it is consistent, two in a transaction.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from botocore.client import BaseClient

Image = Mapping[str, Any]  # an item as DynamoDB's API has it: {"pk": {"S": "…"}}
Send = Callable[[str, Mapping[str, Any]], Any]

INDEXES = ("gsi1", "gsi2")
WRITE_BLOCK, READ_BLOCK = 1024, 4096  # bytes


@dataclass
class Meter:
    """What was asked of DynamoDB since it was made, or since `reset`; other services are not counted."""

    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    read_units: float = 0
    write_units: int = 0
    weighs: bool = True  # False: calls are counted, units are not, which is quicker
    is_looking: bool = False  # at an item, which nobody is billed for

    @property
    def operations(self) -> list[str]:
        return [operation for operation, _ in self.calls]

    @property
    def by_operation(self) -> dict[str, int]:
        return dict(Counter(self.operations))

    def reset(self) -> None:
        self.calls.clear()
        self.read_units = self.write_units = 0

    def observe(self, operation: str, request: Mapping[str, Any], send: Send) -> Any:
        self.calls.append((operation, request))
        if not self.weighs:
            return send(operation, request)
        keys = list(written_keys(operation, request))
        look = self._unseen(send)
        before = [_image(look, table, key) for table, key, _ in keys]
        try:
            answer = send(operation, request)
            self.read_units += _read_units(operation, request, answer, look)
            return answer
        finally:  # what a condition refuses is billed too
            after = [_image(look, table, key) for table, key, _ in keys]
            self.write_units += sum(
                write_units(old, new, transactional=transactional)
                for old, new, (_, _, transactional) in zip(before, after, keys, strict=True)
            )

    def _unseen(self, send: Send) -> Send:
        def look(operation: str, request: Mapping[str, Any]) -> Any:
            self.is_looking = True
            try:
                return send(operation, request)
            finally:
                self.is_looking = False

        return look


@contextmanager
def metering() -> Iterator[Meter]:
    """Counts all that this process asks of DynamoDB within the block, through whatever library."""
    meter, real = Meter(), BaseClient._make_api_call  # type: ignore[attr-defined]  # botocore's one way out

    def counted(client: Any, operation: str, request: Mapping[str, Any]) -> Any:
        if client.meta.service_model.service_name != "dynamodb" or operation == "Scan":  # a test's look into the table
            return real(client, operation, request)
        return meter.observe(operation, request, lambda *call: real(client, *call))

    BaseClient._make_api_call = counted  # type: ignore[attr-defined]  # as above
    try:
        yield meter
    finally:
        BaseClient._make_api_call = real  # type: ignore[attr-defined]  # as above


def size(value: Mapping[str, Any]) -> int:
    """Bytes of a value as DynamoDB counts them: UTF-8 text, two digits a byte, 3 for a list or map and 1 for each element."""
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return len(content) // 2 + 2
        case "B":
            return len(content)
        case "L":
            return 3 + sum(1 + size(each) for each in content)
        case "M":
            return 3 + sum(1 + len(name) + size(each) for name, each in content.items())
        case "SS" | "NS" | "BS":
            return sum(size({kind[0]: each}) for each in content)
        case _:
            return 1


def item_size(item: Image) -> int:
    return sum(len(name.encode()) + size(value) for name, value in item.items())


def write_units(before: Image, after: Image, *, transactional: bool) -> int:
    """Of one write that made `after` of `before`; an item that is not there is empty."""
    units = _blocks(max(item_size(before), item_size(after)), WRITE_BLOCK) * (2 if transactional else 1)
    for index in INDEXES:
        old, new = ((image.get(f"{index}pk"), image.get(f"{index}sk")) for image in (before, after))
        if old == new:  # in its place: written if anything changed, since indexes have all attributes
            units += _blocks(max(item_size(before), item_size(after)), WRITE_BLOCK) if old[0] and before != after else 0
        else:
            units += sum(
                _blocks(item_size(image), WRITE_BLOCK) for image, place in ((before, old), (after, new)) if place[0] is not None
            )
    return units


def written_keys(operation: str, request: Mapping[str, Any]) -> Iterator[tuple[str, Image, bool]]:
    """Table and key of each item that a request writes or holds a condition against, and whether in a transaction."""
    match operation:
        case "PutItem":
            yield request["TableName"], _key(request["Item"]), False
        case "UpdateItem" | "DeleteItem":
            yield request["TableName"], request["Key"], False
        case "BatchWriteItem":
            for table, requests in request["RequestItems"].items():
                for each in requests:
                    item = each["PutRequest"]["Item"] if "PutRequest" in each else each["DeleteRequest"]["Key"]
                    yield table, _key(item), False
        case "TransactWriteItems":
            for each in request["TransactItems"]:
                [action] = each.values()
                yield action["TableName"], _key(action.get("Item") or action["Key"]), True


def _read_units(operation: str, request: Mapping[str, Any], answer: Any, send: Send) -> float:
    match operation:
        case "GetItem":
            return _of_items([_image(send, request["TableName"], request["Key"])], consistent=request.get("ConsistentRead"))
        case "BatchGetItem":
            return sum(
                _of_items((_image(send, table, key) for key in each["Keys"]), consistent=each.get("ConsistentRead"))
                for table, each in request["RequestItems"].items()
            )
        case "TransactGetItems":
            gets = [each["Get"] for each in request["TransactItems"]]
            return 2 * _of_items((_image(send, get["TableName"], get["Key"]) for get in gets), consistent=True)
        case "Query":
            read = _unfiltered(request, answer, send)
            return _blocks(sum(map(item_size, read)), READ_BLOCK) * (1 if request.get("ConsistentRead") else 0.5)
        case _:
            return 0


def _of_items(items: Iterable[Image], *, consistent: bool | None) -> float:
    return sum(_blocks(item_size(item), READ_BLOCK) for item in items) * (1 if consistent else 0.5)


def _unfiltered(request: Mapping[str, Any], answer: Any, send: Send) -> list[Image]:
    """All that a query read, which is what it is billed for, whatever it then answered."""
    narrowed = {"FilterExpression", "ProjectionExpression", "Select"} & set(request)
    if not narrowed:
        return list(answer["Items"])
    whole = {name: value for name, value in request.items() if name not in narrowed}
    used = set(re.findall(r"[#:]\w+", whole["KeyConditionExpression"]))
    for names in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        if names in whole:
            whole[names] = {name: value for name, value in whole[names].items() if name in used}
    return list(send("Query", {name: value for name, value in whole.items() if value})["Items"])


def _image(send: Send, table: str, key: Image) -> Image:
    image: Image = send("GetItem", {"TableName": table, "Key": key, "ConsistentRead": True}).get("Item", {})
    return image


def _key(item: Image) -> Image:
    return {"pk": item["pk"], "sk": item["sk"]}


def _blocks(size: int, block: int) -> int:
    return max(1, ceil(size / block))
