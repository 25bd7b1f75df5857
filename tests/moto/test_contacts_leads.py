"""What an exhibitor's team shares, and what leaves in files: exactly what each person shows."""

import csv
import io
from dataclasses import replace
from typing import Any

import pytest

from bench.meter import Meter
from functions.contacts import worker
from functions.contacts.api import handler
from functions.contacts.items import ContactItem, LeadItem
from shared.caller import Caller
from shared.messages import MembershipChanged, RetentionEnded, UserErased
from shared.nobody import NOBODY
from tests.moto.contacts import ADA, BOB, CYD, code_at, exchange, issued, kinds_with, listed, put_card
from tests.moto.test_contacts_consent import follow
from tests.support import Answer, Table, call, deliver

BUDI, SRI = (replace(who, roles={"cnf_1": "exhibitor"}) for who in (BOB, CYD))
RIVAL = Caller("usr_rival", "rival@example.org", "Rival", {"cnf_1": "exhibitor"})
BYSTANDER = Caller("usr_dyah", "dyah@example.org", "Dyah")
LEADS = "/contacts/conferences/cnf_1/leads"


@pytest.fixture
def code(table: Table) -> str:
    """Ada's, at a conference where Budi and Sri are of one company."""
    put_card(ADA, company="=cmd|' /C calc'!A0", email="ada@example.org", visibility={"email": {"exhibitors": "everyone"}})
    for who, company in ((BUDI, "Warung Software"), (SRI, " warung software"), (RIVAL, "Rival Inc")):
        put_card(who)
        joined = MembershipChanged(conference_id="cnf_1", user_id=who.user_id, role="exhibitor", revision=1, company=company)
        assert deliver(worker.handler, joined) == []
    return code_at("cnf_1", ADA)


def leads(who: Caller) -> Any:
    answer = call(handler, "GET", LEADS, caller=who)
    assert answer.status == 200, answer
    return answer.json["items"]


def exported(who: Caller, path: str, accept: str = "text/csv") -> Answer:
    return call(handler, "GET", path, caller=who, headers={"accept": accept})


def test_two_colleagues_who_scan_one_person_have_one_lead_with_both_scans(code: str) -> None:
    exchange(BUDI, code, "n1", note="wants a quote")
    exchange(SRI, code, "n1", note="called back", tags=["hot"])
    (lead,) = leads(BUDI)
    assert leads(SRI) == [lead]
    assert leads(RIVAL) == []
    assert [(scan["by"], scan["name"]) for scan in lead["scans"]] == [(BUDI.user_id, BUDI.name), (SRI.user_id, SRI.name)]
    assert (lead["email"], lead["note"], lead["tags"]) == ("ada@example.org", "wants a quote\ncalled back", ["hot"])
    assert len(listed(ADA)["items"]) == 1
    assert listed(BUDI)["items"] == []


def test_a_lead_is_rated_for_the_whole_team_and_by_it_alone(code: str) -> None:
    lead = exchange(BUDI, code, "n1", note="tea").json
    rated = call(handler, "PATCH", f"{LEADS}/{lead['id']}", {"rating": 4}, caller=SRI)
    assert (rated.status, rated.json["rating"], rated.json["note"]) == (200, 4, "tea")
    assert leads(BUDI) == [rated.json]
    for rating in (6, -1, "five"):
        answer = call(handler, "PATCH", f"{LEADS}/{lead['id']}", {"rating": rating}, caller=SRI)
        assert (answer.status, answer.problem()) == (422, "invalid")
    stranger = call(handler, "PATCH", f"{LEADS}/{lead['id']}", {"rating": 1}, caller=RIVAL)
    assert (stranger.status, stranger.problem()) == (404, "not-found")
    assert call(handler, "DELETE", f"{LEADS}/{lead['id']}", caller=SRI).status == 204
    assert leads(BUDI) == []


