"""What is asked for, and the lines of an order that it becomes: pure rules."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from functions.orders.stock import Seats, at_places
from shared.errors import Invalid
from shared.money import Money

MAX_TICKETS = 20  # an order, over all its lines


class BadQuantity(Invalid):
    slug, title = "quantity", "Not a quantity that can be ordered"


class DuplicateLine(Invalid):
    slug, title = "duplicate-line", "One line for each ticket type"


class TooManyAttendees(Invalid):
    slug, title = "attendees", "More attendees than tickets"


@dataclass(frozen=True, slots=True)
class Attendee:
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line as it was asked for: the tickets without an attendee are for the buyer."""

    ticket_type_id: str
    quantity: int
    attendees: tuple[Attendee, ...] = ()


@dataclass(frozen=True, slots=True)
class Basket:
    """What somebody wants of one conference. Raises DuplicateLine, BadQuantity, TooManyAttendees."""

    conference_id: str
    lines: tuple[Wanted, ...]
    voucher: str = ""  # its code

    def __post_init__(self) -> None:
        if len({line.ticket_type_id for line in self.lines}) < len(self.lines):
            raise DuplicateLine("A ticket type is there twice. Add the quantities up into one line.")
        total = sum(line.quantity for line in self.lines)
        if total > MAX_TICKETS:
            raise BadQuantity(f"An order holds at most {MAX_TICKETS} tickets, not {total}. Place several orders.", max=MAX_TICKETS)
        for line in self.lines:
            if len(line.attendees) > line.quantity:
                raise TooManyAttendees(
                    f"{len(line.attendees)} attendees are named for {line.quantity} tickets of {line.ticket_type_id}. "
                    "Raise the quantity or name fewer.",
                    ticket_type_id=line.ticket_type_id,
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    ticket_type_id: str
    name: str
    quantity: int
    unit_price: Money
    attendees: tuple[Attendee, ...]
    valid_from: datetime
    valid_until: datetime
    seats: Seats  # of each pool that it draws from, which shard gave how many; none until they are taken
    discount: int = 0  # what a voucher took off each ticket, in minor units: `unit_price` is without it
    counted: tuple[str, ...] = ()  # the ids of what counts its tickets for the buyer

    @property
    def total(self) -> Money:
        return self.unit_price * self.quantity

    @property
    def list_price(self) -> Money:
        return self.unit_price + Money(self.discount, self.unit_price.currency)

    def only(self, places: Sequence[int]) -> "Line":
        """The line with just its tickets at these places, from 0, and the seats that these sit on."""
        return replace(
            self,
            quantity=len(places),
            attendees=tuple(self.attendees[place] for place in places),
            seats={pool_id: at_places(shares, places) for pool_id, shares in self.seats.items()},
        )


def counted(lines: Iterable[Line]) -> dict[str, int]:
    """How many tickets of the lines count for their buyer, by the id of what counts them."""
    sums: Counter[str] = Counter()
    for line in lines:
        sums.update(dict.fromkeys(line.counted, line.quantity))
    return dict(sums)
