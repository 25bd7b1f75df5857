"""The team of a company that exhibits: who founds it, who joins it, and what its members may do. Over HTTP, on a table."""

from typing import Any

import pytest

from functions.events import membership, use_cases_members, worker
from functions.events.items import MemberItem
from shared.caller import Caller
from shared.messages import MemberInvited, MembershipChanged, UserErased
from tests.moto.events_site import BOB, Site, accept, found
from tests.support import Table, deliver

SRI = Caller("usr_sri", "sri@example.org", "Sri")
RIVAL = Caller("usr_rival", "rival@example.org", "Rival")
COLLEAGUE = {"email": "sri@example.org", "role": "exhibitor"}


@pytest.fixture
def site(table: Table) -> Site:
    return Site(found().json["id"], table)


def exhibits(site: Site, who: Caller, company: str | None = None, **about: Any) -> Any:
    """As the organiser asks them to, and they accept."""
    token = site.make("/members", {"email": who.email, "role": "exhibitor", **({"company": company} if company else {}), **about})
    return accept(token["token"], who).json


def joins(site: Site, inviter: Caller, who: Caller) -> Any:
    invited = site.call("POST", "/members", {**COLLEAGUE, "email": who.email}, inviter)
    assert invited.status == 201, invited
    return accept(invited.json["token"], who).json


def listed(site: Site, by: Caller) -> set[tuple[str, str, str]]:
    answer = site.call("GET", "/members", caller=by)
    assert answer.status == 200, answer
    assert answer.json["next_cursor"] is None
    return {(each["email"], each["company"], each["status"]) for each in answer.json["items"]}


def test_an_exhibitor_invites_a_colleague_to_their_team_however_the_company_is_spelled(site: Site) -> None:
    bob, sri = exhibits(site, BOB, "Acme GmbH"), joins(site, BOB, SRI)
    other = exhibits(site, RIVAL, "Acme Inc.")
    assert sri["team_id"] == bob["team_id"] != other["team_id"]
    assert (sri["company"], sri["role"]) == ("Acme GmbH", "exhibitor")
    told = {message.user_id: message.team_id for message in site.messages(MembershipChanged)}
    assert told == {"usr_ada": None, "usr_bob": bob["team_id"], "usr_sri": bob["team_id"], "usr_rival": other["team_id"]}
    assert [message.email for message in site.messages(MemberInvited)] == [BOB.email, SRI.email, RIVAL.email]


def test_an_organizer_asks_somebody_into_a_team_that_is_there_by_its_id_or_its_company(site: Site) -> None:
    bob = exhibits(site, BOB, "Acme GmbH")
    by_id = exhibits(site, SRI, team_id=bob["team_id"])
    by_name = exhibits(site, RIVAL, " ACME  gmbh")
    assert {(each["team_id"], each["company"]) for each in (bob, by_id, by_name)} == {(bob["team_id"], "Acme GmbH")}
    unknown = site.call("POST", "/members", {**COLLEAGUE, "team_id": "exh_none"})
    assert unknown.problem() == "unknown-team"


def test_who_exhibits_for_no_company_founds_a_team_of_their_own(site: Site) -> None:
    bob, other = exhibits(site, BOB), exhibits(site, RIVAL)
    sri = joins(site, BOB, SRI)
    assert sri["team_id"] == bob["team_id"] != other["team_id"]
    assert sri["company"] is None


def test_an_exhibitor_sees_and_removes_their_own_team_and_nobody_else(site: Site) -> None:
    exhibits(site, BOB, "Acme")
    exhibits(site, RIVAL, "Rival")
    joins(site, BOB, SRI)
    invited = site.call("POST", "/members", {**COLLEAGUE, "email": "tom@example.org"}, BOB).json
    here = {(BOB.email, "Acme", "active"), (SRI.email, "Acme", "active")}
    assert listed(site, BOB) == listed(site, SRI) == here | {("tom@example.org", "Acme", "invited")}
    assert listed(site, RIVAL) == {(RIVAL.email, "Rival", "active")}
    for foreign in ("usr_ada", "usr_rival", "usr_none", "inv_none"):
        assert site.call("DELETE", f"/members/{foreign}", caller=BOB).problem() == "not-found"
    for theirs in ("usr_sri", invited["id"]):
        assert site.call("DELETE", f"/members/{theirs}", caller=RIVAL).problem() == "not-found"
        assert site.call("DELETE", f"/members/{theirs}", caller=BOB).status == 204
    assert listed(site, BOB) == {(BOB.email, "Acme", "active")}
    assert accept(invited["token"], Caller("usr_tom", "tom@example.org", "Tom")).problem() == "not-found"
    assert site.messages(MembershipChanged)[-1].role is None
    for method, path, body in (("GET", "/members", None), ("POST", "/members", COLLEAGUE), ("DELETE", "/members/usr_bob", None)):
        assert site.call(method, path, body, SRI).problem() in ("not-found", "forbidden"), (
            method
        )  # at once, whatever the token says


@pytest.mark.parametrize(
    "more",
    [
        {"role": "staff"},
        {"role": "organizer"},
        {"company": "Acme"},
        {"team_id": "exh_other"},
        {"role": "speaker", "speaker_id": "spk_1"},
    ],
)
def test_an_exhibitor_asks_nobody_to_be_more_than_a_colleague(site: Site, more: dict[str, str]) -> None:
    exhibits(site, BOB, "Acme")
    assert site.call("POST", "/members", {**COLLEAGUE, **more}, BOB).problem() == "forbidden"
    assert len(site.messages(MemberInvited)) == 1


def test_a_team_has_so_many_and_the_same_command_has_its_answer_still(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use_cases_members, "MOST_COLLEAGUES", 2)
    exhibits(site, BOB, "Acme")
    first, again = (site.call("POST", "/members", COLLEAGUE, BOB, idempotency_key="k") for _ in range(2))
    assert (first.status, again.json) == (201, first.json)
    assert site.call("POST", "/members", {**COLLEAGUE, "email": "more@example.org"}, BOB).problem() == "team-full"
    assert site.call("POST", "/members", {**COLLEAGUE, "email": "more@example.org", "company": "Acme"}).problem() == "team-full"
    assert accept(first.json["token"], SRI).status == 200
    assert site.call("POST", "/members", COLLEAGUE, BOB, idempotency_key="k").json == first.json
    assert membership.MOST_COLLEAGUES == 50


def test_who_was_stored_before_teams_were_named_is_of_the_team_of_their_company(site: Site) -> None:
    bob = exhibits(site, BOB, "Acme")
    MemberItem(f"CONF#{site.id}", "MEMBER#usr_bob").update(actions=[MemberItem.team_id.remove()])
    assert listed(site, BOB) == {(BOB.email, "Acme", "active")}
    assert joins(site, BOB, SRI)["team_id"] == bob["team_id"]


def test_whoever_was_erased_has_no_place_in_a_team_and_gives_it_no_name(site: Site) -> None:
    bob = exhibits(site, BOB, "Acme")
    joins(site, BOB, SRI)
    assert deliver(worker.handler, UserErased(user_id="usr_bob", email=BOB.email, name=BOB.name)) == []
    assert listed(site, SRI) == {(SRI.email, "Acme", "active")}
    rival = exhibits(site, RIVAL, team_id=bob["team_id"])
    assert rival["company"] == "Acme"
