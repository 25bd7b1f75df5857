"""Secrets that whoever bears them may use: refresh tokens, and those that are mailed. Only their hashes are kept."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class BearerToken:
    """Opaque to its holder: names whose it is and what of theirs it opens, and carries 256 random bits."""

    user_id: str
    opens: str  # the id of a session or a proof
    secret: str = field(repr=False)

    @classmethod
    def of(cls, user_id: str, opens: str) -> "BearerToken":
        return cls(user_id, opens, secrets.token_urlsafe(32))

    @classmethod
    def parse(cls, text: str) -> "BearerToken":
        """What is no token of ours parses too, and then opens nothing."""
        user_id, _, rest = text.partition(".")
        opens, _, secret = rest.partition(".")
        return cls(user_id, opens, secret)

    def __str__(self) -> str:
        return f"{self.user_id}.{self.opens}.{self.secret}"

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.secret.encode()).hexdigest()  # fast is right: nobody can guess 256 bits

    def has(self, digest: str) -> bool:
        return hmac.compare_digest(digest, self.digest)
