"""`python -m scanner pair URL CODE`, then `python -m scanner run`: a scan a line, as hand-held readers type it."""

import argparse
import sys
import threading
from pathlib import Path

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
    chosen = parser.parse_args()
    store = Store(chosen.store)
    if chosen.command == "pair":
        conference_id, credential = pair(chosen.api_url, chosen.code)
        store.keep("paired", [chosen.api_url, conference_id, credential])
        print("Paired.")
    else:
        _run(store, chosen.gate, "exit" if chosen.exit else "entry")


def _run(store: Store, gate: str | None, direction: Direction) -> None:
    paired = store.kept("paired")
    if not paired:
        sys.exit("Pair it first: python -m scanner pair URL CODE")
    scanner, turn, ended = Scanner(Platform(*paired), store, gate=gate), threading.Lock(), threading.Event()

    def keep_in_sync() -> None:
        while True:
            with turn:
                try:
                    synced = scanner.sync()
                    print(f"[{synced.mode}; {synced.waiting} waiting]", file=sys.stderr)
                except Refused as refusal:
                    print(f"[refused: {refusal}]", file=sys.stderr)
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
