"""Sealed records: what a scanner stores about a person, which opens only with that person's own code (docs/offline.md).

Everything is derived from the code's signature, 64 bytes that nobody can make who does not have the conference's private key.
"""

import json
import secrets
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from functions.tickets.entry_code import SIGNATURE_SIZE

_NONCE_SIZE = 12
_BLOCK = 64  # plaintexts are filled up to a multiple of it, so that their length says little of a name


@dataclass(frozen=True, slots=True)
class CodeSecrets:
    """What only a code gives: where its record lies, what opens it, and what proves that it was seen."""

    lookup: bytes  # 16
    key: bytes  # 32
    proof: bytes  # 16


@dataclass(frozen=True, slots=True)
class Person:
    """What the door shows of a ticket."""

    name: str
    ticket_type: str


def secrets_of(signed: bytes) -> CodeSecrets:
    """Of a code's payload and signature."""
    signature = signed[-SIGNATURE_SIZE:]
    return CodeSecrets(_derive(signature, "lookup", 16), _derive(signature, "key", 32), _derive(signature, "proof", 16))


def _derive(signature: bytes, purpose: str, size: int) -> bytes:
    return HKDF(SHA256(), size, salt=None, info=f"ketemu/offline/v1|{purpose}".encode()).derive(signature)


def seal(code: CodeSecrets, person: Person, nonce: bytes | None = None) -> bytes:
    """Nonce, ciphertext and tag. A new random nonce each time: a person's record may be sealed again after a change of name."""
    nonce = nonce or secrets.token_bytes(_NONCE_SIZE)
    said = json.dumps({"name": person.name, "ticket_type": person.ticket_type}, ensure_ascii=False, separators=(",", ":")).encode()
    filled = said.ljust(-(-len(said) // _BLOCK) * _BLOCK)  # JSON may end in spaces
    return nonce + ChaCha20Poly1305(code.key).encrypt(nonce, filled, code.lookup)


def unseal(code: CodeSecrets, sealed: bytes) -> Person:
    """Raises cryptography.exceptions.InvalidTag for another code's record."""
    said = json.loads(ChaCha20Poly1305(code.key).decrypt(sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:], code.lookup))
    return Person(said["name"], said["ticket_type"])
