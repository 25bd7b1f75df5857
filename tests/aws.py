"""moto's `mock_aws`, for thousands of tests: the same answers without what takes moto most of its time."""

from base64 import b64encode
from collections.abc import Iterator
from copy import deepcopy
from types import SimpleNamespace
from typing import Any

from moto import mock_aws
from moto.core import models as core
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

__all__ = ["mock_aws"]

# A test's start: over a thousand patterns for whoever calls AWS by `requests`. Everybody here goes through botocore.
core.backend_index = SimpleNamespace(backend_url_patterns=[])  # type: ignore[attr-defined]

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
Table.__deepcopy__ = lambda self, memo: self  # type: ignore[attr-defined]
