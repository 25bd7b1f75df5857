"""What 300 people do on a day of meeting: planned by a seed, round by round, and told to the model as it is planned.

Within a round phones send what they like in whatever order, so that the plan keeps to what may not depend on it: between two of
whom one has taken something back there is one scan a round, and nobody decides about somebody whom a new scan of that round is of.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Literal
from uuid import UUID

from localstack.meetings_model import Model, Said

Deed = Literal["batch", "card", "code", "note", "withdraw", "block", "unblock", "remove", "confirm", "choose"]
Scan = dict[str, Any]

MOST_AT_ONCE = 25  # scans that a phone hands in together
_LEVELS = ("everyone", "everyone", "confirmed", "nobody")
_FREE = "fields.Seeks"
_EARLIER = timedelta(hours=6)  # since when phones were off line
_MUTUAL, _TWICE = 0.3, 0.1  # of new pairs: both scan, or one scans again
_DECIDED, _AGAIN, _AFTER = 0.2, 0.05, 0.3  # shares of the pairs: somebody decides; they scan again; they do after a decision
_NEW_CARDS, _NEW_CODES = 0.05, 0.05  # shares of the people
_RESENT = 0.3  # of what a phone has sent before


@dataclass(frozen=True)
class Act:
    what: Deed
    whom: str = ""  # the other's user id
    body: Any = None


@dataclass
class Guest:
    id: str
    name: str
    email: str
    code: str = ""
    former_codes: list[str] = field(default_factory=list)
    sent: list[Scan] = field(default_factory=list)  # what was taken: a phone may send it for ever


class Day:
    def __init__(self, guests: Sequence[Guest], seed: int) -> None:
        self.guests = {guest.id: guest for guest in guests}
        self.dice = Random(seed)  # noqa: S311  # the same day each time, no secret
        self.model = Model({guest.id: guest.name for guest in guests})
        self.done: Counter[str] = Counter()
        self.refused: set[str] = set()  # nonces that lead to nobody
        self._acts: dict[str, list[Act]] = {}
        self._queues: dict[str, list[Scan]] = {}
        self._now = _milliseconds(datetime.now(UTC))
        self._began = self._now - _EARLIER

    def pairs(self, number: int) -> list[tuple[str, str]]:
        ids, found = list(self.guests), dict[frozenset[str], tuple[str, str]]()
        while len(found) < number:
            one, other = self.dice.sample(ids, 2)
            found.setdefault(frozenset({one, other}), (one, other))
        return list(found.values())

    def card(self, guest: Guest) -> dict[str, Any]:
        """What `guest` says of themselves from now on; a later one says as much, to others."""
        number = self.dice.randrange(1000)
        values = {
            "company": f"Company {number}",
            "title": f"Title {number}",
            "email": guest.email,
            "phone": f"+62 274 {number:04}",
            "links": [f"https://example.org/{number}"],
            _FREE: f"wish {number}",
        }
        keys = self.model.cards.get(guest.id) or [key for key in values if self.dice.random() < 0.8]
        said: Said = {key: (values[key], self.dice.choice(_LEVELS)) for key in values if key in keys}
        self.model.cards[guest.id] = said
        levels = {key: level for key, (_, level) in said.items() if key != _FREE}
        free = [{"label": "Seeks", "value": said[_FREE][0], "visible": said[_FREE][1]}] if _FREE in said else []
        plain = {key: value for key, (value, _) in said.items() if key != _FREE}
        return {"name": guest.name, **plain, "fields": free, "visibility": levels}

    def has_code(self, guest: Guest, code: str) -> None:
        """The one before is dead."""
        if guest.code:
            guest.former_codes.append(guest.code)
            del self.model.codes[guest.code]
        guest.code, self.model.codes[code] = code, guest.id

    def round(self, new: Iterable[tuple[str, str]]) -> dict[str, list[Act]]:
        """What each does, in the order of doing."""
        self._now = _milliseconds(datetime.now(UTC))
        self._acts, self._queues = {who: [] for who in self.guests}, {who: [] for who in self.guests}
        known = [tuple(sorted(pair)) for pair in self.model.scans]
        for one, other in new:
            self._meet(one, other)
        for one, other in known:
            self._go_on(*self.dice.sample((one, other), 2))
        for guest in self.guests.values():
            if self.dice.random() < _NEW_CARDS:
                self._do(guest.id, Act("card", body=self.card(guest)))
            self._hand_in(guest)
        return self._acts

    def changes_codes(self) -> list[Guest]:
        return [guest for guest in self.guests.values() if self.dice.random() < _NEW_CODES]

    def everything_again(self) -> dict[str, list[Act]]:
        """All that phones ever sent, in another order: it changes nothing."""
        return {guest.id: list(self._batches(guest.sent)) for guest in self.guests.values()}

    def answers(self, nonce: str) -> set[str]:
        """Which a scan may get. One that is sent again, with whose other nothing goes on any more, leads to nobody on the list."""
        return {"unknown-code"} if nonce in self.refused else {"met", "known", "busy", "not-found"}

    def _meet(self, one: str, other: str) -> None:
        self._scan(one, other, self._some_time_ago())
        if self.dice.random() < _MUTUAL:
            self._scan(other, one, self._some_time_ago())
        if self.dice.random() < _TWICE:
            self._scan(one, other, self._some_time_ago())

    def _go_on(self, one: str, other: str) -> None:
        """Two who met in an earlier round."""
        is_quiet, chance = self.model.is_quiet(one, other), self.dice.random()
        if chance < (_AGAIN if is_quiet else _AFTER):
            self._scan(one, other, self._now if self.dice.random() < 0.5 else self._some_time_ago())
        elif self.dice.random() < _DECIDED:
            self._decide(one, other)

    def _scan(self, who: str, whom: str, at: datetime) -> None:
        guest, other = self.guests[who], self.guests[whom]
        nonce = UUID(int=self.dice.getrandbits(128)).hex
        is_late_code = bool(other.former_codes) and self.dice.random() < 0.5 and frozenset({who, whom}) in self.model.scans
        code = other.former_codes[-1] if is_late_code else other.code
        note, tags = (f"note {nonce}", [f"tag {nonce[0]}"]) if self.dice.random() < 0.3 else (None, [])
        scan = {"code": code, "nonce": nonce, "scanned_at": at.isoformat(), "note": note, "tags": tags}
        if self.model.scan(who, code, nonce, at, note, tags):
            guest.sent.append(scan)
        else:
            self.refused.add(nonce)
        self._queues[who].append(scan)
        self.done["refused" if nonce in self.refused else "scan"] += 1

    def _decide(self, who: str, whom: str) -> None:
        model = self.model
        if (who, whom) in model.blocked:
            model.blocked.discard((who, whom))
            return self._do(who, Act("unblock", whom))
        if (whom, who) in model.blocked:
            return None  # which they do not know of
        deed: Deed = self.dice.choice(("withdraw", "withdraw", "block", "remove", "confirm", "confirm", "choose", "choose", "note"))
        if deed in ("remove", "note") and whom not in model.contacts(who):
            deed = "withdraw"
        body: Any = None
        match deed:
            case "withdraw":
                model.withdraw(who, whom, self._now)
            case "block":
                model.block(who, whom, self._now)
            case "remove":
                model.remove(who, whom, self._now)
            case "confirm":
                body = {"confirm": self.dice.random() < 0.7}
                model.confirm(who, whom, yes=body["confirm"])
            case "choose":
                keys = [key for key in model.cards[who] if self.dice.random() < 0.5]
                body = {"fields": {key: self.dice.random() < 0.5 for key in keys}}
                model.choose(who, whom, body["fields"])
            case "note":
                body = {"note": f"decided {self.dice.randrange(1000)}", "tags": ["decided"]}
                stance = model.stance(who, whom)
                stance.notes, stance.tags = {body["note"]}, set(body["tags"])
        return self._do(who, Act(deed, whom, body))

    def _do(self, who: str, act: Act) -> None:
        self.done[act.what] += 1
        self._acts[who].append(act)

    def _hand_in(self, guest: Guest) -> None:
        """New scans, some of them twice, and some of earlier ones: shuffled, in batches with decisions in between."""
        queue = self._queues[guest.id]
        again = [scan for scan in [*guest.sent, *queue] if self.dice.random() < _RESENT]
        self.done["sent again"] += len(again)
        for batch in self._batches([*queue, *again]):
            self._acts[guest.id].insert(self.dice.randint(0, len(self._acts[guest.id])), batch)

    def _batches(self, scans: Sequence[Scan]) -> Iterable[Act]:
        rest = self.dice.sample(scans, len(scans))
        while rest:
            size = self.dice.randint(1, MOST_AT_ONCE)
            yield Act("batch", body={"scans": rest[:size]})
            rest = rest[size:]

    def _some_time_ago(self) -> datetime:
        return self._began + timedelta(milliseconds=self.dice.randrange(3_600_000))


def _milliseconds(instant: datetime) -> datetime:
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
