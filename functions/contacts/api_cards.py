"""One's own card over HTTP, for each conference, and the codes that show it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from pydantic import Field, model_validator

from functions.contacts import use_cases_people
from functions.contacts.cards import FIELDS, USUAL, Card, FreeField, Level, Profile, Visible
from functions.contacts.edge import JSON, PICTURES, PRIVATE, AtConference, Box, PeopleDep, resource
from functions.contacts.people import GENERAL, Code
from functions.contacts.use_cases_people import OwnCard
from shared.clock import now
from shared.fields import ONE_LINE
from shared.http import Accept, Body, CallerDep, CommandDep, answers_with, binary
from shared.negotiation import choose

Line = Annotated[str, Field(min_length=1, max_length=100, pattern=ONE_LINE)]
Email = Annotated[str, Field(max_length=254, pattern=r"^[^@\s\x00-\x20\x7f-\x9f]+@[^@\s\x00-\x20\x7f-\x9f]+$")]
Phone = Annotated[str, Field(max_length=40, pattern=r"^\+?[0-9 ()./-]{3,}$")]
Link = Annotated[str, Field(max_length=500, pattern=r'^https?://[^\s\x00-\x20\x7f-\x9f<>"\\]+$')]
Label = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^.\x00-\x1f\x7f-\x9f\u2028\u2029]+$")]
Value = Annotated[str, Field(min_length=1, max_length=300, pattern=ONE_LINE)]


class VisibleBody(Body):
    attendees: Level = "nobody"
    exhibitors: Level = "nobody"


Shown = Annotated[
    Level | VisibleBody,
    Field(description="everyone I meet, those of them whom I confirm (`confirmed`), or nobody; apart for attendees and exhibitors"),
]


class FieldBody(Body):
    label: Label
    value: Value
    visible: Shown = "nobody"


class VisibilityBody(Body):
    company: Shown = "everyone"
    title: Shown = "everyone"
    email: Shown = "nobody"
    phone: Shown = "nobody"
    links: Shown = "nobody"


class PutCard(Body):
    name: Line
    company: Line | None = None
    title: Line | None = None
    email: Email | None = None
    phone: Phone | None = None
    links: Annotated[tuple[Link, ...], Field(max_length=5)] = ()
    fields: Annotated[
        tuple[FieldBody, ...], Field(max_length=5, description="What only your card has, under labels of your own")
    ] = ()
    visibility: VisibilityBody = VisibilityBody()

    @model_validator(mode="after")
    def _labels_differ(self) -> "PutCard":
        if len({each.label.casefold() for each in self.fields}) < len(self.fields):
            raise ValueError("two fields have the same label")
        return self

    def card(self) -> Card:
        fields = tuple(FreeField(each.label, each.value) for each in self.fields)
        profile = Profile(self.name, self.company, self.title, self.email, self.phone, self.links, fields)
        chosen = {key: _visible(getattr(self.visibility, key)) for key in FIELDS}
        free = {field.key: _visible(each.visible) for field, each in zip(fields, self.fields, strict=True)}
        return Card(profile, {**chosen, **free})


def _visible(shown: Level | VisibleBody) -> Visible:
    return Visible(shown.attendees, shown.exhibitors) if isinstance(shown, VisibleBody) else Visible.to_all(shown)


@dataclass(frozen=True, slots=True)
class OwnField:
    label: str
    value: str
    visible: Visible


@dataclass(frozen=True, slots=True)
class CardView:
    """One's own card, whole. Its QR code says `code` and nothing else. `inherited`: the general card holds here."""

    user_id: str
    conference_id: str | None
    inherited: bool
    name: str
    company: str | None
    title: str | None
    email: str | None
    phone: str | None
    links: tuple[str, ...]
    fields: tuple[OwnField, ...]
    visibility: dict[str, Visible]
    code: str
    code_expires_at: datetime

    @classmethod
    def of(cls, own: OwnCard) -> "CardView":
        profile, visibility = own.card.profile, own.card.visibility
        said = {name: value for name, value in asdict(profile).items() if name != "fields"}
        return cls(
            **said,
            user_id=own.user_id,
            conference_id=own.conference_id or None,
            inherited=own.inherited,
            fields=tuple(OwnField(each.label, each.value, visibility.get(each.key, Visible())) for each in profile.fields),
            visibility={key: visibility.get(key, USUAL[key]) for key in FIELDS},
            code=own.code.text,
            code_expires_at=own.code.expires_at,
        )


