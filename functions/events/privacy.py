"""What becomes of a person's data here when they are erased. Conferences stay, with whoever is left of their team."""

from functions.events.dynamo_erasure import reword
from shared.errors import JsonObject
from shared.messages import UserErased
from shared.personal import Person, Rules, blank, gone, items


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


def take_out_of_agendas(message: UserErased) -> None:
    """Those that were released too. Comes before their profiles are blanked, by which they are found."""
    theirs: dict[str, dict[str, str]] = {}
    for item in items():
        if item["kind"] == "Speaker" and item.get("user_id") == message.user_id:
            theirs.setdefault(item["pk"].partition("#")[2], {})[item["sk"].partition("#")[2]] = item["name"]
    for conference_id, names in theirs.items():
        reword(conference_id, names.keys(), {*names.values(), message.name})