@pytest.mark.parametrize(("method", "path"), [("GET", LEADS), ("GET", f"{LEADS}/export"), ("PATCH", f"{LEADS}/con_1")])
def test_only_the_team_gets_at_its_leads(code: str, method: str, path: str) -> None:
    body = {"rating": 1} if method == "PATCH" else None
    for who in (ADA, replace(ADA, roles={"cnf_1": "exhibitor"}), replace(ADA, roles={"cnf_1": "organizer"})):
        answer = call(handler, method, path, body, caller=who)
        assert (answer.status, answer.problem()) == (403, "forbidden")
    taken = MembershipChanged(conference_id="cnf_1", user_id=SRI.user_id, role=None, revision=2)
    assert deliver(worker.handler, taken) == []
    assert call(handler, method, path, body, caller=SRI).status == 403  # though the token still says so


def test_a_file_has_exactly_what_is_shown_and_nothing_that_a_spreadsheet_runs(code: str) -> None:
    exchange(BUDI, code, "n1", note="@SUM(1)")
    answer = exported(SRI, f"{LEADS}/export")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    (line,) = csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig")))
    assert (line["name"], line["email"], line["phone"]) == ("Ada", "ada@example.org", "")
    assert (line["company"], line["note"]) == ("'=cmd|' /C calc'!A0", "'@SUM(1)")
    card = exported(SRI, f"{LEADS}/export", "text/vcard").body.decode()
    assert card.count("BEGIN:VCARD") == 1
    assert "EMAIL:ada@example.org" in card


def test_a_file_names_who_scanned(code: str) -> None:
    exchange(ADA, code_at("cnf_1", SRI), "n1")
    exchange(BUDI, code, "n1")
    (line,) = csv.DictReader(io.StringIO(exported(SRI, f"{LEADS}/export").body.decode("utf-8-sig")))
    assert line["scanned_by"] == f"{ADA.name}; {BUDI.name}"
    assert [scan.split()[0] for scan in line["scans"].split("; ")] == [ADA.user_id, BUDI.user_id]


def test_who_scanned_is_named_as_their_card_is_now(table: Table, code: str) -> None:
    exchange(BUDI, code, "n1")
    exchange(SRI, code, "n1", note="called back")  # not the one whose card Ada sees
    seen = listed(ADA)
    put_card(replace(SRI, name="Sri Wahyuni"))
    follow(table)
    [lead] = leads(BUDI)
    assert ([scan["name"] for scan in lead["scans"]], lead["note"]) == ([BUDI.name, "Sri Wahyuni"], "called back")
    assert listed(ADA) == seen


def test_a_lead_of_before_names_were_noted_is_answered_without_them(table: Table, code: str) -> None:
    exchange(BUDI, code, "n1")
    [item] = [each for each in ContactItem.scan() if isinstance(each, LeadItem)]
    item.update([LeadItem.v.set(1), LeadItem.colleagues.remove()])
    assert [(scan["by"], scan["name"]) for scan in leads(SRI)[0]["scans"]] == [(BUDI.user_id, None)]
    (line,) = csv.DictReader(io.StringIO(exported(SRI, f"{LEADS}/export").body.decode("utf-8-sig")))
    assert line["scanned_by"] == BUDI.user_id
    exchange(SRI, code, "n1")
    assert [scan["name"] for scan in leads(SRI)[0]["scans"]] == [None, SRI.name]


def test_a_name_beside_a_lead_costs_the_list_no_read(code: str, meter: Meter) -> None:
    exchange(BUDI, code, "n1")
    meter.reset()
    assert [scan["name"] for scan in leads(SRI)[0]["scans"]] == [BUDI.name]
    assert meter.operations == ["BatchGetItem", "Query"]  # whose team it is, and its list


def test_who_withdraws_from_a_company_is_in_no_file_of_it(code: str) -> None:
    exchange(BUDI, code, "n1")
    (holder,) = call(handler, "GET", "/contacts/holders", caller=ADA).json["items"]
    assert holder["exhibitor"] == "Warung Software"
    assert call(handler, "POST", f"/contacts/{holder['contact_id']}/withdrawal", caller=ADA).status == 200
    for accept in ("text/csv", "text/vcard"):
        assert b"ada@example.org" not in exported(BUDI, f"{LEADS}/export", accept).body
    assert leads(SRI) == []


