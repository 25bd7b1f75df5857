"""Two days, 8 rooms, 80 sessions: imported, edited by two, released twice, read by many; over HTTP, on the emulator."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import icalendar
import pytest

from localstack.client import Person, wait_until
from localstack.emulator import valkey
from localstack.stack import RunningStack

Team = tuple[Person, Person, Person]
Switch = tuple[Callable[[], object], Callable[[], object]]  # off, on

ROOMS, SLOTS, DAYS = 8, 5, 2
OPENING = datetime.now(UTC).replace(hour=2, minute=0, second=0, microsecond=0) + timedelta(days=30)  # 09:00 in Jakarta


def entry(day: int, room: int, slot: int) -> dict[str, Any]:
    begins = OPENING + timedelta(days=day, hours=slot)
    number = (day * ROOMS + room) * SLOTS + slot
    return {
        "guid": f"00000000-0000-4000-8000-{number:012}",
        "id": number,
        "date": begins.isoformat(),
        "start": f"{begins + timedelta(hours=7):%H:%M}",
        "duration": "00:45",
        "room": f"Room {room}",
        "title": f"Talk {number}",
        "type": "Talk",
        "track": f"Track {room % 3}",
        "language": "en",
        "abstract": "<p>What to <b>meet</b> for &amp; why.</p>",
        "persons": [{"guid": f"00000000-0000-4000-9000-{number:012}", "public_name": f"Speaker {number}"}],
    }


def schedule() -> dict[str, Any]:
    days = [
        {
            "index": day + 1,
            "date": f"{OPENING + timedelta(days=day):%Y-%m-%d}",
            "day_start": (OPENING + timedelta(days=day)).isoformat(),
            "day_end": (OPENING + timedelta(days=day, hours=10)).isoformat(),
            "rooms": {f"Room {room}": [entry(day, room, slot) for slot in range(SLOTS)] for room in range(ROOMS)},
        }
        for day in range(DAYS)
    ]
    conference = {"title": "Ketemu Days", "time_zone_name": "Asia/Jakarta", "days": days}
    conference |= {"start": days[0]["date"], "end": days[-1]["date"], "daysCount": DAYS}
    return {"schedule": {"version": "1.0", "conference": conference}}


@pytest.fixture(scope="module")
def team(stack: RunningStack, http: httpx.Client) -> Team:
    """Two organisers and somebody who stars sessions."""
    people = [
        Person(stack.api_url, http, name=name, email=f"{name.lower()}.agenda@example.org", password="ten characters")
        for name in ("Sri", "Tono", "Ada")
    ]
    for person in people:
        person.register()
        person.log_in()
    return people[0], people[1], people[2]


@pytest.fixture(scope="module")
def base(team: Team) -> str:
    """The path of the conference: imported, published, organised by two."""
    sri, tono, _ = team
    body = {"name": "Ketemu Days", "time_zone": "Asia/Jakarta", "currency": "EUR", "starts_at": OPENING.isoformat()}
    body["ends_at"] = (OPENING + timedelta(days=1, hours=10)).isoformat()
    base = f"/events/conferences/{sri.post('/events/conferences', body)['id']}"
    report = sri.post(f"{base}/schedule", schedule(), expect=200)
    assert (report["taken"], report["refused"]) == ({"rooms": 8, "tracks": 3, "speakers": 80, "sessions": 80}, [])
    again = sri.post(f"{base}/schedule", schedule(), expect=200)
    assert (again["unchanged"]["sessions"], sum(again["taken"].values()), sum(again["changed"].values())) == (80, 0, 0)
    sri.post(f"{base}/publish", expect=200)
    invitation = sri.post(f"{base}/members", {"email": tono.email, "role": "organizer"})
    tono.post("/events/invitations/accept", {"token": invitation["token"]}, expect=200)
    return base


def test_what_is_imported_and_released_is_what_everybody_reads(http: httpx.Client, team: Team, base: str) -> None:
    ada = team[2]
    agenda = ada.get(f"{base}/agenda")
    assert [len(day["sessions"]) for day in agenda["days"]] == [40, 40]
    shown = agenda["days"][0]["sessions"][0]
    assert (shown["local_start"][11:16], shown["abstract"]) == ("09:00", "What to meet for & why.")
    assert len(ada.get(f"{base}/agenda?room=Room 1&day={agenda['days'][1]['date']}")["days"][0]["sessions"]) == SLOTS
    assert [session["title"] for day in ada.get(f"{base}/agenda?q=TALK 17")["days"] for session in day["sessions"]] == ["Talk 17"]
    at = (OPENING + timedelta(minutes=10)).isoformat().replace("+", "%2B")
    now = ada.get(f"{base}/agenda/now?at={at}")
    assert (len(now["now"]), len(now["next"])) == (ROOMS, ROOMS)
    answer = http.get(f"{ada.api_url}{base}/agenda", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    again = http.get(f"{ada.api_url}{base}/agenda", headers={"Accept-Encoding": "gzip", "If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_two_editors_two_releases_and_who_hears_of_it(team: Team, base: str) -> None:
    sri, tono, ada = team
    first = [session for day in ada.get(f"{base}/agenda")["days"] for session in day["sessions"]]
    moved, canceled, kept = first[0], first[1], first[2]
    for session in (moved, canceled, kept):
        ada.call("PUT", f"{base}/sessions/{session['id']}/star", expect=204)
    calendar = ada.post(f"{base}/calendar")["path"]
    before = icalendar.Calendar.from_ical(ada.call("GET", calendar).content)
    assert {str(event["summary"]) for event in before.walk("VEVENT")} == {moved["title"], canceled["title"], kept["title"]}

    path = f"{base}/sessions/{moved['id']}"
    seen_by_both = sri.call("GET", path).headers["etag"]
    later = {
        "starts_at": (OPENING + timedelta(hours=6)).isoformat(),
        "ends_at": (OPENING + timedelta(hours=6, minutes=45)).isoformat(),
    }
    sri.call("PATCH", path, later, If_Match=seen_by_both)
    refused = tono.call("PATCH", path, {"title": "Mine"}, expect=412, If_Match=seen_by_both).json()
    assert refused["type"] == "urn:ketemu:problem:changed-meanwhile"
    tono.call("DELETE", f"{base}/sessions/{canceled['id']}", expect=204)
    assert ada.get(f"{base}/agenda")["release"] == 1  # drafts are nobody's business

    diff = tono.post(f"{base}/agenda/releases")
    assert [change["title"] for change in diff["moved"]] == [moved["title"]]
    assert [change["title"] for change in diff["canceled"]] == [canceled["title"]]
    assert (diff["added"], diff["changed"]) == ([], [])
    began = time.monotonic()
    ada.get(f"{base}/agenda")
    trip = time.monotonic() - began  # 10 ms or so; where the machine is busy it says how much
    wait_until(lambda: ada.get(f"{base}/agenda")["release"] == 2, "release 2", seconds=max(2, 10 * trip))

    def told() -> list[Any]:
        return [item for item in ada.get("/notifications")["items"] if item["kind"] == "agenda-moved"]

    (news,) = wait_until(told, "the news of the stars")
    assert moved["title"] in news["body"]
    assert canceled["title"] in news["body"]
    assert kept["title"] not in news["body"]
    after = icalendar.Calendar.from_ical(ada.call("GET", calendar).content)
    states = {str(event["summary"]): (event["sequence"], str(event["status"])) for event in after.walk("VEVENT")}
    assert states == {moved["title"]: (1, "CONFIRMED"), canceled["title"]: (1, "CANCELLED"), kept["title"]: (0, "CONFIRMED")}


@pytest.fixture(scope="module")
def cache(stack: RunningStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switch]:
    """How to stop the stack's Valkey, and how to start another in its place."""
    server = next(child for child in stack.children if child.name == "Valkey")
    port = urlsplit(stack.redis_url).port
    assert port
    with ExitStack() as started:
        yield server.stop, lambda: started.enter_context(valkey(port, tmp_path_factory.mktemp("valkey")))


def test_a_thousand_reads_while_redis_is_stopped_and_started_are_all_right(
    http: httpx.Client, team: Team, base: str, cache: Switch
) -> None:
    stop, start = cache
    url = f"{team[2].api_url}{base}/agenda"
    right = http.get(url)

    def read(number: int) -> tuple[int, bool]:
        if number == 300:
            stop()
        if number == 600:
            start()
        answer = http.get(url)
        return answer.status_code, answer.content == right.content

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(read, range(1000)))
    assert answers == [(200, True)] * 1000
