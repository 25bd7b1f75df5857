"""The keys that sign: as they are kept, and as they are published."""

import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from functions.auth.keyset import KeySet, thumbprint

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
    old, new = KeySet.generate(NOW), KeySet.generate(NOW)
    published = json.loads(KeySet(new.current, {**old.keys, **new.keys}).jwks())["keys"]
    assert [key["kid"] for key in published] == [old.current, new.current]
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
