"""The items of the table, and what they are in the domain.

pk CONF#<conference>: sk CONF | MEMBER#<user or invitation> | PART#<part> | RELEASE#<number>#<chunks still to come> |
RELEASED#<number>;
pk SLUG#<slug>: sk SLUG; pk USER#<user>: sk STAR#<conference>#<session> | CALENDAR#<conference>; pk TICKET#<ticket>: sk TICKET.
gsi1: PUBLISHED by start, USER#<user> for the conferences they are a member of, STARRED#<conference>#<session> for the people who
starred it, CALENDAR#<hash of the secret> for a subscription, SOLD#<ticket type> for the tickets that stand.
gsi2: AUDIENCE#<conference> by person, for whoever holds a ticket or starred a session; RETENTION by when a step of it is due.
"""

from dataclasses import asdict, fields
from typing import Any, ClassVar, Self, cast

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.expressions.update import Action

from functions.events import domain
from functions.events.membership import Invitation, Member, team_of
from functions.events.release_diff import DiffCounts, ReleaseSummary
from functions.events.retention import due_at
from functions.events.subscription import Subscription
from shared.caller import Role
from shared.clock import iso
from shared.table import Item

CONF, MEMBER, PART, RELEASE, RELEASED = "CONF", "MEMBER#", "PART#", "RELEASE#", "RELEASED#"
STAR, CALENDAR = "STAR#", "CALENDAR#"
PUBLISHED, RETENTION = "PUBLISHED", "RETENTION"

CONFERENCE_FIELDS = [field.name for field in fields(domain.Conference)]
INVITATION_FIELDS = [field.name for field in fields(Invitation)]


def partition(conference_id: str) -> str:
    return f"CONF#{conference_id}"


def user_partition(user_id: str) -> str:
    return f"USER#{user_id}"


def slug_partition(slug: str) -> str:
    return f"SLUG#{slug}"


class SlugItem(Item, discriminator="Slug"):
    v = NumberAttribute(default=1)
    conference_id = UnicodeAttribute()

    @classmethod
    def of(cls, conference: domain.Conference) -> Self:
        return cls(pk=slug_partition(conference.slug), sk="SLUG", conference_id=conference.id)


def _retained(conference: domain.Conference) -> dict[str, str | None]:
    due = due_at(conference)
    return {"gsi2pk": RETENTION if due else None, "gsi2sk": f"{iso(due)}#{conference.id}" if due else None}


class ConferenceItem(Item, discriminator="Conference"):
    v = NumberAttribute(default=1)
    id = UnicodeAttribute()
    slug = UnicodeAttribute()
    name = UnicodeAttribute()
    description = UnicodeAttribute(null=True)
    venue = UnicodeAttribute(null=True)
    time_zone = UnicodeAttribute()
    starts_at = UTCDateTimeAttribute()
    ends_at = UTCDateTimeAttribute()
    currency = UnicodeAttribute()
    hold_minutes = NumberAttribute()
    contact_email = UnicodeAttribute(null=True)
    status = UnicodeAttribute()
    release = NumberAttribute()
    revision = NumberAttribute()
    version = NumberAttribute(default=1)
    retention_days = NumberAttribute(null=True)
    retention_told_at = UTCDateTimeAttribute(null=True)
    retention_ended_at = UTCDateTimeAttribute(null=True)
    rendition = NumberAttribute(null=True)  # of its latest agenda, where that was reworded since it was released
    fingerprint = UnicodeAttribute()
    rooms = NumberAttribute(default=0)
    tracks = NumberAttribute(default=0)
    speakers = NumberAttribute(default=0)
    sessions = NumberAttribute(default=0)
    ticket_types = NumberAttribute(default=0)
    pools = NumberAttribute(default=0)

    @classmethod
    def of(cls, conference: domain.Conference, fingerprint: str) -> Self:
        values = {name: getattr(conference, name) for name in CONFERENCE_FIELDS} | _retained(conference)
        return cls(pk=partition(conference.id), sk=CONF, fingerprint=fingerprint, **values)

    @classmethod
    def key(cls, conference_id: str) -> Self:
        return cls(pk=partition(conference_id), sk=CONF)

    @classmethod
    def revising(cls, conference: domain.Conference) -> list[Action]:
        """What makes the stored item say what `conference` says, and lists it while it is published."""
        values = {name: getattr(conference, name) for name in CONFERENCE_FIELDS}
        values["gsi1pk"] = PUBLISHED if conference.is_published else None
        values["gsi1sk"] = f"{iso(conference.starts_at)}#{conference.id}" if conference.is_published else None
        values |= _retained(conference)
        attributes = cls.get_attributes()
        return [attributes[name].remove() if value is None else attributes[name].set(value) for name, value in values.items()]

    def counts(self) -> dict[str, int]:
        return {kind.prefix: int(getattr(self, name)) for kind, name in COUNTERS.items()}

    def to_domain(self) -> domain.Conference:
        return domain.Conference(**{name: getattr(self, name) for name in CONFERENCE_FIELDS})


