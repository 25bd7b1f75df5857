"""The keys that sign: as they are kept, and as they are published."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from functions.auth.domain import ACCESS_LIFE
from functions.auth.keyset import PUBLISHED_AFTER, KeySet, TooSoon, cached, thumbprint
from functions.gateway.authorizer import LEEWAY

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)


def test_a_key_is_named_by_its_thumbprint() -> None:
    # The key and the thumbprint of RFC 8037, appendix A.3.
    assert thumbprint("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo") == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_keys_come_back_as_they_were_kept() -> None:
    keys = KeySet.generate(NOW)
    again = KeySet.from_json(keys.to_json())
    assert again is not None
    assert (again.current, again.jwks(), again.to_json()) == (keys.current, keys.jwks(), keys.to_json())
    assert again.signer.private_bytes_raw() == keys.signer.private_bytes_raw()


def test_what_is_published_holds_every_key_and_nothing_private() -> None:
    keys = KeySet.generate(NOW)
    published = json.loads(keys.jwks())["keys"]
    assert [key["kid"] for key in published] == [keys.current, keys.next]
    assert all(set(key) == {"kty", "crv", "x", "kid", "alg", "use"} for key in published)
    assert all((key["kty"], key["crv"], key["alg"], key["use"]) == ("OKP", "Ed25519", "EdDSA", "sig") for key in published)


@pytest.mark.parametrize("placeholder", ["{}", '{"keys": {}}', '{"keys": null}'])
def test_a_placeholder_holds_no_keys(placeholder: str) -> None:
    assert KeySet.from_json(placeholder) is None


def test_a_key_of_another_kind_is_refused() -> None:
    pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    kept = {"current": "k", "keys": {"k": {"private": pem, "created_at": "2026-06-01T09:00:00.000Z"}}}
    with pytest.raises(ValueError, match="not an Ed25519 key"):
        KeySet.from_json(json.dumps(kept))


def test_the_next_key_signs_after_a_rotation_and_was_published_before_it() -> None:
    keys = KeySet.generate(NOW)
    rotated = keys.rotated(NOW + timedelta(days=30))
    assert rotated.current == keys.next
    assert rotated.next not in keys.keys
    assert set(rotated.keys) == {keys.current, keys.next, rotated.next}


def test_a_key_does_not_sign_before_every_copy_of_the_published_set_has_it() -> None:
    keys = KeySet.generate(NOW)
    with pytest.raises(TooSoon):
        keys.rotated(NOW + 2 * cached() - timedelta(seconds=1))
    rotated = keys.rotated(NOW + 2 * cached())
    with pytest.raises(TooSoon):
        rotated.rotated(NOW + 2 * cached())


def test_a_retired_key_is_published_until_its_last_token_has_expired() -> None:
    """The last one is signed by a function that keeps the keys it read for `cached()`."""
    keys, at = KeySet.generate(NOW), NOW + timedelta(days=30)
    once = keys.rotated(at)
    last_token_ends = at + cached() + ACCESS_LIFE + timedelta(seconds=LEEWAY)
    assert keys.current in once.rotated(last_token_ends).keys
    assert keys.current not in once.rotated(at + PUBLISHED_AFTER).keys


def test_a_rotated_set_comes_back_as_it_was_kept() -> None:
    rotated = KeySet.generate(NOW).rotated(NOW + timedelta(days=1))
    again = KeySet.from_json(rotated.to_json())
    assert again is not None
    assert (again.current, again.next, again.to_json()) == (rotated.current, rotated.next, rotated.to_json())


def test_a_set_from_before_there_was_a_next_key_gets_one_and_goes_on_signing() -> None:
    document = json.loads(KeySet.generate(NOW).to_json())
    old = KeySet.from_json(json.dumps({"current": document["current"], "keys": document["keys"]}))
    assert old is not None
    rotated = old.rotated(NOW + timedelta(days=1))
    assert (rotated.current, rotated.next in old.keys) == (old.current, False)
