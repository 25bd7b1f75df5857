"""What a person does with an account, and what a message does to it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from functions.auth.bearer import BearerToken
from functions.auth.domain import (
    BadCredentials,
    Credential,
    EmailTaken,
    Grant,
    Membership,
    Session,
    SessionRevoked,
    UnknownUser,
    User,
)
from functions.auth.proofs import Proof
from functions.auth.throttle import Client, TooManyAttempts, Visit
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import KeyReused
from shared.ids import new_id
from shared.messages import EmailVerificationRequested, UserRegistered
from shared.telemetry import logger

if TYPE_CHECKING:
    from shared.messages import MembershipChanged


class Accounts(Protocol):
    def register(
        self, user: User, credential: Credential, proof: Proof, messages: tuple[UserRegistered, EmailVerificationRequested]
    ) -> Credential | None:
        """Keep all of it, or none where the e-mail has an account: then that account's credential. Raises Busy."""

    def credential(self, email: str) -> Credential | None: ...

    def replace_hash(self, credential: Credential, password_hash: str) -> None:
        """Does nothing where the credential has changed since it was read."""

    def user(self, user_id: str) -> User | None: ...

    def rename(self, user_id: str, name: str) -> User | None: ...

    def record(self, user_id: str, membership: Membership) -> bool:
        """A role lost ends the user's sessions. False, and nothing changed, for a revision that is not newer or no such user."""


class Sessions(Protocol):
    def start(self, session: Session) -> None: ...

    def find(self, user_id: str, session_id: str) -> Session | None: ...

    def page(self, user_id: str, limit: int, cursor: str | None) -> tuple[list[Session], str | None]:
        """Newest first, those that ended too. Raises Malformed for a cursor that is not of this list."""

    def rotate(self, old: Session, new: Session) -> bool:
        """False, and nothing changed, where the session is no longer `old`."""

    def revoke(self, user_id: str, session_id: str) -> bool:
        """Whether the user has such a session."""

    def end_all(self, user_id: str, generation: int, keep: str | None) -> bool:
        """All but `keep`. False, and nothing changed, where the user's generation is another, or `keep` is not alive."""


class Doors(Protocol):
    """Counts tries, so that guessing is slow (`throttle.py` has the paces)."""

    def visit(self, email: str, address: str, now: datetime) -> Visit: ...

    def note(self, before: Visit, after: Visit) -> bool:
        """False, and nothing counted, where somebody else tried since `before` was read."""

    def failed(self, address: str, now: datetime) -> None: ...

    def opened(self, visit: Visit, now: datetime) -> None:
        """The account trusts the address from now on."""

    def mail(self, email: str, now: datetime) -> bool:
        """Count a mail to the address. False where another one was counted at the same time. Raises TooManyAttempts."""


class Passwords(Protocol):
    def hash(self, password: str) -> str: ...

    def match(self, password_hash: str | None, password: str) -> bool:
        """False for None (there is no such account), after just as much work."""

    def outdated(self, password_hash: str) -> bool: ...


class AccessTokens(Protocol):
    def issue(self, user: User, session_id: str, now: datetime) -> str: ...


@dataclass(frozen=True, slots=True)
class Registration:
    user_id: str
    email: str
    name: str


def register(
    accounts: Accounts, passwords: Passwords, clock: Clock, *, registration_id: str, email: str, password: str, name: str
) -> Registration:
    """Open an account. A repeat of the same registration gets the same answer. Raises EmailTaken, KeyReused, Busy."""
    now = clock()
    user = User(new_id("usr"), email, name, roles={}, created_at=now)
    credential = Credential(email, user.user_id, passwords.hash(password), registration_id, name)
    proof, token = Proof.of("verify-email", proof_id=new_id("prf"), user_id=user.user_id, email=email, now=now)
    registered = UserRegistered(user_id=user.user_id, email=email, name=name)
    holder = accounts.register(user, credential, proof, (registered, verification(user, proof, token)))
    if holder is None:
        return Registration(user.user_id, email, name)
    # The key alone proves nothing (others may guess it): without the password one learns only that the e-mail is taken.
    if holder.registration_id != registration_id or not passwords.match(holder.password_hash, password):
        raise EmailTaken
    if holder.registered_name != name:
        raise KeyReused
    return Registration(holder.user_id, email, name)


