"""A speaker who is erased is taken out of the agendas that were released, and no cache goes on naming them."""

import pytest

from functions.events import worker
from functions.events.api import handler
from functions.events.dynamo import DynamoConferences
from shared.messages import UserErased
from shared.nobody import NOBODY
from tests.moto.events_site import BOB, Site, accept, found
from tests.support import Table, call, deliver

ERASED = UserErased(user_id=BOB.user_id, email=BOB.email, name=BOB.name)


@pytest.fixture
def site(table: Table) -> Site:
    """Two releases in which Bob speaks under another name, beside Carol."""
    made = Site(found().json["id"], table)
    talk = {"type": "talk", "starts_at": "2099-09-01T08:00:00+02:00", "ends_at": "2099-09-01T09:00:00+02:00"}
    bob, carol = (made.make("/speakers", {"name": name, "biography": f"{name} writes"})["id"] for name in ("Robert Q", "Carol"))
    made.make("/sessions", {"title": "Of names", "speaker_ids": [bob, carol], **talk})
    token = made.make("/members", {"email": BOB.email, "role": "speaker", "speaker_id": bob})["token"]
    assert accept(token).status == 200
    made.publish()
    made.release()
    return made


def speakers(site: Site, path: str = "/agenda") -> list[str]:
    [day] = site.call("GET", path, caller=None).json["days"]
    return [str(name) for name in day["sessions"][0]["speakers"]]


def test_agendas_that_were_released_name_who_is_left(site: Site) -> None:
    before = site.call("GET", "/agenda", caller=None)
    assert speakers(site) == ["Robert Q", "Carol"]
    assert deliver(worker.handler, ERASED) == []
    after = site.call("GET", "/agenda", caller=None)
    assert speakers(site) == [NOBODY, "Carol"]
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.json["release"] == before.json["release"] == 2
    for release in (1, 2):
        assert "Robert" not in site.call("GET", f"/agenda/releases/{release}", caller=None).body.decode()
    assert "Robert" not in call(handler, "GET", f"/events/conferences/{site.id}/agenda.ics").body.decode()
    again = site.table.items()
    assert deliver(worker.handler, ERASED) == []
    assert site.table.items() == again


def test_the_latest_has_a_number_by_which_a_cache_learns_of_it(site: Site) -> None:
    before = DynamoConferences().latest_number(site.id)
    deliver(worker.handler, ERASED)
    after = DynamoConferences().latest_number(site.id)
    assert before is not None
    assert after is not None
    assert before == int(after) < after


def test_the_next_release_is_one_number_further_and_names_nobody(site: Site) -> None:
    deliver(worker.handler, ERASED)
    assert site.call("POST", "/agenda/releases").problem() == "nothing-changed"
    site.release()
    assert speakers(site) == [NOBODY, "Carol"]
    assert DynamoConferences().latest_number(site.id) == 3
