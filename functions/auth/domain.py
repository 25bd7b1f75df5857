"""Who somebody is: the account, what proves it, and the sessions that a log-in opens."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from functions.auth.bearer import BearerToken
from shared.caller import Role
from shared.errors import Conflict, NotFound, Unauthenticated
from shared.ids import new_id

ACCESS_LIFE = timedelta(minutes=15)
SESSION_LIFE = timedelta(days=30)  # from its last refresh

# A valid e-mail address as browsers see it (https://html.spec.whatwg.org/#valid-e-mail-address), with a dot in the domain
# and RFC 5321's limit of 64 characters before the @.
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_EMAIL = re.compile(rf"[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+")


class EmailTaken(Conflict):
    slug, title = "email-taken", "This e-mail has an account"

    def __init__(self) -> None:
        super().__init__("An account with this e-mail exists. Log in (POST /auth/login) or register with another e-mail.")


class EmailUnchanged(Conflict):
    slug, title = "email-unchanged", "This is your e-mail already"

    def __init__(self) -> None:
        super().__init__("Your account has this e-mail. Send another one; POST /auth/email/verification verifies the one you have.")


class BadCredentials(Unauthenticated):
    """One answer for an unknown account and for a wrong password: which of them it was is nobody's business."""

    slug, title = "bad-credentials", "Not accepted"

    def __init__(self, detail: str = "The e-mail or the password is wrong. Correct it, or register (POST /auth/register).") -> None:
        super().__init__(detail)


class SessionRevoked(Unauthenticated):
    slug, title = "session-revoked", "This session has ended"

    def __init__(self) -> None:
        super().__init__("The session was ended, or its refresh token was used twice. Log in again (POST /auth/login).")


class UnknownUser(NotFound):
    def __init__(self, user_id: str) -> None:
        super().__init__(f"There is no account {user_id}. It may have been erased: register again (POST /auth/register).")


def normal_email(text: str) -> str:
    """The one spelling an account is found by: trimmed and in lower case. Raises ValueError where it is no address."""
    address = text.strip()
    # Matched before it is lowered: some letters beyond ASCII, such as the Kelvin sign, become ASCII when lowered.
    if not _EMAIL.fullmatch(address):
        raise ValueError("write an e-mail address such as ada@example.org, in ASCII (a domain in its xn-- form)")
    return address.lower()


@dataclass(frozen=True, slots=True)
class User:
    user_id: str
    email: str
    name: str
    roles: Mapping[str, Role]  # by conference id
    created_at: datetime
    email_verified: bool = False
    generation: int = 0  # of the sessions that are good: raising it ends them all


@dataclass(frozen=True, slots=True)
class Credential:
    """What proves that somebody owns an e-mail's account, and how it was registered (to know a repeated request)."""

    email: str
    user_id: str
    password_hash: str = field(repr=False)
    registration_id: str  # of the command that registered it
    registered_name: str


@dataclass(frozen=True, slots=True)
class Membership:
    """A role in a conference as of `revision`; None: no longer any."""

    conference_id: str
    role: Role | None
    revision: int


@dataclass(frozen=True, slots=True)
class Grant:
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int = int(ACCESS_LIFE.total_seconds())  # seconds that the access token is good for
    token_type: str = "Bearer"  # noqa: S105  # the scheme's name (RFC 6750)


@dataclass(frozen=True, slots=True)
class Session:
    """What one log-in keeps alive: a family of refresh tokens, of which only the latest is good."""

    session_id: str
    user_id: str
    token_digest: str = field(repr=False)
    device: str  # as the client names itself (User-Agent)
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    generation: int  # of its user when it was opened
    revoked: bool = False

    @classmethod
    def open(cls, user: User, device: str, now: datetime) -> tuple["Session", BearerToken]:
        token = BearerToken.of(user.user_id, new_id("ssn"))
        session = cls(token.opens, user.user_id, token.digest, device, now, now, now + SESSION_LIFE, user.generation)
        return session, token

    def renew(self, now: datetime) -> tuple["Session", BearerToken]:
        token = BearerToken.of(self.user_id, self.session_id)
        return replace(self, token_digest=token.digest, used_at=now, expires_at=now + SESSION_LIFE), token

    def accepts(self, token: BearerToken) -> bool:
        return not self.revoked and token.has(self.token_digest)

    def is_alive(self, user: User, now: datetime) -> bool:
        return not self.revoked and self.generation == user.generation and now < self.expires_at
