"""What the tests of meetings share: people, and two of them who meet."""

from datetime import UTC, datetime, timedelta

from functions.contacts.cards import Card, Profile, Visible
from functions.contacts.domain import (
    Meeting,
    Scan,
    introduce,
)
from functions.contacts.people import GENERAL, Attendance, Bearer, Code, Held, Person

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
THERE = "cnf_1"
COMPANY = {"company": Visible("everyone", "confirmed")}


def person(name: str, *, attendance: Attendance | None = None, blocked: frozenset[str] = frozenset()) -> Person:
    card = Card(Profile(name, company=f"{name} Ltd"), COMPANY)
    going = attendance or Attendance(tickets={f"tkt_{name}": Held(1)})
    return Person(f"usr_{name}", {GENERAL: card}, {THERE: going}, blocked=blocked)


ADA, BOB = person("ada"), person("bob")
BOOTH = person("cyd", attendance=Attendance(role="exhibitor", company="Warung"))
COLLEAGUE = person("dan", attendance=Attendance(role="exhibitor", company="Warung"))


def shown_by(who: Person) -> Bearer:
    return who.bearer(Code.new(THERE, NOON))


def meeting(
    scanner: Person | None = ADA,
    bearer: Bearer | None = None,
    at: datetime = NOON,
    now: datetime = NOON,
    note: str | None = None,
    tags: tuple[str, ...] = (),
) -> Meeting:
    scan = Scan("usr_ada", "n1", "KETEMU:C1:X")
    return introduce(scanner, bearer or shown_by(BOB), scan, at=at, now=now, note=note, tags=tags)
