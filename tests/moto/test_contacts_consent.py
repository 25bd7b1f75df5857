"""What each sees of the other is what that one shows them now: by their card, and by what they decided about this one."""

from datetime import timedelta
from typing import Any

import pytest

from functions.contacts import worker
from functions.contacts.api import handler
from functions.contacts.domain import Pair
from functions.contacts.dynamo import DynamoExchanges
from functions.contacts.dynamo_people import DynamoPeople
from functions.contacts.use_cases_copies import refresh_copies
from shared.caller import Caller
from shared.clock import iso, now
from shared.errors import Busy
from shared.messages import CardChanged, ContactConfirmed, ContactExchanged, ContactWithdrawn, MembershipChanged, Message
from tests.moto.contacts import ADA, BOB, CYD, code_at, exchange, kinds_with, listed, put_card
from tests.support import Answer, Table, call, deliver

PHONE = "+44 20 7946 0000"
ASKS = {"email": "ada@example.org", "phone": PHONE, "visibility": {"phone": "confirmed"}}


class Later:
    """Holds what comes later."""

    def __init__(self) -> None:
        self.held: list[Message] = []

    def send(self, message: Message, seconds: int) -> None:
        self.held.append(message)


def act(who: Caller, method: str, contact: Any, what: str, body: Any = None) -> Answer:
    return call(handler, method, f"/contacts/{contact['id']}/{what}", body, caller=who)


def met(table: Table, **card: Any) -> tuple[Any, Any]:
    """What Ada and Bob have of each other after Bob scanned Ada."""
    put_card(BOB)
    of_ada = exchange(BOB, put_card(ADA, **card)["code"], "n1", note="tea").json
    (of_bob,) = listed(ADA)["items"]
    return of_bob, of_ada


def follow(table: Table) -> Later:
    """Let the copies follow all changes of cards."""
    later = Later()
    for message in table.outbox():
        if isinstance(message, CardChanged):
            refresh_copies(DynamoExchanges(), DynamoPeople(), later, message)
    return later


def told(table: Table, kind: type[Message]) -> list[Any]:
    return [message for message in table.outbox() if isinstance(message, kind)]


def test_what_waits_for_confirmation_is_shown_after_it(table: Table) -> None:
    of_bob, of_ada = met(table, **ASKS)
    (exchanged,) = told(table, ContactExchanged)
    assert (exchanged.scanner_asked, exchanged.scanned_asked) == (False, True)
    assert (of_ada["phone"], of_bob["shown"]["confirmation"]) == (None, "pending")
    assert listed(ADA, "?awaiting=true")["items"] == [of_bob]
    assert listed(BOB, "?awaiting=true")["items"] == []
    answer = act(ADA, "POST", of_bob, "confirmation", {"confirm": True})
    assert (answer.status, answer.json["shown"]["confirmation"]) == (200, "confirmed")
    (seen,) = listed(BOB)["items"]
    assert (seen["phone"], seen["email"], seen["note"]) == (PHONE, None, "tea")
    assert listed(ADA, "?awaiting=true")["items"] == []
    assert [message.holder_id for message in told(table, ContactConfirmed)] == [BOB.user_id]


def test_what_is_not_confirmed_is_not_shown(table: Table) -> None:
    of_bob, _ = met(table, **ASKS)
    assert act(ADA, "POST", of_bob, "confirmation", {"confirm": False}).json["shown"]["confirmation"] == "declined"
    assert listed(BOB)["items"][0]["phone"] is None
    assert listed(ADA, "?awaiting=true")["items"] == []


def test_one_contact_is_shown_more_or_fewer_fields(table: Table) -> None:
    of_bob, _ = met(table, **ASKS, company="Engines")
    assert act(ADA, "PUT", of_bob, "shown", {"fields": {"email": True, "company": False}}).status == 200
    (seen,) = listed(BOB)["items"]
    assert (seen["email"], seen["company"], seen["name"]) == ("ada@example.org", None, "Ada")
    (withdrawn,) = told(table, ContactWithdrawn)
    assert (withdrawn.holder_id, withdrawn.whole) == (BOB.user_id, False)
    unknown = act(ADA, "PUT", of_bob, "shown", {"fields": {"links": True}})
    assert (unknown.status, unknown.problem()) == (422, "no-such-field")


