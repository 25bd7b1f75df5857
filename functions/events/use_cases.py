"""What people do with a conference as a whole: create it, change it, publish it, release its agenda, read it."""

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar

from functions.events.agenda import Agenda, NothingChanged, Rendered, render
from functions.events.domain import (
    Conference,
    Desk,
    NotPublished,
    Overtaken,
    P,
    Part,
    Pool,
    Release,
    Room,
    Session,
    SessionsLeftOutside,
    SlugTaken,
    Speaker,
    TicketType,
    Track,
    Window,
    no_conference,
    of_kind,
)
from functions.events.ics import render_calendar
from functions.events.membership import Member
from functions.events.release_diff import ReleaseSummary, SessionChange
from functions.events.render_once import AgendaCache, read_through
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import KeyReused, NotFound
from shared.ids import new_id
from shared.messages import (
    AgendaChange,
    AgendaReleased,
    ConferencePublished,
    MembershipChanged,
    Message,
    PoolChanged,
    TicketTypeChanged,
)
from shared.versions import check_version

_ANNOUNCED = ("name", "time_zone", "hold_minutes", "window")  # what TicketTypeChanged says of the conference
_TOLD = 90_000  # bytes that AgendaReleased says of changes; the bus takes 256 KB of several messages together
_TRIES, _PAUSE = 5, 0.02  # tries of a change, and the longest pause after the first in seconds; it doubles

A = ParamSpec("A")
R = TypeVar("R")


class Conferences(Protocol):
    """Every write raises Overtaken where the conference is no more the revision before the one that is handed in."""

    def desk(self, conference_id: str, user_id: str | None, *part_ids: str) -> Desk | None: ...
    def is_slug_taken(self, slug: str) -> bool: ...
    def published(self, limit: int, cursor: str | None) -> tuple[list[Conference], str | None]: ...
    def of_member(self, user_id: str, limit: int, cursor: str | None) -> tuple[list[Conference], str | None]: ...
    def parts(self, kind: type[P], conference_id: str, limit: int, cursor: str | None) -> tuple[list[P], str | None]: ...
    def every(self, kind: type[P], conference_id: str) -> list[P]: ...
    def sessions_beside(self, conference_id: str, session: Session) -> Iterable[Session]:
        """Those at an overlapping time in its room or with one of its speakers; itself perhaps."""

    def sold(self, ticket_type_id: str) -> int:
        """How many tickets of it stand, as far as messages told."""

    def sessions_naming(self, conference_id: str, part_id: str) -> Iterable[Session]: ...
    def sessions_outside(self, conference_id: str, window: Window) -> Iterable[Session]: ...
    def create(self, conference: Conference, founder: Member, fingerprint: str, messages: Sequence[Message]) -> None: ...
    def revise(self, conference: Conference, messages: Sequence[Message]) -> None: ...
    def add(self, conference: Conference, part: Part, fingerprint: str, messages: Sequence[Message]) -> None: ...
    def replace(self, conference: Conference, part: Part, fingerprint: str, messages: Sequence[Message]) -> None: ...
    def remove(self, conference: Conference, part: Part) -> None: ...
    def release(
        self, conference: Conference, release: Release, agenda: Agenda, fingerprint: str, messages: Sequence[Message]
    ) -> None:
        """Raises AgendaTooLarge."""

    def latest_agenda(self, conference_id: str) -> Agenda | None: ...
    def latest_number(self, conference_id: str) -> float | None:
        """Of its releases, as `agenda.number_of` has it; None where there is no such conference."""

    def released_agenda(self, conference_id: str, release: int) -> Agenda | None: ...
    def releases(self, conference_id: str, limit: int, cursor: str | None) -> tuple[list[ReleaseSummary], str | None]: ...
    def contents(self, conference_id: str) -> list[Part]:
        """All parts, each kind in the order of their ids."""


def afresh(change: Callable[A, R]) -> Callable[A, R]:
    """Where somebody else changed the conference in between, decide anew on what is now there; Overtaken after a few tries."""

    @wraps(change)
    def tried(*args: A.args, **kwargs: A.kwargs) -> R:
        for attempt in range(_TRIES - 1):
            try:
                return change(*args, **kwargs)
            except Overtaken:
                time.sleep(random.uniform(0, _PAUSE * 2**attempt))  # noqa: S311  # spreads the rivals, keeps no secret
        return change(*args, **kwargs)

    return tried


def visible(conferences: Conferences, conference_id: str, visitor: Caller | None, *part_ids: str) -> Desk:
    """Raises NotFound for a draft, unless its member asks."""
    desk = conferences.desk(conference_id, visitor.user_id if visitor else None, *part_ids)
    if desk is None:
        raise no_conference(conference_id)
    desk.check_visible()
    return desk


def overseen(conferences: Conferences, conference_id: str, caller: Caller, *part_ids: str) -> Desk:
    """Raises NotFound as `visible` does, and Forbidden for everybody but its organisers."""
    desk = visible(conferences, conference_id, caller, *part_ids)
    desk.check_organizer()
    return desk


