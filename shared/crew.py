"""Who works on a conference: a context's own copy of its members, in its table.

| item | pk | sk |
|---|---|---|
| Crew | CREW#conference | user |
"""

from collections.abc import Collection, Sequence

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action

from shared.caller import Role
from shared.table import Item

_TOLD = 50  # people that are told of one thing at most


class CrewItem(Item, discriminator="Crew"):
    v = NumberAttribute(default=1)
    role = UnicodeAttribute(null=True)  # none: they left
    revision = NumberAttribute()


class Crew:
    def keep(self, conference_id: str, user_id: str, role: Role | None, revision: int) -> None:
        """As of a revision; an older one than what is known has no effect."""
        actions: list[Action] = [CrewItem.revision.set(revision), CrewItem.kind.set(CrewItem), CrewItem.v.set(1)]
        actions.append(CrewItem.role.set(role) if role else CrewItem.role.remove())
        try:
            CrewItem(_partition(conference_id), user_id).update(
                actions=actions, condition=CrewItem.revision.does_not_exist() | (CrewItem.revision < revision)
            )
        except UpdateError as failure:
            if failure.cause_response_code != "ConditionalCheckFailedException":
                raise

    def of(self, conference_id: str, roles: Collection[Role]) -> Sequence[str]:
        """The ids of those who have one of these roles."""
        rows = CrewItem.query(_partition(conference_id), consistent_read=True)
        return [row.sk for row in rows if row.role in roles][:_TOLD]


def _partition(conference_id: str) -> str:
    return f"CREW#{conference_id}"
