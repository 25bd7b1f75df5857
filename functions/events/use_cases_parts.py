"""What people do with what a conference has several of: rooms, tracks, speakers, sessions, pools, ticket types."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic

from functions.events.domain import (
    Conference,
    InUse,
    OnSale,
    P,
    Part,
    Pool,
    References,
    Room,
    Session,
    Speaker,
    TicketType,
    Track,
    check_capacity,
    no_part,
)
from functions.events.use_cases import Conferences, afresh, announcements, organised, visible
from shared.caller import Caller
from shared.messages import Message
from shared.versions import check_version


@dataclass(frozen=True, slots=True)
class Filed(Generic[P]):
    """A part, its version, and the conference as it is with it."""

    conference: Conference
    part: P
    version: int


@dataclass(frozen=True, slots=True)
class Listing(Generic[P]):
    conference: Conference
    parts: list[P]
    next_cursor: str | None


def list_parts(
    conferences: Conferences, kind: type[P], *, visitor: Caller | None, conference_id: str, limit: int, cursor: str | None
) -> Listing[P]:
    """One page; what is hidden is left out of it unless a member asks. Raises NotFound, WorkInProgress."""
    desk = visible(conferences, conference_id, visitor)
    desk.check_shown(kind)
    parts, next_cursor = conferences.parts(kind, conference_id, limit, cursor)
    return Listing(desk.conference, [part for part in parts if desk.role or not _is_hidden(part)], next_cursor)


def get_part(conferences: Conferences, kind: type[P], *, visitor: Caller | None, conference_id: str, part_id: str) -> Filed[P]:
    """Raises NotFound, also for what is hidden unless a member asks; WorkInProgress."""
    desk = visible(conferences, conference_id, visitor, part_id)
    desk.check_shown(kind)
    part = desk.find(kind, part_id)
    if _is_hidden(part) and not desk.role:
        raise no_part(kind, part_id)
    return Filed(desk.conference, part, desk.versions[part_id])


@afresh
def add_part(conferences: Conferences, *, caller: Caller, conference_id: str, part: P, fingerprint: str) -> Filed[P]:
    """Once only by the part's id. Raises LimitReached, KeyReused, and as the part's rules do."""
    desk = organised(conferences, conference_id, caller, part.id, *part.references.ids)
    if made := desk.made(part, fingerprint):
        return Filed(desk.conference, made, desk.versions[part.id])
    desk.check_limit(type(part))
    desk.check_references(part.references)
    conference = desk.conference.touched()
    _check(conferences, conference, part)
    conferences.add(conference, part, fingerprint, _news(conference, part))
    return Filed(conference, part, conference.revision)


@afresh
def change_part(
    conferences: Conferences,
    kind: type[P],
    *,
    caller: Caller,
    conference_id: str,
    part_id: str,
    changes: Mapping[str, Any],
    if_match: str | None = None,
) -> Filed[P]:
    """Raises NotFound, ChangedMeanwhile, and as the part's rules do.

    What is so already is answered as it is, also to a repeated request whose `if_match` its first run made stale.
    """
    references = References.of(changes)  # those it had are there still: what a session names is not removed
    desk = organised(conferences, conference_id, caller, part_id, *references.ids)
    part = desk.find(kind, part_id)
    changed = replace(part, **changes)
    if changed == part:
        return Filed(desk.conference, part, desk.versions[part_id])
    check_version(desk.versions[part_id], if_match)
    desk.check_references(references)
    conference = desk.conference.touched()
    if isinstance(part, TicketType) and isinstance(changed, TicketType):
        changed.check_pool(part, conference)
    _check(conferences, conference, changed)
    _check_sold(conferences, conference, part, changed)
    conferences.replace(conference, changed, desk.fingerprints[part_id], _news(conference, changed))
    return Filed(conference, changed, conference.revision)


@afresh
def remove_part(
    conferences: Conferences, kind: type[Part], *, caller: Caller, conference_id: str, part_id: str, if_match: str | None = None
) -> None:
    """Raises NotFound, ChangedMeanwhile, InUse, OnSale."""
    desk = organised(conferences, conference_id, caller, part_id)
    part = desk.find(kind, part_id)
    check_version(desk.versions[part_id], if_match)
    _check_removable(conferences, desk.conference, part)
    conferences.remove(desk.conference.touched(), part)


def _is_hidden(part: Part) -> bool:
    return isinstance(part, TicketType) and part.hidden


def _check(conferences: Conferences, conference: Conference, part: Part) -> None:
    match part:
        case Session():
            part.check(conference)
            if part.room_id is not None or part.speaker_ids:
                part.check_clashes(conferences.sessions_beside(conference.id, part))
        case TicketType():
            part.check(conference)


def _check_sold(conferences: Conferences, conference: Conference, before: Part, part: Part) -> None:
    """Counted only where a capacity falls: what was sold within the last second may be missed, and is never sold twice for it."""
    match before, part:
        case TicketType(), TicketType() if part.capacity < before.capacity:
            check_capacity(part.capacity, conferences.sold(part.id))
        case Pool(), Pool() if part.capacity < before.capacity:
            drawing = (each for each in conferences.every(TicketType, conference.id) if each.pool_id == part.id)
            check_capacity(part.capacity, sum(conferences.sold(each.id) for each in drawing))


def _check_removable(conferences: Conferences, conference: Conference, part: Part) -> None:
    match part:
        case Room() | Speaker() | Track():
            for session in conferences.sessions_naming(conference.id, part.id):
                raise InUse(
                    f"Session {session.title!r} ({session.id}) has this {part.noun}. Change it first.", session_id=session.id
                )
        case Pool():
            for ticket_type in conferences.every(TicketType, conference.id):
                if ticket_type.pool_id == part.id:
                    raise InUse(
                        f"{ticket_type.name!r} ({ticket_type.id}) draws from this pool. Raise its capacity instead.",
                        ticket_type_id=ticket_type.id,
                    )
        case TicketType() if conference.is_published:
            raise OnSale(f"{part.name!r} has been on sale. Hide it (hidden) or end its sale (sale_ends_at) instead.")


def _news(conference: Conference, part: Part) -> list[Message]:
    return announcements(conference, part) if isinstance(part, Pool | TicketType) else []
