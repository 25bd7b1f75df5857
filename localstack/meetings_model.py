"""What each of many people should see of the others, said as plainly as docs/contacts.md says it.

Written apart from the product: it shares no code with it, keeps one dictionary for each thing that is said, and knows no copies,
revisions or transactions.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Said = dict[str, tuple[Any, str]]  # what a card says under a field, and whom it is for: everyone, confirmed, nobody
Seen = dict[str, Any]


@dataclass
class Stance:
    """What one lets another see, beyond what the card says, and what one keeps of them."""

    confirmed: bool | None = None
    chosen: dict[str, bool] = field(default_factory=dict)
    withdrawn: datetime | None = None
    removed: datetime | None = None
    notes: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)


@dataclass
class Model:
    names: dict[str, str]
    cards: dict[str, Said] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)  # whose each is; a dead one is not here
    scans: dict[frozenset[str], dict[str, datetime]] = field(default_factory=dict)  # of a pair: who scanned, and when first
    stances: dict[tuple[str, str], Stance] = field(default_factory=dict)
    blocked: set[tuple[str, str]] = field(default_factory=set)
    nonces: set[str] = field(default_factory=set)  # of scans that counted

    def met(self, who: str) -> Iterable[str]:
        return (other for pair in self.scans if who in pair for other in pair - {who})

    def stance(self, who: str, to: str) -> Stance:
        return self.stances.setdefault((who, to), Stance())

    def is_quiet(self, one: str, other: str) -> bool:
        """Whether nobody of the two has taken anything back."""
        pair = (self.stance(one, other), self.stance(other, one))
        return not any(stance.withdrawn or stance.removed for stance in pair) and not self.is_blocked(one, other)

    def is_blocked(self, one: str, other: str) -> bool:
        return bool({(one, other), (other, one)} & self.blocked)

    def scan(
        self, who: str, code: str, nonce: str, at: datetime, note: str | None = None, tags: Iterable[str] = (), by: str = ""
    ) -> bool:
        """Whether the scan leads to somebody. One that did is one for ever. `by`: of the team `who`, where that is one."""
        if nonce in self.nonces:
            return True
        whom = self.codes.get(code)
        if whom is None or self.is_blocked(who, whom) or self.stance(whom, who).withdrawn:
            return False
        mine, pair = self.stance(who, whom), frozenset({who, whom})
        seen = self.scans.setdefault(pair, {})
        seen[by or who] = min(at, seen.get(by or who, at))
        if mine.withdrawn and at > mine.withdrawn:
            mine.withdrawn = None
        if mine.removed and at > mine.removed:
            mine.removed = None
        if not mine.removed:
            mine.notes |= {note} if note else set()
            mine.tags |= set(tags)
        self.nonces.add(nonce)
        return True

    def withdraw(self, who: str, to: str, at: datetime) -> None:
        mine, theirs = self.stance(who, to), self.stance(to, who)
        mine.withdrawn = mine.withdrawn or at
        theirs.notes, theirs.tags = set(), set()

    def block(self, who: str, whom: str, at: datetime) -> None:
        self.blocked.add((who, whom))
        self.withdraw(who, whom, at)

    def remove(self, who: str, whom: str, at: datetime) -> None:
        mine = self.stance(who, whom)
        mine.removed, mine.notes, mine.tags = at, set(), set()

    def confirm(self, who: str, to: str, *, yes: bool) -> None:
        mine = self.stance(who, to)
        mine.confirmed, mine.withdrawn = yes, None

    def choose(self, who: str, to: str, chosen: dict[str, bool]) -> None:
        mine = self.stance(who, to)
        mine.chosen, mine.withdrawn = chosen, None

    # What is seen

    def shown(self, who: str, to: str) -> Seen | None:
        """By field, of `who`'s card, to `to`; None: not even the name."""
        stance = self.stance(who, to)
        if stance.withdrawn:
            return None
        levels = {"everyone"} | ({"confirmed"} if stance.confirmed else set())
        says = self.cards[who].items()
        return {"name": self.names[who]} | {key: said for key, (said, level) in says if stance.chosen.get(key, level in levels)}

    def confirmation(self, who: str, to: str) -> str:
        stance = self.stance(who, to)
        if stance.confirmed is not None:
            return "confirmed" if stance.confirmed else "declined"
        waits = any(level == "confirmed" and key not in stance.chosen for key, (_, level) in self.cards[who].items())
        return "pending" if waits and not stance.withdrawn else "none"

    def contacts(self, who: str) -> dict[str, Seen]:
        """Whom `who` has on their list, and all that is to be read there."""
        found = {}
        for other in self.met(who):
            stance, shown = self.stance(who, other), self.shown(other, who)
            if shown is None or stance.removed:
                continue
            scans = {("me" if by == who else "them"): at for by, at in self.scans[frozenset({who, other})].items()}
            found[other] = {
                "shows": shown,
                "scans": scans,
                "met": min(scans.values()),
                "notes": stance.notes,
                "tags": stance.tags,
                "confirmation": self.confirmation(who, other),
                "chosen": stance.chosen,
                "withdrawn": bool(stance.withdrawn),
            }
        return found

    def holders(self, who: str) -> dict[str, set[str]]:
        """Who holds something of `who`'s card, and which fields."""
        return {other: set(shown) for other in self.met(who) if (shown := self.shown(who, other)) is not None}
