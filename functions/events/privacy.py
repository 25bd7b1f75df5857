"""What becomes of a person's data here when they are erased. Conferences stay, with whoever is left of their team."""

from shared.errors import JsonObject
from shared.personal import Person, Rules, blank, gone


def _member(item: JsonObject, person: Person) -> set[str]:
    return {"email", "name", "company"} if item["user_id"] == person.user_id else set()


def _speaker(item: JsonObject, person: Person) -> set[str]:
    return {"name", "biography", "company"} if item.get("user_id") == person.user_id else set()


def _member_after(item: JsonObject) -> JsonObject:
    """Organisers go on: somebody has to answer for the conference."""
    return {} if item.get("role") == "organizer" else blank("email", "name", "company")(item) or {}


RULES = Rules(
    deleted=frozenset({"Invitation", "Star", "Subscription"}),
    telling={"Member": _member, "Speaker": _speaker},
    theirs={"Member": "user_id", "Speaker": "user_id"},
    # Speakers stay in the agenda, which is published; they go with their account.
    passing={"Member": _member_after, **dict.fromkeys(("Invitation", "Star", "Subscription"), gone)},
)
