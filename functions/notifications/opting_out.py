"""One click in an e-mail that ends e-mails of its kind (RFC 8058): a link that is signed for one person, and needs no log-in."""

import base64
import hmac
from dataclasses import dataclass

from shared.errors import NotFound

PATH = "/notifications/unsubscribe/"


@dataclass(frozen=True, slots=True)
class OptOut:
    """What a link mutes. It is signed with a secret of the person's own, so that nobody makes one for somebody else."""

    user_id: str
    kinds: tuple[str, ...]

    def token(self, secret: str) -> str:
        return f"{self._said}.{self._seal(secret)}"

    def is_signed(self, token: str, secret: str) -> bool:
        return bool(secret) and hmac.compare_digest(token.encode(), self.token(secret).encode())

    @classmethod
    def of(cls, token: str) -> "OptOut":
        """What a token says, whoever made it. Raises NotFound for what is none."""
        user_id, _, rest = token.partition(".")
        kinds, _, seal = rest.partition(".")
        if not (user_id and kinds and seal):
            raise link_dead()
        return cls(user_id, tuple(kinds.split("~")))

    @property
    def _said(self) -> str:
        return f"{self.user_id}.{'~'.join(self.kinds)}"

    def _seal(self, secret: str) -> str:
        digest = hmac.digest(secret.encode(), self._said.encode(), "sha256")
        return base64.urlsafe_b64encode(digest[:18]).decode()


def link_dead() -> NotFound:
    return NotFound(
        "The link is not whole, or its account is gone. Log in, and choose what is mailed to you: PUT /notifications/preferences."
    )
