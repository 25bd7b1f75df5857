"""What may happen to a ticket between two people, and what an offer of one is."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, Self

from functions.tickets.domain import Attendee, Ticket
from shared.caller import Caller
from shared.errors import Conflict, Forbidden, Invalid, NotFound

OfferState = Literal["open", "accepted", "declined", "withdrawn", "expired"]
OFFER_LIFE = timedelta(days=14)


class NotTransferable(Conflict):
    slug, title = "not-transferable", "The ticket cannot change hands"


class TransferOffered(Conflict):
    slug, title = "transfer-offered", "The ticket is offered to somebody already"

    def __init__(self) -> None:
        super().__init__("Withdraw the open offer first (DELETE /tickets/{id}/transfer), or wait for its answer.")


class OfferClosed(Conflict):
    slug, title = "offer-closed", "The offer is no longer open"

    def __init__(self, state: OfferState) -> None:
        super().__init__(f"The offer is {state}. Ask the ticket's owner for a new one.", state=state)


class TransfersForbidden(Forbidden):
    slug, title = "transfers-forbidden", "The organiser does not allow transfers"

    def __init__(self) -> None:
        super().__init__("Tickets of this conference stay with who bought them. Ask the organiser.")


class EmailNotVerified(Forbidden):
    slug, title = "email-not-verified", "Nobody has said yet that the mailbox is yours"

    def __init__(self) -> None:
        super().__init__(
            "Offers are listed for whoever reads the mailbox they went to. Follow the link in the e-mail that asks to confirm your "
            "address (POST /auth/email/verification sends it again), then refresh your access token."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A ticket offered to whoever reads an e-mail address: one offer at a time, and until it is accepted nothing changes."""

    id: str
    ticket_id: str
    conference_id: str
    email: str  # as it was written; compared without case
    offered_by: str
    owner_name: str = ""  # of who offers it
    offered_at: datetime
    expires_at: datetime
    fingerprint: str  # of the request that made it
    answer: Literal["accepted", "declined", "withdrawn"] | None = None
    accepted_by: str | None = None

    def state(self, at: datetime) -> OfferState:
        return self.answer or ("expired" if at >= self.expires_at else "open")

    def require_open(self, at: datetime) -> None:
        if (state := self.state(at)) != "open":
            raise OfferClosed(state)

    def is_to(self, caller: Caller) -> bool:
        """Whether it went to a mailbox that the caller has proven to be theirs."""
        return caller.email_verified and same_email(self.email, caller.email)

    def answered(self, answer: Literal["accepted", "declined", "withdrawn"], by: str | None = None) -> Self:
        return replace(self, answer=answer, accepted_by=by)


def offer(ticket: Ticket, owner: Caller, *, offer_id: str, email: str, fingerprint: str, at: datetime) -> Offer:
    """Raises NotTransferable, Invalid."""
    require_transferable(ticket, at)
    if same_email(email, owner.email):
        raise Invalid("That is your own e-mail address, and the ticket is yours already.")
    return Offer(
        id=offer_id,
        ticket_id=ticket.id,
        conference_id=ticket.conference_id,
        email=email,
        offered_by=owner.user_id,
        owner_name=owner.name,
        offered_at=at,
        expires_at=min(at + OFFER_LIFE, ticket.valid_until),
        fingerprint=fingerprint,
    )


def require_transferable(ticket: Ticket, at: datetime) -> None:
    """Raises NotTransferable once it was used, cancelled or is over."""
    if ticket.status == "cancelled":
        raise NotTransferable("The ticket was cancelled.")
    if ticket.first_entry:
        raise NotTransferable("The ticket has been used at the door. It stays with who came in with it.")
    if at >= ticket.valid_until:
        raise NotTransferable("The ticket is no longer valid.")


def is_transferable(ticket: Ticket, at: datetime) -> bool:
    try:
        require_transferable(ticket, at)
    except NotTransferable:
        return False
    return True


def hand_over(ticket: Ticket, to: Caller, code: str) -> Ticket:
    """The ticket as its new owner's, who is also who it is for; `code` is its next."""
    return replace(
        ticket,
        owner_id=to.user_id,
        attendee=Attendee(to.name, to.email),
        is_for_owner=True,
        code=code,
        serial=ticket.next_serial,
        superseded="transferred",
    )


def same_email(one: str, other: str) -> bool:
    return mailbox(one) == mailbox(other)


def mailbox(email: str) -> str:
    """As addresses are compared."""
    return email.strip().casefold()


def no_offer() -> NotFound:
    return NotFound("There is no such offer to you. Send the whole token of its e-mail, or verify the address that it was sent to.")
