"""What a context's table holds about a person: found by reading all of it, shown to them, erased.

Keys alone would not do: an e-mail stands in another's order, a name in another's contacts. Reading a whole table takes a worker
some seconds and 0.03 USD a gigabyte, for what happens a few times a year (docs/accounts.md). Nothing on a request comes here.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from shared import messages
from shared.config import env
from shared.errors import JsonObject
from shared.nobody import NO_EMAIL, NOBODY
from shared.table import Item
from shared.telemetry import logger

if TYPE_CHECKING:
    from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

    from shared.messages import DataExportRequested, RetentionEnded, UserErased
    from shared.worker import Reactions

_TECHNICAL = {"pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk", "ttl", "v", "kind"}
_SECRET = {"password_hash", "token_digest", "digest", "salt", "secret_hash", "fingerprint", "registration_id", "code", "secret"}
_SIDE_BY_SIDE = 16  # items changed at once: of a conference there are thousands
_KEYS = ("pk", "gsi1pk", "gsi2pk")


@dataclass(frozen=True, slots=True)
class Person:
    user_id: str
    email: str = field(default="", repr=False)
    name: str = field(default="", repr=False)

    @classmethod
    def of(cls, message: "UserErased") -> "Person":
        return cls(message.user_id, message.email.lower(), message.name)

    def is_in(self, value: Any) -> bool:
        """Whether the id or the e-mail stands anywhere in it."""
        if isinstance(value, str):
            return self.user_id in value or bool(self.email and self.email in value.lower())
        if isinstance(value, Mapping):
            return any(self.is_in(each) for each in value.values())
        return isinstance(value, list | set) and any(self.is_in(each) for each in value)

    def is_named_in(self, text: str) -> bool:
        """Whether the name stands in it, long enough to be one."""
        return len(self.name) > 2 and any(name in text for name in self._written)

    def without_email(self, text: str) -> str:
        return re.sub(re.escape(self.email), NO_EMAIL, text, flags=re.IGNORECASE) if self.email else text

    def without_name(self, text: str) -> str:
        for name in self._written if self.is_named_in(text) else ():
            text = text.replace(name, NOBODY)
        return text

    @property
    def _written(self) -> tuple[str, str]:
        """The name as it is, and as JSON has it, which many attributes hold as text."""
        return self.name, json.dumps(self.name)[1:-1]

    def owns(self, item: JsonObject) -> bool:
        """Whether it is in a partition of theirs."""
        return str(item["pk"]).endswith(f"#{self.user_id}")

    def is_subject_of(self, item: JsonObject) -> bool:
        return self.owns(item) or any(str(item.get(key, "")).endswith(f"#{self.user_id}") for key in _KEYS)


# The attributes of an item, beside those that hold the e-mail, that say who the person is: blank in what is kept.
Telling = Callable[[JsonObject, Person], set[str]]


# The attributes of an item as they are once the retention of its conference has ended; None: the item goes.
Passing = Callable[[JsonObject], JsonObject | None]


def gone(_: JsonObject) -> None:
    """Items that have no use afterwards."""


def blank(*attributes: str) -> Passing:
    """Items that stay and name nobody, whatever they say of one."""
    return lambda item: {each: _nobody(each) for each in attributes if item.get(each)}


def nameless(value: Any) -> Any:
    """Whatever has an e-mail in it, however deep, has neither that nor the name beside it."""
    if isinstance(value, Mapping):
        people = {each: _nobody(each) for each in ("name", "email") if each in value} if "email" in value else {}
        return {name: nameless(each) for name, each in value.items()} | people
    return [nameless(each) for each in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Rules:
    """What becomes of items that are about a person and not in a partition of theirs (what is in one is deleted).

    `deleted`: kinds that go. `kept`: kinds that stay even in a partition of theirs: they name nobody. `telling`: what is blanked,
    by kind. `retold`: kinds with free text in which a name is blanked too.
    `of_account`: kinds that are of one account only, so that an e-mail in them is of somebody who registered with it since.
    `theirs`: kinds elsewhere that are shown to whoever an attribute names. `passing`: what becomes of a conference's items, by
    kind, once its retention has ended; of other kinds nothing. `about`: kinds that go with whoever an attribute names.
    """

    deleted: frozenset[str] = frozenset()
    about: Mapping[str, str] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    telling: Mapping[str, Telling] = field(default_factory=dict)
    retold: frozenset[str] = frozenset()
    of_account: frozenset[str] = frozenset()
    theirs: Mapping[str, str] = field(default_factory=dict)
    passing: Mapping[str, Passing] = field(default_factory=dict)


def part_key(export_id: str, context: str) -> str:
    return f"exports/{export_id}/{context}.json"


def hand_over(message: "DataExportRequested", rules: Rules, more: Sequence[JsonObject] = ()) -> None:
    """Put this context's part of a person's archive into the bucket, with `more` that no key leads to; again replaces it."""
    import boto3  # 0.1 s that only this needs

    context = env("POWERTOOLS_SERVICE_NAME")
    held = [*export(Person(message.user_id), rules), *more]
    body = json.dumps(held, indent=2, ensure_ascii=False).encode()
    boto3.client("s3").put_object(
        Bucket=env("EXPORTS_BUCKET"),
        Key=part_key(message.export_id, context),
        Body=body,
        ContentType="application/json",
        ServerSideEncryption="AES256",
    )
    logger.info("personal data handed over", user_id=message.user_id, items=len(held))


def forget(message: "UserErased", rules: Rules) -> None:
    """Erase the person here, as `rules` have it."""
    changed = erase(Person.of(message), rules)
    logger.info("personal data erased", user_id=message.user_id, items=changed)


def pass_on(message: "RetentionEnded", rules: Rules) -> None:
    """Anonymise what is kept of the people at a conference. Safe to repeat."""
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        changed = sum(pool.map(lambda item: _pass(item, rules), _of_conference(message.conference_id, rules)))
    logger.info("retention ended", items=changed)


def _of_conference(conference_id: str, rules: Rules) -> Iterator[JsonObject]:
    named = Person(conference_id)  # an id is looked for alike, whatever it is of
    return (item for item in items() if (item["kind"] in rules.passing or item["kind"] == "Outbox") and named.is_in(item))


def _pass(item: JsonObject, rules: Rules) -> int:
    after = rules.passing.get(item["kind"], gone)(item)
    if after is None:
        return _delete(item)
    changed = {name: value for name, value in after.items() if value != item.get(name)}
    return _change(item, changed) if changed else 0


def about_people(
    rules: Rules,
    *,
    before: Callable[["UserErased"], None] = lambda _: None,
    more: Callable[[str], Sequence[JsonObject]] = lambda _: (),
) -> "Reactions":
    """What every context's worker does about a person who asks for their data or leaves, and about a conference whose retention
    has ended. `before` is what a context does first when somebody leaves, `more` what it shows a person beside their items, by id.
    """

    def on_data_export_requested(message: "DataExportRequested") -> None:
        hand_over(message, rules, more(message.user_id))

    def on_user_erased(message: "UserErased") -> None:
        before(message)
        forget(message, rules)

    def on_retention_ended(message: "RetentionEnded") -> None:
        pass_on(message, rules)

    ends = {messages.RetentionEnded: on_retention_ended} if rules.passing else {}
    return {messages.DataExportRequested: on_data_export_requested, messages.UserErased: on_user_erased, **ends}


def export(person: Person, rules: Rules) -> list[JsonObject]:
    """What is theirs, readable, without keys and secrets. What others hold of them is others' to show."""

    def is_theirs(item: JsonObject) -> bool:
        named_by = rules.theirs.get(item["kind"])
        return person.is_subject_of(item) or bool(named_by and item.get(named_by) == person.user_id)

    return [{"kind": item["kind"], **_readable(item)} for item in items() if item["kind"] != "Outbox" and is_theirs(item)]


