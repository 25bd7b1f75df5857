"""Whoever gets a ticket attends, and gets a card, so that the first exchange at a conference needs no preparation.

Attendance is not taken back where the ticket is handed on or cancelled: it says where two people met, opens no door, and a phone
that was off line may still send scans of before.
"""

from functions.contacts.dynamo import DynamoContacts
from functions.contacts.privacy import RULES
from functions.contacts.use_cases import welcome
from shared.clock import now
from shared.messages import TicketIssued, TicketTransferred
from shared.personal import about_people
from shared.worker import Worker


def _attends(message: TicketIssued | TicketTransferred) -> None:
    welcome(DynamoContacts(), now, user_id=message.owner_id, name=message.owner_name, conference_id=message.conference_id)


handler = Worker({TicketIssued: _attends, TicketTransferred: _attends, **about_people(RULES)})