def organised(conferences: Conferences, conference_id: str, caller: Caller, *part_ids: str) -> Desk:
    """For a change: raises as `overseen` does, and Archived."""
    desk = overseen(conferences, conference_id, caller, *part_ids)
    desk.conference.check_open()
    return desk


@afresh
def create_conference(conferences: Conferences, *, caller: Caller, conference: Conference, fingerprint: str) -> Conference:
    """Makes the caller its organizer. Once only by the conference's id.

    Raises InvalidWindow, UnknownTimeZone, SlugTaken, KeyReused.
    """
    conference.check()
    if made := conferences.desk(conference.id, caller.user_id):
        if made.fingerprints[conference.id] != fingerprint:
            raise KeyReused
        return made.conference
    if conferences.is_slug_taken(conference.slug):
        raise SlugTaken(f"Another conference has the slug {conference.slug!r}. Send another, or none to have one made of the name.")
    founder = Member.founder(conference.id, caller)
    conferences.create(conference, founder, fingerprint, [membership_changed(conference, founder)])
    return conference


@afresh
def change_conference(
    conferences: Conferences, *, caller: Caller, conference_id: str, changes: Mapping[str, Any], if_match: str | None = None
) -> Conference:
    """Raises ChangedMeanwhile, InvalidWindow, UnknownTimeZone, CurrencyFixed, SessionsLeftOutside.

    What is so already is answered as it is, also to a repeated request whose `if_match` its first run made stale.
    """
    conference = organised(conferences, conference_id, caller).conference
    changed = conference.changed(changes)
    if changed is conference:
        return conference
    check_version(conference.version, if_match)
    concerned = any(getattr(changed, name) != getattr(conference, name) for name in _ANNOUNCED)
    ticket_types = conferences.every(TicketType, conference_id) if concerned else []
    if changed.window != conference.window:
        _check_contents(conferences, changed, ticket_types)
    conferences.revise(changed, announcements(changed, *ticket_types))
    return changed


def _check_contents(conferences: Conferences, changed: Conference, ticket_types: Iterable[TicketType]) -> None:
    outside = [session.id for session in conferences.sessions_outside(changed.id, changed.window)]
    if outside:
        raise SessionsLeftOutside(
            f"{len(outside)} sessions would lie outside a conference {changed.window}, such as {outside[0]}. Move them first."
        )
    for ticket_type in ticket_types:
        ticket_type.check(changed)


@afresh
def publish(conferences: Conferences, cache: AgendaCache, clock: Clock, *, caller: Caller, conference_id: str) -> Conference:
    """Once only: a published conference is answered as it is. Makes release 1 of the agenda. Raises AgendaTooLarge."""
    draft = organised(conferences, conference_id, caller).conference
    if draft.is_published:
        return draft
    conference = draft.with_release()
    published = ConferencePublished(
        conference_id=conference.id,
        name=conference.name,
        time_zone=conference.time_zone,
        starts_at=conference.starts_at,
        ends_at=conference.ends_at,
        published_by=caller.user_id,
    )
    sold: list[Pool | TicketType] = [*conferences.every(Pool, conference_id), *conferences.every(TicketType, conference_id)]
    messages = [published, *announcements(conference, *sold)]
    _release(conferences, cache, conference, _numbered(conference, new_id(Release.prefix), clock()), "", messages)
    return conference


@afresh
def archive(conferences: Conferences, clock: Clock, *, caller: Caller, conference_id: str) -> Conference:
    """Once only: an archived conference is answered as it is. Ends the sale of its tickets. Raises NotPublished."""
    conference = overseen(conferences, conference_id, caller).conference
    archived = conference.archived()
    if archived is conference:
        return conference
    ended = [ticket_type.ended(conference, clock()) for ticket_type in conferences.every(TicketType, conference_id)]
    conferences.revise(archived, [_announced(archived, ticket_type) for ticket_type in ended])
    return archived


@afresh
def release_agenda(
    conferences: Conferences,
    cache: AgendaCache,
    clock: Clock,
    *,
    caller: Caller,
    conference_id: str,
    release_id: str,
    fingerprint: str,
) -> Agenda:
    """Once only by `release_id`. Raises NotPublished, NothingChanged, AgendaTooLarge, KeyReused."""
    desk = organised(conferences, conference_id, caller, release_id)
    if not desk.conference.is_published:
        raise NotPublished("Publish the conference first (POST …/publish): that makes release 1.")
    conference = desk.conference.with_release()
    release = _numbered(conference, release_id, clock())
    if made := desk.made(release, fingerprint):
        return released(conferences, conference_id=conference_id, release=made.release)
    return _release(conferences, cache, conference, release, fingerprint, [])


def _numbered(conference: Conference, release_id: str, released_at: datetime) -> Release:
    return Release(id=release_id, release=conference.release, released_at=released_at)


