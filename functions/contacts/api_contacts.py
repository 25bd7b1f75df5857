"""The list of those whom one met, over HTTP."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.contacts import use_cases
from functions.contacts.edge import ID, JSON, PRIVATE, VCARD, ContactId, HoldersDep, Note, Tags, resource
from functions.contacts.use_cases import Wanted
from functions.contacts.vcard import vcard, version_wanted
from functions.contacts.views import ContactView
from shared.clock import now
from shared.http import Accept, Body, CallerDep, Cursor, Limit, Page
from shared.negotiation import choose

WhereQuery = Annotated[str | None, Query(pattern=ID, description="Only those met there")]
TagQuery = Annotated[str | None, Query(max_length=40, description="Only those with this tag")]
AwaitingQuery = Annotated[bool, Query(description="Only those who wait for you to confirm")]

router = resource()


class Annotate(Body):
    note: Note | None = None
    tags: Tags | None = None


@router.get("/contacts", summary="Whom one met, newest first", tags=["contacts"])
def get_contacts(
    caller: CallerDep,
    exchanges: HoldersDep,
    limit: Limit = 50,
    cursor: Cursor = None,
    conference_id: WhereQuery = None,
    tag: TagQuery = None,
    awaiting: AwaitingQuery = False,  # a query parameter
) -> Page[ContactView]:
    found, following = exchanges.contacts(caller.user_id, Wanted(conference_id, tag, awaiting), limit, cursor)
    return Page([ContactView.of(contact) for contact in found], following)


@router.get(
    "/contacts/<contact_id>",
    summary="One contact: JSON, or a vCard (4.0, or text/vcard;version=3.0) by Accept",
    tags=["contacts"],
    responses={200: {"description": "The contact", "content": {JSON: {"model": ContactView}, VCARD: {}}}},
)
def get_contact(
    contact_id: ContactId, caller: CallerDep, exchanges: HoldersDep, accept: Accept = "*/*"
) -> Response[Any]:  # a ContactView or the text of a vCard: no one type that the answer could be validated by
    media_type = choose(accept, JSON, VCARD)
    contact = use_cases.contact(exchanges, owner_id=caller.user_id, contact_id=contact_id)
    if media_type == JSON:
        return Response(200, JSON, ContactView.of(contact), headers=PRIVATE)
    version = version_wanted(accept)
    attachment = {"Content-Disposition": f'attachment; filename="{contact.id}.vcf"'}
    return Response(200, f"{VCARD}; version={version}; charset=utf-8", vcard(contact, version), headers=PRIVATE | attachment)


@router.patch("/contacts/<contact_id>", summary="Write a note and tags that only oneself reads", tags=["contacts"])
def patch_contact(contact_id: ContactId, body: Annotate, caller: CallerDep, exchanges: HoldersDep) -> ContactView:
    """What is not in the body stays; null or nothing takes it away."""
    written = body.model_dump(exclude_unset=True)
    changes = {key: value or None if key == "note" else tuple(value or ()) for key, value in written.items()}
    return ContactView.of(use_cases.change_contact(exchanges, owner_id=caller.user_id, contact_id=contact_id, **changes))


@router.delete("/contacts/<contact_id>", status_code=204, summary="Take a contact off one's own list", tags=["contacts"])
def delete_contact(contact_id: ContactId, caller: CallerDep, exchanges: HoldersDep) -> Response[None]:
    """The other keeps you on theirs: to change that, withdraw (POST /contacts/{contact_id}/withdrawal)."""
    use_cases.remove(exchanges, now, owner_id=caller.user_id, contact_id=contact_id)
    return Response(204)
