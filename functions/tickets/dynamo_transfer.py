"""Offers of tickets, in the context's table.

| item | pk | sk | gsi1pk | gsi1sk |
|---|---|---|---|---|
| TicketOffer | TICKET#id | OFFER | OFFERED#e-mail, until it is answered | when it expires#ticket |
| TransferRule | CONFERENCE#id | TRANSFERS | | |
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, cast

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.transactions import TransactWrite

from functions.tickets.domain import Ticket
from functions.tickets.dynamo import DynamoTickets, new_code
from functions.tickets.dynamo_feed import CodeRecordItem
from functions.tickets.items import TicketItem, commit
from functions.tickets.transfer import Offer, mailbox
from shared.clock import iso
from shared.messages import Message
from shared.table import Item, Outbox, decode_cursor, page


class OfferItem(Item, discriminator="TicketOffer"):
    """A ticket's latest; the one before is told of by its messages."""

    v = NumberAttribute(default=1)
    offer_id = UnicodeAttribute()
    ticket_id = UnicodeAttribute()
    conference_id = UnicodeAttribute()
    email = UnicodeAttribute()
    offered_by = UnicodeAttribute()
    owner_name = UnicodeAttribute(default="")
    offered_at = UTCDateTimeAttribute()
    expires_at = UTCDateTimeAttribute()
    fingerprint = UnicodeAttribute()
    answer = UnicodeAttribute(null=True)
    accepted_by = UnicodeAttribute(null=True)

    @staticmethod
    def key(ticket_id: str) -> tuple[str, str]:
        return f"TICKET#{ticket_id}", "OFFER"

    @staticmethod
    def partition(email: str) -> str:
        return f"OFFERED#{mailbox(email)}"

    @classmethod
    def of(cls, offer: Offer) -> "OfferItem":
        return cls(
            *cls.key(offer.ticket_id),
            gsi1pk=None if offer.answer else cls.partition(offer.email),
            gsi1sk=None if offer.answer else f"{iso(offer.expires_at)}#{offer.ticket_id}",
            offer_id=offer.id,
            ticket_id=offer.ticket_id,
            conference_id=offer.conference_id,
            email=offer.email,
            offered_by=offer.offered_by,
            owner_name=offer.owner_name,
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
            owner_name=self.owner_name,
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

    def offered_to(
        self, email: str, *, at: datetime, limit: int, cursor: str | None
    ) -> tuple[list[tuple[Offer, Ticket]], str | None]:
        partition = OfferItem.partition(email)
        start = decode_cursor(cursor, partition, "gsi1pk")
        unexpired = OfferItem.gsi1sk > iso(at)
        rows, next_cursor = page(OfferItem.gsi1.query(partition, unexpired, limit=limit, last_evaluated_key=start))
        offers = [row.domain() for row in rows if isinstance(row, OfferItem)]
        tickets = {ticket.id: ticket for ticket in self.some([offer.ticket_id for offer in offers])}
        return [(offer, tickets[offer.ticket_id]) for offer in offers if offer.ticket_id in tickets], next_cursor

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
