"""Accounts over HTTP: registering, logging in and out, the profile, the public keys."""

import json
from dataclasses import dataclass

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON

from functions.auth import api_privacy, api_proofs, api_sessions, use_cases
from functions.auth.domain import Grant
from functions.auth.edge import (
    AccountsDep,
    ClientDep,
    DoorsDep,
    Email,
    Name,
    NewPassword,
    Password,
    Profile,
    RefreshToken,
    SessionsDep,
    granted,
)
from functions.auth.keyset import cached
from functions.auth.passwords import Argon2Passwords
from functions.auth.tokens import SignedTokens, signing_keys
from functions.auth.use_cases import Registration
from shared.clock import now
from shared.http import PUBLIC, Api, Body, CallerDep, CommandDep

app = Api()


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
def post_login(body: LogIn, doors: DoorsDep, accounts: AccountsDep, sessions: SessionsDep, client: ClientDep) -> Response[Grant]:
    return granted(
        use_cases.log_in(
            doors,
            accounts,
            sessions,
            Argon2Passwords(),
            SignedTokens(),
            now,
            email=body.email,
            password=body.password,
            client=client,
        )
    )


@app.post("/auth/refresh", summary="Exchange a refresh token for new tokens", tags=["auth"], security=PUBLIC)
def post_refresh(body: Refresh, accounts: AccountsDep, sessions: SessionsDep) -> Response[Grant]:
    return granted(use_cases.refresh(accounts, sessions, SignedTokens(), now, refresh_token=body.refresh_token))


@app.post("/auth/logout", status_code=204, summary="End the session of a refresh token", tags=["auth"])
def post_logout(body: Refresh, sessions: SessionsDep, caller: CallerDep) -> Response[None]:
    use_cases.log_out(sessions, caller, refresh_token=body.refresh_token)
    return Response(204)


@app.get("/auth/me", summary="The caller's account and roles as they are now", tags=["auth"])
def get_me(accounts: AccountsDep, caller: CallerDep) -> Profile:
    return Profile.of(use_cases.see_profile(accounts, caller))


@app.patch("/auth/me", summary="Change the caller's name", tags=["auth"])
def patch_me(body: Rename, accounts: AccountsDep, caller: CallerDep) -> Profile:
    return Profile.of(use_cases.rename(accounts, caller, name=body.name))


@app.get("/.well-known/jwks.json", summary="The public keys that verify access tokens (RFC 7517)", tags=["auth"], security=PUBLIC)
def get_jwks() -> Response[Jwks]:
    headers = {"Cache-Control": f"public, max-age={int(cached().total_seconds())}"}
    return Response(200, APPLICATION_JSON, Jwks(**json.loads(signing_keys().jwks())), headers=headers)


for resource in (api_proofs, api_sessions, api_privacy):
    app.include_router(resource.router)

handler = app.entry
