"""How long what is known of the people at a conference is kept, and what comes before it goes."""

from dataclasses import replace
from datetime import datetime, timedelta

from functions.events.domain import Conference

NOTICE = timedelta(days=14)  # its organisers are told before: to export what they need, or to think again


def kept_until(conference: Conference) -> datetime | None:
    """None: for as long as nobody says how long."""
    days = conference.retention_days
    return None if days is None else conference.ends_at + timedelta(days=int(days))


def ends_at(conference: Conference, told_at: datetime) -> datetime | None:
    """When it ends if the organisers are told then: never sooner than they can act on it."""
    until = kept_until(conference)
    return None if until is None else max(until, told_at + NOTICE)


def due_at(conference: Conference) -> datetime | None:
    """When the next step is due: telling, then ending. None where there is none."""
    until = kept_until(conference)
    if until is None or conference.retention_ended_at:
        return None
    return ends_at(conference, conference.retention_told_at) if conference.retention_told_at else until - NOTICE


def told(conference: Conference, at: datetime) -> Conference:
    return replace(conference.touched(), retention_told_at=at)


def ended(conference: Conference, at: datetime) -> Conference:
    return replace(conference.touched(), retention_ended_at=at)
