"""The reference scanner hands in what it saw: everything, once, though it is killed meanwhile."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from scanner.store import Store
from tests.unit.scanner_door import CODES, CONFERENCE, NOON, ROOT, DoorServer, code, door, scanner, store

__all__ = ["door", "store"]


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
