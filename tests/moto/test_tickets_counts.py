"""What follows from the journal: counts, double entries, and tickets that are looked up."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest

from functions.tickets import api, worker
from functions.tickets.dynamo_directory import DynamoDirectory
from shared.caller import Caller
from shared.clock import iso, now, parse
from shared.messages import (
    DoubleEntryFound,
    DoubleEntrySettled,
    MembershipChanged,
)
from tests.moto.test_tickets_journal import EARLIER, a_day_at_the_door, ask, entries
from tests.moto.tickets import (
    ADA,
    BOB,
    CONFERENCE,
    DOOR,
    HOST,
    REGULAR,
    STRANGER,
    add_gate,
    check_in,
    hand_in,
    issued,
    keep_secret,
    paired,
    write_down,
)
from tests.support import Answer, Table, call, deliver


@pytest.fixture(autouse=True)
def secret(aws: None, one_at_a_time: None, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_secret(monkeypatch)


def test_arrivals_and_who_is_still_to_come(table: Table) -> None:
    a_day_at_the_door()
    write_down()
    stats = ask(f"stats?since={iso(EARLIER - timedelta(minutes=5))}").json
    [counted] = stats["ticket_types"]
    assert counted == {
        "ticket_type_id": REGULAR,
        "issued": 4,
        "cancelled": 1,
        "expected": 3,
        "checked_in": 2,
        "coming": 1,
    }
    north, south = (gate["gate"] for gate in stats["gates"])
    assert {gate["name"]: gate["inside"] for gate in stats["gates"]} == {"North": 0, "South": 2}
    arrived: dict[str, int] = {}
    for each in stats["arrivals"]:
        arrived[each["gate"]] = arrived.get(each["gate"], 0) + each["entries"]
    assert arrived == {north: 2, south: 2}
    assert parse(stats["arrivals"][0]["minute"]) == EARLIER.replace(second=0, microsecond=0)


def test_a_full_gate_lets_nobody_in_until_somebody_leaves(table: Table) -> None:
    codes = [issued(order=str(number))["code"] for number in range(3)]
    gate = add_gate("Small", capacity=2)
    for number, code in enumerate(codes[:2]):
        assert check_in(code, f"n{number}", gate="Small").json["status"] == "ok"
    write_down()
    assert ask(f"gates/{gate['id']}").json["inside"] == 2
    full = check_in(codes[2], "n2", gate="Small").json
    assert (full["reason"], full["cause"]) == ("rules", "gate_full")
    check_in(codes[0], "n3", type="exit")
    write_down()
    assert check_in(codes[2], "n4", gate="Small").json["status"] == "ok"


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday",
        "since=2026-06-02T00:00:00Z&until=2026-06-01T00:00:00Z",
        "since=2026-06-01T00:00:00Z&until=2026-06-02T00:00:01Z",
        "since=2026-06-01T00:00:00",
    ],
)
def test_a_span_of_arrivals_is_a_day_at_most(table: Table, query: str) -> None:
    assert (ask(f"stats?{query}").status, ask(f"stats?{query}").problem()) == (422, "invalid")


def test_a_scanner_was_last_seen_when_it_last_scanned_and_that_is_written_once_a_minute(table: Table) -> None:
    credential = paired()
    code = issued()["code"]
    before = _seen()
    check_in(code, "n1", caller=None, credential=credential)
    write_down()
    assert _seen() == before  # it was paired less than a minute ago
    device = next(item for item in table.items() if item["kind"] == "Device")
    boto3.resource("dynamodb").Table("ketemu").put_item(Item=device | {"last_seen_at": iso(EARLIER)})
    check_in(code, "n2", caller=None, credential=credential)
    write_down()
    assert _seen() > EARLIER


def _seen() -> Any:
    [device] = call(api.handler, "GET", f"/tickets/devices?conference_id={CONFERENCE}", caller=HOST).json["items"]
    return parse(device["last_seen_at"])


def test_a_ticket_let_in_twice_is_a_conflict_until_somebody_resolves_it(table: Table) -> None:
    for revision, (user, role) in enumerate([(HOST, "organizer"), (DOOR, "staff"), (BOB, "exhibitor")], start=1):
        changed = MembershipChanged(conference_id=CONFERENCE, user_id=user.user_id, role=role, revision=revision)  # type: ignore[arg-type]
        assert not deliver(worker.handler, changed)
    a_day_at_the_door()
    write_down()
    write_down()
    [told] = [message for message in table.outbox() if isinstance(message, DoubleEntryFound)]
    assert (sorted(told.crew), told.conference_name) == (sorted([HOST.user_id, DOOR.user_id]), "Meet in June")
    [conflict] = ask("conflicts", caller=DOOR).json["items"]
    assert (conflict["id"], conflict["ticket_id"]) == (told.conflict_id, told.ticket_id)
    assert settled(table) == []
    first, second = conflict["first"], conflict["second"]
    assert [(each["gate"], each["off_line"]) for each in (first, second)] == [("North", True), ("South", True)]
    assert parse(first["at"]) == EARLIER
    assert first["by"] != second["by"]

    url = f"conflicts/{conflict['id']}/resolution"
    resolved = ask(url, caller=DOOR, method="POST", body={"note": "badge was passed on, talked to both"})
    again = ask(url, method="POST", body={"note": "something else"})
    assert (resolved.status, resolved.json["note"]) == (200, "badge was passed on, talked to both")
    assert again.json == resolved.json
    assert [(each.found_id, each.found_at, each.crew) for each in settled(table)] == [(told.id, told.occurred_at, told.crew)]
    assert ask("conflicts").json["items"] == []
    assert ask("conflicts?resolved=true").json["items"] == [resolved.json]


def test_an_exit_that_is_heard_of_later_settles_a_conflict(table: Table) -> None:
    code = issued()["code"]
    scan = {"code": code, "gate": "North"}
    times = [iso(EARLIER + timedelta(minutes=number)) for number in range(3)]
    hand_in([scan | {"nonce": "a", "scanned_at": times[0]}, scan | {"nonce": "b", "scanned_at": times[2]}])
    write_down()
    assert len(ask("conflicts").json["items"]) == 1
    hand_in([scan | {"nonce": "c", "scanned_at": times[1], "type": "exit"}], caller=HOST)
    write_down()
    assert ask("conflicts").json["items"] == []
    [told] = [message for message in table.outbox() if isinstance(message, DoubleEntryFound)]
    assert [each.found_id for each in settled(table)] == [told.id]


def settled(table: Table) -> list[DoubleEntrySettled]:
    return [message for message in table.outbox() if isinstance(message, DoubleEntrySettled)]


@pytest.mark.parametrize(
    ("path", "body", "status", "slug"),
    [
        ("conflicts/dbl_none/resolution", {"note": "nothing there"}, 404, "not-found"),
        ("conflicts/dbl_none/resolution", {"note": "x"}, 422, "invalid"),
        ("conflicts/dbl_none/resolution", {}, 422, "invalid"),
        ("conflicts/dbl_none/resolution", {"note": "a\nb is no line"}, 422, "invalid"),
    ],
)
def test_what_resolves_nothing(table: Table, path: str, body: Any, status: int, slug: str) -> None:
    answer = ask(path, method="POST", body=body)
    assert (answer.status, answer.problem()) == (status, slug)
    assert not table.items()


@pytest.mark.parametrize("path", ["journal?after=-1", "journal?after=x", "conflicts?cursor=nonsense", "conflicts?limit=0"])
def test_what_cannot_be_read(table: Table, path: str) -> None:
    assert ask(path).status in (400, 422)
    assert ask(path).problem() in ("malformed", "invalid")


def look_up(query: Any, *, caller: Caller | None = DOOR) -> Answer:
    return ask("look-up", caller=caller, method="POST", body={"query": query})


def test_a_lost_ticket_is_found_by_name_address_and_order(table: Table) -> None:
    ticket = issued()
    write_down()
    for query in ("gra", "GRACE", "grace@example", ticket["order_id"]):
        [found] = look_up(query).json["items"]
        assert (found["id"], found["attendee_name"], found["attendee_email"]) == (ticket["id"], "Grace", "g…@example.org")
    assert look_up("grab").json["items"] == []
    write_down()
    looked = [json.loads(entry.line) for entry in entries() if '"looked_up"' in entry.line]
    assert {(each["by"], each["what"]) for each in looked} == {
        (DOOR.user_id, "name"),
        (DOOR.user_id, "email"),
        (DOOR.user_id, "order"),
    }
    assert [each["found"] for each in looked].count(1) == 4


def test_a_look_up_is_for_the_crew_and_needs_three_letters(table: Table) -> None:
    for caller in (ADA, BOB, STRANGER):
        assert look_up("grace", caller=caller).problem() == "forbidden"
    assert look_up("grace", caller=None).problem() == "unauthenticated"
    for query in ("gr", "  g ", "́́́", 7, None):
        assert look_up(query).problem() == "invalid"
    assert not table.items()


def test_a_person_looks_up_twenty_times_a_minute(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    at = now().replace(second=15)
    monkeypatch.setattr("functions.tickets.api_directory.now", lambda: at)
    answers = [look_up("nobody") for _ in range(21)]
    assert [answer.status for answer in answers] == [200] * 20 + [429]
    assert (answers[-1].problem(), answers[-1].headers["Retry-After"]) == ("too-many-requests", "45")
    assert look_up("nobody", caller=HOST).status == 200


def test_a_ticket_is_taken_out_of_the_directory(table: Table) -> None:
    ticket = issued()
    write_down()
    DynamoDirectory().forget([ticket["id"]])
    assert look_up("grace").json["items"] == []
    assert not [item for item in table.items() if item["kind"] == "Listing"]
