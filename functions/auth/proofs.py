"""One-time tokens that are mailed: whoever sends one back has read the mailbox it went to. Only their hashes are kept."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from shared.errors import Problem

Purpose = Literal["verify-email", "reset-password", "change-email"]

# Long enough to find the mail, short enough that a mailbox which is read by others later opens nothing.
LIVES: dict[Purpose, timedelta] = {
    "verify-email": timedelta(hours=24),
    "reset-password": timedelta(minutes=30),
    "change-email": timedelta(hours=1),
}


class LinkDead(Problem):
    """One answer for a token that is unknown, used, superseded or too old: which of them it was is nobody's business."""

    status, slug, title = 410, "link-dead", "This link no longer works"

    def __init__(self) -> None:
        super().__init__("It was used before, or it is too old or incomplete. Ask for a new e-mail, and use the newest one.")


@dataclass(frozen=True, slots=True)
class MailedToken:
    """What the mail carries: who it is for, which proof it is, and 256 random bits."""

    user_id: str
    proof_id: str
    secret: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "MailedToken":
        """What is no token of ours parses too, and then matches no proof."""
        user_id, _, rest = text.partition(".")
        proof_id, _, secret = rest.partition(".")
        return cls(user_id, proof_id, secret)

    def __str__(self) -> str:
        return f"{self.user_id}.{self.proof_id}.{self.secret}"

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.secret.encode()).hexdigest()  # fast is right: nobody can guess 256 bits


@dataclass(frozen=True, slots=True)
class Proof:
    """What a mailed token proves, once: that its bearer reads the mail of `email`."""

    proof_id: str
    user_id: str
    purpose: Purpose
    email: str
    digest: str = field(repr=False)
    expires_at: datetime

    @classmethod
    def of(cls, purpose: Purpose, *, proof_id: str, user_id: str, email: str, now: datetime) -> tuple["Proof", MailedToken]:
        token = MailedToken(user_id, proof_id, secrets.token_urlsafe(32))
        return cls(proof_id, user_id, purpose, email, token.digest, now + LIVES[purpose]), token


def proven(proofs: Sequence[Proof], token: MailedToken, now: datetime, *purposes: Purpose) -> Proof:
    """The proof among a person's `proofs` that the token is of. Raises LinkDead."""
    for proof in proofs:
        offered = proof.proof_id == token.proof_id and proof.purpose in purposes and proof.expires_at > now
        if offered and hmac.compare_digest(proof.digest, token.digest):
            return proof
    raise LinkDead
