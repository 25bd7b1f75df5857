"""Accounts and sessions over HTTP."""

import json
from dataclasses import dataclass
from typing import Annotated

from aws_lambda_powertools.event_handler import Depends, Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON
from pydantic import AfterValidator, Field, StringConstraints

from functions.auth import use_cases
from functions.auth.domain import Grant, User, normal_email
from functions.auth.dynamo import DynamoAccounts, DynamoSessions
from functions.auth.passwords import Argon2Passwords
from functions.auth.tokens import SignedTokens
from functions.auth.use_cases import Accounts, Registration, Sessions
from shared.clock import now
from shared.config import env
from shared.http import PUBLIC, Api, Body, CallerDep, CommandDep

app = Api()

AccountsDep = Annotated[Accounts, Depends(DynamoAccounts)]
SessionsDep = Annotated[Sessions, Depends(DynamoSessions)]

_NO_STORE = {"Cache-Control": "no-store"}  # RFC 6749, 5.1: no cache keeps a token

# RFC 5321 allows an address 254 characters.
Email = Annotated[str, Field(max_length=254, json_schema_extra={"format": "email"}), AfterValidator(normal_email)]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$", description="No control characters")]
# Blanks at the ends belong to a password. The upper limit bounds the work of hashing; a log-in takes what registering would refuse.
NewPassword = Annotated[str, StringConstraints(min_length=10, max_length=128, strip_whitespace=False)]
Password = Annotated[str, StringConstraints(min_length=1, max_length=128, strip_whitespace=False)]
RefreshToken = Annotated[str, Field(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True)
class Jwks:
    keys: list[dict[str, str]]


class Register(Body):
    email: Email
    password: NewPassword
    name: Name


class LogIn(Body):
    email: Email
    password: Password


class Refresh(Body):
    refresh_token: RefreshToken


class Rename(Body):
    name: Name


@app.post("/auth/register", status_code=201, summary="Open an account", tags=["auth"], security=PUBLIC)
def post_register(body: Register, accounts: AccountsDep, command: CommandDep) -> Registration:
    return use_cases.register(
        accounts,
        Argon2Passwords(),
        now,
        registration_id=command.id("reg"),
        email=body.email,
        password=body.password,
        name=body.name,
    )


@app.post("/auth/login", summary="Log in with e-mail and password", tags=["auth"], security=PUBLIC)
def post_login(body: LogIn, accounts: AccountsDep, sessions: SessionsDep) -> Response[Grant]:
    grant = use_cases.log_in(accounts, sessions, Argon2Passwords(), SignedTokens(), now, email=body.email, password=body.password)
    return Response(200, APPLICATION_JSON, grant, headers=_NO_STORE)


@app.post("/auth/refresh", summary="Exchange a refresh token for new tokens", tags=["auth"], security=PUBLIC)
def post_refresh(body: Refresh, accounts: AccountsDep, sessions: SessionsDep) -> Response[Grant]:
    grant = use_cases.refresh(accounts, sessions, SignedTokens(), now, refresh_token=body.refresh_token)
    return Response(200, APPLICATION_JSON, grant, headers=_NO_STORE)


@app.post("/auth/logout", status_code=204, summary="End the session of a refresh token", tags=["auth"])
def post_logout(body: Refresh, sessions: SessionsDep, caller: CallerDep) -> Response[None]:
    use_cases.log_out(sessions, caller, refresh_token=body.refresh_token)
    return Response(204)


@app.get("/auth/me", summary="The caller's account and roles as they are now", tags=["auth"])
def get_me(accounts: AccountsDep, caller: CallerDep) -> User:
    return use_cases.see_profile(accounts, caller)


@app.patch("/auth/me", summary="Change the caller's name", tags=["auth"])
def patch_me(body: Rename, accounts: AccountsDep, caller: CallerDep) -> User:
    return use_cases.rename(accounts, caller, name=body.name)


@app.get("/.well-known/jwks.json", summary="The public keys that verify access tokens (RFC 7517)", tags=["auth"], security=PUBLIC)
def get_jwks() -> Response[Jwks]:
    return Response(200, APPLICATION_JSON, Jwks(**json.loads(env("JWKS"))), headers={"Cache-Control": "public, max-age=300"})


handler = app.entry
