"""The list that an exhibitor's team shares, and lists as files."""

from functions.contacts.domain import Contact
from functions.contacts.use_cases import EVERYBODY, Exchanges
from functions.contacts.use_cases_people import People
from shared.caller import Caller
from shared.errors import Forbidden

_PAGE = 500
_MOST_EXPORTED = 2_000  # in one answer, which API Gateway ends at 6 MB


def team_of(people: People, *, caller: Caller, conference_id: str) -> str:
    """Of whom the caller is an exhibitor there, by their token and by what is on record. Raises Forbidden."""
    caller.require(conference_id, "exhibitor")
    person = people.person(caller.user_id)
    party = person.party(conference_id) if person else None
    if party is None or not party.is_team:
        raise Forbidden(f"You are no exhibitor of conference {conference_id} any more, or not yet: try again in a minute.")
    return party.id


def exported(exchanges: Exchanges, *, owner_id: str, cursor: str | None) -> tuple[list[Contact], str | None]:
    """All on the list, newest first, or as many as one answer holds and the cursor of the next. Raises Malformed."""
    found: list[Contact] = []
    while len(found) < _MOST_EXPORTED:
        page, cursor = exchanges.contacts(owner_id, EVERYBODY, _PAGE, cursor)
        found += page
        if cursor is None:
            break
    return found, cursor
