"""Entry codes as text: base 32 of payload and Ed25519 signature, behind a prefix (docs/codes.md).

Base 32 and not base 45: at these lengths the QR symbol is the same size, and the text survives mail, URLs and white space.
"""

import base64
import binascii
import hmac
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from functions.tickets.entry_code import PAYLOAD_SIZES, SIGNATURE_SIZE, EntryCode, NotACode, Version
from functions.tickets.sealing import secrets_of

PREFIXES: dict[Version, str] = {version: f"KETEMU:E{version}:" for version in PAYLOAD_SIZES}
RECEIPT_PREFIX = "KETEMU:S1:"
PROOF_SIZE = 16


class EntryCodes:
    """Signs and verifies entry codes; every conference and key id has a key of its own, derived from one root secret."""

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._key = lru_cache(maxsize=256)(self._derive)
        self._public_key = lru_cache(maxsize=256)(lambda *of: self._key(*of).public_key())

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

    def verify_scanned(self, text: str) -> EntryCode:
        """As `verify`, also of a receipt: what a scanner keeps of a code that it saw, which opens neither door nor record.

        Signing is deterministic, so the code can be made again from its payload and its proof compared. Raises NotACode.
        """
        if not text.startswith(RECEIPT_PREFIX):
            return self.verify(text)
        raw = _base32(text.removeprefix(RECEIPT_PREFIX))
        entry = EntryCode.of_payload(raw[:-PROOF_SIZE])
        if not hmac.compare_digest(secrets_of(signed_bytes(self.sign(entry))).proof, raw[-PROOF_SIZE:]):
            raise NotACode
        return entry

    def public_key(self, conference_id: str, key_id: int) -> Ed25519PublicKey:
        """What a scanner needs to verify the codes of a conference by itself."""
        return self._public_key(conference_id, key_id)

    def _derive(self, conference_id: str, key_id: int) -> Ed25519PrivateKey:
        info = f"ketemu/entry/v1|{conference_id}|{key_id}".encode()
        return Ed25519PrivateKey.from_private_bytes(HKDF(SHA256(), 32, salt=None, info=info).derive(self._root))


def signed_bytes(code: str) -> bytes:
    """Payload and signature of a code, verified or not. Raises NotACode for what is not spelt like one."""
    version = next((version for version, prefix in PREFIXES.items() if code.startswith(prefix)), None)
    if version is None:
        raise NotACode
    signed = _base32(code.removeprefix(PREFIXES[version]))
    if len(signed) != PAYLOAD_SIZES[version] + SIGNATURE_SIZE or signed[0] != version:
        raise NotACode
    return signed


def receipt_of(code: str) -> str:
    """What a scanner keeps of a code that it saw: the payload, and a proof in the place of the signature."""
    signed = signed_bytes(code)
    raw = signed[:-SIGNATURE_SIZE] + secrets_of(signed).proof
    return RECEIPT_PREFIX + base64.b32encode(raw).decode().rstrip("=")


def _base32(text: str) -> bytes:
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):  # ValueError: not ASCII
        raise NotACode from None
    # The last character carries spare bits, which must be zero: each code has one spelling.
    if base64.b32encode(raw).decode().rstrip("=") != text:
        raise NotACode
    return raw
