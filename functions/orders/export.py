"""A conference's orders as a sheet: CSV in UTF-8, a line for each ticket, that grows as it is given more."""

import csv
import gzip
import io
from collections.abc import Iterable

from functions.orders.ledger import Entry
from shared.clock import iso
from shared.money import Money
from shared.spreadsheet import BOM, harmless

COLUMNS = (
    "order_id",
    "placed_at",
    "day",
    "order_status",
    "buyer_name",
    "buyer_email",
    "paid_at",
    "order_total",
    "order_refunded",
    "currency",
    "ticket_number",
    "ticket_type_id",
    "ticket_type",
    "price",
    "attendee_name",
    "attendee_email",
    "ticket_status",
)
_LEVEL = 6  # of gzip: 5,000 orders become a tenth


class Sheet:
    """Lines are compressed as they come, so that what is held is what will be sent. Parts of a sheet joined are the sheet."""

    media_type = "text/csv; charset=utf-8"

    def __init__(self, *, is_first: bool, is_gzipped: bool) -> None:
        self._kept = io.BytesIO()
        self._file = gzip.GzipFile(fileobj=self._kept, mode="wb", compresslevel=_LEVEL, mtime=0) if is_gzipped else self._kept
        if is_first:
            self._file.write(BOM)
            self._write([COLUMNS])

    def add(self, entries: Iterable[Entry]) -> None:
        self._write(line for entry in entries for line in _lines(entry))

    @property
    def size(self) -> int:
        """Bytes so far; of what is being compressed, a little less than there will be."""
        return self._kept.tell()

    def finished(self) -> bytes:
        if self._file is not self._kept:
            self._file.close()
        return self._kept.getvalue()

    def _write(self, lines: Iterable[Iterable[object]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows([harmless(str(cell)) for cell in line] for line in lines)
        self._file.write(text.getvalue().encode())


def _lines(entry: Entry) -> Iterable[Iterable[object]]:
    order = (
        entry.order_id,
        iso(entry.created_at),
        entry.day,
        entry.status,
        entry.buyer_name,
        entry.buyer_email,
        iso(entry.paid_at) if entry.paid_at else "",
        _amount(entry.total),
        _amount(entry.refunded),
        entry.total.currency,
    )
    for ticket in entry.tickets:
        kind = (ticket.number, ticket.ticket_type_id, ticket.name, _amount(ticket.price))
        yield (*order, *kind, ticket.attendee.name, ticket.attendee.email, ticket.status)


def _amount(money: Money) -> str:
    """49.00 for 49.00 EUR: a number to a spreadsheet."""
    return str(money).partition(" ")[0]
