"""What the door does with a code, over a store in memory."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.tickets.entry_code import NotACode
from functions.tickets.scans import (
    NonceReused,
)
from functions.tickets.use_cases_door import Held, check_in
from shared.caller import Caller
from shared.errors import Busy, Forbidden, Invalid, NotFound, Problem
from shared.ids import derived_id
from shared.messages import TicketCheckedIn
from tests.unit.door_in_memory import CODES, CONFERENCE, DOOR, ELSEWHERE, HOST, NOW, DoorInMemory, door, only, scan, ticket

__all__ = ["door"]

ADA = Caller("usr_ada", "ada@example.org", "Ada")
BOB = Caller("usr_bob", "bob@example.org", "Bob", {CONFERENCE: "exhibitor"})
STRANGER = Caller("usr_other", "other@example.org", "Otto", {ELSEWHERE: "staff"})


def test_a_ticket_enters_once(door: DoorInMemory) -> None:
    first = scan(door, "n1", gate="North")
    second = scan(door, "n2", now=NOW + timedelta(minutes=1))
    assert first.verdict.reason is None
    assert second.verdict.reason == "already_redeemed"
    assert second.verdict.first_entry is not None
    assert (second.verdict.first_entry.at, second.verdict.first_entry.gate) == (NOW, "North")


def test_the_same_nonce_is_one_scan_for_ever(door: DoorInMemory, capsys: pytest.CaptureFixture[str]) -> None:
    first = scan(door, "n1")
    assert scan(door, "n1", now=NOW + timedelta(days=30)).verdict == first.verdict
    assert [type(message) for message in door.messages] == [TicketCheckedIn]
    assert capsys.readouterr().out.count('"CheckIns":[1.0]') == 1


def test_a_refused_scan_is_kept_and_answered_alike_again(door: DoorInMemory) -> None:
    early = scan(door, "n1", scanned_at=NOW - timedelta(hours=1))
    assert early.verdict.reason == "invalid_time"
    assert scan(door, "n1").verdict == early.verdict
    assert only(door).status == "valid"


def test_a_nonce_cannot_name_two_scans(door: DoorInMemory) -> None:
    scan(door, "n1")
    with pytest.raises(NonceReused):
        scan(door, "n1", direction="exit")


def test_scanners_that_number_their_scans_alike_do_not_share_an_answer(door: DoorInMemory) -> None:
    assert scan(door, "1", keeper=DOOR).verdict.reason is None
    assert scan(door, "1", keeper=HOST).verdict.reason == "already_redeemed"
    assert len(door.scans) == 2


def test_an_entry_is_told_with_who_came_in_where_that_is_not_the_owner(door: DoorInMemory) -> None:
    mine = replace(ticket("2"), is_for_owner=True)
    door.tickets[mine.id] = mine
    for number, each in enumerate(list(door.tickets.values())):
        scan(door, f"n{number}", code=each.code)
    assert [message.attendee_name for message in door.messages] == ["Guest 1", ""]
    assert {message.time_zone for message in door.messages} == {"Asia/Jakarta"}


def test_whoever_left_may_come_back(door: DoorInMemory) -> None:
    answers = [scan(door, f"n{number}", direction=way) for number, way in enumerate(["entry", "exit", "exit", "entry", "entry"])]
    assert [answer.verdict.reason for answer in answers] == [None, None, "rules", None, "already_redeemed"]
    assert [message.direction for message in door.messages] == ["entry", "exit", "entry"]


def test_a_scan_counts_from_when_it_happened(door: DoorInMemory) -> None:
    late = NOW + timedelta(days=3)
    assert scan(door, "n1", now=late, scanned_at=NOW).verdict.reason is None
    entry = only(door).first_entry
    assert entry is not None
    assert entry.at == NOW


def test_the_loser_of_a_race_is_decided_anew(door: DoorInMemory) -> None:
    door.races_to_lose = 2
    assert scan(door).verdict.reason is None


def test_a_race_without_end_is_told_as_such(door: DoorInMemory) -> None:
    door.races_to_lose = 100
    with pytest.raises(Busy):
        scan(door)


def test_a_genuine_code_without_a_ticket_is_refused_and_kept(door: DoorInMemory) -> None:
    code = only(door).code
    door.tickets.clear()
    answer = check_in(door, CODES, lambda: NOW, keeper=DOOR, held=Held(code=code, nonce="n1"))
    assert (answer.verdict.reason, answer.ticket) == ("invalid", None)
    assert len(door.scans) == 1


def test_a_ticket_of_another_conference_is_refused_and_tells_nothing(door: DoorInMemory) -> None:
    answer = scan(door, keeper=STRANGER)
    assert (answer.verdict.reason, answer.verdict.detail, answer.ticket) == (
        "invalid",
        "This ticket is for another conference.",
        None,
    )
    assert not door.scans


@pytest.mark.parametrize("caller", [ADA, BOB])
def test_the_door_is_for_staff(door: DoorInMemory, caller: Caller) -> None:
    with pytest.raises(Forbidden):
        scan(door, keeper=caller)


def test_what_is_not_a_code_is_not_a_ticket(door: DoorInMemory) -> None:
    with pytest.raises(NotACode):
        scan(door, code="KETEMU:E1:NO")


def test_staff_may_vouch_for_somebody_without_a_code(door: DoorInMemory) -> None:
    assert scan(door, code=None, ticket_id=only(door).id).admitted
    assert scan(door, "n2").verdict.cause == "already_inside"


@pytest.mark.parametrize(
    ("how", "keeper", "failure"),
    [
        ({"code": None, "ticket_id": "tkt_none"}, DOOR, NotFound),
        ({"code": None, "ticket_id": derived_id("tkt", "1")}, STRANGER, NotFound),
        ({"code": None}, DOOR, Invalid),
        ({"ticket_id": derived_id("tkt", "1")}, DOOR, Invalid),
    ],
)
def test_who_is_vouched_for_has_a_ticket_here(door: DoorInMemory, how: Any, keeper: Caller, failure: type[Problem]) -> None:
    with pytest.raises(failure):
        scan(door, keeper=keeper, **how)


def test_force_lets_in_against_the_rules_and_says_why_for_ever(door: DoorInMemory) -> None:
    scan(door, "n1")
    forced = scan(door, "n2", force="lost sight of, was outside")
    assert (forced.admitted, forced.verdict.cause) == (True, "already_inside")
    assert forced.record is not None
    assert (forced.record.forced, forced.record.scan.force) == (True, "lost sight of, was outside")


@pytest.mark.parametrize("ended", [{"status": "cancelled"}, {"serial": 2}])
def test_what_is_no_ticket_any_more_cannot_be_forced(door: DoorInMemory, ended: dict[str, Any]) -> None:
    code = only(door).code
    door.tickets[only(door).id] = replace(only(door), **ended)
    refused = scan(door, code=code, force="I know her")
    assert not refused.admitted
    assert refused.verdict.reason in ("canceled", "revoked")
