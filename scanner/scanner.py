"""A scanner: asks the platform while it can, decides by itself while it cannot, and says which of the two it did."""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from scanner.codes import Code, NotACode, read
from scanner.platform import Platform, Unreachable
from scanner.rules import CAUSES, Direction, Here, here, refusal
from scanner.store import Passage, Store, instant_text

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
        return Answer(self.mode, False, *CAUSES["not_a_code"])

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

    def _here(self) -> Here:
        return here(self.store.kept("gates", []), self.store.kept("gate_ids", []), self.gate)

    def _ask(self, text: str, code: Code | None, direction: Direction, at: datetime, nonce: str) -> Answer:
        told = self.platform.check_in({"code": text, "nonce": nonce, "type": direction, **self._at_gate()})
        if told is None:
            return self._no_code()
        if code and told["admitted"]:
            self.store.note(code.lookup, self._passage(code.lookup, direction, at))
        ticket = told["ticket"] or {}
        return Answer(
            "on line", told["admitted"], told["reason"], told["detail"], ticket.get("attendee_name"), ticket.get("ticket_type_name")
        )

    def _decide(self, code: Code, direction: Direction, at: datetime, nonce: str) -> Answer:
        known, before = self.store.record(code.lookup), self.store.passage(code.lookup)
        cause = refusal(
            code,
            dead=known.dead if known else None,
            passage=before,
            here=self._here(),
            direction=direction,
            at=at,
            time_zone=self.store.time_zone(code.lookup),
        )
        scan = {
            "code": code.receipt,
            "nonce": nonce,
            "type": direction,
            "scanned_at": instant_text(at),
            "decided": "refused" if cause else "admitted",
            **self._at_gate(),
        }
        self.store.enqueue(scan, code.lookup, None if cause else self._passage(code.lookup, direction, at))
        person = (code.open(known.sealed) if known and known.sealed else None) or {}
        reason, detail = self._explain(cause, before) if cause else (None, "Goodbye." if direction == "exit" else "Welcome.")
        return Answer("off line", cause is None, reason, detail, person.get("name"), person.get("ticket_type"))

    def _explain(self, cause: str, before: Passage | None) -> tuple[str, str]:
        reason, detail = CAUSES[cause]
        if reason == "already_redeemed" and before:
            detail = f"Already used, first at {before.first_at}{f' at {before.first_gate}' if before.first_gate else ''}."
        return reason, detail

    def _passage(self, lookup: bytes, direction: Direction, at: datetime) -> Passage:
        before = self.store.passage(lookup)
        first = (before.first_at, before.first_gate) if before else (instant_text(at), self.gate)
        return Passage(direction == "entry", instant_text(at), *first)

    def _at_gate(self) -> dict[str, str]:
        return {"gate": self.gate} if self.gate else {}


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
