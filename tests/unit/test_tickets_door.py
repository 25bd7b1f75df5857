"""What the door decides of a ticket."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest

from functions.tickets.devices import Device
from functions.tickets.domain import Attendee, Entry, Passage, Status, Ticket
from functions.tickets.door import Desk, let_through
from functions.tickets.gates import DoorPlan, Gate, Opening, Reentry
from functions.tickets.scans import REASONS, Cause, Direction, Reason, Scan, ScannedInTheFuture, Verdict

OPENS = datetime(2026, 6, 1, 7, tzinfo=UTC)
CLOSES = datetime(2026, 6, 3, 18, tzinfo=UTC)
NINE = datetime(2026, 6, 1, 9, tzinfo=UTC)
FIRST = Entry(NINE, "North")

TICKET = Ticket(
    id="tkt_1",
    conference_id="cnf_1",
    conference_name="Meet",
    order_id="ord_1",
    ticket_type_id="typ_1",
    ticket_type_name="Regular",
    owner_id="usr_ada",
    attendee=Attendee("Ada", "ada@example.org"),
    code="KETEMU:E1:…",
    valid_from=OPENS,
    valid_until=CLOSES,
    issued_at=OPENS - timedelta(days=30),
)


def judge(ticket: Ticket, held: Scan, *gates: Gate, inside: int = 0, device: Device | None = None) -> Verdict:
    counts = {gate.id: inside for gate in gates}
    desk = Desk(ticket=ticket, recorded=None, plan=DoorPlan("cnf_1", gates, len(gates)), inside=counts, device=device)
    return desk.decide(desk.place(held)).verdict


def passed(ticket: Ticket, held: Scan) -> Ticket:
    presence = let_through(ticket, held)
    return replace(ticket, status=presence.status, first_entry=presence.first_entry, last=presence.last)


def scan(direction: Direction = "entry", at: datetime = NINE) -> Scan:
    return Scan(
        nonce="n1",
        conference_id="cnf_1",
        ticket_id="tkt_1",
        direction=direction,
        gate="South",
        scanned_at=at,
        received_at=max(at, NINE),
        operator_id="usr_door",
    )


@pytest.mark.parametrize(
    ("status", "direction", "at", "reason"),
    [
        ("valid", "entry", NINE, None),
        ("valid", "entry", OPENS, None),
        ("valid", "entry", OPENS - timedelta(microseconds=1), "invalid_time"),
        ("valid", "entry", CLOSES - timedelta(microseconds=1), None),
        ("valid", "entry", CLOSES, "invalid_time"),
        ("valid", "exit", NINE, "rules"),
        ("checked_in", "entry", NINE, "already_redeemed"),
        ("checked_in", "entry", CLOSES, "invalid_time"),
        ("checked_in", "exit", NINE, None),
        ("checked_in", "exit", CLOSES + timedelta(days=1), None),
        ("checked_out", "entry", NINE, None),
        ("checked_out", "exit", NINE, "rules"),
        ("cancelled", "entry", NINE, "canceled"),
        ("cancelled", "exit", NINE, "canceled"),
        ("cancelled", "entry", CLOSES, "canceled"),
    ],
)
def test_the_door_lets_in_who_may_enter_and_out_who_is_inside(
    status: Status, direction: Direction, at: datetime, reason: Reason | None
) -> None:
    first = FIRST if status in ("checked_in", "checked_out") else None
    assert judge(replace(TICKET, status=status, first_entry=first), scan(direction, at)).reason == reason


def test_the_first_entry_is_kept_through_exit_and_reentry() -> None:
    inside = passed(TICKET, scan(at=NINE))
    outside = passed(inside, scan("exit", NINE + timedelta(hours=1)))
    again = passed(outside, scan(at=NINE + timedelta(hours=2)))
    assert (inside.status, outside.status, again.status) == ("checked_in", "checked_out", "checked_in")
    assert inside.first_entry == outside.first_entry == again.first_entry == Entry(NINE, "South")


def test_a_second_entry_is_told_when_and_where_the_first_was() -> None:
    verdict = judge(replace(TICKET, status="checked_in", first_entry=FIRST), scan())
    assert verdict.first_entry == FIRST
    assert "2026-06-01T09:00:00.000Z" in verdict.detail
    assert "North" in verdict.detail


def test_a_first_entry_without_a_gate_is_told_without_one() -> None:
    verdict = judge(replace(TICKET, status="checked_in", first_entry=Entry(NINE, None)), scan())
    assert verdict.detail == "Already inside; first entered 2026-06-01T09:00:00.000Z."


def test_a_ticket_out_of_its_time_is_told_its_time() -> None:
    detail = judge(TICKET, scan(at=CLOSES)).detail
    assert "2026-06-01T07:00:00.000Z" in detail
    assert "2026-06-03T18:00:00.000Z" in detail


def test_a_verdict_names_nobody() -> None:
    for status in ("valid", "checked_in", "checked_out", "cancelled"):
        for direction in ("entry", "exit"):
            ticket = replace(TICKET, status=status, first_entry=FIRST)  # type: ignore[arg-type]
            assert "Ada" not in judge(ticket, scan(direction)).detail  # type: ignore[arg-type]


def test_a_scanners_clock_may_be_five_minutes_ahead_and_no_more() -> None:
    def scanned(ahead: timedelta) -> Scan:
        return replace(scan(), scanned_at=NINE + ahead)

    assert scanned(timedelta(minutes=5))
    with pytest.raises(ScannedInTheFuture):
        scanned(timedelta(minutes=5, microseconds=1))


# gates

NORTH = Gate(id="gat_n", name="North")
SPEAKERS = Gate(id="gat_s", name="South", ticket_type_ids=("typ_speaker",))
MORNING = Gate(id="gat_m", name="South", openings=(Opening(OPENS, NINE), Opening(NINE + timedelta(days=1), CLOSES)))
SMALL = Gate(id="gat_c", name="South", capacity=2)


@pytest.mark.parametrize(
    ("gates", "inside", "at", "cause"),
    [
        ((NORTH,), 0, NINE, "unknown_gate"),
        ((SPEAKERS,), 0, NINE, "wrong_ticket_type"),
        ((replace(SPEAKERS, ticket_type_ids=("typ_speaker", "typ_1")),), 0, NINE, None),
        ((MORNING,), 0, NINE - timedelta(milliseconds=1), None),
        ((MORNING,), 0, NINE, "gate_closed"),
        ((MORNING,), 0, NINE + timedelta(days=1), None),
        ((SMALL,), 1, NINE, None),
        ((SMALL,), 2, NINE, "gate_full"),
        ((NORTH, replace(NORTH, id="gat_2", name="SOUTH")), 0, NINE, None),
        ((replace(NORTH, id="gat_2", name="South"),), 0, OPENS - timedelta(milliseconds=1), "too_early"),
        ((replace(NORTH, id="gat_2", name="South"),), 0, CLOSES, "too_late"),
    ],
)
def test_a_gate_admits_whom_and_when_and_how_many_it_says(
    gates: tuple[Gate, ...], inside: int, at: datetime, cause: Cause | None
) -> None:
    assert judge(TICKET, scan(at=at), *gates, inside=inside).cause == cause


def test_whoever_is_inside_may_leave_by_any_gate_at_any_time() -> None:
    inside = replace(TICKET, status="checked_in", first_entry=FIRST)
    for gate in (NORTH, SPEAKERS, MORNING, SMALL):
        assert judge(inside, scan("exit", CLOSES + timedelta(days=9)), gate, inside=9).cause is None


@pytest.mark.parametrize(
    ("reentry", "after_exit", "next_day", "unscanned_exit"),
    [
        ("never", "already_used", "already_used", "already_used"),
        ("after_exit", None, "already_inside", "already_inside"),
        ("each_day", None, None, "already_inside"),
        ("always", None, None, None),
    ],
)
def test_a_gate_says_who_may_come_in_again(
    reentry: Reentry, after_exit: Cause | None, next_day: Cause | None, unscanned_exit: Cause | None
) -> None:
    gate = Gate(id="gat_s", name="South", reentry=reentry)
    inside = passed(TICKET, scan())
    outside = passed(inside, scan("exit", NINE + timedelta(hours=1)))
    assert judge(outside, scan(at=NINE + timedelta(hours=2)), gate).cause == after_exit
    assert judge(inside, scan(at=NINE + timedelta(days=1)), gate).cause == next_day
    assert judge(inside, scan(at=NINE + timedelta(hours=2)), gate).cause == unscanned_exit


def test_a_day_is_one_of_the_conference() -> None:
    gate = Gate(id="gat_s", name="South", reentry="each_day")
    late = NINE + timedelta(hours=8, minutes=30)  # 17:30 in UTC is the next day in Jakarta
    assert judge(passed(TICKET, scan()), scan(at=late), gate).cause == "already_inside"
    jakarta = replace(TICKET, time_zone="Asia/Jakarta")
    assert judge(passed(jakarta, scan()), scan(at=late), gate).cause is None


def test_a_replaced_code_is_told_apart() -> None:
    verdict = judge(TICKET, replace(scan(), serial=2))
    assert (verdict.reason, verdict.cause) == ("revoked", "replaced_code")


def test_a_passage_that_is_heard_of_late_leaves_the_latest_as_it_is() -> None:
    latest = Passage(NINE + timedelta(hours=1), "scn_9")
    ticket = replace(TICKET, status="checked_out", first_entry=Entry(NINE, "North"), last=latest)
    presence = let_through(ticket, scan(at=OPENS))
    assert (presence.status, presence.first_entry, presence.last) == ("checked_out", Entry(OPENS, "South"), latest)


def test_the_page_of_the_door_has_each_reason_with_its_causes() -> None:
    page = (Path(__file__).parents[2] / "docs" / "door.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", page, re.MULTILINE))
    told = {reason: set(re.findall(r"`(\w+)`", rows.get(reason, ""))) for reason in set(REASONS.values())}
    assert told == {reason: {cause for cause, of in REASONS.items() if of == reason} for reason in told}
    assert set(get_args(Reason)) == set(told)
