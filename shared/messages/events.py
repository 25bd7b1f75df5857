"""What events tells the others."""

from dataclasses import dataclass, field
from datetime import datetime

from shared.caller import Role
from shared.messages.message import Message
from shared.money import Money


@dataclass(frozen=True, kw_only=True)
class ConferencePublished(Message):
    context = "events"
    conference_id: str
    name: str
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    published_by: str


@dataclass(frozen=True, slots=True)
class AgendaChange:
    """The old place is None of what is added, the new one of what is canceled; `fields` are the others that changed."""

    session_id: str
    title: str
    old_start: datetime | None = None
    new_start: datetime | None = None
    old_room: str | None = None
    new_room: str | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AgendaReleased(Message):
    """A release and what it changes of the one before; `truncated` where that was more than a message holds."""

    context = "events"
    conference_id: str
    release: int
    conference_name: str = ""
    added: tuple[AgendaChange, ...] = ()
    canceled: tuple[AgendaChange, ...] = ()
    moved: tuple[AgendaChange, ...] = ()
    changed: tuple[AgendaChange, ...] = ()
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class MovedSession:
    """Both starts carry the offset of the conference's time zone: they are shown as they are."""

    session_id: str
    title: str
    old_start: datetime
    old_room: str | None
    start: datetime
    room: str | None


@dataclass(frozen=True, slots=True)
class CanceledSession:
    """When and where it would have been; the start as in MovedSession."""

    session_id: str
    title: str
    start: datetime
    room: str | None


@dataclass(frozen=True, kw_only=True)
class AgendaMoved(Message):
    """To one person, once a release: which of the sessions they starred it moved, what it canceled, and how many `more`."""

    context = "events"
    conference_id: str
    user_id: str
    release: int
    moved: list[MovedSession]
    canceled: list[CanceledSession]
    more: int = 0
    conference_name: str = ""


@dataclass(frozen=True, kw_only=True)
class TicketTypeChanged(Message):
    """All that selling needs to know of a ticket type. `revision` grows with each change: an older one is stale."""

    context = "events"
    conference_id: str
    ticket_type_id: str
    revision: int
    name: str
    price: Money
    capacity: int
    min_per_order: int
    max_per_order: int
    sale_starts_at: datetime
    sale_ends_at: datetime
    hidden: bool
    valid_from: datetime  # the door admits between these two
    valid_until: datetime
    hold_minutes: int | float
    conference_name: str = ""
    time_zone: str = "UTC"  # of the conference; an IANA name, as wherever a message has one
    pool_id: str | None = None  # of the pool that it shares with other types, beside its own capacity
    max_per_person: int | None = None  # over all their orders


@dataclass(frozen=True, kw_only=True)
class PoolChanged(Message):
    """How many tickets the types that draw from the pool may sell together. `revision` as of TicketTypeChanged."""

    context = "events"
    conference_id: str
    pool_id: str
    revision: int
    capacity: int


@dataclass(frozen=True, kw_only=True)
class MembershipChanged(Message):
    """A person gained (`role` is set) or lost (`role` is None) a role in a conference. `revision` orders the changes."""

    context = "events"
    conference_id: str
    user_id: str
    role: Role | None
    revision: int
    conference_name: str = ""
    company: str | None = None  # that an exhibitor is of
    team_id: str | None = None  # whose whole team of colleagues they are one of; in none of before it was named


@dataclass(frozen=True, kw_only=True)
class MemberInvited(Message):
    """Somebody with this e-mail may take a role, with `token`, once. No conference name from who has not proven an e-mail."""

    context = "events"
    conference_id: str
    invitation_id: str
    email: str
    role: Role
    token: str = field(repr=False)
    expires_at: datetime
    conference_name: str = ""
    time_zone: str = "UTC"


@dataclass(frozen=True, kw_only=True)
class RetentionEnding(Message):
    """What is known of the people at a conference goes at `ends_at`, unless its `organizers` (people's ids) say otherwise."""

    context = "events"
    conference_id: str
    conference_name: str
    organizers: tuple[str, ...]
    ends_at: datetime
    time_zone: str = "UTC"


@dataclass(frozen=True, kw_only=True)
class RetentionEnded(Message):
    """What each context knows of the people at a conference is anonymised; its books stay."""

    context = "events"
    conference_id: str
    conference_name: str = ""
