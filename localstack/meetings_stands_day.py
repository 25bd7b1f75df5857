"""What teams at stands and their visitors do: planned by a seed, round by round, and told to a model as it is planned.

The model's parties are a team and a visitor. Within a round phones send what they like in whatever order; so, as in
`meetings_day.py`, nobody decides about a pair of which there is a scan in that round, and of a pair of before there is one at most.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from localstack.meetings_model import Model

Scan = dict[str, Any]

_LEVELS = ("everyone", "everyone", "confirmed", "nobody")
_MOST_AT_ONCE = 25  # scans that a phone hands in together
_SECOND, _TWICE, _RESENT = 0.5, 0.2, 0.3  # of new leads: a colleague scans too, one scans again; of what was sent: it is again
_DECIDED, _AGAIN, _NEW_CARDS = 0.3, 0.3, 0.05  # shares of the leads of before, and of the visitors


@dataclass(frozen=True)
class Act:
    who: str
    method: str
    path: str
    body: Any = None
    scans: Sequence[dict[str, Any]] = ()


@dataclass
class Stand:
    company: str
    colleagues: list[str] = field(default_factory=list)
    id: str = ""  # the team's
    sent: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # what each phone sent that was taken


class StandsDay:
    def __init__(self, stands: int, visitors: Mapping[str, tuple[str, str]], seed: int) -> None:
        """`visitors`: name and e-mail of each."""
        self.dice = Random(f"stands {seed}")  # noqa: S311  # the same day each time, no secret
        self.visitors = dict(visitors)
        self.stands = [Stand(f"Company {number:03}") for number in range(stands)]
        self.model = Model({who: name for who, (name, _) in visitors.items()})
        self.conference_id = ""
        self.codes: dict[str, str] = {}
        self.ratings: dict[tuple[str, str], int] = {}
        self.refused: set[str] = set()  # nonces that lead to nobody
        self.ids: dict[tuple[str, str], str] = {}  # of the contact that one party has of another

    @property
    def leads(self) -> str:
        return f"/contacts/conferences/{self.conference_id}/leads"

    def answers(self, nonce: str) -> set[str]:
        """Which a scan may get."""
        return {"unknown-code"} if nonce in self.refused else {"met", "known", "busy", "not-found"}

    def founded(self, stand: Stand, team_id: str) -> None:
        stand.id, self.model.names[team_id], self.model.cards[team_id] = team_id, stand.company, {}

    def has_code(self, visitor: str, code: str) -> None:
        self.codes[visitor], self.model.codes[code] = code, visitor

    def card(self, who: str) -> dict[str, Any]:
        """What exhibitors may see of a visitor, from now on; attendees see nothing of it."""
        name, email = self.visitors[who]
        number = self.dice.randrange(1000)
        values = {
            "company": f"=Company {number}",
            "title": f"Title {number}",
            "email": email,
            "phone": f"+62 {number:05}",
        }
        self.model.cards[who] = said = {key: (value, self.dice.choice(_LEVELS)) for key, value in values.items()}
        levels = {key: {"attendees": "nobody", "exhibitors": level} for key, (_, level) in said.items()}
        return {"name": name, **values, "visibility": levels}

    def pairs(self, number: int) -> list[tuple[Stand, str]]:
        """Who meets whom for the first time: as many, or all there can be."""
        everyone = [(stand, visitor) for stand in self.stands for visitor in self.visitors]
        return self.dice.sample(everyone, min(number, len(everyone)))

    def round(self, new: Sequence[tuple[Stand, str]]) -> list[Act]:
        """Of each person in the order of doing."""
        began, now = _milliseconds(datetime.now(UTC)) - timedelta(hours=6), _milliseconds(datetime.now(UTC))
        queues: dict[str, list[dict[str, Any]]] = {who: [] for stand in self.stands for who in stand.colleagues}
        acts: dict[str, list[Act]] = {who: [] for who in (*self.visitors, *queues)}

        def scan(stand: Stand, who: str, visitor: str) -> None:
            at = now if self.dice.random() < 0.3 else began + timedelta(milliseconds=self.dice.randrange(3_600_000))
            queues[who].append(self._scan(stand, who, visitor, at))

        met = [(stand, visitor) for stand in self.stands for visitor in self.visitors if self.have_met(stand, visitor)]
        for stand, visitor in new:
            first, *others = self.dice.sample(stand.colleagues, len(stand.colleagues))
            for who in [first, *[each for each in others if self.dice.random() < _SECOND]]:
                scan(stand, who, visitor)
            if self.dice.random() < _TWICE:
                scan(stand, first, visitor)
        for stand, visitor in met:
            if self.dice.random() < _AGAIN:  # one at most: whether a second brings back who was removed would depend on the order
                scan(stand, self.dice.choice(stand.colleagues), visitor)
            elif self.dice.random() < _DECIDED and (act := self._decide(stand, visitor, now)):
                acts[act.who].append(act)
        for stand in self.stands:
            for who in stand.colleagues:
                again = [each for each in [*stand.sent.get(who, []), *queues[who]] if self.dice.random() < _RESENT]
                for batch in self._batches([*queues[who], *again]):
                    acts[who].insert(self.dice.randint(0, len(acts[who])), Act(who, "POST", "", scans=batch))
        for visitor in self.visitors:
            if self.dice.random() < _NEW_CARDS:
                acts[visitor].append(Act(visitor, "PUT", f"/contacts/card?conference_id={self.conference_id}", self.card(visitor)))
        return [act for each in acts.values() for act in each]

    def everything_again(self) -> list[Act]:
        """All that phones ever sent, in another order: it changes nothing."""
        sent = [(who, stand.sent.get(who, [])) for stand in self.stands for who in stand.colleagues]
        return [Act(who, "POST", "", scans=batch) for who, scans in sent for batch in self._batches(scans)]

    def have_met(self, stand: Stand, visitor: str) -> bool:
        return frozenset({stand.id, visitor}) in self.model.scans

    def _scan(self, stand: Stand, who: str, visitor: str, at: datetime) -> Scan:
        nonce = UUID(int=self.dice.getrandbits(128)).hex
        note, tags = (f"note {nonce}", [f"tag {nonce[0]}"]) if self.dice.random() < 0.3 else (None, [])
        scan = {"code": self.codes[visitor], "nonce": nonce, "scanned_at": at.isoformat(), "note": note, "tags": tags}
        if self.model.scan(stand.id, self.codes[visitor], nonce, at, note, tags, by=who):
            stand.sent.setdefault(who, []).append(scan)
        else:
            self.refused.add(nonce)
        return scan

    def _decide(self, stand: Stand, visitor: str, now: datetime) -> Act | None:
        model, of_team, of_visitor = self.model, f"/contacts/{self.ids[visitor, stand.id]}", self.ids.get((stand.id, visitor))
        if (visitor, stand.id) in model.blocked:
            model.blocked.discard((visitor, stand.id))
            return Act(visitor, "DELETE", f"/contacts/blocked/{stand.id}")
        deeds = ["withdrawal", "withdrawal", "block", "confirmation", "shown", "shown"]
        deed = self.dice.choice(deeds + (["rate", "rate", "remove"] if visitor in model.contacts(stand.id) else []))
        if deed in ("withdrawal", "block", "remove"):
            self.ratings.pop((stand.id, visitor), None)
        who = self.dice.choice(stand.colleagues)
        match deed:
            case "withdrawal":
                model.withdraw(visitor, stand.id, now)
            case "block":
                model.block(visitor, stand.id, now)
            case "confirmation":
                model.confirm(visitor, stand.id, yes=(yes := self.dice.random() < 0.7))
                return Act(visitor, "POST", f"{of_team}/confirmation", {"confirm": yes})
            case "shown":
                chosen = {key: self.dice.random() < 0.5 for key in model.cards[visitor] if self.dice.random() < 0.5}
                model.choose(visitor, stand.id, chosen)
                return Act(visitor, "PUT", f"{of_team}/shown", {"fields": chosen})
            case "rate":
                rating, stance = self.dice.randint(0, 5), model.stance(stand.id, visitor)
                self.ratings[stand.id, visitor], stance.notes, stance.tags = rating, {f"rated {rating}"}, {"rated"}
                return Act(
                    who, "PATCH", f"{self.leads}/{of_visitor}", {"rating": rating, "note": f"rated {rating}", "tags": ["rated"]}
                )
            case _:
                model.remove(stand.id, visitor, now)
                return Act(who, "DELETE", f"{self.leads}/{of_visitor}")
        return Act(visitor, "POST", f"{of_team}/{deed}")

    def _batches(self, scans: Sequence[Scan]) -> list[list[Scan]]:
        rest, found = self.dice.sample(scans, len(scans)), []
        while rest:
            size = self.dice.randint(1, _MOST_AT_ONCE)
            found.append(rest[:size])
            rest = rest[size:]
        return found


def _milliseconds(instant: datetime) -> datetime:
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
