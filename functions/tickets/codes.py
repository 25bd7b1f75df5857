"""Entry codes as text: base 32 of payload and Ed25519 signature, behind a prefix (docs/codes.md).

Base 32 and not base 45: at these lengths the QR symbol is the same size, and the text survives mail, URLs and white space.
"""

import base64
import binascii
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from functions.tickets.entry_code import PAYLOAD_SIZES, EntryCode, NotACode, Version

PREFIXES: dict[Version, str] = {version: f"KETEMU:E{version}:" for version in PAYLOAD_SIZES}
SIGNATURE_SIZE = 64


class EntryCodes:
    """Signs and verifies entry codes; every conference and key id has a key of its own, derived from one root secret."""

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._key = lru_cache(maxsize=256)(self._derive)

    def sign(self, entry: EntryCode) -> str:
        """The code's text: QR alphanumeric characters only. The same entry always gives the same text."""
        payload = entry.payload()
        signature = self._key(EntryCode.of_payload(payload).conference_id, entry.key_id).sign(payload)
        return PREFIXES[entry.version] + base64.b32encode(payload + signature).decode().rstrip("=")

    def verify(self, code: str) -> EntryCode:
        """What a genuine code says. Raises NotACode for any other text."""
        signed = signed_bytes(code)
        payload, signature = signed[:-SIGNATURE_SIZE], signed[-SIGNATURE_SIZE:]
        entry = EntryCode.of_payload(payload)
        try:
            self.public_key(entry.conference_id, entry.key_id).verify(signature, payload)
        except InvalidSignature:
            raise NotACode from None
        return entry

    def public_key(self, conference_id: str, key_id: int) -> Ed25519PublicKey:
        """What a scanner needs to verify the codes of a conference by itself."""
        return self._key(conference_id, key_id).public_key()

    def _derive(self, conference_id: str, key_id: int) -> Ed25519PrivateKey:
        info = f"ketemu/entry/v1|{conference_id}|{key_id}".encode()
        return Ed25519PrivateKey.from_private_bytes(HKDF(SHA256(), 32, salt=None, info=info).derive(self._root))


def signed_bytes(code: str) -> bytes:
    """Payload and signature of a code, verified or not. Raises NotACode for what is not spelt like one."""
    version = next((version for version, prefix in PREFIXES.items() if code.startswith(prefix)), None)
    if version is None:
        raise NotACode
    text = code.removeprefix(PREFIXES[version])
    try:
        signed = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):  # ValueError: not ASCII
        raise NotACode from None
    # The last character carries spare bits, which must be zero: each code has one spelling.
    one_spelling = base64.b32encode(signed).decode().rstrip("=") == text
    if not one_spelling or len(signed) != PAYLOAD_SIZES[version] + SIGNATURE_SIZE or signed[0] != version:
        raise NotACode
    return signed
