"""What the tests of schedule files share: files with entries, and what is planned of them."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from functions.events.agenda import Agenda
from functions.events.domain import Conference, Part, Room, Session, Speaker, Track, of_kind
from functions.events.schedule_entries import understand
from functions.events.schedule_export import Format
from functions.events.schedule_plan import Existing, Plan, plan_import
from tests.unit.test_events_domain import CONFERENCE, HOUR, NINE

BERLIN = replace(CONFERENCE, id="cnf_01K0C0NF000000000000000000", starts_at=NINE - 24 * HOUR, ends_at=NINE + 96 * HOUR)
MEDIA: dict[Format, str] = {"json": "application/json", "xml": "text/xml; charset=utf-8"}


def entry(number: int = 1, **said: Any) -> dict[str, Any]:
    """An hour from nine, Berlin time, each in a room of its own."""
    values = {
        "id": number,
        "guid": str(UUID(int=number)),
        "date": "2030-06-03T09:00:00+02:00",
        "start": "09:00",
        "duration": "01:00",
        "room": f"Room {number}",
        "title": f"Talk {number}",
        "type": "Talk",
        "persons": [],
        **said,
    }
    return {name: value for name, value in values.items() if value is not ...}


def schedule(*entries: Any, day: dict[str, Any] | None = None, **conference: Any) -> dict[str, Any]:
    days = [{"index": 1, "date": "2030-06-03", **(day or {}), "rooms": {"": list(entries)}}]
    return {"version": "1", "conference": {"title": "PyCon", "days": days, **conference}}


def planned(file: dict[str, Any], parts: list[Part] | None = None, conference: Conference = BERLIN) -> Plan:
    parts = parts or []
    existing = Existing(of_kind(Room, parts), of_kind(Track, parts), of_kind(Speaker, parts), of_kind(Session, parts))
    return plan_import(conference, existing, understand(file, conference))


def after(plan: Plan, parts: list[Part] | None = None) -> list[Part]:
    """All parts of a conference that had `parts`."""
    return list({part.id: part for part in [*(parts or []), *plan.added, *plan.changed]}.values())


def released(parts: list[Part], conference: Conference = BERLIN) -> Agenda:
    return Agenda(
        release=3,
        released_at=NINE,
        conference=conference,
        rooms=of_kind(Room, parts),
        tracks=of_kind(Track, parts),
        speakers=of_kind(Speaker, parts),
        sessions=of_kind(Session, parts),
    )
