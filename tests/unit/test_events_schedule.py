"""Schedule files in the frab format: read, planned, written; nothing of it needs a table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.events.domain import Room, Session, Speaker, Track, of_kind
from functions.events.schedule_entries import Refused, format_duration, parse_duration, session_type
from functions.events.schedule_export import render_schedule
from functions.events.schedule_files import read_file
from functions.events.schedule_plan import Plan
from functions.events.schedule_text import as_html, prose
from tests.unit.schedules import BERLIN, MEDIA, after, entry, planned, released, schedule
from tests.unit.test_events_domain import HOUR, NINE

MINUTE = timedelta(minutes=1)


def only(plan: Plan) -> Session:
    [session] = of_kind(Session, plan.added + plan.changed)
    assert not plan.refused
    return session


def reasons(plan: Plan) -> list[str]:
    return [remark.reason for remark in plan.refused]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>Hello &amp; <b>welcome</b></p><p>Bye</p>", "Hello & welcome\n\nBye"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<script>alert('<p>')</script>text<style>p {}</style>", "text"),
        ("before<!-- never -->after", "beforeafter"),
        ("List<String> and a < b > c", "List<String> and a < b > c"),
        ("<a href='https://example.org' onclick='x()'>link</a>", "link"),
        ("&lt;b&gt; stays", "<b> stays"),
        ("R&D at AT&T", "R&D at AT&T"),
        ("open <b", "open <b"),
        ("a\x00b\ud800c\r\nd", "abc\nd"),
        ("<scr<b>ipt>", "<script>"),
        (None, ""),
        (7, ""),
    ],
)
def test_html_becomes_text(source: object, text: str) -> None:
    assert prose(source) == text


@pytest.mark.parametrize("hostile", ["<" * 200_000, "<!--" * 100_000, "<a " * 100_000, "&" * 200_000, "<script>" * 50_000])
def test_hostile_html_takes_no_longer_than_its_length(hostile: str) -> None:
    prose(hostile)  # a quadratic reader would not come back


@given(st.text(max_size=300))
def test_a_text_that_was_read_is_written_and_read_again_as_it_is(text: str) -> None:
    once = prose(text)
    assert prose(as_html(once)) == once


@given(st.integers(1, 999 * 60))
def test_a_duration_is_written_as_it_is_read(minutes: int) -> None:
    assert parse_duration(format_duration(minutes * MINUTE)) == minutes * MINUTE


@pytest.mark.parametrize(
    ("text", "minutes"), [("00:30", 30), ("1:05", 65), ("26:30", 1590), ("1:02:30", 1590), ("00:00:45", 45), ("0:05", 5)]
)
def test_a_duration_is_hours_and_minutes_perhaps_after_days(text: str, minutes: int) -> None:
    assert parse_duration(text) == minutes * MINUTE


@pytest.mark.parametrize("text", [None, "", "30", "1h", "-1:00", "01:2", "1:1:1:1", 30, "٠١:٠٠x"])
def test_another_duration_is_refused(text: object) -> None:
    with pytest.raises(Refused):
        parse_duration(text)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Talk", "talk"),
        ("lecture", "talk"),
        ("Lightning Talk", "talk"),
        ("lightning_talk", "talk"),
        ("Workshop / Tutorial", "workshop"),
        ("Keynote", "keynote"),
        ("Lunch break", "break"),
        ("Pause", "break"),
        ("Breakout session", "other"),
        ("", "other"),
        (None, "other"),
    ],
)
def test_the_words_of_a_type_say_what_it_is_here(said: object, kind: str) -> None:
    assert session_type(said) == kind


@pytest.mark.parametrize(
    ("said", "day", "starts_at"),
    [
        ({"date": "2030-06-03T09:00:00+02:00"}, {}, "2030-06-03T07:00+00:00"),
        ({"date": "2030-06-03T07:00:00Z"}, {}, "2030-06-03T07:00+00:00"),
        ({"date": "2030-06-03T09:00:00"}, {}, "2030-06-03T07:00+00:00"),  # no offset: the schedule's own time zone
        ({"date": ...}, {}, "2030-06-03T07:00+00:00"),
        ({"date": "2030-06-04"}, {}, "2030-06-04T07:00+00:00"),
        ({"date": ..., "start": "00:30"}, {}, "2030-06-03T22:30+00:00"),  # past midnight of the 3rd is the 4th
        ({"date": ..., "start": "05:00"}, {"day_start": "2030-06-03T06:00:00+02:00"}, "2030-06-04T03:00+00:00"),
        ({"date": ..., "start": "03:00"}, {"day_start": "2030-06-03T00:00:00+02:00"}, "2030-06-03T01:00+00:00"),
    ],
)
def test_a_start_is_an_instant_or_local_time_of_its_day(said: dict[str, Any], day: dict[str, Any], starts_at: str) -> None:
    assert only(planned(schedule(entry(**said), day=day))).starts_at == datetime.fromisoformat(starts_at)


def test_the_files_time_zone_counts_and_an_unknown_one_does_not() -> None:
    naive = entry(date="2030-06-03T09:00:00")
    assert only(planned(schedule(naive, time_zone_name="Asia/Tokyo"))).starts_at == datetime(2030, 6, 3, 0, tzinfo=UTC)
    assert only(planned(schedule(naive, time_zone_name="Mars/Olympus"))).starts_at == datetime(2030, 6, 3, 7, tzinfo=UTC)


@given(
    start=st.datetimes(datetime(2030, 1, 2), datetime(2030, 12, 20)).map(
        lambda at: at.replace(second=0, microsecond=0, tzinfo=UTC)
    ),
    minutes=st.integers(1, 3 * 24 * 60),
    zone=st.sampled_from(["Europe/Berlin", "Asia/Jakarta", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_local_times_survive_midnight_and_the_change_of_the_clock(start: datetime, minutes: int, zone: str) -> None:
    conference = replace(
        BERLIN, time_zone=zone, starts_at=datetime(2030, 1, 1, tzinfo=UTC), ends_at=datetime(2031, 1, 1, tzinfo=UTC)
    )
    session = Session(
        id="ses_01K0C0NF000000000000000001",
        title="Talk",
        abstract=None,
        type="talk",
        room_id=None,
        speaker_ids=(),
        starts_at=start,
        ends_at=start + minutes * MINUTE,
        language=None,
    )
    for file_format, media_type in MEDIA.items():
        body = render_schedule(released([session], conference), file_format).body
        again = only(planned(read_file(body, media_type), conference=conference))
        assert (again.starts_at, again.ends_at) == (session.starts_at, session.ends_at)


def test_what_an_entry_says_is_taken_in_this_platforms_terms() -> None:
    plan = planned(
        schedule(
            entry(
                subtitle="And why",
                abstract="<p>Short &amp; sweet</p>",
                description="Long",
                track="Data",
                language="de_AT",
                persons=[{"code": "ABC", "public_name": "Grace", "biography": "<i>Hopper</i>"}, {"name": "Alan", "id": 7}],
                links=[{"title": "Recording", "url": "https://example.org/v.mp4"}],
            ),
            rooms=[{"name": "Room 1", "capacity": 90}],
            tracks=[{"name": "Data", "color": "#AA0000"}],
        )
    )
    session = only(plan)
    [room], [track], [grace, alan] = of_kind(Room, plan.added), of_kind(Track, plan.added), of_kind(Speaker, plan.added)
    assert (room.name, room.capacity, track.color) == ("Room 1", 90, "#aa0000")
    assert (grace.name, grace.biography, grace.external_id, alan.external_id) == ("Grace", "Hopper", "ABC", "7")
    assert session.abstract == "And why\n\nShort & sweet\n\nLong"
    assert (session.language, session.recording_url) == ("de-AT", "https://example.org/v.mp4")
    assert (session.room_id, session.track_id, session.speaker_ids) == (room.id, track.id, (grace.id, alan.id))


def test_a_session_without_a_room_is_taken() -> None:
    assert only(planned(schedule(entry(room=None)))).room_id is None


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("text", "not-an-entry"),
        (None, "not-an-entry"),
        (entry(title=...), "no-title"),
        (entry(title=" \x00 "), "no-title"),
        (entry(id=..., guid=...), "no-id"),
        (entry(id=True, guid=None), "no-id"),
        (entry(duration="soon"), "invalid-duration"),
        (entry(duration="00:00"), "invalid-window"),
        (entry(date="tomorrow noon"), "invalid-date"),
        (entry(date=..., start="25:00"), "invalid-date"),
        (entry(date=..., start=...), "invalid-date"),
        (entry(date="0001-01-01T00:00:00+14:00"), "invalid-date"),
        (entry(date="9999-12-31T23:59:59-14:00"), "invalid-date"),
        (entry(date="2031-06-03T09:00:00+02:00"), "session-outside-conference"),
        (entry(persons=[{"name": f"P{number}"} for number in range(21)]), "too-many-speakers"),
    ],
)
def test_an_entry_that_cannot_be_taken_is_named_and_the_rest_is_taken(said: Any, reason: str) -> None:
    plan = planned(schedule(said, entry(2)))
    assert reasons(plan) == [reason]
    assert "day 1" in plan.refused[0].where
    assert [session.title for session in of_kind(Session, plan.added)] == ["Talk 2"]


def test_what_is_too_long_or_unknown_is_taken_as_far_as_it_goes_and_said() -> None:
    plan = planned(schedule(entry(title="x" * 300, abstract="y" * 5000, language="English!", persons=[{"name": ""}])))
    assert [remark.reason for remark in plan.adjusted] == ["shortened", "shortened", "unknown-language", "no-name"]
    assert (len(only(plan).title), len(only(plan).abstract or ""), only(plan).language) == (200, 4000, None)


def test_a_room_and_a_speaker_are_in_one_place_at_a_time() -> None:
    grace = [{"code": "G", "name": "Grace"}]
    plan = planned(
        schedule(
            entry(1, room="Hall", persons=grace),
            entry(2, room="Hall", date="2030-06-03T09:30:00+02:00"),
            entry(3, persons=grace, date="2030-06-03T09:59:00+02:00"),
            entry(4, room="Hall", persons=grace, date="2030-06-03T10:00:00+02:00"),
            entry(1, room="Else"),
        )
    )
    assert reasons(plan) == ["duplicate", "room-taken", "speaker-busy"]
    assert "Talk 1" in plan.refused[1].detail
    assert [session.title for session in of_kind(Session, plan.added)] == ["Talk 1", "Talk 4"]


def test_two_sessions_that_change_places_do_not_stand_in_each_others_way() -> None:
    parts = after(planned(schedule(entry(1, room="A"), entry(2, room="B"))))
    plan = planned(schedule(entry(1, room="B"), entry(2, room="A")), parts)
    assert (len(plan.changed), plan.added, plan.refused) == (2, [], [])


def test_what_is_refused_stays_where_it_was_and_keeps_its_place() -> None:
    parts = after(planned(schedule(entry(1, room="A"), entry(2, room="B"))))
    plan = planned(schedule(entry(2, room="A"), entry(1, room="A", duration="never")), parts)
    assert sorted(reasons(plan)) == ["invalid-duration", "room-taken"]
    assert plan.changed == []


def test_a_second_import_updates_and_never_doubles() -> None:
    first = schedule(entry(1, persons=[{"code": "G", "name": "Grace"}, {"name": "Nobody's key"}], track="Data"), entry(2))
    parts = after(planned(first))
    again = planned(first, parts)
    assert (again.added, again.changed, set(again.outcomes.values())) == ([], [], {"unchanged"})
    moved = planned(schedule(entry(1, date="2030-06-03T11:00:00+02:00", persons=[{"code": "G", "name": "Grace Hopper"}])), parts)
    assert [type(part) for part in moved.changed] == [Speaker, Session]
    assert (moved.added, len(after(moved, parts))) == ([], len(parts))


def test_what_people_added_by_hand_is_met_by_name_and_what_the_file_does_not_say_stays() -> None:
    room = Room(id="room_1", name="Room 1", capacity=40)
    grace = Speaker(id="spk_1", name="Grace", biography="Hers", company="Navy")
    plan = planned(schedule(entry(persons=[{"code": "G", "name": "Grace"}])), [room, grace])
    assert plan.changed == [replace(grace, external_id="G")]
    assert (only(plan).room_id, only(plan).speaker_ids) == ("room_1", ("spk_1",))
    kept = replace(only(plan), level="advanced", recording_url="https://example.org/v")
    assert planned(schedule(entry(persons=[{"code": "G", "name": "Grace"}])), [*after(plan, [room, grace]), kept]).changed == []


def test_two_people_of_one_name_stay_two() -> None:
    file = schedule(entry(1, persons=[{"code": "A1", "name": "Kim"}]), entry(2, persons=[{"code": "B2", "name": "Kim"}]))
    plan = planned(file)
    assert len(of_kind(Speaker, plan.added)) == 2
    assert planned(file, after(plan)).outcomes.keys() == plan.outcomes.keys()


def test_one_person_whom_two_systems_call_differently_stays_one() -> None:
    parts = after(planned(schedule(entry(persons=[{"guid": str(UUID(int=9)), "name": "Kim"}]))))
    plan = planned(schedule(entry(persons=[{"id": 5, "name": "Kim"}])), parts)
    assert (plan.added, plan.changed) == ([], [])


def test_a_thousand_entries_are_planned_and_a_limit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [
        entry(
            number, room=f"Room {number % 20}", date=(NINE + number // 20 * HOUR).isoformat(), persons=[{"id": number, "name": "P"}]
        )
        for number in range(1, 1101)
    ]
    plan = planned(schedule(*entries))
    assert (len(of_kind(Session, plan.added)), reasons(plan)) == (1100, [])
    monkeypatch.setattr(Session, "limit", 1000)
    plan = planned(schedule(*entries))
    assert (len(of_kind(Session, plan.added)), reasons(plan)) == (1000, ["limit-reached"] * 100)