def test_what_is_withdrawn_is_lost_to_the_other_wherever_it_was(table: Table) -> None:
    of_bob, of_ada = met(table, email="ada@example.org", visibility={"email": "everyone"})
    for _ in range(2):
        assert act(ADA, "POST", of_bob, "withdrawal").status == 200
    assert listed(BOB)["items"] == []
    for accept in ("application/json", "text/vcard"):
        assert call(handler, "GET", f"/contacts/{of_ada['id']}", caller=BOB, headers={"accept": accept}).status == 404
    assert kinds_with(table, "ada@example.org") == {"Attendee", "Code"}
    assert kinds_with(table, '"tea"') == set()
    (message,) = told(table, ContactWithdrawn)
    assert (message.holder_id, message.whole) == (BOB.user_id, True)
    assert "Ada" not in message.to_json()
    assert len(listed(ADA)["items"]) == 1
    again = exchange(BOB, put_card(ADA)["code"], "n2")  # a code that he kept is no way back
    assert (again.status, again.problem()) == (404, "unknown-code")


def test_whoever_withdrew_and_scans_again_is_seen_again(table: Table) -> None:
    of_bob, _ = met(table)
    act(ADA, "POST", of_bob, "withdrawal")
    code = put_card(BOB)["code"]
    assert exchange(ADA, code, "late", scanned_at=iso(now() - timedelta(hours=1))).status == 200
    assert listed(BOB)["items"] == []  # that was before
    assert exchange(ADA, code, "n1", scanned_at=iso(now() + timedelta(seconds=2))).status == 200
    assert [contact["name"] for contact in listed(BOB)["items"]] == ["Ada"]


def test_whom_one_has_blocked_learns_nothing_and_meets_nobody(table: Table) -> None:
    of_bob, _ = met(table)
    for _ in range(2):
        assert act(ADA, "POST", of_bob, "block").status == 204
    code = put_card(ADA)["code"]
    refused, unknown = exchange(BOB, code, "n2"), exchange(BOB, "KETEMU:C1:" + "A" * 32, "n2")
    assert (refused.status, refused.json) == (404, unknown.json)
    assert exchange(ADA, put_card(BOB)["code"], "n1").problem() == "unknown-code"
    put_card(CYD)
    assert exchange(CYD, code, "n1").status == 201
    assert call(handler, "GET", "/contacts/blocked", caller=ADA).json["items"] == [{"id": BOB.user_id}]
    assert call(handler, "DELETE", f"/contacts/blocked/{BOB.user_id}", caller=ADA).status == 204
    assert exchange(ADA, put_card(BOB)["code"], "n2").status == 200
    assert len(listed(BOB)["items"]) == 1


class Rival(DynamoExchanges):
    """Changes what is about to be written, once: the other writes a note."""

    def __init__(self, contact_id: str) -> None:
        self.contact_id: str | None = contact_id

    def settle(self, before: Pair, after: Pair, **how: Any) -> bool:
        if self.contact_id:
            noted, self.contact_id = self.contact_id, None
            call(handler, "PATCH", f"/contacts/{noted}", {"note": "written meanwhile"}, caller=BOB)
        return super().settle(before, after, **how)


def test_a_copy_that_is_changed_meanwhile_follows_at_once(table: Table) -> None:
    _, of_ada = met(table, email="ada@example.org", visibility={"email": "everyone"})
    put_card(ADA)
    for message in told(table, CardChanged):
        refresh_copies(Rival(of_ada["id"]), DynamoPeople(), Later(), message)
    (seen,) = listed(BOB)["items"]
    assert (seen["email"], seen["note"]) == (None, "written meanwhile")


class Unlucky(DynamoExchanges):
    """One whose copy of Ada's card is changed each time that it is to be written."""

    def __init__(self, owner_id: str) -> None:
        self.owner_id = owner_id

    def settle(self, before: Pair, after: Pair, **how: Any) -> bool:
        return before.theirs.owner_id != self.owner_id and super().settle(before, after, **how)


def test_one_copy_that_cannot_be_written_holds_up_no_other_and_is_tried_again(table: Table) -> None:
    shown: dict[str, Any] = {"email": "ada@example.org", "visibility": {"email": "everyone"}}
    met(table, **shown)
    put_card(CYD)
    exchange(CYD, put_card(ADA, **shown)["code"], "n2")
    put_card(ADA)
    [message] = told(table, CardChanged)
    with pytest.raises(Busy):
        refresh_copies(Unlucky(BOB.user_id), DynamoPeople(), Later(), message)
    assert [listed(who)["items"][0]["email"] for who in (BOB, CYD)] == ["ada@example.org", None]
    refresh_copies(DynamoExchanges(), DynamoPeople(), Later(), message)
    assert listed(BOB)["items"][0]["email"] is None