COUNTERS: dict[type[domain.Part], str] = {
    domain.Room: "rooms",
    domain.Track: "tracks",
    domain.Speaker: "speakers",
    domain.Session: "sessions",
    domain.TicketType: "ticket_types",
    domain.Pool: "pools",
}


class PartItem(Item):
    """The base of what a conference has several of: attributes named as the fields of the domain."""

    part: ClassVar[type[domain.Part]]

    v = NumberAttribute(default=1)
    id = UnicodeAttribute()
    fingerprint = UnicodeAttribute()  # of the command that made it
    version = NumberAttribute(default=1)  # the conference's revision at the last change

    def to_domain(self) -> domain.Part:
        values = {field.name: getattr(self, field.name) for field in fields(self.part)}
        frozen: Any = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
        return self.part(**frozen)


class RoomItem(PartItem, discriminator="Room"):
    part = domain.Room

    name = UnicodeAttribute()
    capacity = NumberAttribute(null=True)


class TrackItem(PartItem, discriminator="Track"):
    part = domain.Track

    name = UnicodeAttribute()
    color = UnicodeAttribute(null=True)


class SpeakerItem(PartItem, discriminator="Speaker"):
    part = domain.Speaker

    name = UnicodeAttribute()
    biography = UnicodeAttribute(null=True)
    company = UnicodeAttribute(null=True)
    external_id = UnicodeAttribute(null=True)
    user_id = UnicodeAttribute(null=True)


class SessionItem(PartItem, discriminator="Session"):
    part = domain.Session

    title = UnicodeAttribute()
    abstract = UnicodeAttribute(null=True)
    type = UnicodeAttribute()
    room_id = UnicodeAttribute(null=True)
    speaker_ids: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute)
    starts_at = UTCDateTimeAttribute()
    ends_at = UTCDateTimeAttribute()
    language = UnicodeAttribute(null=True)
    track_id = UnicodeAttribute(null=True)
    level = UnicodeAttribute(null=True)
    recording_url = UnicodeAttribute(null=True)
    external_id = UnicodeAttribute(null=True)


class PoolItem(PartItem, discriminator="OfferedPool"):
    part = domain.Pool

    name = UnicodeAttribute()
    capacity = NumberAttribute()


class TicketTypeItem(PartItem, discriminator="OfferedTicketType"):
    part = domain.TicketType

    name = UnicodeAttribute()
    description = UnicodeAttribute(null=True)
    price = NumberAttribute()
    capacity = NumberAttribute()
    min_per_order = NumberAttribute()
    max_per_order = NumberAttribute()
    sale_starts_at = UTCDateTimeAttribute()
    sale_ends_at = UTCDateTimeAttribute(null=True)
    hidden = BooleanAttribute()
    valid_from = UTCDateTimeAttribute(null=True)
    valid_until = UTCDateTimeAttribute(null=True)
    pool_id = UnicodeAttribute(null=True)
    max_per_person = NumberAttribute(null=True)


class ReleaseItem(PartItem, discriminator="Release"):
    part = domain.Release

    release = NumberAttribute()
    released_at = UTCDateTimeAttribute()


PART_ITEMS: dict[type[domain.Part], type[PartItem]] = {
    item.part: item for item in (RoomItem, TrackItem, SpeakerItem, SessionItem, PoolItem, TicketTypeItem, ReleaseItem)
}


def part_item(conference: domain.Conference, part: domain.Part, fingerprint: str) -> PartItem:
    """The part as this revision of the conference has it."""
    values = {field.name: getattr(part, field.name) for field in fields(part)} | {"version": conference.revision}
    return PART_ITEMS[type(part)](pk=partition(conference.id), sk=PART + part.id, fingerprint=fingerprint, **values)


def part_key(conference_id: str, part: domain.Part) -> PartItem:
    return PART_ITEMS[type(part)](pk=partition(conference_id), sk=PART + part.id)


class ReleaseSummaryItem(Item, discriminator="ReleaseSummary"):
    """What lists of releases show, beside the snapshots, which are large."""

    v = NumberAttribute(default=1)
    release = NumberAttribute()
    released_at = UTCDateTimeAttribute()
    added = NumberAttribute()
    canceled = NumberAttribute()
    moved = NumberAttribute()
    changed = NumberAttribute()

    @classmethod
    def of(cls, conference_id: str, summary: ReleaseSummary) -> Self:
        return cls(
            pk=partition(conference_id),
            sk=f"{RELEASED}{summary.release:08}",
            release=summary.release,
            released_at=summary.released_at,
            **asdict(summary.summary),
        )

    def to_domain(self) -> ReleaseSummary:
        counts = {field.name: int(getattr(self, field.name)) for field in fields(DiffCounts)}
        return ReleaseSummary(release=int(self.release), released_at=self.released_at, summary=DiffCounts(**counts))


class SnapshotItem(Item, discriminator="Snapshot"):
    """A piece of a release's compressed snapshot; the pieces of one release follow each other in descending order of `sk`."""

    v = NumberAttribute(default=1)
    release = NumberAttribute()
    pieces = NumberAttribute()
    data = BinaryAttribute(legacy_encoding=False)

    @classmethod
    def of(cls, conference_id: str, release: int, data: list[bytes]) -> list[Self]:
        last = len(data) - 1
        return [
            cls(
                pk=partition(conference_id),
                sk=f"{RELEASE}{release:08}#{last - number:03}",
                release=release,
                pieces=len(data),
                data=piece,
            )
            for number, piece in enumerate(data)
        ]


