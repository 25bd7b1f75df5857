"""The secret in an offer's e-mail: derived from the root secret, so that none is stored."""

import base64
import hmac

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class OfferTokens:
    """Whoever has an offer's token may answer it. The same offer always has the same."""

    def __init__(self, root: bytes) -> None:
        self._root = root

    def of(self, offer_id: str) -> str:
        """43 characters, good in a URL."""
        raw = HKDF(SHA256(), 32, salt=None, info=f"ketemu/transfer/v1|{offer_id}".encode()).derive(self._root)
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def is_of(self, offer_id: str, token: str) -> bool:
        return hmac.compare_digest(self.of(offer_id).encode(), token.encode())
