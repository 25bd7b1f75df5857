"""The keys of a conference over HTTP: anybody reads them, its organisers rotate them, and old codes stay good."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from functions.tickets import api
from shared.caller import Caller
from tests.moto.tickets import ADA, BOB, CONFERENCE, DOOR, HOST, STRANGER, check_in, issued, keep_secret
from tests.support import Answer, Table, call

KEYS = f"/tickets/conferences/{CONFERENCE}/keys"


@pytest.fixture(autouse=True)
def secret(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_secret(monkeypatch)


def rotate(key: str, caller: Caller | None = HOST) -> Answer:
    return call(api.handler, "POST", KEYS, caller=caller, headers={"idempotency-key": key})


def signed_with(code: str, jwk: dict[str, str]) -> None:
    """Verifies as a scanner would that has read docs/codes.md. Raises InvalidSignature."""
    text = code.removeprefix("KETEMU:E2:")
    raw = base64.b32decode(text + "=" * (-len(text) % 8))
    assert str(raw[1]) == jwk["kid"]
    key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(jwk["x"] + "="))
    key.verify(raw[60:], raw[:60])


def test_anybody_can_read_the_public_keys(table: Table) -> None:
    answer = call(api.handler, "GET", KEYS)
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "public, max-age=60")
    [key] = answer.json["keys"]
    assert (answer.json["conference_id"], answer.json["current"]) == (CONFERENCE, "1")
    assert {name: key[name] for name in ("kty", "crv", "alg", "use", "kid")} == {
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "1",
    }  # fmt: skip
    signed_with(issued()["code"], key)


def test_after_a_rotation_new_codes_have_the_new_key_and_old_codes_still_open_the_door(table: Table) -> None:
    old = issued(order="1")["code"]
    assert rotate("a").json["current"] == "2"
    new = issued(order="2")["code"]
    keys = call(api.handler, "GET", KEYS).json["keys"]
    for code, key in zip((old, new), keys, strict=True):
        signed_with(code, key)
    assert [check_in(code, nonce).json["status"] for code, nonce in ((old, "n1"), (new, "n2"))] == ["ok", "ok"]


def test_a_repeated_rotation_is_one(table: Table) -> None:
    first = rotate("a")
    before = table.items()
    assert rotate("a").json == first.json
    assert table.items() == before
    assert rotate("b").json["current"] == "3"


@pytest.mark.parametrize("caller", [ADA, BOB, DOOR, STRANGER])
def test_only_organisers_rotate(table: Table, caller: Caller) -> None:
    answer = rotate("a", caller)
    assert (answer.status, answer.problem()) == (403, "forbidden")
    assert table.items() == []


@pytest.mark.parametrize("conference", ["nonsense", "cnf_1", CONFERENCE.lower(), "cnf_ZZZZZZZZZZZZZZZZZZZZZZZZZZ"])
def test_what_is_no_conference_has_no_keys(table: Table, conference: str) -> None:
    answer = call(api.handler, "GET", f"/tickets/conferences/{conference}/keys")
    assert (answer.status, answer.problem()) == (404, "not-found")
