"""What organisers do with a conference's orders, and how what they see is kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from functions.orders.ledger import Cell, Counts, Entry, Filter, Tally, difference
from functions.orders.use_cases import Orders
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import Busy
from shared.money import Money
from shared.telemetry import logger

# One answer of Lambda is 6 MB at most, which base64 makes 4.5; beyond what is enough there may be one page of large orders more.
ENOUGH = 3_000_000  # bytes
_EXPORTED = 200  # entries a page: twenty tickets each are 1.2 MB
_LONG = timedelta(seconds=15)  # API Gateway waits 29

_ATTEMPTS = 10  # to write an entry that other messages of its order write too: each failure means that one of them did


class OutOfDate(Exception):
    """The entry is no longer as it was read."""


class Ledger(Protocol):
    def find(self, key: Entry) -> Entry | None:
        """The entry as it stands of the order that `key` is of."""

    def replace(self, known: Entry | None, new: Entry, change: Tally) -> None:
        """Keep `new` in place of `known` (None: there was none) and add `change` to the totals, all or nothing.

        Raises OutOfDate where the entry is another by now, Busy.
        """

    def page(self, conference_id: str, wanted: Filter, *, limit: int, cursor: str | None) -> tuple[list[Entry], str | None]:
        """Entries that `wanted` takes, newest first; with a text, by the word that it begins. Of a filter a page may hold fewer.

        Raises Malformed for a cursor that is not of this list.
        """

    def totals(self, conference_id: str) -> Iterable[tuple[Cell, Counts]]:
        """Parts of the totals: a cell may come several times, and is their sum."""


class Rows(Protocol):
    """Where an export goes."""

    @property
    def size(self) -> int:
        """Bytes so far."""

    def add(self, entries: Iterable[Entry]) -> None: ...


def keep_entry(orders: Orders, ledger: Ledger, order_id: str) -> None:
    """Bring the ledger to what the order is now. However often and in whatever order this is asked, each change counts once.

    Raises Busy.
    """
    for _ in range(_ATTEMPTS):
        order = orders.find(order_id)
        if order is None:
            logger.warning("a message of an order that is not on record", order_id=order_id)
            return
        new = Entry.of(order)
        known = ledger.find(new)
        if known and known.revision >= new.revision:
            return
        try:
            ledger.replace(known, new, difference(new.tally, known.tally if known else {}))
        except OutOfDate:
            continue
        return
    raise Busy(f"Order {order_id} keeps changing: its entry will be brought up to date by the next message.")


def list_orders(
    ledger: Ledger, *, caller: Caller, conference_id: str, wanted: Filter, limit: int, cursor: str | None
) -> tuple[list[Entry], str | None]:
    """Raises Forbidden unless the caller works for the conference, and what `Ledger.page` raises."""
    caller.require(conference_id, "organizer", "staff")
    return ledger.page(conference_id, wanted, limit=limit, cursor=cursor)


def export_orders(
    ledger: Ledger, sheet: Rows, clock: Clock, *, caller: Caller, conference_id: str, wanted: Filter, cursor: str | None
) -> str | None:
    """Fill the sheet page by page until it has all, or as much as one answer takes: then the cursor to go on from.

    Raises Forbidden, and what `Ledger.page` raises.
    """
    caller.require(conference_id, "organizer")
    began = clock()
    while True:
        entries, cursor = ledger.page(conference_id, wanted, limit=_EXPORTED, cursor=cursor)
        sheet.add(entries)
        if cursor is None or sheet.size > ENOUGH or clock() - began > _LONG:
            return cursor


# Totals


@dataclass(frozen=True, slots=True)
class Total:
    """Of tickets, and of the money paid for them; `refunded` of it went back."""

    tickets_reserved: int
    tickets_paid: int
    tickets_refunded: int
    tickets_expired: int
    tickets_cancelled: int
    revenue: Money
    refunded: Money

    @classmethod
    def of(cls, counts: Counts, currency: str) -> "Total":
        return cls(
            tickets_reserved=counts.reserved,
            tickets_paid=counts.paid,
            tickets_refunded=counts.refunded,
            tickets_expired=counts.expired,
            tickets_cancelled=counts.cancelled,
            revenue=Money(counts.revenue, currency),
            refunded=Money(counts.returned, currency),
        )


@dataclass(frozen=True, slots=True)
class TypeTotal:
    ticket_type_id: str
    name: str
    total: Total


@dataclass(frozen=True, slots=True)
class DayTotal:
    """Of the orders that were placed on a day at the conference."""

    day: str
    total: Total
    ticket_types: list[TypeTotal]


@dataclass(frozen=True, slots=True)
class Totals:
    conference_id: str
    total: Total | None
    ticket_types: list[TypeTotal]
    days: list[DayTotal]


def read_totals(ledger: Ledger, *, caller: Caller, conference_id: str) -> Totals:
    """What the conference has sold, by ticket type and day. Raises Forbidden."""
    caller.require(conference_id, "organizer")
    cells: dict[Cell, Counts] = {}
    for cell, counts in ledger.totals(conference_id):
        cells[cell] = cells.get(cell, Counts()) + counts
    days = sorted({cell.day for cell in cells})
    return Totals(
        conference_id,
        _total(cells) if cells else None,
        _by_type(cells),
        [_day_total(day, {cell: counts for cell, counts in cells.items() if cell.day == day}) for day in days],
    )


def _day_total(day: str, cells: Mapping[Cell, Counts]) -> DayTotal:
    return DayTotal(day, _total(cells), _by_type(cells))


def _by_type(cells: Mapping[Cell, Counts]) -> list[TypeTotal]:
    names = {cell.ticket_type_id: cell.name for cell in sorted(cells, key=lambda cell: cell.day)}  # the latest of each
    return [
        TypeTotal(each, name, _total({cell: counts for cell, counts in cells.items() if cell.ticket_type_id == each}))
        for each, name in sorted(names.items())
    ]


def _total(cells: Mapping[Cell, Counts]) -> Total:
    """Of some cells, one at least: a conference that sells has one currency."""
    counted = sum(cells.values(), Counts())
    return Total.of(counted, next(iter(cells)).currency)