def test_a_withdrawal_from_who_took_one_off_their_list_is_told_as_that_once(table: Table) -> None:
    of_bob, of_ada = met(table)
    call(handler, "DELETE", f"/contacts/{of_ada['id']}", caller=BOB)
    for _ in range(2):
        assert act(ADA, "POST", of_bob, "withdrawal").status == 200
    [message] = told(table, ContactWithdrawn)
    assert (message.whole, message.listed, message.holder_id) == (True, False, BOB.user_id)


def test_the_copies_follow_the_card_and_once_more_for_what_was_under_way(table: Table) -> None:
    met(table, company="Engines", email="ada@example.org", visibility={"email": "everyone"})
    put_card(ADA, title="Countess", email="ada@example.org")
    later = follow(table)
    (seen,) = listed(BOB)["items"]
    assert (seen["company"], seen["title"], seen["email"], seen["note"]) == (None, "Countess", None, "tea")
    assert [isinstance(message, CardChanged) and message.again for message in later.held] == [True]
    before = table.items()
    follow(table)
    assert table.items() == before


def test_a_person_sees_who_holds_what_of_them_also_off_their_list(table: Table) -> None:
    of_bob, _ = met(table, company="Engines", email="ada@example.org", visibility={"email": "everyone"})
    call(handler, "DELETE", f"/contacts/{of_bob['id']}", caller=ADA)
    (holder,) = call(handler, "GET", "/contacts/holders", caller=ADA).json["items"]
    assert (holder["contact_id"], holder["user_id"], holder["sees"]) == (of_bob["id"], BOB.user_id, ["name", "company", "email"])
    act(ADA, "POST", of_bob, "withdrawal")
    assert call(handler, "GET", "/contacts/holders", caller=ADA).json["items"] == []


def test_a_conference_has_a_card_of_its_own_and_else_the_general_one(table: Table) -> None:
    put_card(ADA, company="Engines")
    at = code_at("cnf_1", ADA, BOB)
    url = "/contacts/card?conference_id=cnf_1"
    assert call(handler, "GET", url, caller=ADA).json["inherited"] is True
    own = call(handler, "PUT", url, {"name": "Ada", "company": "Looms"}, caller=ADA).json
    assert (own["inherited"], own["conference_id"], own["code"]) == (False, "cnf_1", at)
    assert exchange(BOB, at, "n1").json["company"] == "Looms"
    assert exchange(BOB, call(handler, "GET", "/contacts/card", caller=ADA).json["code"], "n2").json["company"] == "Engines"
    assert len(listed(BOB)["items"]) == 2  # once in each place
    assert listed(BOB, "?conference_id=cnf_1")["items"][0]["company"] == "Looms"
    assert call(handler, "DELETE", url, caller=ADA).status == 204
    assert call(handler, "GET", url, caller=ADA).json["company"] == "Engines"


def test_attendees_and_exhibitors_see_different_things_and_a_team_meets_as_one(table: Table) -> None:
    visibility = {"email": {"attendees": "nobody", "exhibitors": "everyone"}}
    put_card(ADA, email="ada@example.org", visibility=visibility)
    for who in (BOB, CYD):
        put_card(who)
        joined = MembershipChanged(
            conference_id="cnf_1", user_id=who.user_id, role="exhibitor", revision=1, company="Warung  software"
        )
        assert deliver(worker.handler, joined) == []
    code = code_at("cnf_1", ADA)
    first, second = exchange(BOB, code, "n1"), exchange(CYD, code, "n1")
    assert (first.status, second.status) == (201, 200)
    assert (first.json["email"], first.json["shared"], first.json["id"]) == ("ada@example.org", True, second.json["id"])
    assert [scan["by"] for scan in second.json["scans"]] == ["me", "me"]
    (seen,) = listed(ADA)["items"]
    assert (seen["exhibitor"], seen["user_id"], len(seen["scans"])) == ("Warung  software", BOB.user_id, 2)
    (holder,) = call(handler, "GET", "/contacts/holders", caller=ADA).json["items"]
    assert (holder["exhibitor_id"], holder["sees"]) == (seen["exhibitor_id"], ["name", "email"])
    assert act(ADA, "POST", seen, "withdrawal").status == 200
    assert kinds_with(table, "ada@example.org") == {"Attendee", "Code"}


# Codes


def screen_code(who: Caller, **headers: str) -> Answer:
    return call(handler, "POST", "/contacts/card/screen-code", caller=who, headers=headers)


