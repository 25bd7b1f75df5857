"""Finding a ticket that was lost, for the crew alone: kept on record, and no faster than a person asks."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from functions.tickets.directory import Query
from functions.tickets.domain import Ticket
from functions.tickets.unpaid import Reservation
from functions.tickets.use_cases_door import DOOR_ROLES
from shared.caller import Caller
from shared.clock import Clock

MOST_FOUND = 20


class Directory(Protocol):
    def ask(self, operator_id: str, at: datetime) -> None:
        """Counts the look-ups of a person. Raises TooManyRequests."""

    def refresh(self, ticket_ids: Iterable[str]) -> None:
        """List the tickets as they are now. May be repeated."""

    def find(self, conference_id: str, query: Query, *, limit: int) -> list[Ticket]:
        """Those that may fit."""

    def reservation(self, order_id: str) -> Reservation | None:
        """Of an order that was reserved."""

    def note(self, conference_id: str, operator_id: str, at: datetime, query: Query, found: int) -> None:
        """Who looked, when, by what, and how many they saw: into the journal. Not for whom."""


def look_up(
    directory: Directory, clock: Clock, *, caller: Caller, conference_id: str, text: str
) -> tuple[Sequence[Ticket], Reservation | None]:
    """At most 20, by name; or, where what was asked for is an order that is not paid, the order.

    Raises Forbidden, Invalid, TooManyRequests.
    """
    caller.require(conference_id, *DOOR_ROLES)
    query = Query.parse(text)
    at = clock()
    directory.ask(caller.user_id, at)
    candidates = directory.find(conference_id, query, limit=MOST_FOUND)
    found = [ticket for ticket in candidates if ticket.conference_id == conference_id and query.fits(ticket)]
    reserved = directory.reservation(query.text) if query.what == "order" and not found else None
    unpaid = reserved if reserved and reserved.conference_id == conference_id and reserved.is_open(at) else None
    directory.note(conference_id, caller.user_id, at, query, len(unpaid.tickets) if unpaid else len(found))
    return sorted(found, key=lambda ticket: (ticket.attendee.name, ticket.id)), unpaid
