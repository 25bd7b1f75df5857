"""Members and invitations in DynamoDB, side by side under their conference: `MEMBER#<user or invitation id>`."""

from collections.abc import Sequence
from typing import cast

from pynamodb.exceptions import DeleteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from functions.events.domain import Conference, Overtaken, Speaker
from functions.events.dynamo import Write, commit, post, touch, within
from functions.events.items import CONF, MEMBER, PART, ConferenceItem, InvitationItem, MemberItem, SpeakerItem, partition
from functions.events.membership import Invitation, Member, Opened
from shared.clock import now
from shared.messages import Message
from shared.nobody import NO_EMAIL
from shared.table import Item, decode_cursor, page

_CONDITION_FAILED = "ConditionalCheckFailedException"


class DynamoMembers:
    def page(self, conference_id: str, limit: int, cursor: str | None) -> tuple[list[Member | Invitation], str | None]:
        pk = partition(conference_id)
        items, next_cursor = page(
            Item.query(
                pk,
                Item.sk.startswith(MEMBER),
                filter_condition=MemberItem.role.exists() & InvitationItem.accepted_by.does_not_exist() & _not_expired(),
                limit=limit,
                last_evaluated_key=within(decode_cursor(cursor, pk), MEMBER),
                consistent_read=True,
            )
        )
        return [item.to_domain() for item in items if isinstance(item, MemberItem | InvitationItem)], next_cursor

    def team(self, conference_id: str, team_id: str | None) -> list[Member | Invitation]:
        """Looked for among all exhibitors there, since items of before teams were named do not have it: a page or two."""
        is_open = InvitationItem.accepted_by.does_not_exist() & _not_expired()
        wanted = (MemberItem.role == "exhibitor") & (MemberItem.email != NO_EMAIL) & is_open
        items = Item.query(partition(conference_id), Item.sk.startswith(MEMBER), filter_condition=wanted, consistent_read=True)
        found = [item.to_domain() for item in items if isinstance(item, MemberItem | InvitationItem)]
        return [each for each in found if each.team_id == team_id]

    def get(self, conference_id: str, user_id: str) -> Member | None:
        found = next(MemberItem.query(partition(conference_id), Item.sk == MEMBER + user_id, consistent_read=True), None)
        return found.to_domain() if found else None

    def has_other_organizer(self, conference_id: str, user_id: str) -> bool:
        others = (MemberItem.role == "organizer") & (MemberItem.user_id != user_id)
        return any(
            MemberItem.query(partition(conference_id), Item.sk.startswith(MEMBER), filter_condition=others, consistent_read=True)
        )

    def invite(self, invitation: Invitation, messages: Sequence[Message]) -> Invitation:
        item = InvitationItem.of(invitation)

        def save(transaction: TransactWrite) -> None:
            transaction.save(item, condition=Item.pk.does_not_exist())

        try:
            commit(save, post(messages))
        except Overtaken:
            item.refresh(consistent_read=True)
        return item.to_domain()

    def open(self, conference_id: str, invitation_id: str, user_id: str) -> Opened | None:
        """One BatchGetItem, consistent; and another for the profile of whoever is invited as a speaker."""
        pk = partition(conference_id)
        keys = [(pk, sk) for sk in (CONF, MEMBER + invitation_id, MEMBER + user_id)]
        found = {item.sk: item for item in Item.batch_get(keys, consistent_read=True)}
        conference, invitation, member = (found.get(sk) for _, sk in keys)
        if not isinstance(conference, ConferenceItem) or not isinstance(invitation, InvitationItem):
            return None
        return Opened(
            conference.to_domain(),
            invitation.to_domain(),
            member.to_domain() if isinstance(member, MemberItem) else None,
            _speaker(pk, invitation.speaker_id) if invitation.speaker_id else None,
        )

    def join(self, opened: Opened, invitation: Invitation, member: Member, messages: Sequence[Message]) -> None:
        def accept(transaction: TransactWrite) -> None:
            unused = InvitationItem.pk.exists() & InvitationItem.accepted_by.does_not_exist()
            transaction.save(InvitationItem.of(invitation), condition=unused)

        linked = [_link(opened.conference.touched(), member.speaker_id, member.user_id)] if member.speaker_id else []
        commit(accept, _put(member), *linked, post(messages))

    def leave(self, conference: Conference, member: Member, speaker: Speaker | None, messages: Sequence[Message]) -> None:
        freed = _link(conference, speaker.id, None) if speaker else touch(conference)
        commit(_put(member), freed, post(messages))

    def withdraw(self, conference_id: str, invitation_id: str) -> bool:
        item = InvitationItem(pk=partition(conference_id), sk=MEMBER + invitation_id)
        try:
            item.delete(condition=InvitationItem.pk.exists() & InvitationItem.accepted_by.does_not_exist())
        except DeleteError as failure:
            if failure.cause_response_code != _CONDITION_FAILED:
                raise
            return False
        return True


def _speaker(pk: str, speaker_id: str) -> Speaker | None:
    found = next(Item.batch_get([(pk, PART + speaker_id)], consistent_read=True), None)
    return cast("Speaker", found.to_domain()) if isinstance(found, SpeakerItem) else None


def _link(conference: Conference, speaker_id: str, user_id: str | None) -> Write:
    """The speaker as this revision of the conference has them, so that nobody who edits them now overwrites it."""
    whose = SpeakerItem.user_id.set(user_id) if user_id else SpeakerItem.user_id.remove()
    key = SpeakerItem(pk=partition(conference.id), sk=PART + speaker_id)
    actions: list[Action] = [whose, SpeakerItem.version.set(conference.revision)]

    def write(transaction: TransactWrite) -> None:
        touch(conference)(transaction)
        transaction.update(key, actions=actions, condition=SpeakerItem.pk.exists())

    return write


def _put(member: Member) -> Write:
    """Over the member's revision before, if there was one."""

    def write(transaction: TransactWrite) -> None:
        before = MemberItem.pk.does_not_exist() if member.revision == 1 else MemberItem.revision == member.revision - 1
        transaction.save(MemberItem.of(member), condition=before)

    return write


def _not_expired() -> Condition:
    expires_at = InvitationItem.expires_at  # members have none
    holds: Condition = expires_at.does_not_exist() | (expires_at > now())
    return holds
