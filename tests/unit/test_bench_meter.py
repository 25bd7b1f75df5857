"""What DynamoDB bills, by its documentation's rules."""

from typing import Any

import pytest

from bench.meter import item_size, size, write_units

KB = 1024


def item(length: int, **more: str) -> dict[str, Any]:
    """An item of that many bytes, and its further attributes."""
    named = {"pk": {"S": "p"}, "sk": {"S": "s"}, **{name: {"S": value} for name, value in more.items()}}
    return {**named, "x": {"S": "x" * (length - item_size(named) - 1)}}


@pytest.mark.parametrize(
    ("value", "bytes_"),
    [
        ({"S": "é"}, 2),
        ({"N": "1234"}, 4),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"B": b"123"}, 3),
        ({"SS": ["ab", "c"]}, 3),
        ({"L": [{"S": "ab"}]}, 6),
        ({"M": {"ab": {"S": "c"}}}, 7),
    ],
)
def test_a_value_has_the_size_that_dynamodb_counts(value: dict[str, Any], bytes_: int) -> None:
    assert size(value) == bytes_


@pytest.mark.parametrize(("length", "units"), [(20, 1), (KB, 1), (KB + 1, 2), (3 * KB, 3)])
def test_a_write_costs_a_unit_for_each_kilobyte_begun_and_two_in_a_transaction(length: int, units: int) -> None:
    assert write_units({}, item(length), transactional=False) == units
    assert write_units({}, item(length), transactional=True) == 2 * units


def test_what_shrinks_is_billed_by_what_it_was_and_what_is_not_there_as_one() -> None:
    assert write_units(item(3 * KB), item(20), transactional=False) == 3
    assert write_units(item(3 * KB), {}, transactional=False) == 3
    assert write_units({}, {}, transactional=False) == 1


def test_an_index_costs_a_unit_where_the_item_enters_leaves_or_changes_and_two_where_it_moves() -> None:
    there, elsewhere = item(100, gsi1pk="a", gsi1sk="1"), item(100, gsi1pk="a", gsi1sk="2")
    assert write_units({}, there, transactional=True) == 2 + 1
    assert write_units(there, {}, transactional=True) == 2 + 1
    assert write_units(there, item(200, gsi1pk="a", gsi1sk="1"), transactional=True) == 2 + 1
    assert write_units(there, elsewhere, transactional=True) == 2 + 2


def test_a_condition_that_is_checked_or_fails_is_billed_and_no_index_is_written() -> None:
    there = item(100, gsi1pk="a", gsi1sk="1", gsi2pk="b", gsi2sk="1")
    assert write_units(there, there, transactional=True) == 2
