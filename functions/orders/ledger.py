"""What organisers see of a conference's orders: an entry for each, and totals by day and ticket type. Pure rules."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import accumulate
from operator import sub
from zoneinfo import ZoneInfo

from functions.orders.domain import Order, OrderTicket, Status
from shared.money import Money

MAX_WORDS = 60  # by which an order is found: they are written in one transaction with the entry, which takes 100 items
_WORD = 80  # characters that are kept of a word

_SOLD: frozenset[Status] = frozenset({"paid", "partially_refunded", "refunded"})


@dataclass(frozen=True, slots=True)
class Cell:
    """What is counted together: the tickets of one type in the orders that were placed on one day, at the conference."""

    day: str  # 2026-06-01
    ticket_type_id: str
    name: str  # of the ticket type, as it was then
    currency: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Tickets by what became of them, and money in minor units: `revenue` is all that was paid, `returned` what went back of it."""

    reserved: int = 0
    paid: int = 0
    refunded: int = 0
    expired: int = 0
    cancelled: int = 0
    revenue: int = 0
    returned: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) + getattr(other, name) for name in COUNTED))

    def __sub__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) - getattr(other, name) for name in COUNTED))


COUNTED = tuple(field.name for field in fields(Counts))
Tally = Mapping[Cell, Counts]


def difference(after: Tally, before: Tally) -> Tally:
    """What has to be added to totals that hold `before` so that they hold `after`; cells that stay as they are left out."""
    nothing = Counts()
    changes = {cell: after.get(cell, nothing) - before.get(cell, nothing) for cell in {**before, **after}}
    return {cell: counts for cell, counts in changes.items() if counts != nothing}


def apportion(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` in parts as near to the proportions of `weights` as whole numbers come; they add up to it."""
    whole = sum(weights)
    if not whole:
        weights, whole = [1] * len(weights), len(weights)
    ends = [amount * end // whole for end in accumulate(weights)]
    return list(map(sub, ends, [0, *ends[:-1]]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An order as organisers list and export it, as of its `revision`."""

    conference_id: str
    order_id: str
    revision: int
    status: Status
    created_at: datetime
    paid_at: datetime | None
    day: str  # on which it was placed, at the conference
    buyer_name: str
    buyer_email: str
    total: Money
    refunded: Money
    tickets: tuple[OrderTicket, ...]

    @classmethod
    def of(cls, order: Order) -> "Entry":
        return cls(
            conference_id=order.conference_id,
            order_id=order.id,
            revision=order.revision,
            status=order.status,
            created_at=order.created_at,
            paid_at=order.paid_at,
            day=order.created_at.astimezone(ZoneInfo(order.time_zone)).date().isoformat(),
            buyer_name=order.buyer_name,
            buyer_email=order.buyer_email,
            total=order.total,
            refunded=order.refunded,
            tickets=order.tickets,
        )

    @property
    def ticket_type_ids(self) -> frozenset[str]:
        return frozenset(ticket.ticket_type_id for ticket in self.tickets)

    @property
    def words(self) -> frozenset[str]:
        """By whose beginnings the order is found: its id, and the names and addresses of its buyer and attendees."""
        people = [(self.buyer_name, self.buyer_email), *((each.attendee.name, each.attendee.email) for each in self.tickets)]
        found = dict.fromkeys(word for name, email in people for word in words_of(f"{self.order_id} {email} {name}"))
        return frozenset(list(found)[:MAX_WORDS])

    @property
    def found_by(self) -> frozenset[str]:
        """Under what it is looked up: its words, and its ticket types whole."""
        return self.words | {type_tag(each) for each in self.ticket_type_ids}

    @property
    def tally(self) -> Tally:
        """What the order adds to the totals."""
        tally: dict[Cell, Counts] = {}
        for ticket, counts in zip(self.tickets, self._counts(), strict=True):
            cell = Cell(self.day, ticket.ticket_type_id, ticket.name, self.total.currency)
            tally[cell] = tally.get(cell, Counts()) + counts
        return tally

    def _counts(self) -> Iterable[Counts]:
        prices = [ticket.price.amount for ticket in self.tickets]
        ended = [ticket.price.amount if ticket.status != "active" else 0 for ticket in self.tickets]
        sold = self.status in _SOLD
        # What was paid too late and went back whole was never revenue; what is kept of tickets that were given up stays it.
        came_in = sold or self.paid_at is not None
        revenue = apportion(self.total.amount if came_in else 0, prices)
        returned = apportion(self.refunded.amount if came_in else 0, ended if any(ended) else prices)
        for ticket, came, went in zip(self.tickets, revenue, returned, strict=True):
            state = self.status if not sold else "paid" if ticket.status == "active" and self.status != "refunded" else "refunded"
            yield Counts(**{state: 1}, revenue=came, returned=went)


def type_tag(ticket_type_id: str) -> str:
    """A ticket type among the words. No word is like it: words have no upper case."""
    return f"TYPE={ticket_type_id}"


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared: without accents, in one case, bounded."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    return [word[:_WORD] for word in plain.split()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which entries somebody wants to see; None: whatever it is. Of a `text`, each word begins one of the entry's."""

    status: Status | None = None
    ticket_type_id: str | None = None
    day: str | None = None
    text: tuple[str, ...] = ()

    def takes(self, entry: Entry) -> bool:
        return (
            (self.status is None or entry.status == self.status)
            and (self.ticket_type_id is None or self.ticket_type_id in entry.ticket_type_ids)
            and (self.day is None or entry.day == self.day)
            and all(any(word.startswith(start) for word in entry.words) for start in self.text)
        )
