"""Off line the reference scanner decides as the platform does on line."""

import base64
import itertools
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from functions.tickets.api_offline import OfflineGate, SealedRecord
from functions.tickets.codes import EntryCodes, signed_bytes
from functions.tickets.devices import Device
from functions.tickets.domain import Attendee, Ticket
from functions.tickets.door import Desk, let_through
from functions.tickets.entry_code import EntryCode
from functions.tickets.gates import DoorPlan, Gate, Opening, Reentry
from functions.tickets.scans import Direction, Scan
from functions.tickets.sealing import secrets_of
from functions.tickets.use_cases_offline import record_of
from scanner.platform import Platform
from scanner.rules import CAUSES
from scanner.scanner import Scanner
from scanner.store import Store
from shared.ids import derived_id

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)  # 21:00 in Tokyo: three hours to the next day there, twelve in UTC
CONFERENCE, REGULAR, STUDENT = derived_id("cnf", "1"), derived_id("typ", "regular"), derived_id("typ", "student")
CODES = EntryCodes(b"root")
TIMES = (-timedelta(hours=30), timedelta(0), timedelta(hours=2), timedelta(hours=5), timedelta(days=4))
HISTORIES: tuple[tuple[tuple[Direction, timedelta], ...], ...] = (
    (),
    (("entry", timedelta(0)),),
    (("entry", timedelta(0)), ("exit", timedelta(hours=1))),
    (("entry", timedelta(0)), ("exit", timedelta(hours=1)), ("entry", timedelta(hours=1, minutes=30))),
    (("entry", -timedelta(hours=20)),),
)
GATES = {
    "North": Gate(id="gat_1", name="North", ticket_type_ids=(REGULAR,)),
    "Students": Gate(id="gat_2", name="Students", ticket_type_ids=(STUDENT,)),
    "Morning": Gate(id="gat_3", name="Morning", openings=(Opening(NOON - timedelta(hours=40), NOON),)),
}


def ticket(number: int) -> Ticket:
    ids = (derived_id("tkt", str(number)), CONFERENCE, REGULAR)
    opens, closes = NOON - timedelta(hours=24), NOON + timedelta(days=3)
    entry = EntryCode(key_id=1, ticket_id=ids[0], conference_id=ids[1], ticket_type_id=ids[2], valid_from=opens, valid_until=closes)
    return Ticket(
        id=ids[0],
        conference_id=CONFERENCE,
        conference_name="Meet",
        order_id="ord_1",
        ticket_type_id=REGULAR,
        ticket_type_name="Regular",
        owner_id="usr_1",
        attendee=Attendee("Ada", "ada@example.org"),
        code=CODES.sign(entry),
        valid_from=opens,
        valid_until=closes,
        issued_at=opens,
        time_zone="Asia/Tokyo",
    )


def scanned(of: Ticket, direction: Direction, at: datetime, gate: str | None) -> Scan:
    return Scan(
        nonce="n",
        conference_id=CONFERENCE,
        ticket_id=of.id,
        ticket_type_id=of.ticket_type_id,
        direction=direction,
        gate=gate,
        scanned_at=at,
        received_at=at,
        operator_id="dev_1",
        serial=1,
    )


def lived(number: int, history: tuple[tuple[Direction, timedelta], ...]) -> Ticket:
    one = ticket(number)
    for direction, after in history:
        presence = let_through(one, scanned(one, direction, NOON + after, "North"))
        one = replace(one, status=presence.status, first_entry=presence.first_entry, last=presence.last)
    return one


def bundle(tickets: list[Ticket], gates: tuple[Gate, ...], kept: tuple[str, ...]) -> Any:
    """As the platform's JSON has it."""
    records = [record_of(each, lambda: NOON) for each in tickets]
    lookups = [secrets_of(signed_bytes(each.code)).lookup for each in tickets if each.status == "cancelled"]
    dead = [base64.urlsafe_b64encode(lookup).decode() for lookup in lookups]
    key = base64.urlsafe_b64encode(CODES.public_key(CONFERENCE, 1).public_bytes_raw()).decode()
    told = {
        "keys": [{"kid": "1", "x": key}],
        "gates": [asdict(OfflineGate.of(gate)) for gate in gates],
        "gate_ids": kept,
        "records": [asdict(SealedRecord.of(each)) for each in records if not each.is_revoked],
        "revoked": dead,
        "cancelled": dead,
        "cursor": "c",
    }
    return json.loads(json.dumps(told, default=lambda instant: instant.isoformat()))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "scanner.db")) as opened:
        yield opened


def compare(
    store: Store, gates: tuple[Gate, ...], named: str | None, kept: tuple[str, ...] = (), histories: Any = HISTORIES[:2]
) -> set[str | None]:
    """Decide on every history at every time, there and here; what was found to speak against them."""
    cases = list(itertools.product([*histories, None], get_args(Direction), TIMES))
    tickets = [
        replace(ticket(number), status="cancelled") if history is None else lived(number, history)
        for number, (history, _, _) in enumerate(cases)
    ]
    store.apply(bundle(tickets, gates, kept))
    device = Device(id="dev_1", conference_id=CONFERENCE, name="One", gate_ids=kept, created_at=NOON, created_by="usr_1")
    scanner, causes = Scanner(Platform("http://127.0.0.1:9", CONFERENCE, ""), store, gate=named), set()
    scanner.mode = "off line"
    for one, (history, direction, after) in zip(tickets, cases, strict=True):
        desk = Desk(ticket=one, recorded=None, plan=DoorPlan(CONFERENCE, gates), device=device)
        verdict = desk.decide(desk.place(scanned(one, direction, NOON + after, named))).verdict
        scanner.clock = lambda after=after: NOON + after  # type: ignore[misc]  # a lambda's default
        answer = scanner.scan(one.code, direction)
        assert answer.admitted == (verdict.cause is None), (history, direction, after, verdict, answer)
        assert answer.reason == verdict.reason, (history, direction, after, verdict, answer)
        assert verdict.cause is None or CAUSES[verdict.cause][0] == verdict.reason
        causes.add(verdict.cause)
    return causes


@pytest.mark.parametrize("reentry", get_args(Reentry))
def test_who_was_in_before_is_let_in_again_by_the_same_rule(store: Store, reentry: Reentry) -> None:
    gate = replace(GATES["North"], reentry=reentry)
    causes = compare(store, (gate,), "North", histories=HISTORIES)
    assert causes >= {None, "cancelled", "not_inside", "too_early", "too_late"}
    assert ({"never": "already_used", "always": None}.get(reentry, "already_inside")) in causes


@pytest.mark.parametrize(
    ("named", "kept", "cause"),
    [
        ("north", (), None),
        ("Students", (), "wrong_ticket_type"),
        ("Morning", (), "gate_closed"),
        ("gat_3", (), "gate_closed"),
        ("Nowhere", (), "unknown_gate"),
        (None, (), "unknown_gate"),
        (None, ("gat_2",), "wrong_ticket_type"),
        ("North", ("gat_2", "gat_3"), "another_gate"),
    ],
)
def test_gates_admit_the_same(store: Store, named: str | None, kept: tuple[str, ...], cause: str | None) -> None:
    assert cause in compare(store, tuple(GATES.values()), named, kept)


@pytest.mark.parametrize("kept", [(), ("gat_1",)])
def test_so_does_a_conference_without_gates(store: Store, kept: tuple[str, ...]) -> None:
    compare(store, (), None, kept)
