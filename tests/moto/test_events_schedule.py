"""Tracks, clashes, and whole agendas in and out, over HTTP and on a table."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from functions.events import dynamo_schedule
from functions.events.api import handler
from functions.events.domain import Overtaken
from functions.events.dynamo import Write
from shared.caller import Caller
from tests.moto.events_site import ADA, TALK, Site, found
from tests.support import Answer, Table, call

GUID = "8079583e-8321-506c-95af-fd2903a5f075"
XML = {"content_type": "text/xml"}
STRANGER = Caller("usr_eve", "eve@example.org", "Eve")


@pytest.fixture
def site(table: Table) -> Site:
    return Site(found().json["id"], table)


def entry(number: int = 1, **said: Any) -> dict[str, Any]:
    start = 8 * 60 + 5 * number
    return {
        "id": number,
        "guid": str(UUID(int=number)),
        "date": f"2099-09-01T{start // 60:02}:{start % 60:02}:00+02:00",
        "duration": "00:05",
        "room": "Hall",
        "title": f"Talk {number}",
        "type": "Talk",
        "track": "Data",
        "persons": [{"code": f"P{number % 7}", "name": f"Person {number % 7}"}],
        **said,
    }


def file(*entries: dict[str, Any]) -> dict[str, Any]:
    rooms: dict[str, list[dict[str, Any]]] = {}
    for each in entries:
        rooms.setdefault(each["room"], []).append(each)
    days = [{"index": 1, "date": "2099-09-01", "rooms": rooms}]
    return {"schedule": {"version": "1", "conference": {"title": "PyCon", "days": days}}}


MANY = file(*[entry(number) for number in range(1, 111)])  # more than one transaction takes


def totals(answer: Answer) -> dict[str, list[int]]:
    assert answer.status == 200, answer
    return {name: list(answer.json[name].values()) for name in ("taken", "changed", "unchanged")}


def stored(site: Site) -> list[dict[str, Any]]:
    return [item for item in site.table.items() if item["sk"].startswith("PART#")]


def test_a_session_is_in_a_track_which_then_cannot_go(site: Site) -> None:
    track = site.make("/tracks", {"name": "Data", "color": "#2266aa"})
    session = site.make("/sessions", {**TALK, "track_id": track["id"], "level": "advanced"})
    site.publish()
    [day] = site.call("GET", "/agenda").json["days"]
    assert (day["sessions"][0]["track"], day["sessions"][0]["level"]) == ("Data", "advanced")
    refused = site.call("DELETE", f"/tracks/{track['id']}")
    assert (refused.problem(), refused.json["session_id"]) == ("in-use", session["id"])
    assert site.call("PATCH", f"/sessions/{session['id']}", {"track_id": None}).json["track_id"] is None
    assert site.call("DELETE", f"/tracks/{track['id']}").status == 204


def test_a_speaker_is_not_in_two_sessions_at_once(site: Site) -> None:
    speaker = site.make("/speakers", {"name": "Grace"})["id"]
    halls = [site.make("/rooms", {"name": name})["id"] for name in "AB"]
    first = site.make("/sessions", {**TALK, "room_id": halls[0], "speaker_ids": [speaker]})
    beside = {**TALK, "room_id": halls[1], "speaker_ids": [speaker]}
    refused = site.call("POST", "/sessions", beside)
    assert (refused.status, refused.problem()) == (409, "speaker-busy")
    assert (refused.json["session_id"], refused.json["speaker_id"]) == (first["id"], speaker)
    later = {**beside, "starts_at": TALK["ends_at"], "ends_at": "2099-09-01T11:00:00+02:00"}
    second = site.make("/sessions", later)["id"]
    back = {"starts_at": TALK["starts_at"], "ends_at": TALK["ends_at"]}
    assert site.call("PATCH", f"/sessions/{second}", back).problem() == "speaker-busy"
    assert site.call("PATCH", f"/sessions/{first['id']}", {"title": "Itself"}).status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "slug"),
    [
        ("POST", "/tracks", {}, "invalid"),
        ("POST", "/tracks", {"name": ""}, "invalid"),
        ("POST", "/tracks", {"name": "Data", "color": "red"}, "invalid"),
        ("POST", "/tracks", {"name": "Data", "color": "#2266aaff"}, "invalid"),
        ("POST", "/tracks", {"name": "Data", "capacity": 3}, "invalid"),
        ("PATCH", "/tracks/trk_none", {"name": "Data"}, "not-found"),
        ("DELETE", "/tracks/trk_none", None, "not-found"),
        ("GET", "/tracks/trk_none", None, "not-found"),
        ("POST", "/sessions", {**TALK, "track_id": "trk_none"}, "unknown-track"),
        ("POST", "/sessions", {**TALK, "level": "expert"}, "invalid"),
        ("POST", "/sessions", {**TALK, "recording_url": "http://example.org/v"}, "invalid"),
        ("POST", "/sessions", {**TALK, "recording_url": 'https://example.org/"><script>'}, "invalid"),
        ("POST", "/sessions", {**TALK, "external_id": "mine"}, "invalid"),
        ("POST", "/speakers", {"name": "Grace", "external_id": "mine"}, "invalid"),
    ],
)
def test_what_is_wrong_with_a_track_or_a_session_is_named(site: Site, method: str, path: str, body: Any, slug: str) -> None:
    before = site.table.items()
    assert site.call(method, path, body).problem() == slug
    assert site.table.items() == before


def test_an_import_is_seen_by_readers_only_once_it_is_released(site: Site) -> None:
    site.publish()
    assert totals(site.call("POST", "/schedule", file(entry(1), entry(2)))) == {
        "taken": [1, 1, 2, 2],
        "changed": [0, 0, 0, 0],
        "unchanged": [0, 0, 0, 0],
    }
    assert site.call("GET", "/agenda", caller=None).json["days"] == []
    assert site.call("POST", "/agenda/releases").status == 201
    [day] = site.call("GET", "/agenda", caller=None).json["days"]
    assert [session["title"] for session in day["sessions"]] == ["Talk 1", "Talk 2"]


def test_a_dry_run_reports_the_same_and_writes_nothing(site: Site) -> None:
    before = site.table.items()
    dry = site.call("POST", "/schedule?dry_run=true", MANY)
    assert (dry.json["dry_run"], site.table.items()) == (True, before)
    assert (
        totals(site.call("POST", "/schedule", MANY))
        == totals(dry)
        == {
            "taken": [1, 1, 7, 110],
            "changed": [0, 0, 0, 0],
            "unchanged": [0, 0, 0, 0],
        }
    )


def test_the_same_file_again_writes_nothing_and_a_newer_one_what_it_changes(site: Site) -> None:
    site.call("POST", "/schedule", file(entry(1), entry(2)))
    before = site.table.items()
    assert totals(site.call("POST", "/schedule", file(entry(1), entry(2))))["unchanged"] == [1, 1, 2, 2]
    assert site.table.items() == before
    report = site.call("POST", "/schedule", file(entry(1, title="New"), entry(2), entry(3)))
    assert totals(report) == {"taken": [0, 0, 1, 1], "changed": [0, 0, 0, 1], "unchanged": [1, 1, 2, 1]}
    conference = next(item for item in site.table.items() if item["kind"] == "Conference")
    assert [int(conference[name]) for name in ("rooms", "tracks", "speakers", "sessions")] == [1, 1, 3, 3]


def test_an_imported_session_is_edited_like_any_other_and_shows_nothing_of_where_it_is_from(site: Site) -> None:
    site.call("POST", "/schedule", file(entry(1)))
    [session] = site.call("GET", "/sessions").json["items"]
    [speaker] = site.call("GET", "/speakers").json["items"]
    assert "external_id" not in session | speaker
    changed = site.call("PATCH", f"/sessions/{session['id']}", {"level": "beginner"})
    assert (changed.status, "external_id" in changed.json) == (200, False)
    assert totals(site.call("POST", "/schedule", file(entry(1))))["unchanged"] == [1, 1, 1, 1]


def test_what_was_made_with_a_key_is_still_known_by_it_after_an_import(site: Site) -> None:
    hall = site.make("/rooms", {"name": "Hall"}, idempotency_key="k")
    body = {"schedule": {**file(entry(1))["schedule"]}}
    body["schedule"]["conference"]["rooms"] = [{"name": "Hall", "capacity": 30}]
    assert totals(site.call("POST", "/schedule", body))["changed"] == [1, 0, 0, 0]
    assert site.make("/rooms", {"name": "Hall"}, idempotency_key="k") == {**hall, "capacity": 30}


def test_entries_that_break_a_rule_are_told_one_by_one(site: Site) -> None:
    hall = site.make("/rooms", {"name": "Hall"})["id"]
    site.make("/sessions", {**TALK, "room_id": hall})
    report = site.call("POST", "/schedule", file(entry(1), entry(2, date=TALK["starts_at"]), entry(3, duration="x"))).json
    assert [(remark["reason"], remark["where"]) for remark in report["refused"]] == [
        ("invalid-duration", "day 1, Hall, entry 3: Talk 3"),
        ("room-taken", "day 1, Hall, entry 2: Talk 2"),
    ]
    assert report["taken"]["sessions"] == 1


def after_first_piece(happens: Callable[[], Any]) -> Callable[..., None]:
    """`commit` that lets something happen between its first and its second call."""
    calls = []
    commit = dynamo_schedule.commit

    def committing(*writes: Write) -> None:
        calls.append(1)
        if len(calls) == 2:
            happens()
        commit(*writes)

    return committing


def test_an_import_that_ends_half_way_is_finished_by_the_next(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.publish()

    def crash() -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(dynamo_schedule, "commit", after_first_piece(crash))
        assert site.call("POST", "/schedule", MANY).status == 500
    assert len(stored(site)) == 1 + 99  # the release, and one piece
    assert site.call("GET", "/agenda").json["days"] == []
    report = totals(site.call("POST", "/schedule", MANY))
    assert [taken + there for taken, there in zip(report["taken"], report["unchanged"], strict=True)] == [1, 1, 7, 110]
    assert totals(site.call("POST", "/schedule", MANY))["unchanged"] == [1, 1, 7, 110]


def test_whoever_edits_during_an_import_loses_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def edit() -> None:
        hall = next(item["id"] for item in stored(site) if item["kind"] == "Room")
        assert site.call("PATCH", f"/rooms/{hall}", {"capacity": 77}).status == 200

    monkeypatch.setattr(dynamo_schedule, "commit", after_first_piece(edit))
    assert totals(site.call("POST", "/schedule", MANY))["taken"] == [1, 1, 7, 110]
    assert [item["capacity"] for item in stored(site) if item["kind"] == "Room"] == [77]
    conference = next(item for item in site.table.items() if item["kind"] == "Conference")
    assert (int(conference["sessions"]), int(conference["speakers"])) == (110, 7)


def test_an_import_that_is_always_overtaken_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def overtaken(*_: Write) -> None:
        raise Overtaken

    monkeypatch.setattr(dynamo_schedule, "commit", overtaken)
    answer = site.call("POST", "/schedule", MANY)
    assert (answer.problem(), answer.headers["Retry-After"]) == ("busy", "1")


@pytest.mark.parametrize(("name", "headers"), [("json", {}), ("xml", XML)])
def test_a_release_goes_out_and_into_another_conference(site: Site, name: str, headers: dict[str, str]) -> None:
    site.call("POST", "/schedule", file(entry(1, abstract="<p>a &lt; b</p>"), entry(2, language="de", type="Workshop")))
    site.publish()
    out = site.call("GET", f"/schedule.{name}", caller=None)
    assert out.status == 200
    there = Site(found().json["id"], site.table)
    assert totals(there.call("POST", "/schedule", out.body, **headers))["taken"] == [1, 1, 2, 2]
    there.publish()
    ignored = {"id", "room_id", "speaker_ids"}

    def shown(each: Site) -> list[Any]:
        days = each.call("GET", "/agenda").json["days"]
        return [{key: value for key, value in said.items() if key not in ignored} for day in days for said in day["sessions"]]

    assert shown(there) == shown(site)
    assert totals(site.call("POST", "/schedule", out.body, **headers))["unchanged"][3] == 2


def test_who_has_the_export_is_not_sent_it_again_and_it_is_compressed_on_request(site: Site) -> None:
    site.publish()
    first = site.call("GET", "/schedule.json", caller=None)
    assert first.headers["Content-Type"] == "application/json"
    assert site.call("GET", "/schedule.json", if_none_match=first.headers["ETag"]).status == 304
    assert site.call("GET", "/schedule.xml").headers["Content-Type"] == "application/xml"
    assert site.call("GET", "/schedule.json", accept_encoding="gzip").headers["Content-Encoding"] == "gzip"


def test_a_draft_has_no_export(site: Site) -> None:
    assert site.call("GET", "/schedule.json").problem() == site.call("GET", "/schedule.xml").problem() == "not-found"


LAUGHS = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "lol"><!ENTITY b "&a;&a;">]><schedule>&b;</schedule>'


@pytest.mark.parametrize(
    ("body", "media_type", "status", "slug"),
    [
        (None, "application/json", 422, "unreadable-file"),
        ("{", "application/json", 400, "malformed"),
        ("[]", "application/json", 422, "invalid"),
        (b"\xff\xfe{", "application/json", 400, "malformed"),
        ('{"schedule": NaN}', "application/json", 422, "unreadable-file"),
        ('{"a":' * 50_000, "application/json", 400, "malformed"),
        ("{}", "application/json", 422, "not-a-schedule"),
        (json.dumps(file(entry())), "text/calendar", 415, "unsupported-media-type"),
        (json.dumps(file(entry())), "", 415, "unsupported-media-type"),
        ("<schedule>", "text/xml", 422, "unreadable-file"),
        (b'<?xml version="1.0" encoding="iso-8859-1"?><schedule>\xe4</schedule>', "text/xml", 422, "not-a-schedule"),
        ("<rss/>", "application/xml", 422, "not-a-schedule"),
        (LAUGHS, "application/xml", 422, "hostile-file"),
        ("{}" + " " * 5_000_001, "application/json", 413, "too-large"),
        ("<!-- -->" * 2_500_000, "application/xml", 413, "too-large"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_problem_and_nothing_is_imported(
    site: Site, body: Any, media_type: str, status: int, slug: str
) -> None:
    before = site.table.items()
    answer = site.call("POST", "/schedule", body, content_type=media_type)
    assert (answer.status, answer.problem()) == (status, slug)
    assert site.table.items() == before


def test_only_organizers_import(site: Site) -> None:
    assert site.call("POST", "/schedule", file(entry()), caller=STRANGER).problem() == "not-found"
    site.publish()
    assert site.call("POST", "/schedule", file(entry()), caller=STRANGER).problem() == "forbidden"
    assert site.call("POST", "/schedule", file(entry()), caller=None).problem() == "unauthenticated"
    assert call(handler, "POST", "/events/conferences/cnf_none/schedule", file(entry()), caller=ADA).problem() == "not-found"


def test_what_is_not_a_yes_or_no_is_no_dry_run(site: Site) -> None:
    assert site.call("POST", "/schedule?dry_run=perhaps", file(entry())).problem() == "invalid"
