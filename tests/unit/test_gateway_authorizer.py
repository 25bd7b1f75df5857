"""Who gets past the door of the API, and as whom."""

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from functions.gateway import authorizer, keys
from functions.gateway.keys import PublicKeys

KEY, OTHER_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
METHOD_ARN = "arn:aws:execute-api:eu-central-1:000000000000:abc123/v1/GET/orders"


def jwk(key: Ed25519PrivateKey, kid: str) -> dict[str, str]:
    x = base64.urlsafe_b64encode(key.public_key().public_bytes_raw()).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "alg": "EdDSA", "use": "sig"}


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {
        "iss": "https://ketemu.test",
        "aud": "ketemu",
        "sub": "usr_ada",
        "iat": now,
        "exp": now + 900,
        "sid": "ssn_1",
        "email": "ada@example.org",
        "email_verified": True,
        "name": "Ada Lovelace",
        "roles": {"cnf_1": "organizer"},
    }
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def token(payload: dict[str, Any], key: Ed25519PrivateKey = KEY, headers: Mapping[str, Any] | None = None) -> str:
    return jwt.encode(payload, key, algorithm="EdDSA", headers={"kid": "k1", **(headers or {})})


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def signed_with_the_public_key_as_secret(secret: bytes) -> str:
    head = f"{segment({'alg': 'HS256', 'typ': 'JWT', 'kid': 'k1'})}.{segment(claims())}"
    mac = hmac.new(secret, head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def event(authorization: str | None, header: str = "Authorization") -> dict[str, Any]:
    return {
        "type": "REQUEST",
        "methodArn": METHOD_ARN,
        "headers": {"Accept": "*/*"} if authorization is None else {header: authorization},
    }


def effect(decision: dict[str, Any]) -> str:
    return str(decision["policyDocument"]["Statement"][0]["Effect"])


@pytest.fixture(autouse=True)
def jwks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWKS", json.dumps({"keys": [jwk(KEY, "k1")]}))
    monkeypatch.setenv("API_ADDRESS", "https://api.example.org")
    monkeypatch.setattr(keys, "_public_keys", lambda jwks, address: PublicKeys(jwks, address, lambda _: jwks))


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer  ", "Basic YTpi"])
def test_without_a_token_there_is_no_entry(authorization: str | None) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorizer.handler(event(authorization), None)


@pytest.mark.parametrize("authorization", [None, "", "Basic YTpi"])
def test_a_visitor_without_a_token_is_let_in_as_nobody(authorization: str | None) -> None:
    decision = authorizer.visitor(event(authorization), None)
    assert (effect(decision), decision["principalId"], decision["context"]) == ("Allow", "anonymous", {})


@pytest.mark.parametrize("entrance", [authorizer.handler, authorizer.visitor])
def test_a_good_token_hands_its_holder_on_as_text(entrance: Any) -> None:
    decision = entrance(event(f"Bearer {token(claims())}"), None)
    assert effect(decision) == "Allow"
    assert decision["principalId"] == "usr_ada"
    assert decision["context"] == {
        "user_id": "usr_ada",
        "session_id": "ssn_1",
        "email": "ada@example.org",
        "email_verified": "true",
        "name": "Ada Lovelace",
        "roles": '{"cnf_1": "organizer"}',
    }


@pytest.mark.parametrize("header", ["authorization", "AUTHORIZATION"])
def test_the_case_of_header_and_scheme_does_not_matter(header: str) -> None:
    assert effect(authorizer.handler(event(f"bearer {token(claims())}", header), None)) == "Allow"


def test_a_decision_covers_the_stage_because_it_may_be_reused_on_other_routes() -> None:
    decision = authorizer.handler(event(f"Bearer {token(claims())}"), None)
    assert decision["policyDocument"]["Statement"][0]["Resource"] == "arn:aws:execute-api:eu-central-1:000000000000:abc123/v1/*"


PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param("gibberish", id="not a token"),
        pytest.param("a.b.c", id="three parts of nothing"),
        pytest.param(token(claims(exp=int(time.time()) - 60)), id="expired"),
        pytest.param(token(claims(iat=int(time.time()) + 86_400)), id="from the future"),
        pytest.param(token(claims(aud="somebody-else")), id="wrong audience"),
        pytest.param(token(claims(iss="https://evil.example")), id="wrong issuer"),
        *(pytest.param(token(claims(**{name: None})), id=f"no {name}") for name in ("exp", "iat", "iss", "aud", "sub")),
        pytest.param(token(claims(), OTHER_KEY), id="another key under our kid"),
        pytest.param(token(claims(), headers={"kid": "k2"}), id="unknown kid"),
        pytest.param(jwt.encode(claims(), KEY, algorithm="EdDSA"), id="no kid"),
        pytest.param(token(claims(), OTHER_KEY, {"jwk": jwk(OTHER_KEY, "k1")}), id="brings its own key"),
        pytest.param(token(claims(), OTHER_KEY, {"jku": "https://evil.example/jwks.json"}), id="says where its key is"),
        pytest.param(jwt.encode(claims(), None, algorithm="none", headers={"kid": "k1"}), id="unsigned"),
        pytest.param(f"{segment({'alg': 'EdDSA', 'kid': 'k1'})}.{segment(claims())}.", id="signature cut off"),
        pytest.param(signed_with_the_public_key_as_secret(PEM), id="HMAC with the public key (PEM)"),
        pytest.param(signed_with_the_public_key_as_secret(KEY.public_key().public_bytes_raw()), id="HMAC with the public key"),
    ],
)
@pytest.mark.parametrize("entrance", [authorizer.handler, authorizer.visitor])
def test_a_token_that_does_not_verify_is_refused_and_tells_nothing(entrance: Any, bad: str) -> None:
    decision = entrance(event(f"Bearer {bad}"), None)
    assert (effect(decision), decision["principalId"], decision["context"]) == ("Deny", "refused", {})


