"""Contacts as a file: exactly what each shows now, and what was noted of them."""

import csv
import io
from collections.abc import Iterable

from functions.contacts.cards import Profile
from functions.contacts.domain import Contact
from shared.clock import iso
from shared.spreadsheet import BOM, harmless

COLUMNS = (
    *("contact_id", "met_at", "conference_id", "name", "company", "title", "email", "phone", "links", "fields"),
    *("exhibitor", "rating", "tags", "note", "scans", "scanned_by"),
)


def sheet(contacts: Iterable[Contact], *, is_first: bool) -> bytes:
    """A line for each. Parts of a sheet joined are the sheet."""
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    if is_first:
        lines.writerow(COLUMNS)
    lines.writerows([harmless(cell) for cell in _line(contact)] for contact in contacts)
    return (BOM if is_first else b"") + text.getvalue().encode()


def _line(contact: Contact) -> Iterable[str]:
    profile = contact.profile or Profile("")
    yield from (contact.id, iso(contact.met_at), contact.conference_id, profile.name)
    yield from (value or "" for value in (profile.company, profile.title, profile.email, profile.phone))
    yield " ".join(profile.links)
    yield "; ".join(f"{each.label}: {each.value}" for each in profile.fields)
    yield contact.company or ""
    yield "" if contact.rating is None else str(contact.rating)
    yield "; ".join(contact.tags)
    yield contact.note or ""
    scans = sorted(contact.scans.items(), key=lambda scan: scan[1])
    yield "; ".join(f"{by} {iso(at)}" for by, at in scans)
    yield "; ".join(contact.name_of(by) or by for by, _ in scans)
