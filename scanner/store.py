"""What a scanner keeps: in SQLite, written through to the disk before anybody is let in.

No name, no code, no credential in the clear: people are sealed, codes are hashes, and scans that wait are receipts.
"""

import base64
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS records (lookup BLOB PRIMARY KEY, sealed BLOB, zone TEXT, dead TEXT);
CREATE TABLE IF NOT EXISTS passages (  -- here: seen by this scanner; otherwise told by the platform
    lookup BLOB PRIMARY KEY, inside INTEGER NOT NULL, at TEXT NOT NULL, first_at TEXT NOT NULL, first_gate TEXT,
    here INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS queue (nonce TEXT PRIMARY KEY, scan TEXT NOT NULL);  -- in the order of their rowids
CREATE TABLE IF NOT EXISTS answers (nonce TEXT PRIMARY KEY, answer TEXT NOT NULL);
"""
_NOTE = "INSERT OR REPLACE INTO passages VALUES (?, ?, ?, ?, ?, 1)"
_TOLD = """
INSERT INTO passages VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET inside = excluded.inside, at = excluded.at,
first_at = excluded.first_at, first_gate = excluded.first_gate, here = 0 WHERE NOT here OR excluded.at >= at
"""
_RECORD = """
INSERT INTO records VALUES (?, ?, ?, NULL)
ON CONFLICT DO UPDATE SET sealed = excluded.sealed, zone = excluded.zone WHERE dead IS NULL
"""


@dataclass(frozen=True, slots=True)
class Record:
    """A code that the platform has told of: its person, or what became of it (`replaced_code`, `cancelled`)."""

    sealed: bytes | None
    dead: str | None


@dataclass(frozen=True, slots=True)
class Passage:
    """Whether a code is inside, since when it is so, and when and where it first came in; as far as this scanner knows."""

    inside: bool
    at: str  # ISO 8601, in milliseconds of UTC, so that they compare as they are
    first_at: str
    first_gate: str | None


def instant_text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


class Store:
    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)  # SQLite gives the files beside it the same
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
            for name in ("keys", "gates", "gate_ids", "cursor"):
                self.keep(name, bundle[name])
            for record in bundle["records"]:
                lookup = _raw(record["lookup"])
                # A code that was revoked stays so, whatever a page that was read again says of its past.
                self._db.execute(_RECORD, (lookup, _raw(record["sealed"]), record["time_zone"]))
                self._told(lookup, record)
            for dead, lookups in (("replaced_code", bundle["revoked"]), ("cancelled", bundle["cancelled"])):
                rows = [(_raw(lookup), dead) for lookup in lookups]
                self._db.executemany("INSERT OR REPLACE INTO records VALUES (?, NULL, NULL, ?)", rows)

    def _told(self, lookup: bytes, record: dict[str, Any]) -> None:
        """What happened here since is not undone by what the platform tells of before."""
        if record["entered"] is None:  # never, or it was annulled
            self._db.execute("DELETE FROM passages WHERE lookup = ? AND NOT here", (lookup,))
            return
        first, passed_at = record["entered"], record["passed_at"] or record["entered"]["at"]
        told = (lookup, record["inside"], _instant(passed_at), _instant(first["at"]), first["gate"])
        self._db.execute(_TOLD, told)

    def record(self, lookup: bytes) -> Record | None:
        found = self._db.execute("SELECT sealed, dead FROM records WHERE lookup = ?", (lookup,)).fetchone()
        return Record(*found) if found else None

    def time_zone(self, lookup: bytes) -> str:
        """The conference's, as the code's record has it; as any has it for a code that was sold since."""
        found = self._db.execute("SELECT zone FROM records WHERE zone IS NOT NULL ORDER BY lookup = ? DESC LIMIT 1", (lookup,))
        zone: tuple[str] | None = found.fetchone()
        return zone[0] if zone else "UTC"

    def people(self) -> int:
        """Live codes that are known."""
        count: int = self._db.execute("SELECT count(*) FROM records WHERE sealed IS NOT NULL").fetchone()[0]
        return count

    def people_inside(self) -> int:
        count: int = self._db.execute("SELECT count(*) FROM passages WHERE inside").fetchone()[0]
        return count

    def passage(self, lookup: bytes) -> Passage | None:
        found = self._db.execute("SELECT inside, at, first_at, first_gate FROM passages WHERE lookup = ?", (lookup,)).fetchone()
        return Passage(bool(found[0]), *found[1:]) if found else None

    def note(self, lookup: bytes, passage: Passage) -> None:
        """What happened here."""
        self._db.execute(_NOTE, (lookup, passage.inside, passage.at, passage.first_at, passage.first_gate))

    def enqueue(self, scan: dict[str, Any], lookup: bytes, passage: Passage | None) -> None:
        """On the disk when it returns: only then may the door open."""
        with self._whole():
            self._db.execute("INSERT OR IGNORE INTO queue VALUES (?, ?)", (scan["nonce"], json.dumps(scan)))
            if passage:
                self.note(lookup, passage)

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


def _instant(told: str) -> str:
    return instant_text(datetime.fromisoformat(told))


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
