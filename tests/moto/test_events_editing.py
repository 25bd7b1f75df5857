"""Several organizers edit one conference: nobody overwrites what they have not seen, and an archive stays as it is."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.events.api import handler
from functions.events.domain import Room
from functions.events.dynamo import DynamoConferences
from functions.events.items import ConferenceItem, PartItem, RoomItem, partition
from functions.events.use_cases import change_conference
from functions.events.use_cases_parts import change_part, remove_part
from shared.messages import TicketTypeChanged
from shared.versions import ChangedMeanwhile
from tests.moto.events_site import ADA, BOB, STANDARD, TALK, Site, found
from tests.support import Table, call

PARTS = [
    ("/rooms", {"name": "Hall"}, {"name": "Attic"}, {"name": "Cellar"}),
    ("/tracks", {"name": "Data"}, {"name": "Web"}, {"name": "Tools"}),
    ("/speakers", {"name": "Grace"}, {"name": "Grace H."}, {"company": "Navy"}),
    ("/sessions", TALK, {"title": "Tale"}, {"language": "en"}),
    ("/ticket-types", STANDARD, {"price": 1}, {"name": "Early"}),
]


@pytest.fixture
def site(table: Table) -> Site:
    return Site(found().json["id"], table)


@pytest.mark.parametrize(("path", "body", "hers", "his"), PARTS)
def test_whoever_read_an_older_version_is_refused_and_reads_again(site: Site, path: str, body: Any, hers: Any, his: Any) -> None:
    made = site.call("POST", path, body)
    one = f"{path}/{made.json['id']}"
    read = site.call("GET", one)
    assert read.headers["ETag"] == made.headers["ETag"]
    first = site.call("PATCH", one, hers, if_match=read.headers["ETag"])
    assert (first.status, first.headers["ETag"] == read.headers["ETag"]) == (200, False)
    before = site.table.items()
    for method, changes in (("PATCH", his), ("DELETE", None)):
        refused = site.call(method, one, changes, if_match=read.headers["ETag"])
        assert (refused.status, refused.problem(), refused.json["etag"]) == (412, "changed-meanwhile", first.headers["ETag"])
    assert site.table.items() == before
    again = site.call("GET", one).headers["ETag"]
    assert again == first.headers["ETag"]
    second = site.call("PATCH", one, his, if_match=again)
    assert second.status == 200
    assert site.call("DELETE", one, if_match=second.headers["ETag"]).status == 204


def test_a_conference_has_its_own_version_that_its_parts_do_not_change(site: Site) -> None:
    read = site.call("GET").headers["ETag"]
    site.make("/rooms", {"name": "Hall"})
    first = site.call("PATCH", body={"venue": "Harbour"}, if_match=read)
    assert first.status == 200
    refused = site.call("PATCH", body={"venue": "Castle"}, if_match=read)
    assert (refused.status, refused.problem()) == (412, "changed-meanwhile")
    assert site.call("GET").headers["ETag"] == first.headers["ETag"] == f'"{first.json["version"]}"'
    published = site.call("POST", "/publish")
    assert published.headers["ETag"] != first.headers["ETag"]


def test_another_part_does_not_stand_in_the_way(site: Site) -> None:
    one, other = (site.call("POST", "/rooms", {"name": name}) for name in ("Hall", "Attic"))
    assert site.call("PATCH", f"/rooms/{other.json['id']}", {"capacity": 5}).status == 200
    assert site.call("PATCH", f"/rooms/{one.json['id']}", {"capacity": 5}, if_match=one.headers["ETag"]).status == 200


@pytest.mark.parametrize("if_match", ["*", '"1", "$", "2"', None])
def test_whoever_does_not_ask_or_has_it_among_others_changes_it(site: Site, if_match: str | None) -> None:
    made = site.call("POST", "/rooms", {"name": "Hall"})
    sent = {"if_match": if_match.replace('"$"', made.headers["ETag"])} if if_match else {}
    assert site.call("PATCH", f"/rooms/{made.json['id']}", {"name": "Attic"}, **sent).status == 200


@pytest.mark.parametrize("if_match", ['"0"', "2", 'W/"$"', "", "nonsense", '"*"', ", ,", "*, *"])
def test_what_is_no_such_version_never_matches(site: Site, if_match: str) -> None:
    made = site.call("POST", "/rooms", {"name": "Hall"})
    sent = if_match.replace('"$"', made.headers["ETag"])
    before = site.table.items()
    assert site.call("PATCH", f"/rooms/{made.json['id']}", {"name": "Attic"}, if_match=sent).problem() == "changed-meanwhile"
    assert site.call("PATCH", f"/rooms/{made.json['id']}", {"name": "Attic"}, if_match="x" * 1025).problem() == "invalid"
    assert site.table.items() == before


def test_a_repeated_change_is_answered_as_the_first_was(site: Site) -> None:
    made = site.call("POST", "/rooms", {"name": "Hall"})
    first, second = (
        site.call("PATCH", f"/rooms/{made.json['id']}", {"name": "Attic"}, if_match=made.headers["ETag"]) for _ in range(2)
    )
    assert (first.status, first.json, first.headers["ETag"]) == (second.status, second.json, second.headers["ETag"])


def test_a_repeated_addition_has_the_version_it_now_is(site: Site) -> None:
    first = site.call("POST", "/rooms", {"name": "Hall"}, idempotency_key="k")
    changed = site.call("PATCH", f"/rooms/{first.json['id']}", {"capacity": 5})
    assert site.call("POST", "/rooms", {"name": "Hall"}, idempotency_key="k").headers["ETag"] == changed.headers["ETag"]


class Interrupted(DynamoConferences):
    """Another organizer's change comes in between what is read and what is written."""

    def __init__(self, change: Callable[[], object]) -> None:
        self._changes = [change]

    def desk(self, *args: Any) -> Any:
        desk = super().desk(*args)
        while self._changes:
            self._changes.pop()()
        return desk