def test_ones_own_contacts_leave_in_a_file_too(table: Table) -> None:
    put_card(BOB)
    exchange(BOB, put_card(ADA, company="Engines")["code"], "n1")
    (line,) = csv.DictReader(io.StringIO(exported(BOB, "/contacts/export").body.decode("utf-8-sig")))
    assert (line["name"], line["company"]) == ("Ada", "Engines")
    assert b"FN:Ada" in exported(BOB, "/contacts/export", "text/vcard").body
    refused = exported(BOB, "/contacts/export", "text/html")
    assert (refused.status, refused.problem()) == (406, "not-acceptable")


@pytest.mark.parametrize("times", [1, 2])
def test_leads_go_with_the_retention_of_their_conference_and_what_people_have_of_each_other_stays(
    table: Table, code: str, times: int
) -> None:
    exchange(BUDI, code, "n1", note="wants a quote")
    exchange(RIVAL, code, "n1")
    put_card(BYSTANDER)
    deliver(worker.handler, issued(BYSTANDER.user_id, "Dyah", 30))
    exchange(BYSTANDER, code, "n1", note="of the choir")
    assert deliver(worker.handler, RetentionEnded(conference_id="cnf_2")) == []
    assert len(leads(BUDI)) == 1
    told = len(table.outbox())
    assert deliver(worker.handler, *[RetentionEnded(conference_id="cnf_1")] * times) == []
    assert leads(BUDI) == leads(RIVAL) == []
    assert "wants a quote" not in str(table.items())
    assert exported(BUDI, f"{LEADS}/export").body.decode().count("\n") == 1
    [kept] = listed(BYSTANDER)["items"]
    assert (kept["user_id"], kept["note"]) == (ADA.user_id, "of the choir")
    assert len(listed(ADA)["items"]) == 3  # a person's own
    holders = call(handler, "GET", "/contacts/holders", caller=ADA).json["items"]
    assert [holder["user_id"] for holder in holders] == [BYSTANDER.user_id]
    assert len(table.outbox()) == told


def test_the_card_of_an_exhibitor_who_leaves_the_platform_goes_and_the_company_stays(table: Table, code: str) -> None:
    put_card(BUDI, email="budi@example.org", phone="+62 274 5550", visibility={"email": "everyone", "phone": "everyone"})
    exchange(BUDI, code, "n1", note="wants a quote")
    [seen] = listed(ADA)["items"]
    assert (seen["name"], seen["phone"]) == (BUDI.name, "+62 274 5550")
    erased = UserErased(user_id=BUDI.user_id, email="budi@example.org", name=BUDI.name)
    assert deliver(worker.handler, erased, erased) == []
    [after] = listed(ADA)["items"]
    assert (after["name"], after["phone"], after["email"], after["exhibitor"]) == (NOBODY, None, None, "Warung Software")
    assert not [text for text in ("budi@example.org", "+62 274 5550") if text in str(table.items())]
    assert [lead["note"] for lead in leads(SRI)] == ["wants a quote"]
    [holder] = call(handler, "GET", "/contacts/holders", caller=ADA).json["items"]
    assert holder["exhibitor"] == "Warung Software"


def test_the_name_of_who_scanned_goes_with_them_and_their_colleagues_stay(table: Table, code: str) -> None:
    exchange(BUDI, code, "n1")
    exchange(SRI, code, "n1", note="called back")
    assert "Lead" in kinds_with(table, SRI.name)
    erased = UserErased(user_id=SRI.user_id, email=SRI.email, name=SRI.name)
    assert deliver(worker.handler, erased, erased) == []
    [lead] = leads(BUDI)
    assert [(scan["by"], scan["name"]) for scan in lead["scans"]] == [(BUDI.user_id, BUDI.name), (SRI.user_id, None)]
    assert lead["note"] == "called back"
    assert [seen["name"] for seen in listed(ADA)["items"]] == [BUDI.name]  # the face of the team is another's
    assert kinds_with(table, SRI.name) == set()
