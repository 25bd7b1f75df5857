"""What becomes of a person's data here when they are erased. Orders stay, as the books must, and name nobody."""

import json
from contextlib import suppress
from dataclasses import replace

from functions.orders.dynamo import DynamoOrders
from functions.orders.dynamo_ledger import DynamoLedger
from functions.orders.dynamo_waiting import DynamoWaiting
from functions.orders.items_ledger import EntryItem
from functions.orders.ledger import Entry, type_tag, words_of
from functions.orders.providers import AllProviders
from functions.orders.use_cases_waiting import leave
from functions.orders.waiting import ENDED, OfferTaken
from shared.clock import now
from shared.errors import JsonObject
from shared.messages import UserErased
from shared.nobody import NO_EMAIL, NOBODY
from shared.personal import Person, Rules, blank, items, nameless


def _order(item: JsonObject, person: Person) -> set[str]:
    return {"buyer_name", "buyer_email"} if item["buyer_id"] == person.user_id else set()


def _waiting(item: JsonObject, person: Person) -> set[str]:
    return {"user_name", "user_email"} if item["user_id"] == person.user_id else set()


def _order_after(item: JsonObject) -> JsonObject:
    return {"buyer_name": NOBODY, "buyer_email": NO_EMAIL, "lines": nameless(item["lines"])}


def _entry_after(item: JsonObject) -> JsonObject:
    tickets = [[*ticket[:4], NOBODY, NO_EMAIL, *ticket[6:]] for ticket in json.loads(item["tickets"])]
    return {"buyer_name": NOBODY, "buyer_email": NO_EMAIL, "tickets": json.dumps(tickets)}


def _word_after(item: JsonObject) -> JsonObject | None:
    """An order is found by its id and its ticket types, and no more by who it was for."""
    word, _, order_id = item["sk"].rsplit("#", 2)
    return {} if word in words_of(order_id) or word.startswith(type_tag("")) else None


# A refund counts down how many tickets somebody has: the count stays, of an id.
RULES = Rules(
    kept=frozenset({"Count"}),
    telling={"Order": _order, "WaitingEntry": _waiting},
    passing={
        "Order": _order_after,
        "WaitingEntry": blank("user_name", "user_email"),
        "LedgerEntry": _entry_after,
        "LedgerWord": _word_after,
    },
)


def before_leaving(message: UserErased) -> None:
    """Raises OutOfDate, Busy: to be tried again."""
    _leave_lines(message)
    _forget_in_ledger(message)


def _leave_lines(message: UserErased) -> None:
    """Nobody is kept waiting behind somebody who is gone; what was offered goes to the next."""
    for item in items():
        if item["kind"] == "WaitingEntry" and item["user_id"] == message.user_id and item["state"] not in ENDED:
            token = f"{item['pk'].removeprefix('WAIT#')}.{item['secret']}"
            with suppress(OfferTaken):  # they bought it: the order stays, nameless
                leave(DynamoWaiting(), DynamoOrders(), AllProviders(), now, token=token, nameless=True)


def _forget_in_ledger(message: UserErased) -> None:
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
