"""What a person does with an account, and what a message does to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from functions.auth.domain import (
    BadCredentials,
    Credential,
    EmailTaken,
    Grant,
    Membership,
    RefreshToken,
    Session,
    SessionRevoked,
    UnknownUser,
    User,
)
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import KeyReused
from shared.ids import new_id
from shared.messages import MembershipChanged, UserRegistered
from shared.telemetry import logger


class Accounts(Protocol):
    def register(self, user: User, credential: Credential, message: UserRegistered) -> Credential | None:
        """Keep all three, or none where the e-mail has an account: then that account's credential. Raises Busy."""

    def credential(self, email: str) -> Credential | None: ...

    def replace_hash(self, credential: Credential, password_hash: str) -> None:
        """Does nothing where the credential has changed since it was read."""

    def user(self, user_id: str) -> User | None: ...

    def rename(self, user_id: str, name: str) -> User | None: ...

    def record(self, user_id: str, membership: Membership) -> bool:
        """False, and nothing changed, where a revision as new is on record, or there is no such user."""


class Sessions(Protocol):
    def start(self, session: Session) -> None: ...

    def find(self, session_id: str) -> Session | None: ...

    def rotate(self, old: Session, new: Session) -> bool:
        """False, and nothing changed, where the session is no longer `old`."""

    def revoke(self, session_id: str, user_id: str) -> None:
        """Does nothing where the user has no such session."""


class Passwords(Protocol):
    def hash(self, password: str) -> str: ...

    def match(self, password_hash: str | None, password: str) -> bool:
        """False for None (there is no such account), after just as much work."""

    def outdated(self, password_hash: str) -> bool: ...


class AccessTokens(Protocol):
    def issue(self, user: User, now: datetime) -> str: ...


@dataclass(frozen=True, slots=True)
class Registration:
    user_id: str
    email: str
    name: str


def register(
    accounts: Accounts, passwords: Passwords, clock: Clock, *, registration_id: str, email: str, password: str, name: str
) -> Registration:
    """Open an account. A repeat of the same registration gets the same answer. Raises EmailTaken, KeyReused, Busy."""
    user = User(new_id("usr"), email, name, roles={}, created_at=clock())
    credential = Credential(email, user.user_id, passwords.hash(password), registration_id, name)
    message = UserRegistered(user_id=user.user_id, email=email, name=name)
    holder = accounts.register(user, credential, message)
    if holder is None:
        return Registration(user.user_id, email, name)
    # The key alone proves nothing (others may guess it): without the password one learns only that the e-mail is taken.
    if holder.registration_id != registration_id or not passwords.match(holder.password_hash, password):
        raise EmailTaken
    if holder.registered_name != name:
        raise KeyReused
    return Registration(holder.user_id, email, name)


def log_in(
    accounts: Accounts, sessions: Sessions, passwords: Passwords, tokens: AccessTokens, clock: Clock, *, email: str, password: str
) -> Grant:
    """Open a session. Raises BadCredentials, alike and after the same work for a wrong password and an unknown e-mail."""
    credential = accounts.credential(email)
    if not passwords.match(credential.password_hash if credential else None, password) or credential is None:
        raise BadCredentials
    if passwords.outdated(credential.password_hash):
        accounts.replace_hash(credential, passwords.hash(password))
    user = accounts.user(credential.user_id)
    if user is None:
        raise BadCredentials
    now = clock()
    access_token = tokens.issue(user, now)
    session, refresh_token = Session.open(user.user_id, now)
    sessions.start(session)
    return Grant(access_token, str(refresh_token))


def refresh(accounts: Accounts, sessions: Sessions, tokens: AccessTokens, clock: Clock, *, refresh_token: str) -> Grant:
    """Exchange a refresh token, which is good for one use, for new tokens with the roles of now.

    Raises BadCredentials for a token that is unknown or too old, and SessionRevoked for one that was used before: a thief or
    the owner holds its successor, so the whole session ends.
    """
    token, now = RefreshToken.parse(refresh_token), clock()
    session = sessions.find(token.session_id)
    if session is None or session.expires_at <= now:
        raise BadCredentials("The refresh token is unknown or has expired. Log in again (POST /auth/login).")
    user = accounts.user(session.user_id) if session.accepts(token) else None
    if user is not None:
        access_token = tokens.issue(user, now)
        renewed, successor = session.renew(now)
        if sessions.rotate(session, renewed):
            return Grant(access_token, str(successor))
    logger.warning("session revoked at refresh", user_id=session.user_id)
    sessions.revoke(session.session_id, session.user_id)
    raise SessionRevoked


def log_out(sessions: Sessions, caller: Caller, *, refresh_token: str) -> None:
    """End the session of any of the caller's refresh tokens; repeatable. Says nothing of tokens that are not the caller's."""
    sessions.revoke(RefreshToken.parse(refresh_token).session_id, caller.user_id)


def see_profile(accounts: Accounts, caller: Caller) -> User:
    """Raises UnknownUser."""
    return _known(accounts.user(caller.user_id), caller.user_id)


def rename(accounts: Accounts, caller: Caller, *, name: str) -> User:
    """Raises UnknownUser. Access tokens carry the old name until they are refreshed."""
    return _known(accounts.rename(caller.user_id, name), caller.user_id)


def follow_membership(accounts: Accounts, message: MembershipChanged) -> None:
    """Note a role gained or lost; the newest revision wins whatever the order.

    Raises UnknownUser for a role given to nobody, so that it is tried again and then noticed. One taken from nobody is done.
    """
    membership = Membership(message.conference_id, message.role, message.revision)
    if not accounts.record(message.user_id, membership) and message.role is not None:
        _known(accounts.user(message.user_id), message.user_id)


def _known(user: User | None, user_id: str) -> User:
    if user is None:
        raise UnknownUser(user_id)
    return user
