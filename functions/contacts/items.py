"""The items of the contacts table.

| item    | pk        | sk             | gsi1pk   | gsi1sk    |
|---------|-----------|----------------|----------|-----------|
| Attendee | USER#id   | PERSON         |          |           |
| Done    | USER#id   | DONE#command   |          |           |
| Misses  | USER#id   | MISSES         |          |           |
| Scan    | USER#id   | SCAN#nonce     |          |           |
| Contact | USER#id   | CONTACT#id     | USER#id  | met_at#id |
| Lead    | TEAM#id   | CONTACT#id     | TEAM#id  | met_at#id |
| Code    | CODE#code | CODE           |          |           |
| Use     | CODE#code | USE            |          |           |

A Code holds a copy of what it shows, written with the Person, so that a scan finds all it needs in one read. A contact's id follows
from its owner, the other and the conference, so its key can be taken once only. Only what is on a list is in the index.
Scan and Use are two places for the same: a code for one use is used up by whose scan it is.
"""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from pynamodb.attributes import JSONAttribute, ListAttribute, NumberAttribute, UnicodeAttribute

from functions.contacts.cards import Consent, Profile
from functions.contacts.domain import Contact, Misses, Scan
from functions.contacts.people import LATE, Bearer, Person
from shared.clock import iso, now, parse
from shared.exhibitors import is_team
from shared.table import Item

_SCAN_LIFE = timedelta(days=90)  # long after the phone that was off line has sent its last; then the pair still stands once
_DONE_LIFE = timedelta(days=30)  # nobody repeats a command for longer
Key = tuple[str, str]  # pk, sk


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter({kind.__name__: kind for kind in (Person, Bearer, Profile, Consent)}[name])


def _stored(value: Any) -> Any:
    """A frozen dataclass as a map: without what is as usual, so that an item stays small."""
    return _adapter(type(value).__name__).dump_python(value, mode="json", exclude_defaults=True)


class PersonItem(Item, discriminator="Attendee"):
    """Before version 2 no team of an exhibitor was named: it follows from the company."""

    v = NumberAttribute(default=2)
    revision = NumberAttribute()
    person = JSONAttribute()

    @classmethod
    def of(cls, person: Person) -> "PersonItem":
        return cls(*person_key(person.user_id), revision=person.revision, person=_stored(person))

    def to_person(self) -> Person:
        person: Person = _adapter("Person").validate_python(self.person)
        return person


class CodeItem(Item, discriminator="Code"):
    v = NumberAttribute(default=1)
    user_id = UnicodeAttribute()
    bearer = JSONAttribute()

    @classmethod
    def of(cls, code: str, bearer: Bearer) -> "CodeItem":
        ttl = int((bearer.until + LATE).timestamp())
        return cls(*code_key(code), user_id=bearer.user_id, bearer=_stored(bearer), ttl=ttl)

    def to_bearer(self) -> Bearer:
        bearer: Bearer = _adapter("Bearer").validate_python(self.bearer)
        return bearer


class DoneItem(Item, discriminator="Done"):
    v = NumberAttribute(default=1)

    @classmethod
    def of(cls, user_id: str, command_id: str) -> "DoneItem":
        return cls(*done_key(user_id, command_id), ttl=int((now() + _DONE_LIFE).timestamp()))


class MissesItem(Item, discriminator="Misses"):
    v = NumberAttribute(default=1)
    number = NumberAttribute()

    @classmethod
    def of(cls, user_id: str, misses: Misses) -> "MissesItem":
        return cls(*misses_key(user_id), number=misses.number, ttl=int(misses.until.timestamp()))

    def to_misses(self) -> Misses:
        return Misses(int(self.number), datetime.fromtimestamp(int(self.ttl or 0), now().tzinfo))


class ScanItem(Item, discriminator="ContactScan"):
    v = NumberAttribute(default=1)
    scanner_id = UnicodeAttribute()
    nonce = UnicodeAttribute()
    code = UnicodeAttribute()
    owner_id = UnicodeAttribute()
    contact_id = UnicodeAttribute()

    @classmethod
    def of(cls, scan: Scan, *, one_use: bool) -> "ScanItem":
        key = use_key(scan.code) if one_use else scan_key(scan.scanner_id, scan.nonce)
        ttl = int((now() + _SCAN_LIFE).timestamp())
        return cls(
            *key,
            scanner_id=scan.scanner_id,
            nonce=scan.nonce,
            code=scan.code,
            owner_id=scan.owner_id,
            contact_id=scan.contact_id,
            ttl=ttl,
        )

    @property
    def is_use(self) -> bool:
        return bool(self.sk == "USE")

    def to_scan(self) -> Scan:
        return Scan(self.scanner_id, self.nonce, self.code, self.owner_id, self.contact_id)


