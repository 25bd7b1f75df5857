"""Calendars: the agenda for everybody's calendar client, and each person's own with what they starred."""

from typing import Protocol

from functions.events.agenda import Rendered
from functions.events.ics import render_calendar
from functions.events.membership import hash_of
from functions.events.render_once import AgendaCache
from functions.events.subscription import SUFFIX, Subscription, no_calendar
from functions.events.use_cases import Conferences, afresh, calendar_key, read_latest, visible
from functions.events.use_cases_stars import Stars
from shared.caller import Caller


class Subscriptions(Protocol):
    def of_user(self, conference_id: str, user_id: str) -> Subscription | None: ...
    def find(self, secret_hash: str) -> Subscription | None: ...
    def keep(self, subscription: Subscription, held: Subscription | None) -> None:
        """In place of `held`. Raises Overtaken where that is not what is there."""

    def remove(self, conference_id: str, user_id: str) -> None: ...


def read_calendar(conferences: Conferences, cache: AgendaCache, *, conference_id: str) -> Rendered:
    """The latest release, from the cache where it has it. Raises NotFound for drafts too."""
    key = calendar_key(conference_id)
    return read_latest(conferences, cache, conference_id=conference_id, key=key, make=render_calendar)


@afresh
def subscribe(conferences: Conferences, subscriptions: Subscriptions, *, caller: Caller, conference_id: str, key: str) -> str:
    """The name of the caller's own calendar file; one that they had before is withdrawn. Once only by `key`. Raises NotFound."""
    visible(conferences, conference_id, caller)
    held = subscriptions.of_user(conference_id, caller.user_id)
    if held and held.was_made_with(key):
        return held.secret(key) + SUFFIX
    subscription = Subscription.fresh(conference_id, caller.user_id, key)
    subscriptions.keep(subscription, held)
    return subscription.secret(key) + SUFFIX


def unsubscribe(conferences: Conferences, subscriptions: Subscriptions, *, caller: Caller, conference_id: str) -> None:
    """Idempotent. Raises NotFound where there is no such conference."""
    visible(conferences, conference_id, caller)
    subscriptions.remove(conference_id, caller.user_id)


def read_own_calendar(conferences: Conferences, subscriptions: Subscriptions, stars: Stars, *, file_name: str) -> Rendered:
    """The latest release, of it only what the owner of the address starred. Raises NotFound, the same for all that is not there."""
    secret, suffix = file_name[: -len(SUFFIX)], file_name[-len(SUFFIX) :]
    subscription = subscriptions.find(hash_of(secret)) if suffix == SUFFIX else None
    agenda = conferences.latest_agenda(subscription.conference_id) if subscription else None
    if subscription is None or agenda is None:
        raise no_calendar()
    return render_calendar(agenda, stars.of_user(subscription.conference_id, subscription.user_id))
