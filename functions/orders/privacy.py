"""What becomes of a person's data here when they are erased. Orders stay, as the books must, and name nobody."""

from dataclasses import replace

from functions.orders.dynamo_ledger import DynamoLedger
from functions.orders.items_ledger import EntryItem
from functions.orders.ledger import Entry
from shared.errors import JsonObject
from shared.messages import UserErased
from shared.personal import NO_EMAIL, NOBODY, Person, Rules, items


def _order(item: JsonObject, person: Person) -> set[str]:
    return {"buyer_name", "buyer_email"} if item["buyer_id"] == person.user_id else set()


def _waiting(item: JsonObject, person: Person) -> set[str]:
    return {"user_name", "user_email"} if item["user_id"] == person.user_id else set()


# A refund counts down how many tickets somebody has: the count stays, of an id.
RULES = Rules(kept=frozenset({"Count"}), telling={"Order": _order, "WaitingEntry": _waiting})


def forget_in_ledger(message: UserErased) -> None:
    """Entries and the words they are found by, by way of the ledger, which keeps the two in step. Raises OutOfDate: try again."""
    person = Person.of(message)
    orders = (item for item in items() if item["kind"] == "Order")
    theirs = {item["pk"].partition("#")[2] for item in orders if item["buyer_id"] == person.user_id}
    for item in items():
        if item["kind"] == "LedgerEntry" and (person.is_in(item) or item["sk"].rpartition("#")[2] in theirs):
            entry = EntryItem.get(item["pk"], item["sk"], consistent_read=True).to_domain()
            DynamoLedger().replace(entry, _blanked(entry, person, is_buyer=entry.order_id in theirs), {})


def _blanked(entry: Entry, person: Person, *, is_buyer: bool) -> Entry:
    known_as = {person.email, *([entry.buyer_email] if is_buyer else [])}
    tickets = tuple(
        replace(ticket, attendee=replace(ticket.attendee, name=NOBODY, email=NO_EMAIL))
        if ticket.attendee.email.lower() in known_as
        else ticket
        for ticket in entry.tickets
    )
    if not is_buyer:
        return replace(entry, tickets=tickets)
    return replace(entry, buyer_name=NOBODY, buyer_email=NO_EMAIL, tickets=tickets)
