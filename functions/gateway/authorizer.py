"""The door of the API: verifies an access token and says who is calling. No AWS SDK, and no I/O but for keys (`keys.py`).

Two handlers, one rule. `handler` guards: no token, no entry (401). `visitor` lets an anonymous caller through, for routes that
show more to somebody who is logged in. A token that is there but does not verify is a 403 with both.
"""

import json
from typing import Any

import jwt

from functions.gateway.keys import ALGORITHM, public_keys
from shared.config import env
from shared.errors import JsonObject

LEEWAY = 30  # seconds of clock skew between the issuer and here
_CLAIMS = ["exp", "iat", "iss", "aud", "sub"]


def verify(token: str, event: JsonObject) -> JsonObject:
    """The claims of a valid access token. Raises jwt.InvalidTokenError, and KeysUnknown where the key could not be looked up.

    The key is chosen from our own set by `kid`; the algorithm is ours, never the token's.
    """
    key = public_keys().get(str(jwt.get_unverified_header(token).get("kid")), event["methodArn"])
    if key is None:
        raise jwt.InvalidTokenError("unknown key")
    claims: JsonObject = jwt.decode(
        token,
        key,
        algorithms=[ALGORITHM],
        issuer=env("TOKEN_ISSUER"),
        audience=env("TOKEN_AUDIENCE"),
        leeway=LEEWAY,
        options={"require": _CLAIMS},
    )
    return claims


def handler(event: JsonObject, _: Any) -> JsonObject:
    token = _bearer(event)
    if token is None:
        raise Exception("Unauthorized")  # API Gateway's contract: exactly this text is a 401
    return _decide(event, token)


def visitor(event: JsonObject, _: Any) -> JsonObject:
    token = _bearer(event)
    return _policy(event, "Allow", "anonymous", {}) if token is None else _decide(event, token)


def _bearer(event: JsonObject) -> str | None:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _decide(event: JsonObject, token: str) -> JsonObject:
    try:
        claims = verify(token, event)
    except jwt.InvalidTokenError as failure:
        print(json.dumps({"level": "INFO", "message": "token refused", "reason": type(failure).__name__}))
        return _policy(event, "Deny", "refused", {})
    print(json.dumps({"level": "INFO", "message": "token accepted", "user_id": claims["sub"]}))
    context = {
        "user_id": claims["sub"],
        "session_id": claims.get("sid", ""),
        "email": claims.get("email", ""),
        "email_verified": "true" if claims.get("email_verified") is True else "false",
        "name": claims.get("name", ""),
        "roles": json.dumps(claims.get("roles", {})),
    }
    return _policy(event, "Allow", claims["sub"], context)


def _policy(event: JsonObject, effect: str, principal: str, context: dict[str, str]) -> JsonObject:
    # The whole stage, not this one method: API Gateway may reuse the answer for the same token on other routes.
    stage = "/".join(event["methodArn"].split("/")[:2])
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": f"{stage}/*"}
    return {"principalId": principal, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}, "context": context}
