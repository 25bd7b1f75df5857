"""A person among others: their cards, where they attend, the codes that show them, and whom they have blocked."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

from functions.contacts.cards import Audience, Card
from shared.caller import Role
from shared.errors import Conflict, Invalid
from shared.exhibitors import founded_team, is_team

GENERAL = ""  # in the place of a conference: the card and the code for wherever there is none of its own

CODE_LIFE = timedelta(days=30)
SCREEN_LIFE = timedelta(minutes=5)  # of a code for one use, shown on a phone
LATE = timedelta(days=7)  # for which what was scanned off line before a code expired may still come in
MOST_SCREENS = 5  # codes for one use at once; a further one ends the oldest
MOST_CARDS = 20
MOST_BLOCKED = 100  # each code has a copy of them
_CODE_BYTES = 20  # 160 random bits: 32 characters of base 32 without padding, and nobody finds a code by trying
_CANCELLED = 1_000_000  # more than any serial


class NotAttending(Invalid):
    slug, title = "not-attending", "You do not attend this conference"

    def __init__(self, conference_id: str) -> None:
        super().__init__(
            f"You have neither a ticket to {conference_id} nor a part in it. Correct conference_id, or leave it out for what holds "
            "outside any conference. A ticket bought just now counts within a minute."
        )


class NoCard(Conflict):
    slug, title = "no-card", "You have no contact card yet"

    def __init__(self) -> None:
        super().__init__("An exchange goes both ways: say who you are with PUT /contacts/card (a name is enough).")


class TooManyCards(Conflict):
    slug, title = "too-many-cards", "You have a card for so many conferences"

    def __init__(self) -> None:
        super().__init__(
            f"At most {MOST_CARDS} conferences have a card of their own. Delete one that is over: the usual card stays."
        )


class TooManyBlocked(Conflict):
    slug, title = "too-many-blocked", "You have blocked so many"

    def __init__(self) -> None:
        super().__init__(f"At most {MOST_BLOCKED} can be blocked at once. Let one of them go: GET /contacts/blocked lists them.")


@dataclass(frozen=True, slots=True)
class Party:
    """Who meets: a person, or the whole team of an exhibitor, which shares whom it meets."""

    id: str
    company: str | None = None

    @property
    def is_team(self) -> bool:
        return is_team(self.id)

    @property
    def audience(self) -> Audience:
        return audience_of(self.id)


def audience_of(party_id: str) -> Audience:
    """As whom it sees the cards of others."""
    return "exhibitors" if is_team(party_id) else "attendees"


@dataclass(frozen=True, slots=True)
class Held:
    """What was last heard of a ticket: the highest serial counts. `until`: when it was given up; None: it is held."""

    serial: int
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attendance:
    """What gives somebody a part in a conference: tickets, a role."""

    tickets: Mapping[str, Held] = field(default_factory=dict)
    role: Role | None = None
    role_revision: int = 0
    role_until: datetime | None = None
    company: str | None = None  # that an exhibitor is of
    team_id: str | None = None  # theirs; none where that was never named

    def at(self, instant: datetime) -> bool:
        """Whether they attended then: a scan of before a ticket was handed on may come in after it."""
        if self.role or (self.role_until and instant <= self.role_until):
            return True
        return any(held.until is None or instant <= held.until for held in self.tickets.values())

    def until(self) -> datetime | None:
        """When it ended; None: it goes on."""
        ends = [held.until for held in self.tickets.values()]
        if self.role or None in ends:
            return None
        return max((end for end in (*ends, self.role_until) if end), default=None)

    def with_ticket(self, ticket_id: str, held: Held) -> Self:
        before = self.tickets.get(ticket_id)
        return self if before and before.serial >= held.serial else replace(self, tickets={**self.tickets, ticket_id: held})

    def with_role(self, role: Role | None, revision: int, company: str | None, team_id: str | None, at: datetime) -> Self:
        if revision <= self.role_revision:
            return self
        until = at if self.role and not role else None if role else self.role_until
        return replace(self, role=role, role_revision=revision, company=company, team_id=team_id, role_until=until)


def cancelled(at: datetime) -> Held:
    """Of a ticket that is no more, whatever is heard of it later."""
    return Held(_CANCELLED, at)


@dataclass(frozen=True, slots=True)
class Code:
    """Random text: it says nothing of whom it shows, and fits the QR alphanumeric set."""

    text: str
    conference_id: str
    expires_at: datetime
    one_use: bool = False
    command_id: str = ""  # of the command that made it

    @classmethod
    def new(cls, conference_id: str, now: datetime, *, one_use: bool = False, command_id: str = "") -> "Code":
        text = f"KETEMU:C1:{base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode()}"
        return cls(text, conference_id, now + (SCREEN_LIFE if one_use else CODE_LIFE), one_use, command_id)


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a code shows: a copy of all that a meeting needs to know of them, so that it is found in one read."""

    user_id: str
    party: Party
    conference_id: str
    card: Card
    blocked: frozenset[str]
    until: datetime  # for scans that happened by then
    one_use: bool = False

    def meets(self, user_id: str, party_id: str) -> bool:
        return not self.blocked & {user_id, party_id}


