"""Whom an account belongs to and what they want to hear, and where mail does not arrive, in the context's table.

| pk              | sk      | what                                                             |
|-----------------|---------|------------------------------------------------------------------|
| PERSON#<id>     | PERSON  | name, e-mail address, choices, and what signs their links        |
| ADDRESS#<hash>  | TROUBLE | why not to mail to the address with this SHA-256, and since when |
"""

import hashlib
import secrets
from datetime import datetime
from typing import cast

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from functions.notifications.feedback import Reason, Trouble
from functions.notifications.kinds import Choices
from functions.notifications.letter import Mailbox
from functions.notifications.use_cases import Person
from shared.clock import iso, parse
from shared.table import Item

_PERSON, _TROUBLE = "PERSON", "TROUBLE"


class PersonItem(Item, discriminator="Person"):
    v = NumberAttribute(default=1)
    name = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    known_at = UnicodeAttribute(null=True)  # when name and address were so
    choices = JSONAttribute(null=True)
    secret = UnicodeAttribute(null=True)  # signs the links of their e-mails


class TroubleItem(Item, discriminator="Trouble"):
    v = NumberAttribute(default=1)
    reason = UnicodeAttribute(null=True)  # none once it was cleared
    since = UnicodeAttribute()  # when it came up or was cleared


class DynamoPeople:
    def get(self, user_id: str) -> Person:
        try:
            item = PersonItem.get(_key(user_id), _PERSON, consistent_read=True)
        except DoesNotExist:
            return Person()
        return Person(Mailbox(item.name, item.email) if item.email else None, item.choices or {}, item.secret or "")

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

    def choose(self, user_id: str, choices: Choices, *, instead_of: Choices | None = None) -> bool:
        actions: list[Action] = [PersonItem.choices.set(choices), PersonItem.kind.set(PersonItem), PersonItem.v.set(1)]
        try:
            PersonItem(_key(user_id), _PERSON).update(actions=actions, condition=_chosen(instead_of))
        except UpdateError as failure:
            if failure.cause_response_code != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def give_secret(self, user_id: str) -> str:
        item = PersonItem(_key(user_id), _PERSON)
        first: Action = PersonItem.secret.set(PersonItem.secret | secrets.token_urlsafe(24))  # |: unless there is one
        item.update(actions=[first, PersonItem.kind.set(PersonItem), PersonItem.v.set(1)])
        return str(item.secret)


class DynamoAddresses:
    def trouble(self, email: str) -> Trouble | None:
        try:
            item = TroubleItem.get(_address(email), _TROUBLE, consistent_read=True)
        except DoesNotExist:
            return None
        return Trouble(email, cast("Reason", item.reason), parse(item.since)) if item.reason else None

    def note(self, trouble: Trouble) -> None:
        _know(trouble.email, trouble.reason, trouble.since)

    def clear(self, email: str, at: datetime) -> None:
        if self.trouble(email):
            _know(email, None, at)

    def forget(self, email: str) -> None:
        TroubleItem(_address(email), _TROUBLE).delete()


def _chosen(choices: Choices | None) -> Condition | None:
    if choices is None:
        return None
    as_it_is: Condition = PersonItem.choices == choices
    none_yet: Condition = PersonItem.choices.does_not_exist()
    return as_it_is if choices else as_it_is | none_yet


def _know(email: str, reason: Reason | None, since: datetime) -> None:
    item = TroubleItem(_address(email), _TROUBLE)
    known: Action = TroubleItem.reason.set(reason) if reason else TroubleItem.reason.remove()
    try:
        item.update(
            actions=[known, TroubleItem.since.set(iso(since)), TroubleItem.kind.set(TroubleItem), TroubleItem.v.set(1)],
            condition=TroubleItem.since.does_not_exist() | (TroubleItem.since < iso(since)),
        )
    except UpdateError as failure:
        if failure.cause_response_code != "ConditionalCheckFailedException":
            raise  # a failed one says that something newer is known


def _address(email: str) -> str:
    """Hashed, so that whoever only has an address leaves none here."""
    return f"ADDRESS#{hashlib.sha256(email.strip().lower().encode()).hexdigest()}"


def _key(user_id: str) -> str:
    return f"PERSON#{user_id}"
