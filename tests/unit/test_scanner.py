"""The reference scanner: it decides alone when it must, forgets nothing when it is killed, and its store tells nobody's name."""

import base64
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag

from functions.tickets.codes import EntryCodes, receipt_of, signed_bytes
from functions.tickets.entry_code import EntryCode
from functions.tickets.sealing import CodeSecrets, Person, seal, secrets_of, unseal
from scanner import credential
from scanner.codes import NotACode, read
from scanner.platform import Platform
from scanner.scanner import Scanner
from scanner.store import Passage, Store
from shared.ids import derived_id
from tests.unit.test_tickets_codes import ACCEPTED, VECTORS
from tests.unit.test_tickets_sealing import VECTORS as SEALED

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
CONFERENCE, REGULAR, STUDENT = derived_id("cnf", "1"), derived_id("typ", "regular"), derived_id("typ", "student")
CODES = EntryCodes(b"root")
ROOT = Path(__file__).parents[2]


def code(number: int, *, serial: int = 1, ticket_type: str = REGULAR, conference: str = CONFERENCE, key_id: int = 1) -> str:
    entry = EntryCode(
        key_id=key_id,
        ticket_id=derived_id("tkt", str(number)),
        conference_id=conference,
        ticket_type_id=ticket_type,
        valid_from=NOON - timedelta(hours=1),
        valid_until=NOON + timedelta(hours=8),
        serial=serial,
    )
    return CODES.sign(entry)


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Door(BaseHTTPRequestHandler):
    """The platform's side, as much of it as a scanner meets: each nonce is one scan, in the order it first came."""

    server: "DoorServer"

    def do_GET(self) -> None:
        self.server.calls.append("offline")
        self.server.credentials.append(self.headers["Authorization"])
        self._answer(self.server.bundle)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.calls.append(self.path)
        if self.path.endswith("/pair"):
            self._answer({"device": {"conference_id": CONFERENCE}, "credential": "DEVICE.CNF.SECRET"})
        elif self.path.endswith("/batch"):
            for scan in body["scans"]:
                self.server.scans.setdefault(scan["nonce"], scan)
            if self.server.cut_off_after and len(self.server.scans) >= self.server.cut_off_after:
                self.server.reached.set()
                self.server.go_on.wait(20)  # taken, and no answer is on its way
            nonces = [scan["nonce"] for scan in body["scans"]]
            self._answer({"results": [{"nonce": each, "status": "ok", "reason": None, "problem": None} for each in nonces]})
        else:
            self.server.scans.setdefault(body["nonce"], body)
            if self.server.mute:
                self.server.go_on.wait(20)
            ticket = {"attendee_name": "Grace", "ticket_type_name": "Regular"}
            self._answer({"admitted": True, "reason": None, "detail": "Welcome.", "ticket": ticket})

    def _answer(self, body: dict[str, Any]) -> None:
        raw = json.dumps(body).encode()
        with suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(200)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        pass


class DoorServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Door)
        self.scans: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.credentials: list[str] = []
        self.bundle: dict[str, Any] = bundle()
        self.mute = False
        self.cut_off_after = 0
        self.reached, self.go_on = threading.Event(), threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


def bundle(people: int = 5, **other: Any) -> dict[str, Any]:
    records = []
    for number in range(people):
        mine = secrets_of(signed_bytes(code(number)))
        sealed = seal(mine, Person(f"Guest {number}", "Regular"))
        record = {"lookup": text(mine.lookup), "sealed": text(sealed), "inside": False, "entered": None, "passed_at": None}
        records.append({**record, "time_zone": "Asia/Jakarta"})
    keys = [{"kid": str(key_id), "x": text(CODES.public_key(CONFERENCE, key_id).public_bytes_raw())} for key_id in (1, 2)]
    dead: dict[str, Any] = {"revoked": [], "cancelled": []}
    return {"keys": keys, "gates": [], "gate_ids": [], "records": records, **dead, "cursor": "c1", "more": False, **other}


