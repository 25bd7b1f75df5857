"""Exchanges and contacts in DynamoDB (`items.py` says what lies where)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from operator import and_
from typing import Any

from pynamodb.exceptions import PutError, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from functions.contacts.domain import MISSES_WINDOW, Contact, Meeting, Misses, Pair
from functions.contacts.items import (
    CodeItem,
    ContactItem,
    Key,
    MissesItem,
    PersonItem,
    ScanItem,
    code_key,
    contact_key,
    misses_key,
    partition,
    person_key,
    scan_key,
    use_key,
)
from functions.contacts.people import Person
from functions.contacts.use_cases import Sight, Wanted
from shared.errors import Busy
from shared.messages import ContactExchanged, Message
from shared.table import Item, Outbox, decode_cursor, failed_conditions, page, transact

_ABSENT = Item.pk.does_not_exist()
_CONTACTS = "CONTACT#"


class DynamoExchanges:
    def look(self, user_id: str, code: str, nonce: str) -> Sight:
        keys = [person_key(user_id), code_key(code), use_key(code), scan_key(user_id, nonce), misses_key(user_id)]
        person = bearer = scan = misses = None
        is_used_up = False
        for item in read(keys):
            if isinstance(item, PersonItem):
                person = item.to_person()
            elif isinstance(item, CodeItem):
                bearer = item.to_bearer()
            elif isinstance(item, MissesItem):
                misses = item.to_misses()
            elif isinstance(item, ScanItem) and item.is_use and item.scanner_id != user_id:
                is_used_up = True
            elif isinstance(item, ScanItem):
                scan = item.to_scan()
        return Sight(person, None if is_used_up else bearer, scan, misses)

    def miss(self, user_id: str, before: Misses | None, now: datetime) -> None:
        """Of many at once one may not be counted; nobody is helped by that."""
        goes_on = before is not None and now < before.until
        misses = Misses(before.number + 1, before.until) if before and goes_on else Misses(1, now + MISSES_WINDOW)
        MissesItem.of(user_id, misses).save()

    def meet(self, meeting: Meeting, pair: Pair, message: ContactExchanged) -> Pair | None:
        def compose(transaction: TransactWrite) -> None:
            transaction.save(ContactItem.of(pair.mine), _ABSENT, return_values="ALL_OLD")
            transaction.save(ContactItem.of(pair.theirs), _ABSENT, return_values="ALL_OLD")
            transaction.save(ScanItem.of(meeting.scan, one_use=meeting.bearer.one_use), _ABSENT)
            transaction.save(Outbox.of(message))

        try:
            transact(compose)
        except TransactWriteError as failure:
            return _had_before(failure)
        return None

    def settle(
        self,
        before: Pair,
        after: Pair,
        *,
        meeting: Meeting | None = None,
        card_of: Person | None = None,
        messages: Sequence[Message] = (),
    ) -> bool:
        def compose(transaction: TransactWrite) -> None:
            if card_of:
                transaction.condition_check(PersonItem, *person_key(card_of.user_id), PersonItem.revision == card_of.revision)
            for old, new in ((before.mine, after.mine), (before.theirs, after.theirs)):
                transaction.save(ContactItem.of(_next(old, new)), ContactItem.revision == old.revision)
            if meeting:
                transaction.save(ScanItem.of(meeting.scan, one_use=meeting.bearer.one_use), _ABSENT)
            for message in messages:
                transaction.save(Outbox.of(message))

        return committed(compose)

    def note(self, meeting: Meeting) -> bool:
        scan = meeting.scan
        same = (ScanItem.scanner_id == scan.scanner_id) & (ScanItem.code == scan.code)
        try:
            ScanItem.of(scan, one_use=meeting.bearer.one_use).save(_ABSENT | same)
        except PutError as failure:
            if failure.cause_response_code != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def keep(self, before: Contact, after: Contact) -> bool:
        item = ContactItem.of(_next(before, after))
        return committed(lambda transaction: transaction.save(item, ContactItem.revision == before.revision))

    def contact(self, owner_id: str, contact_id: str) -> Contact | None:
        return next(_contacts(read([contact_key(owner_id, contact_id)])), None)

    def other_side(self, contact: Contact) -> Contact | None:
        return self.contact(*contact.other_side)

    def other_sides(self, contacts: Sequence[Contact]) -> list[Contact | None]:
        found = {(each.owner_id, each.id): each for each in _contacts(read([contact_key(*each.other_side) for each in contacts]))}
        return [found.get(each.other_side) for each in contacts]

    def contacts(self, owner_id: str, wanted: Wanted, limit: int, cursor: str | None) -> tuple[list[Contact], str | None]:
        """From the index, so a contact made this instant may be missing for a moment."""
        pk = partition(owner_id)
        results = Item.gsi1.query(
            pk,
            filter_condition=_filter(wanted),
            scan_index_forward=False,
            limit=limit,
            last_evaluated_key=decode_cursor(cursor, pk, "gsi1pk"),
        )
        items, following = page(results)
        return list(_contacts(items)), following

    def holders(self, owner_id: str, limit: int, cursor: str | None) -> tuple[list[Contact], str | None]:
        pk = partition(owner_id)
        results = Item.query(
            pk,
            Item.sk.startswith(_CONTACTS),
            limit=limit,
            last_evaluated_key=decode_cursor(cursor, pk),
            consistent_read=True,
        )
        items, following = page(results)
        return [each for each in _contacts(items) if not each.consent.withdrawn_at], following

    def with_card_of(self, person: Person) -> Iterator[Contact]:
        owners = {person.user_id, *(person.party(conference_id).id for conference_id in person.attendance)}
        for owner_id in sorted(owners):
            kept = Item.query(partition(owner_id), Item.sk.startswith(_CONTACTS), consistent_read=True)
            yield from (each for each in _contacts(kept) if each.own_face_id == person.user_id or person.user_id in each.scans)


def read(keys: Sequence[Key]) -> Iterator[Item]:
    """The items under `keys` that exist, in any order: in one round trip up to 100."""
    return Item.batch_get(keys, consistent_read=True)


def committed(compose: Callable[[TransactWrite], None]) -> bool:
    """Whether the transaction committed; False where a condition failed. Raises Busy."""
    try:
        transact(compose)
    except TransactWriteError as failure:
        if failed_conditions(failure):
            return False
        raise
    return True


def _contacts(items: Iterable[Item]) -> Iterator[Contact]:
    return (item.to_contact() for item in items if isinstance(item, ContactItem))


def _next(before: Contact, after: Contact) -> Contact:
    return replace(after, revision=before.revision + 1)


def _filter(wanted: Wanted) -> Condition | None:
    conditions: list[Any] = []
    if wanted.conference_id:
        conditions.append(ContactItem.conference_id == wanted.conference_id)
    if wanted.tag:
        conditions.append(ContactItem.tags.contains(wanted.tag))
    if wanted.awaiting:
        conditions.append(ContactItem.awaits.exists())
    return reduce(and_, conditions) if conditions else None


def _had_before(failure: TransactWriteError) -> Pair:
    """Both sides of a meeting that was not the first. Raises Busy."""
    if not failed_conditions(failure):
        raise failure
    raw = [reason.raw_item if reason else None for reason in failure.cancellation_reasons[:2]]
    sides = list(_contacts(Item.from_raw_data(item) for item in raw if item is not None))
    if len(sides) < 2:
        raise Busy("The same scan is being recorded right now. Send the request again.")
    return Pair(*sides)