def log_in(
    doors: Doors,
    accounts: Accounts,
    sessions: Sessions,
    passwords: Passwords,
    tokens: AccessTokens,
    clock: Clock,
    *,
    email: str,
    password: str,
    client: Client,
) -> Grant:
    """Open a session. Raises BadCredentials, alike and after the same work for a wrong password and an unknown e-mail."""
    now = clock()
    credential = prove_password(doors, accounts, passwords, now, email=email, password=password, client=client)
    user = accounts.user(credential.user_id)
    if user is None:
        raise BadCredentials
    return open_session(sessions, tokens, now, user, client)


def prove_password(
    doors: Doors, accounts: Accounts, passwords: Passwords, now: datetime, *, email: str, password: str, client: Client
) -> Credential:
    """The credential that the password is of. Raises BadCredentials, and TooManyAttempts before any work is done.

    The try is counted before the password is looked at: of a thousand guesses at once, one is looked at.
    """
    before = doors.visit(email, client.address, now)
    visit = before.knock(now)
    if not doors.note(before, visit):
        raise TooManyAttempts(timedelta(seconds=1))
    credential = accounts.credential(email)
    if not passwords.match(credential.password_hash if credential else None, password) or credential is None:
        doors.failed(client.address, now)
        raise BadCredentials
    doors.opened(visit, now)
    if passwords.outdated(credential.password_hash):
        accounts.replace_hash(credential, passwords.hash(password))
    return credential


def open_session(sessions: Sessions, tokens: AccessTokens, now: datetime, user: User, client: Client) -> Grant:
    session, refresh_token = Session.open(user, client.device, now)
    access_token = tokens.issue(user, session.session_id, now)
    sessions.start(session)
    return Grant(access_token, str(refresh_token))


def refresh(accounts: Accounts, sessions: Sessions, tokens: AccessTokens, clock: Clock, *, refresh_token: str) -> Grant:
    """Exchange a refresh token, which is good for one use, for new tokens with the roles of now.

    Raises BadCredentials for a token that is unknown or too old, and SessionRevoked for one whose session was ended or that was
    used before: then a thief or the owner holds its successor, so the whole session ends.
    """
    token, now = BearerToken.parse(refresh_token), clock()
    session = sessions.find(token.user_id, token.opens)
    if session is None or session.expires_at <= now:
        raise BadCredentials("The refresh token is unknown or has expired. Log in again (POST /auth/login).")
    user = accounts.user(session.user_id) if session.accepts(token) else None
    if user is not None and session.is_alive(user, now):
        access_token = tokens.issue(user, session.session_id, now)
        renewed, successor = session.renew(now)
        if sessions.rotate(session, renewed):
            return Grant(access_token, str(successor))
    logger.warning("session revoked at refresh", user_id=session.user_id)
    sessions.revoke(session.user_id, session.session_id)
    raise SessionRevoked


def log_out(sessions: Sessions, caller: Caller, *, refresh_token: str) -> None:
    """End the session of any of the caller's refresh tokens; repeatable. Says nothing of tokens that are not the caller's."""
    sessions.revoke(caller.user_id, BearerToken.parse(refresh_token).opens)


def see_profile(accounts: Accounts, caller: Caller) -> User:
    """Raises UnknownUser."""
    return known(accounts.user(caller.user_id), caller.user_id)


def rename(accounts: Accounts, caller: Caller, *, name: str) -> User:
    """Raises UnknownUser. Access tokens carry the old name until they are refreshed."""
    return known(accounts.rename(caller.user_id, name), caller.user_id)


def follow_membership(accounts: Accounts, message: "MembershipChanged") -> None:
    """Note a role gained or lost; the newest revision wins whatever the order.

    Raises UnknownUser for a role given to nobody, so that it is tried again and then noticed. One taken from nobody is done.
    """
    membership = Membership(message.conference_id, message.role, message.revision)
    if not accounts.record(message.user_id, membership) and message.role is not None:
        known(accounts.user(message.user_id), message.user_id)


def verification(user: User, proof: Proof, token: BearerToken) -> EmailVerificationRequested:
    return EmailVerificationRequested(
        user_id=user.user_id, email=proof.email, name=user.name, token=str(token), expires_at=proof.expires_at
    )


def known(user: User | None, user_id: str) -> User:
    if user is None:
        raise UnknownUser(user_id)
    return user
