"""The public keys that verify access tokens: those of the deployment, and newer ones once a token names one of them.

A key is published (/.well-known/jwks.json) long before it signs, so that a look-up always finds it. In between, nothing is looked
up: a warm authorizer does no I/O but once an hour, to let go of keys that are no longer published.
"""

import json
import time
from collections.abc import Callable, Mapping
from functools import cache

import jwt

from shared.config import env

ALGORITHM = "EdDSA"
_LIFE = 3600.0  # seconds after which the set is read anew
_PAUSE = 5.0  # seconds at least between two look-ups: tokens that name keys at random cause no storm
_PATIENCE = 2.0  # seconds to wait for the answer


class KeysUnknown(Exception):
    """The published keys could not be read, so nothing can be said of a token: API Gateway answers 500, not a refusal."""


def read_jwks(url: str) -> str:
    import urllib.request  # takes 20 ms to load, which only a look-up needs

    with urllib.request.urlopen(url, timeout=_PATIENCE) as answer:  # noqa: S310  # the address is the template's
        return str(answer.read().decode())


class PublicKeys:
    def __init__(
        self, jwks: str, address: str, read: Callable[[str], str] = read_jwks, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`address` is the API's, with `{api}` for its id, which the authorizer learns from what it is asked about."""
        self._keys = _parsed(jwks)
        self._address, self._read, self._clock = address, read, clock
        self._read_at = self._tried_at = clock()
        self._failed = False
        self._first = True

    def get(self, kid: str, method_arn: str) -> jwt.PyJWK | None:
        """None for a key that is not ours. Raises KeysUnknown."""
        if (key := self._keys.get(kid)) and self._clock() < self._read_at + _LIFE:
            return key
        if self._first or self._clock() >= self._tried_at + _PAUSE:
            self._look_up(method_arn)
        if kid not in self._keys and self._failed:
            raise KeysUnknown
        return self._keys.get(kid)

    def _look_up(self, method_arn: str) -> None:
        self._first, self._tried_at = False, self._clock()
        api = method_arn.split(":")[5].partition("/")[0]
        try:
            self._keys = _parsed(self._read(f"{self._address.replace('{api}', api)}/.well-known/jwks.json"))
        except (OSError, ValueError, KeyError, TypeError, jwt.PyJWTError) as failure:  # what is known stays good
            self._failed = True
            print(json.dumps({"level": "WARNING", "message": "keys not read", "reason": type(failure).__name__}))
        else:
            self._failed, self._read_at = False, self._clock()
            print(json.dumps({"level": "INFO", "message": "keys read", "keys": len(self._keys)}))


def public_keys() -> PublicKeys:
    return _public_keys(env("JWKS"), env("API_ADDRESS"))


@cache
def _public_keys(jwks: str, address: str) -> PublicKeys:
    return PublicKeys(jwks, address)


def _parsed(jwks: str) -> Mapping[str, jwt.PyJWK]:
    return {key["kid"]: jwt.PyJWK(key, algorithm=ALGORITHM) for key in json.loads(jwks)["keys"]}
