"""People who meet: what each has of the others is what a simple model says, and what is taken back is gone everywhere."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from localstack.client import Person, wait_until
from localstack.meetings import Meetings, Plan
from localstack.stack import RunningStack

PLAN = Plan(people=12, contacts=40, rounds=3, stands=2, visitors=5, leads=9, concurrency=4)


def test_a_small_day_of_meeting_is_what_the_model_says(stack: RunningStack, person: Callable[[str], Person]) -> None:
    """`make load-contacts` plays a large one."""
    Meetings(stack.endpoint, person("Host"), PLAN, lambda _: None).play()


def test_what_is_withdrawn_or_hidden_is_gone_and_told(person: Callable[[str], Person]) -> None:
    ada, bob, cyd = people = [person(f"Guest{number}") for number in range(3)]
    card: dict[str, Any] = {"phone": "+62 274 555 0100", "visibility": {"email": "everyone", "phone": "confirmed"}}
    codes = {
        who.user_id: who.call("PUT", "/contacts/card", {**card, "name": who.name, "email": who.email}).json()["code"]
        for who in people
    }
    for other in (bob, cyd):
        ada.post("/contacts/exchange", {"code": codes[other.user_id], "nonce": uuid4().hex})
    of = {each["user_id"]: each for each in ada.get("/contacts")["items"]}
    ada.post(f"/contacts/{of[cyd.user_id]['id']}/confirmation", {"confirm": True}, expect=200)
    ada.post(f"/contacts/{of[bob.user_id]['id']}/withdrawal", expect=200)
    assert ada.user_id not in str(bob.get("/contacts"))
    wait_until(lambda: ada.name not in str(bob.get("/notifications?limit=100")["items"]), "no name in the inbox either")
    assert ada.email not in bob.call("GET", "/contacts/export").text
    assert card["phone"] in cyd.call("GET", "/contacts/export", Accept="text/vcard").text
    for holder, kind in ((bob, "contact-withdrawn"), (cyd, "contact-confirmed"), (ada, "contact-awaits")):
        wait_until(lambda h=holder, k=kind: k in str(h.get("/notifications?limit=100")["items"]), kind)  # type: ignore[misc]
    ada.call("PUT", "/contacts/card", {"name": ada.name})
    wait_until(lambda: ada.email not in str(cyd.get("/contacts")), "the card's change at who has it")
