"""Schedule files in the frab format: read, planned, written; nothing of it needs a table."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.events.agenda import Agenda
from functions.events.domain import Conference, Part, Room, Session, Speaker, Track, of_kind
from functions.events.schedule_entries import Refused, format_duration, parse_duration, session_type, understand
from functions.events.schedule_export import Format, render_schedule
from functions.events.schedule_files import HostileFile, NotASchedule, TooLarge, UnreadableFile, read_file
from functions.events.schedule_plan import Existing, Plan, guid_of, plan_import
from functions.events.schedule_text import as_html, prose
from tests.unit.test_events_domain import CONFERENCE, HOUR, NINE

MINUTE = timedelta(minutes=1)
BERLIN = replace(CONFERENCE, id="cnf_01K0C0NF000000000000000000", starts_at=NINE - 24 * HOUR, ends_at=NINE + 96 * HOUR)
MEDIA: dict[Format, str] = {"json": "application/json", "xml": "text/xml; charset=utf-8"}


def entry(number: int = 1, **said: Any) -> dict[str, Any]:
    """An hour from nine, Berlin time, each in a room of its own."""
    values = {
        "id": number,
        "guid": str(UUID(int=number)),
        "date": "2030-06-03T09:00:00+02:00",
        "start": "09:00",
        "duration": "01:00",
        "room": f"Room {number}",
        "title": f"Talk {number}",
        "type": "Talk",
        "persons": [],
        **said,
    }
    return {name: value for name, value in values.items() if value is not ...}


def schedule(*entries: Any, day: dict[str, Any] | None = None, **conference: Any) -> dict[str, Any]:
    days = [{"index": 1, "date": "2030-06-03", **(day or {}), "rooms": {"": list(entries)}}]
    return {"version": "1", "conference": {"title": "PyCon", "days": days, **conference}}


def planned(file: dict[str, Any], parts: list[Part] | None = None, conference: Conference = BERLIN) -> Plan:
    parts = parts or []
    existing = Existing(of_kind(Room, parts), of_kind(Track, parts), of_kind(Speaker, parts), of_kind(Session, parts))
    return plan_import(conference, existing, understand(file, conference))


def after(plan: Plan, parts: list[Part] | None = None) -> list[Part]:
    """All parts of a conference that had `parts`."""
    return list({part.id: part for part in [*(parts or []), *plan.added, *plan.changed]}.values())


def only(plan: Plan) -> Session:
    [session] = of_kind(Session, plan.added + plan.changed)
    assert not plan.refused
    return session


def reasons(plan: Plan) -> list[str]:
    return [remark.reason for remark in plan.refused]


def released(parts: list[Part], conference: Conference = BERLIN) -> Agenda:
    return Agenda(
        release=3,
        released_at=NINE,
        conference=conference,
        rooms=of_kind(Room, parts),
        tracks=of_kind(Track, parts),
        speakers=of_kind(Speaker, parts),
        sessions=of_kind(Session, parts),
    )


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


@pytest.mark.parametrize("file_format", list(MEDIA))
def test_an_export_imported_elsewhere_is_the_same_agenda(file_format: Format) -> None:
    parts = after(
        planned(
            schedule(
                entry(1, abstract="a < b &amp; <b>c</b>", persons=[{"code": "G", "name": "Grace"}, {"code": "A", "name": "Alan"}]),
                entry(2, room=None, track="Data", type="Workshop", language="en", duration="26:30"),
                entry(
                    3,
                    room='Ünder <&> "it"',
                    date="2030-06-04T00:30:00+02:00",
                    links=[{"title": "Recording", "url": "https://e.org"}],
                ),
            )
        )
    )
    elsewhere = replace(BERLIN, id="cnf_01K0C0NF000000000000000009", time_zone="Asia/Jakarta")
    body = render_schedule(released(parts), file_format).body
    there = after(planned(read_file(body, MEDIA[file_format]), conference=elsewhere))
    assert told(there) == told(parts)


@pytest.mark.parametrize("file_format", list(MEDIA))
def test_an_export_imported_where_it_comes_from_changes_nothing(file_format: Format) -> None:
    session = Session(
        id="ses_01K0C0NF000000000000000001",
        title="By hand",
        abstract="x",
        type="talk",
        room_id="room_1",
        speaker_ids=("spk_01K0C0NF000000000000000001",),
        starts_at=NINE,
        ends_at=NINE + HOUR,
        language=None,
        external_id="old",
    )
    grace = Speaker(id=session.speaker_ids[0], name="Grace", biography=None, company="Navy", external_id="G")
    parts: list[Part] = [Room(id="room_1", name="Hall", capacity=3), grace, session]
    plan = planned(read_file(render_schedule(released(parts), file_format).body, MEDIA[file_format]), parts)
    assert (plan.added, plan.changed, plan.refused) == ([], [], [])


def told(parts: list[Part]) -> list[Any]:
    """What sessions say, with names for ids."""
    names = {part.id: part.name for part in parts if isinstance(part, Room | Track | Speaker)}
    return sorted(
        (
            session.title,
            session.abstract,
            session.type,
            session.language,
            session.recording_url,
            names.get(session.room_id or ""),
            names.get(session.track_id or ""),
            [names[speaker_id] for speaker_id in session.speaker_ids],
            session.starts_at,
            session.ends_at,
            guid_of(session.id, session.external_id),
        )
        for session in of_kind(Session, parts)
    )


def test_an_export_has_the_shape_that_the_formats_schema_asks_for() -> None:
    parts = after(planned(schedule(entry(1, persons=[{"name": "Grace"}], track="Data"), entry(2, room=None))))
    document = json.loads(render_schedule(released(parts), "json").body)
    conference = document["schedule"]["conference"]
    assert set(document) == {"$schema", "generator", "schedule"}
    assert {"title", "acronym", "days", "daysCount", "start", "end", "timeslot_duration"} <= set(conference)
    [day] = conference["days"]
    assert {"date", "day_end", "day_start", "index", "rooms"} == set(day)
    required = "abstract date duration guid id language links persons room slug start subtitle title track type url"
    for name, events in day["rooms"].items():
        for event in events:
            assert set(required.split()) <= set(event)
            assert event["room"] == name
            assert UUID(event["guid"])


def test_a_night_belongs_to_the_evening_before_it() -> None:
    parts = after(planned(schedule(entry(1, date="2030-06-04T01:00:00+02:00"))))
    [day] = json.loads(render_schedule(released(parts), "json").body)["schedule"]["conference"]["days"]
    assert (day["date"], day["day_start"], day["day_end"]) == (
        "2030-06-03",
        "2030-06-03T04:00:00+02:00",
        "2030-06-04T04:00:00+02:00",
    )


def test_an_agenda_without_sessions_is_exported_too() -> None:
    for file_format, media_type in MEDIA.items():
        assert planned(read_file(render_schedule(released([]), file_format).body, media_type)).outcomes == {}


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
