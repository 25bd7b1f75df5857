"""What requests are made of: every member bounded. A PATCH changes what it names; null is only for what may be absent."""

from datetime import UTC, datetime
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from functions.events.domain import Level, SessionType
from functions.events.membership import Offer
from shared.caller import Role
from shared.fields import Email
from shared.fields import Title as Name
from shared.http import Body
from shared.money import CURRENCIES


def _utc(instant: datetime) -> datetime:
    # Years that no conference lies in are refused before they overflow in some time zone.
    if not 2000 <= instant.year <= 2100:
        raise ValueError("the year must be from 2000 to 2100")
    utc = instant.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def _in_use(currency: str) -> str:
    if currency not in CURRENCIES:
        raise ValueError("not the code of a currency in use (ISO 4217), such as EUR or IDR")
    return currency


Instant = Annotated[AwareDatetime, AfterValidator(_utc)]
Id = Annotated[str, Field(min_length=1, max_length=64)]
PathId = Annotated[str, Path(max_length=64)]
Text = Annotated[str, Field(min_length=1, max_length=4000)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9-]{3,60}$")]
TimeZone = Annotated[str, Field(min_length=1, max_length=64)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217"), AfterValidator(_in_use)]
# Both, so that a whole number of minutes stays one. From 6 seconds: long enough to pay, short enough to rehearse an on-sale.
HoldMinutes = (
    Annotated[int, Field(ge=1, le=1440, strict=True)]
    | Annotated[float, Field(ge=0.1, le=1440, strict=True, description="Half a minute: 0.5")]
)
RetentionDays = Annotated[
    int,
    Field(ge=1, le=3650, strict=True, description="After the end: then what is known of people is anonymised (docs/accounts.md)"),
]
Language = Annotated[str, Field(max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$", description="BCP 47")]
Color = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$", description="#rrggbb")]
HttpsUrl = Annotated[str, Field(max_length=1000, pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[^\s<>\"]*)?$")]
Places = Annotated[int, Field(ge=1, le=100_000, strict=True)]
MinorUnits = Annotated[int, Field(ge=0, le=10**12, strict=True, description="Minor units of the conference's currency")]
PerOrder = Annotated[int, Field(ge=1, le=20, strict=True)]
PerPerson = Annotated[int, Field(ge=1, le=1000, strict=True, description="Over all orders of one person")]
Flag = Annotated[bool, Field(strict=True)]
SpeakerIds = Annotated[tuple[Id, ...], Field(max_length=20), AfterValidator(lambda ids: tuple(dict.fromkeys(ids)))]

# Stands for a member that the body does not have: never validated, never in `changes`, no default in the OpenAPI document.
ABSENT: Any = Field(default_factory=lambda: None)


class Changes(Body):
    def named(self) -> dict[str, Any]:
        """What the body names, and only that."""
        return self.model_dump(exclude_unset=True)


class CreateConference(Body):
    name: Name
    slug: Slug | None = None
    description: Text | None = None
    venue: Name | None = None
    time_zone: TimeZone
    starts_at: Instant
    ends_at: Instant
    currency: Currency
    hold_minutes: HoldMinutes = 15
    contact_email: Email | None = None
    retention_days: RetentionDays | None = None


class ChangeConference(Changes):
    name: Name = ABSENT
    description: Text | None = ABSENT
    venue: Name | None = ABSENT
    time_zone: TimeZone = ABSENT
    starts_at: Instant = ABSENT
    ends_at: Instant = ABSENT
    currency: Currency = ABSENT
    hold_minutes: HoldMinutes = ABSENT
    contact_email: Email | None = ABSENT
    retention_days: RetentionDays | None = ABSENT


class AddRoom(Body):
    name: Name
    capacity: Places | None = None


class ChangeRoom(Changes):
    name: Name = ABSENT
    capacity: Places | None = ABSENT


class AddTrack(Body):
    name: Name
    color: Color | None = None


class ChangeTrack(Changes):
    name: Name = ABSENT
    color: Color | None = ABSENT


class AddSpeaker(Body):
    name: Name
    biography: Text | None = None
    company: Name | None = None


class ChangeSpeaker(Changes):
    name: Name = ABSENT
    biography: Text | None = ABSENT
    company: Name | None = ABSENT


class AddSession(Body):
    title: Name
    abstract: Text | None = None
    type: SessionType
    room_id: Id | None = None
    speaker_ids: SpeakerIds = ()
    starts_at: Instant
    ends_at: Instant
    language: Language | None = None
    track_id: Id | None = None
    level: Level | None = None
    recording_url: HttpsUrl | None = None


class ChangeSession(Changes):
    title: Name = ABSENT
    abstract: Text | None = ABSENT
    type: SessionType = ABSENT
    room_id: Id | None = ABSENT
    speaker_ids: SpeakerIds = ABSENT
    starts_at: Instant = ABSENT
    ends_at: Instant = ABSENT
    language: Language | None = ABSENT
    track_id: Id | None = ABSENT
    level: Level | None = ABSENT
    recording_url: HttpsUrl | None = ABSENT


class AddPool(Body):
    name: Name
    capacity: Places


class ChangePool(Changes):
    name: Name = ABSENT
    capacity: Places = ABSENT


class AddTicketType(Body):
    name: Name
    description: Text | None = None
    price: MinorUnits
    capacity: Places
    min_per_order: PerOrder = 1
    max_per_order: PerOrder = 10
    sale_starts_at: Instant | None = None
    sale_ends_at: Instant | None = None
    hidden: Flag = False
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    pool_id: Id | None = None
    max_per_person: PerPerson | None = None


class ChangeTicketType(Changes):
    name: Name = ABSENT
    description: Text | None = ABSENT
    price: MinorUnits = ABSENT
    capacity: Places = ABSENT
    min_per_order: PerOrder = ABSENT
    max_per_order: PerOrder = ABSENT
    sale_starts_at: Instant = ABSENT
    sale_ends_at: Instant | None = ABSENT
    hidden: Flag = ABSENT
    valid_from: Instant | None = ABSENT
    valid_until: Instant | None = ABSENT
    pool_id: Id | None = ABSENT
    max_per_person: PerPerson | None = ABSENT


class Invite(Body):
    email: Email
    role: Role
    company: Annotated[Name | None, Field(description="Of an exhibitor: who is asked for the same company is of one team")] = None
    team_id: Annotated[Id | None, Field(description="Of an exhibitor: whose team (GET …/members), instead of a company")] = None
    speaker_id: Id | None = None

    @model_validator(mode="after")
    def _one_team(self) -> "Invite":
        if self.team_id and (self.role != "exhibitor" or self.company):
            raise ValueError("team_id goes with the role exhibitor, and without a company: the team has one")
        return self

    def offer(self) -> Offer:
        return Offer(**self.model_dump())


class AcceptInvitation(Body):
    token: Annotated[str, Field(min_length=1, max_length=200)]
