"""A schedule file that is written: the same agenda where it is read, in the shape that its schema asks for."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from functions.events.domain import Part, Room, Session, Speaker, Track, of_kind
from functions.events.schedule_export import Format, render_schedule
from functions.events.schedule_files import read_file
from functions.events.schedule_plan import guid_of
from tests.unit.schedules import BERLIN, MEDIA, after, entry, planned, released, schedule
from tests.unit.test_events_domain import HOUR, NINE


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
