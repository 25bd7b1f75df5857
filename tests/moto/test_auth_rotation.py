"""Rotating the keys: what was signed before stays good, and what is signed after is known."""

import json
from datetime import timedelta

import boto3
import jwt
import pytest
from aws_lambda_powertools.utilities import parameters

from functions.auth import api, rotation
from functions.auth.keyset import KeySet, TooSoon
from shared.clock import now
from shared.config import Misconfigured
from tests.moto.accounts import caller_of, log_in, register
from tests.support import CONTEXT, Table, call


@pytest.fixture
def grown(signing: KeySet, monkeypatch: pytest.MonkeyPatch) -> KeySet:
    """The keys, old enough to be rotated."""
    monkeypatch.setattr(rotation, "now", lambda: now() + timedelta(days=30))
    return signing


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def test_tokens_of_before_and_after_a_rotation_pass_the_door_with_the_keys_of_the_deployment(table: Table, grown: KeySet) -> None:
    register()
    before = log_in().json["access_token"]
    told = rotation.handler({}, CONTEXT)
    during = log_in().json["access_token"]  # by a function that has not read the keys anew
    parameters.clear_caches()
    after = log_in().json["access_token"]
    assert [kid_of(token) for token in (before, during, after)] == [grown.current, grown.current, grown.next]
    assert {caller_of(token).user_id for token in (before, during, after)} == {caller_of(before).user_id}
    assert (told["current"], len(told["published"])) == (grown.next, 3)


def test_the_key_that_signs_next_is_published_at_once(table: Table, grown: KeySet) -> None:
    told = rotation.handler({}, CONTEXT)
    parameters.clear_caches()
    published = call(api.handler, "GET", "/.well-known/jwks.json").json["keys"]
    assert [key["kid"] for key in published] == [grown.current, grown.next, told["next"]]
    assert all("d" not in key for key in published)


def test_a_rotation_too_soon_changes_nothing(signing: KeySet) -> None:
    with pytest.raises(TooSoon):
        rotation.handler({}, CONTEXT)
    kept = boto3.client("secretsmanager").get_secret_value(SecretId="signing-keys")["SecretString"]
    assert json.loads(kept) == json.loads(signing.to_json())


def test_without_keys_there_is_nothing_to_rotate(grown: KeySet) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId="signing-keys", SecretString="{}")
    with pytest.raises(Misconfigured):
        rotation.handler({}, CONTEXT)
