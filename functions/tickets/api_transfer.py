"""A ticket for somebody else: offered by e-mail, accepted or declined by whom it was offered to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler import Depends, Response
from pydantic import Field

from functions.tickets.api_tickets import TicketView
from functions.tickets.domain import Ticket
from functions.tickets.dynamo_transfer import DynamoTransfers
from functions.tickets.edge import CodesDep, KeysDep, resource
from functions.tickets.paths import ConferenceId, TicketId
from functions.tickets.secret import offer_tokens
from functions.tickets.transfer import Offer, OfferState
from functions.tickets.use_cases_transfer import (
    Tokens,
    Transfers,
    accept_offer,
    allow_transfers,
    decline_offer,
    list_offers,
    offer_ticket,
    read_offer,
    withdraw_offer,
)
from shared.clock import now
from shared.fields import Email
from shared.http import Body, CallerDep, CommandDep, Cursor, Limit, Page

TransfersDep = Annotated[Transfers, Depends(DynamoTransfers)]
TokensDep = Annotated[Tokens, Depends(offer_tokens)]

_TRANSFER = "/tickets/<ticket_id>/transfer"
_RULE = "/tickets/conferences/<conference_id>/transfers"

router = resource()


class OfferTicket(Body):
    email: Annotated[Email, Field(description="Whoever reads it may accept")]


class AnswerOffer(Body):
    token: (
        Annotated[str, Field(min_length=1, max_length=100, description="From the offer's e-mail; your verified address does too")]
        | None
    ) = None


class TransferRule(Body):
    allowed: bool


@dataclass(frozen=True, slots=True)
class OfferView:
    id: str
    ticket_id: str
    email: str
    state: OfferState
    offered_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, offer: Offer) -> "OfferView":
        return cls(offer.id, offer.ticket_id, offer.email, offer.state(now()), offer.offered_at, offer.expires_at)


@dataclass(frozen=True, slots=True)
class OfferToMe:
    """A ticket that somebody would hand to the caller; without its code, which it gets when it is accepted."""

    id: str
    ticket_id: str
    owner_name: str
    conference_id: str
    conference_name: str
    ticket_type_name: str
    valid_from: datetime
    time_zone: str
    offered_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, offer: Offer, ticket: Ticket) -> "OfferToMe":
        return cls(
            id=offer.id,
            ticket_id=ticket.id,
            owner_name=offer.owner_name,
            conference_id=ticket.conference_id,
            conference_name=ticket.conference_name,
            ticket_type_name=ticket.ticket_type_name,
            valid_from=ticket.valid_from,
            time_zone=ticket.time_zone,
            offered_at=offer.offered_at,
            expires_at=offer.expires_at,
        )


@dataclass(frozen=True, slots=True)
class TransferRuleView:
    conference_id: str
    allowed: bool


@router.get("/tickets/transfers", summary="List the tickets that are offered to me, by when the offers expire", tags=["tickets"])
def get_offers(caller: CallerDep, transfers: TransfersDep, limit: Limit = 50, cursor: Cursor = None) -> Page[OfferToMe]:
    """By your verified e-mail address: accept or decline them without a token."""
    offers, next_cursor = list_offers(transfers, now, caller=caller, limit=limit, cursor=cursor)
    return Page([OfferToMe.of(offer, ticket) for offer, ticket in offers], next_cursor)


@router.post(_TRANSFER, status_code=201, summary="Offer my ticket to somebody by e-mail", tags=["tickets"])
def post_transfer(
    ticket_id: TicketId, body: OfferTicket, caller: CallerDep, command: CommandDep, transfers: TransfersDep, tokens: TokensDep
) -> OfferView:
    """Until it is accepted the ticket stays yours, and your code opens the door."""
    offer = offer_ticket(
        transfers,
        tokens,
        now,
        caller=caller,
        ticket_id=ticket_id,
        email=body.email,
        offer_id=command.id("trf"),
        fingerprint=command.fingerprint,
    )
    return OfferView.of(offer)


@router.get(_TRANSFER, summary="What became of the latest offer of a ticket", tags=["tickets"])
def get_transfer(ticket_id: TicketId, caller: CallerDep, transfers: TransfersDep) -> OfferView:
    return OfferView.of(read_offer(transfers, caller=caller, ticket_id=ticket_id))


@router.delete(_TRANSFER, status_code=204, summary="Withdraw the open offer of my ticket; may be repeated", tags=["tickets"])
def delete_transfer(ticket_id: TicketId, caller: CallerDep, transfers: TransfersDep) -> Response[None]:
    withdraw_offer(transfers, now, caller=caller, ticket_id=ticket_id)
    return Response(204)


@router.post(f"{_TRANSFER}/accept", summary="Accept a ticket that was offered to me; may be repeated", tags=["tickets"])
def post_accept(
    ticket_id: TicketId,
    body: AnswerOffer,
    caller: CallerDep,
    transfers: TransfersDep,
    tokens: TokensDep,
    codes: CodesDep,
    keys: KeysDep,
) -> TicketView:
    """The ticket is yours, with a code of its own; the one of whoever had it is dead at the same instant."""
    ticket = accept_offer(transfers, tokens, codes, keys, now, caller=caller, ticket_id=ticket_id, token=body.token)
    return TicketView.of(ticket)


@router.post(
    f"{_TRANSFER}/decline", status_code=204, summary="Decline a ticket that was offered to me; may be repeated", tags=["tickets"]
)
def post_decline(
    ticket_id: TicketId, body: AnswerOffer, caller: CallerDep, transfers: TransfersDep, tokens: TokensDep
) -> Response[None]:
    decline_offer(transfers, tokens, now, caller=caller, ticket_id=ticket_id, token=body.token)
    return Response(204)


@router.put(_RULE, summary="Allow or forbid that tickets change hands", tags=["tickets"])
def put_rule(conference_id: ConferenceId, body: TransferRule, caller: CallerDep, transfers: TransfersDep) -> TransferRuleView:
    allow_transfers(transfers, caller=caller, conference_id=conference_id, allowed=body.allowed)
    return TransferRuleView(conference_id, body.allowed)


@router.get(_RULE, summary="Whether tickets may change hands", tags=["tickets"])
def get_rule(conference_id: ConferenceId, caller: CallerDep, transfers: TransfersDep) -> TransferRuleView:
    return TransferRuleView(conference_id, transfers.allowed(conference_id))
