"""Serving who waits: seats that come back are offered strictly in the order of the line."""

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from math import ceil

from functions.orders import announcements, domain
from functions.orders.catalogue import Catalogue, NotOnSale, TicketType
from functions.orders.domain import Order
from functions.orders.lines import Basket, Wanted
from functions.orders.paying import Delay
from functions.orders.stock import Pool, Stocked, plan
from functions.orders.use_cases_stock import Stale
from functions.orders.use_cases_waiting import Waiting
from functions.orders.waiting import Entry, State, entry_id, line_of, offer_ends, short_of
from shared.clock import Clock
from shared.errors import Busy
from shared.messages import TicketTypeChanged
from shared.telemetry import logger

_ATTEMPTS = 20  # each failure means that somebody else joined, left or was offered something
_OFFERS = 200  # by one message at most; another one goes on


def note_outcome(waiting: Waiting, order: Order) -> None:
    """What became of an offer: the order that it was is paid, or no longer held. Safe to repeat."""
    states: dict[str, State] = dict.fromkeys(("paid", "partially_refunded", "refunded"), "purchased")
    states |= {"expired": "offer_expired", "cancelled": "cancelled"}
    if len(order.lines) != 1 or order.status not in states:
        return
    entry = waiting.find(entry_id(order.lines[0].ticket_type_id, order.buyer_id))
    if entry is None or entry.order_id != order.id:
        return
    ended = entry.ended(states[order.status])
    is_reseated = entry.state == "offer_expired" and ended.state == "purchased"  # paid late, and its seats were still free
    if entry.state != "offered" and not is_reseated:
        return
    try:
        waiting.end(entry, ended, [announcements.offer_expired(ended)] if ended.state == "offer_expired" else [])
    except Stale:
        logger.info("an offer was settled meanwhile", entry_id=entry.id)


def serve(waiting: Waiting, clock: Clock, *, conference_id: str, ticket_type_ids: Collection[str]) -> None:
    """Offer what is free of these types to those who wait, in their order; sell to everybody what nobody waits for. Raises Busy.

    Nobody is passed over because the next one wants fewer: who cannot be served yet has the free seats of their pools kept.
    """
    catalogue = waiting.catalogue(conference_id, ticket_type_ids)
    if not any(pool.is_awaited for pool in catalogue.pools.values()):
        return
    types = catalogue.types.values()
    for _ in range(_ATTEMPTS):
        for line in {line_of(each) for each in types}:
            _serve_line(waiting, clock, conference_id, line)
        if all(_reopen(waiting, conference_id, each) for each in types):
            return
    raise Busy("People join and leave too fast: what is free will be offered by the next try.")


def serve_from_begin(waiting: Waiting, delay: Delay, clock: Clock, changed: TicketTypeChanged) -> None:
    """As `serve`, now and, where somebody waits for a sale that was put off, once it begins: the message comes back until then.

    Raises Busy.
    """
    conference_id, ticket_type_id = changed.conference_id, changed.ticket_type_id
    serve(waiting, clock, conference_id=conference_id, ticket_type_ids=[ticket_type_id])
    remaining = ceil((changed.sale_starts_at - clock()).total_seconds())
    if remaining <= 0:
        return
    catalogue = waiting.catalogue(conference_id, [ticket_type_id])
    is_latest = catalogue.types[ticket_type_id].sale_starts_at == changed.sale_starts_at  # else another message is under way
    if is_latest and any(pool.is_awaited for pool in catalogue.pools.values()):
        delay.send(changed, remaining)


def serve_pool(waiting: Waiting, clock: Clock, *, conference_id: str, pool_id: str) -> None:
    """As `serve`, whatever types wait for seats of the pool. Raises Busy."""
    types = {place.ticket_type_id for place in waiting.line(pool_id)}
    if types:
        serve(waiting, clock, conference_id=conference_id, ticket_type_ids=types)


def serve_after(waiting: Waiting, clock: Clock, order: Order) -> None:
    """Note what became of an offer, and offer what the order gave back. Safe to repeat. Raises Busy."""
    note_outcome(waiting, order)
    if order.status not in ("reserved", "paid"):
        serve(waiting, clock, conference_id=order.conference_id, ticket_type_ids={line.ticket_type_id for line in order.lines})


