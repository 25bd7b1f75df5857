"""Entry codes as a scanner reads them: verified by public key, and what else only a code gives (docs/codes.md, docs/offline.md)."""

import base64
import binascii
import json
import struct
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_SIZES = {"KETEMU:E1:": (1, 58), "KETEMU:E2:": (2, 60)}  # version and payload by prefix
_PAYLOAD = struct.Struct(">BB16s16s16sII")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class NotACode(Exception):
    """Not a code of this conference: another text, another conference, or a forgery."""


@dataclass(frozen=True, slots=True)
class Code:
    """A genuine code. `lookup` names it in the store; `key` opens its record; `receipt` is what is kept of it and handed in."""

    ticket_id: str
    conference_id: str
    ticket_type_id: str
    valid_from: datetime
    valid_until: datetime
    lookup: bytes
    key: bytes
    receipt: str

    def open(self, sealed: bytes) -> dict[str, str] | None:
        """Whose ticket it is; None for a record that is not this code's, or damaged."""
        try:
            said = ChaCha20Poly1305(self.key).decrypt(sealed[:12], sealed[12:], self.lookup)
        except InvalidTag:
            return None
        return {name: str(value) for name, value in json.loads(said).items()}


def read(text: str, keys: dict[int, bytes]) -> Code:
    """A genuine code, by the conference's public keys. Raises NotACode."""
    prefix = next((prefix for prefix in _SIZES if text.startswith(prefix)), None)
    if prefix is None:
        raise NotACode
    version, size = _SIZES[prefix]
    raw = _base32(text.removeprefix(prefix))
    payload, signature = raw[:size], raw[size:]
    if len(signature) != 64 or payload[0] != version or payload[1] not in keys:
        raise NotACode
    try:
        Ed25519PublicKey.from_public_bytes(keys[payload[1]]).verify(signature, payload)
    except InvalidSignature:
        raise NotACode from None
    _, _, ticket, conference, ticket_type, valid_from, valid_until = _PAYLOAD.unpack_from(payload)
    return Code(
        ticket_id=_id("tkt", ticket),
        conference_id=_id("cnf", conference),
        ticket_type_id=_id("typ", ticket_type),
        valid_from=datetime.fromtimestamp(valid_from, UTC),
        valid_until=datetime.fromtimestamp(valid_until, UTC),
        lookup=_derive(signature, "lookup", 16),
        key=_derive(signature, "key", 32),
        receipt="KETEMU:S1:" + base64.b32encode(payload + _derive(signature, "proof", 16)).decode().rstrip("="),
    )


def _base32(text: str) -> bytes:
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        raise NotACode from None
    if base64.b32encode(raw).decode().rstrip("=") != text:  # each code has one spelling
        raise NotACode
    return raw


def _derive(signature: bytes, purpose: str, size: int) -> bytes:
    return HKDF(SHA256(), size, salt=None, info=f"ketemu/offline/v1|{purpose}".encode()).derive(signature)


def _id(prefix: str, raw: bytes) -> str:
    """A ULID's 128 bits as 26 characters of Crockford base 32."""
    number = int.from_bytes(raw, "big")
    return f"{prefix}_{''.join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))}"
