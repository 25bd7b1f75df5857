"""Waiting for what is sold out: joining, leaving, and what it takes to serve the line (`serving.py`)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from functions.orders import announcements, domain
from functions.orders.catalogue import Catalogue, TicketType
from functions.orders.domain import Order
from functions.orders.lines import Basket, Wanted
from functions.orders.paying import PayableOrders, call_off
from functions.orders.provider import Providers
from functions.orders.settling import Step, settle
from functions.orders.stock import Pool, Seats, Stocked
from functions.orders.use_cases_stock import Stale
from functions.orders.waiting import (
    ENDED,
    AlreadyWaiting,
    Entry,
    NotSoldOut,
    OfferTaken,
    entry_id,
    is_secret,
    no_entry,
    read_token,
)
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import Busy
from shared.messages import Message
from shared.nobody import NO_EMAIL, NOBODY

_ATTEMPTS = 20  # each failure means that somebody else bought, joined, left or was offered something


@dataclass(frozen=True, slots=True)
class Place:
    entry_id: str
    ticket_type_id: str


class Waiting(Protocol):
    """Every write raises Stale where what it is decided on is no longer so, and Busy."""

    def catalogue(self, conference_id: str, ticket_type_ids: Collection[str]) -> Catalogue: ...

    def check_limits(self, order: Order, catalogue: Catalogue) -> None:
        """Raises TooManyPerPerson where the buyer could not have these too."""

    def stocked(self, conference_id: str, pool_ids: Collection[str]) -> list[Stocked[Pool]]:
        """With all that is free, also what is kept for those who wait."""

    def find(self, entry_id: str) -> Entry | None: ...

    def of_person(self, user_id: str, limit: int, cursor: str | None) -> tuple[list[Entry], str | None]: ...

    def of_conference(self, conference_id: str, limit: int, cursor: str | None) -> tuple[list[Entry], str | None]: ...

    def before(self, entry: Entry) -> int:
        """How many wait for the same ticket type and joined before."""

    def line(self, line: str) -> list[Place]:
        """All who wait in it, first come first."""

    def join(self, entry: Entry, known: Entry | None, awaited: Pool, message: Message) -> None:
        """Put the entry in line; the first has the pool's seats, of which none may be free, kept for those who wait."""

    def keep(self, pool: Pool) -> None:
        """Keep the pool's seats for those who wait."""

    def reopen(self, pool: Pool, is_line_empty: Callable[[], bool]) -> None:
        """Sell the pool's seats to everybody again, unless somebody joins meanwhile."""

    def offer(self, order: Order, entry: Entry, seats: Seats, messages: Sequence[Message]) -> None:
        """Record the order, with its seats, and the entry that it is offered to, who leaves the line."""

    def end(self, known: Entry, ended: Entry, messages: Sequence[Message]) -> None: ...


# People


def join(
    waiting: Waiting, clock: Clock, *, caller: Caller, conference_id: str, ticket_type_id: str, quantity: int, secret: str
) -> Entry:
    """Wait for so many tickets of a type that is sold out. Once for each person and type: a repeat is answered as it is.

    Raises UnknownTicketType, NotOnSale, BadQuantity, TooManyPerPerson, NotSoldOut, AlreadyWaiting, Busy.
    """
    for _ in range(_ATTEMPTS):
        known = waiting.find(entry_id(ticket_type_id, caller.user_id))
        if known and known.state not in ENDED:
            return _same(known, quantity)
        catalogue = waiting.catalogue(conference_id, [ticket_type_id])
        ticket_type, now = catalogue.ticket_type(conference_id, ticket_type_id, caller), clock()
        basket = Basket(conference_id, (Wanted(ticket_type_id, quantity),))
        waiting.check_limits(domain.place(basket, catalogue, order_id="", fingerprint="", buyer=caller, now=now), catalogue)
        stocked = waiting.stocked(conference_id, ticket_type.pool_ids)
        awaited = _awaited(ticket_type, {each.pool.id: each for each in stocked})
        entry = Entry.joined(ticket_type, quantity, caller, now, secret)
        try:
            waiting.join(entry, known, awaited, announcements.waiting_joined(entry))
        except Stale:
            continue
        return entry
    raise Busy("Many people are joining. Nothing was done: send the request again.")


def _same(known: Entry, quantity: int) -> Entry:
    if known.quantity != quantity:
        raise AlreadyWaiting(
            f"You wait for {known.quantity} of {known.ticket_type_name}. To ask for {quantity}, leave first: the place is lost.",
            quantity=known.quantity,
        )
    return known


def _awaited(ticket_type: TicketType, stocked: Mapping[str, Stocked[Pool]]) -> Pool:
    """The pool that one waits for: one that others wait for already, else one without a free seat. Raises NotSoldOut."""
    for is_it in (lambda each: each.pool.is_awaited, lambda each: not each.available):
        for pool_id in reversed(
            ticket_type.pool_ids
        ):  # the shared one before the type's own: it is kept from all that draw from it
            if is_it(stocked[pool_id]):
                return stocked[pool_id].pool
    raise NotSoldOut(ticket_type, min(each.available for each in stocked.values()))


def leave(
    waiting: Waiting, orders: PayableOrders, providers: Providers, clock: Clock, *, token: str, nameless: bool = False
) -> Entry:
    """Give up one's place, or the offer; whoever has the link may, and again. Raises NotFound, OfferTaken, Busy.

    `nameless`: neither the entry nor what is told of it names them any more.
    """
    for _ in range(_ATTEMPTS):
        entry = look(waiting, token=token)
        if entry.state == "purchased":
            raise _offer_taken(entry)
        if entry.state in ENDED:
            return entry
        if entry.state == "offered" and entry.order_id:
            order = _decline(orders, providers, clock, entry.order_id, entry.user_id)
            if order and order.is_paid:  # its message is still on its way, or it is only found out now
                raise _offer_taken(entry)
        ended = entry.ended("cancelled")
        if nameless:
            ended = replace(ended, user_name=NOBODY, user_email=NO_EMAIL)
        try:
            waiting.end(entry, ended, [announcements.waiting_left(ended)])
        except Stale:
            continue
        return ended
    raise Busy("The waiting list is changing. Nothing was done: send the request again.")


def _offer_taken(entry: Entry) -> OfferTaken:
    return OfferTaken(f"The offer was accepted: order {entry.order_id} is paid. To give the tickets back, return those.")


def look(waiting: Waiting, *, token: str) -> Entry:
    """Raises NotFound."""
    found, secret = read_token(token)
    entry = waiting.find(found)
    if entry is None or not is_secret(entry, secret):
        raise no_entry()
    return entry


def _decline(orders: PayableOrders, providers: Providers, clock: Clock, order_id: str, user_id: str) -> Order | None:
    """What has become of the order, whose payment is called off first."""
    order = orders.find(order_id)
    if order is None:
        return None

    def decide(now: Order) -> Step:
        if now.status != "reserved":
            return None
        cancelled = now.cancelled(user_id, clock())
        return cancelled, announcements.cancelled(cancelled)

    return settle(orders, call_off(orders, providers, clock, order, user_id), decide)
