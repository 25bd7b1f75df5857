"""A speaker's profile is linked with the person who accepts the invitation to be that speaker."""

import pytest

from functions.events.domain import Speaker
from functions.events.dynamo import DynamoConferences
from functions.events.dynamo_members import DynamoMembers
from functions.events.use_cases_parts import change_part
from tests.moto.events_site import ADA, BOB, TALK, Site, accept, found
from tests.moto.test_events_stars import EVE
from tests.support import Table


@pytest.fixture
def site(table: Table) -> Site:
    return Site(found().json["id"], table)


@pytest.fixture
def grace(site: Site) -> str:
    return str(site.make("/speakers", {"name": "Grace"})["id"])


def invite(site: Site, speaker_id: str) -> str:
    invited = site.make("/members", {"email": "b@example.org", "role": "speaker", "speaker_id": speaker_id})
    assert invited["speaker_id"] == speaker_id
    return str(invited["token"])


def whose(site: Site, speaker_id: str) -> str | None:
    user_id: str | None = site.call("GET", f"/speakers/{speaker_id}").json["user_id"]
    return user_id


def test_whoever_accepts_is_that_speaker(site: Site, grace: str) -> None:
    token, seen = invite(site, grace), site.call("GET", f"/speakers/{grace}").headers["ETag"]
    assert whose(site, grace) is None
    for _ in range(2):
        assert accept(token).json["speaker_id"] == grace
    assert whose(site, grace) == "usr_bob"
    assert [each["speaker_id"] for each in site.call("GET", "/members").json["items"]] == [None, grace]
    stale = site.call("PATCH", f"/speakers/{grace}", {"name": "Grace Hopper"}, if_match=seen)
    assert stale.problem() == "changed-meanwhile"
    site.call("PATCH", f"/speakers/{grace}", {"name": "Grace Hopper"})
    assert whose(site, grace) == "usr_bob"


def test_a_release_does_not_say_who_a_speaker_is(site: Site, grace: str) -> None:
    accept(invite(site, grace))
    site.make("/sessions", {**TALK, "speaker_ids": [grace]})
    site.publish()
    for path in ("/agenda", "/schedule.json", "/agenda.ics"):
        assert b"usr_bob" not in site.call("GET", path, caller=None).body, path
    released_again = site.call("POST", "/agenda/releases")
    assert released_again.problem() == "nothing-changed"


def test_one_who_is_removed_is_that_speaker_no_longer(site: Site, grace: str) -> None:
    accept(invite(site, grace))
    assert site.call("DELETE", f"/members/{BOB.user_id}").status == 204
    assert whose(site, grace) is None
    assert accept(invite(site, grace), EVE).json["speaker_id"] == grace


def test_a_profile_is_one_persons(site: Site, grace: str) -> None:
    first, second = invite(site, grace), invite(site, grace)
    accept(first)
    before = site.table.items()
    assert accept(second, EVE).problem() == "speaker-linked"
    refused = site.call("POST", "/members", {"email": "e@example.org", "role": "speaker", "speaker_id": grace})
    assert refused.problem() == "speaker-linked"
    assert site.table.items() == before


def test_a_profile_that_is_gone_does_not_keep_a_speaker_out_or_in(site: Site, grace: str) -> None:
    token, other = invite(site, grace), site.make("/speakers", {"name": "Jean"})["id"]
    site.call("DELETE", f"/speakers/{grace}")
    assert (accept(token).json["role"], accept(token).json["speaker_id"]) == ("speaker", None)
    assert accept(invite(site, other), EVE).json["speaker_id"] == other
    site.call("DELETE", f"/speakers/{other}")
    assert site.call("DELETE", f"/members/{EVE.user_id}").status == 204


def test_who_edits_the_profile_at_that_moment_does_not_unlink_it(site: Site, grace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    token, opened = invite(site, grace), DynamoMembers.open

    def edited_meanwhile(self: DynamoMembers, *args: str) -> object:
        found = opened(self, *args)
        changes = {"biography": "Compilers"}
        change_part(DynamoConferences(), Speaker, caller=ADA, conference_id=site.id, part_id=grace, changes=changes)
        return found

    monkeypatch.setattr(DynamoMembers, "open", edited_meanwhile)
    monkeypatch.setattr("functions.events.use_cases.time.sleep", lambda _: None)
    accept(token)
    shown = site.call("GET", f"/speakers/{grace}").json
    assert (shown["user_id"], shown["biography"]) == ("usr_bob", "Compilers")


@pytest.mark.parametrize(
    ("role", "speaker_id", "slug"),
    [
        ("speaker", "spk_none", "unknown-speaker"),
        ("staff", "", "not-their-role"),
        ("speaker", 7, "invalid"),
        ("speaker", "x" * 65, "invalid"),
    ],
)
def test_bad_profiles_are_named(site: Site, grace: str, role: str, speaker_id: object, slug: str) -> None:
    before = site.table.items()
    body = {"email": "b@example.org", "role": role, "speaker_id": speaker_id or grace}
    assert site.call("POST", "/members", body).problem() == slug
    assert site.table.items() == before
