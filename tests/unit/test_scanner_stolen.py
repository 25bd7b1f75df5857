"""What somebody finds who has the reference scanner in their hands."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from functions.tickets.codes import receipt_of, signed_bytes
from functions.tickets.sealing import CodeSecrets, secrets_of, unseal
from scanner import credential
from scanner.store import Passage, Store
from tests.unit.scanner_door import CONFERENCE, ROOT, DoorServer, code, door, scanner, store

__all__ = ["door", "store"]


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
