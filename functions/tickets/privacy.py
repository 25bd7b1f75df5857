"""What becomes of a person's data here when they are erased. Tickets and scans stay: the door's count must be right."""

from dataclasses import replace

from functions.tickets.domain import Attendee
from functions.tickets.dynamo_directory import DynamoDirectory
from functions.tickets.dynamo_feed import DynamoFeed
from functions.tickets.items import TicketItem
from functions.tickets.use_cases_offline import record_of
from shared.clock import now
from shared.errors import JsonObject
from shared.messages import UserErased
from shared.nobody import NO_EMAIL, NOBODY
from shared.personal import Person, Rules, blank, gone, items


def _ticket(item: JsonObject, person: Person) -> set[str]:
    """A ticket that its owner bought for somebody else names somebody else."""
    theirs = person.is_subject_of(item) and item.get("own", True)
    return {"name", "email"} if theirs or str(item.get("email", "")).lower() == person.email else set()


RULES = Rules(
    deleted=frozenset({"TicketOffer"}),
    kept=frozenset({"Listing", "Listed"}),  # the directory forgets by itself
    telling={"Ticket": _ticket},
    theirs={"TicketOffer": "offered_by", "DoorLookUp": "operator_id"},
    # Once the retention of a conference has ended nobody is looked up at its door any more, and no scanner carries anybody.
    passing={
        "Ticket": blank("name", "email"),
        "DoubleEntry": blank("note"),
        **dict.fromkeys(("TicketOffer", "CodeRecord", "Listing", "Listed"), gone),
    },
)


def forget_at_the_door(message: UserErased) -> None:
    """In the directory, and in what scanners carry with them.

    Comes before the tickets are blanked, since they are found by what they say: so it may fail halfway and be repeated.
    """
    person = Person.of(message)
    for item in items():
        if item["kind"] == "Ticket" and _ticket(item, person):
            ticket = TicketItem.get(item["pk"], item["sk"], consistent_read=True).domain()
            DynamoDirectory().forget([ticket.id])
            DynamoFeed().put(record_of(replace(ticket, attendee=Attendee(NOBODY, NO_EMAIL)), now))
