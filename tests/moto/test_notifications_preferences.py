"""What a person hears of, and where mail does not arrive, over HTTP and on delivery."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.notifications import api, mail_events
from functions.notifications.dynamo_people import DynamoAddresses, DynamoPeople
from functions.notifications.feedback import Trouble
from functions.notifications.kinds import KINDS
from functions.notifications.letter import Mailbox
from shared.caller import Caller
from shared.clock import iso, now
from tests.support import CONTEXT, Table, call

ADA = Caller("usr_ada", "ada@example.org", "Ada")
PREFERENCES = "/notifications/preferences"


def preferences(caller: Caller = ADA) -> Any:
    answer = call(api.handler, "GET", PREFERENCES, caller=caller)
    assert answer.status == 200
    return answer.json


def of(kind: str, caller: Caller = ADA) -> Any:
    [found] = [each for each in preferences(caller)["kinds"] if each["kind"] == kind]
    return found


def bounced(email: str, at: datetime | None = None, kind: str = "Permanent") -> None:
    told = {"bounceType": kind, "bouncedRecipients": [{"emailAddress": email}], "timestamp": iso(at or now())}
    mail_events.handler({"Records": [{"Sns": {"Message": json.dumps({"eventType": "Bounce", "bounce": told})}}]}, CONTEXT)


def test_everything_is_as_it_is_by_default(table: Table) -> None:
    assert [each["kind"] for each in preferences()["kinds"]] == list(KINDS)
    assert of("contact-exchanged")["email"] == {"on": True, "changeable": True}
    assert of("checked-in")["email"] == {"on": False, "changeable": True}
    assert of("order-paid")["email"] == {"on": True, "changeable": False}
    assert preferences()["email"] == {"address": "ada@example.org", "trouble": None}
    assert table.items() == []


def test_a_choice_is_kept_and_replaces_the_one_before(table: Table) -> None:
    body = {"kinds": {"contact-exchanged": {"email": False, "inbox": True}, "checked-in": {"email": True}}}
    for _ in range(2):
        assert call(api.handler, "PUT", PREFERENCES, body, caller=ADA).json == preferences()
    assert of("contact-exchanged")["email"]["on"] is False
    assert of("checked-in")["email"]["on"] is True
    call(api.handler, "PUT", PREFERENCES, {"kinds": {}}, caller=ADA)
    assert of("contact-exchanged")["email"]["on"] is True


def test_a_choice_is_of_one_person(table: Table) -> None:
    call(api.handler, "PUT", PREFERENCES, {"kinds": {"contact-exchanged": {"email": False}}}, caller=ADA)
    assert of("contact-exchanged", Caller("usr_bob", "bob@example.org", "Bob"))["email"]["on"] is True


def test_choices_survive_what_becomes_known_of_the_account(table: Table) -> None:
    people = DynamoPeople()
    people.choose("usr_ada", {"checked-in": {"email": True}})
    people.keep("usr_ada", Mailbox("Ada", "ada@example.org"), now())
    person = people.get("usr_ada")
    assert person.choices == {"checked-in": {"email": True}}
    assert person.mailbox == Mailbox("Ada", "ada@example.org")


def test_an_older_address_does_not_replace_a_newer_one(table: Table) -> None:
    people, at = DynamoPeople(), now()
    people.keep("usr_ada", Mailbox("Ada", "new@example.org"), at)
    people.keep("usr_ada", Mailbox("Ada", "old@example.org"), at - timedelta(seconds=1))
    assert people.get("usr_ada").mailbox == Mailbox("Ada", "new@example.org")


def test_a_bounce_is_shown_with_how_to_mend_it(table: Table) -> None:
    bounced("ADA@example.org")
    trouble = preferences()["email"]["trouble"]
    assert trouble["reason"] == "bounce"
    assert "POST /notifications/preferences/email" in trouble["mend"]


def test_a_transient_bounce_is_not(table: Table) -> None:
    bounced("ada@example.org", kind="Transient")
    assert table.items() == []


def test_whoever_mended_it_is_mailed_again_and_an_older_bounce_does_not_come_back(table: Table) -> None:
    at = now()
    bounced("ada@example.org", at)
    for _ in range(2):
        answer = call(api.handler, "POST", f"{PREFERENCES}/email", caller=ADA)
        assert (answer.status, answer.json["email"]["trouble"]) == (200, None)
    bounced("ada@example.org", at)
    assert preferences()["email"]["trouble"] is None
    bounced("ada@example.org", now() + timedelta(seconds=1))
    assert preferences()["email"]["trouble"] is not None


def test_an_address_in_trouble_is_kept_as_a_hash(table: Table) -> None:
    DynamoAddresses().note(Trouble("ada@example.org", "complaint", now()))
    assert "ada" not in json.dumps(table.items(), default=str)


@pytest.mark.parametrize("body", [{"kinds": {"order-refunded": {"email": True}}}, {"kinds": {"welcome": {"inbox": True}}}])
def test_saying_what_is_so_anyway_is_no_failure(table: Table, body: Any) -> None:
    assert call(api.handler, "PUT", PREFERENCES, body, caller=ADA).status == 200
