"""What the door does with a scanner: its own credential, what it saw off line, what it annuls."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.tickets.devices import Device, DeviceKey, DeviceRefused
from functions.tickets.domain import Entry
from functions.tickets.entry_code import NotACode
from functions.tickets.gates import DoorPlan, Gate
from functions.tickets.scans import (
    NoSuchScan,
    NothingToAnnul,
    PassedSince,
    Redemption,
    TooLateToAnnul,
)
from functions.tickets.use_cases_door import Held, Keeper, annul_check_in, check_in_batch
from shared.errors import Forbidden
from shared.ids import derived_id
from tests.unit.door_in_memory import CODES, CONFERENCE, DOOR, ELSEWHERE, HOST, NOW, DoorInMemory, door, only, scan, ticket

__all__ = ["door"]


def paired(door: DoorInMemory, conference_id: str = CONFERENCE, **how: Any) -> DeviceKey:
    device = Device(
        id=derived_id("dev", str(len(door.devices))),
        conference_id=conference_id,
        name="One",
        created_at=NOW,
        created_by="usr_host",
        **how,
    )
    offered, code = device.offer(NOW)
    door.devices[device.id], key = offered.pair(code, NOW)
    return key


def test_a_scanner_scans_with_its_own_credential(door: DoorInMemory) -> None:
    key = paired(door)
    admitted = scan(door, keeper=key)
    assert admitted.record is not None
    assert (admitted.admitted, admitted.record.scan.operator_id) == (True, key.device_id)


def test_a_wrong_secret_or_a_revoked_scanner_opens_nothing(door: DoorInMemory) -> None:
    key = paired(door)
    with pytest.raises(DeviceRefused):
        scan(door, keeper=replace(key, secret="A" * 32))
    with pytest.raises(DeviceRefused):
        scan(door, keeper=replace(key, conference_id=ELSEWHERE))
    door.devices[key.device_id] = replace(door.devices[key.device_id], revoked_at=NOW)
    with pytest.raises(DeviceRefused):
        scan(door, keeper=key)
    assert not door.scans


def test_a_ticket_of_another_conference_is_told_apart_and_the_failed_scan_kept(door: DoorInMemory) -> None:
    answer = scan(door, keeper=paired(door), code=ticket("9", ELSEWHERE).code)
    assert (answer.verdict.reason, answer.verdict.cause, answer.ticket) == ("invalid", "another_conference", None)
    [kept] = door.scans.values()
    assert kept.scan.conference_id == CONFERENCE


def test_a_scanner_keeps_its_gates_and_the_only_one_without_saying_so(door: DoorInMemory) -> None:
    north, south = Gate(id="gat_n", name="North"), Gate(id="gat_s", name="South")
    door.plan = DoorPlan(CONFERENCE, (north, south), 1)
    key = paired(door, gate_ids=("gat_n",))
    assert scan(door, "n1", keeper=key, gate="South").verdict.cause == "another_gate"
    assert scan(door, "n2", keeper=key).admitted
    assert only(door).first_entry == Entry(NOW, "North")


def test_only_a_scanner_that_may_force_does(door: DoorInMemory) -> None:
    scan(door, "n0")
    with pytest.raises(Forbidden):
        scan(door, "n1", keeper=paired(door), force="because I say so")
    assert scan(door, "n1", keeper=paired(door, may_force=True), force="because I say so").admitted


def test_a_scanner_lets_in_by_code_only(door: DoorInMemory) -> None:
    with pytest.raises(Forbidden):
        scan(door, keeper=paired(door), code=None, ticket_id=only(door).id)


def test_who_was_let_in_off_line_is_in_and_it_is_kept_what_speaks_against_it(door: DoorInMemory) -> None:
    scan(door, "n1", gate="North")
    late = scan(door, "n2", gate="South", scanned_at=NOW + timedelta(minutes=3), now=NOW + timedelta(hours=1), decided="admitted")
    assert (late.admitted, late.verdict.cause) == (True, "already_inside")
    assert late.record is not None
    assert late.record.scan.scanned_at < late.record.scan.received_at


def test_who_was_refused_off_line_stays_out(door: DoorInMemory) -> None:
    refused = scan(door, decided="refused")
    assert (refused.admitted, refused.verdict.reason) == (False, "error")
    assert only(door).status == "valid"


def test_what_comes_in_late_changes_the_past_and_not_the_present(door: DoorInMemory) -> None:
    scan(door, "n1", gate="North", scanned_at=NOW + timedelta(minutes=10), now=NOW + timedelta(hours=1))
    scan(door, "n2", direction="exit", scanned_at=NOW + timedelta(minutes=20), now=NOW + timedelta(hours=1))
    scan(door, "n3", gate="South", scanned_at=NOW, now=NOW + timedelta(hours=2), decided="admitted")
    assert (only(door).status, only(door).first_entry) == ("checked_out", Entry(NOW, "South"))


def test_a_batch_is_answered_in_its_order_and_one_bad_scan_holds_up_none(door: DoorInMemory) -> None:
    other = ticket("2")
    door.tickets[other.id] = other
    mine = ticket("1").code
    batch = [
        Held(nonce="late", code=mine, scanned_at=NOW + timedelta(minutes=9), decided="admitted"),
        Held(nonce="bad", code="KETEMU:E1:NO", scanned_at=NOW, decided="admitted"),
        Held(nonce="first", code=mine, scanned_at=NOW, decided="admitted"),
        Held(nonce="other", code=other.code, scanned_at=NOW, decided="admitted"),
    ]
    for _ in range(2):
        late, bad, first, second = check_in_batch(door, CODES, lambda: NOW + timedelta(hours=1), keeper=DOOR, batch=batch)
        assert isinstance(bad, NotACode)
        assert isinstance(late, Redemption)
        assert isinstance(first, Redemption)
        assert isinstance(second, Redemption)
        assert [each.verdict.cause for each in (late, first, second)] == ["already_inside", None, None]
    assert len(door.scans) == 3


def test_a_batch_of_a_scanner_that_is_not_known_is_refused_as_a_whole(door: DoorInMemory) -> None:
    batch = [Held(nonce="n1", code=only(door).code, scanned_at=NOW)]
    with pytest.raises(DeviceRefused):
        check_in_batch(door, CODES, lambda: NOW, keeper=DeviceKey("dev_1", CONFERENCE, "A" * 32), batch=batch)


def annul(door: DoorInMemory, nonce: str = "n1", *, keeper: Keeper = DOOR, now: datetime = NOW) -> Redemption:
    return annul_check_in(door, lambda: now, keeper=keeper, nonce=nonce)


def test_an_annulled_entry_leaves_the_ticket_as_it_was(door: DoorInMemory) -> None:
    before = only(door)
    scan(door, "n1", gate="North")
    for _ in range(2):
        annulled = annul(door, now=NOW + timedelta(minutes=15))
        assert annulled.record is not None
        assert annulled.record.annulled_at == NOW + timedelta(minutes=15)
    assert only(door) == before
    assert [(told.ticket_id, told.direction) for told in door.annulments] == [(before.id, "entry")]
    assert scan(door, "n1").record == annulled.record
    assert scan(door, "n2").admitted


def test_an_annulled_exit_leaves_the_holder_inside(door: DoorInMemory) -> None:
    scan(door, "n1", gate="North")
    inside = only(door)
    scan(door, "n2", direction="exit", scanned_at=NOW + timedelta(minutes=1), now=NOW + timedelta(minutes=1))
    annul(door, "n2", now=NOW + timedelta(minutes=2))
    assert only(door) == inside


def test_only_who_scanned_annuls_in_time_and_what_came_last(door: DoorInMemory) -> None:
    scan(door, "n1")
    scan(door, "n2")
    with pytest.raises(NoSuchScan):
        annul(door, keeper=HOST)
    with pytest.raises(NothingToAnnul):
        annul(door, "n2")
    with pytest.raises(TooLateToAnnul):
        annul(door, now=NOW + timedelta(minutes=15, seconds=1))
    scan(door, "n3", direction="exit", scanned_at=NOW + timedelta(minutes=1), now=NOW + timedelta(minutes=1))
    with pytest.raises(PassedSince):
        annul(door, now=NOW + timedelta(minutes=2))
