"""Leads over HTTP: a booth's two colleagues share whom they scan, in words, as files, and no longer than the attendee lets them."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from localstack.client import Person, until_decided, wait_until
from localstack.opening import opened

PHONE = "+62 274 555 0142"
CARD = {
    "company": "=HYPERLINK(1)",
    "title": "Buyer",
    "phone": PHONE,
    "visibility": {"company": "everyone", "email": "everyone", "title": "nobody", "phone": {"attendees": "everyone"}},
}


@dataclass
class Fair:
    """A conference with one company's stand: two who scan, and whoever visits."""

    host: Person
    id: str
    type_id: str
    rita: Person
    tomas: Person

    @property
    def leads(self) -> str:
        return f"/contacts/conferences/{self.id}/leads"

    @property
    def members(self) -> str:
        return f"/events/conferences/{self.id}/members"

    def admit(self, visitor: Person) -> str:
        """The code of somebody with a ticket."""
        order = {"conference_id": self.id, "lines": [{"ticket_type_id": self.type_id, "quantity": 1}]}
        visitor.post("/orders", order | {"payment": {"method": "simulated"}})
        return self.code(visitor, CARD | {"name": visitor.name, "email": visitor.email})

    def code(self, who: Person, card: dict[str, Any]) -> str:
        """Of their card there, once they attend."""
        return str(wait_until(lambda: self._put(who, card).get("code"), f"{who.name} attends"))

    def _put(self, who: Person, card: dict[str, Any]) -> Any:
        url = f"{who.api_url}/contacts/card?conference_id={self.id}"
        answer = until_decided(lambda: who.http.put(url, json=card, headers=who.credential()))
        assert answer.status_code in (200, 422), answer.text
        return answer.json()

    def export(self, kind: str) -> str:
        return self.rita.call("GET", f"{self.leads}/export", Accept=kind).content.decode("utf-8-sig")


def scan(scanner: Person, code: str, *, expect: int = 201, **about: Any) -> Any:
    return scanner.post("/contacts/exchange", {"code": code, "nonce": uuid4().hex, **about}, expect=expect)


@pytest.fixture
def fair(person: Callable[[str], Person]) -> Fair:
    host, rita, tomas = (person(name) for name in ("Fair", "Rita", "Tomas"))
    free = {"name": "Visitor", "price": 0, "capacity": 9}
    conference_id, [type_id] = opened(host, "Fair", [free], starts_in=-timedelta(hours=1))
    there = Fair(host, conference_id, type_id, rita, tomas)
    for inviter, colleague, more in ((host, rita, {"company": "Acme GmbH"}), (rita, tomas, {})):
        token = inviter.post(there.members, {"email": colleague.email, "role": "exhibitor", **more})["token"]
        colleague.post("/events/invitations/accept", {"token": token}, expect=200)
    for colleague in (rita, tomas):
        colleague.wait_for_role(conference_id, "exhibitor")
        there.code(colleague, {"name": colleague.name})
    return there


def test_two_colleagues_share_one_lead_and_what_they_write_of_it(fair: Fair, person: Callable[[str], Person]) -> None:
    ada = person("Adaeze")
    code = fair.admit(ada)
    assert scan(fair.rita, code, note="wants a quote", tags=["hot"])["name"] == ada.name
    again = scan(fair.tomas, code, expect=200, note="=cmd()", tags=["eu"])
    [lead] = fair.rita.get(fair.leads)["items"]
    assert fair.tomas.get(fair.leads)["items"] == [lead]
    assert lead["id"] == again["id"]
    assert [(each["by"], each["name"]) for each in lead["scans"]] == [(who.user_id, who.name) for who in (fair.rita, fair.tomas)]
    assert (lead["note"], lead["tags"]) == ("wants a quote\n=cmd()", ["hot", "eu"])

    path = f"{fair.leads}/{lead['id']}"
    fair.tomas.call("PATCH", path, {"rating": 4, "note": "=cmd()", "tags": ["hot"]})
    refused = fair.tomas.call("PATCH", path, {"rating": 6}, expect=422).json()
    assert "rating" in refused["detail"]
    [shared] = fair.rita.get(fair.leads)["items"]
    assert (shared["rating"], shared["note"], shared["tags"]) == (4, "=cmd()", ["hot"])

    shown = {"name": ada.name, "company": CARD["company"], "email": ada.email, "title": None, "phone": None}
    assert {key: shared[key] for key in shown} == shown
    [line] = csv.DictReader(io.StringIO(fair.export("text/csv")))
    assert (line["company"], line["note"]) == ("'=HYPERLINK(1)", "'=cmd()")
    assert (line["name"], line["email"], line["rating"]) == (ada.name, ada.email, "4")
    assert line["title"] == line["phone"] == ""
    assert line["scanned_by"] == f"{fair.rita.name}; {fair.tomas.name}"
    card = fair.export("text/vcard").splitlines()
    assert {"BEGIN:VCARD", f"FN:{ada.name}", "ORG:=HYPERLINK(1)", f"EMAIL:{ada.email}", "NOTE:=cmd()"} <= set(card)
    assert not [text for text in card if text.startswith(("TEL", "TITLE"))]

    [holder] = ada.get("/contacts/holders")["items"]
    assert (holder["exhibitor"], holder["sees"]) == ("Acme GmbH", ["name", "company", "email"])
    ada.call("GET", fair.leads, expect=403)


