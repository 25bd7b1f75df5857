"""Contacts in DynamoDB.

| item       | pk        | sk                  | gsi1pk    | gsi1sk          |
|------------|-----------|---------------------|-----------|-----------------|
| Card       | USER#id   | CARD                |           |                 |
| Code       | CODE#code | CODE                |           |                 |
| Rotation   | USER#id   | ROTATION#command    |           |                 |
| Attendance | USER#id   | ATTENDS#conference  |           |                 |
| Scan       | USER#id   | SCAN#nonce          |           |                 |
| Contact    | USER#id   | CONTACT#id          | USER#id   | met_at#id       |
| Removed    | USER#id   | CONTACT#id          |           |                 |

A Code holds a copy of what its card shows, written with the card, so that a scan finds all it needs in one read. A contact's
id follows from its owner and the other, so its key can be taken once only: Removed keeps it taken.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from pynamodb.attributes import JSONAttribute, ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from functions.contacts.domain import Card, CardVisibility, Contact, Meeting, Profile, Removed, Scan, ShownCard
from functions.contacts.use_cases import Sight
from shared.clock import iso, now, parse
from shared.errors import Busy
from shared.messages import ContactExchanged
from shared.table import Item, Outbox, decode_cursor, failed_conditions, page, transact

_SCAN_LIFE = timedelta(days=90)  # long after the phone that was off line has sent its last; then the pair still stands once
_ROTATION_LIFE = timedelta(days=30)  # nobody repeats a command for longer
Key = tuple[str, str]  # pk, sk

_ABSENT = Item.pk.does_not_exist()


class ProfileItem(Item):
    """The members of a profile, for the items that hold one."""

    v = NumberAttribute(default=1)
    name = UnicodeAttribute()
    company = UnicodeAttribute(null=True)
    title = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    phone = UnicodeAttribute(null=True)
    links: ListAttribute[str] = ListAttribute(default=list)

    def to_profile(self) -> Profile:
        return Profile(self.name, self.company, self.title, self.email, self.phone, tuple(self.links))


class CardItem(ProfileItem, discriminator="Card"):
    user_id = UnicodeAttribute()
    visibility = JSONAttribute()
    code = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    revision = NumberAttribute()

    @classmethod
    def of(cls, card: Card) -> "CardItem":
        return cls(
            *_user_key(card.user_id, "CARD"),
            **_members(card.profile),
            user_id=card.user_id,
            visibility=asdict(card.visibility),
            code=card.code,
            updated_at=iso(card.updated_at),
            revision=card.revision,
        )

    def to_card(self) -> Card:
        visibility = CardVisibility(**self.visibility)
        return Card(self.user_id, self.to_profile(), visibility, self.code, parse(self.updated_at), int(self.revision))


class CodeItem(ProfileItem, discriminator="Code"):
    user_id = UnicodeAttribute()

    @classmethod
    def of(cls, card: Card) -> "CodeItem":
        shown = card.shown()
        return cls(*_code_key(card.code), **_members(shown.profile), user_id=shown.user_id)

    def to_shown(self) -> ShownCard:
        return ShownCard(self.user_id, self.to_profile())


class RotationItem(Item, discriminator="Rotation"):
    v = NumberAttribute(default=1)

    @classmethod
    def of(cls, user_id: str, command_id: str) -> "RotationItem":
        return cls(*_rotation_key(user_id, command_id), ttl=int((now() + _ROTATION_LIFE).timestamp()))


class AttendanceItem(Item, discriminator="Attendance"):
    v = NumberAttribute(default=1)


class ScanItem(Item, discriminator="ContactScan"):
    v = NumberAttribute(default=1)
    scanner_id = UnicodeAttribute()
    nonce = UnicodeAttribute()
    code = UnicodeAttribute()
    contact_id = UnicodeAttribute()

    @classmethod
    def of(cls, scan: Scan) -> "ScanItem":
        key = _user_key(scan.scanner_id, f"SCAN#{scan.nonce}")
        return cls(*key, **asdict(scan), ttl=int((now() + _SCAN_LIFE).timestamp()))

    def to_scan(self) -> Scan:
        return Scan(self.scanner_id, self.nonce, self.code, self.contact_id)


class ContactItem(ProfileItem, discriminator="Contact"):
    id = UnicodeAttribute()
    owner_id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    note = UnicodeAttribute(null=True)
    met_at = UnicodeAttribute()
    conference_id = UnicodeAttribute(null=True)

    @classmethod
    def of(cls, contact: Contact) -> "ContactItem":
        met_at = iso(contact.met_at)
        return cls(
            *_contact_key(contact.owner_id, contact.id),
            **_members(contact.profile),
            gsi1pk=_user_partition(contact.owner_id),
            gsi1sk=f"{met_at}#{contact.id}",
            id=contact.id,
            owner_id=contact.owner_id,
            user_id=contact.user_id,
            note=contact.note,
            met_at=met_at,
            conference_id=contact.conference_id,
        )

    def to_contact(self) -> Contact:
        profile, met_at = self.to_profile(), parse(self.met_at)
        return Contact(self.id, self.owner_id, self.user_id, profile, self.note, met_at, self.conference_id)


class RemovedItem(Item, discriminator="Removed"):
    v = NumberAttribute(default=1)


_LISTED: Condition = Item.kind == ContactItem
_TAKEN_OFF: Condition = Item.kind == RemovedItem


class DynamoContacts:
    def card(self, user_id: str) -> Card | None:
        return next((item.to_card() for item in _read(_user_key(user_id, "CARD")) if isinstance(item, CardItem)), None)

    def replace_card(self, old: Card | None, new: Card) -> bool:
        def compose(transaction: TransactWrite) -> None:
            transaction.save(CardItem.of(new), CardItem.revision == old.revision if old else _ABSENT)
            transaction.save(CodeItem.of(new))

        return _committed(compose)

    def rotate(self, old: Card, new: Card, command_id: str) -> bool:
        def compose(transaction: TransactWrite) -> None:
            transaction.delete(CodeItem(*_code_key(old.code)))
            transaction.save(CardItem.of(new), CardItem.revision == old.revision)
            transaction.save(CodeItem.of(new))
            transaction.save(RotationItem.of(new.user_id, command_id), _ABSENT)

        return _committed(compose)

    def has_rotated(self, user_id: str, command_id: str) -> bool:
        return any(_read(_rotation_key(user_id, command_id)))

    def attend(self, user_id: str, conference_id: str) -> None:
        item = AttendanceItem(*_attendance_key(user_id, conference_id))
        _committed(lambda transaction: transaction.save(item, _ABSENT))

    def look(self, user_id: str, code: str, nonce: str, conference_id: str | None) -> Sight:
        card = shown = scan = None
        attends = False
        keys = [_user_key(user_id, "CARD"), _code_key(code), _user_key(user_id, f"SCAN#{nonce}")]
        if conference_id:
            keys.append(_attendance_key(user_id, conference_id))
        for item in _read(*keys):
            if isinstance(item, CardItem):
                card = item.to_card()
            elif isinstance(item, CodeItem):
                shown = item.to_shown()
            elif isinstance(item, ScanItem):
                scan = item.to_scan()
            elif isinstance(item, AttendanceItem):
                attends = True
        return Sight(card, shown, scan, attends)

    def meet(self, meeting: Meeting, message: ContactExchanged) -> Contact | Removed | None:
        def compose(transaction: TransactWrite) -> None:
            transaction.save(ContactItem.of(meeting.mine), _ABSENT, return_values="ALL_OLD")
            transaction.save(ContactItem.of(meeting.theirs), _ABSENT)
            transaction.save(ScanItem.of(meeting.scan), _ABSENT)
            transaction.save(Outbox.of(message))

        try:
            transact(compose)
        except TransactWriteError as failure:
            return _had_before(failure)
        return None

    def keep(self, before: Contact | Removed, contact: Contact, scan: Scan) -> None:
        def compose(transaction: TransactWrite) -> None:
            transaction.save(ContactItem.of(contact), _still(before))
            transaction.save(ScanItem.of(scan), _ABSENT)

        if not _committed(compose):
            raise _in_flight()

    def contact(self, owner_id: str, contact_id: str) -> Contact | None:
        items = _read(_contact_key(owner_id, contact_id))
        return next((item.to_contact() for item in items if isinstance(item, ContactItem)), None)

    def contacts(self, owner_id: str, limit: int, cursor: str | None) -> tuple[list[Contact], str | None]:
        """From the index, so a contact made this instant may be missing for a moment."""
        partition = _user_partition(owner_id)
        start = decode_cursor(cursor, partition, "gsi1pk")
        results = Item.gsi1.query(partition, scan_index_forward=False, limit=limit, last_evaluated_key=start)
        items, following = page(results)
        return [item.to_contact() for item in items if isinstance(item, ContactItem)], following

    def annotate(self, contact: Contact) -> bool:
        def compose(transaction: TransactWrite) -> None:
            item = ContactItem(*_contact_key(contact.owner_id, contact.id))
            note = ContactItem.note.set(contact.note) if contact.note else ContactItem.note.remove()
            transaction.update(item, [note], _LISTED)

        return _committed(compose)

    def remove(self, owner_id: str, contact_id: str) -> bool:
        return _committed(lambda transaction: transaction.save(RemovedItem(*_contact_key(owner_id, contact_id)), _LISTED))


def _read(*keys: Key) -> Iterator[Item]:
    """The items under `keys` that exist, in any order, in one round trip."""
    return Item.batch_get(keys, consistent_read=True)


def _committed(compose: Callable[[TransactWrite], None]) -> bool:
    """Whether the transaction committed; False where a condition failed. Raises Busy."""
    try:
        transact(compose)
    except TransactWriteError as failure:
        if failed_conditions(failure):
            return False
        raise
    return True


def _still(before: Contact | Removed) -> Condition:
    """That the item is of the same kind and has the same note."""
    if isinstance(before, Removed):
        return _TAKEN_OFF
    same_note = ContactItem.note == before.note if before.note else ContactItem.note.does_not_exist()
    unchanged: Condition = _LISTED & same_note
    return unchanged


def _had_before(failure: TransactWriteError) -> Contact | Removed:
    """The scanner's side of a meeting that was not the first. Raises Busy."""
    if not failed_conditions(failure):
        raise failure
    mine = failure.cancellation_reasons[0]
    if mine is None or mine.raw_item is None:
        raise _in_flight()
    item = Item.from_raw_data(mine.raw_item)
    return item.to_contact() if isinstance(item, ContactItem) else Removed()


def _in_flight() -> Busy:
    return Busy("The same scan is being recorded right now. Send the request again.")


def _members(profile: Profile) -> dict[str, Any]:
    return {**asdict(profile), "links": list(profile.links)}


def _user_partition(user_id: str) -> str:
    return f"USER#{user_id}"


def _user_key(user_id: str, sk: str) -> Key:
    return _user_partition(user_id), sk


def _contact_key(owner_id: str, contact_id: str) -> Key:
    return _user_key(owner_id, f"CONTACT#{contact_id}")


def _rotation_key(user_id: str, command_id: str) -> Key:
    return _user_key(user_id, f"ROTATION#{command_id}")


def _attendance_key(user_id: str, conference_id: str) -> Key:
    return _user_key(user_id, f"ATTENDS#{conference_id}")


def _code_key(code: str) -> Key:
    return f"CODE#{code}", "CODE"
