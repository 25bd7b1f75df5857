"""The team of a conference: invitations and members, over HTTP, on a table."""

from dataclasses import replace

import pytest

from functions.events import worker
from shared.caller import Caller
from shared.messages import (
    MemberInvited,
    MembershipChanged,
)
from tests.moto.events_site import ADA, BOB, NEW, Site, accept, found
from tests.support import Table, deliver


@pytest.fixture
def site(table: Table) -> Site:
    return Site(found().json["id"], table)


def test_an_invitation_makes_a_member_whoever_holds_it_and_once(site: Site) -> None:
    invited = site.make("/members", {"email": "b@example.org", "role": "exhibitor", "company": "Navy"})
    assert invited["status"] == "invited"
    [message] = site.messages(MemberInvited)
    assert (message.email, message.role, message.token) == ("b@example.org", "exhibitor", invited["token"])
    assert deliver(worker.handler, message) == []  # it arrived: the table need not keep it any longer
    assert invited["token"].rpartition(".")[2] not in str(site.table.items())
    first, second = accept(invited["token"]), accept(invited["token"])
    assert first.status == second.status == 200
    assert first.json == second.json
    assert (first.json["user_id"], first.json["role"], first.json["company"]) == ("usr_bob", "exhibitor", "Navy")
    assert site.call("GET", caller=BOB).status == 200  # a draft, and Bob's token knows of no role yet
    changed = [(message.user_id, message.role, message.revision) for message in site.messages(MembershipChanged)]
    assert changed == [("usr_ada", "organizer", 1), ("usr_bob", "exhibitor", 1)]
    eve = Caller("usr_eve", "eve@example.org", "Eve")
    assert accept(invited["token"], eve).problem() == "invitation-used"


def test_a_repeated_invitation_is_one_and_its_token_still_works(site: Site) -> None:
    body = {"email": "b@example.org", "role": "staff"}
    first, second = (site.make("/members", body, idempotency_key="k") for _ in range(2))
    assert first == second
    assert len(site.messages(MemberInvited)) == 1
    assert accept(first["token"]).status == 200
    assert site.call("POST", "/members", {**body, "role": "speaker"}, idempotency_key="k").problem() == "idempotency-key-reused"


def test_a_stranger_is_told_the_name_of_a_conference_only_by_who_has_proven_an_email(site: Site) -> None:
    body = {"email": "b@example.org", "role": "staff"}
    site.make("/members", body)
    assert site.call("POST", "/members", body, caller=replace(ADA, email_verified=True)).status == 201
    assert sorted(message.conference_name for message in site.messages(MemberInvited)) == ["", NEW["name"]]


def test_the_list_of_members_shows_active_and_invited_and_none_who_left(site: Site) -> None:
    site.admit(BOB, "staff")
    invited = site.make("/members", {"email": "carol@example.org", "role": "speaker"})["id"]

    def listed() -> set[tuple[str, str, str]]:
        first = site.call("GET", "/members?limit=2").json
        rest = site.call("GET", f"/members?limit=100&cursor={first['next_cursor']}").json if first["next_cursor"] else {"items": []}
        return {(member["id"], member["role"], member["status"]) for member in first["items"] + rest["items"]}

    organizer, staff = ("usr_ada", "organizer", "active"), ("usr_bob", "staff", "active")
    assert listed() == {organizer, staff, (invited, "speaker", "invited")}
    assert site.call("DELETE", "/members/usr_bob").status == site.call("DELETE", f"/members/{invited}").status == 204
    assert listed() == {organizer}


def test_a_withdrawn_invitation_is_no_more(site: Site) -> None:
    invited = site.make("/members", {"email": "b@example.org", "role": "staff"})
    assert site.call("DELETE", f"/members/{invited['id']}").status == 204
    assert accept(invited["token"]).problem() == "not-found"


def test_a_removed_organizer_can_do_no_more_whatever_the_token_says(site: Site) -> None:
    site.admit(BOB, "organizer")
    still = Caller("usr_bob", "bob@example.org", "Bob", {site.id: "organizer"})
    assert site.call("PATCH", body={"venue": "Harbour"}, caller=still).status == 200
    assert site.call("DELETE", "/members/usr_bob").status == 204
    assert site.call("PATCH", body={"venue": "Elsewhere"}, caller=still).status == 404
    site.admit(BOB, "staff")
    told = [(message.role, message.revision) for message in site.messages(MembershipChanged) if message.user_id == "usr_bob"]
    assert told == [("organizer", 1), (None, 2), ("staff", 3)]


def test_the_last_organizer_stays(site: Site) -> None:
    site.admit(BOB, "staff")
    assert site.call("DELETE", "/members/usr_ada").problem() == "last-organizer"
    assert site.call("DELETE", "/members/usr_bob").status == 204
    site.admit(BOB, "organizer")
    assert site.call("DELETE", "/members/usr_ada").status == 204
    assert site.call("DELETE", "/members/usr_bob", caller=BOB).problem() == "last-organizer"
