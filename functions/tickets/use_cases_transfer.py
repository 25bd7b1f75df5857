"""What people do to hand a ticket on: offer it, accept or decline it, withdraw the offer; and whether the organiser lets them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from functions.tickets.domain import Ticket
from functions.tickets.transfer import (
    EmailNotVerified,
    Offer,
    TransferOffered,
    TransfersForbidden,
    hand_over,
    is_transferable,
    no_offer,
    offer,
    require_transferable,
)
from functions.tickets.use_cases import Codes, CurrentKey, again, next_code, not_yours
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import KeyReused
from shared.messages import Message, TicketTransferEnded, TicketTransferOffered, TicketTransferred


class Transfers(Protocol):
    def get(self, ticket_id: str) -> Ticket | None: ...

    def offered(self, ticket_id: str) -> tuple[Ticket | None, Offer | None]:
        """The ticket, and the latest offer of it."""

    def offered_to(
        self, email: str, *, at: datetime, limit: int, cursor: str | None
    ) -> tuple[list[tuple[Offer, Ticket]], str | None]:
        """Those that wait for an answer, by when they expire, with their tickets. Raises Malformed for a foreign cursor."""

    def save(self, before: Offer | None, after: Offer, messages: Sequence[Message]) -> None:
        """Raises Stale where the ticket's latest offer is no longer `before`."""

    def hand_over(self, before: Ticket, after: Ticket, offer: Offer, messages: Sequence[Message]) -> None:
        """Ticket and accepted offer at once. Raises Stale where the ticket is not as `before`, or the offer not open."""

    def allowed(self, conference_id: str) -> bool: ...

    def allow(self, conference_id: str, allowed: bool) -> None: ...


class Tokens(Protocol):
    def of(self, offer_id: str) -> str: ...

    def is_of(self, offer_id: str, token: str) -> bool: ...


def offer_ticket(
    transfers: Transfers,
    tokens: Tokens,
    clock: Clock,
    *,
    caller: Caller,
    ticket_id: str,
    email: str,
    offer_id: str,
    fingerprint: str,
) -> Offer:
    """Offer one's ticket to an e-mail address, which is sent a token; once only by the offer's id.

    Raises NotFound, TransfersForbidden, NotTransferable, TransferOffered, KeyReused.
    """

    def run() -> Offer:
        ticket, latest = transfers.offered(ticket_id)
        if latest and (latest.id, latest.offered_by) == (offer_id, caller.user_id):
            if latest.fingerprint != fingerprint:
                raise KeyReused
            return latest
        if ticket is None or ticket.owner_id != caller.user_id:
            raise not_yours(ticket_id)
        _require_allowed(transfers, ticket)
        at = clock()
        made = offer(ticket, caller, offer_id=offer_id, email=email, fingerprint=fingerprint, at=at)
        if latest and latest.state(at) == "open":
            raise TransferOffered
        transfers.save(latest, made, [_offered(ticket, made, caller, tokens.of(made.id))])
        return made

    return again(run)


def read_offer(transfers: Transfers, *, caller: Caller, ticket_id: str) -> Offer:
    """The latest offer of one's ticket, or of a ticket that was one's own. Raises NotFound."""
    _, latest = transfers.offered(ticket_id)
    if latest is None or caller.user_id not in (latest.offered_by, latest.accepted_by):
        raise not_yours(ticket_id)
    return latest


def list_offers(
    transfers: Transfers, clock: Clock, *, caller: Caller, limit: int, cursor: str | None
) -> tuple[list[tuple[Offer, Ticket]], str | None]:
    """What the caller may accept, by their verified address. Raises EmailNotVerified, Malformed."""
    if not caller.email_verified:
        raise EmailNotVerified
    at = clock()
    offers, next_cursor = transfers.offered_to(caller.email, at=at, limit=limit, cursor=cursor)
    return [(offer, ticket) for offer, ticket in offers if is_transferable(ticket, at)], next_cursor


def withdraw_offer(transfers: Transfers, clock: Clock, *, caller: Caller, ticket_id: str) -> None:
    """May be repeated. Raises NotFound, OfferClosed once it was accepted or declined."""

    def run() -> None:
        ticket, latest = transfers.offered(ticket_id)
        if ticket is None or latest is None or latest.offered_by != caller.user_id:
            raise not_yours(ticket_id)
        if latest.answer == "withdrawn":
            return
        latest.require_open(clock())
        transfers.save(latest, latest.answered("withdrawn"), [_ended(ticket, latest, "withdrawn")])

    again(run)


