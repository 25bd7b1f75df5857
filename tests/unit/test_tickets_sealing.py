"""A sealed record opens with its code, a receipt proves a code, and neither gives it away (docs/offline.md)."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given
from hypothesis import strategies as st

from functions.tickets.codes import EntryCodes, receipt_of, signed_bytes
from functions.tickets.entry_code import NotACode
from functions.tickets.sealing import Person, seal, secrets_of, unseal
from tests.unit.test_tickets_codes import CODE, CODES, ENTRY, entries

PAGE = (Path(__file__).parents[2] / "docs" / "offline.md").read_text()
VECTORS: list[dict[str, Any]] = json.loads(PAGE.partition("```json\n")[2].partition("```")[0])
VECTOR = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
ROOT = json.loads((Path(__file__).parents[2] / "docs" / "codes.md").read_text().partition("```json\n")[2].partition("```")[0])
MINE = secrets_of(signed_bytes(CODE))


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_record_says_what_was_sealed(name: str, ticket_type: str) -> None:
    person = Person(name.encode(errors="replace").decode(), ticket_type.encode(errors="replace").decode())
    assert unseal(MINE, seal(MINE, person)) == person


@given(entries)
def test_a_record_opens_with_its_own_code_alone(other: Any) -> None:
    theirs = secrets_of(signed_bytes(CODES.sign(other)))
    with pytest.raises(InvalidTag):
        unseal(theirs, seal(MINE, Person("Ada", "Regular")))


def test_short_names_are_of_one_length() -> None:
    assert len({len(seal(MINE, Person("x" * length, "Regular"))) for length in range(1, 20)}) == 1


def test_sealed_twice_it_looks_different() -> None:
    assert seal(MINE, Person("Ada", "Regular")) != seal(MINE, Person("Ada", "Regular"))


@VECTOR
def test_the_documented_records_are_the_records(vector: dict[str, Any]) -> None:
    code, person = secrets_of(signed_bytes(vector["code"])), Person(**vector["person"])
    assert (code.lookup.hex(), code.key.hex(), code.proof.hex()) == (vector["lookup"], vector["key"], vector["proof"])
    assert seal(code, person, bytes.fromhex(vector["nonce"])).hex() == vector["sealed"]
    assert unseal(code, bytes.fromhex(vector["sealed"])) == person
    assert receipt_of(vector["code"]) == vector["receipt"]


@VECTOR
def test_the_documented_records_follow_from_the_rfcs(vector: dict[str, Any]) -> None:
    extracted = hmac.digest(bytes(32), bytes.fromhex(vector["signature"]), hashlib.sha256)
    for purpose, size in (("lookup", 16), ("key", 32), ("proof", 16)):
        expanded = hmac.digest(extracted, f"ketemu/offline/v1|{purpose}".encode() + b"\x01", hashlib.sha256)[:size]
        assert expanded.hex() == vector[purpose]
    key, nonce, lookup, sealed = (bytes.fromhex(vector[name]) for name in ("key", "nonce", "lookup", "sealed"))
    said = ChaCha20Poly1305(key).decrypt(nonce, sealed[12:], lookup)
    assert (json.loads(said), len(said) % 64) == (vector["person"], 0)


@VECTOR
def test_the_documented_receipts_are_taken(vector: dict[str, Any]) -> None:
    codes = EntryCodes(ROOT["accepted"][0]["root_secret"].encode())
    assert codes.verify_scanned(vector["receipt"]) == codes.verify(vector["code"])


@given(entries)
def test_a_receipt_says_what_its_code_said(entry: Any) -> None:
    code = CODES.sign(entry)
    assert CODES.verify_scanned(receipt_of(code)) == CODES.verify_scanned(code) == entry


def test_a_receipt_opens_neither_door_nor_record() -> None:
    receipt = receipt_of(CODE)
    with pytest.raises(NotACode):
        CODES.verify(receipt)
    with pytest.raises(NotACode):
        signed_bytes(receipt)
    assert CODE[80:] not in receipt
    assert MINE.proof not in (MINE.key, MINE.lookup)


@given(st.integers(0, len(receipt_of(CODE)) - 1), st.characters())
def test_no_single_character_of_a_receipt_can_be_changed(index: int, character: str) -> None:
    receipt = receipt_of(CODE)
    changed = receipt[:index] + character + receipt[index + 1 :]
    if changed == receipt:
        return
    with pytest.raises(NotACode):
        CODES.verify_scanned(changed)


def test_a_receipt_of_another_deployment_proves_nothing() -> None:
    with pytest.raises(NotACode):
        CODES.verify_scanned(receipt_of(EntryCodes(b"another root secret").sign(ENTRY)))
