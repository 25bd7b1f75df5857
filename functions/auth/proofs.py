"""One-time tokens that are mailed: whoever sends one back has read the mailbox it went to. Only their hashes are kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from functions.auth.bearer import BearerToken
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
class Proof:
    """What a mailed token proves, once: that its bearer reads the mail of `email`."""

    proof_id: str
    user_id: str
    purpose: Purpose
    email: str
    digest: str = field(repr=False)
    expires_at: datetime

    @classmethod
    def of(cls, purpose: Purpose, *, proof_id: str, user_id: str, email: str, now: datetime) -> tuple["Proof", BearerToken]:
        token = BearerToken.of(user_id, proof_id)
        return cls(proof_id, user_id, purpose, email, token.digest, now + LIVES[purpose]), token


def proven(proofs: Sequence[Proof], token: BearerToken, now: datetime, *purposes: Purpose) -> Proof:
    """The proof among a person's `proofs` that the token is of. Raises LinkDead."""
    for proof in proofs:
        offered = proof.proof_id == token.opens and proof.purpose in purposes and proof.expires_at > now
        if offered and token.has(proof.digest):
            return proof
    raise LinkDead
