"""The door: one entry a ticket, one record a scan, whatever comes twice or at once, and what it costs."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError

from bench.meter import Meter
from functions.tickets import api, use_cases_door, worker
from functions.tickets.dynamo_door import DynamoDoor
from functions.tickets.items_door import ScanItem
from functions.tickets.scans import ScanRecord
from functions.tickets.secret import entry_codes
from functions.tickets.use_cases_door import Held
from shared.clock import iso, now, parse
from shared.messages import TicketCheckedIn
from tests.moto.conftest import CallNext, Intercept
from tests.moto.tickets import (
    ADA,
    CONFERENCE,
    DOOR,
    HOST,
    STRANGER,
    add_gate,
    check_in,
    hand_in,
    issued,
    keep_secret,
    order_paid,
    paired,
)
from tests.support import Table, call, deliver


@pytest.fixture(autouse=True)
def secret(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_secret(monkeypatch)


def scans(table: Table) -> list[ScanRecord]:
    return [ScanItem.get(item["pk"], item["sk"]).domain() for item in table.items() if item["kind"] == "TicketScan"]


def checked_in(table: Table) -> list[TicketCheckedIn]:
    return [message for message in table.outbox() if isinstance(message, TicketCheckedIn)]


def test_a_first_scan_lets_in_and_says_whom(table: Table) -> None:
    ticket = issued()
    answer = check_in(ticket["code"], gate="North")
    assert (answer.status, answer.json) == (
        200,
        {
            "status": "ok",
            "reason": None,
            "cause": None,
            "detail": "Welcome.",
            "admitted": True,
            "forced": False,
            "ticket": {"id": ticket["id"], "ticket_type_name": "Regular", "attendee_name": "Grace"},
            "first_entry": None,
            "annulled_at": None,
        },
    )


def test_an_organizer_may_keep_the_door(table: Table) -> None:
    assert check_in(issued()["code"], caller=HOST).json["status"] == "ok"


def test_a_second_scan_is_refused_with_the_time_and_gate_of_the_first(table: Table) -> None:
    ticket, at = issued(), now() - timedelta(minutes=10)
    check_in(ticket["code"], "n1", gate="North", scanned_at=iso(at))
    answer = check_in(ticket["code"], "n2", gate="South").json
    assert (answer["status"], answer["reason"]) == ("error", "already_redeemed")
    assert (parse(answer["first_entry"]["at"]), answer["first_entry"]["gate"]) == (at, "North")
    assert iso(at) in answer["detail"]
    assert answer["ticket"]["attendee_name"] == "Grace"


def test_the_bus_hears_of_the_entry_and_of_the_exit(table: Table) -> None:
    ticket = issued()
    check_in(ticket["code"], "n1", gate="North")
    check_in(ticket["code"], "n2", type="exit")
    told = checked_in(table)
    assert [(message.direction, message.gate) for message in told] == [("entry", "North"), ("exit", None)]
    assert {(message.ticket_id, message.owner_id, message.conference_id) for message in told} == {
        (ticket["id"], ADA.user_id, CONFERENCE)
    }


def test_whoever_left_may_come_back_and_the_first_entry_stays(table: Table) -> None:
    ticket = issued()
    reasons = [
        check_in(ticket["code"], f"n{number}", type=way, gate=f"G{number}").json["reason"]
        for number, way in enumerate(["exit", "entry", "exit", "exit", "entry", "entry"])
    ]
    assert reasons == ["rules", None, None, "rules", None, "already_redeemed"]
    now = call(api.handler, "GET", f"/tickets/{ticket['id']}", caller=ADA).json
    assert (now["status"], now["checked_in"]["gate"]) == ("checked_in", "G1")


def test_outside_its_time_a_ticket_does_not_admit(table: Table) -> None:
    ticket = issued(opens=now() + timedelta(hours=1))
    answer = check_in(ticket["code"]).json
    assert (answer["reason"], answer["first_entry"]) == ("invalid_time", None)
    assert iso(parse(ticket["valid_from"])) in answer["detail"]


def test_a_scan_that_comes_late_counts_from_when_it_happened(table: Table) -> None:
    ticket = issued(opens=now() - timedelta(days=9))
    assert check_in(ticket["code"], "n1").json["reason"] == "invalid_time"
    assert check_in(ticket["code"], "n2", scanned_at=iso(now() - timedelta(days=8))).json["status"] == "ok"


def test_an_instant_may_come_in_any_time_zone(table: Table) -> None:
    ticket, at = issued(), now()
    check_in(ticket["code"], scanned_at=at.astimezone(timezone(timedelta(hours=7))).isoformat())
    entered_at = call(api.handler, "GET", f"/tickets/{ticket['id']}", caller=ADA).json["checked_in"]["at"]
    assert (entered_at[-1], parse(entered_at)) == ("Z", at)


@pytest.mark.parametrize("refused", [False, True])
def test_the_same_nonce_gets_the_same_answer_and_writes_nothing(table: Table, refused: bool) -> None:
    ticket = issued()
    if refused:
        check_in(ticket["code"], "n0", gate="North")
    first = check_in(ticket["code"], "n1", gate="South")
    before = table.items()
    again = check_in(ticket["code"], "n1", gate="West")
    assert (again.status, again.json) == (first.status, first.json)
    assert table.items() == before


def test_two_scanners_with_the_same_nonce_are_two_scans(table: Table) -> None:
    code = issued()["code"]
    assert check_in(code, "1", caller=DOOR).json["status"] == "ok"
    again = check_in(code, "1", caller=HOST).json
    assert (again["status"], again["reason"]) == ("error", "already_redeemed")
    assert {(record.scan.operator_id, record.verdict.reason) for record in scans(table)} == {
        (DOOR.user_id, None),
        (HOST.user_id, "already_redeemed"),
    }
    assert len(checked_in(table)) == 1


def test_a_refused_scan_stays_on_record_with_its_reason(table: Table) -> None:
    ticket = issued()
    check_in(ticket["code"], "n1")
    check_in(ticket["code"], "n2")
    assert {record.scan.nonce: record.verdict.reason for record in scans(table)} == {"n1": None, "n2": "already_redeemed"}
    assert len(checked_in(table)) == 1


def test_a_record_of_a_scan_names_nobody_who_was_scanned(table: Table) -> None:
    check_in(issued()["code"])
    assert "Grace" not in json.dumps([item for item in table.items() if item["kind"] == "TicketScan"], default=str)


def test_a_ticket_of_another_conference_tells_nothing_and_leaves_no_trace(table: Table) -> None:
    ticket = issued()
    before = table.items()
    answer = check_in(ticket["code"], caller=STRANGER)
    assert (answer.status, answer.json) == (
        200,
        {
            "status": "error",
            "reason": "invalid",
            "cause": "another_conference",
            "detail": "This ticket is for another conference.",
            "admitted": False,
            "forced": False,
            "ticket": None,
            "first_entry": None,
            "annulled_at": None,
        },
    )
    assert table.items() == before


def test_an_entry_counts_once_in_the_metrics(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    ticket = issued()
    for nonce in ("n1", "n1", "n2"):
        check_in(ticket["code"], nonce)
    assert capsys.readouterr().out.count('"CheckIns":[1.0]') == 1


# at once


@pytest.mark.usefixtures("one_at_a_time")
def test_of_32_scanners_at_8_gates_with_one_ticket_one_lets_in(table: Table) -> None:
    code = issued()["code"]
    gates = [add_gate(f"Gate {number}")["id"] for number in range(8)]
    with ThreadPoolExecutor(32) as scanners:
        answers = list(scanners.map(lambda number: judged(code, f"n{number}", gates[number % 8]), range(32)))
    assert Counter(answers) == {None: 1, "already_redeemed": 31}
    assert (len(scans(table)), len(checked_in(table))) == (32, 1)


@pytest.mark.usefixtures("one_at_a_time")
def test_one_scan_sent_32_times_at_once_is_one_scan(table: Table) -> None:
    code = issued()["code"]
    with ThreadPoolExecutor(32) as scanners:
        answers = list(scanners.map(lambda _: judged(code, "n1"), range(32)))
    assert Counter(answers) == {None: 32}
    assert (len(scans(table)), len(checked_in(table))) == (1, 1)


def judged(code: str, nonce: str, gate: str | None = None) -> str | None:
    """The door's reason, asked of the use case: the resolver of a function serves one request at a time."""
    redemption = use_cases_door.check_in(
        DynamoDoor(), entry_codes(), now, keeper=DOOR, held=Held(code=code, nonce=nonce, gate=gate)
    )
    return redemption.verdict.reason


