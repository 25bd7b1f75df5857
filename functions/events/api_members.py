"""The members of a conference, and the invitations that make them."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler import Depends, Response

from functions.events.bodies import AcceptInvitation, Invite, PathId
from functions.events.dynamo_members import DynamoMembers
from functions.events.edge import ConferencesDep, resource
from functions.events.membership import Invitation, Member
from functions.events.use_cases_members import Members, accept_invitation, invite, list_members, remove_member
from shared.caller import Role
from shared.clock import now
from shared.http import CallerDep, CommandDep, Cursor, Limit, Page

MembersDep = Annotated[Members, Depends(DynamoMembers)]

_MANY = "/events/conferences/<conference_id>/members"

router = resource()


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """`token` makes whoever sends it a member: it is shown here and kept nowhere."""

    id: str
    email: str
    role: Role
    company: str | None
    team_id: str | None
    speaker_id: str | None
    status: Literal["invited"] = "invited"
    expires_at: datetime
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    conference_id: str
    user_id: str
    role: Role | None
    company: str | None
    team_id: str | None
    speaker_id: str | None
    status: Literal["active"] = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMember:
    """`id` is what DELETE takes: the user's, or the invitation's where nobody has accepted it yet."""

    id: str
    user_id: str | None
    email: str
    name: str | None
    role: Role | None
    company: str | None
    team_id: str | None
    speaker_id: str | None
    status: Literal["active", "invited"]
    expires_at: datetime | None

    @classmethod
    def of(cls, listed: Member | Invitation) -> "ListedMember":
        return cls._active(listed) if isinstance(listed, Member) else cls._invited(listed)

    @classmethod
    def _active(cls, member: Member) -> "ListedMember":
        return cls(
            id=member.user_id,
            user_id=member.user_id,
            email=member.email,
            name=member.name,
            role=member.role,
            company=member.company,
            team_id=member.team_id,
            speaker_id=member.speaker_id,
            status="active",
            expires_at=None,
        )

    @classmethod
    def _invited(cls, invitation: Invitation) -> "ListedMember":
        return cls(
            id=invitation.id,
            user_id=None,
            email=invitation.email,
            name=None,
            role=invitation.role,
            company=invitation.company,
            team_id=invitation.team_id,
            speaker_id=invitation.speaker_id,
            status="invited",
            expires_at=invitation.expires_at,
        )


@router.post(
    _MANY, status_code=201, summary="Invite a person to work on a conference, or a colleague to one's stand", tags=["events"]
)
def post_member(
    conference_id: PathId,
    body: Invite,
    caller: CallerDep,
    command: CommandDep,
    conferences: ConferencesDep,
    members: MembersDep,
) -> Invited:
    invitation, token = invite(
        conferences,
        members,
        now,
        caller=caller,
        conference_id=conference_id,
        invitation_id=command.id("inv"),
        offer=body.offer(),
        key=command.key or secrets.token_urlsafe(32),
        fingerprint=command.fingerprint,
    )
    return Invited(
        id=invitation.id,
        email=invitation.email,
        role=invitation.role,
        company=invitation.company,
        team_id=invitation.team_id,
        speaker_id=invitation.speaker_id,
        expires_at=invitation.expires_at,
        token=token,
    )


@router.post("/events/invitations/accept", summary="Accept an invitation", tags=["events"])
def post_acceptance(body: AcceptInvitation, caller: CallerDep, members: MembersDep) -> Membership:
    member = accept_invitation(members, now, caller=caller, token=body.token)
    return Membership(
        conference_id=member.conference_id,
        user_id=member.user_id,
        role=member.role,
        company=member.company,
        team_id=member.team_id,
        speaker_id=member.speaker_id,
    )


@router.get(_MANY, summary="List members and open invitations; an exhibitor, of their team", tags=["events"])
def get_members(
    conference_id: PathId,
    caller: CallerDep,
    conferences: ConferencesDep,
    members: MembersDep,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ListedMember]:
    listed, next_cursor = list_members(conferences, members, caller=caller, conference_id=conference_id, limit=limit, cursor=cursor)
    return Page([ListedMember.of(each) for each in listed], next_cursor)


@router.delete(
    f"{_MANY}/<member_id>",
    status_code=204,
    summary="Remove a member or withdraw an invitation; an exhibitor, of their team",
    tags=["events"],
)
def delete_member(
    conference_id: PathId, member_id: PathId, caller: CallerDep, conferences: ConferencesDep, members: MembersDep
) -> Response[None]:
    remove_member(conferences, members, caller=caller, conference_id=conference_id, member_id=member_id)
    return Response(204)