@pytest.fixture
def door() -> Iterator[DoorServer]:
    server = DoorServer()
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    serving.start()
    yield server
    server.go_on.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "scanner.db")
    yield opened
    opened.close()


def scanner(store: Store, url: str = "http://127.0.0.1:9", *, gate: str | None = None, **bundled: Any) -> Scanner:
    """One that has synced once; where there is no `url`, there is no network."""
    store.apply(bundle(**bundled))
    return Scanner(Platform(url, CONFERENCE, "credential", seconds=0.5), store, gate=gate, clock=lambda: NOON)


# codes


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


# on line, off line


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


# handing in


def test_it_hands_in_by_the_hundred_each_scan_once(store: Store, door: DoorServer) -> None:
    mine = scanner(store, door.url)
    mine.mode = "off line"
    for number in range(250):
        mine.scan(code(number))
    assert mine.sync().handed_in == 250
    assert [call for call in door.calls if call != "offline"] == ["/tickets/check-in/batch"] * 3
    assert len(door.scans) == 250
    assert len(store.answers()) == 250


def test_what_is_handed_in_is_a_receipt_that_the_platform_takes(store: Store, door: DoorServer) -> None:
    mine = scanner(store, door.url)
    mine.mode = "off line"
    mine.scan(code(1))
    mine.sync()
    [scan] = door.scans.values()
    assert CODES.verify_scanned(scan["code"]) == CODES.verify(code(1))


def test_killed_in_mid_upload_it_loses_nothing_and_nothing_counts_twice(tmp_path: Path, door: DoorServer) -> None:
    path = tmp_path / "scanner.db"
    store = Store(path)
    mine = scanner(store, door.url)
    mine.mode = "off line"
    for number in range(150):
        mine.scan(code(number))
    nonces = [scan["nonce"] for scan in store.waiting(1000)]
    store.close()
    door.cut_off_after = 101  # in the second batch: taken by the platform, not answered
    program = (
        "import sys; from pathlib import Path; from scanner.platform import Platform; from scanner.scanner import Scanner;"
        "from scanner.store import Store;"
        f"Scanner(Platform(sys.argv[1], {CONFERENCE!r}, 'credential'), Store(Path(sys.argv[2]))).sync()"
    )
    running = subprocess.Popen([sys.executable, "-c", program, door.url, str(path)], cwd=ROOT)
    assert door.reached.wait(20)
    os.kill(running.pid, signal.SIGKILL)
    assert running.wait(20) == -signal.SIGKILL
    door.cut_off_after = 0
    door.go_on.set()
    store = Store(path)
    assert store.backlog() == 50
    assert scanner(store, door.url).sync().handed_in == 50
    assert list(door.scans) == nonces
    assert set(store.answers()) == set(nonces)
    store.close()


