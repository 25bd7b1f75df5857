"""What one lets others have of oneself, over HTTP: confirm, more or less, withdraw, block; and who has what."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import Field

from functions.contacts import use_cases_consent
from functions.contacts.edge import ID, ContactId, HoldersDep, PeopleDep, resource
from functions.contacts.use_cases_consent import Holder
from functions.contacts.views import ContactView, ShownView
from shared.clock import now
from shared.exhibitors import is_team
from shared.http import Body, CallerDep, Cursor, Limit, Page

FieldKey = Annotated[str, Field(min_length=1, max_length=50)]
PartyId = Annotated[str, Path(pattern=ID)]


class ConfirmContact(Body):
    confirm: bool


class ShowContact(Body):
    fields: Annotated[
        dict[FieldKey, bool],
        Field(
            max_length=20,
            description="`email`, or `fields.<label>`: true to show, false to hide; the others are as the card has it",
        ),
    ]


@dataclass(frozen=True, slots=True)
class BlockedView:
    """`id` is what DELETE takes."""

    id: str


@dataclass(frozen=True, slots=True)
class HolderView:
    """Somebody who may see the caller's card, and which fields; also who took the caller off their list, and scans them again."""

    contact_id: str
    user_id: str
    exhibitor_id: str | None
    exhibitor: str | None
    name: str | None
    conference_id: str | None
    met_at: datetime
    sees: list[str]
    shown: ShownView

    @classmethod
    def of(cls, holder: Holder) -> "HolderView":
        contact = holder.contact
        return cls(
            contact_id=contact.id,
            user_id=contact.face_id,
            exhibitor_id=contact.other_id if is_team(contact.other_id) else None,
            exhibitor=contact.company,
            name=contact.profile.name if contact.profile else None,
            conference_id=contact.conference_id or None,
            met_at=contact.met_at,
            sees=["name", *holder.sees.says] if holder.sees else [],
            shown=ShownView.of(contact),
        )


router = resource()


@router.get("/contacts/holders", summary="Who holds something of one's card, companies too, and what", tags=["contacts"])
def get_holders(
    caller: CallerDep, holders: HoldersDep, people: PeopleDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[HolderView]:
    """Also whom one took off one's own list. A page may hold fewer than `limit`: the end is where `next_cursor` is null."""
    found, following = use_cases_consent.list_holders(holders, people, caller=caller, limit=limit, cursor=cursor)
    return Page([HolderView.of(holder) for holder in found], following)


@router.get("/contacts/blocked", summary="Whom one has blocked", tags=["contacts"])
def get_blocked(caller: CallerDep, people: PeopleDep) -> Page[BlockedView]:
    return Page([BlockedView(party_id) for party_id in use_cases_consent.blocked(people, caller=caller)], None)


@router.delete("/contacts/blocked/<party_id>", status_code=204, summary="Let somebody exchange again", tags=["contacts"])
def delete_blocked(party_id: PartyId, caller: CallerDep, people: PeopleDep) -> Response[None]:
    """What was withdrawn from them stays so, until the two meet again by a scan of yours."""
    use_cases_consent.unblock(people, caller=caller, party_id=party_id)
    return Response(204)


@router.post(
    "/contacts/<contact_id>/confirmation", summary="Show a contact what waits for one to confirm, or do not", tags=["contacts"]
)
def post_confirmation(
    contact_id: ContactId, body: ConfirmContact, caller: CallerDep, holders: HoldersDep, people: PeopleDep
) -> ContactView:
    return ContactView.of(use_cases_consent.confirm(holders, people, caller=caller, contact_id=contact_id, yes=body.confirm))


@router.put("/contacts/<contact_id>/shown", summary="Show one contact more or fewer fields than others", tags=["contacts"])
def put_shown(contact_id: ContactId, body: ShowContact, caller: CallerDep, holders: HoldersDep, people: PeopleDep) -> ContactView:
    """Replaces what was chosen for this contact before, and ends a withdrawal."""
    return ContactView.of(use_cases_consent.show(holders, people, caller=caller, contact_id=contact_id, fields=body.fields))


@router.post("/contacts/<contact_id>/withdrawal", summary="Take everything back that a contact has of one", tags=["contacts"])
def post_withdrawal(contact_id: ContactId, caller: CallerDep, holders: HoldersDep, people: PeopleDep) -> ContactView:
    """They lose you from their list, their exports and address books to come, and what they noted. May be repeated."""
    return ContactView.of(use_cases_consent.withdraw(holders, people, now, caller=caller, contact_id=contact_id))


@router.post("/contacts/<contact_id>/block", status_code=204, summary="Withdraw, and meet them no more", tags=["contacts"])
def post_block(contact_id: ContactId, caller: CallerDep, holders: HoldersDep, people: PeopleDep) -> Response[None]:
    """They are not told: your codes are to them as codes that are none. May be repeated."""
    use_cases_consent.block(holders, people, now, caller=caller, contact_id=contact_id)
    return Response(204)
