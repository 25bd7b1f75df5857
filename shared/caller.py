"""Who is asking: what the authorizer read from a verified access token."""

from dataclasses import dataclass, field
from typing import Literal

from shared.errors import Forbidden

Role = Literal["organizer", "staff", "exhibitor", "speaker"]


@dataclass(frozen=True, slots=True)
class Caller:
    user_id: str
    email: str
    name: str
    roles: dict[str, Role] = field(default_factory=dict)  # by conference id; at most 15 minutes old (the token's life)
    email_verified: bool = False  # somebody who reads that mailbox said that the account is theirs
    session_id: str = ""

    def is_any(self, conference_id: str, *roles: Role) -> bool:
        return self.roles.get(conference_id) in roles

    def require(self, conference_id: str, *roles: Role) -> None:
        """Raises Forbidden unless the caller has one of `roles` in the conference."""
        if not self.is_any(conference_id, *roles):
            raise Forbidden(
                f"This needs the role {' or '.join(roles)} in conference {conference_id}. "
                "If you were given it a moment ago, refresh your access token (POST /auth/refresh)."
            )
