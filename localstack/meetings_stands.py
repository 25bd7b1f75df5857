"""Companies that exhibit on a day of meeting: teams of two or three who scan visitors off line, for one list that they share.

Each is asked by the organiser to send one, who asks colleagues. What everybody of a team sees, and what visitors are told of who
holds what of them, is compared with what the model says.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from localstack.client import Person, must, newcomer, wait_until
from localstack.crowd import crowd, stay_logged_in
from localstack.endpoint import Endpoint
from localstack.meetings_asking import Asking, exported_as, shown_in
from localstack.meetings_stands_day import Act, Stand, StandsDay


@dataclass(frozen=True, kw_only=True)
class Fair:
    stands: int
    visitors: int
    leads: int  # pairs of a team and a visitor
    concurrency: int
    seed: int


class Stands(Asking):
    """Of one day on a running stack; `say` hears how it goes."""

    def __init__(self, endpoint: Endpoint, organizer: Person, fair: Fair, say: Callable[[str], None]) -> None:
        self.endpoint, self.organizer, self.fair, self.say = endpoint, organizer, fair, say
        visitors = {each.user_id: each for each in crowd(endpoint, organizer, fair.visitors, organizer.http)}
        names = {who: f"Visitor {number:04}" for number, who in enumerate(visitors)}
        super().__init__(visitors, names, fair.concurrency)
        self.day = StandsDay(fair.stands, {who: (names[who], each.email) for who, each in visitors.items()}, fair.seed)
        self.told: Counter[str] = Counter()

    # Beforehand

    def arrive(self, conference_id: str, type_id: str) -> None:
        """Visitors with a ticket and a card; of each company one whom the organiser asked, and those whom that one asks."""
        self.conference_id = self.day.conference_id = conference_id
        order = {"conference_id": conference_id, "lines": [{"ticket_type_id": type_id, "quantity": 1}]}
        visitors = list(self.day.visitors)
        self.all_at_once(lambda who: self.ask(who, "POST", "/orders", order | {"payment": {"method": "simulated"}}), visitors)
        for who in visitors:
            self.day.has_code(who, self.card(who, self.day.card(who)))
        for stand in self.day.stands:
            self._send(stand)
        reps = [who for stand in self.day.stands for who in stand.colleagues]
        stay_logged_in(self.endpoint, [self.people[who] for who in reps], {conference_id: "exhibitor"})
        self.all_at_once(lambda who: self.card(who, {"name": self.names[who]}), reps)
        self.say(f"{len(self.day.stands)} stands with {len(reps)} people, {len(visitors)} visitors")

    def _send(self, stand: Stand) -> None:
        members = f"/events/conferences/{self.conference_id}/members"
        inviter, more = self.organizer, {"company": stand.company}
        for _ in range(self.day.dice.randint(2, 3)):
            colleague = newcomer(self.organizer.api_url, self.organizer.http, f"Rep{len(self.names)}")
            token = inviter.post(members, {"email": colleague.email, "role": "exhibitor", **more})["token"]
            joined = colleague.post("/events/invitations/accept", {"token": token}, expect=200)
            must(joined["company"] == stand.company and stand.id in ("", joined["team_id"]), joined)
            self.day.founded(stand, joined["team_id"])
            self.people = {**self.people, colleague.user_id: colleague}
            self.names = {**self.names, colleague.user_id: colleague.name, stand.id: stand.company}
            stand.colleagues.append(colleague.user_id)
            inviter, more = colleague, {}

    # The day

    def play_round(self, name: str, new: Sequence[tuple[Stand, str]]) -> None:
        self._learn_ids()
        self._play(name, self.day.round(new))

    def play_again(self) -> None:
        self._play("everything once more", self.day.everything_again())

    def _play(self, name: str, acts: Sequence[Act]) -> None:
        """Each person's acts one after the other, all people's at once."""
        before = self.told.total()

        def play(who: str) -> None:
            for act in acts:
                if act.who == who and act.scans:
                    self._hand_in(who, act.scans)
                elif act.who == who:
                    self.ask(who, act.method, act.path, act.body, or_else=404 if act.method == "DELETE" else 200)

        self.all_at_once(play, dict.fromkeys(act.who for act in acts))
        self.say(f"stands, {name}: {len(acts)} acts, {self.told.total() - before} scans handed in")

    def _hand_in(self, who: str, scans: Sequence[dict[str, Any]]) -> None:
        """Raises Unexpected where a scan is answered otherwise than the model says. What was busy is sent again."""
        while scans:
            results = self.ask(who, "POST", "/contacts/exchange/batch", {"scans": scans})["results"]
            for scan, result in zip(scans, results, strict=True):
                told = result["problem"] or result["status"]
                expected = self.day.answers(scan["nonce"])
                must(told in expected, f"{self.names[who]}: {result} where {expected} is expected")
                self.told[told] += 1
            scans = [scan for scan, result in zip(scans, results, strict=True) if result["problem"] == "busy"]

    def _learn_ids(self) -> None:
        """Under which id each party has whom it met."""

        def of_visitor(who: str) -> None:
            self.day.ids |= {(who, each["exhibitor_id"]): each["id"] for each in self.listed(who, "/contacts")}

        def of_stand(stand: Stand) -> None:
            self.day.ids |= {(stand.id, each["user_id"]): each["id"] for each in self.listed(stand.colleagues[0], self.day.leads)}

        self.all_at_once(of_visitor, self.day.visitors)
        self.all_at_once(of_stand, self.day.stands)

    # What is seen

    def look(self, when: str) -> None:
        """Raises Unexpected where somebody sees something else than the model says."""
        stands = {stand.id: stand for stand in self.day.stands}
        parties = [*stands, *self.day.visitors]
        self.compare(when, parties, lambda party: self._of(stands[party]) if party in stands else self._by(party))
        leads = sum(len(self.day.model.contacts(stand.id)) for stand in self.day.stands)
        self.say(f"{when} each team and visitor sees exactly what the model says: {leads} leads of {len(self.day.stands)} teams")

    def _of(self, stand: Stand) -> list[str]:
        """Whoever of the team asks."""
        said = {who: self._lead(stand, who, seen) for who, seen in self.day.model.contacts(stand.id).items()}
        lines = {exported_as(seen["shows"]): True for seen in said.values()}
        found: list[str] = []
        for who in stand.colleagues:
            leads = self.listed(who, self.day.leads)
            seen = {each["user_id"]: _as_the_model_has_it(each) for each in leads}
            found += [f"{len(leads)} leads, some twice"] if len(seen) < len(leads) else []
            found += self.unlike({"leads": (seen, said), "exported": (self.exported(who, f"{self.day.leads}/export"), lines)})
        return found

    def _lead(self, stand: Stand, visitor: str, seen: dict[str, Any]) -> dict[str, Any]:
        scans = self.day.model.scans[frozenset({stand.id, visitor})]
        kept = {key: seen[key] for key in ("shows", "notes", "tags")}
        return kept | {"scans": scans, "met": min(scans.values()), "rating": self.day.ratings.get((stand.id, visitor))}

    def _by(self, visitor: str) -> list[str]:
        """What a visitor is told of the companies that hold something."""
        model = self.day.model
        contacts, holders = self.listed(visitor, "/contacts"), self.listed(visitor, "/contacts/holders")
        blocked = self.ask(visitor, "GET", "/contacts/blocked")["items"]
        met = {
            stand.id: (stand.company, model.confirmation(visitor, stand.id))
            for stand in self.day.stands
            if self.day.have_met(stand, visitor)
        }
        held = {team: (self.names[team], set(shown)) for team in met if (shown := model.shown(visitor, team)) is not None}
        return self.unlike(
            {
                "contacts": ({each["exhibitor_id"]: (each["exhibitor"], each["shown"]["confirmation"]) for each in contacts}, met),
                "holders": ({each["exhibitor_id"]: (each["exhibitor"], set(each["sees"])) for each in holders}, held),
                "blocked": ({each["id"]: True for each in blocked}, {team: True for by, team in model.blocked if by == visitor}),
            }
        )

    def send_one_home(self) -> None:
        """Of each team, by a colleague: there is nothing to be read for them any more, and the rest see what they saw."""
        for stand in self.day.stands:
            *others, last = stand.colleagues
            self.ask(others[0], "DELETE", f"/events/conferences/{self.conference_id}/members/{last}")
            wait_until(lambda who=last: self.answer(who, "GET", self.day.leads).status_code == 403, "no lead for who left")  # type: ignore[misc]
            stand.colleagues = others
        self.look("after one of each team has left")

    def figures(self) -> str:
        return "answers to scans at stands: " + ", ".join(f"{number} × {answer}" for answer, number in self.told.most_common())


def _as_the_model_has_it(lead: dict[str, Any]) -> dict[str, Any]:
    return {
        "shows": shown_in(lead),
        "scans": {scan["by"]: datetime.fromisoformat(scan["at"]) for scan in lead["scans"]},
        "met": datetime.fromisoformat(lead["met_at"]),
        "notes": set((lead["note"] or "").splitlines()),
        "tags": set(lead["tags"]),
        "rating": lead["rating"],
    }
