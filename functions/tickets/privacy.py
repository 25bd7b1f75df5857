"""What becomes of a person's data here when they are erased. Tickets and scans stay: the door's count must be right."""

from shared.errors import JsonObject
from shared.personal import Person, Rules


def _ticket(item: JsonObject, person: Person) -> set[str]:
    """A ticket that its owner bought for somebody else names somebody else."""
    theirs = person.is_subject_of(item) and item.get("own", True)
    return {"name", "email"} if theirs or str(item.get("email", "")).lower() == person.email else set()


RULES = Rules(deleted=frozenset({"TicketOffer"}), telling={"Ticket": _ticket})