def test_a_team_loses_whom_it_scanned_to_a_withdrawal_a_block_and_an_erasure(fair: Fair, person: Callable[[str], Person]) -> None:
    ada, bob, cyd = (person(name) for name in ("Adaobi", "Bobbie", "Cydonia"))
    codes = {visitor.name: fair.admit(visitor) for visitor in (ada, bob, cyd)}
    for visitor, code in codes.items():
        scan(fair.rita, code, note=f"met {visitor}")
        scan(fair.tomas, code, expect=200)

    def both_see(*visitors: Person) -> bool:
        names = {visitor.name for visitor in visitors}
        return all({lead["name"] for lead in who.get(fair.leads)["items"]} == names for who in (fair.rita, fair.tomas))

    wait_until(lambda: both_see(ada, bob, cyd), "three leads")
    for visitor, taken_back in ((ada, "withdrawal"), (bob, "block")):
        [holder] = visitor.get("/contacts/holders")["items"]
        visitor.call("POST", f"/contacts/{holder['contact_id']}/{taken_back}", expect=200 if taken_back == "withdrawal" else 204)
        assert visitor.get("/contacts/holders")["items"] == []
    wait_until(lambda: both_see(cyd), "one lead")
    for kind in ("text/csv", "text/vcard"):
        exported = fair.export(kind)
        assert cyd.name in exported
        assert not [text for text in (ada.name, ada.email, bob.name, bob.email) if text in exported]
    scan(fair.tomas, codes[bob.name], expect=404)  # nobody of the team

    cyd.call("DELETE", "/auth/me", {"password": cyd.password}, expect=204)
    wait_until(both_see, "no lead of somebody who has left")
    assert cyd.email not in fair.export("text/csv")


def test_a_colleague_who_is_removed_has_no_part_in_the_team_and_the_team_keeps_the_leads(
    fair: Fair, person: Callable[[str], Person]
) -> None:
    ada = person("Adaora")
    scan(fair.tomas, fair.admit(ada))
    assert {each["name"] for each in fair.rita.get(fair.members)["items"]} == {fair.rita.name, fair.tomas.name}
    fair.rita.call("DELETE", f"{fair.members}/{fair.host.user_id}", expect=404)
    fair.rita.call("POST", fair.members, {"email": ada.email, "role": "staff"}, expect=403)

    fair.rita.call("DELETE", f"{fair.members}/{fair.tomas.user_id}", expect=204)
    fair.tomas.call("GET", fair.members, expect=403)  # at once; his token carries the role for what is left of its minutes
    fair.tomas.call("POST", fair.members, {"email": ada.email, "role": "exhibitor"}, expect=403)
    wait_until(lambda: answered(fair.tomas, fair.leads) == 403, "no lead for him")
    wait_until(lambda: fair.id not in fair.tomas.get("/auth/me")["roles"], "no role")
    fair.tomas.call("POST", "/auth/refresh", {"refresh_token": fair.tomas.tokens["refresh_token"]}, expect=401)
    assert [lead["name"] for lead in fair.rita.get(fair.leads)["items"]] == [ada.name]


def answered(who: Person, path: str) -> int:
    return who.http.get(f"{who.api_url}{path}", headers=who.credential()).status_code
