"""Contacts as their owners see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from functions.contacts.cards import Consent, FreeField, Profile
from functions.contacts.domain import Contact

Confirmation = Literal["pending", "confirmed", "declined", "none"]


@dataclass(frozen=True, slots=True)
class ScanView:
    """Who scanned whom, and when first."""

    by: Literal["me", "them"]
    at: datetime


@dataclass(frozen=True, slots=True)
class ShownView:
    """What the caller decided about this contact. `confirmation` is pending while fields of the card wait for it."""

    confirmation: Confirmation
    fields: dict[str, bool]
    withdrawn_at: datetime | None

    @classmethod
    def of(cls, contact: Contact) -> "ShownView":
        consent = contact.consent
        return cls(_confirmation(contact.awaits, consent), dict(consent.fields), consent.withdrawn_at)


def _confirmation(awaits: bool, consent: Consent) -> Confirmation:  # as it is kept
    if consent.confirmed is None:
        return "pending" if awaits else "none"
    return "confirmed" if consent.confirmed else "declined"


@dataclass(frozen=True, slots=True)
class ContactView:
    """Somebody met: what that person shows, and the caller's own notes. An exhibitor (`exhibitor_id`) is met as a team."""

    id: str
    user_id: str
    exhibitor_id: str | None
    exhibitor: str | None
    shared: bool
    name: str | None
    company: str | None
    title: str | None
    email: str | None
    phone: str | None
    links: tuple[str, ...]
    fields: tuple[FreeField, ...]
    note: str | None
    tags: tuple[str, ...]
    met_at: datetime
    scans: list[ScanView]
    conference_id: str | None
    shown: ShownView

    @classmethod
    def of(cls, contact: Contact, *, by: str = "") -> "ContactView":
        """`by`: who reads, where the contact is a team's."""
        profile = contact.profile or Profile("")
        ours = {contact.owner_id, contact.own_face_id, by}
        is_team = contact.other_id != contact.face_id
        return cls(
            id=contact.id,
            user_id=contact.face_id,
            exhibitor_id=contact.other_id if is_team else None,
            exhibitor=contact.company,
            shared=contact.owner_id != contact.own_face_id,
            name=profile.name or None,
            company=profile.company,
            title=profile.title,
            email=profile.email,
            phone=profile.phone,
            links=profile.links,
            fields=profile.fields,
            note=contact.note,
            tags=contact.tags,
            met_at=contact.met_at,
            scans=[
                ScanView("me" if scanner in ours else "them", at)
                for scanner, at in sorted(contact.scans.items(), key=lambda scan: (scan[1], scan[0]))
            ],
            conference_id=contact.conference_id or None,
            shown=ShownView.of(contact),
        )