def test_a_code_for_one_use_serves_one_person(table: Table) -> None:
    for who in (ADA, BOB, CYD):
        put_card(who)
    code = screen_code(ADA).json["code"]
    assert exchange(BOB, code, "n1").status == 201
    assert exchange(BOB, code, "n1").status == 200
    refused = exchange(CYD, code, "n1")
    assert (refused.status, refused.json) == (404, exchange(CYD, "KETEMU:C1:" + "A" * 32, "n2").json)


def test_the_same_command_gives_the_same_code_and_picture(table: Table) -> None:
    put_card(ADA)
    first, again = (screen_code(ADA, **{"idempotency-key": "k"}) for _ in range(2))
    assert (first.status, first.json) == (201, again.json)
    assert screen_code(ADA, **{"idempotency-key": "k", "accept": "image/png"}).headers["Content-Type"] == "image/png"


def test_a_code_counts_that_was_good_when_it_was_scanned(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    put_card(BOB)
    code, scanned_at = put_card(ADA)["code"], iso(now() + timedelta(days=29))
    for module in ("api_exchange", "api_cards"):
        monkeypatch.setattr(f"functions.contacts.{module}.now", lambda: now() + timedelta(days=31))
    refused = exchange(BOB, code, "n1")
    assert (refused.status, refused.problem()) == (404, "unknown-code")
    assert exchange(BOB, code, "n2", scanned_at=scanned_at).status == 201
    renewed = call(handler, "GET", "/contacts/card", caller=ADA).json["code"]
    assert renewed != code
    put_card(CYD)
    assert exchange(CYD, code, "n1", scanned_at=scanned_at).status == 201
    monkeypatch.setattr("functions.contacts.api_exchange.now", lambda: now() + timedelta(days=38))
    dot = Caller("usr_dot", "dot@example.org", "Dot")
    put_card(dot)
    assert exchange(dot, code, "n1", scanned_at=scanned_at).status == 404


def test_guessing_is_slowed_down_and_real_codes_with_it(table: Table) -> None:
    put_card(BOB)
    code = put_card(ADA)["code"]
    scans = [{"code": f"KETEMU:C1:{number}", "nonce": f"n{number}", "scanned_at": iso(now())} for number in range(30)]
    for scan in scans:
        assert exchange(BOB, **scan).status == 404
    slowed = exchange(BOB, code, "n1")
    assert (slowed.status, slowed.problem()) == (429, "too-many-attempts")
    assert 0 < int(slowed.headers["Retry-After"]) <= 600
    assert call(handler, "POST", "/contacts/exchange/batch", {"scans": scans}, caller=BOB).status == 429
    put_card(CYD)
    assert exchange(CYD, code, "n1").status == 201


# Off line


def test_a_batch_may_be_repeated_and_reordered_and_keeps_the_times(table: Table, one_at_a_time: None) -> None:
    put_card(ADA)
    early, late = iso(now() - timedelta(hours=3)), iso(now() - timedelta(hours=2))
    codes = {who.user_id: put_card(who)["code"] for who in (BOB, CYD)}
    scans = [
        {"code": codes[BOB.user_id], "nonce": "b2", "scanned_at": late, "note": "tea"},
        {"code": codes[CYD.user_id], "nonce": "c1", "scanned_at": late, "tags": ["hiring"]},
        {"code": codes[BOB.user_id], "nonce": "b1", "scanned_at": early},
        {"code": "nothing", "nonce": "x", "scanned_at": late},
    ]
    for batch, known in ((scans[:2], {"met"}), (scans[::-1], {"known"}), (scans, {"known"})):
        answer = call(handler, "POST", "/contacts/exchange/batch", {"scans": batch}, caller=ADA)
        assert answer.status == 200
        results = {result["nonce"]: result for result in answer.json["results"]}
        assert [result["nonce"] for result in answer.json["results"]] == [scan["nonce"] for scan in batch]
        assert {result["status"] for nonce, result in results.items() if nonce != "x"} == known
    assert (results["x"]["status"], results["x"]["problem"]) == ("error", "unknown-code")
    cyd, bob = listed(ADA)["items"]
    assert (bob["note"], bob["met_at"][:19], cyd["tags"], cyd["met_at"][:19]) == ("tea", early[:19], ["hiring"], late[:19])
    (mutual,) = listed(BOB)["items"]
    assert (mutual["note"], mutual["met_at"], mutual["scans"]) == (None, bob["met_at"], [{"by": "them", "at": bob["met_at"]}])
    assert len(told(table, ContactExchanged)) == 2