def accept_offer(
    transfers: Transfers,
    tokens: Tokens,
    codes: Codes,
    keys: CurrentKey,
    clock: Clock,
    *,
    caller: Caller,
    ticket_id: str,
    token: str | None,
) -> Ticket:
    """The ticket, as the caller's now, with a code of its own: the code of whoever had it is dead at the same instant.

    The same answer however often they accept. Raises NotFound, OfferClosed, NotTransferable, TransfersForbidden.
    """

    def run() -> Ticket:
        ticket, latest = transfers.offered(ticket_id)
        if ticket is None or latest is None:
            raise no_offer()
        if latest.answer == "accepted" and latest.accepted_by == caller.user_id == ticket.owner_id:
            return ticket
        _require_addressee(tokens, latest, caller, token)
        at = clock()
        latest.require_open(at)
        require_transferable(ticket, at)
        _require_allowed(transfers, ticket)
        handed = hand_over(ticket, caller, next_code(codes, keys, ticket))
        transfers.hand_over(ticket, handed, latest.answered("accepted", caller.user_id), [_transferred(ticket, handed)])
        return handed

    return again(run)


def decline_offer(transfers: Transfers, tokens: Tokens, clock: Clock, *, caller: Caller, ticket_id: str, token: str | None) -> None:
    """May be repeated. Raises NotFound, OfferClosed."""

    def run() -> None:
        ticket, latest = transfers.offered(ticket_id)
        if ticket is None or latest is None:
            raise no_offer()
        _require_addressee(tokens, latest, caller, token)
        if latest.answer == "declined":
            return
        latest.require_open(clock())
        transfers.save(latest, latest.answered("declined"), [_ended(ticket, latest, "declined")])

    again(run)


def allow_transfers(transfers: Transfers, *, caller: Caller, conference_id: str, allowed: bool) -> None:
    """Offers that are open when they are forbidden can be declined, and accepted only once they are allowed again."""
    caller.require(conference_id, "organizer")
    transfers.allow(conference_id, allowed)


def _require_allowed(transfers: Transfers, ticket: Ticket) -> None:
    if not transfers.allowed(ticket.conference_id):
        raise TransfersForbidden


def _require_addressee(tokens: Tokens, offer: Offer, caller: Caller, token: str | None) -> None:
    """Who holds the token reads the mailbox, and so does whose verified address it is. Never who offers it."""
    holds = token is not None and tokens.is_of(offer.id, token)
    if caller.user_id == offer.offered_by or not (holds or offer.is_to(caller)):
        raise no_offer()


def _offered(ticket: Ticket, offer: Offer, owner: Caller, token: str) -> TicketTransferOffered:
    return TicketTransferOffered(
        conference_id=ticket.conference_id,
        conference_name=ticket.conference_name,
        ticket_id=ticket.id,
        ticket_type_name=ticket.ticket_type_name,
        owner_id=owner.user_id,
        owner_name=owner.name,
        email=offer.email,
        token=token,
        valid_from=ticket.valid_from,
        expires_at=offer.expires_at,
        time_zone=ticket.time_zone,
    )


def _ended(ticket: Ticket, offer: Offer, outcome: str) -> TicketTransferEnded:
    return TicketTransferEnded(
        conference_id=ticket.conference_id,
        conference_name=ticket.conference_name,
        ticket_id=ticket.id,
        owner_id=offer.offered_by,
        email=offer.email,
        declined=outcome == "declined",
    )


def _transferred(before: Ticket, after: Ticket) -> TicketTransferred:
    return TicketTransferred(
        conference_id=after.conference_id,
        conference_name=after.conference_name,
        ticket_id=after.id,
        order_id=after.order_id,
        ticket_type_id=after.ticket_type_id,
        ticket_type_name=after.ticket_type_name,
        from_id=before.owner_id,
        owner_id=after.owner_id,
        owner_name=after.attendee.name,
        owner_email=after.attendee.email,
        code=after.code,
        serial=after.serial,
        valid_from=after.valid_from,
        time_zone=after.time_zone,
    )
