"""Files that are no schedule, and entries that hold anything at all."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.events.domain import Session, of_kind
from functions.events.schedule_entries import understand
from functions.events.schedule_files import HostileFile, NotASchedule, TooLarge, UnreadableFile, read_file
from tests.unit.schedules import BERLIN, entry, planned, schedule

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]><schedule>&b;</schedule>"""
EXTERNAL = b"""<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><schedule>&x;</schedule>"""


@pytest.mark.parametrize(
    ("data", "media_type", "problem"),
    [
        (LAUGHS, "text/xml", HostileFile),
        (EXTERNAL, "text/xml", HostileFile),
        (b'<!DOCTYPE schedule SYSTEM "http://example.org/x.dtd"><schedule/>', "text/xml", HostileFile),
        (b'{"schedule":' * 100_000, "application/json", HostileFile),
        (b"<a>" * 300_000, "text/xml", UnreadableFile),
        (b"<a>" * 500_000, "text/xml", TooLarge),
        (b" " * 5_000_001, "application/json", TooLarge),
        (b"", "application/json", UnreadableFile),
        (b"", "text/xml", UnreadableFile),
        (b'{"schedule": {"conf', "application/json", UnreadableFile),
        (b'{"schedule": NaN}', "application/json", UnreadableFile),
        (b'{"schedule": Infinity}', "application/json", UnreadableFile),
        (b'{"id": ' + b"9" * 5000 + b"}", "application/json", UnreadableFile),
        (b"\xff\xfe\x00", "application/json", UnreadableFile),
        (b"<schedule><conference>", "text/xml", UnreadableFile),
        (b'<?xml version="1.0" encoding="nonsense"?><schedule/>', "text/xml", UnreadableFile),
        (b"null", "application/json", NotASchedule),
        (b"[]", "application/json", NotASchedule),
        (b'{"schedule": {"conference": []}}', "application/json", NotASchedule),
        (b"<html/>", "text/xml", NotASchedule),
        (b"<schedule/>", "text/xml", NotASchedule),
    ],
)
def test_a_file_that_cannot_be_read_is_one_named_problem(data: bytes, media_type: str, problem: type[Exception]) -> None:
    with pytest.raises(problem):
        read_file(data, media_type)


@pytest.mark.parametrize("days", [None, {}, ["day"], [{}], [{"rooms": []}], [{"rooms": {"A": {}}}]])
def test_days_of_another_shape_are_no_schedule(days: Any) -> None:
    with pytest.raises(NotASchedule):
        understand({"conference": {"days": days}}, BERLIN)


def test_more_entries_than_any_conference_takes_are_no_schedule() -> None:
    with pytest.raises(NotASchedule):
        understand(schedule(*[None] * 5001), BERLIN)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*entry(), "abstract", "description", "track", "language", "links"]), JSON), JSON, JSON)
def test_whatever_an_entry_holds_it_is_taken_or_refused(said: dict[str, Any], day: Any, head: Any) -> None:
    file = schedule({**entry(), **said}, day={"day_start": day, "index": day}, rooms=head, tracks=[head], time_zone_name=head)
    plan = planned(file)
    assert len(of_kind(Session, plan.added)) + len([each for each in plan.refused if each.where.startswith("day")]) == 1