@pytest.mark.parametrize("conflicts", [1, 3])
def test_meeting_another_transaction_is_no_refusal(table: Table, intercept: Intercept, conflicts: int) -> None:
    code = issued()["code"]
    left = [conflicts]

    def conflicting(proceed: CallNext, operation: str, params: dict[str, Any]) -> Any:
        if operation == "TransactWriteItems" and left[0]:
            left[0] -= 1
            raise conflict(len(params["TransactItems"]))
        return proceed(operation, params)

    intercept(conflicting)
    assert check_in(code).json["status"] == "ok"
    assert len(checked_in(table)) == 1


def test_contention_without_end_is_told_as_busy_and_writes_nothing(table: Table, intercept: Intercept) -> None:
    code = issued()["code"]
    before = table.items()

    def conflicting(proceed: CallNext, operation: str, params: dict[str, Any]) -> Any:
        if operation == "TransactWriteItems":
            raise conflict(len(params["TransactItems"]))
        return proceed(operation, params)

    intercept(conflicting)
    answer = check_in(code)
    assert (answer.status, answer.problem(), answer.headers["Retry-After"]) == (409, "busy", "1")
    assert table.items() == before


def conflict(operations: int) -> ClientError:
    reasons = [{"Code": "TransactionConflict"}, *[{"Code": "None"}] * (operations - 1)]
    error = {"Code": "TransactionCanceledException", "Message": "Transaction cancelled"}
    return ClientError({"Error": error, "CancellationReasons": reasons}, "TransactWriteItems")  # type: ignore[arg-type, misc]


