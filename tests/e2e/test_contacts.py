"""People who meet off line: what each has of the others is what a simple model says."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from localstack.client import Person, wait_until


def test_what_was_scanned_off_line_is_what_each_sees_and_what_is_withdrawn_or_hidden_is_gone(
    person: Callable[[str], Person],
) -> None:
    people = [person(f"Guest{number}") for number in range(4)]
    card: dict[str, Any] = {"phone": "+62 274 555 0100", "visibility": {"email": "everyone", "phone": "confirmed"}}
    codes = {
        who.user_id: who.call("PUT", "/contacts/card", {**card, "name": who.name, "email": who.email}).json()["code"]
        for who in people
    }
    shuffle, began = random.Random(7), datetime.now(UTC) - timedelta(hours=2)
    for number, who in enumerate(people):
        others = [other for other in people if other is not who]
        scans = [
            {"code": codes[other.user_id], "nonce": uuid4().hex, "scanned_at": (began + timedelta(minutes=number)).isoformat()}
            for other in others
        ]
        for batch in (scans[:2], shuffle.sample(scans, 3), scans):
            results = who.post("/contacts/exchange/batch", {"scans": batch}, expect=200)["results"]
            assert all(result["status"] in ("met", "known") for result in results), results
    for who in people:
        listed = who.get("/contacts")["items"]
        assert {each["user_id"] for each in listed} == {other.user_id for other in people if other is not who}
        assert len(listed) == 3
        assert all([scan["by"] for scan in each["scans"]].count("me") == len(each["scans"]) - 1 == 1 for each in listed), listed

    ada, bob, cyd, _ = people
    of = {each["user_id"]: each for each in ada.get("/contacts")["items"]}
    ada.post(f"/contacts/{of[cyd.user_id]['id']}/confirmation", {"confirm": True}, expect=200)
    ada.post(f"/contacts/{of[bob.user_id]['id']}/withdrawal", expect=200)
    assert ada.user_id not in str(bob.get("/contacts"))
    assert ada.email not in bob.call("GET", "/contacts/export").text
    assert card["phone"] in cyd.call("GET", "/contacts/export", Accept="text/vcard").text
    for holder, kind in ((bob, "contact-withdrawn"), (cyd, "contact-confirmed"), (ada, "contact-awaits")):
        wait_until(lambda h=holder, k=kind: k in str(h.get("/notifications?limit=100")["items"]), kind)  # type: ignore[misc]
    ada.call("PUT", "/contacts/card", {"name": ada.name})
    wait_until(lambda: ada.email not in str(cyd.get("/contacts")), "the card's change at who has it")
