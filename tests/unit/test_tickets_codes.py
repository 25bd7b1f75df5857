"""An entry code says what was signed, in one spelling only, and nothing else passes for one."""

import base64
import hashlib
import hmac
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.tickets.codes import EntryCodes
from functions.tickets.entry_code import EntryCode, NotACode
from shared.clock import parse
from shared.ids import id_from_bytes

CODES = EntryCodes(b"a root secret of 64 random characters, but for the tests a fixed")
ALPHANUMERIC = re.compile(r"[0-9A-Z $%*+\-./:]+")

ids = st.binary(min_size=16, max_size=16)
seconds = st.integers(0, 2**32 - 1).map(lambda value: datetime.fromtimestamp(value, UTC))
entries = st.builds(
    EntryCode,
    key_id=st.integers(0, 255),
    ticket_id=ids.map(lambda raw: id_from_bytes("tkt", raw)),
    conference_id=ids.map(lambda raw: id_from_bytes("cnf", raw)),
    ticket_type_id=ids.map(lambda raw: id_from_bytes("typ", raw)),
    valid_from=seconds,
    valid_until=seconds,
    serial=st.integers(1, 65535),
)
ENTRY = EntryCode(
    key_id=1,
    ticket_id="tkt_2JHAYQ2FNMRSSZRNC43A6GW8FR",
    conference_id="cnf_5GRSEZJFAZ9AD68ZY8PPE2PTFM",
    ticket_type_id="typ_2T3WG493B34R5RWSGVK3X0H65Y",
    valid_from=datetime(2026, 6, 1, 7, tzinfo=UTC),
    valid_until=datetime(2026, 6, 3, 18, tzinfo=UTC),
)
CODE = CODES.sign(ENTRY)


def is_a_code(text: str, codes: EntryCodes = CODES) -> bool:
    try:
        codes.verify(text)
    except NotACode:
        return False
    return True


@given(entries)
def test_a_code_says_what_was_signed(entry: EntryCode) -> None:
    assert CODES.verify(CODES.sign(entry)) == entry


@given(entries)
def test_a_code_has_209_characters_of_the_alphanumeric_set(entry: EntryCode) -> None:
    code = CODES.sign(entry)
    assert len(code) == 209
    assert ALPHANUMERIC.fullmatch(code)


@settings(max_examples=500)
@given(st.integers(0, len(CODE) - 1), st.characters())
def test_no_single_character_can_be_changed(index: int, character: str) -> None:
    changed = CODE[:index] + character + CODE[index + 1 :]
    assert is_a_code(changed) == (changed == CODE)


