"""The credential at rest: sealed under a passphrase that whoever keeps the lane types in, so that a copied store is none.

scrypt (RFC 7914) with 128 MB makes each guess cost half a second; ChaCha20-Poly1305 (RFC 8439) tells a wrong passphrase.
"""

import base64
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

SHORTEST = 8  # letters of a passphrase
COST = 2**17  # scrypt's N
_ABOUT = b"ketemu/scanner/v1|credential"


class WrongPassphrase(Exception):
    """It does not open this store's credential."""


def seal(credential: str, passphrase: str, *, cost: int = COST) -> dict[str, Any]:
    """As JSON has it, with all but the passphrase that opening it takes."""
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    sealed = ChaCha20Poly1305(_key(passphrase, salt, cost)).encrypt(nonce, credential.encode(), _ABOUT)
    return {"cost": cost, "salt": _text(salt), "sealed": _text(nonce + sealed)}


def unseal(kept: dict[str, Any], passphrase: str) -> str:
    """Raises WrongPassphrase."""
    salt, sealed = base64.b64decode(kept["salt"]), base64.b64decode(kept["sealed"])
    try:
        return ChaCha20Poly1305(_key(passphrase, salt, kept["cost"])).decrypt(sealed[:12], sealed[12:], _ABOUT).decode()
    except InvalidTag:
        raise WrongPassphrase from None


def _key(passphrase: str, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(passphrase.encode())


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