class MemberItem(Item, discriminator="Member"):
    """Before version 2 a team was not named: it follows from the company."""

    v = NumberAttribute(default=2)
    user_id = UnicodeAttribute()
    email = UnicodeAttribute(null=True)
    name = UnicodeAttribute(null=True)
    role = UnicodeAttribute(null=True)  # absent of one who was removed
    company = UnicodeAttribute(null=True)
    team_id = UnicodeAttribute(null=True)
    speaker_id = UnicodeAttribute(null=True)
    revision = NumberAttribute()

    @classmethod
    def of(cls, member: Member) -> Self:
        return cls(
            pk=partition(member.conference_id),
            sk=MEMBER + member.user_id,
            user_id=member.user_id,
            email=member.email or None,
            name=member.name or None,
            role=member.role,
            company=member.company,
            team_id=member.team_id,
            speaker_id=member.speaker_id,
            revision=member.revision,
            gsi1pk=user_partition(member.user_id) if member.role else None,
            gsi1sk=partition(member.conference_id) if member.role else None,
        )

    def to_domain(self) -> Member:
        conference_id, role = self.pk.removeprefix("CONF#"), cast("Role | None", self.role)
        return Member(
            conference_id=conference_id,
            user_id=self.user_id,
            email=self.email or "",
            name=self.name or "",
            role=role,
            company=self.company,
            team_id=team_of(role, conference_id, self.team_id, self.company or self.user_id),
            speaker_id=self.speaker_id,
            revision=int(self.revision),
        )


class InvitationItem(Item, discriminator="Invitation"):
    """As of a Member: before version 2 a team was not named."""

    v = NumberAttribute(default=2)
    id = UnicodeAttribute()
    conference_id = UnicodeAttribute()
    email = UnicodeAttribute()
    role = UnicodeAttribute()
    company = UnicodeAttribute(null=True)
    salt = UnicodeAttribute()
    secret_hash = UnicodeAttribute()
    fingerprint = UnicodeAttribute()
    expires_at = UTCDateTimeAttribute()
    accepted_by = UnicodeAttribute(null=True)
    speaker_id = UnicodeAttribute(null=True)
    team_id = UnicodeAttribute(null=True)

    @classmethod
    def of(cls, invitation: Invitation) -> Self:
        values = {name: getattr(invitation, name) for name in INVITATION_FIELDS}
        ttl = int(invitation.expires_at.timestamp())
        return cls(pk=partition(invitation.conference_id), sk=MEMBER + invitation.id, ttl=ttl, **values)

    def to_domain(self) -> Invitation:
        values = {name: getattr(self, name) for name in INVITATION_FIELDS}
        team_id = team_of(values["role"], self.conference_id, self.team_id, self.company)
        return Invitation(**(values | {"team_id": team_id}))


class StarItem(Item, discriminator="Star"):
    """pk is the person, so that what they starred at a conference is one Query; gsi1 has the people of a session."""

    v = NumberAttribute(default=1)
    conference_id = UnicodeAttribute()
    session_id = UnicodeAttribute()
    user_id = UnicodeAttribute()

    @classmethod
    def of(cls, conference_id: str, session_id: str, user_id: str) -> Self:
        return cls(
            pk=user_partition(user_id),
            sk=f"{star_prefix(conference_id)}{session_id}",
            gsi1pk=starred_partition(conference_id, session_id),
            gsi1sk=user_partition(user_id),
            gsi2pk=audience_partition(conference_id),
            gsi2sk=f"{user_id}#{session_id}",
            conference_id=conference_id,
            session_id=session_id,
            user_id=user_id,
        )


def audience_partition(conference_id: str) -> str:
    return f"AUDIENCE#{conference_id}"


def star_prefix(conference_id: str) -> str:
    return f"{STAR}{conference_id}#"


def starred_partition(conference_id: str, session_id: str) -> str:
    return f"STARRED#{conference_id}#{session_id}"


class SubscriptionItem(Item, discriminator="Subscription"):
    """gsi1 finds it by the hash of the secret in its address."""

    v = NumberAttribute(default=1)
    conference_id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    salt = UnicodeAttribute()
    secret_hash = UnicodeAttribute()

    @classmethod
    def of(cls, subscription: Subscription) -> Self:
        return cls(
            pk=user_partition(subscription.user_id),
            sk=CALENDAR + subscription.conference_id,
            gsi1pk=calendar_partition(subscription.secret_hash),
            gsi1sk=CALENDAR,
            **asdict(subscription),
        )

    def to_domain(self) -> Subscription:
        return Subscription(user_id=self.user_id, conference_id=self.conference_id, salt=self.salt, secret_hash=self.secret_hash)


def calendar_partition(secret_hash: str) -> str:
    return f"{CALENDAR}{secret_hash}"
