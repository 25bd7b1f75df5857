"""Ids say what they name, and a derived one is always the same."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ids import derived_id, id_bytes, id_from_bytes, new_id

FORM = re.compile(r"ord_[0-9A-HJKMNP-TV-Z]{26}")


def test_a_new_id_names_its_kind_and_is_new() -> None:
    made = {new_id("ord") for _ in range(1000)}
    assert len(made) == 1000
    assert all(FORM.fullmatch(one) for one in made)


@given(st.lists(st.text(), max_size=4))
def test_the_same_parts_are_the_same_id(parts: list[str]) -> None:
    assert derived_id("ord", *parts) == derived_id("ord", *parts)
    assert FORM.fullmatch(derived_id("ord", *parts))


@given(st.lists(st.text(max_size=3), max_size=4), st.lists(st.text(max_size=3), max_size=4))
def test_other_parts_are_another_id(one: list[str], other: list[str]) -> None:
    assert (derived_id("ord", *one) == derived_id("ord", *other)) == (one == other)


@given(st.binary(min_size=16, max_size=16))
def test_an_id_survives_its_binary_form(raw: bytes) -> None:
    assert id_bytes(id_from_bytes("ord", raw)) == raw


@pytest.mark.parametrize("text", ["", "ord_", "ord_short", f"ord_{'!' * 26}"])
def test_what_is_no_id_has_no_bytes(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        id_bytes(text)


@pytest.mark.parametrize("length", [0, 15, 17])
def test_only_sixteen_bytes_are_an_id(length: int) -> None:
    with pytest.raises(ValueError, match=r".+"):
        id_from_bytes("ord", b"\0" * length)
