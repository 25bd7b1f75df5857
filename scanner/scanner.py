"""A scanner: asks the platform while it can, decides by itself while it cannot, and says which of the two it did."""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from scanner.codes import Code, NotACode, read
from scanner.platform import Platform, Unreachable
from scanner.rules import REASONS, Direction, refusal
from scanner.store import Passage, Store

Mode = Literal["on line", "off line"]
BATCH = 100  # scans the platform takes at once


@dataclass(frozen=True, slots=True)
class Answer:
    """What to show at the door. `person` is the name on the ticket, where it is known."""

    mode: Mode
    admitted: bool
    reason: str | None
    detail: str
    person: str | None = None
    ticket_type: str | None = None


@dataclass(frozen=True, slots=True)
class Synced:
    handed_in: int
    refused: int  # of them: what the platform has something against
    waiting: int
    mode: Mode


def _now() -> datetime:
    return datetime.now(UTC)


class Scanner:
    """One scan or one sync at a time."""

    def __init__(self, platform: Platform, store: Store, *, gate: str | None = None, clock: Callable[[], datetime] = _now) -> None:
        self.platform, self.store, self.gate, self.clock = platform, store, gate, clock
        self.mode: Mode = "on line"

    def scan(self, text: str, direction: Direction = "entry") -> Answer:
        """The nonce is chosen before anything is sent: a scan that the platform took without our hearing of it is told it again
        under the same one, and is one scan.
        """
        text, at, nonce = text.strip(), self.clock(), secrets.token_urlsafe(16)
        code = self._read(text)
        if self.mode == "on line":
            try:
                return self._ask(text, code, direction, at, nonce)
            except Unreachable:
                self.mode = "off line"
        return self._decide(code, direction, at, nonce) if code else self._no_code()

    def _read(self, text: str) -> Code | None:
        """None also for a code of a key that came after the last sync: on line the platform is asked nevertheless."""
        try:
            return read(text, self._keys())
        except NotACode:
            return None

    def _no_code(self) -> Answer:
        return Answer(self.mode, False, "invalid", REASONS["invalid"])

    def sync(self) -> Synced:
        """Hand in what waits, then fetch what is new; on line again when all of it worked. May be killed at any point."""
        handed_in = refused = 0
        try:
            while scans := self.store.waiting(BATCH):
                answers = self.platform.hand_in(scans)
                settled = [answer for answer in answers if answer["problem"] not in ("busy", "overloaded")]
                self.store.settle(settled)
                handed_in += len(settled)
                refused += sum(answer["status"] != "ok" for answer in settled)
                if not settled:
                    raise Unreachable
            while self._fetch():
                pass
        except Unreachable:
            self.mode = "off line"
        else:
            self.mode = "on line"
        return Synced(handed_in, refused, self.store.backlog(), self.mode)

    def _fetch(self) -> bool:
        """Whether there is more."""
        bundle = self.platform.offline(self.store.kept("cursor"))
        self.store.apply(bundle)
        return bool(bundle["more"])

    def _keys(self) -> dict[int, bytes]:
        return {int(key["kid"]): _raw(key["x"]) for key in self.store.kept("keys", [])}

    def _gate(self) -> dict[str, Any] | None:
        gates: list[dict[str, Any]] = self.store.kept("gates", [])
        return next((gate for gate in gates if self.gate in (gate["id"], gate["name"])), None)

    def _ask(self, text: str, code: Code | None, direction: Direction, at: datetime, nonce: str) -> Answer:
        told = self.platform.check_in({"code": text, "nonce": nonce, "type": direction, **self._at_gate()})
        if told is None:
            return self._no_code()
        if code and told["admitted"]:
            self.store.note(code.lookup, self._passage(direction, at))
        ticket = told["ticket"] or {}
        return Answer(
            "on line", told["admitted"], told["reason"], told["detail"], ticket.get("attendee_name"), ticket.get("ticket_type_name")
        )

    def _decide(self, code: Code, direction: Direction, at: datetime, nonce: str) -> Answer:
        is_known, sealed = self.store.record(code.lookup)
        before = self.store.passage(code.lookup)
        reason = refusal(
            code, is_revoked=is_known and sealed is None, passage=before, gate=self._gate(), direction=direction, at=at
        )
        scan = {
            "code": code.receipt,
            "nonce": nonce,
            "type": direction,
            "scanned_at": at.isoformat(timespec="milliseconds"),
            "decided": "refused" if reason else "admitted",
            **self._at_gate(),
        }
        self.store.enqueue(scan, code.lookup, None if reason else self._passage(direction, at))
        person = (code.open(sealed) if sealed else None) or {}
        detail = self._explain(reason, before) if reason else "Goodbye." if direction == "exit" else "Welcome."
        return Answer("off line", reason is None, reason, detail, person.get("name"), person.get("ticket_type"))

    def _explain(self, reason: str, before: Passage | None) -> str:
        if reason == "already_redeemed" and before:
            return f"Already used, at {before.at}{f' at {before.gate}' if before.gate else ''}."
        return REASONS[reason]

    def _passage(self, direction: Direction, at: datetime) -> Passage:
        return Passage(direction == "entry", at.isoformat(timespec="milliseconds"), self.gate)

    def _at_gate(self) -> dict[str, str]:
        return {"gate": self.gate} if self.gate else {}


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
