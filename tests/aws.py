"""moto's `mock_aws`, for thousands of tests: the same answers without what takes moto most of its time."""

from base64 import b64encode
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from types import SimpleNamespace
from typing import Any

from moto import mock_aws
from moto.core import models as core
from moto.core import responses
from moto.core.config import default_user_config
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

__all__ = ["mock_aws"]

# A test's start: over a thousand patterns for whoever calls AWS by `requests`. Everybody here goes through botocore.
core.backend_index = SimpleNamespace(backend_url_patterns=[])  # type: ignore[attr-defined]

# The next: boto3's session is put aside, and each client reads its service's models again. moto hooks itself into every session.
default_user_config["core"]["reset_boto3_session"] = False

# An answer: each value of each item is looked up under all the names that any service might give it.
_structure = BaseJSONSerializer._serialize_type_structure


def _serialized(self: BaseJSONSerializer, serialized: Any, value: Any, shape: Any, key: str) -> None:
    if shape.name == "AttributeValue":
        serialized[key] = _plain(value)
    else:
        _structure(self, serialized, value, shape, key)


def _plain(value: Any) -> Any:
    match value:
        case DynamoType():
            return {value.type: _plain(value.value)}
        case bytes():
            return b64encode(value).decode()
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list():
            return [_plain(each) for each in value]
    return value


# A request: which operations there are is found out by looking at all that the service's class has.
responses.method_names_from_class = cache(responses.method_names_from_class)

# A query by an index: the whole table is put in order first, by values that are looked into each time. Keys are strings here.
_cast = DynamoType.cast_value.fget  # type: ignore[attr-defined]


def _in_order(self: Table) -> list[Any]:
    items = [item for partition in self.items.values() for item in partition.values()]
    return sorted(items, key=lambda item: (item.hash_key.value, item.range_key.value))


# A transaction: the whole table is copied, once for each of its operations. What they touch is enough to undo them.
_write = DynamoDBBackend.transact_write_items


def _transacted(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    before = [(items, range_key, deepcopy(items.get(range_key))) for items, range_key in _touched(self, transact_items)]
    try:
        _write(self, transact_items)
    except Exception:
        for items, range_key, item in before:
            if item is None:
                items.pop(range_key, None)
            else:
                items[range_key] = item
        raise


def _touched(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> Iterator[tuple[dict[Any, Any], DynamoType]]:
    """Where each item is kept, and under which sort key."""
    for operations in transact_items:
        for operation in operations.values():
            table, key = backend.tables[operation["TableName"]], operation.get("Key") or operation["Item"]
            yield table.items[DynamoType(key[table.hash_key_attr])], DynamoType(key[str(table.range_key_attr)])


BaseJSONSerializer._serialize_type_structure = _serialized  # type: ignore[method-assign]
DynamoDBBackend.transact_write_items = _transacted  # type: ignore[method-assign]
DynamoType.cast_value = property(lambda self: self.value if self.type == "S" else _cast(self))  # type: ignore[assignment,method-assign]
Table.all_items = _in_order  # type: ignore[method-assign]
Table.__deepcopy__ = lambda self, memo: self  # type: ignore[attr-defined]
