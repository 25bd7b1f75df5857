"""Cards, exchanges and contacts over HTTP."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Depends, Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import AwareDatetime, Field

from functions.contacts import use_cases
from functions.contacts.domain import Audience, Card, CardVisibility, Contact, Profile
from functions.contacts.dynamo import DynamoContacts
from functions.contacts.use_cases import Contacts
from functions.contacts.vcard import vcard, version_wanted
from shared import qr
from shared.clock import now
from shared.http import Accept, Api, Body, CallerDep, CommandDep, Cursor, Limit, Page, binary
from shared.negotiation import choose
from shared.telemetry import count

app = Api()
handler = app.entry

JSON, VCARD = "application/json", "text/vcard"
PICTURES = {"image/png": qr.png, "image/svg+xml": qr.svg}  # in our order of preference
_PRIVATE = {"Cache-Control": "private, no-store", "Vary": "Accept"}
_ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"

ContactsDep = Annotated[Contacts, Depends(DynamoContacts)]
ContactId = Annotated[str, Path(max_length=64, description="`id` of a contact of yours")]
Box = Annotated[int, Query(ge=1, le=40, description="Pixels a module (PNG), or tenths of a millimetre (SVG)")]
Line = Annotated[str, Field(min_length=1, max_length=100, pattern=_ONE_LINE)]
Email = Annotated[str, Field(max_length=254, pattern=r"^[^@\s\x00-\x20\x7f-\x9f]+@[^@\s\x00-\x20\x7f-\x9f]+$")]
Phone = Annotated[str, Field(max_length=40, pattern=r"^\+?[0-9 ()./-]{3,}$")]
Link = Annotated[str, Field(max_length=500, pattern=r'^https?://[^\s\x00-\x20\x7f-\x9f<>"\\]+$')]
ConferenceId = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="Where they meet: a conference that the caller has a ticket to")
]
Note = Annotated[str, Field(max_length=500)]
Moment = Annotated[AwareDatetime, Field(ge=datetime(2020, 1, 1, tzinfo=UTC))]  # what a clock says that was never set is older


_DEFAULT = CardVisibility()


class VisibilityBody(Body):
    company: Audience = _DEFAULT.company
    title: Audience = _DEFAULT.title
    email: Audience = _DEFAULT.email
    phone: Audience = _DEFAULT.phone
    links: Audience = _DEFAULT.links


class PutCard(Body):
    name: Line
    company: Line | None = None
    title: Line | None = None
    email: Email | None = None
    phone: Phone | None = None
    links: Annotated[tuple[Link, ...], Field(max_length=5)] = ()
    visibility: VisibilityBody = VisibilityBody()

    def profile(self) -> Profile:
        return Profile(self.name, self.company, self.title, self.email, self.phone, self.links)


class ScanContact(Body):
    code: Annotated[str, Field(min_length=1, max_length=500)]  # whatever the picture said: 404 where it is no contact code
    nonce: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    scanned_at: Moment | None = None
    note: Note | None = None
    conference_id: ConferenceId | None = None


class Annotate(Body):
    note: Note | None


@dataclass(frozen=True, slots=True)
class CardView:
    """One's own card, whole. Its QR code says `code` and nothing else."""

    user_id: str
    name: str
    company: str | None
    title: str | None
    email: str | None
    phone: str | None
    links: tuple[str, ...]
    visibility: CardVisibility
    code: str
    updated_at: datetime

    @classmethod
    def of(cls, card: Card) -> "CardView":
        return cls(
            **asdict(card.profile),
            user_id=card.user_id,
            visibility=card.visibility,
            code=card.code,
            updated_at=card.updated_at,
        )


@dataclass(frozen=True, slots=True)
class ContactView:
    """Somebody the caller met: what that person showed at the last scan, and the caller's own note."""

    id: str
    user_id: str
    name: str
    company: str | None
    title: str | None
    email: str | None
    phone: str | None
    links: tuple[str, ...]
    note: str | None
    met_at: datetime
    conference_id: str | None

    @classmethod
    def of(cls, contact: Contact) -> "ContactView":
        return cls(
            **asdict(contact.profile),
            id=contact.id,
            user_id=contact.user_id,
            note=contact.note,
            met_at=contact.met_at,
            conference_id=contact.conference_id,
        )


