"""docs/threat-model.md names tests that exist, and bodies take no more than they name."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.template import ROOT

NAMED = sorted(set(re.findall(r"`(tests/\S+\.py)::(test_\w+)`", (ROOT / "docs" / "threat-model.md").read_text())))
OPENAPI = json.loads((ROOT / "docs" / "openapi.json").read_text())
SCHEMAS: dict[str, Any] = OPENAPI["components"]["schemas"]


def test_every_defence_is_shown_by_a_test_that_exists() -> None:
    there: set[tuple[str, str]] = set()
    for file in {file for file, _ in NAMED}:
        nodes = ast.walk(ast.parse((ROOT / file).read_text()))
        there |= {(file, node.name) for node in nodes if isinstance(node, ast.FunctionDef)}
    assert len(NAMED) > 40
    assert set(NAMED) - there == set()


def test_every_attack_names_what_shows_its_defence() -> None:
    rows = re.findall(r"^\| (?!attack|---)(.+) \|$", (ROOT / "docs" / "threat-model.md").read_text(), re.MULTILINE)
    assert [row for row in rows if "::test_" not in row.rpartition("|")[2]] == []


def named(schema: Any) -> Iterator[str]:
    """The schemas that one refers to."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        for each in schema.values():
            yield from named(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from named(each)


def taken() -> list[str]:
    """The schemas of all request bodies, and of what is in them."""
    operations = [operation for item in OPENAPI["paths"].values() for operation in item.values()]
    waiting = {name for operation in operations for name in named(operation.get("requestBody", {}))}
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= set(named(SCHEMAS[name])) - found
    return sorted(found)


def unbounded(schema: Any, path: str) -> Iterator[str]:
    """Where in a schema there is a text or a list without a limit."""
    if isinstance(schema, list):
        for each in schema:
            yield from unbounded(each, path)
    elif isinstance(schema, dict):
        if schema.get("type") == "string" and not {"maxLength", "enum", "const", "format", "pattern"} & set(schema):
            yield path
        if schema.get("type") == "array" and "maxItems" not in schema:
            yield path
        for name, each in schema.items():
            yield from unbounded(each, f"{path}.{name}")


@pytest.mark.parametrize("name", taken())
def test_no_body_takes_what_it_does_not_name(name: str) -> None:
    schema = SCHEMAS[name]
    assert schema.get("type") != "object" or schema.get("additionalProperties") is False


@pytest.mark.parametrize("name", taken())
def test_everything_in_a_body_is_bounded(name: str) -> None:
    assert list(unbounded(SCHEMAS[name], name)) == []
