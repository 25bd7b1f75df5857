"""What goes by e-mail: proving an address, a forgotten password, another address. And the page that the links open."""

from pathlib import Path
from typing import Annotated

from aws_lambda_powertools.event_handler import Depends, Response
from aws_lambda_powertools.event_handler.content_types import TEXT_HTML

from functions.auth import use_cases_proofs as use_cases
from functions.auth.domain import Grant
from functions.auth.dynamo_proofs import DynamoPost, DynamoProofs
from functions.auth.edge import (
    AccountsDep,
    ClientDep,
    DoorsDep,
    Email,
    MailedToken,
    NewPassword,
    Password,
    Profile,
    SessionsDep,
    granted,
    resource,
)
from functions.auth.passwords import Argon2Passwords
from functions.auth.tokens import SignedTokens
from functions.auth.use_cases_proofs import Post, Proofs
from shared.clock import now
from shared.http import PUBLIC, Body, CallerDep, answers_with

router = resource()

ProofsDep = Annotated[Proofs, Depends(DynamoProofs)]
PostDep = Annotated[Post, Depends(DynamoPost)]


_PAGE_HEADERS = {
    "Cache-Control": "public, max-age=300",
    "Content-Security-Policy": "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "connect-src 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class ChangeEmail(Body):
    email: Email
    password: Password


class Confirm(Body):
    token: MailedToken


class Forgot(Body):
    email: Email


class Reset(Body):
    token: MailedToken
    password: NewPassword


class ChangePassword(Body):
    password: Password
    new_password: NewPassword


@router.post("/auth/email/verification", status_code=202, summary="Mail the link that verifies one's e-mail again", tags=["auth"])
def post_verification(doors: DoorsDep, accounts: AccountsDep, proofs: ProofsDep, caller: CallerDep) -> Response[None]:
    use_cases.ask_verification(doors, accounts, proofs, now, caller)
    return Response(202)


@router.post("/auth/email/change", status_code=202, summary="Ask for another e-mail: a link goes to the new address", tags=["auth"])
def post_email_change(
    body: ChangeEmail, doors: DoorsDep, accounts: AccountsDep, proofs: ProofsDep, caller: CallerDep, client: ClientDep
) -> Response[None]:
    use_cases.ask_email_change(
        doors, accounts, proofs, Argon2Passwords(), now, caller, email=body.email, password=body.password, client=client
    )
    return Response(202)


@router.post(
    "/auth/email/confirm", summary="Verify, or change to, the e-mail that a token was mailed to", tags=["auth"], security=PUBLIC
)
def post_confirmation(body: Confirm, accounts: AccountsDep, proofs: ProofsDep) -> Profile:
    return Profile.of(use_cases.confirm_email(accounts, proofs, now, token=body.token))


@router.post(
    "/auth/password/forgot",
    status_code=202,
    summary="Mail a link for a new password",
    tags=["auth"],
    security=PUBLIC,
)
def post_forgotten(body: Forgot, doors: DoorsDep, post: PostDep) -> Response[None]:
    use_cases.forget_password(doors, post, now, email=body.email)
    return Response(202)


@router.post(
    "/auth/password/reset",
    status_code=204,
    summary="Set a new password with a mailed token",
    tags=["auth"],
    security=PUBLIC,
)
def post_reset(body: Reset, accounts: AccountsDep, proofs: ProofsDep) -> Response[None]:
    use_cases.reset_password(accounts, proofs, Argon2Passwords(), now, token=body.token, password=body.password)
    return Response(204)


@router.put("/auth/password", summary="Change one's password; every other session ends", tags=["auth"])
def put_password(
    body: ChangePassword,
    doors: DoorsDep,
    accounts: AccountsDep,
    sessions: SessionsDep,
    proofs: ProofsDep,
    caller: CallerDep,
    client: ClientDep,
) -> Response[Grant]:
    grant = use_cases.change_password(
        doors,
        accounts,
        sessions,
        proofs,
        Argon2Passwords(),
        SignedTokens(),
        now,
        caller,
        password=body.password,
        new_password=body.new_password,
        client=client,
    )
    return granted(grant)


@router.get(
    "/auth/link",
    summary="The page that the links in e-mails open",
    tags=["auth"],
    security=PUBLIC,
    responses=answers_with("The page", TEXT_HTML),
)
def get_link() -> Response[str]:
    """The token stays in the URL's fragment, which no server sees; mail scanners that open links use nothing up."""
    page = (Path(__file__).parent / "link.html").read_text()
    return Response(200, TEXT_HTML, page, headers=_PAGE_HEADERS)
