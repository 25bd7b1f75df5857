"""What the tests of the reference scanner share: codes, a platform in miniature, a store."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from functions.tickets.codes import EntryCodes, signed_bytes
from functions.tickets.entry_code import EntryCode
from functions.tickets.sealing import Person, seal, secrets_of
from scanner.platform import Platform
from scanner.scanner import Scanner
from scanner.store import Store
from shared.ids import derived_id

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
