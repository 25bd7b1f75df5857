"""`python -m scanner pair URL CODE`, then `python -m scanner run`: a scan a line, as hand-held readers type it."""

import argparse
import os
import sys
import threading
from getpass import getpass
from pathlib import Path

from scanner.credential import SHORTEST, WrongPassphrase, seal, unseal
from scanner.platform import Platform, Refused, pair
from scanner.rules import Direction
from scanner.scanner import Answer, Scanner
from scanner.store import Store

_SYNC_EVERY = 10.0  # seconds


def main() -> None:
    parser = argparse.ArgumentParser(prog="scanner", description="A scanner for the door of a Ketemu conference")
    parser.add_argument("--store", type=Path, default=Path("scanner.db"), help="where it keeps what it needs off line")
    commands = parser.add_subparsers(dest="command", required=True)
    pairing = commands.add_parser("pair", help="become the scanner that a pairing code is for")
    pairing.add_argument("api_url")
    pairing.add_argument("code")
    running = commands.add_parser("run", help="scan: one code a line")
    running.add_argument("--gate")
    running.add_argument("--exit", action="store_true", help="scan people out")
    commands.add_parser("sync", help="hand in what waits, and fetch what is new")
    chosen = parser.parse_args()
    store = Store(chosen.store)
    match chosen.command:
        case "pair":
            _pair(store, chosen.api_url, chosen.code)
        case "run":
            _run(Scanner(_platform(store), store, gate=chosen.gate), "exit" if chosen.exit else "entry")
        case "sync":
            print(_synced(Scanner(_platform(store), store)))


def _pair(store: Store, api_url: str, code: str) -> None:
    passphrase = _passphrase("Choose a passphrase that opens this scanner's credential: ")
    if len(passphrase) < SHORTEST:
        sys.exit(f"Choose one of {SHORTEST} letters or more: whoever copies the store can try as many as they like.")
    conference_id, credential = pair(api_url, code)
    store.keep("paired", [api_url, conference_id, seal(credential, passphrase)])
    print("Paired.")


def _platform(store: Store) -> Platform:
    paired = store.kept("paired")
    if not paired:
        sys.exit("Pair it first: python -m scanner pair URL CODE")
    api_url, conference_id, sealed = paired
    try:
        return Platform(api_url, conference_id, unseal(sealed, _passphrase("Passphrase: ")))
    except WrongPassphrase:
        sys.exit("That is not the passphrase. Where it is lost, pair the scanner again.")


def _passphrase(prompt: str) -> str:
    """SCANNER_PASSPHRASE is for starting without a person; kept beside the store, it protects nothing."""
    return os.environ.get("SCANNER_PASSPHRASE") or getpass(prompt)


def _run(scanner: Scanner, direction: Direction) -> None:
    turn, ended = threading.Lock(), threading.Event()

    def keep_in_sync() -> None:
        while True:
            with turn:
                print(_synced(scanner), file=sys.stderr)
            if ended.wait(_SYNC_EVERY):
                return

    syncing = threading.Thread(target=keep_in_sync)
    syncing.start()
    try:
        for line in sys.stdin:
            with turn:
                print(_scan(scanner, line, direction), flush=True)
    finally:
        ended.set()
        syncing.join()


def _synced(scanner: Scanner) -> str:
    try:
        synced = scanner.sync()
    except Refused as refusal:
        return f"[refused: {refusal}]"
    return f"[{synced.mode}; {synced.waiting} waiting]"


def _scan(scanner: Scanner, line: str, direction: Direction) -> str:
    try:
        return _shown(scanner.scan(line, direction))
    except Refused as refusal:
        return f"[refused] {refusal}"


def _shown(answer: Answer) -> str:
    whose = f" {answer.person} ({answer.ticket_type})" if answer.person else ""
    return f"[{answer.mode}] {'OK' if answer.admitted else 'NO'}{whose}: {answer.detail}"


if __name__ == "__main__":
    main()
