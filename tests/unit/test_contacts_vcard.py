"""A vCard says what the contact says and nothing else, whatever its text holds."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.contacts.cards import FreeField, Profile
from functions.contacts.domain import Contact
from functions.contacts.vcard import Version, vcard, version_wanted

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
VERSIONS = pytest.mark.parametrize("version", ["4.0", "3.0"])
BREAKS = "\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1) | st.text("\\,;:\r\n\u2028é界🎉a", min_size=1)
SAFE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1)


def contact(profile: Profile, note: str | None = None) -> Contact:
    return Contact("usr_ada", "usr_bob", "", "usr_ada", "usr_bob", profile, {"usr_ada": NOON}, note=note)


def properties(card: str) -> list[tuple[str, str]]:
    """The card as a reader takes it: unfolded, each line parted at its first colon."""
    unfolded = re.sub(r"\r\n[ \t]", "", card)
    assert unfolded.endswith("\r\n")
    return [(name, value) for name, _, value in (line.partition(":") for line in unfolded.removesuffix("\r\n").split("\r\n"))]


def unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], value)


@VERSIONS
def test_a_whole_contact(version: Version) -> None:
    bob = Profile("Bob Ray", "Rays; Inc.", "CTO, founder", "bob@example.org", "+1 555 0100", ("https://example.org/a,b;c",))
    uid = "UID;VALUE=text" if version == "4.0" else "UID"
    assert properties(vcard(contact(bob, "Met at C:\\door\nTea"), version)) == [
        ("BEGIN", "VCARD"),
        ("VERSION", version),
        (uid, contact(bob).id),
        ("FN", "Bob Ray"),
        ("N", "Bob Ray;;;;"),
        ("ORG", "Rays\\; Inc."),
        ("TITLE", "CTO\\, founder"),
        ("EMAIL", "bob@example.org"),
        ("TEL", "+1 555 0100"),
        ("URL", "https://example.org/a,b;c"),
        ("NOTE", "Met at C:\\\\door\\nTea"),
        ("END", "VCARD"),
    ]


def test_what_only_this_card_has_is_noted() -> None:
    fields = (FreeField("Fediverse", "@bob"), FreeField("Seeks", "a co-founder"))
    read = dict(properties(vcard(contact(Profile("Bob", fields=fields), "Tea"))))
    assert unescaped(read["NOTE"]) == "Fediverse: @bob\nSeeks: a co-founder\nTea"


def test_what_is_not_shown_is_not_there() -> None:
    names = [name for name, _ in properties(vcard(contact(Profile("Bob"))))]
    assert names == ["BEGIN", "VERSION", "UID;VALUE=text", "FN", "N", "END"]


@given(SAFE, SAFE, SAFE)
def test_text_comes_back_as_it_was(name: str, company: str, note: str) -> None:
    read = dict(properties(vcard(contact(Profile(name, company), note))))
    assert (unescaped(read["FN"]), unescaped(read["ORG"]), unescaped(read["NOTE"])) == (name, company, note)


@given(TEXT, TEXT, TEXT, TEXT)
def test_no_text_becomes_a_property_of_its_own(name: str, company: str, link: str, note: str) -> None:
    card = vcard(contact(Profile(name, company, links=(link,)), note))
    assert [name for name, _ in properties(card)] == [
        *("BEGIN", "VERSION", "UID;VALUE=text", "FN", "N", "ORG", "URL", "NOTE", "END"),
    ]
    assert not set(card.replace("\r\n", "")) & set(BREAKS)


@given(TEXT)
def test_a_line_has_at_most_75_octets_and_no_character_is_torn(text: str) -> None:
    lines = vcard(contact(Profile(text * 20))).encode().split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    for line in lines:
        line.decode()


@pytest.mark.parametrize(
    ("accept", "version"),
    [
        ("text/vcard", "4.0"),
        ("text/vcard;version=4.0", "4.0"),
        ("text/vcard; version=3.0", "3.0"),
        ('Text/VCard;version="3.0", */*;q=0.1', "3.0"),
        ("text/vcard;version=4.0, text/vcard;version=3.0;q=0.5", "4.0"),
        ("text/vcard;version=2.1", "4.0"),
    ],
)
def test_the_version_is_the_one_asked_for(accept: str, version: str) -> None:
    assert version_wanted(accept) == version
