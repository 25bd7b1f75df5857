"""The reference scanner: it decides alone when it must, forgets nothing when it is killed, and its store tells nobody's name."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.tickets.codes import signed_bytes
from functions.tickets.sealing import secrets_of
from scanner.codes import NotACode, read
from scanner.store import Store
from shared.ids import derived_id
from tests.unit.scanner_door import NOON, REGULAR, STUDENT, DoorServer, bundle, code, door, scanner, store, text
from tests.unit.test_tickets_codes import ACCEPTED, VECTORS
from tests.unit.test_tickets_sealing import VECTORS as SEALED

__all__ = ["door", "store"]


@ACCEPTED
def test_it_reads_the_documented_codes(vector: dict[str, Any]) -> None:
    found = read(vector["code"], {vector["key_id"]: bytes.fromhex(vector["public_key"])})
    assert (found.ticket_id, found.conference_id, found.ticket_type_id) == (
        vector["ticket_id"],
        vector["conference_id"],
        vector["ticket_type_id"],
    )
    assert found.valid_from == datetime.fromisoformat(vector["valid_from"])


@pytest.mark.parametrize("name", VECTORS["refused"])
def test_it_refuses_the_documented_refusals(name: str) -> None:
    keys = {vector["key_id"]: bytes.fromhex(vector["public_key"]) for vector in VECTORS["accepted"]}
    with pytest.raises(NotACode):
        read(VECTORS["refused"][name], keys)


@pytest.mark.parametrize("vector", SEALED, ids=lambda vector: vector["name"])
def test_it_opens_the_documented_records_and_gives_the_documented_receipts(vector: dict[str, Any]) -> None:
    key = next(each for each in VECTORS["accepted"] if each["code"] == vector["code"])
    found = read(vector["code"], {key["key_id"]: bytes.fromhex(key["public_key"])})
    assert found.open(bytes.fromhex(vector["sealed"])) == vector["person"]
    assert (found.receipt, found.lookup.hex()) == (vector["receipt"], vector["lookup"])


def test_on_line_it_asks_and_says_so(store: Store, door: DoorServer) -> None:
    answer = scanner(store, door.url).scan(code(1))
    assert (answer.mode, answer.admitted, answer.person) == ("on line", True, "Grace")
    assert store.backlog() == 0


def test_without_a_network_it_decides_by_itself_shows_the_person_and_says_so(store: Store) -> None:
    answer = scanner(store).scan(code(1))
    assert (answer.mode, answer.admitted, answer.person, answer.ticket_type) == ("off line", True, "Guest 1", "Regular")
    assert store.backlog() == 1


def test_an_answer_that_does_not_come_is_not_waited_for_and_the_scan_keeps_its_nonce(store: Store, door: DoorServer) -> None:
    door.mute = True
    answer = scanner(store, door.url).scan(code(1))
    assert (answer.mode, answer.admitted) == ("off line", True)
    assert [scan["nonce"] for scan in store.waiting(10)] == list(door.scans)


def test_it_goes_on_line_again_by_itself_when_a_sync_works(store: Store, door: DoorServer) -> None:
    door.mute = True
    mine = scanner(store, door.url)
    mine.scan(code(1))
    door.mute = False
    assert mine.scan(code(2)).mode == "off line"
    synced = mine.sync()
    assert (synced.mode, synced.handed_in, synced.waiting) == ("on line", 2, 0)
    assert mine.scan(code(3)).mode == "on line"


def test_a_code_sold_since_the_last_sync_is_let_in_without_a_name(store: Store) -> None:
    answer = scanner(store).scan(code(77))
    assert (answer.admitted, answer.person) == (True, None)


@pytest.mark.parametrize(
    ("held", "gate", "bundled", "reason"),
    [
        ("KETEMU:E2:NONSENSE", None, {}, "invalid"),
        ("https://example.org", None, {}, "invalid"),
        (code(1, conference=derived_id("cnf", "2")), None, {}, "invalid"),
        (code(1), None, {"revoked": [text(secrets_of(signed_bytes(code(1))).lookup)]}, "revoked"),
        (code(1), None, {"cancelled": [text(secrets_of(signed_bytes(code(1))).lookup)]}, "canceled"),
        (code(1), "South", {"gates": [{"ticket_type_ids": [], "openings": []}]}, "rules"),
        (code(1), None, {"gates": [{"ticket_type_ids": [], "openings": []}]}, "rules"),
        (code(1), "north", {"gates": [{"ticket_type_ids": [], "openings": []}], "gate_ids": ["gat_2"]}, "rules"),
        (code(1, ticket_type=STUDENT), "North", {"gates": [{"ticket_type_ids": [REGULAR], "openings": []}]}, "product"),
        (code(1), "North", {"gates": [{"ticket_type_ids": [], "openings": [["2026-06-02", "2026-06-03"]]}]}, "invalid_time"),
    ],
)
def test_it_refuses_what_the_platform_would(store: Store, held: str, gate: str | None, bundled: Any, reason: str) -> None:
    for each in bundled.get("gates", []):
        openings = [{"starts_at": f"{a}T00:00:00Z", "ends_at": f"{b}T00:00:00Z"} for a, b in each["openings"]]
        each.update(id="gat_1", name="North", reentry="after_exit", openings=openings)
    answer = scanner(store, gate=gate, **bundled).scan(held)
    assert (answer.mode, answer.admitted, answer.reason) == ("off line", False, reason) or reason == "invalid"
    assert answer.reason == reason


def test_out_of_its_time_a_ticket_is_refused(store: Store) -> None:
    mine = scanner(store)
    mine.clock = lambda: NOON + timedelta(days=1)
    assert mine.scan(code(1)).reason == "invalid_time"


def test_off_line_it_knows_who_went_through(store: Store) -> None:
    mine = scanner(store)
    said = [mine.scan(code(1), way).reason for way in ("entry", "entry", "exit", "exit", "entry")]
    assert said == [None, "already_redeemed", None, "rules", None]
    assert [scan["decided"] for scan in store.waiting(10)] == ["admitted", "refused", "admitted", "refused", "admitted"]


def test_it_knows_who_came_in_elsewhere_before_the_network_went(store: Store) -> None:
    mine = scanner(store)
    again = bundle()
    again["records"][1] |= {"inside": True, "entered": {"at": "2026-06-01T11:30:00Z", "gate": "South"}}
    store.apply(again)
    answer = mine.scan(code(1))
    assert (answer.reason, "South" in answer.detail) == ("already_redeemed", True)


def test_it_keeps_the_gate_that_it_was_paired_for_without_being_told(store: Store) -> None:
    gate = {"id": "gat_1", "name": "North", "ticket_type_ids": [STUDENT], "openings": [], "reentry": "never"}
    assert scanner(store, gates=[gate], gate_ids=["gat_1"]).scan(code(1)).reason == "product"


def test_what_the_platform_tells_of_later_passages_counts_and_of_earlier_ones_does_not(store: Store) -> None:
    mine = scanner(store)
    assert mine.scan(code(1)).admitted

    def told(inside: bool, passed_at: datetime | None) -> str | None:
        page = bundle()
        entered = {"at": "2026-06-01T11:00:00Z", "gate": "South"} if passed_at else None
        page["records"][1] |= {"inside": inside, "entered": entered, "passed_at": passed_at.isoformat() if passed_at else None}
        store.apply(page)
        return mine.scan(code(1)).reason

    assert told(False, None) == "already_redeemed"  # from before it was heard of
    assert told(False, NOON - timedelta(minutes=5)) == "already_redeemed"
    mine.clock = lambda: NOON + timedelta(hours=1)
    assert told(False, NOON + timedelta(minutes=5)) is None  # they left at another gate


def test_an_entry_elsewhere_that_was_annulled_is_forgotten(store: Store) -> None:
    entered = bundle()
    entered["records"][1] |= {"inside": True, "entered": {"at": "2026-06-01T11:30:00Z", "gate": "South"}}
    mine = scanner(store, records=entered["records"])
    assert mine.scan(code(1)).reason == "already_redeemed"
    store.apply(bundle())
    assert mine.scan(code(1)).admitted


def test_a_revoked_code_stays_so_whatever_an_earlier_page_says(store: Store) -> None:
    mine = scanner(store, revoked=[text(secrets_of(signed_bytes(code(1))).lookup)])
    store.apply(bundle())
    assert mine.scan(code(1)).reason == "revoked"
