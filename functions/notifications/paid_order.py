"""A paid order as its mail tells it, and when all of it is there."""

from dataclasses import dataclass
from datetime import datetime

from functions.notifications.domain import conference_named, one_line
from shared.money import Money


@dataclass(frozen=True, order=True, slots=True)
class Visit:
    """When some of an order's tickets open the door."""

    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class PaidOrder:
    order_id: str
    conference_id: str
    conference_name: str
    buyer_name: str
    buyer_email: str
    total: Money
    tickets: int
    paid_at: datetime
    visits: tuple[Visit, ...] = ()

    @property
    def subject(self) -> str:
        return one_line(f"Your {'ticket' if self.tickets == 1 else 'tickets'} for {conference_named(self.conference_name)}")


@dataclass(frozen=True, slots=True)
class MailedTicket:
    """A ticket as its order's mail shows it. `code` admits whoever holds it."""

    number: int  # within the order, from 1
    attendee_name: str
    ticket_type_name: str
    code: str
    valid_from: datetime
    time_zone: str = "UTC"  # of the conference


@dataclass(frozen=True, slots=True)
class WholeOrder:
    """Everything that the mail of an order says."""

    order: PaidOrder
    tickets: tuple[MailedTicket, ...]


@dataclass(frozen=True, slots=True)
class Collected:
    """What has arrived so far of an order: its payment and its tickets, in any order."""

    order: PaidOrder | None = None
    tickets: tuple[MailedTicket, ...] = ()

    def whole(self) -> WholeOrder | None:
        """None while something is missing."""
        if self.order is None or len(self.tickets) < self.order.tickets:
            return None
        return WholeOrder(self.order, self.tickets)