@app.put("/contacts/card", summary="Make or replace one's own card; its code stays", tags=["contacts"])
def put_card(body: PutCard, caller: CallerDep, contacts: ContactsDep) -> CardView:
    visibility = CardVisibility(**body.visibility.model_dump())
    return CardView.of(use_cases.put_card(contacts, now, caller=caller, profile=body.profile(), visibility=visibility))


@app.get("/contacts/card", summary="One's own card", tags=["contacts"])
def get_card(caller: CallerDep, contacts: ContactsDep) -> CardView:
    return CardView.of(use_cases.own_card(contacts, caller=caller))


@app.post("/contacts/card/code", summary="Replace the code of one's card; the old one is dead at once", tags=["contacts"])
def post_code(caller: CallerDep, contacts: ContactsDep, command: CommandDep) -> CardView:
    return CardView.of(use_cases.rotate_code(contacts, now, caller=caller, command_id=command.id("rot")))


@app.get(
    "/contacts/card/qrcode",
    summary="One's contact code as a picture: PNG, or SVG by Accept",
    tags=["contacts"],
    responses={200: {"description": "The picture", "content": {kind: {} for kind in PICTURES}}},
)
def get_qrcode(caller: CallerDep, contacts: ContactsDep, accept: Accept = "*/*", box: Box = 8) -> Response[str]:
    kind = choose(accept, *PICTURES)
    code = use_cases.own_card(contacts, caller=caller).code
    return binary(kind, PICTURES[kind](code, box=box), _PRIVATE)


@app.post(
    "/contacts/exchange",
    status_code=201,
    summary="Scan a code: each gets the other as a contact",
    tags=["contacts"],
    responses={
        201: {"description": "They met", "content": {JSON: {"model": ContactView}}},
        200: {"description": "They had met before, or the scan is a repeated one", "content": {JSON: {"model": ContactView}}},
    },
)
def post_exchange(body: ScanContact, caller: CallerDep, contacts: ContactsDep) -> tuple[ContactView, int]:
    met = use_cases.exchange(
        contacts,
        now,
        caller=caller,
        code=body.code,
        nonce=body.nonce,
        scanned_at=body.scanned_at,
        note=body.note or None,
        conference_id=body.conference_id,
    )
    if met.first:
        count("Exchanges", met.contact.conference_id or "none")
    return ContactView.of(met.contact), 201 if met.first else 200


@app.get("/contacts", summary="Whom one met, newest first", tags=["contacts"])
def get_contacts(caller: CallerDep, contacts: ContactsDep, limit: Limit = 50, cursor: Cursor = None) -> Page[ContactView]:
    found, following = contacts.contacts(caller.user_id, limit, cursor)
    return Page([ContactView.of(contact) for contact in found], following)


@app.get(
    "/contacts/<contact_id>",
    summary="One contact: JSON, or a vCard (4.0, or text/vcard;version=3.0) by Accept",
    tags=["contacts"],
    responses={200: {"description": "The contact", "content": {JSON: {"model": ContactView}, VCARD: {}}}},
)
def get_contact(
    contact_id: ContactId, caller: CallerDep, contacts: ContactsDep, accept: Accept = "*/*"
) -> Response[Any]:  # a ContactView or the text of a vCard: no one type that the answer could be validated by
    media_type = choose(accept, JSON, VCARD)
    contact = use_cases.contact(contacts, caller=caller, contact_id=contact_id)
    if media_type == JSON:
        return Response(200, JSON, ContactView.of(contact), headers=_PRIVATE)
    version = version_wanted(accept)
    attachment = {"Content-Disposition": f'attachment; filename="{contact.id}.vcf"'}
    return Response(200, f"{VCARD}; version={version}; charset=utf-8", vcard(contact, version), headers=_PRIVATE | attachment)


@app.patch("/contacts/<contact_id>", summary="Write a note that only oneself reads", tags=["contacts"])
def patch_contact(contact_id: ContactId, body: Annotate, caller: CallerDep, contacts: ContactsDep) -> ContactView:
    return ContactView.of(use_cases.annotate(contacts, caller=caller, contact_id=contact_id, note=body.note or None))


@app.delete("/contacts/<contact_id>", status_code=204, summary="Take a contact off one's own list", tags=["contacts"])
def delete_contact(contact_id: ContactId, caller: CallerDep, contacts: ContactsDep) -> Response[None]:
    use_cases.remove(contacts, caller=caller, contact_id=contact_id)
    return Response(204)
