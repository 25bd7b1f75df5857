"""The directory of a conference's tickets, in the context's table. It holds names and addresses, and can be taken out again.

| item | pk | sk |
|---|---|---|
| Listing | FIND#conference#three letters | name or email # text # ticket |
| Listed | TICKET#id | LISTED |
| LookUpPace | PACE#user | minute |
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError

from functions.tickets.devices import TooManyRequests
from functions.tickets.directory import Listing, Query, listings, tickets_of_order
from functions.tickets.domain import Ticket
from functions.tickets.items import OrderTicketsItem, TicketItem
from functions.tickets.items_journal import LookUpItem
from functions.tickets.unpaid import DynamoReservations, Reservation
from shared.clock import iso
from shared.ids import new_id
from shared.table import Item

LOOK_UPS_A_MINUTE = 20


class ListingItem(Item, discriminator="Listing"):
    v = NumberAttribute(default=1)
    ticket_id = UnicodeAttribute()

    @staticmethod
    def partition(conference_id: str, initials: str) -> str:
        return f"FIND#{conference_id}#{initials}"

    @classmethod
    def of(cls, ticket: Ticket, listing: Listing) -> "ListingItem":
        pk = cls.partition(ticket.conference_id, listing.initials)
        return cls(pk, f"{listing.what}#{listing.text}#{ticket.id}", ticket_id=ticket.id)


class ListedItem(Item, discriminator="Listed"):
    """Where a ticket is listed, so that it can be taken out again."""

    v = NumberAttribute(default=1)
    keys = JSONAttribute()

    @staticmethod
    def key(ticket_id: str) -> tuple[str, str]:
        return f"TICKET#{ticket_id}", "LISTED"


class LookUpPaceItem(Item, discriminator="LookUpPace"):
    v = NumberAttribute(default=1)
    asked = NumberAttribute()


class DynamoDirectory:
    """Implements `use_cases_directory.Directory`."""

    def ask(self, operator_id: str, at: datetime) -> None:
        minute = at.replace(second=0, microsecond=0)
        pace = LookUpPaceItem(f"PACE#{operator_id}", iso(minute))
        try:
            pace.update(
                actions=[
                    LookUpPaceItem.asked.add(1),
                    LookUpPaceItem.kind.set(LookUpPaceItem),
                    LookUpPaceItem.v.set(1),
                    LookUpPaceItem.ttl.set(int((minute + timedelta(hours=1)).timestamp())),
                ],
                condition=LookUpPaceItem.asked.does_not_exist() | (LookUpPaceItem.asked < LOOK_UPS_A_MINUTE),
            )
        except UpdateError as failure:
            if failure.cause_response_code != "ConditionalCheckFailedException":
                raise
            raise TooManyRequests(60 - at.second) from failure

    def find(self, conference_id: str, query: Query, *, limit: int) -> list[Ticket]:
        ids = _of_order(query.text) if query.what == "order" else _listed(conference_id, query, limit)
        return [item.domain() for item in TicketItem.batch_get([TicketItem.key(each) for each in ids[:limit]])]

    def reservation(self, order_id: str) -> Reservation | None:
        return DynamoReservations().of_order(order_id)

    def note(self, conference_id: str, operator_id: str, at: datetime, query: Query, found: int) -> None:
        look_up = new_id("lku")
        LookUpItem(
            f"LOOKUP#{look_up}",
            "LOOKUP",
            id=look_up,
            conference_id=conference_id,
            operator_id=operator_id,
            at=iso(at),
            what=query.what,
            found=found,
        ).save()

    def refresh(self, ticket_ids: Iterable[str]) -> None:
        """List the tickets as they are now, and nowhere else any more. May be repeated."""
        keys = [key for each in set(ticket_ids) for key in (TicketItem.key(each), ListedItem.key(each))]
        tickets: dict[str, Ticket] = {}
        listed: dict[str, list[list[str]]] = {}
        for item in Item.batch_get(keys, consistent_read=True):
            match item:
                case TicketItem():
                    ticket = item.domain()
                    tickets[ticket.id] = ticket
                case ListedItem():
                    listed[item.pk.removeprefix("TICKET#")] = item.keys
        _list(
            [
                _Place(each.id, [ListingItem.of(each, at) for at in listings(each)], listed.get(each.id, []))
                for each in tickets.values()
            ]
        )

    def forget(self, ticket_ids: Sequence[str]) -> None:
        """Take the tickets out of the directory: their holders were erased. May be repeated."""
        listed = ListedItem.batch_get([ListedItem.key(each) for each in ticket_ids], consistent_read=True)
        _list([_Place(item.pk.removeprefix("TICKET#"), [], item.keys) for item in listed])


@dataclass(frozen=True)
class _Place:
    """Where a ticket is to be listed, and where it was before."""

    ticket_id: str
    listings: list[ListingItem]
    before: list[list[str]]

    @property
    def now(self) -> list[list[str]]:
        return [[item.pk, item.sk] for item in self.listings]

    @property
    def gone(self) -> list[list[str]]:
        return [key for key in self.before if key not in self.now]


def _list(places: Sequence[_Place]) -> None:
    """25 items a request, whatever ticket they are of."""
    with Item.batch_write() as batch:
        # Kept before the listings themselves are: what a crash leaves can be taken out.
        for place in places:
            batch.save(ListedItem(*ListedItem.key(place.ticket_id), keys=[*place.now, *place.gone]))
    with Item.batch_write() as batch:
        for place in places:
            for item in place.listings:
                batch.save(item)
            for pk, sk in place.gone:
                batch.delete(ListingItem(pk, sk))
    with Item.batch_write() as batch:
        for place in places:
            if place.gone:
                batch.save(ListedItem(*ListedItem.key(place.ticket_id), keys=place.now))


def _listed(conference_id: str, query: Query, limit: int) -> list[str]:
    partition = ListingItem.partition(conference_id, query.text[:3])
    rows = ListingItem.query(partition, ListingItem.sk.startswith(f"{query.what}#{query.text}"), limit=limit)
    return list(dict.fromkeys(row.ticket_id for row in rows))


def _of_order(order_id: str) -> list[str]:
    try:
        order = OrderTicketsItem.get(*OrderTicketsItem.key(order_id)).domain()
    except OrderTicketsItem.DoesNotExist:
        return []
    return tickets_of_order(order_id, order.issued)
