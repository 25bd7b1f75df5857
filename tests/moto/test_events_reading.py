"""Reading the agenda over HTTP: parts of it, compressed, from the cache, and in few round trips."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bench.meter import Meter
from functions.events.agenda import Rendered
from functions.events.api import app, handler
from functions.events.cache import agenda_cache
from functions.events.domain import Session
from functions.events.dynamo import DynamoConferences
from functions.events.items import ConferenceItem, part_item, partition
from shared.table import Item
from tests.moto.events_site import TALK, Shelf, Site, found
from tests.support import Answer, Table, call


@pytest.fixture
def site(table: Table) -> Site:
    made = Site(found().json["id"], table)
    hall, grace = made.make("/rooms", {"name": "Hall"})["id"], made.make("/speakers", {"name": "Grace Höpper"})["id"]
    track = made.make("/tracks", {"name": "Data"})["id"]
    made.make("/sessions", {**TALK, "title": "Queues", "room_id": hall, "speaker_ids": [grace], "track_id": track})
    made.make("/sessions", {**TALK, "title": "Coffee", "type": "break"})
    made.publish()
    return made


@pytest.fixture
def shelf(site: Site, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    made = Shelf()
    monkeypatch.setattr(app, "dependency_overrides", {agenda_cache: lambda: made})
    return made


def read(site: Site, path: str, **headers: str) -> Answer:
    return site.call("GET", path, caller=None, **headers)


def titles(site: Site, query: str) -> list[str]:
    return [session["title"] for day in read(site, f"/agenda?{query}").json["days"] for session in day["sessions"]]


@pytest.mark.parametrize(
    "query",
    ["day=2099-09-01&q=queues", "room=hall", "speaker=Grace%20Hopper", "track=data", "q=hopper%20QUEUES", "q=Queues&room=Hall"],
)
def test_a_reader_picks_from_the_agenda(site: Site, query: str) -> None:
    assert titles(site, query) == ["Queues"]


def test_what_nothing_matches_is_an_empty_agenda(site: Site) -> None:
    for query in ("day=2099-09-02", "room=Attic", "q=nothing", "track=x", "speaker=spk_none"):
        assert titles(site, query) == [], query


def test_what_is_on_now(site: Site) -> None:
    answer = read(site, "/agenda/now?at=2099-09-01T07:30:00Z")
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "public, max-age=10")
    assert answer.json["at"] == "2099-09-01T07:30:00.000Z"
    assert [session["title"] for session in answer.json["now"]] == ["Coffee", "Queues"]
    before = read(site, "/agenda/now").json
    assert (before["now"], [session["title"] for session in before["next"]]) == ([], ["Coffee", "Queues"])


def test_bad_wishes_are_named(site: Site) -> None:
    for query in (
        "day=today",
        "day=2099-13-01",
        "day=",
        "room=",
        f"room={'x' * 201}",
        "speaker=",
        "track=",
        "q=",
        f"q={'x' * 201}",
    ):
        assert read(site, f"/agenda?{query}").problem() == "invalid", query
    for query in ("at=now", "at=2099-09-01T07:30:00", "at=", "at=1800-01-01T00:00:00Z"):
        assert read(site, f"/agenda/now?{query}").problem() == "invalid", query
    for header in ({"accept_encoding": "x" * 256}, {"if_none_match": "x" * 1025}):
        assert read(site, "/agenda", **header).problem() == "invalid"
    draft = Site(found().json["id"], site.table)
    for path in ("/agenda/now", "/agenda?q=x"):
        assert read(draft, path).problem() == "not-found"


def test_whoever_takes_gzip_is_sent_gzip_and_has_an_etag_of_its_own(site: Site) -> None:
    for path in ("/agenda", "/agenda?q=queues", "/agenda/now?at=2099-09-01T07:30:00Z"):
        plain, zipped = read(site, path), read(site, path, accept_encoding="gzip, deflate;q=0.5, br")
        assert (zipped.status, zipped.headers["Content-Encoding"]) == (200, "gzip"), path
        assert "Content-Encoding" not in plain.headers
        assert plain.headers["Vary"] == zipped.headers["Vary"] == "Accept-Encoding"
        assert gzip.decompress(zipped.body) == plain.body
        assert zipped.headers["Content-Type"] == plain.headers["Content-Type"] == "application/json"
        assert zipped.headers["ETag"] != plain.headers["ETag"]
        for answer, sent in ((plain, {}), (zipped, {"accept_encoding": "gzip"})):
            again = read(site, path, if_none_match=answer.headers["ETag"], **sent)
            assert (again.status, again.body, again.headers["ETag"]) == (304, b"", answer.headers["ETag"]), path
            assert again.headers["Vary"] == "Accept-Encoding"
        assert read(site, path, if_none_match=plain.headers["ETag"], accept_encoding="gzip").status == 200


@pytest.mark.parametrize("refusing", ["identity", "gzip;q=0", "br", "*;q=0", "gzip;q=0.000, *"])
def test_whoever_does_not_take_gzip_is_not_sent_it(site: Site, refusing: str) -> None:
    answer = read(site, "/agenda", accept_encoding=refusing)
    assert (answer.json["release"], answer.headers.get("Content-Encoding")) == (1, None)


def test_what_is_in_the_cache_is_read_and_picked_without_the_table(site: Site, shelf: Shelf, meter: Meter) -> None:
    read(site, "/agenda")
    meter.reset()
    for path in ("/agenda", "/agenda?q=queues&day=2099-09-01", "/agenda/now"):
        assert read(site, path).status == read(site, path, accept_encoding="gzip").status == 200
    assert not meter.calls


def test_a_copy_that_is_looked_after_costs_one_read_of_the_table(site: Site, shelf: Shelf, meter: Meter) -> None:
    read(site, "/agenda")
    shelf.held[site.id] = replace(shelf.held[site.id], is_due=True)
    meter.reset()
    assert read(site, "/agenda").json["release"] == 1
    assert meter.by_operation == {"GetItem": 1}


def full_house(site: Site, number: int = 400) -> None:
    """`number` sessions, each with an abstract of 1,000 characters."""
    conference = ConferenceItem.get(partition(site.id), "CONF").to_domain()
    start = datetime(2099, 9, 1, 8, tzinfo=UTC)
    with Item.batch_write() as batch:
        for index in range(number):
            session = Session(
                id=f"ses_{index:026}",
                title=f"Session {index}",
                abstract=f"{index} of many. " * 70,
                type="talk",
                room_id=None,
                speaker_ids=(),
                starts_at=start + timedelta(minutes=index),
                ends_at=start + timedelta(minutes=index + 1),
                language="en",
            )
            batch.save(part_item(conference, session, "f"))


def test_a_full_conference_is_released_and_read_in_few_round_trips(site: Site, meter: Meter) -> None:
    full_house(site)
    meter.reset()
    released = site.make("/agenda/releases", None)
    assert released["summary"]["added"] == 400
    # The organizer's desk; all parts and the release before, a Query each; one transaction.
    assert meter.by_operation == {"BatchGetItem": 1, "Query": 2, "TransactWriteItems": 1}
    meter.reset()
    answer = read(site, "/agenda", accept_encoding="gzip")
    assert len(json.loads(gzip.decompress(answer.body))["days"][0]["sessions"]) > 300
    assert len(answer.body) < 60_000  # of 600 KB
    assert meter.by_operation == {"Query": 1}


def test_parts_that_are_more_than_one_answer_holds_are_read_page_by_page(site: Site, meter: Meter) -> None:
    full_house(site, 1000)
    meter.reset()
    assert len(DynamoConferences().contents(site.id)) > 1000
    assert meter.by_operation["Query"] == 2


def test_an_etag_from_the_cache_is_the_one_of_the_body(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Shelf()
    monkeypatch.setattr(app, "dependency_overrides", {agenda_cache: lambda: made})
    made.keep("cnf_1", Rendered(7, '"e"', gzip.compress(b'{"release":7}')))
    assert call(handler, "GET", "/events/conferences/cnf_1/agenda").headers["ETag"] == '"e"'
    sent = {"accept-encoding": "gzip"}
    assert call(handler, "GET", "/events/conferences/cnf_1/agenda", headers=sent).headers["ETag"] == '"e-gzip"'