def test_of_two_changes_at_once_one_is_refused_and_none_is_lost(site: Site) -> None:
    made = site.call("POST", "/rooms", {"name": "Hall"})
    room, version = made.json["id"], made.headers["ETag"]
    named: dict[str, Any] = {"caller": ADA, "conference_id": site.id, "part_id": room, "if_match": version}

    def hers(name: str) -> Interrupted:
        return Interrupted(lambda: site.call("PATCH", f"/rooms/{room}", {"name": name}))

    with pytest.raises(ChangedMeanwhile):
        change_part(hers("Attic"), Room, changes={"name": "Cellar"}, **named)
    with pytest.raises(ChangedMeanwhile):
        remove_part(hers("Loft"), Room, **named)
    assert site.call("GET", f"/rooms/{room}").json["name"] == "Loft"


def test_of_two_changes_of_a_conference_at_once_one_is_refused(site: Site) -> None:
    interrupted = Interrupted(lambda: site.call("PATCH", body={"venue": "Harbour"}))
    with pytest.raises(ChangedMeanwhile):
        change_conference(interrupted, caller=ADA, conference_id=site.id, changes={"venue": "Castle"}, if_match='"1"')
    assert site.call("GET").json["venue"] == "Harbour"


def test_a_change_elsewhere_in_between_is_no_reason_to_refuse(site: Site) -> None:
    made = site.call("POST", "/rooms", {"name": "Hall"})
    interrupted = Interrupted(lambda: site.make("/rooms", {"name": "Attic"}))
    filed = change_part(
        interrupted,
        Room,
        caller=ADA,
        conference_id=site.id,
        part_id=made.json["id"],
        changes={"name": "Cellar"},
        if_match=made.headers["ETag"],
    )
    assert filed.part.name == "Cellar"


def test_items_from_before_there_were_versions_are_read_as_the_first(site: Site) -> None:
    room = site.make("/rooms", {"name": "Hall"})["id"]
    RoomItem.get(partition(site.id), f"PART#{room}").update(actions=[PartItem.version.remove()])
    ConferenceItem.key(site.id).update(actions=[ConferenceItem.version.remove()])
    assert site.call("GET", f"/rooms/{room}").headers["ETag"] == site.call("GET").headers["ETag"] == '"1"'
    assert site.call("PATCH", f"/rooms/{room}", {"name": "Attic"}, if_match='"1"').status == 200
    assert site.call("PATCH", f"/rooms/{room}", {"name": "Cellar"}, if_match='"1"').problem() == "changed-meanwhile"


def test_an_archived_conference_is_read_and_listed_to_its_members_only(site: Site) -> None:
    room = site.make("/rooms", {"name": "Hall"})["id"]
    site.publish()
    first, second = site.call("POST", "/archive"), site.call("POST", "/archive")
    assert (first.status, first.json, first.headers["ETag"]) == (second.status, second.json, second.headers["ETag"])
    assert first.json["status"] == "archived"
    for path in ("", "/agenda", "/agenda/releases", "/agenda/releases/1"):
        assert site.call("GET", path, caller=None).status == 200, path
    assert site.call("GET", f"/rooms/{room}").status == 200
    assert call(handler, "GET", "/events/conferences").json["items"] == []
    [mine] = call(handler, "GET", "/events/conferences?mine=true", caller=ADA).json["items"]
    assert mine["status"] == "archived"


def test_an_archived_conference_is_changed_no_more(site: Site) -> None:
    made = {path: site.make(path, body)["id"] for path, body, *_ in PARTS}
    invited = site.make("/members", {"email": "b@example.org", "role": "staff"})["id"]
    site.publish()
    assert site.call("POST", "/archive").status == 200
    before = site.table.items()
    tries: list[tuple[str, str, Any]] = [
        ("PATCH", "", {"venue": "Harbour"}),
        ("POST", "/publish", None),
        ("POST", "/agenda/releases", None),
        ("POST", "/members", {"email": "b@example.org", "role": "staff"}),
        *(("POST", path, body) for path, body, *_ in PARTS),
        *(("PATCH", f"{path}/{made[path]}", changes) for path, _, changes, _ in PARTS),
        *(("DELETE", f"{path}/{part_id}", None) for path, part_id in made.items()),
    ]
    for method, path, body in tries:
        answer = site.call(method, path, body)
        assert (answer.status, answer.problem()) == (409, "archived"), (method, path)
    assert site.table.items() == before
    assert site.call("DELETE", f"/members/{invited}").status == 204  # an invitation can still be withdrawn


def test_what_is_archived_is_sold_no_longer(site: Site) -> None:
    site.make("/ticket-types", STANDARD)
    site.publish()
    [sold] = site.messages(TicketTypeChanged)
    archived = site.call("POST", "/archive").json
    _, ended = site.messages(TicketTypeChanged)
    assert ended.revision == archived["revision"] > sold.revision
    assert ended.sale_ends_at < sold.sale_ends_at


def test_who_may_archive_what(site: Site) -> None:
    assert site.call("POST", "/archive").problem() == "not-published"
    assert site.call("POST", "/archive", caller=BOB).problem() == "not-found"
    site.publish()
    before = site.table.items()
    assert site.call("POST", "/archive", caller=BOB).problem() == "forbidden"
    assert site.call("POST", "/archive", caller=None).problem() == "unauthenticated"
    assert site.table.items() == before


def test_a_new_conference_says_its_version(site: Site) -> None:
    assert found().headers["ETag"] == '"1"'
