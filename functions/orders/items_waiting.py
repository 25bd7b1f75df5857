"""The items of the waiting list.

| item | pk | sk | gsi1pk | gsi1sk | gsi2pk | gsi2sk |
|---|---|---|---|---|---|---|
| somebody who waits, or did | WAIT#<entry> | WAIT | WAITER#<person> | <joined at> | WAITING#<conference> | <joined at>#<entry> |
| their place in the line, while they wait | LINE#<shared pool or ticket type> | <joined at>#<entry> | | | | |
"""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from functions.orders.waiting import Entry
from shared.clock import iso, parse
from shared.table import Item


def entry_key(entry_id: str) -> tuple[str, str]:
    return f"WAIT#{entry_id}", "WAIT"


def waiter_partition(user_id: str) -> str:
    return f"WAITER#{user_id}"


def list_partition(conference_id: str) -> str:
    return f"WAITING#{conference_id}"


def line_partition(line: str) -> str:
    return f"LINE#{line}"


def place_key(entry: Entry) -> tuple[str, str]:
    return line_partition(entry.line), f"{iso(entry.joined_at)}#{entry.id}"


class PlaceItem(Item, discriminator="Place"):
    v = NumberAttribute(default=1)
    entry_id = UnicodeAttribute()
    ticket_type_id = UnicodeAttribute()

    @classmethod
    def of(cls, entry: Entry) -> "PlaceItem":
        return cls(*place_key(entry), entry_id=entry.id, ticket_type_id=entry.ticket_type_id)


class EntryItem(Item, discriminator="WaitingEntry"):
    v = NumberAttribute(default=1)
    conference_id = UnicodeAttribute()
    conference_name = UnicodeAttribute()
    ticket_type_id = UnicodeAttribute()
    ticket_type_name = UnicodeAttribute()
    line = UnicodeAttribute()
    quantity = NumberAttribute()
    user_id = UnicodeAttribute()
    user_name = UnicodeAttribute()
    user_email = UnicodeAttribute()
    time_zone = UnicodeAttribute()
    state = UnicodeAttribute()
    joined_at = UnicodeAttribute()
    secret = UnicodeAttribute()
    order_id = UnicodeAttribute(null=True)
    offer_expires_at = UnicodeAttribute(null=True)

    @classmethod
    def of(cls, entry: Entry) -> "EntryItem":
        joined = iso(entry.joined_at)
        return cls(
            *entry_key(entry.id),
            gsi1pk=waiter_partition(entry.user_id),
            gsi1sk=joined,
            gsi2pk=list_partition(entry.conference_id),
            gsi2sk=f"{joined}#{entry.id}",
            conference_id=entry.conference_id,
            conference_name=entry.conference_name,
            ticket_type_id=entry.ticket_type_id,
            ticket_type_name=entry.ticket_type_name,
            line=entry.line,
            quantity=entry.quantity,
            user_id=entry.user_id,
            user_name=entry.user_name,
            user_email=entry.user_email,
            time_zone=entry.time_zone,
            state=entry.state,
            joined_at=joined,
            secret=entry.secret,
            order_id=entry.order_id,
            offer_expires_at=iso(entry.offer_expires_at) if entry.offer_expires_at else None,
        )

    def to_domain(self) -> Entry:
        return Entry(
            id=str(self.pk).removeprefix("WAIT#"),
            conference_id=self.conference_id,
            conference_name=self.conference_name,
            ticket_type_id=self.ticket_type_id,
            ticket_type_name=self.ticket_type_name,
            line=self.line,
            quantity=int(self.quantity),
            user_id=self.user_id,
            user_name=self.user_name,
            user_email=self.user_email,
            time_zone=self.time_zone,
            state=self.state,  # type: ignore[arg-type]  # only `of` writes it
            joined_at=parse(self.joined_at),
            secret=self.secret,
            order_id=self.order_id,
            offer_expires_at=parse(self.offer_expires_at) if self.offer_expires_at else None,
        )
