"""Items that were stored long ago are read by the code of today.

`items/<context>.json` has them as DynamoDB does: one of each kind and version at least, written by the code of its day, and never
changed. Whoever changes how a kind is stored raises its `v`, adds one of the new version, and leaves the old one to be read.
"""

import inspect
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest
from pynamodb.attributes import Attribute, AttributeContainer, ListAttribute, NumberAttribute
from pynamodb.models import Model

from shared.attributes import Maps, Plain
from shared.table import Item, Outbox

STORED = Path(__file__).parent / "items"
CONTEXTS = ("auth", "events", "orders", "tickets", "contacts", "notifications", "shared")
Raw = dict[str, Any]  # an item as DynamoDB has it

# Changed before there was anything to keep: no stack has one.
NEVER_KEPT = {("TicketScan", 1)}


def stored(*contexts: str) -> list[Raw]:
    return [item for context in contexts or CONTEXTS for item in json.loads((STORED / f"{context}.json").read_text())]


def kinds() -> dict[str, type[Item]]:
    """Every kind of item that a context has, by what its items say they are."""
    for context in CONTEXTS:
        package = import_module("shared" if context == "shared" else f"functions.{context}")
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    return {kind: each for each in _below(Item) if (kind := _kind(each))}


def _below(of: type[Item]) -> Iterator[type[Item]]:
    for each in of.__subclasses__():
        if not each.__module__.startswith("tests."):
            yield each
        yield from _below(each)


def _kind(of: type[Item]) -> str | None:
    """None where it is a base of others."""
    return Item.kind._class_map.get(of)


def version(of: type[Item]) -> int:
    attribute = of.get_attributes()["v"]
    assert isinstance(attribute, NumberAttribute)
    return int(attribute.default)  # type: ignore[arg-type]  # a number, here


def named(item: Raw) -> str:
    return f"{item['kind']['S']}-{item['pk']['S'].partition('#')[2][:16]}"


def test_every_kind_of_item_carries_a_version() -> None:
    assert [kind for kind, of in kinds().items() if "v" not in of.get_attributes()] == []


def test_every_version_of_every_kind_is_here() -> None:
    here = {(item["kind"]["S"], int(item.get("v", {"N": 1})["N"])) for item in stored()}
    wanted = {(kind, v) for kind, of in kinds().items() for v in range(1, version(of) + 1)}
    assert wanted - here == NEVER_KEPT, "add one of each to tests/contract/items"
    assert here - wanted == set(), "nothing reads these"


@pytest.mark.parametrize("item", stored(), ids=named)
def test_what_was_stored_is_read(item: Raw) -> None:
    of = kinds()[item["kind"]["S"]]
    read = Item.from_raw_data(dict(item))
    assert type(read) is of
    attributes: dict[str, Attribute[Any]] = of.get_attributes()
    assert item.keys() <= {attribute.attr_name for attribute in attributes.values()}, "nobody reads this any more"
    missing = [name for name, attribute in attributes.items() if not attribute.null and getattr(read, name) is None]
    assert missing == [], "an old item has none: let it be null, or have a default"
    for told in _told_of(of):
        told(read)


@pytest.mark.parametrize("item", stored(), ids=named)
def test_it_is_read_as_pynamodb_itself_would(item: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Item.from_raw_data(dict(item))
    its_own = classmethod(AttributeContainer._instantiate.__func__)
    monkeypatch.setattr(Plain, "_instantiate", its_own)
    monkeypatch.setattr(Maps, "deserialize", ListAttribute.deserialize)
    theirs = Item.from_raw_data(dict(item))
    assert type(ours) is type(theirs)
    assert ours.attribute_values.keys() == theirs.attribute_values.keys()
    assert ours.serialize() == theirs.serialize()


def test_an_item_of_another_kind_is_refused() -> None:
    assert kinds()["User"]
    with pytest.raises(ValueError, match="Cannot instantiate a Outbox from the returned class: UserItem"):
        Outbox.from_raw_data(next(item for item in stored("auth") if item["kind"]["S"] == "User"))


def _told_of(of: type[Item]) -> Iterator[Any]:
    """What an item says of itself without being asked more: to the domain, as a rule."""
    for name, found in inspect.getmembers(of):
        if name.startswith("_") or hasattr(Model, name) or name in of.get_attributes():
            continue
        if isinstance(found, property) and found.fget:
            yield found.fget
        elif inspect.isfunction(found) and list(inspect.signature(found).parameters) == ["self"]:
            yield found
