"""How items are read: as PynamoDB would, without what it does anew for every item.

A warm function spends more on this than on anything else of its own (docs/benchmarks.md). PynamoDB asks each attribute of a class
twice for every item, whether the item has it or not; copies all attributes of a map for each list of maps; and composes a filter
of all kinds of item for each query. Here a class is looked at once. `_instantiate` is private to PynamoDB: the lock file pins it,
and tests/contract/test_items.py compares what both read.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Self

from pynamodb.attributes import Attribute, AttributeContainer, DiscriminatorAttribute, ListAttribute, MapAttribute
from pynamodb.constants import MAP, NULL
from pynamodb.expressions.condition import In


class Plain(AttributeContainer):
    """What is read as it is stored. A base of items and of maps in lists."""

    @classmethod
    def _instantiate(cls, attribute_values: dict[str, dict[str, Any]]) -> Self:
        """Raises ValueError where it is stored as something that is no `cls`, as PynamoDB does."""
        kind = cls._get_discriminator_class(attribute_values) or cls
        if not issubclass(kind, cls):
            raise ValueError(f"Cannot instantiate a {cls.__name__} from the returned class: {kind.__name__}")
        defaults, made, known = _plan(kind)
        item = kind.__new__(kind)
        values = item.attribute_values = dict(defaults)
        for name, make in made:
            setattr(item, name, make())
        for stored, value in attribute_values.items():
            found = known.get(stored)
            if found and NULL not in value:
                name, attribute = found
                read = attribute.deserialize(attribute.get_value(value))
                if isinstance(attribute, MapAttribute):
                    setattr(item, name, read)  # which makes a map of the mapping
                else:
                    values[name] = read
        return item


@cache
def _plan(
    kind: type[AttributeContainer],
) -> tuple[Mapping[str, Any], Iterable[tuple[str, Callable[[], Any]]], Mapping[str, tuple[str, Attribute[Any]]]]:
    """Its default values, what makes a default value anew, and its attributes by the names that they are stored under."""
    attributes = kind.get_attributes()
    given = {name: each.default for name, each in attributes.items() if each.default is not None}
    plain = {name: default for name, default in given.items() if not callable(default)}
    made = [(name, default) for name, default in given.items() if callable(default)]
    plain |= {
        name: kind for name, each in attributes.items() if isinstance(each, DiscriminatorAttribute) and each.get_discriminator(kind)
    }
    return plain, made, {each.attr_name: (name, each) for name, each in attributes.items()}


class PlainMap(Plain, MapAttribute[str, Any]):
    """A map with attributes of its own, for `Maps`."""


class Maps(ListAttribute[Any]):
    """A list of maps of one kind: `Maps(of=Line)`."""

    def deserialize(self, values: list[dict[str, Any]]) -> list[Any]:
        kind: Any = self.element_type
        return [kind._instantiate(value[MAP]) for value in values]


class Kind(DiscriminatorAttribute):
    """Which class an item is of."""

    def __init__(self) -> None:
        super().__init__()
        self._filters: dict[tuple[type, ...], In] = {}

    def is_in(self, *values: Any) -> In:
        """The filter that PynamoDB adds to every query."""
        found = self._filters.get(values)
        if found is None:
            found = self._filters[values] = super().is_in(*values)
        return found
