"""The Ed25519 keys that sign access tokens: as a secret keeps them, and their public half as a JWKS."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from shared.clock import iso, parse
from shared.config import env

ALGORITHM = "EdDSA"

# A key is published for as long as a token that it signed is good: 15 minutes after the last one, with room to spare.
PUBLISHED_AFTER = timedelta(hours=1)


def cached() -> timedelta:
    """For how long a function that signs or publishes keeps what it read."""
    return timedelta(seconds=int(env("KEYS_CACHED")))


class TooSoon(Exception):
    """The next key has not been published for long enough to sign."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    private: Ed25519PrivateKey
    created_at: datetime
    retired_at: datetime | None = None  # when it was told to sign no longer

    @classmethod
    def generate(cls, now: datetime) -> "SigningKey":
        return cls(Ed25519PrivateKey.generate(), now)

    @classmethod
    def from_document(cls, document: Mapping[str, str]) -> "SigningKey":
        private = load_pem_private_key(document["private"].encode(), password=None)
        if not isinstance(private, Ed25519PrivateKey):
            raise ValueError("a signing key is not an Ed25519 key")
        retired_at = document.get("retired_at")
        return cls(private, parse(document["created_at"]), parse(retired_at) if retired_at else None)

    def document(self) -> dict[str, str]:
        pem = self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        document = {"private": pem.decode(), "created_at": iso(self.created_at)}
        return document | ({"retired_at": iso(self.retired_at)} if self.retired_at else {})

    def jwk(self) -> dict[str, str]:
        """The public half (RFC 8037)."""
        return {"kty": "OKP", "crv": "Ed25519", "x": self._x, "kid": self.kid, "alg": ALGORITHM, "use": "sig"}

    @property
    def kid(self) -> str:
        return thumbprint(self._x)

    @property
    def _x(self) -> str:
        return _base64url(self.private.public_key().public_bytes_raw())


@dataclass(frozen=True, slots=True)
class KeySet:
    """`current` and `next` are kids: the key that signs, and the one that will. The others only verify."""

    current: str
    next: str
    keys: Mapping[str, SigningKey]

    @classmethod
    def generate(cls, now: datetime) -> "KeySet":
        current, following = SigningKey.generate(now), SigningKey.generate(now)
        return cls(current.kid, following.kid, {key.kid: key for key in (current, following)})

    @classmethod
    def from_json(cls, text: str) -> "KeySet | None":
        """None for a JSON object without keys (a placeholder). Raises ValueError, KeyError for what cannot be read."""
        document = json.loads(text)
        if not document.get("keys"):
            return None
        keys = {kid: SigningKey.from_document(key) for kid, key in document["keys"].items()}
        return cls(document["current"], document.get("next") or document["current"], keys)

    def to_json(self) -> str:
        keys = {kid: key.document() for kid, key in self.keys.items()}
        return json.dumps({"current": self.current, "next": self.next, "keys": keys})

    def rotated(self, now: datetime) -> "KeySet":
        """The next key signs, another one is next, and those that retired long enough ago are gone.

        Raises TooSoon: a key signs only after every copy of the published set has it, so that no verifier looks for it in vain.
        """
        if now < self.keys[self.next].created_at + 2 * cached():
            raise TooSoon(f"the next key is younger than {2 * cached()}")
        following = SigningKey.generate(now)
        if self.next == self.current:  # a set from before there was a next key gets one
            return KeySet(self.current, following.kid, dict(self.keys) | {following.kid: following})
        retired = dict(self.keys) | {self.current: replace(self.keys[self.current], retired_at=now)}
        kept = {kid: key for kid, key in retired.items() if not key.retired_at or now < key.retired_at + PUBLISHED_AFTER}
        return KeySet(self.next, following.kid, kept | {following.kid: following})

    @property
    def signer(self) -> Ed25519PrivateKey:
        return self.keys[self.current].private

    def jwks(self) -> str:
        return json.dumps({"keys": [key.jwk() for key in self.keys.values()]}, separators=(",", ":"))


def thumbprint(x: str) -> str:
    """RFC 7638 over an Ed25519 public key's required members, in their order: the key id that follows from the key."""
    return _base64url(hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
