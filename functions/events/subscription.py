"""A person's own calendar of a conference: an address that only they know, for a calendar client that cannot log in."""

import hmac
import secrets
from dataclasses import dataclass
from typing import Self

from functions.events.membership import hash_of, secret_of
from shared.errors import NotFound

SUFFIX = ".ics"  # by which calendar clients know what they are given
_SALT_BYTES = 32  # 256 bits: as hard to guess as the secret made of it has to be


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """`salt` and the key of the command that made it give the secret again; only the secret's hash is kept."""

    conference_id: str
    user_id: str
    salt: str
    secret_hash: str

    @classmethod
    def fresh(cls, conference_id: str, user_id: str, key: str) -> Self:
        salt = secrets.token_urlsafe(_SALT_BYTES)
        return cls(conference_id=conference_id, user_id=user_id, salt=salt, secret_hash=hash_of(secret_of(salt, key)))

    def secret(self, key: str) -> str:
        return secret_of(self.salt, key)

    def was_made_with(self, key: str) -> bool:
        return hmac.compare_digest(hash_of(self.secret(key)), self.secret_hash)


def no_calendar() -> NotFound:
    """The same for an address that never was and for one that was withdrawn."""
    return NotFound("There is no such calendar. Ask for its address again (POST /events/conferences/…/calendar).")