def _serve_line(waiting: Waiting, clock: Clock, conference_id: str, line: str) -> None:
    for _ in range(_OFFERS):
        if not _offer_first(waiting, clock, conference_id, line):
            return
    raise Busy(f"The line {line} moves on: there is more to offer.")


def _offer_first(waiting: Waiting, clock: Clock, conference_id: str, line: str) -> bool:
    """Whether somebody was offered seats, or the line was another by then: then there may be more to do."""
    places = waiting.line(line)
    if not places:
        return False
    catalogue = waiting.catalogue(conference_id, {each.ticket_type_id for each in places})
    pool_ids = {pool_id for each in catalogue.types.values() for pool_id in each.pool_ids}
    stocked = {each.pool.id: each for each in waiting.stocked(conference_id, pool_ids)}
    kept: set[str] = set()  # pools whose seats are for somebody further ahead
    for place in places:
        ticket_type = catalogue.types[place.ticket_type_id]
        if kept & set(ticket_type.pool_ids) and clock() < ticket_type.sale_ends_at:
            continue
        entry = waiting.find(place.entry_id)
        if entry is None or entry.state != "waiting":
            return True
        if clock() >= ticket_type.sale_ends_at:
            return _dismiss(waiting, entry)
        short = short_of({each: stocked[each].available for each in stocked}, ticket_type.pool_ids, entry.quantity)
        if not short:
            return _offer(waiting, clock, catalogue, stocked, entry)
        try:
            for pool_id in short:
                kept.add(pool_id)
                if not stocked[pool_id].pool.is_awaited:
                    waiting.keep(stocked[pool_id].pool)
        except Stale:
            return True
    return False


def _dismiss(waiting: Waiting, entry: Entry) -> bool:
    """The sale has ended: who waits in vain keeps nothing from the others in line."""
    left = entry.ended("cancelled")
    try:
        waiting.end(entry, left, [announcements.waiting_left(left)])
    except Stale:
        logger.info("a place was given up meanwhile", entry_id=entry.id)
    return True


def _offer(waiting: Waiting, clock: Clock, catalogue: Catalogue, stocked: dict[str, Stocked[Pool]], entry: Entry) -> bool:
    ticket_type, now = catalogue.types[entry.ticket_type_id], clock()
    wanted = Basket(entry.conference_id, (Wanted(entry.ticket_type_id, entry.quantity),))
    # Joining was within the limits of then: a type that is hidden since, or a smaller number, is not held against who waits.
    limit = ticket_type.max_per_person and max(ticket_type.max_per_person, entry.quantity)
    open_to_them = replace(ticket_type, hidden=False, min_per_order=1, max_per_order=entry.quantity, max_per_person=limit)
    try:
        order = domain.place(
            wanted,
            replace(catalogue, types={ticket_type.id: open_to_them}),
            order_id=entry.offer_order_id,
            fingerprint="",
            buyer=entry.person,
            now=now,
        )
    except NotOnSale:
        return False  # it has not begun (`serve_from_begin`): nothing is offered, and nobody else may buy either
    if order.status == "reserved":
        order = replace(order, expires_at=offer_ends(ticket_type, now))
    seats = {each: plan(stocked[each].free, entry.quantity, range(len(stocked[each].free))) for each in ticket_type.pool_ids}
    seated = order.with_seats(seats)
    offered = entry.offered(seated.id, seated.expires_at)
    try:
        waiting.offer(seated, offered, seated.seats, [announcements.placed(seated), announcements.waiting_offered(offered)])
    except Stale:
        logger.info("the line moved while something was offered", line=entry.line)
    return True


def _reopen(waiting: Waiting, conference_id: str, ticket_type: TicketType) -> bool:
    """Sell what nobody waits for any longer to everybody; False where somebody joined meanwhile, and is to be served."""
    for each in waiting.stocked(conference_id, ticket_type.pool_ids):
        if each.pool.is_awaited:
            try:
                waiting.reopen(each.pool, partial(_is_unawaited, waiting, ticket_type, each.pool.id))
            except Stale:
                logger.info("somebody joined while the line was empty", pool_id=each.pool.id)
                return False
    return True


def _is_unawaited(waiting: Waiting, ticket_type: TicketType, pool_id: str) -> bool:
    places = waiting.line(line_of(ticket_type))
    return not [each for each in places if pool_id in (line_of(ticket_type), each.ticket_type_id)]
