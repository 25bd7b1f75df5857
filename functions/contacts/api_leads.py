"""An exhibitor's leads over HTTP, and lists as files: of one's own, and of one's team."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler import Response
from pydantic import Field

from functions.contacts import use_cases
from functions.contacts.cards import FreeField, Profile
from functions.contacts.domain import Contact
from functions.contacts.edge import CSV, PRIVATE, VCARD, ConferenceId, ContactId, HoldersDep, Note, PeopleDep, Tags, resource
from functions.contacts.export import sheet
from functions.contacts.use_cases import EVERYBODY
from functions.contacts.use_cases_leads import exported, team_of
from functions.contacts.vcard import vcard, version_wanted
from shared.clock import now
from shared.http import Accept, Body, CallerDep, Cursor, Limit, Page, binary
from shared.negotiation import choose

_LEADS = "/contacts/conferences/<conference_id>/leads"
_FILES: dict[int, Any] = {200: {"description": "The file", "content": {CSV: {}, VCARD: {}}}}

router = resource()


@dataclass(frozen=True, slots=True)
class TeamScan:
    """Who of the team, or the lead, scanned the other, and when first. `name`: null where it is not known, or not any more."""

    by: str
    name: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class LeadView:
    """Somebody whom the team met: what they show to exhibitors, and what the team wrote."""

    id: str
    user_id: str
    name: str
    company: str | None
    title: str | None
    email: str | None
    phone: str | None
    links: tuple[str, ...]
    fields: tuple[FreeField, ...]
    rating: int | None
    note: str | None
    tags: tuple[str, ...]
    met_at: datetime
    scans: list[TeamScan]

    @classmethod
    def of(cls, lead: Contact) -> "LeadView":
        profile = lead.profile or Profile("")
        return cls(
            id=lead.id,
            user_id=lead.face_id,
            name=profile.name,
            company=profile.company,
            title=profile.title,
            email=profile.email,
            phone=profile.phone,
            links=profile.links,
            fields=profile.fields,
            rating=lead.rating,
            note=lead.note,
            tags=lead.tags,
            met_at=lead.met_at,
            scans=[TeamScan(by, lead.name_of(by), at) for by, at in sorted(lead.scans.items(), key=lambda scan: scan[1])],
        )


class RateLead(Body):
    rating: Annotated[int, Field(ge=0, le=5)] | None = None
    note: Note | None = None
    tags: Tags | None = None


@router.get("/contacts/export", summary="One's contacts as CSV, or vCards by Accept", tags=["contacts"], responses=_FILES)
def get_export(caller: CallerDep, exchanges: HoldersDep, accept: Accept = "*/*", cursor: Cursor = None) -> Response[Any]:
    """Exactly what each shows now. More than 2,000 come in parts: `Link` with `rel=next` says where the next one is."""
    return _file(*exported(exchanges, owner_id=caller.user_id, cursor=cursor), accept, "contacts", is_first=cursor is None)


@router.get(_LEADS, summary="Whom an exhibitor's team met, newest first, for its members", tags=["contacts"])
def get_leads(
    conference_id: ConferenceId,
    caller: CallerDep,
    people: PeopleDep,
    exchanges: HoldersDep,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[LeadView]:
    team = team_of(people, caller=caller, conference_id=conference_id)
    found, following = exchanges.contacts(team, EVERYBODY, limit, cursor)
    return Page([LeadView.of(lead) for lead in found], following)


@router.get(f"{_LEADS}/export", summary="A team's leads as CSV, or vCards by Accept", tags=["contacts"], responses=_FILES)
def get_leads_export(
    conference_id: ConferenceId,
    caller: CallerDep,
    people: PeopleDep,
    exchanges: HoldersDep,
    accept: Accept = "*/*",
    cursor: Cursor = None,
) -> Response[Any]:
    team = team_of(people, caller=caller, conference_id=conference_id)
    return _file(*exported(exchanges, owner_id=team, cursor=cursor), accept, "leads", is_first=cursor is None)


@router.patch(f"{_LEADS}/<contact_id>", summary="Rate, note or tag a lead, for the whole team", tags=["contacts"])
def patch_lead(
    conference_id: ConferenceId,
    contact_id: ContactId,
    body: RateLead,
    caller: CallerDep,
    people: PeopleDep,
    exchanges: HoldersDep,
) -> LeadView:
    """What is not in the body stays; null takes it away."""
    team = team_of(people, caller=caller, conference_id=conference_id)
    written = body.model_dump(exclude_unset=True)
    changes = {key: tuple(value or ()) if key == "tags" else None if value == "" else value for key, value in written.items()}
    return LeadView.of(use_cases.change_contact(exchanges, owner_id=team, contact_id=contact_id, **changes))


@router.delete(f"{_LEADS}/<contact_id>", status_code=204, summary="Take a lead off a team's list", tags=["contacts"])
def delete_lead(
    conference_id: ConferenceId, contact_id: ContactId, caller: CallerDep, people: PeopleDep, exchanges: HoldersDep
) -> Response[None]:
    team = team_of(people, caller=caller, conference_id=conference_id)
    use_cases.remove(exchanges, now, owner_id=team, contact_id=contact_id)
    return Response(204)


def _file(contacts: list[Contact], following: str | None, accept: str, name: str, *, is_first: bool) -> Response[Any]:
    kind = choose(accept, CSV, VCARD)
    suffix = "csv" if kind == CSV else "vcf"
    headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="{name}.{suffix}"'}
    if following:
        headers["Link"] = f'<?{urlencode({"cursor": following})}>; rel="next"'
    if kind == CSV:
        return binary(f"{CSV}; charset=utf-8", sheet(contacts, is_first=is_first), headers)
    version = version_wanted(accept)
    cards = "".join(vcard(contact, version) for contact in contacts)
    return binary(f"{VCARD}; version={version}; charset=utf-8", cards.encode(), headers)
