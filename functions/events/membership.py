"""Who works on a conference: its members, and the invitations that make them so."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from functions.events.domain import Conference, Speaker
from shared.caller import Caller, Role
from shared.clock import iso
from shared.errors import Conflict, Forbidden, Invalid, NotFound
from shared.exhibitors import founded_team

INVITATION_LIFE = timedelta(days=14)
MOST_COLLEAGUES = 50  # of one exhibitor's team, with those who are invited


class InvitationUsed(Conflict):
    slug, title = "invitation-used", "This invitation was used"


class InvitationExpired(Conflict):
    slug, title = "invitation-expired", "This invitation is too old"


class AlreadyMember(Conflict):
    slug, title = "already-member", "You are a member already"


class NotTheirRole(Invalid):
    slug, title = "not-their-role", "Only a speaker has a speaker's profile"


class SpeakerLinked(Conflict):
    slug, title = "speaker-linked", "That speaker is somebody already"


class LastOrganizer(Conflict):
    slug, title = "last-organizer", "A conference needs an organizer"


class UnknownTeam(Invalid):
    slug, title = "unknown-team", "No such team"


class TeamFull(Conflict):
    slug, title = "team-full", "This team is complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person's part in a conference, perhaps as one of its speakers.

    One who was removed stays on record without a role, so that `revision` goes on growing.
    """

    conference_id: str
    user_id: str
    email: str
    name: str
    role: Role | None
    company: str | None
    team_id: str | None = None  # of an exhibitor: their company's, whose label `company` is
    speaker_id: str | None = None
    revision: int

    @classmethod
    def founder(cls, conference_id: str, caller: Caller) -> Self:
        return cls(
            conference_id=conference_id,
            user_id=caller.user_id,
            email=caller.email,
            name=caller.name,
            role="organizer",
            company=None,
            revision=1,
        )

    def removed(self) -> Self:
        return replace(self, role=None, email="", name="", company=None, team_id=None, speaker_id=None, revision=self.revision + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What somebody is asked to be. An exhibitor of a company that nobody names founds a team of their own."""

    email: str
    role: Role
    company: str | None = None
    team_id: str | None = None
    speaker_id: str | None = None

    def team(self, conference_id: str) -> str | None:
        """Which team it is for, where one is named."""
        return team_of(self.role, conference_id, self.team_id, self.company)

    def of_colleague(self, inviter: Member) -> Self:
        """As an exhibitor can make it: to their own team. Raises Forbidden for more than that."""
        if self.role != "exhibitor" or self.company or self.speaker_id or self.team_id not in (None, inviter.team_id):
            raise Forbidden(
                "An exhibitor invites colleagues to their own team: send their email and the role exhibitor, and nothing else. "
                "Ask an organizer for whatever goes beyond it."
            )
        return replace(self, company=inviter.company, team_id=inviter.team_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """`salt` and the inviter's key give the secret again where the same command is repeated; only the secret's hash is kept."""

    id: str
    conference_id: str
    email: str
    role: Role
    company: str | None
    salt: str
    secret_hash: str
    fingerprint: str  # of the command that made it
    expires_at: datetime
    accepted_by: str | None = None
    speaker_id: str | None = None
    team_id: str | None = None

    @property
    def is_accepted(self) -> bool:
        return self.accepted_by is not None

    def token(self, key: str) -> str:
        """What its bearer accepts it with: where it is kept, and the secret."""
        return f"{self.conference_id}.{self.id}.{secret_of(self.salt, key)}"

    def check_secret(self, secret: str) -> None:
        """Raises NotFound."""
        if not hmac.compare_digest(hash_of(secret), self.secret_hash):
            raise no_invitation()

    def accept(self, caller: Caller, member: Member | None, speaker: Speaker | None, now: datetime) -> tuple[Self, Member]:
        """The invitation as used, and the member it makes of the caller, who may have been one (`member`).

        `speaker` is whom it is for; one that was deleted meanwhile is none, and the caller a speaker without a profile.
        Raises InvitationUsed, InvitationExpired, AlreadyMember, SpeakerLinked.
        """
        if self.is_accepted:
            raise InvitationUsed("Somebody accepted this invitation before. Ask the organizer for a new one.")
        if now >= self.expires_at:
            raise InvitationExpired(f"The invitation was good until {iso(self.expires_at)}. Ask the organizer for a new one.")
        if member and member.role:
            raise AlreadyMember(
                f"You are {member.role} of conference {self.conference_id}. To change that, an organizer removes you first."
            )
        if speaker:
            check_free(speaker)
        joined = Member(
            conference_id=self.conference_id,
            user_id=caller.user_id,
            email=caller.email,
            name=caller.name,
            role=self.role,
            company=self.company,
            team_id=team_of(self.role, self.conference_id, self.team_id, self.company or caller.user_id),
            speaker_id=speaker.id if speaker else None,
            revision=member.revision + 1 if member else 1,
        )
        return replace(self, accepted_by=caller.user_id), joined


@dataclass(frozen=True, slots=True)
class Opened:
    """An invitation as somebody holds it up: with its conference, and what they are there already."""

    conference: Conference
    invitation: Invitation
    member: Member | None
    speaker: Speaker | None  # whom the invitation is for

    def accepted_by(self, caller: Caller) -> Member | None:
        """The member that this invitation made of the caller before."""
        return self.member if self.invitation.accepted_by == caller.user_id and self.member and self.member.role else None


def team_of(role: Role | None, conference_id: str, team_id: str | None, company: str | None) -> str | None:
    """Of an exhibitor: the one that is named, or else the one that their company founded."""
    if role != "exhibitor":
        return None
    return team_id or (founded_team(conference_id, company) if company else None)


def check_speaker(speaker: Speaker, role: Role) -> None:
    """Whether somebody can be invited to be this speaker. Raises NotTheirRole, SpeakerLinked."""
    if role != "speaker":
        raise NotTheirRole(f"speaker_id goes with the role speaker; this invitation is for {role}. Leave one of them out.")
    check_free(speaker)


def check_free(speaker: Speaker) -> None:
    """Raises SpeakerLinked."""
    if speaker.user_id:
        raise SpeakerLinked(
            f"{speaker.name!r} ({speaker.id}) is user {speaker.user_id}. An organizer removes that member first.",
            user_id=speaker.user_id,
        )


def secret_of(salt: str, key: str) -> str:
    return base64.urlsafe_b64encode(hmac.digest(salt.encode(), key.encode(), "sha256")).decode().rstrip("=")


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def no_invitation() -> NotFound:
    return NotFound("There is no such invitation. Send the whole token as you were given it, or ask the organizer for a new one.")