def test_another_payload_under_a_good_signature_is_refused() -> None:
    head, _, signature = token(claims()).split(".")
    forged = f"{head}.{segment(claims(sub='usr_eve'))}.{signature}"
    assert effect(authorizer.handler(event(f"Bearer {forged}"), None)) == "Deny"


@pytest.mark.parametrize(("seconds_ago", "expected"), [(20, "Allow"), (40, "Deny")])
def test_clocks_may_differ_by_thirty_seconds(seconds_ago: int, expected: str) -> None:
    late = token(claims(exp=int(time.time()) - seconds_ago))
    assert effect(authorizer.handler(event(f"Bearer {late}"), None)) == expected


def test_an_old_key_verifies_as_long_as_it_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWKS", json.dumps({"keys": [jwk(OTHER_KEY, "k2"), jwk(KEY, "k1")]}))
    assert effect(authorizer.handler(event(f"Bearer {token(claims())}"), None)) == "Allow"
    assert effect(authorizer.handler(event(f"Bearer {token(claims(), OTHER_KEY, {'kid': 'k2'})}"), None)) == "Allow"


@given(st.text(min_size=1).map(str.strip).filter(bool))
def test_no_text_breaks_the_door(text: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("JWKS", json.dumps({"keys": [jwk(KEY, "k1")]}))
        assert effect(authorizer.handler(event(f"Bearer {text}"), None)) == "Deny"


def test_the_log_names_no_personal_data(capsys: pytest.CaptureFixture[str]) -> None:
    authorizer.handler(event(f"Bearer {token(claims())}"), None)
    line = json.loads(capsys.readouterr().out)
    assert line["user_id"] == "usr_ada"
    assert not {"ada@example.org", "Ada Lovelace"} & set(line.values())


def test_the_door_loads_neither_the_aws_sdk_nor_pydantic() -> None:
    script = "import sys, functions.gateway.authorizer; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "jwt" in loaded
    assert not {"boto3", "botocore", "pynamodb", "pydantic", "aws_lambda_powertools"} & set(loaded)