def _release(
    conferences: Conferences,
    cache: AgendaCache,
    conference: Conference,
    release: Release,
    fingerprint: str,
    messages: Sequence[Message],
) -> Agenda:
    parts = conferences.contents(conference.id)
    draft = Agenda(
        release=release.release,
        released_at=release.released_at,
        conference=conference,
        rooms=of_kind(Room, parts),
        speakers=tuple(replace(speaker, user_id=None) for speaker in of_kind(Speaker, parts)),  # who they are is not released
        sessions=of_kind(Session, parts),
        tracks=of_kind(Track, parts),
    )
    previous = conferences.latest_agenda(conference.id)
    if previous and draft.is_as(previous):
        raise NothingChanged(f"Release {previous.release} says the same. Change something first.", release=previous.release)
    agenda = draft.after(previous)
    rendered, calendar = render(agenda), render_calendar(agenda)
    conferences.release(conference, release, agenda, fingerprint, [*messages, _told(agenda)])
    cache.keep(conference.id, rendered)
    cache.keep(calendar_key(conference.id), calendar)
    return agenda


def _told(agenda: Agenda) -> AgendaReleased:
    told = agenda.diff.within(_TOLD)
    return AgendaReleased(
        conference_id=agenda.conference.id,
        release=agenda.release,
        conference_name=agenda.conference.name,
        added=_changes(told.added),
        canceled=_changes(told.canceled),
        moved=_changes(told.moved),
        changed=_changes(told.changed),
        truncated=told != agenda.diff,
    )


def _changes(changes: Iterable[SessionChange]) -> tuple[AgendaChange, ...]:
    return tuple(AgendaChange(**asdict(change)) for change in changes)


def released(conferences: Conferences, *, conference_id: str, release: int) -> Agenda:
    """One release, as it was. Raises NotFound."""
    agenda = conferences.released_agenda(conference_id, release)
    if agenda is None:
        raise NotFound(f"There is no published conference {conference_id!r} with a release {release} of its agenda.")
    return agenda


def list_releases(
    conferences: Conferences, *, conference_id: str, limit: int, cursor: str | None
) -> tuple[list[ReleaseSummary], str | None]:
    """Newest first. Raises NotFound for drafts too."""
    found, next_cursor = conferences.releases(conference_id, limit, cursor)
    if not found and cursor is None:
        raise NotFound(f"There is no published conference {conference_id!r}.")
    return found, next_cursor


def calendar_key(conference_id: str) -> str:
    """What the cache keeps the calendar of a conference under, beside its agenda."""
    return f"{conference_id}.ics"


def read_agenda(conferences: Conferences, cache: AgendaCache, *, conference_id: str) -> Rendered:
    """The latest release, from the cache where it has it. Raises NotFound for drafts too."""
    return read_latest(conferences, cache, conference_id=conference_id, key=conference_id, make=render)


def read_latest(
    conferences: Conferences, cache: AgendaCache, *, conference_id: str, key: str, make: Callable[[Agenda], Rendered]
) -> Rendered:
    """What `make` makes of the latest release, from the cache where it has that under `key`. Raises NotFound for drafts too."""
    return read_through(
        cache,
        key,
        lambda: make(latest_release(conferences, conference_id)),
        lambda: conferences.latest_number(conference_id),
    )


def latest_release(conferences: Conferences, conference_id: str) -> Agenda:
    """Raises NotFound for drafts too."""
    agenda = conferences.latest_agenda(conference_id)
    if agenda is None:
        raise NotFound(f"There is no published conference {conference_id!r}.")
    return agenda


def announcements(conference: Conference, *sold: Pool | TicketType) -> list[Message]:
    """What those who sell should hear of pools and ticket types: nothing before publication."""
    return [_announced(conference, each) for each in sold] if conference.is_published else []


def _announced(conference: Conference, sold: Pool | TicketType) -> Message:
    return _pool_changed(conference, sold) if isinstance(sold, Pool) else _ticket_type_changed(conference, sold)


def _pool_changed(conference: Conference, pool: Pool) -> PoolChanged:
    return PoolChanged(conference_id=conference.id, pool_id=pool.id, revision=conference.revision, capacity=pool.capacity)


def _ticket_type_changed(conference: Conference, ticket_type: TicketType) -> TicketTypeChanged:
    sale, validity = ticket_type.sale(conference), ticket_type.validity(conference)
    return TicketTypeChanged(
        conference_id=conference.id,
        conference_name=conference.name,
        time_zone=conference.time_zone,
        ticket_type_id=ticket_type.id,
        revision=conference.revision,
        name=ticket_type.name,
        price=ticket_type.cost(conference),
        capacity=ticket_type.capacity,
        min_per_order=ticket_type.min_per_order,
        max_per_order=ticket_type.max_per_order,
        sale_starts_at=sale.starts_at,
        sale_ends_at=sale.ends_at,
        hidden=ticket_type.hidden,
        valid_from=validity.starts_at,
        valid_until=validity.ends_at,
        hold_minutes=conference.hold_minutes,
        pool_id=ticket_type.pool_id,
        max_per_person=ticket_type.max_per_person,
    )


def membership_changed(conference: Conference, member: Member) -> MembershipChanged:
    return MembershipChanged(
        conference_id=conference.id,
        conference_name=conference.name,
        user_id=member.user_id,
        role=member.role,
        revision=member.revision,
        company=member.company,
        team_id=member.team_id,
    )
