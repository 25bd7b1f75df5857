"""What a mailed token is for: proving an e-mail, a new password, another e-mail."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from functions.auth.bearer import BearerToken
from functions.auth.domain import BadCredentials, Credential, EmailUnchanged, Grant, User
from functions.auth.proofs import LinkDead, Proof, proven
from functions.auth.throttle import Client, TooManyAttempts
from functions.auth.use_cases import (
    AccessTokens,
    Accounts,
    Doors,
    Passwords,
    Sessions,
    known,
    open_session,
    prove_password,
    verification,
)
from shared.caller import Caller
from shared.clock import Clock
from shared.ids import new_id
from shared.messages import (
    EmailChanged,
    EmailChangeRequested,
    Message,
    PasswordChanged,
    PasswordForgotten,
    PasswordResetRequested,
)


class Proofs(Protocol):
    def of(self, user_id: str) -> list[Proof]: ...

    def offer(self, proof: Proof, message: Message) -> None:
        """Keep both; nothing where the proof was offered before."""

    def verify_email(self, proof: Proof) -> bool:
        """End the proof and note the e-mail as verified. False where it was used, or the account has another e-mail."""

    def set_password(self, credential: Credential, password_hash: str, used: Sequence[Proof], message: Message) -> bool:
        """End the proofs and every session. False where the first of them was used, or the account changed meanwhile."""

    def move(self, credential: Credential, proof: Proof, message: Message) -> bool:
        """The account to the proof's e-mail. False as above. Raises EmailTaken."""


class Post(Protocol):
    def send(self, message: Message) -> None: ...


def ask_verification(doors: Doors, accounts: Accounts, proofs: Proofs, clock: Clock, caller: Caller) -> None:
    """Mail another proof of the caller's e-mail; nothing where it is verified. Raises UnknownUser, TooManyAttempts."""
    user, now = known(accounts.user(caller.user_id), caller.user_id), clock()
    if user.email_verified:
        return
    _count_mail(doors, user.email, now)
    proof, token = Proof.of("verify-email", proof_id=new_id("prf"), user_id=user.user_id, email=user.email, now=now)
    proofs.offer(proof, verification(user, proof, token))


def ask_email_change(
    doors: Doors,
    accounts: Accounts,
    proofs: Proofs,
    passwords: Passwords,
    clock: Clock,
    caller: Caller,
    *,
    email: str,
    password: str,
    client: Client,
) -> None:
    """Mail a proof to the new address. The same for one that has an account: only its owner is told, and only afterwards.

    Raises UnknownUser, EmailUnchanged, BadCredentials, TooManyAttempts.
    """
    user, now = known(accounts.user(caller.user_id), caller.user_id), clock()
    if email == user.email:
        raise EmailUnchanged
    prove_password(doors, accounts, passwords, now, email=user.email, password=password, client=client)
    _count_mail(doors, email, now)
    proof, token = Proof.of("change-email", proof_id=new_id("prf"), user_id=user.user_id, email=email, now=now)
    message = EmailChangeRequested(user_id=user.user_id, email=email, name=user.name, token=str(token), expires_at=proof.expires_at)
    proofs.offer(proof, message)


def confirm_email(accounts: Accounts, proofs: Proofs, clock: Clock, *, token: str) -> User:
    """The account whose e-mail is verified, or changed, now. Raises LinkDead, EmailTaken."""
    mailed = BearerToken.parse(token)
    proof = proven(proofs.of(mailed.user_id), mailed, clock(), "verify-email", "change-email")
    if not (proofs.verify_email(proof) if proof.purpose == "verify-email" else _move(accounts, proofs, proof)):
        raise LinkDead
    user = accounts.user(proof.user_id)
    if user is None:
        raise LinkDead
    return user


def _move(accounts: Accounts, proofs: Proofs, proof: Proof) -> bool:
    user = accounts.user(proof.user_id)
    credential = accounts.credential(user.email) if user else None
    if user is None or credential is None:
        return False
    message = EmailChanged(user_id=user.user_id, email=proof.email, old_email=user.email, name=user.name)
    return proofs.move(credential, proof, message)


def forget_password(doors: Doors, post: Post, clock: Clock, *, email: str) -> None:
    """Note that somebody asks for a new password. Whether there is an account is looked at later, elsewhere (`offer_reset`):
    the same work and the same answer for everybody. Raises TooManyAttempts, for addresses without an account too.
    """
    _count_mail(doors, email, clock())
    post.send(PasswordForgotten(email=email))


def offer_reset(accounts: Accounts, proofs: Proofs, clock: Clock, message: PasswordForgotten) -> None:
    """Mail a proof to the account of the address, where there is one; once a message."""
    credential = accounts.credential(message.email)
    user = accounts.user(credential.user_id) if credential else None
    if user is None:
        return
    proof, token = Proof.of("reset-password", proof_id=message.id, user_id=user.user_id, email=message.email, now=clock())
    offer = PasswordResetRequested(
        user_id=user.user_id, email=user.email, name=user.name, token=str(token), expires_at=proof.expires_at
    )
    proofs.offer(proof, offer)


def reset_password(accounts: Accounts, proofs: Proofs, passwords: Passwords, clock: Clock, *, token: str, password: str) -> None:
    """Set a new password, end every session and every other reset; the e-mail is verified by it. Raises LinkDead."""
    mailed = BearerToken.parse(token)
    offered = proofs.of(mailed.user_id)
    proof = proven(offered, mailed, clock(), "reset-password")
    credential, user = accounts.credential(proof.email), accounts.user(proof.user_id)
    if credential is None or user is None or credential.user_id != proof.user_id:
        raise LinkDead
    others = [each for each in offered if each.purpose == "reset-password" and each != proof]
    message = PasswordChanged(user_id=user.user_id, email=user.email, name=user.name)
    if not proofs.set_password(credential, passwords.hash(password), [proof, *others], message):
        raise LinkDead


def change_password(
    doors: Doors,
    accounts: Accounts,
    sessions: Sessions,
    proofs: Proofs,
    passwords: Passwords,
    tokens: AccessTokens,
    clock: Clock,
    caller: Caller,
    *,
    password: str,
    new_password: str,
    client: Client,
) -> Grant:
    """Every session ends, and a new one is opened for the caller. Raises UnknownUser, BadCredentials, TooManyAttempts."""
    user, now = known(accounts.user(caller.user_id), caller.user_id), clock()
    credential = prove_password(doors, accounts, passwords, now, email=user.email, password=password, client=client)
    message = PasswordChanged(user_id=user.user_id, email=user.email, name=user.name)
    if not proofs.set_password(credential, passwords.hash(new_password), [], message):
        raise BadCredentials
    return open_session(sessions, tokens, now, known(accounts.user(user.user_id), user.user_id), client)


def _count_mail(doors: Doors, email: str, now: datetime) -> None:
    if not doors.mail(email, now):
        raise TooManyAttempts(timedelta(seconds=1))
