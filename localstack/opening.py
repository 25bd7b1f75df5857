"""A conference of somebody's own whose tickets are on sale: where every play begins."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from localstack.client import Person, wait_until

LASTS = timedelta(days=1)


def opened(
    organizer: Person, name: str, kinds: Sequence[dict[str, Any]], *, starts_in: timedelta, **about: Any
) -> tuple[str, list[str]]:
    """Its id, and those of its ticket types as `kinds` has them. The organiser's role in it may take a moment longer."""
    starts_at = datetime.now(UTC).replace(microsecond=0) + starts_in
    dates = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + LASTS).isoformat()}
    body = {"name": name, "time_zone": "Asia/Jakarta", "currency": "EUR", **dates, **about}
    conference_id = str(organizer.post("/events/conferences", body)["id"])
    base = f"/events/conferences/{conference_id}"
    type_ids = [str(organizer.post(f"{base}/ticket-types", kind)["id"]) for kind in kinds]
    organizer.post(f"{base}/publish", expect=200)
    wait_until(lambda: on_sale(organizer, conference_id) == set(type_ids), "tickets on sale")
    return conference_id, type_ids


def on_sale(person: Person, conference_id: str) -> set[str]:
    """The ticket types that the public is told of; none while it is not told of any."""
    answer = person.http.get(f"{person.api_url}/orders/availability/{conference_id}")
    return {kind["ticket_type_id"] for kind in answer.json()["ticket_types"]} if answer.is_success else set()