def test_killed_after_a_welcome_it_still_knows_the_scan(tmp_path: Path) -> None:
    path = tmp_path / "scanner.db"
    store = Store(path)
    scanner(store)
    store.close()
    program = (
        "import os, signal, sys; from datetime import datetime; from pathlib import Path; from scanner.platform import Platform;"
        "from scanner.scanner import Scanner; from scanner.store import Store;"
        f"mine = Scanner(Platform('http://127.0.0.1:9', {CONFERENCE!r}, 'c'), Store(Path(sys.argv[1])),"
        f" clock=lambda: datetime.fromisoformat({NOON.isoformat()!r}));"
        "print(mine.scan(sys.argv[2]).detail, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program, str(path), code(1)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (killed.stdout, killed.returncode) == ("Welcome.\n", -signal.SIGKILL)
    store = Store(path)
    assert store.backlog() == 1
    assert scanner(store).scan(code(1)).reason == "already_redeemed"
    store.close()


# stolen


def test_a_stolen_store_opens_no_record_without_its_code(tmp_path: Path, door: DoorServer) -> None:
    store = Store(tmp_path / "scanner.db")
    mine = scanner(store, door.url, people=20)
    assert mine.scan(code(1)).person == "Grace"  # on line
    mine.mode = "off line"
    for number in range(2, 12):
        assert mine.scan(code(number)).person == f"Guest {number}"
    waiting = store.waiting(100)
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in ("Guest", "Grace", *(code(number)[-60:] for number in range(20))):
        assert secret.encode() not in files
    for number in range(20):
        signature = signed_bytes(code(number))[-64:]
        assert signature not in files
        assert secrets_of(signature).key not in files
    proofs = [base64.b32decode(scan["code"].removeprefix("KETEMU:S1:") + "======")[-16:] for scan in waiting]
    for number in range(20):
        lookup = secrets_of(signed_bytes(code(number))).lookup
        sealed = sealed_in(store, number)
        for guess in (lookup, *proofs):  # what a thief has: none of it is a key
            with pytest.raises(InvalidTag):
                unseal(CodeSecrets(lookup, guess * 2, b""), sealed)
    assert unseal(secrets_of(signed_bytes(code(3))), sealed_in(store, 3)).name == "Guest 3"
    store.close()


def sealed_in(store: Store, number: int) -> bytes:
    record = store.record(secrets_of(signed_bytes(code(number))).lookup)
    assert record is not None
    assert record.sealed is not None
    return record.sealed


def test_a_stolen_store_has_no_credential_without_its_passphrase(tmp_path: Path) -> None:
    store = Store(tmp_path / "scanner.db")
    store.keep("paired", ["https://api", CONFERENCE, credential.seal("DEVICE.CNF.SECRET", "correct horse", cost=2**10)])
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"SECRET" not in files
    assert b"correct horse" not in files
    kept = store.kept("paired")[2]
    assert credential.unseal(kept, "correct horse") == "DEVICE.CNF.SECRET"
    with pytest.raises(credential.WrongPassphrase):
        credential.unseal(kept, "correct horsf")
    store.close()


def test_nobody_else_on_the_device_reads_its_files(tmp_path: Path) -> None:
    store = Store(tmp_path / "scanner.db")
    scanner(store).scan(code(1))
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}
    store.close()


def test_it_is_paired_with_a_passphrase_of_eight_letters_and_runs_with_no_other(tmp_path: Path, door: DoorServer) -> None:
    def run(*arguments: str, passphrase: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "scanner", "--store", str(tmp_path / "scanner.db"), *arguments]
        return subprocess.run(
            command, cwd=ROOT, env={"SCANNER_PASSPHRASE": passphrase}, capture_output=True, text=True, check=False
        )

    assert "8 letters" in run("pair", door.url, "KETEMU:D1:X", passphrase="short").stderr
    assert run("pair", door.url, "KETEMU:D1:X", passphrase="correct horse").stdout == "Paired.\n"
    assert "not the passphrase" in run("sync", passphrase="another horse").stderr
    assert run("sync", passphrase="correct horse").stdout == "[on line; 0 waiting]\n"
    assert door.credentials[-1] == "Device DEVICE.CNF.SECRET"
    assert b"DEVICE.CNF.SECRET" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_a_receipt_is_no_code_for_a_scanner(store: Store) -> None:
    assert scanner(store).scan(receipt_of(code(1))).reason == "invalid"


def test_what_the_platform_said_is_kept_without_names(store: Store) -> None:
    store.enqueue({"nonce": "n1"}, b"l", Passage(True, "2026-06-01T12:00:00.000+00:00", "2026-06-01T12:00:00.000+00:00", None))
    store.settle([{"nonce": "n1", "status": "ok", "reason": None, "result": {"ticket": {"attendee_name": "Grace"}}}])
    assert store.answers() == {"n1": {"status": "ok", "reason": None}}
