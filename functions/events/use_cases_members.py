"""What people do with the membership of a conference: invite, accept, list, remove."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from functions.events.domain import Conference, References, Speaker
from functions.events.membership import (
    INVITATION_LIFE,
    MOST_COLLEAGUES,
    Invitation,
    LastOrganizer,
    Member,
    Offer,
    Opened,
    TeamFull,
    UnknownTeam,
    check_speaker,
    hash_of,
    no_invitation,
    secret_of,
)
from functions.events.use_cases import Conferences, afresh, membership_changed, overseen, visible
from shared.caller import Caller
from shared.clock import Clock
from shared.errors import Forbidden, KeyReused, NotFound
from shared.messages import MemberInvited, Message


class Members(Protocol):
    def team(self, conference_id: str, team_id: str | None) -> list[Member | Invitation]:
        """Its active members and open invitations; nobody who was erased."""

    def page(self, conference_id: str, limit: int, cursor: str | None) -> tuple[list[Member | Invitation], str | None]:
        """Active members and open invitations."""

    def get(self, conference_id: str, user_id: str) -> Member | None: ...
    def has_other_organizer(self, conference_id: str, user_id: str) -> bool: ...
    def invite(self, invitation: Invitation, messages: Sequence[Message]) -> Invitation:
        """The invitation, or the one that is on record under its id: then nobody is told again."""

    def open(self, conference_id: str, invitation_id: str, user_id: str) -> Opened | None: ...
    def join(self, opened: Opened, invitation: Invitation, member: Member, messages: Sequence[Message]) -> None:
        """And whoever joins as a speaker is linked with their profile.

        Raises Overtaken where the invitation, the member or, with a profile, the conference changed since it was opened.
        """

    def leave(self, conference: Conference, member: Member, speaker: Speaker | None, messages: Sequence[Message]) -> None:
        """`speaker` is theirs no longer. Raises Overtaken."""

    def withdraw(self, conference_id: str, invitation_id: str) -> bool:
        """Whether there was such an open invitation."""


def invite(
    conferences: Conferences,
    members: Members,
    clock: Clock,
    *,
    caller: Caller,
    conference_id: str,
    invitation_id: str,
    offer: Offer,
    key: str,
    fingerprint: str,
) -> tuple[Invitation, str]:
    """The invitation and its token. Once only by the id, and the same `key` gives the same token.

    An organizer asks whom they like, an exhibitor their colleagues.
    Raises KeyReused, UnknownSpeaker, NotTheirRole, SpeakerLinked, UnknownTeam, TeamFull.

    Whoever can read the table and guess `key` has the token: it should be random.
    """
    conference, offer = _granted(conferences, members, caller, conference_id, offer)
    offer = _joining(members, conference_id, invitation_id, offer, caller)
    salt = secrets.token_urlsafe(32)
    made = Invitation(
        id=invitation_id,
        conference_id=conference_id,
        email=offer.email,
        role=offer.role,
        company=offer.company,
        salt=salt,
        secret_hash=hash_of(secret_of(salt, key)),
        fingerprint=fingerprint,
        expires_at=clock() + INVITATION_LIFE,
        speaker_id=offer.speaker_id,
        team_id=offer.team_id,
    )
    invitation = members.invite(made, [_invited(conference, made, caller, key)])
    if invitation.fingerprint != fingerprint:
        raise KeyReused
    return invitation, invitation.token(key)


def _granted(
    conferences: Conferences, members: Members, caller: Caller, conference_id: str, offer: Offer
) -> tuple[Conference, Offer]:
    """The offer as the caller may make it. Raises Forbidden, Archived, and what keeps it from a speaker."""
    desk = visible(conferences, conference_id, caller, *([offer.speaker_id] if offer.speaker_id else []))
    if desk.role == "exhibitor":
        offer = offer.of_colleague(_exhibitor(members, conference_id, caller))
    else:
        desk.check_organizer()
    desk.conference.check_open()
    if offer.speaker_id:
        desk.check_references(References(speaker_ids=(offer.speaker_id,)))
        check_speaker(desk.find(Speaker, offer.speaker_id), offer.role)
    return desk.conference, offer


def _joining(members: Members, conference_id: str, invitation_id: str, offer: Offer, caller: Caller) -> Offer:
    """Of somebody for a team: with the label that it has already. Raises UnknownTeam, TeamFull.

    Two who ask at one instant may both get the last place.
    """
    team_id = offer.team(conference_id)
    if team_id is None:
        return offer
    team = members.team(conference_id, team_id)
    if offer.team_id and not team:
        raise UnknownTeam(f"Nobody of team {team_id} is here. GET …/members has the teams; or name the company.")
    if len(team) >= MOST_COLLEAGUES and members.open(conference_id, invitation_id, caller.user_id) is None:
        raise TeamFull(f"A team has {MOST_COLLEAGUES} at most, with those who are invited. Remove one, or withdraw an invitation.")
    return replace(offer, team_id=team_id, company=team[0].company if team else offer.company)


def _invited(conference: Conference, invitation: Invitation, caller: Caller, key: str) -> MemberInvited:
    """A conference's name is free text, and goes to strangers: only from somebody who has proven an e-mail of their own."""
    return MemberInvited(
        conference_id=conference.id,
        conference_name=conference.name if caller.email_verified else "",
        time_zone=conference.time_zone,
        invitation_id=invitation.id,
        email=invitation.email,
        role=invitation.role,
        token=invitation.token(key),
        expires_at=invitation.expires_at,
    )


