"""What a scanner keeps: in SQLite, written through to the disk before anybody is let in.

No name, no code: people are sealed, codes are hashes, and scans that wait are receipts.
"""

import base64
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS records (lookup BLOB PRIMARY KEY, sealed BLOB);  -- sealed is NULL: revoked
CREATE TABLE IF NOT EXISTS passages (lookup BLOB PRIMARY KEY, inside INTEGER NOT NULL, at TEXT NOT NULL, gate TEXT);
CREATE TABLE IF NOT EXISTS queue (nonce TEXT PRIMARY KEY, scan TEXT NOT NULL);  -- in the order of their rowids
CREATE TABLE IF NOT EXISTS answers (nonce TEXT PRIMARY KEY, answer TEXT NOT NULL);
"""
_NOTE = "INSERT OR REPLACE INTO passages VALUES (?, ?, ?, ?)"
_NOTE_IF_LATER = """
INSERT INTO passages VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET inside = excluded.inside, at = excluded.at, gate = excluded.gate WHERE excluded.at >= at
"""


@dataclass(frozen=True, slots=True)
class Passage:
    """How a code last went through a door, as far as this scanner knows."""

    inside: bool
    at: str  # ISO 8601
    gate: str | None


class Store:
    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")  # what is committed survives the power going
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """All of it or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def keep(self, name: str, value: Any) -> None:
        self._db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, json.dumps(value)))

    def kept(self, name: str, default: Any = None) -> Any:
        found = self._db.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
        return json.loads(found[0]) if found else default

    def apply(self, bundle: dict[str, Any]) -> None:
        """What has changed, and how far it was read, in one step: a scanner that dies in between reads it again."""
        with self._whole():
            for name in ("keys", "gates", "cursor"):
                self.keep(name, bundle[name])
            for record in bundle["records"]:
                lookup = _raw(record["lookup"])
                # A code that was revoked stays so, whatever a page that was read again says of its past.
                self._db.execute(
                    "INSERT INTO records VALUES (?, ?) ON CONFLICT DO UPDATE SET sealed = excluded.sealed WHERE sealed IS NOT NULL",
                    (lookup, _raw(record["sealed"])),
                )
                if record["entered"]:
                    self._pass(lookup, Passage(record["inside"], record["entered"]["at"], record["entered"]["gate"]), known=True)
            revoked = [(_raw(lookup),) for lookup in bundle["revoked"]]
            self._db.executemany("INSERT OR REPLACE INTO records VALUES (?, NULL)", revoked)

    def record(self, lookup: bytes) -> tuple[bool, bytes | None]:
        """Whether the code is known, and its sealed record: None where it is revoked."""
        found = self._db.execute("SELECT sealed FROM records WHERE lookup = ?", (lookup,)).fetchone()
        return found is not None, found[0] if found else None

    def people(self) -> int:
        """Live codes that are known."""
        count: int = self._db.execute("SELECT count(*) FROM records WHERE sealed IS NOT NULL").fetchone()[0]
        return count

    def people_inside(self) -> int:
        count: int = self._db.execute("SELECT count(*) FROM passages WHERE inside").fetchone()[0]
        return count

    def passage(self, lookup: bytes) -> Passage | None:
        found = self._db.execute("SELECT inside, at, gate FROM passages WHERE lookup = ?", (lookup,)).fetchone()
        return Passage(bool(found[0]), found[1], found[2]) if found else None

    def note(self, lookup: bytes, passage: Passage) -> None:
        self._pass(lookup, passage, known=False)

    def _pass(self, lookup: bytes, passage: Passage, *, known: bool) -> None:
        """What is `known` from the platform does not undo what happened here since."""
        self._db.execute(_NOTE_IF_LATER if known else _NOTE, (lookup, passage.inside, passage.at, passage.gate))

    def enqueue(self, scan: dict[str, Any], lookup: bytes, passage: Passage | None) -> None:
        """On the disk when it returns: only then may the door open."""
        with self._whole():
            self._db.execute("INSERT OR IGNORE INTO queue VALUES (?, ?)", (scan["nonce"], json.dumps(scan)))
            if passage:
                self._pass(lookup, passage, known=False)

    def waiting(self, most: int) -> list[dict[str, Any]]:
        """The oldest scans that are not handed in yet."""
        return [json.loads(scan) for (scan,) in self._db.execute("SELECT scan FROM queue ORDER BY rowid LIMIT ?", (most,))]

    def backlog(self) -> int:
        count: int = self._db.execute("SELECT count(*) FROM queue").fetchone()[0]
        return count

    def settle(self, answers: Sequence[dict[str, Any]]) -> None:
        """Handed in and answered: an answer that comes again is the same."""
        with self._whole():
            for answer in answers:
                kept = {name: answer[name] for name in ("status", "reason")}  # an answer names people: nothing of that is kept
                self._db.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (answer["nonce"], json.dumps(kept)))
                self._db.execute("DELETE FROM queue WHERE nonce = ?", (answer["nonce"],))

    def answers(self) -> dict[str, dict[str, Any]]:
        return {nonce: json.loads(answer) for nonce, answer in self._db.execute("SELECT nonce, answer FROM answers")}


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