def erase(person: Person, rules: Rules) -> int:
    """How many items were deleted or changed. Safe to repeat. Raises botocore's ConditionalCheckFailedException where one changed
    meanwhile: to be tried again."""
    done = 0
    for item in items():
        done += _erase(item, person, rules)
    return done


def _erase(item: JsonObject, person: Person, rules: Rules) -> int:
    kind = item["kind"]
    if kind in rules.kept:
        return 0
    mentioned = person.is_in(item) if kind not in rules.of_account else person.owns(item)
    if kind == "Outbox" and person.is_named_in(item["detail"]):
        return _delete(item)
    is_about = kind in rules.about and item.get(rules.about[kind]) == person.user_id
    if mentioned and (kind == "Outbox" or person.owns(item) or kind in rules.deleted or is_about):
        return _delete(item)
    if not mentioned and kind not in rules.retold:
        return 0
    telling = rules.telling.get(kind)
    blank = telling(item, person) if telling else set()
    known_as = {str(item[name]) for name in blank if item.get(name)}  # under names and addresses of before too
    changed = {
        name: _nobody(name)
        if name in blank and isinstance(value, str)
        else _without(value, person, known_as, retold=kind in rules.retold)
        for name, value in item.items()
        if name not in _TECHNICAL
    }
    changed = {name: value for name, value in changed.items() if value != item[name]}
    return _change(item, changed) if changed else 0


