"""A cursor leads back into its own list, and nothing else is one."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Malformed
from shared.table import decode_cursor, encode_cursor

texts = st.text(min_size=1, max_size=40)
KEY = {"pk": {"S": "USER#1"}, "sk": {"S": "ITEM#1"}}
INDEX_KEY = {**KEY, "gsi1pk": {"S": "CONF#1"}, "gsi1sk": {"S": "A"}}
SECOND_KEY = {**KEY, "gsi2pk": {"S": "CONF#1"}, "gsi2sk": {"S": "A"}}


@given(texts, texts)
def test_a_cursor_leads_back_to_where_its_page_ended(partition: str, sort: str) -> None:
    key = {"pk": {"S": partition}, "sk": {"S": sort}}
    cursor = encode_cursor(key)
    assert cursor is not None
    assert cursor.isascii()
    assert decode_cursor(cursor, partition) == key


def test_a_cursor_of_an_index_leads_back_too() -> None:
    assert decode_cursor(encode_cursor(INDEX_KEY), "CONF#1", "gsi1pk") == INDEX_KEY
    assert decode_cursor(encode_cursor(SECOND_KEY), "CONF#1", "gsi2pk") == SECOND_KEY


def test_the_last_page_has_none() -> None:
    assert encode_cursor(None) is None
    assert decode_cursor(None, "USER#1") is None


@pytest.mark.parametrize(
    "key",
    [
        {**KEY, "pk": {"S": "USER#2"}},  # somebody else's list
        {"pk": KEY["pk"]},  # DynamoDB would not take it
        {**KEY, "more": {"S": "x"}},
        INDEX_KEY,  # of another list
        {**KEY, "sk": {"S": ""}},
        {**KEY, "sk": {"N": "1"}},
        {**KEY, "sk": {"S": 1}},
        {**KEY, "sk": {"S": "x", "N": "1"}},
        {**KEY, "sk": "S"},
        {**KEY, "sk": None},
        {},
        [],
        ["pk"],
        "pk",
        7,
        None,
    ],
)
def test_what_this_list_did_not_give_is_refused(key: Any) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(key).encode()).decode()
    with pytest.raises(Malformed):
        decode_cursor(cursor, "USER#1")


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_noise_is_refused(cursor: str) -> None:
    with pytest.raises(Malformed):
        decode_cursor(cursor, "USER#1")
