"""The items of the ledger, in the table of orders.

| item | pk | sk | gsi1pk | gsi1sk |
|---|---|---|---|---|
| an order's entry | LEDGER#<conference> | <placed at>#<order> | LEDGER#<conference>#<status> | <placed at>#<order> |
| a word or ticket type it is found by | WORDS#<conference> | <word>#<placed at>#<order> | | |
| a part of the totals | TOTALS#<conference> | <day>#<ticket type>#<shard> | | |

They have partitions of their own, written by the worker alone: however many read or search, nobody who buys waits for it.
"""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from functions.orders.domain import OrderTicket
from functions.orders.ledger import COUNTED, Cell, Counts, Entry
from functions.orders.lines import Attendee
from shared.clock import iso, parse
from shared.money import Money
from shared.table import Item


def entries_of(conference_id: str) -> str:
    return f"LEDGER#{conference_id}"


def entry_key(entry: Entry) -> tuple[str, str]:
    return entries_of(entry.conference_id), f"{iso(entry.created_at)}#{entry.order_id}"


def words_of_conference(conference_id: str) -> str:
    return f"WORDS#{conference_id}"


def totals_of(conference_id: str) -> str:
    return f"TOTALS#{conference_id}"


class EntryItem(Item, discriminator="LedgerEntry"):
    v = NumberAttribute(default=1)
    revision = NumberAttribute()
    status = UnicodeAttribute()
    paid_at = UnicodeAttribute(null=True)
    day = UnicodeAttribute()
    buyer_name = UnicodeAttribute()
    buyer_email = UnicodeAttribute()
    amount = NumberAttribute()
    returned = NumberAttribute()
    currency = UnicodeAttribute()
    tickets = JSONAttribute()  # thousands are read for an export: one text is read a tenth as fast as so many maps

    @classmethod
    def of(cls, entry: Entry) -> "EntryItem":
        pk, sk = entry_key(entry)
        return cls(
            pk,
            sk,
            gsi1pk=f"{pk}#{entry.status}",
            gsi1sk=sk,
            revision=entry.revision,
            status=entry.status,
            paid_at=iso(entry.paid_at) if entry.paid_at else None,
            day=entry.day,
            buyer_name=entry.buyer_name,
            buyer_email=entry.buyer_email,
            amount=entry.total.amount,
            returned=entry.refunded.amount,
            currency=entry.total.currency,
            tickets=[_ticket(each) for each in entry.tickets],
        )

    def to_domain(self) -> Entry:
        created_at, _, order_id = self.sk.partition("#")
        return Entry(
            conference_id=self.pk.partition("#")[2],
            order_id=order_id,
            revision=int(self.revision),
            status=self.status,  # type: ignore[arg-type]  # only `of` writes it
            created_at=parse(created_at),
            paid_at=parse(self.paid_at) if self.paid_at else None,
            day=self.day,
            buyer_name=self.buyer_name,
            buyer_email=self.buyer_email,
            total=Money(int(self.amount), self.currency),
            refunded=Money(int(self.returned), self.currency),
            tickets=tuple(
                OrderTicket(number, type_id, name, Money(price, self.currency), Attendee(attendee, email), status)
                for number, type_id, name, price, attendee, email, status in self.tickets
            ),
        )


def _ticket(of: OrderTicket) -> list[object]:
    return [of.number, of.ticket_type_id, of.name, of.price.amount, of.attendee.name, of.attendee.email, of.status]


class WordItem(Item, discriminator="LedgerWord"):
    v = NumberAttribute(default=1)

    @classmethod
    def of(cls, word: str, entry: Entry) -> "WordItem":
        return cls(words_of_conference(entry.conference_id), f"{word}#{entry_key(entry)[1]}")

    @property
    def word(self) -> str:
        return str(self.sk).rsplit("#", 2)[0]

    @property
    def entry_key(self) -> tuple[str, str]:
        _, created_at, order_id = self.sk.rsplit("#", 2)
        return entries_of(self.pk.partition("#")[2]), f"{created_at}#{order_id}"


class TotalItem(Item, discriminator="LedgerTotal"):
    v = NumberAttribute(default=1)
    name = UnicodeAttribute()
    currency = UnicodeAttribute()
    reserved = NumberAttribute(null=True)
    paid = NumberAttribute(null=True)
    refunded = NumberAttribute(null=True)
    expired = NumberAttribute(null=True)
    cancelled = NumberAttribute(null=True)
    revenue = NumberAttribute(null=True)
    returned = NumberAttribute(null=True)

    @classmethod
    def of(cls, conference_id: str, cell: Cell, shard: int) -> "TotalItem":
        return cls(totals_of(conference_id), f"{cell.day}#{cell.ticket_type_id}#{shard:02}")

    @classmethod
    def adding(cls, cell: Cell, counts: Counts) -> list[Action]:
        attributes = cls.get_attributes()
        labels = [cls.kind.set(cls), cls.v.set(1), cls.name.set(cell.name), cls.currency.set(cell.currency)]
        return labels + [attributes[name].add(by) for name in COUNTED if (by := getattr(counts, name))]

    def to_domain(self) -> tuple[Cell, Counts]:
        day, ticket_type_id, _ = self.sk.split("#")
        counts = Counts(**{name: int(getattr(self, name) or 0) for name in COUNTED})
        return Cell(day, ticket_type_id, self.name, self.currency), counts
