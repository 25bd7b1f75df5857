"""What becomes of a person's data here when they are erased. Conferences stay, with whoever is left of their team."""

from shared.errors import JsonObject
from shared.personal import Person, Rules


def _member(item: JsonObject, person: Person) -> set[str]:
    return {"email", "name", "company"} if item["user_id"] == person.user_id else set()


def _speaker(item: JsonObject, person: Person) -> set[str]:
    return {"name", "biography", "company"} if item.get("user_id") == person.user_id else set()


RULES = Rules(
    deleted=frozenset({"Invitation", "Star", "Subscription"}),
    telling={"Member": _member, "Speaker": _speaker},
    theirs={"Member": "user_id", "Speaker": "user_id"},
)