# what it costs


@pytest.mark.parametrize(("name", "units"), [("A" * 40, 7), ("é" * 40, 7), ("A" * 100, 10)])
def test_an_entry_costs_two_round_trips_and_seven_write_units_with_names_of_40_letters_and_ten_of_100(
    table: Table, meter: Meter, name: str, units: int
) -> None:
    """Of conference, ticket type and attendee each; the address is as long, gate, nonce and time zone as long as they get."""
    code = issued_with_names(name)["code"]
    before = {(item["pk"], item["sk"]): item for item in table.items()}
    meter.reset()
    assert check_in(code, gate="G" * 50, nonce="n" * 64).json["status"] == "ok"
    assert meter.operations == ["BatchGetItem", "TransactWriteItems"]
    written = [item for item in table.items() if before.get((item["pk"], item["sk"])) != item]
    assert {item["kind"] for item in written} == {"Ticket", "TicketScan", "Outbox"}
    assert meter.write_units == units


def test_gates_and_a_scanners_credential_cost_no_round_trip_and_no_write(table: Table, meter: Meter) -> None:
    code = issued()["code"]
    gate = add_gate("North", capacity=10)["id"]
    credential = paired(gate_ids=[gate])
    meter.reset()
    assert check_in(code, caller=None, credential=credential).json["status"] == "ok"
    assert meter.operations == ["BatchGetItem", "TransactWriteItems"]
    assert meter.write_units == 7


@pytest.mark.usefixtures("one_at_a_time")
def test_a_batch_reads_a_hundred_items_at_a_time_and_writes_as_much_as_scans_one_by_one(table: Table, meter: Meter) -> None:
    for order in range(4):
        assert not deliver(worker.handler, order_paid(quantity=20, order=str(order)))
    codes = [each["code"] for each in call(api.handler, "GET", "/tickets?limit=100", caller=ADA).json["items"]]
    credential = paired()
    scans = [{"code": code, "nonce": f"n{number}", "scanned_at": iso(now())} for number, code in enumerate(codes)]
    meter.weighs = False
    meter.reset()
    results = hand_in(scans, caller=None, credential=credential).json["results"]
    assert [each["status"] for each in results] == ["ok"] * 80
    assert meter.by_operation == {"BatchGetItem": 2, "TransactWriteItems": 80}  # 80 tickets, 80 nonces, gates, head and device
    meter.reset()
    assert hand_in(scans, caller=None, credential=credential).json["results"] == results
    assert meter.by_operation == {"BatchGetItem": 2}


def test_a_refusal_costs_two_round_trips_and_two_write_units(table: Table, meter: Meter) -> None:
    code = issued()["code"]
    check_in(code, "n1")
    meter.reset()
    assert check_in(code, "n2", gate="G" * 50).json["status"] == "error"
    assert meter.operations == ["BatchGetItem", "TransactWriteItems"]
    assert meter.write_units == 2


def issued_with_names(name: str) -> dict[str, Any]:
    paid = order_paid()
    address = "e" * (len(name) - len("@example.org")) + "@example.org"
    line = replace(paid.tickets[0], ticket_type_name=name, attendee_name=name, attendee_email=address)
    assert not deliver(
        worker.handler, replace(paid, tickets=[line], conference_name=name, time_zone="America/Argentina/ComodRivadavia")
    )
    ticket: dict[str, Any] = call(api.handler, "GET", "/tickets", caller=ADA).json["items"][0]
    return ticket


def test_my_tickets_cost_one_round_trip(table: Table, meter: Meter) -> None:
    issued(quantity=20)
    meter.reset()
    assert len(call(api.handler, "GET", "/tickets", caller=ADA).json["items"]) == 20
    assert meter.operations == ["Query"]
