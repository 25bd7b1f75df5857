"""What the tests of refusals share: a conference with one of everything, and a request that has to fail."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from functions.events.api import handler
from shared.caller import Caller
from tests.moto.events_site import ADA, STANDARD, TALK, Site, accept, found
from tests.support import Table, call

STAFF = Caller("usr_sam", "sam@example.org", "Sam")
CONFERENCES = "/events/conferences"


@dataclass(frozen=True)
class World:
    """A draft and a published conference with one part of each kind; Ada organises both, Sam is staff of both."""

    draft: Site
    site: Site
    ids: dict[str, str]

    def fill(self, template: Any) -> Any:
        if isinstance(template, str):
            for name, value in self.ids.items():
                template = template.replace(f"${name}", value)
            return template
        if isinstance(template, dict):
            return {name: self.fill(value) for name, value in template.items()}
        return [self.fill(value) for value in template] if isinstance(template, list) else template


@pytest.fixture
def world(table: Table) -> World:
    draft, site = Site(found().json["id"], table), Site(found().json["id"], table)
    for each in (draft, site):
        each.admit(STAFF, "staff")
    room, speaker = site.make("/rooms", {"name": "Hall"})["id"], site.make("/speakers", {"name": "Grace"})["id"]
    session = site.make("/sessions", {**TALK, "room_id": room, "speaker_ids": [speaker]})["id"]
    pool = site.make("/pools", {"name": "The hall", "capacity": 500})["id"]
    ticket_type = site.make("/ticket-types", {**STANDARD, "pool_id": pool})["id"]
    token = site.make("/members", {"email": "bob@example.org", "role": "staff"})["token"]
    used = site.make("/members", {"email": "sam@example.org", "role": "staff"})["token"]
    accept(used, Caller("usr_eve", "eve@example.org", "Eve"))
    site.publish()
    return World(
        draft,
        site,
        {
            "draft": f"{CONFERENCES}/{draft.id}",
            "site": f"{CONFERENCES}/{site.id}",
            "none": f"{CONFERENCES}/cnf_none",
            "room": room,
            "speaker": speaker,
            "session": session,
            "type": ticket_type,
            "pool": pool,
            "token": token,
            "used": used,
        },
    )


KINDS = ("rooms", "speakers", "sessions", "pools", "ticket-types")


@pytest.fixture
def refused(world: World) -> Iterator[Any]:
    """Call, for the status and the problem; nothing that is called in the test may have written."""

    def refusal(method: str, url: str, body: Any = None, caller: Caller | None = ADA, **headers: str) -> tuple[int, str]:
        answer = call(handler, method, world.fill(url), world.fill(body), caller=caller, headers=headers)
        return answer.status, answer.problem()

    before = world.site.table.items()
    yield refusal
    assert world.site.table.items() == before
