"""Instants as text: UTC, to the millisecond, in the order of time."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import iso, now, parse

offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(1000, 1, 3), datetime(9999, 12, 29), timezones=offsets).map(
    lambda instant: instant.replace(microsecond=instant.microsecond // 1000 * 1000)
)


@given(instants)
def test_an_instant_survives_its_text(instant: datetime) -> None:
    assert parse(iso(instant)) == instant


@given(instants, instants)
def test_texts_sort_as_their_instants_do(one: datetime, other: datetime) -> None:
    assert (iso(one) < iso(other)) == (one < other)


def test_the_text_is_utc() -> None:
    assert iso(datetime(2026, 6, 1, 16, 0, 0, 123456, timezone(timedelta(hours=7)))) == "2026-06-01T09:00:00.123Z"


def test_now_is_utc_and_carries_no_more_than_its_text() -> None:
    instant = now()
    assert instant.tzinfo is UTC
    assert parse(iso(instant)) == instant


def test_what_is_no_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="yesterday"):
        parse("yesterday")
