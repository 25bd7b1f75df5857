"""Offers of tickets, in the context's table.

| item | pk | sk |
|---|---|---|
| TicketOffer | TICKET#id | OFFER |
| TransferRule | CONFERENCE#id | TRANSFERS |
"""

from collections.abc import Sequence
from typing import Literal, cast

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.transactions import TransactWrite

from functions.tickets.domain import Ticket
from functions.tickets.dynamo import DynamoTickets, new_code
from functions.tickets.dynamo_feed import CodeRecordItem
from functions.tickets.items import TicketItem, commit
from functions.tickets.transfer import Offer
from shared.messages import Message
from shared.table import Item, Outbox


class OfferItem(Item, discriminator="TicketOffer"):
    """A ticket's latest; the one before is told of by its messages."""

    v = NumberAttribute(default=1)
    offer_id = UnicodeAttribute()
    ticket_id = UnicodeAttribute()
    conference_id = UnicodeAttribute()
    email = UnicodeAttribute()
    offered_by = UnicodeAttribute()
    offered_at = UTCDateTimeAttribute()
    expires_at = UTCDateTimeAttribute()
    fingerprint = UnicodeAttribute()
    answer = UnicodeAttribute(null=True)
    accepted_by = UnicodeAttribute(null=True)

    @staticmethod
    def key(ticket_id: str) -> tuple[str, str]:
        return f"TICKET#{ticket_id}", "OFFER"

    @classmethod
    def of(cls, offer: Offer) -> "OfferItem":
        return cls(
            *cls.key(offer.ticket_id),
            offer_id=offer.id,
            ticket_id=offer.ticket_id,
            conference_id=offer.conference_id,
            email=offer.email,
            offered_by=offer.offered_by,
            offered_at=offer.offered_at,
            expires_at=offer.expires_at,
            fingerprint=offer.fingerprint,
            answer=offer.answer,
            accepted_by=offer.accepted_by,
        )

    def domain(self) -> Offer:
        return Offer(
            id=self.offer_id,
            ticket_id=self.ticket_id,
            conference_id=self.conference_id,
            email=self.email,
            offered_by=self.offered_by,
            offered_at=self.offered_at,
            expires_at=self.expires_at,
            fingerprint=self.fingerprint,
            answer=cast("Literal['accepted', 'declined', 'withdrawn'] | None", self.answer),
            accepted_by=self.accepted_by,
        )


class TransferRuleItem(Item, discriminator="TransferRule"):
    """Where an organiser has said whether tickets may change hands; they may where nothing is said."""

    v = NumberAttribute(default=1)
    allowed = BooleanAttribute()

    @staticmethod
    def key(conference_id: str) -> tuple[str, str]:
        return f"CONFERENCE#{conference_id}", "TRANSFERS"


class DynamoTransfers(DynamoTickets):
    """Implements `use_cases_transfer.Transfers`."""

    def offered(self, ticket_id: str) -> tuple[Ticket | None, Offer | None]:
        ticket, offer = None, None
        for item in Item.batch_get([TicketItem.key(ticket_id), OfferItem.key(ticket_id)], consistent_read=True):
            match item:
                case TicketItem():
                    ticket = item.domain()
                case OfferItem():
                    offer = item.domain()
        return ticket, offer

    def save(self, before: Offer | None, after: Offer, messages: Sequence[Message]) -> None:
        def compose(transaction: TransactWrite) -> None:
            _replace(transaction, before, after)
            for message in messages:
                transaction.save(Outbox.of(message))

        commit(compose)

    def hand_over(self, before: Ticket, after: Ticket, offer: Offer, messages: Sequence[Message]) -> None:
        owner = [
            TicketItem.gsi1pk.set(f"USER#{after.owner_id}"),
            TicketItem.attendee_name.set(after.attendee.name),
            TicketItem.attendee_email.set(after.attendee.email),
            TicketItem.is_for_owner.set(after.is_for_owner),
        ]

        def compose(transaction: TransactWrite) -> None:
            opened = OfferItem.of(offer)
            transaction.save(opened, condition=(OfferItem.offer_id == offer.id) & OfferItem.answer.does_not_exist())
            transaction.save(CodeRecordItem.revoked(before))
            for message in messages:
                transaction.save(Outbox.of(message))
            new_code(transaction, before, after, *owner)

        commit(compose)

    def allowed(self, conference_id: str) -> bool:
        try:
            return TransferRuleItem.get(*TransferRuleItem.key(conference_id), consistent_read=True).allowed
        except TransferRuleItem.DoesNotExist:
            return True

    def allow(self, conference_id: str, allowed: bool) -> None:
        TransferRuleItem(*TransferRuleItem.key(conference_id), allowed=allowed).save()


def _replace(transaction: TransactWrite, before: Offer | None, after: Offer) -> None:
    if before is None:
        unchanged = Item.pk.does_not_exist()
    elif before.answer is None:
        unchanged = (OfferItem.offer_id == before.id) & OfferItem.answer.does_not_exist()
    else:
        unchanged = (OfferItem.offer_id == before.id) & (OfferItem.answer == before.answer)
    transaction.save(OfferItem.of(after), condition=unchanged)