@afresh
def accept_invitation(members: Members, clock: Clock, *, caller: Caller, token: str) -> Member:
    """The caller as a member; the same answer however often they accept.

    Raises NotFound, InvitationUsed, InvitationExpired, AlreadyMember, SpeakerLinked.
    """
    conference_id, _, rest = token.partition(".")
    invitation_id, _, secret = rest.partition(".")
    opened = members.open(conference_id, invitation_id, caller.user_id)
    if opened is None:
        raise no_invitation()
    opened.invitation.check_secret(secret)
    if member := opened.accepted_by(caller):
        return member
    invitation, member = opened.invitation.accept(caller, opened.member, opened.speaker, clock())
    members.join(opened, invitation, member, [membership_changed(opened.conference, member)])
    return member


def list_members(
    conferences: Conferences, members: Members, *, caller: Caller, conference_id: str, limit: int, cursor: str | None
) -> tuple[list[Member | Invitation], str | None]:
    """All, for an organizer; an exhibitor's own team, whole."""
    desk = visible(conferences, conference_id, caller)
    if desk.role == "exhibitor":
        return members.team(conference_id, _exhibitor(members, conference_id, caller).team_id), None
    desk.check_organizer()
    return members.page(conference_id, limit, cursor)


@afresh
def remove_member(conferences: Conferences, members: Members, *, caller: Caller, conference_id: str, member_id: str) -> None:
    """Removes a member by user id, or withdraws an open invitation by its id; an exhibitor may do so in their own team.

    Raises NotFound, LastOrganizer.
    """
    desk = visible(conferences, conference_id, caller)
    conference = desk.conference
    if desk.role == "exhibitor":
        _check_colleague(members, conference_id, caller, member_id)
    else:
        desk.check_organizer()
    if member_id.startswith("inv_"):
        if not members.withdraw(conference_id, member_id):
            raise NotFound(f"This conference has no open invitation {member_id!r}.")
        return
    member = members.get(conference_id, member_id)
    if member is None or member.role is None:
        raise NotFound(f"{member_id!r} is not a member of this conference.")
    if member.role == "organizer" and not members.has_other_organizer(conference_id, member_id):
        raise LastOrganizer("They are the only organizer. Invite another, who accepts, and remove this one then.")
    removed = member.removed()
    speaker = _profile(conferences, conference_id, caller, member)
    members.leave(conference.touched(), removed, speaker, [membership_changed(conference, removed)])


def _check_colleague(members: Members, conference_id: str, caller: Caller, member_id: str) -> None:
    """Raises NotFound, for members and invitations of other teams too."""
    team = members.team(conference_id, _exhibitor(members, conference_id, caller).team_id)
    if member_id not in {each.id if isinstance(each, Invitation) else each.user_id for each in team}:
        raise NotFound(f"{member_id!r} is neither a member of your team nor an open invitation to it.")


def _exhibitor(members: Members, conference_id: str, caller: Caller) -> Member:
    """Raises Forbidden where they were removed this instant."""
    member = members.get(conference_id, caller.user_id)
    if member is None or member.role != "exhibitor":
        raise Forbidden(f"You are no exhibitor of conference {conference_id} any more. Ask an organizer.")
    return member


def _profile(conferences: Conferences, conference_id: str, caller: Caller, member: Member) -> Speaker | None:
    """Which of the speakers the member is; none who was deleted."""
    if member.speaker_id is None:
        return None
    speaker = overseen(conferences, conference_id, caller, member.speaker_id).parts.get(member.speaker_id)
    return speaker if isinstance(speaker, Speaker) and speaker.user_id == member.user_id else None
