"""What the door decides of a ticket."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from functions.tickets.domain import Attendee, Direction, Entry, Reason, Scan, ScannedInTheFuture, Status, Ticket

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


def scan(direction: Direction = "entry", at: datetime = NINE, serial: int = 1) -> Scan:
    return Scan(
        nonce="n1",
        conference_id="cnf_1",
        ticket_id="tkt_1",
        serial=serial,
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
    assert replace(TICKET, status=status).judge(scan(direction, at)).reason == reason


def test_the_first_entry_is_kept_through_exit_and_reentry() -> None:
    inside = TICKET.let_through(scan(at=NINE))
    outside = inside.let_through(scan("exit", NINE + timedelta(hours=1)))
    again = outside.let_through(scan(at=NINE + timedelta(hours=2)))
    assert (inside.status, outside.status, again.status) == ("checked_in", "checked_out", "checked_in")
    assert inside.first_entry == outside.first_entry == again.first_entry == Entry(NINE, "South")


def test_a_second_entry_is_told_when_and_where_the_first_was() -> None:
    verdict = replace(TICKET, status="checked_in", first_entry=FIRST).judge(scan())
    assert verdict.first_entry == FIRST
    assert "2026-06-01T09:00:00.000Z" in verdict.detail
    assert "North" in verdict.detail


def test_a_first_entry_without_a_gate_is_told_without_one() -> None:
    verdict = replace(TICKET, status="checked_in", first_entry=Entry(NINE, None)).judge(scan())
    assert verdict.detail == "Already inside; first entered 2026-06-01T09:00:00.000Z."


def test_a_ticket_out_of_its_time_is_told_its_time() -> None:
    detail = TICKET.judge(scan(at=CLOSES)).detail
    assert "2026-06-01T07:00:00.000Z" in detail
    assert "2026-06-03T18:00:00.000Z" in detail


def test_a_verdict_names_nobody() -> None:
    for status in ("valid", "checked_in", "checked_out", "cancelled"):
        for direction in ("entry", "exit"):
            ticket = replace(TICKET, status=status, first_entry=FIRST)  # type: ignore[arg-type]
            assert "Ada" not in ticket.judge(scan(direction)).detail  # type: ignore[arg-type]


def test_a_scanners_clock_may_be_five_minutes_ahead_and_no_more() -> None:
    def scanned(ahead: timedelta) -> Scan:
        return replace(scan(), scanned_at=NINE + ahead)

    assert scanned(timedelta(minutes=5))
    with pytest.raises(ScannedInTheFuture):
        scanned(timedelta(minutes=5, microseconds=1))


@pytest.mark.parametrize("direction", ["entry", "exit"])
@pytest.mark.parametrize("serial", [1, 3])
def test_only_the_latest_code_of_a_ticket_counts(direction: Direction, serial: int) -> None:
    ticket = replace(TICKET, serial=2, status="checked_in" if direction == "exit" else "valid")
    assert ticket.judge(scan(direction, serial=serial)).reason == "revoked"
    assert ticket.judge(scan(direction, serial=2)).reason is None
