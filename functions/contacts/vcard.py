"""A contact as a vCard, for the address book of a phone: RFC 6350 (4.0), and RFC 2426 (3.0) for older ones.

The text is another person's: nothing in it may end a line, or a value, and so become a property of its own.
"""

import re
from collections.abc import Iterator
from typing import Literal

from functions.contacts.cards import Profile
from functions.contacts.domain import Contact

Version = Literal["4.0", "3.0"]

_FOLD = 75  # octets a line, without its end
_LINE_BREAK = re.compile(r"\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")  # all that some reader takes for one
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # not in VALUE-CHAR
_SPECIAL = re.compile(r"[\\,;]")
_WANTED = re.compile(r'text/vcard\s*;\s*version="?([34]\.0)"?', re.IGNORECASE)


def version_wanted(accept: str) -> Version:
    """The version that an Accept header asks for first; the present one where it names none."""
    wanted = _WANTED.search(accept)
    return "3.0" if wanted and wanted[1] == "3.0" else "4.0"


def vcard(contact: Contact, version: Version = "4.0") -> str:
    """Lines end with CRLF and are folded, as the standard has it."""
    lines = ["BEGIN:VCARD", f"VERSION:{version}", *_properties(contact, version), "END:VCARD"]
    return "".join(f"{_fold(line)}\r\n" for line in lines)


def _properties(contact: Contact, version: Version) -> Iterator[str]:
    profile = contact.profile or Profile("")
    yield f"UID;VALUE=text:{contact.id}" if version == "4.0" else f"UID:{contact.id}"
    yield f"FN:{_text(profile.name)}"
    # Where a name divides is not known: 3.0 demands N, and address books show its first part as it is.
    yield f"N:{_text(profile.name)};;;;"
    if profile.company:
        yield f"ORG:{_text(profile.company)}"
    if profile.title:
        yield f"TITLE:{_text(profile.title)}"
    if profile.email:
        yield f"EMAIL:{_text(profile.email)}"
    if profile.phone:
        yield f"TEL:{_text(profile.phone)}"
    for link in profile.links:
        yield f"URL:{_uri(link)}"
    notes = [*(f"{each.label}: {each.value}" for each in profile.fields), *([contact.note] if contact.note else [])]
    if notes:
        yield f"NOTE:{_text(chr(10).join(notes))}"


def _text(value: str) -> str:
    escaped = _SPECIAL.sub(r"\\\g<0>", value)
    return _CONTROL.sub("", _LINE_BREAK.sub(r"\\n", escaped))


def _uri(value: str) -> str:
    """A URI is not escaped (RFC 6350, 4.2), so that it must not hold what ends a line."""
    return _CONTROL.sub("", _LINE_BREAK.sub("", value))


def _fold(line: str) -> str:
    """Break after at most 75 octets, never inside a character; each further line begins with a space."""
    folded, room = [], _FOLD
    for character in line:
        octets = len(character.encode())
        if octets > room:
            folded.append("\r\n ")
            room = _FOLD - 1
        folded.append(character)
        room -= octets
    return "".join(folded)