class ContactItem(Item, discriminator="Contact"):
    """What is not there is as usual: a face is the party's own, nothing is decided, written or removed."""

    v = NumberAttribute(default=1)
    other_id = UnicodeAttribute()
    conference_id = UnicodeAttribute(null=True)
    own_face_id = UnicodeAttribute(null=True)
    face_id = UnicodeAttribute(null=True)
    profile = JSONAttribute(null=True)
    scans = JSONAttribute()
    company = UnicodeAttribute(null=True)
    consent = JSONAttribute(null=True)
    awaits = NumberAttribute(null=True)
    note = UnicodeAttribute(null=True)
    tags: ListAttribute[str] = ListAttribute(null=True)
    rating = NumberAttribute(null=True)
    colleagues = JSONAttribute(null=True)
    removed_at = UnicodeAttribute(null=True)
    revision = NumberAttribute()

    @classmethod
    def of(cls, contact: Contact) -> "ContactItem":
        kind = LeadItem if is_team(contact.owner_id) else ContactItem
        return kind(
            *contact_key(contact.owner_id, contact.id),
            gsi1pk=partition(contact.owner_id) if contact.is_listed else None,
            gsi1sk=f"{iso(contact.met_at)}#{contact.id}" if contact.is_listed else None,
            other_id=contact.other_id,
            conference_id=contact.conference_id or None,
            own_face_id=_unless(contact.own_face_id, contact.owner_id),
            face_id=_unless(contact.face_id, contact.other_id),
            profile=_stored(contact.profile) if contact.profile else None,
            scans={by: iso(at) for by, at in contact.scans.items()},
            company=contact.company,
            consent=_stored(contact.consent) or None,
            awaits=1 if contact.awaits else None,
            note=contact.note,
            tags=list(contact.tags) or None,
            rating=contact.rating,
            colleagues=dict(contact.colleagues) or None,
            removed_at=iso(contact.removed_at) if contact.removed_at else None,
            revision=contact.revision,
        )

    def to_contact(self) -> Contact:
        owner_id = self.pk.partition("#")[2]
        return Contact(
            owner_id=owner_id,
            other_id=self.other_id,
            conference_id=self.conference_id or "",
            own_face_id=self.own_face_id or owner_id,
            face_id=self.face_id or self.other_id,
            profile=_adapter("Profile").validate_python(self.profile) if self.profile else None,
            scans={by: parse(at) for by, at in self.scans.items()},
            company=self.company,
            consent=_adapter("Consent").validate_python(self.consent or {}),
            awaits=bool(self.awaits),
            note=self.note,
            tags=tuple(self.tags or ()),
            rating=int(self.rating) if self.rating is not None else None,
            colleagues=self.colleagues or {},
            removed_at=parse(self.removed_at) if self.removed_at else None,
            revision=int(self.revision),
        )


class LeadItem(ContactItem, discriminator="Lead"):
    """The same, of a team. Before version 2 nobody noted who its `colleagues` are."""

    v = NumberAttribute(default=2)


def _unless(value: str, usual: str) -> str | None:
    return None if value == usual else value


def partition(party_id: str) -> str:
    return f"TEAM#{party_id}" if is_team(party_id) else f"USER#{party_id}"


def person_key(user_id: str) -> Key:
    return f"USER#{user_id}", "PERSON"


def done_key(user_id: str, command_id: str) -> Key:
    return f"USER#{user_id}", f"DONE#{command_id}"


def misses_key(user_id: str) -> Key:
    return f"USER#{user_id}", "MISSES"


def scan_key(user_id: str, nonce: str) -> Key:
    return f"USER#{user_id}", f"SCAN#{nonce}"


def contact_key(owner_id: str, contact_id: str) -> Key:
    return partition(owner_id), f"CONTACT#{contact_id}"


def code_key(code: str) -> Key:
    return f"CODE#{code}", "CODE"


def use_key(code: str) -> Key:
    return f"CODE#{code}", "USE"