@dataclass(frozen=True, slots=True)
class ScreenCode:
    """A code that one person can use once, for some minutes."""

    code: str
    conference_id: str | None
    expires_at: datetime

    @classmethod
    def of(cls, code: Code) -> "ScreenCode":
        return cls(code.text, code.conference_id or None, code.expires_at)


router = resource()


@router.put("/contacts/card", summary="Make or replace one's own card; its code stays", tags=["contacts"])
def put_card(body: PutCard, caller: CallerDep, people: PeopleDep, conference_id: AtConference = None) -> CardView:
    """What it hides from now on is gone from the contacts that others have of you, within seconds."""
    where = conference_id or GENERAL
    return CardView.of(use_cases_people.put_card(people, now, caller=caller, conference_id=where, card=body.card()))


@router.get("/contacts/card", summary="One's own card, as it holds at a conference or in general", tags=["contacts"])
def get_card(caller: CallerDep, people: PeopleDep, conference_id: AtConference = None) -> CardView:
    return CardView.of(use_cases_people.own_card(people, now, caller=caller, conference_id=conference_id or GENERAL))


@router.delete("/contacts/card", status_code=204, summary="Let the general card hold at a conference again", tags=["contacts"])
def delete_card(caller: CallerDep, people: PeopleDep, conference_id: AtConference = None) -> Response[None]:
    use_cases_people.drop_card(people, now, caller=caller, conference_id=conference_id or GENERAL)
    return Response(204)


@router.post("/contacts/card/code", summary="Replace the code of one's card; the old one is dead at once", tags=["contacts"])
def post_code(caller: CallerDep, people: PeopleDep, command: CommandDep, conference_id: AtConference = None) -> CardView:
    where = conference_id or GENERAL
    own = use_cases_people.rotate_code(people, now, caller=caller, conference_id=where, command_id=command.id("rot"))
    return CardView.of(own)


@router.post(
    "/contacts/card/screen-code",
    status_code=201,
    summary="A code for one use, for a phone's screen: JSON, or its picture by Accept",
    tags=["contacts"],
    responses={201: {"description": "The code", "content": {JSON: {"model": ScreenCode}, **{kind: {} for kind in PICTURES}}}},
)
def post_screen_code(
    caller: CallerDep,
    people: PeopleDep,
    command: CommandDep,
    accept: Accept = "*/*",
    conference_id: AtConference = None,
    box: Box = 8,
) -> Response[Any]:  # a ScreenCode or the bytes of a picture: no one type that the answer could be validated by
    kind = choose(accept, JSON, *PICTURES)
    where = conference_id or GENERAL
    code = use_cases_people.screen_code(people, now, caller=caller, conference_id=where, command_id=command.id("scr"))
    answer: Response[Any] = Response(201, JSON, ScreenCode.of(code)) if kind == JSON else _picture(code.text, kind, box)
    answer.status_code = 201
    return answer


@router.get(
    "/contacts/card/qrcode",
    summary="One's contact code as a picture: PNG, or SVG by Accept",
    tags=["contacts"],
    responses=answers_with("The picture", *PICTURES),
)
def get_qrcode(
    caller: CallerDep, people: PeopleDep, accept: Accept = "*/*", box: Box = 8, conference_id: AtConference = None
) -> Response[str]:
    kind = choose(accept, *PICTURES)
    own = use_cases_people.own_card(people, now, caller=caller, conference_id=conference_id or GENERAL)
    return _picture(own.code.text, kind, box)


def _picture(code: str, kind: str, box: int) -> Response[str]:
    return binary(kind, PICTURES[kind](code, box=box), PRIVATE)