@pytest.mark.parametrize("character", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567=")
def test_the_last_character_has_one_spelling(character: str) -> None:
    changed = CODE[:-1] + character
    assert is_a_code(changed) == (changed == CODE)


@given(st.text(max_size=300))
def test_other_text_is_no_code(text: str) -> None:
    assert not is_a_code(text)
    assert not is_a_code("KETEMU:E1:" + text)
    assert not is_a_code("KETEMU:E2:" + text)


@given(entries, ids)
def test_a_code_of_one_conference_is_never_another_conferences(entry: EntryCode, other: bytes) -> None:
    code = CODES.sign(entry)
    elsewhere = EntryCode(
        key_id=entry.key_id,
        ticket_id=entry.ticket_id,
        conference_id=id_from_bytes("cnf", other),
        ticket_type_id=entry.ticket_type_id,
        valid_from=entry.valid_from,
        valid_until=entry.valid_until,
    )
    grafted = spliced(CODES.sign(elsewhere), code)
    assert CODES.verify(code).conference_id == entry.conference_id
    assert is_a_code(grafted) == (elsewhere == entry)


def spliced(payload_of: str, signature_of: str) -> str:
    """One code's payload with the other's signature."""
    return text_of(raw(payload_of)[:-64] + raw(signature_of)[-64:])


def raw(code: str) -> bytes:
    text = code.removeprefix("KETEMU:E2:")
    return base64.b32decode(text + "=" * (-len(text) % 8))


def text_of(signed: bytes, prefix: str = "KETEMU:E2:") -> str:
    return prefix + base64.b32encode(signed).decode().rstrip("=")


def test_every_conference_and_key_id_has_a_key_of_its_own() -> None:
    keys = {
        CODES.public_key(conference_id, key_id).public_bytes_raw()
        for conference_id in ("cnf_2JHAYQ2FNMRSSZRNC43A6GW8FR", "cnf_5GRSEZJFAZ9AD68ZY8PPE2PTFM")
        for key_id in (1, 2)
    }
    assert len(keys) == 4


def test_a_code_of_another_deployment_is_no_code() -> None:
    assert not is_a_code(CODE, EntryCodes(b"another root secret"))


def test_white_space_around_a_code_is_not_part_of_it() -> None:
    assert not is_a_code(f" {CODE}")
    assert not is_a_code(f"{CODE}\n")


def test_a_window_wider_than_the_format_is_cut_to_what_fits() -> None:
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
    wide = EntryCode(
        key_id=1,
        ticket_id=ENTRY.ticket_id,
        conference_id=ENTRY.conference_id,
        ticket_type_id=ENTRY.ticket_type_id,
        valid_from=first,
        valid_until=last,
    )
    read = CODES.verify(CODES.sign(wide))
    assert (read.valid_from.year, read.valid_until.year) == (1970, 2106)


def test_each_of_a_tickets_codes_is_another() -> None:
    codes = [CODES.sign(replace(ENTRY, serial=serial)) for serial in (1, 2, 65535)]
    assert len(set(codes)) == 3
    assert [CODES.verify(code).serial for code in codes] == [1, 2, 65535]


def test_a_code_of_version_1_is_a_tickets_first() -> None:
    old = replace(ENTRY, version=1)
    code = CODES.sign(old)
    assert code.startswith("KETEMU:E1:")
    assert CODES.verify(code) == old
    assert CODES.verify(code).serial == 1


@pytest.mark.parametrize("prefix", ["KETEMU:E1:", "KETEMU:E3:", "KETEMU:", ""])
def test_a_payload_is_read_under_the_prefix_of_its_version_only(prefix: str) -> None:
    assert not is_a_code(text_of(raw(CODE), prefix))


# docs/codes.md

PAGE = (Path(__file__).parents[2] / "docs" / "codes.md").read_text()
VECTORS: dict[str, Any] = json.loads(PAGE.partition("```json\n")[2].partition("```")[0])
ACCEPTED = pytest.mark.parametrize("vector", VECTORS["accepted"], ids=lambda vector: vector["name"])


def entry_of(vector: dict[str, Any]) -> EntryCode:
    return EntryCode(
        key_id=vector["key_id"],
        ticket_id=vector["ticket_id"],
        conference_id=vector["conference_id"],
        ticket_type_id=vector["ticket_type_id"],
        valid_from=parse(vector["valid_from"]),
        valid_until=parse(vector["valid_until"]),
        serial=vector["serial"],
        version=vector["version"],
    )


@ACCEPTED
def test_the_documented_codes_are_the_codes(vector: dict[str, Any]) -> None:
    codes, entry = EntryCodes(vector["root_secret"].encode()), entry_of(vector)
    assert entry.payload().hex() == vector["payload"]
    assert codes.public_key(entry.conference_id, entry.key_id).public_bytes_raw().hex() == vector["public_key"]
    assert codes.sign(entry) == vector["code"]
    assert codes.verify(vector["code"]) == entry


@ACCEPTED
def test_the_documented_keys_follow_from_rfc_5869(vector: dict[str, Any]) -> None:
    extracted = hmac.digest(bytes(32), vector["root_secret"].encode(), hashlib.sha256)
    info = f"ketemu/entry/v1|{vector['conference_id']}|{vector['key_id']}".encode()
    seed = hmac.digest(extracted, info + b"\x01", hashlib.sha256)
    key = Ed25519PrivateKey.from_private_bytes(seed)
    assert seed.hex() == vector["seed"]
    assert key.public_key().public_bytes_raw().hex() == vector["public_key"]
    assert key.sign(bytes.fromhex(vector["payload"])).hex() == vector["signature"]


@pytest.mark.parametrize("name", VECTORS["refused"])
def test_the_documented_refusals_are_refused(name: str) -> None:
    assert not is_a_code(VECTORS["refused"][name], EntryCodes(VECTORS["accepted"][0]["root_secret"].encode()))
