"""The Ed25519 keys that sign access tokens: as a secret keeps them, and their public half as a JWKS."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from shared.clock import iso, parse

ALGORITHM = "EdDSA"


@dataclass(frozen=True, slots=True)
class SigningKey:
    private: Ed25519PrivateKey
    created_at: datetime

    @classmethod
    def generate(cls, now: datetime) -> "SigningKey":
        return cls(Ed25519PrivateKey.generate(), now)

    @classmethod
    def from_document(cls, document: Mapping[str, str]) -> "SigningKey":
        private = load_pem_private_key(document["private"].encode(), password=None)
        if not isinstance(private, Ed25519PrivateKey):
            raise ValueError("a signing key is not an Ed25519 key")
        return cls(private, parse(document["created_at"]))

    def document(self) -> dict[str, str]:
        pem = self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return {"private": pem.decode(), "created_at": iso(self.created_at)}

    def jwk(self) -> dict[str, str]:
        """The public half (RFC 8037)."""
        x = _base64url(self.private.public_key().public_bytes_raw())
        return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": thumbprint(x), "alg": ALGORITHM, "use": "sig"}


@dataclass(frozen=True, slots=True)
class KeySet:
    current: str  # the kid of the key that signs; the others only verify
    keys: Mapping[str, SigningKey]

    @classmethod
    def generate(cls, now: datetime) -> "KeySet":
        key = SigningKey.generate(now)
        kid = key.jwk()["kid"]
        return cls(kid, {kid: key})

    @classmethod
    def from_json(cls, text: str) -> "KeySet | None":
        """None for a JSON object without keys (a placeholder). Raises ValueError, KeyError for what cannot be read."""
        document = json.loads(text)
        if not document.get("keys"):
            return None
        return cls(document["current"], {kid: SigningKey.from_document(key) for kid, key in document["keys"].items()})

    def to_json(self) -> str:
        return json.dumps({"current": self.current, "keys": {kid: key.document() for kid, key in self.keys.items()}})

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
