"""What the tests of accounts share: the calls, and who the gateway says somebody is."""

import json

from functions.auth import api
from functions.gateway import authorizer
from shared.caller import Caller
from tests.support import Answer, call

ADA = {"email": "ada@example.org", "password": "correct horse battery", "name": "Ada Lovelace"}


def register(key: str | None = None, **changes: str) -> Answer:
    headers = {"idempotency-key": key} if key else {}
    return call(api.handler, "POST", "/auth/register", {**ADA, **changes}, headers=headers)


def log_in(**changes: str) -> Answer:
    return call(api.handler, "POST", "/auth/login", {"email": ADA["email"], "password": ADA["password"], **changes})


def refresh(token: str) -> Answer:
    return call(api.handler, "POST", "/auth/refresh", {"refresh_token": token})


def caller_of(access_token: str) -> Caller:
    """Who the gateway says the bearer is."""
    arn = "arn:aws:execute-api:eu-central-1:000000000000:abc123/v1/GET/auth/me"
    decision = authorizer.handler({"methodArn": arn, "headers": {"Authorization": f"Bearer {access_token}"}}, None)
    assert decision["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    who = decision["context"]
    verified = who["email_verified"] == "true"
    return Caller(who["user_id"], who["email"], who["name"], json.loads(who["roles"]), verified, who["session_id"])
