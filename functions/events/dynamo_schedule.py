"""Many parts of a conference at once in DynamoDB: more than one transaction takes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields

from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from functions.events.domain import Conference, Part
from functions.events.dynamo import Write, commit, put_new
from functions.events.items import COUNTERS, ConferenceItem, part_item, part_key

_PARTS = 99  # a transaction takes 100 operations, and one of them is the conference's


class DynamoSchedules:
    def store(self, conference: Conference, added: Sequence[Part], changed: Sequence[Part]) -> Iterator[Sequence[Part]]:
        """Each transaction moves the conference on by a revision, so that nobody's change is lost in between.

        What is new is not there yet and comes first: what changes may refer to it.
        """
        new, parts = {part.id for part in added}, [*added, *changed]
        for start in range(0, len(parts), _PARTS):
            piece = parts[start : start + _PARTS]
            conference = conference.touched()
            made = [part for part in piece if part.id in new]
            commit(
                put_new(*(part_item(conference, part, "") for part in made)),
                _overwrite(conference, [part for part in piece if part.id not in new]),
                _count(conference, made),
            )
            yield piece


def _overwrite(conference: Conference, parts: Sequence[Part]) -> Write:
    """All but the fingerprint of the command that made it."""

    def write(transaction: TransactWrite) -> None:
        for part in parts:
            item = part_key(conference.id, part)
            transaction.update(item, actions=_setting(conference, part), condition=type(item).pk.exists())

    return write


def _setting(conference: Conference, part: Part) -> list[Action]:
    attributes = type(part_key(conference.id, part)).get_attributes()
    values = {each.name: getattr(part, each.name) for each in fields(part)} | {"version": conference.revision}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    return [attributes[name].remove() if value is None else attributes[name].set(value) for name, value in plain.items()]


def _count(conference: Conference, made: Sequence[Part]) -> Write:
    """The conference's next revision, with so many parts more."""
    attributes = ConferenceItem.get_attributes()
    counts = Counter(type(part) for part in made)
    actions: list[Action] = [ConferenceItem.revision.set(conference.revision)]
    actions += [attributes[COUNTERS[kind]].add(count) for kind, count in counts.items()]
    unchanged = ConferenceItem.revision == conference.revision - 1

    def write(transaction: TransactWrite) -> None:
        transaction.update(ConferenceItem.key(conference.id), actions=actions, condition=unchanged)

    return write
