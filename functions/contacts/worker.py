"""Who has a ticket or a role attends, and who changes their card changes the copies of it.

A person who gets a ticket gets a card too, so that the first exchange at a conference needs no preparation.
"""

from functions.contacts.dynamo import DynamoExchanges
from functions.contacts.dynamo_people import DynamoPeople
from functions.contacts.dynamo_privacy import DynamoPrivacy
from functions.contacts.people import Held, cancelled
from functions.contacts.privacy import RULES
from functions.contacts.use_cases_copies import refresh_copies
from functions.contacts.use_cases_erasure import forget_member
from functions.contacts.use_cases_people import note_role, note_ticket
from functions.contacts.use_cases_retention import end_leads
from shared.clock import now
from shared.delay import SqsDelay
from shared.messages import (
    CardChanged,
    MembershipChanged,
    RetentionEnded,
    TicketCancelled,
    TicketIssued,
    TicketTransferred,
    UserErased,
)
from shared.personal import about_people
from shared.worker import Worker


def _issued(message: TicketIssued) -> None:
    _note(message, message.owner_id, message.owner_name, Held(1))


def _transferred(message: TicketTransferred) -> None:
    _note(message, message.owner_id, message.owner_name, Held(message.serial))
    _note(message, message.from_id, "", Held(message.serial, message.occurred_at))


def _cancelled(message: TicketCancelled) -> None:
    _note(message, message.owner_id, "", cancelled(message.occurred_at))


def _note(message: TicketIssued | TicketTransferred | TicketCancelled, user_id: str, name: str, held: Held) -> None:
    where, ticket_id = message.conference_id, message.ticket_id
    note_ticket(DynamoPeople(), user_id=user_id, name=name, conference_id=where, ticket_id=ticket_id, held=held)


def _membership_changed(message: MembershipChanged) -> None:
    note_role(
        DynamoPeople(),
        user_id=message.user_id,
        conference_id=message.conference_id,
        role=message.role,
        revision=message.revision,
        company=message.company,
        team_id=message.team_id,
        at=message.occurred_at,
    )


def _card_changed(message: CardChanged) -> None:
    refresh_copies(DynamoExchanges(), DynamoPeople(), SqsDelay(), message)


def _retention_ended(message: RetentionEnded) -> None:
    end_leads(DynamoPrivacy(), now, conference_id=message.conference_id)


def _before_erasure(message: UserErased) -> None:
    forget_member(DynamoPrivacy(), user_id=message.user_id)


handler = Worker(
    {
        TicketIssued: _issued,
        TicketTransferred: _transferred,
        TicketCancelled: _cancelled,
        MembershipChanged: _membership_changed,
        CardChanged: _card_changed,
        RetentionEnded: _retention_ended,
        **about_people(RULES, before=_before_erasure),
    }
)
