"""Consents, the archive of what is held about the caller, and the end of an account."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Depends, Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON
from pydantic import Field

from functions.auth import use_cases_privacy as use_cases
from functions.auth.archive import S3Archive
from functions.auth.dynamo_privacy import DynamoConsents, DynamoErasure, DynamoExports
from functions.auth.edge import AccountsDep, ClientDep, DoorsDep, Password, resource
from functions.auth.passwords import Argon2Passwords
from functions.auth.personal_data import Consent, ExportState
from functions.auth.use_cases_privacy import Archive, Consents, Erasure, Exports
from shared.clock import now
from shared.http import Body, CallerDep, Cursor, Limit, Page

router = resource()

ConsentsDep = Annotated[Consents, Depends(DynamoConsents)]
ExportsDep = Annotated[Exports, Depends(DynamoExports)]
ArchiveDep = Annotated[Archive, Depends(S3Archive)]
ErasureDep = Annotated[Erasure, Depends(DynamoErasure)]


class GiveConsent(Body):
    purpose: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$", description="Such as terms, privacy, newsletter")]
    text_version: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$", description="Of the text that was shown")]
    given: bool = True


class Leave(Body):
    password: Password


@router.post("/auth/me/consents", status_code=201, summary="Give or withdraw a consent", tags=["auth"])
def post_consent(body: GiveConsent, consents: ConsentsDep, caller: CallerDep) -> Consent:
    return use_cases.consent(consents, now, caller, purpose=body.purpose, text_version=body.text_version, given=body.given)


@router.get("/auth/me/consents", summary="What one agreed to and withdrew, newest first", tags=["auth"])
def get_consents(consents: ConsentsDep, caller: CallerDep, limit: Limit = 50, cursor: Cursor = None) -> Page[Consent]:
    return Page(*consents.page(caller.user_id, limit, cursor))


@router.get(
    "/auth/me/export",
    summary="All that is held about the caller, as one archive: 202 until it is gathered",
    tags=["auth"],
    responses={
        200: {"description": "It is gathered", "content": {APPLICATION_JSON: {"model": ExportState}}},
        202: {"description": "Ask again", "content": {APPLICATION_JSON: {"model": ExportState}}},
    },
)
def get_export(accounts: AccountsDep, exports: ExportsDep, archive: ArchiveDep, caller: CallerDep) -> Response[ExportState]:
    state = use_cases.see_export(accounts, exports, archive, now, caller)
    headers = {"Cache-Control": "no-store"}
    if state.status == "ready":
        return Response(200, APPLICATION_JSON, state, headers)
    return Response(202, APPLICATION_JSON, state, headers | {"Retry-After": "2"})


@router.delete("/auth/me", status_code=204, summary="Erase the caller's account, with the password", tags=["auth"])
def delete_me(
    body: Leave,
    doors: DoorsDep,
    accounts: AccountsDep,
    exports: ExportsDep,
    archive: ArchiveDep,
    erasure: ErasureDep,
    caller: CallerDep,
    client: ClientDep,
) -> Response[None]:
    use_cases.erase(
        doors, accounts, Argon2Passwords(), exports, archive, erasure, now, caller, password=body.password, client=client
    )
    return Response(204)
