"""What the door does with a code, over a store in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.tickets.codes import EntryCodes
from functions.tickets.devices import Device, DeviceKey, DeviceRefused
from functions.tickets.domain import Attendee, Entry, Presence, Stale, Ticket
from functions.tickets.door import Desk
from functions.tickets.entry_code import EntryCode, NotACode
from functions.tickets.gates import DoorPlan, Gate
from functions.tickets.scans import (
    NonceReused,
    NoSuchScan,
    NothingToAnnul,
    PassedSince,
    Redemption,
    Scan,
    ScanRecord,
    TooLateToAnnul,
)
from functions.tickets.unpaid import Reservation
from functions.tickets.use_cases_door import Held, Keeper, annul_check_in, check_in, check_in_batch
from shared.caller import Caller
from shared.errors import Busy, Forbidden, Invalid, NotFound, Problem
from shared.ids import derived_id
from shared.messages import CheckInAnnulled, TicketCheckedIn

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
CONFERENCE, ELSEWHERE, TYPE = derived_id("cnf", "1"), derived_id("cnf", "2"), derived_id("typ", "1")
ADA = Caller("usr_ada", "ada@example.org", "Ada")
BOB = Caller("usr_bob", "bob@example.org", "Bob", {CONFERENCE: "exhibitor"})
DOOR = Caller("usr_door", "door@example.org", "Dora", {CONFERENCE: "staff"})
HOST = Caller("usr_host", "host@example.org", "Hana", {CONFERENCE: "organizer"})
STRANGER = Caller("usr_other", "other@example.org", "Otto", {ELSEWHERE: "staff"})
CODES = EntryCodes(b"root")


def ticket(number: str = "1", conference_id: str = CONFERENCE) -> Ticket:
    until = NOW + timedelta(days=2)
    entry = EntryCode(
        key_id=1,
        ticket_id=derived_id("tkt", number),
        conference_id=conference_id,
        ticket_type_id=TYPE,
        valid_from=NOW,
        valid_until=until,
    )
    return Ticket(
        id=entry.ticket_id,
        conference_id=conference_id,
        conference_name="Meet",
        order_id="ord_1",
        ticket_type_id=TYPE,
        ticket_type_name="Regular",
        owner_id="usr_ada",
        attendee=Attendee(f"Guest {number}", "guest@example.org"),
        code=CODES.sign(entry),
        valid_from=NOW,
        valid_until=until,
        issued_at=NOW,
        time_zone="Asia/Jakarta",
    )


@dataclass
class DoorInMemory:
    """Implements the port as the table does, and can be told to lose some races first."""

    tickets: dict[str, Ticket] = field(default_factory=dict)
    scans: dict[str, ScanRecord] = field(default_factory=dict)
    messages: list[TicketCheckedIn] = field(default_factory=list)
    annulments: list[CheckInAnnulled] = field(default_factory=list)
    reserved: dict[str, Reservation] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    plan: DoorPlan = field(default_factory=lambda: DoorPlan(CONFERENCE))
    races_to_lose: int = 0

    def desks(self, scans: Sequence[Scan], device_id: str | None) -> list[Desk]:
        device = self.devices.get(device_id) if device_id else None
        return [
            Desk(ticket=self.tickets.get(scan.ticket_id), recorded=self.scans.get(scan.id), plan=self.plan, device=device)
            for scan in scans
        ]

    def admit(self, record: ScanRecord, before: Ticket, after: Presence, message: TicketCheckedIn) -> None:
        if self.tickets[before.id] != before:
            raise Stale
        self.refuse(record)
        self._move(before, after)
        self.messages.append(message)

    def refuse(self, record: ScanRecord) -> None:
        if self.races_to_lose:
            self.races_to_lose -= 1
            raise Stale
        if record.scan.id in self.scans:
            raise Stale
        self.scans[record.scan.id] = record

    def ticket(self, ticket_id: str) -> Ticket | None:
        return self.tickets.get(ticket_id)

    def reservation(self, ticket_id: str) -> Reservation | None:
        return self.reserved.get(ticket_id)

    def device(self, device_id: str) -> Device | None:
        return self.devices.get(device_id)

    def records(self, conference_ids: Sequence[str], operator_id: str, nonce: str) -> list[ScanRecord]:
        ids = [derived_id("scn", each, operator_id, nonce) for each in conference_ids]
        return [self.scans[each] for each in ids if each in self.scans]

    def annul(self, record: ScanRecord, before: Ticket, after: Presence, message: CheckInAnnulled) -> None:
        self.scans[record.scan.id] = record
        self.annulments.append(message)
        self._move(before, after)

    def _move(self, before: Ticket, after: Presence) -> None:
        self.tickets[before.id] = replace(before, status=after.status, first_entry=after.first_entry, last=after.last)


@pytest.fixture
def door() -> DoorInMemory:
    return DoorInMemory({ticket().id: ticket()})


def only(door: DoorInMemory) -> Ticket:
    [found] = door.tickets.values()
    return found


def scan(door: DoorInMemory, nonce: str = "n1", *, keeper: Keeper = DOOR, now: datetime = NOW, **how: Any) -> Redemption:
    held = Held(nonce=nonce, **(how if "code" in how else {**how, "code": only(door).code}))
    return check_in(door, CODES, lambda: now, keeper=keeper, held=held)


def reasons(door: DoorInMemory, *steps: dict[str, Any]) -> list[str | None]:
    return [scan(door, f"n{number}", **step).verdict.cause for number, step in enumerate(steps)]


# the door


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


# by hand, and against the rules


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


# scanners


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


# what was scanned off line


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


# annulling


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
