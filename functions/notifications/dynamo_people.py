"""Whom an account belongs to, in the context's table.

| pk            | sk     | what                                             |
|---------------|--------|--------------------------------------------------|
| PERSON#<id>   | PERSON | name, e-mail address, and what they want to hear |
"""

from datetime import datetime

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, UpdateError

from functions.notifications.letter import Mailbox
from functions.notifications.use_cases import Person
from shared.clock import iso
from shared.table import Item

_PERSON = "PERSON"


class PersonItem(Item, discriminator="Person"):
    v = NumberAttribute(default=1)
    name = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    known_at = UnicodeAttribute(null=True)  # when name and address were so
    choices = JSONAttribute(null=True)


class DynamoPeople:
    def get(self, user_id: str) -> Person:
        try:
            item = PersonItem.get(_key(user_id), _PERSON)
        except DoesNotExist:
            return Person()
        return Person(Mailbox(item.name, item.email) if item.email else None, item.choices or {})

    def keep(self, user_id: str, mailbox: Mailbox, at: datetime) -> None:
        item = PersonItem(_key(user_id), _PERSON)
        known = [PersonItem.name.set(mailbox.name), PersonItem.email.set(mailbox.email), PersonItem.known_at.set(iso(at))]
        try:
            item.update(
                actions=[*known, PersonItem.kind.set(PersonItem), PersonItem.v.set(1)],
                condition=PersonItem.known_at.does_not_exist() | (PersonItem.known_at < iso(at)),
            )
        except UpdateError as failure:
            if failure.cause_response_code != "ConditionalCheckFailedException":
                raise  # a failed one says that what is known is as new


def _key(user_id: str) -> str:
    return f"PERSON#{user_id}"
