"""The waiting list of what is sold out: first come, first served. Pure rules.

Types that share a pool wait in one line, since a seat of the pool that comes back could be for any of them.
"""

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from functions.orders.catalogue import SoldOut, TicketType
from shared.caller import Caller
from shared.errors import Conflict, NotFound
from shared.ids import derived_id

State = Literal["waiting", "offered", "purchased", "offer_expired", "cancelled"]
ENDED: frozenset[State] = frozenset({"purchased", "offer_expired", "cancelled"})

_OFFER_HOLDS = 96  # an offer lasts as long as so many holds: a day where a hold lasts 15 minutes


class NotSoldOut(Conflict):
    slug, title = "not-sold-out", "There are tickets: order them"

    def __init__(self, ticket_type: TicketType, available: int) -> None:
        super().__init__(
            f"{available} of {ticket_type.name} ({ticket_type.id}) are left and nobody waits for them. Order (POST /orders).",
            ticket_type_id=ticket_type.id,
            available=available,
        )


class AlreadyWaiting(Conflict):
    slug, title = "already-waiting", "You wait for these tickets already"


class OfferTaken(Conflict):
    slug, title = "offer-taken", "The offer was accepted"


def entry_id(ticket_type_id: str, user_id: str) -> str:
    """One person waits once for a ticket type."""
    return derived_id("wtl", ticket_type_id, user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Somebody who waits for so many tickets of a type, or did."""

    id: str
    conference_id: str
    conference_name: str
    ticket_type_id: str
    ticket_type_name: str
    line: str  # in which one waits: the shared pool's id, or the ticket type's
    quantity: int
    user_id: str
    user_name: str
    user_email: str
    time_zone: str
    state: State
    joined_at: datetime
    secret: str  # lets whoever has the link leave, and nothing else
    order_id: str | None = None  # of the offer
    offer_expires_at: datetime | None = None

    @classmethod
    def joined(cls, ticket_type: TicketType, quantity: int, who: Caller, now: datetime, secret: str) -> "Entry":
        return cls(
            id=entry_id(ticket_type.id, who.user_id),
            conference_id=ticket_type.conference_id,
            conference_name=ticket_type.conference_name,
            ticket_type_id=ticket_type.id,
            ticket_type_name=ticket_type.name,
            line=line_of(ticket_type),
            quantity=quantity,
            user_id=who.user_id,
            user_name=who.name,
            user_email=who.email,
            time_zone=ticket_type.time_zone,
            state="waiting",
            joined_at=now,
            secret=secret,
        )

    @property
    def person(self) -> Caller:
        return Caller(self.user_id, self.user_email, self.user_name)

    @property
    def token(self) -> str:
        """For the link by which one leaves without logging in."""
        return f"{self.id}.{self.secret}"

    @property
    def offer_order_id(self) -> str:
        """The same however often the offer is tried."""
        return derived_id("ord", self.id, self.joined_at.isoformat())

    def offered(self, order_id: str, expires_at: datetime | None) -> "Entry":
        return replace(self, state="offered", order_id=order_id, offer_expires_at=expires_at)

    def ended(self, state: State) -> "Entry":
        return replace(self, state=state)


def read_token(token: str) -> tuple[str, str]:
    """The id and the secret of a token. Raises NotFound."""
    found, dot, secret = token.partition(".")
    if not dot:
        raise no_entry()
    return found, secret


def is_secret(entry: Entry, secret: str) -> bool:
    return hmac.compare_digest(entry.secret.encode(), secret.encode())


def no_entry() -> NotFound:
    return NotFound("There is no place on a waiting list under this link. Log in to see yours: GET /orders/waiting-list.")


def line_of(ticket_type: TicketType) -> str:
    return ticket_type.pool_id or ticket_type.id


def offer_ends(ticket_type: TicketType, now: datetime) -> datetime:
    return min(now + timedelta(minutes=ticket_type.hold_minutes * _OFFER_HOLDS), ticket_type.sale_ends_at)


def short_of(free: Mapping[str, int], pool_ids: Collection[str], quantity: int) -> set[str]:
    """The pools that have fewer than are wanted."""
    return {pool_id for pool_id in pool_ids if free.get(pool_id, 0) < quantity}


class OthersWait(SoldOut):
    """Seats that come back are for those who wait, in their order."""

    slug, title = "waiting-list", "Others wait for these tickets"
