"""The keys that sign the heads of journals: one for each conference, derived from the same root secret as those of codes."""

import base64
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from functions.tickets.journal import Head


class JournalKeys:
    """Implements `dynamo_journal.Signer`."""

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._key = lru_cache(maxsize=64)(self._derive)

    def sign(self, head: Head) -> str:
        return base64.b64encode(self._key(head.conference_id).sign(head.statement)).decode()

    def public_key(self, conference_id: str) -> str:
        return base64.b64encode(self._key(conference_id).public_key().public_bytes_raw()).decode()

    def _derive(self, conference_id: str) -> Ed25519PrivateKey:
        info = f"ketemu/journal/v1|{conference_id}".encode()
        return Ed25519PrivateKey.from_private_bytes(HKDF(SHA256(), 32, salt=None, info=info).derive(self._root))


def is_signed(public_key: str, head: Head, signature: str) -> bool:
    """Whether the platform said so, by the public key that it published."""
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key)).verify(base64.b64decode(signature), head.statement)
    except (InvalidSignature, ValueError):
        return False
    return True
