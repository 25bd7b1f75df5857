"""A demo conference, made through the public API as its organiser would: people, rooms, two days of sessions, tickets sold."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from localstack.client import Person, wait_until

# Public by design: these accounts live only on an emulator.
PASSWORD = "see you in Yogyakarta"  # noqa: S105

SLUG = "ketemu-days"
CAST = [
    ("organizer", "Sri Wahyuni", "sri@example.org"),
    ("staff", "Dewi Lestari", "dewi@example.org"),
    ("exhibitor", "Budi Santoso", "budi@example.org"),
    ("speaker", "Ada Putri", "ada@example.org"),
    ("speaker", "Bayu Pratama", "bayu@example.org"),
    ("attendee", "Citra Anggraini", "citra@example.org"),
    ("attendee", "Joko Susilo", "joko@example.org"),
    ("attendee", "Maya Kusuma", "maya@example.org"),
]
ROOMS = [("Pendopo", 300), ("Gamelan", 80), ("Wayang", 40)]
TICKET_TYPES = [
    {"name": "Regular", "price": 4900, "capacity": 200, "description": "Both days, lunch included"},
    {"name": "Student", "price": 1500, "capacity": 60, "max_per_order": 2, "description": "Both days, with a student card"},
    {"name": "Online", "price": 0, "capacity": 500, "description": "The streams of the Pendopo room"},
]
# Day, start (hours after the day's opening), minutes, type, room, title, speaker's place in CAST or None.
SESSIONS = [
    (0, 0.0, 30, "other", 0, "Doors open and coffee", None),
    (0, 0.5, 45, "keynote", 0, "To meet is to build", 3),
    (0, 1.5, 45, "talk", 0, "Queues without tears", 4),
    (0, 1.5, 90, "workshop", 1, "Your first serverless function", 3),
    (0, 2.5, 45, "talk", 2, "One table to hold them all", 4),
    (0, 3.5, 60, "break", 0, "Lunch", None),
    (1, 0.0, 45, "keynote", 0, "A door that never stops", 4),
    (1, 1.0, 45, "talk", 0, "Keys, codes and what a QR code must not say", 3),
    (1, 1.0, 90, "workshop", 1, "Modelling for DynamoDB", 4),
    (1, 2.0, 45, "talk", 2, "What idle should cost", 3),
    (1, 3.0, 30, "other", 0, "Closing", None),
]


def seed(api_url: str, say: Callable[[str], None]) -> dict[str, Any]:
    """Seed the platform; `say` hears of each step. Repeatable: every command carries an Idempotency-Key of its own.

    Returns `conference_id` and `demo`, the accounts as {role, email, password}. Raises localstack.client.Surprise.
    """
    with httpx.Client(timeout=60) as http:
        people = [Person(api_url, http, name=name, email=email, password=PASSWORD) for _, name, email in CAST]
        say(f"{len(people)} people")
        for person in people:
            person.register()
            person.log_in()
        organizer = people[0]

        say("a conference with rooms, sessions and ticket types")
        conference_id = _conference(organizer)
        _agenda(organizer, conference_id, people)
        ticket_types = _ticket_types(organizer, conference_id)
        organizer.post(f"/events/conferences/{conference_id}/publish", expect=200, Idempotency_Key="seed-publish")

        say("its team")
        for (role, _, email), person in zip(CAST[1:5], people[1:5], strict=True):
            invitation = organizer.post(
                f"/events/conferences/{conference_id}/members",
                {"email": email, "role": role, **({"company": "Warung Software"} if role == "exhibitor" else {})},
                Idempotency_Key=f"seed-invite-{email}",
            )
            person.post("/events/invitations/accept", {"token": invitation["token"]}, expect=200)

        say("attendees with tickets and contact cards")
        _sell(people[5:], conference_id, ticket_types)
        for person in people[1:]:
            _card(person)
        return {
            "conference_id": conference_id,
            "demo": [{"role": role, "email": email, "password": PASSWORD} for role, _, email in CAST],
        }


def _conference(organizer: Person) -> str:
    """Its id; the one of an interrupted run where there is one, which may have begun on another day."""
    for mine in organizer.get("/events/conferences?mine=true")["items"]:
        if mine["slug"] == SLUG:
            return str(mine["id"])
    opening = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    body = {
        "name": "Ketemu Days",
        "slug": SLUG,
        "description": "Two days to meet whoever builds for people.",
        "venue": "Taman Budaya, Yogyakarta",
        "time_zone": "Asia/Jakarta",
        "starts_at": opening.isoformat(),
        "ends_at": (opening + timedelta(days=2)).isoformat(),
        "currency": "EUR",
        "contact_email": "hello@example.org",
    }
    return str(organizer.post("/events/conferences", body, Idempotency_Key="seed-conference")["id"])


def _agenda(organizer: Person, conference_id: str, people: list[Person]) -> None:
    base = f"/events/conferences/{conference_id}"
    starts_at = datetime.fromisoformat(organizer.get(base)["starts_at"])
    rooms = [
        organizer.post(f"{base}/rooms", {"name": name, "capacity": capacity}, Idempotency_Key=f"seed-room-{name}")["id"]
        for name, capacity in ROOMS
    ]
    speakers = {
        place: organizer.post(f"{base}/speakers", {"name": people[place].name}, Idempotency_Key=f"seed-speaker-{place}")["id"]
        for place in (3, 4)
    }
    for number, (day, hours, minutes, kind, room, title, speaker) in enumerate(SESSIONS):
        begins = starts_at + timedelta(days=day, hours=2 + hours)
        body = {
            "title": title,
            "type": kind,
            "room_id": rooms[room],
            "speaker_ids": [speakers[speaker]] if speaker is not None else [],
            "starts_at": begins.isoformat(),
            "ends_at": (begins + timedelta(minutes=minutes)).isoformat(),
            "language": "en",
        }
        organizer.post(f"{base}/sessions", body, Idempotency_Key=f"seed-session-{number}")


def _ticket_types(organizer: Person, conference_id: str) -> dict[str, str]:
    return {
        str(body["name"]): organizer.post(
            f"/events/conferences/{conference_id}/ticket-types", body, Idempotency_Key=f"seed-type-{body['name']}"
        )["id"]
        for body in TICKET_TYPES
    }


def _sell(attendees: list[Person], conference_id: str, ticket_types: dict[str, str]) -> None:
    on_sale = f"/orders/availability/{conference_id}"
    wait_until(
        lambda: (
            attendees[0].http.get(f"{attendees[0].api_url}{on_sale}").status_code == 200
            and len(attendees[0].get(on_sale)["ticket_types"]) == len(ticket_types)
        ),
        "ticket types on sale",
    )
    for attendee, name in zip(attendees, ticket_types, strict=True):
        body = {
            "conference_id": conference_id,
            "lines": [{"ticket_type_id": ticket_types[name], "quantity": 1}],
            "payment": {"method": "simulated"},
        }
        attendee.post("/orders", body, Idempotency_Key="seed-order")
    for attendee in attendees:
        wait_until(lambda attendee=attendee: attendee.get("/tickets")["items"], f"the ticket of {attendee.name}")  # type: ignore[misc]  # a lambda's default


def _card(person: Person) -> None:
    body = {"name": person.name, "email": person.email, "visibility": {"email": "everyone"}}
    person.call("PUT", "/contacts/card", body)