@dataclass(frozen=True, slots=True)
class Person:
    """All of it at once: who scans is known after one read. `revision` grows with each change."""

    user_id: str
    cards: Mapping[str, Card] = field(default_factory=dict)  # by conference; GENERAL: for all that have none of their own
    attendance: Mapping[str, Attendance] = field(default_factory=dict)  # by conference
    codes: tuple[Code, ...] = ()
    blocked: frozenset[str] = frozenset()  # ids of parties
    revision: int = 0

    def card(self, conference_id: str) -> Card:
        """The one that holds there. Raises NoCard."""
        card = self.cards.get(conference_id) or self.cards.get(GENERAL)
        if card is None:
            raise NoCard
        return card

    def attends(self, conference_id: str, at: datetime) -> bool:
        return conference_id == GENERAL or (conference_id in self.attendance and self.attendance[conference_id].at(at))

    def require(self, conference_id: str, now: datetime) -> None:
        """Raises NotAttending."""
        if not self.attends(conference_id, now):
            raise NotAttending(conference_id)

    def party(self, conference_id: str) -> Party:
        """As whom they meet others there. An exhibitor whose team nobody named is of the one that their company founded."""
        there = self.attendance.get(conference_id)
        if there is None or there.role != "exhibitor":
            return Party(self.user_id)
        return Party(there.team_id or founded_team(conference_id, there.company or self.user_id), there.company)

    def code(self, conference_id: str, now: datetime) -> Code | None:
        """The one that stands for a while, where there is one."""
        standing = (code for code in self.codes if code.conference_id == conference_id and not code.one_use)
        return next((code for code in standing if code.expires_at > now), None)

    def bearer(self, code: Code) -> Bearer:
        """What `code` shows."""
        card = self.card(code.conference_id)
        there = self.attendance.get(code.conference_id)
        end = there.until() if there else None
        until = min(code.expires_at, end) if end else code.expires_at
        party = self.party(code.conference_id)
        return Bearer(self.user_id, party, code.conference_id, card, self.blocked, until, code.one_use)

    def bearers(self) -> dict[str, Bearer]:
        """What each code shows, by its text."""
        return {code.text: self.bearer(code) for code in self.codes}

    # Changes

    def with_card(self, conference_id: str, card: Card) -> "Person":
        """Whoever has a card has a general one. Raises TooManyCards."""
        cards = {GENERAL: card, **self.cards, conference_id: card}
        if len(cards) > MOST_CARDS + 1:
            raise TooManyCards
        return self._changed(cards=cards)

    def without_card(self, conference_id: str) -> "Person":
        return self._changed(cards={where: card for where, card in self.cards.items() if where != conference_id})

    def with_code(self, code: Code, now: datetime) -> "Person":
        """A code that stands replaces the one before, which is dead; of codes for one use there are a few."""
        rest = [each for each in self.codes if each.expires_at + LATE > now]
        if code.one_use:
            screens = [each for each in rest if each.one_use]
            ended = set(screens[: max(0, len(screens) - MOST_SCREENS + 1)])
            rest = [each for each in rest if each not in ended]
        else:
            rest = [each for each in rest if each.one_use or each.conference_id != code.conference_id or each.expires_at <= now]
        return self._changed(codes=(*rest, code))

    def with_attendance(self, conference_id: str, attendance: Attendance) -> "Person":
        before = self.attendance.get(conference_id)
        return self if attendance == before else self._changed(attendance={**self.attendance, conference_id: attendance})

    def blocking(self, party_id: str) -> "Person":
        """Raises TooManyBlocked."""
        if party_id in self.blocked:
            return self
        if len(self.blocked) >= MOST_BLOCKED:
            raise TooManyBlocked
        return self._changed(blocked=self.blocked | {party_id})

    def unblocking(self, party_id: str) -> "Person":
        return self._changed(blocked=self.blocked - {party_id}) if party_id in self.blocked else self

    def _changed(self, **changes: object) -> "Person":
        return replace(self, **changes, revision=self.revision + 1)  # type: ignore[arg-type]  # each caller names its own field