def _nobody(attribute: str) -> str:
    return NO_EMAIL if attribute.endswith("email") else NOBODY


def _without(value: Any, person: Person, known_as: set[str], *, retold: bool) -> Any:
    """With the e-mail blanked, and the name beside it; in free text the name by itself too."""
    if isinstance(value, str):
        if value in known_as:
            return NOBODY
        blanked = person.without_email(value)
        return person.without_name(blanked) if retold else blanked
    if isinstance(value, Mapping):
        theirs = bool(person.email) and str(value.get("email", "")).lower() == person.email
        return {
            name: NOBODY if theirs and name == "name" else _without(each, person, known_as, retold=retold)
            for name, each in value.items()
        }
    return [_without(each, person, known_as, retold=retold) for each in value] if isinstance(value, list) else value


def _readable(item: JsonObject) -> JsonObject:
    return {name: _plain(value) for name, value in item.items() if name not in _TECHNICAL | _SECRET}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | set):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, bytes) else value


def items() -> Iterator[JsonObject]:
    """Everything in the context's table, read consistently."""
    start: JsonObject = {}
    while True:
        page = _client().scan(TableName=Item.Meta.table_name, ConsistentRead=True, **start)
        yield from (_read(item) for item in page["Items"])
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _read(item: JsonObject) -> JsonObject:
    read = _types()[0].deserialize
    return {name: read(value) for name, value in item.items()}


@cache
def _types() -> "tuple[TypeDeserializer, TypeSerializer]":
    from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

    return TypeDeserializer(), TypeSerializer()


def _delete(item: JsonObject) -> int:
    _client().delete_item(TableName=Item.Meta.table_name, Key=_key(item))
    return 1


def _change(item: JsonObject, changed: JsonObject) -> int:
    write = _types()[1].serialize
    names: JsonObject = {}
    values: JsonObject = {}
    sets, conditions = [], []
    for number, (name, value) in enumerate(changed.items()):
        names[f"#n{number}"] = name
        values |= {f":new{number}": write(value), f":old{number}": write(item[name])}
        sets.append(f"#n{number} = :new{number}")
        conditions.append(f"#n{number} = :old{number}")
    client = _client()
    try:
        client.update_item(
            TableName=Item.Meta.table_name,
            Key=_key(item),
            UpdateExpression=f"SET {', '.join(sets)}",
            ConditionExpression=" AND ".join(conditions),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except client.exceptions.ConditionalCheckFailedException as failure:
        if failure.response.get("Item"):
            raise
        return 0  # it went with its partition
    return 1


def _key(item: JsonObject) -> JsonObject:
    return {"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}}


def _client() -> Any:  # botocore makes its clients at run time
    """The one that PynamoDB uses: another would be another connection pool."""
    return Item._get_connection().connection.client
