"""Access tokens: what `functions/gateway` verifies."""

from datetime import datetime

import jwt

from functions.auth.domain import ACCESS_LIFE, User
from functions.auth.keyset import ALGORITHM, KeySet, cached
from shared.config import Misconfigured, env
from shared.ids import new_id


class SignedTokens:
    def issue(self, user: User, session_id: str, now: datetime) -> str:
        """An access token with the user's roles as they are now."""
        keys = signing_keys()
        claims = {
            "iss": env("TOKEN_ISSUER"),
            "aud": env("TOKEN_AUDIENCE"),
            "sub": user.user_id,
            "iat": int(now.timestamp()),
            "exp": int((now + ACCESS_LIFE).timestamp()),
            "jti": new_id("tok"),
            "sid": session_id,
            "email": user.email,
            "email_verified": user.email_verified,
            "name": user.name,
            "roles": dict(user.roles),
        }
        return jwt.encode(claims, keys.signer, algorithm=ALGORITHM, headers={"kid": keys.current})


def signing_keys() -> KeySet:
    """At most `cached()` old. Raises Misconfigured."""
    from aws_lambda_powertools.utilities import parameters  # brings boto3, which only this needs

    keys = KeySet.from_json(str(parameters.get_secret(env("SIGNING_KEYS_SECRET"), max_age=int(cached().total_seconds()))))
    if keys is None:
        raise Misconfigured("the secret SIGNING_KEYS_SECRET holds no keys: deploy Custom::SigningKeys (functions/auth/keys.py)")
    return keys
