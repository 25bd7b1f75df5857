"""What companies keep of a conference's people goes with its retention; what people keep of each other is theirs."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from functions.contacts.domain import Contact, Pair
from functions.contacts.use_cases import TRIES, Exchanges
from shared.clock import Clock
from shared.errors import Busy


class Leads(Exchanges, Protocol):
    def leads_of(self, conference_id: str) -> Iterable[Contact]:
        """What all teams keep of whom they met there. Reads the whole table."""

    def other_side(self, contact: Contact) -> Contact | None: ...


def end_leads(leads: Leads, clock: Clock, *, conference_id: str) -> int:
    """As if everybody had withdrawn from every company that they met there; nobody is told. How many leads went.

    May be repeated. Raises Busy.
    """
    return sum(_end(leads, clock, lead) for lead in leads.leads_of(conference_id))


def _end(leads: Leads, clock: Clock, lead: Contact | None) -> bool:
    for _ in range(TRIES):
        theirs = leads.other_side(lead) if lead else None
        if lead is None or theirs is None:
            return False
        before = Pair(theirs, lead)
        ended = replace(theirs, consent=theirs.consent.withdrawn(clock()), awaits=False)
        after = Pair(ended, lead.showing(None))
        if after == before:
            return False
        if leads.settle(before, after):
            return True
        lead = leads.contact(lead.owner_id, lead.id)
    raise Busy("A lead is being changed again and again. The message comes again.")
