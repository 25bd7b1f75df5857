"""Accounts and sessions as a client meets them, over a table and a secret."""

import base64
import hashlib
import io
import json
from typing import Any

import boto3
import botocore.client
import botocore.exceptions
import jwt
import pytest
from argon2 import PasswordHasher

from bench.meter import Meter
from functions.auth import api, dynamo, worker
from functions.auth.keyset import KeySet
from functions.auth.passwords import Argon2Passwords
from shared import table as shared_table
from shared.caller import Caller
from shared.clock import now
from shared.errors import Busy
from shared.messages import EmailVerificationRequested, MembershipChanged, UserRegistered
from shared.telemetry import logger
from tests.moto.accounts import ADA, caller_of, log_in, refresh, register
from tests.support import Table, call, deliver

pytestmark = pytest.mark.usefixtures("signing")


def test_who_registers_can_log_in_and_passes_the_door(table: Table) -> None:
    registered = register()
    assert registered.status == 201
    assert registered.json == {"user_id": registered.json["user_id"], "email": ADA["email"], "name": ADA["name"]}
    grant = log_in()
    assert grant.status == 200
    assert set(grant.json) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (grant.json["token_type"], grant.json["expires_in"]) == ("Bearer", 900)
    assert grant.headers["Cache-Control"] == "no-store"
    caller = caller_of(grant.json["access_token"])
    assert caller == Caller(registered.json["user_id"], ADA["email"], ADA["name"], {}, False, caller.session_id)
    me = call(api.handler, "GET", "/auth/me", caller=caller)
    assert me.status == 200
    assert me.json == {**registered.json, "email_verified": False, "roles": {}, "created_at": me.json["created_at"]}
    assert me.json["created_at"].endswith("Z")


def test_the_claims_of_an_access_token(table: Table, signing: KeySet) -> None:
    user_id = register().json["user_id"]
    token = log_in().json["access_token"]
    claims = jwt.decode(token, signing.signer.public_key(), algorithms=["EdDSA"], audience="ketemu", issuer="https://ketemu.test")
    assert jwt.get_unverified_header(token) == {"alg": "EdDSA", "typ": "JWT", "kid": signing.current}
    assert set(claims) == {"iss", "aud", "sub", "iat", "exp", "jti", "sid", "email", "email_verified", "name", "roles"}
    assert claims["sub"] == user_id
    assert claims["exp"] - claims["iat"] == 900
    assert jwt.decode(log_in().json["access_token"], options={"verify_signature": False})["jti"] != claims["jti"]


def test_a_registration_is_told_to_the_others_in_the_same_transaction(table: Table) -> None:
    registered = register().json
    messages = table.outbox()
    assert [type(message) for message in messages] == [UserRegistered, EmailVerificationRequested]
    for message in messages:
        assert isinstance(message, UserRegistered | EmailVerificationRequested)
        assert {"user_id": message.user_id, "email": message.email, "name": message.name} == registered


def test_the_case_of_an_email_does_not_matter(table: Table) -> None:
    assert register(email=" Ada@Example.ORG ").json["email"] == "ada@example.org"
    assert register(email="ADA@example.org").problem() == "email-taken"
    assert log_in(email="aDa@example.org").status == 200


def test_blanks_belong_to_a_password(table: Table) -> None:
    register(password="  correct horse  ")
    assert log_in(password="correct horse").status == 401
    assert log_in(password="  correct horse  ").status == 200


def test_no_password_and_no_refresh_token_can_be_read_from_the_table(table: Table) -> None:
    register("key-1")
    refresh_token = log_in().json["refresh_token"]
    kept = repr(table.items())
    command = json.dumps(ADA).encode()
    for secret in (ADA["password"], refresh_token, refresh_token.partition(".")[2]):
        assert secret not in kept
        assert base64.b64encode(secret.encode()).decode() not in kept
    assert hashlib.sha256(command).hexdigest() not in kept  # a fast hash of what holds the password


def test_a_repeated_registration_gets_the_same_answer_and_happens_once(table: Table) -> None:
    first, before = register("key-1"), table.items()
    again = register("key-1")
    assert (again.status, again.json) == (201, first.json)
    assert table.items() == before


def test_the_same_key_from_two_people_is_two_registrations(table: Table) -> None:
    ada, bob = register("1"), register("1", email="bob@example.org", name="Bob", password="another password")
    assert (ada.status, bob.status) == (201, 201)
    assert ada.json["user_id"] != bob.json["user_id"]


def test_a_wrong_password_and_an_unknown_account_cannot_be_told_apart(table: Table, meter: Meter) -> None:
    register()
    meter.reset()
    wrong = log_in(password="wrong password")
    for_wrong = meter.by_operation
    meter.reset()
    unknown = log_in(email="eve@example.org")
    assert (wrong.status, wrong.problem(), wrong.body) == (401, "bad-credentials", unknown.body)
    one_each = {"BatchGetItem": 1, "TransactWriteItems": 1, "GetItem": 1, "UpdateItem": 1}
    assert (for_wrong, meter.by_operation) == (one_each, one_each)


def test_a_log_in_renews_a_hash_made_with_weaker_parameters(table: Table) -> None:
    register()
    weak = PasswordHasher(memory_cost=8_192, time_cost=1, parallelism=1).hash(ADA["password"])
    assert Argon2Passwords().outdated(weak)
    item = dynamo.CredentialItem.at(ADA["email"])
    item.update([dynamo.CredentialItem.password_hash.set(weak)])
    assert log_in().status == 200
    item.refresh()
    assert not Argon2Passwords().outdated(item.password_hash)
    assert log_in().status == 200


def test_a_refresh_token_works_once_and_its_reuse_ends_the_session(table: Table) -> None:
    register()
    first = log_in().json["refresh_token"]
    second = refresh(first)
    assert second.status == 200
    assert set(second.json) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert second.headers["Cache-Control"] == "no-store"
    replayed = refresh(first)
    assert (replayed.status, replayed.problem()) == (401, "session-revoked")
    assert refresh(second.json["refresh_token"]).problem() == "session-revoked"


def test_an_unknown_refresh_token_is_refused(table: Table) -> None:
    answer = refresh("x" * 66)
    assert (answer.status, answer.problem()) == (401, "bad-credentials")


def test_a_session_expires_with_its_item(table: Table) -> None:
    register()
    log_in()
    [session] = [item for item in table.items() if item["kind"] == "UserSession"]
    assert int(session["ttl"]) - now().timestamp() == pytest.approx(30 * 86_400, abs=60)


def test_logging_out_ends_the_session_and_may_be_repeated(table: Table) -> None:
    register()
    grant = log_in().json
    caller, body = caller_of(grant["access_token"]), {"refresh_token": grant["refresh_token"]}
    for _ in range(2):
        answer = call(api.handler, "POST", "/auth/logout", body, caller=caller)
        assert (answer.status, answer.body) == (204, b"")
    assert refresh(grant["refresh_token"]).problem() == "session-revoked"


def test_a_new_name_is_in_the_profile_at_once_and_in_the_next_token(table: Table) -> None:
    register()
    grant = log_in().json
    caller = caller_of(grant["access_token"])
    renamed = call(api.handler, "PATCH", "/auth/me", {"name": " Countess of Lovelace "}, caller=caller)
    assert (renamed.status, renamed.json["name"]) == (200, "Countess of Lovelace")
    assert call(api.handler, "GET", "/auth/me", caller=caller).json == renamed.json
    assert caller_of(refresh(grant["refresh_token"]).json["access_token"]).name == "Countess of Lovelace"


def test_a_role_from_the_bus_is_in_the_profile_and_in_the_next_token(table: Table) -> None:
    user_id = register().json["user_id"]
    message = MembershipChanged(conference_id="cnf_1", user_id=user_id, role="organizer", revision=1)
    assert deliver(worker.handler, message) == []
    caller = caller_of(log_in().json["access_token"])
    assert caller.roles == {"cnf_1": "organizer"}
    assert call(api.handler, "GET", "/auth/me", caller=caller).json["roles"] == {"cnf_1": "organizer"}


def test_the_public_keys_are_published_for_a_minute(signing: KeySet) -> None:
    answer = call(api.handler, "GET", "/.well-known/jwks.json")
    assert (answer.status, answer.json) == (200, json.loads(signing.jwks()))
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.headers["Content-Type"] == "application/json"


def test_without_keys_nobody_is_logged_in_and_no_session_is_left(table: Table) -> None:
    register()
    boto3.client("secretsmanager").put_secret_value(SecretId="signing-keys", SecretString="{}")
    assert log_in().status == 500
    assert [item for item in table.items() if item["kind"] == "UserSession"] == []


@pytest.mark.parametrize("refused", [1, 4])
def test_a_transaction_that_meets_another_is_tried_again(table: Table, monkeypatch: pytest.MonkeyPatch, refused: int) -> None:
    with_conflicts(monkeypatch, refused)
    assert register().status == 201
    assert len(table.outbox()) == 2


def test_contention_without_end_is_not_taken_for_a_taken_email(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    with_conflicts(monkeypatch, 99)
    answer = register()
    assert (answer.status, answer.problem(), answer.headers["Retry-After"]) == (409, Busy.slug, "1")
    assert table.items() == []


def with_conflicts(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """The next transactions meet another one on their first item."""
    left = iter(range(times))
    real = botocore.client.BaseClient._make_api_call

    def contended(client: Any, operation: str, kwargs: Any) -> Any:
        if operation == "TransactWriteItems" and next(left, None) is not None:
            reasons = [{"Code": "TransactionConflict"}, {"Code": "None"}, {"Code": "None"}]
            error = {"Error": {"Code": "TransactionCanceledException", "Message": "conflict"}, "CancellationReasons": reasons}
            raise botocore.exceptions.ClientError(error, operation)
        return real(client, operation, kwargs)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", contended)
    monkeypatch.setattr(shared_table.time, "sleep", lambda _: None)


def test_the_round_trips_of_each_route(table: Table, meter: Meter) -> None:
    def spent() -> dict[str, int]:
        calls = meter.by_operation
        meter.reset()
        return calls

    register()
    assert spent() == {"TransactWriteItems": 1}
    grant = log_in().json
    assert spent() == {"BatchGetItem": 1, "TransactWriteItems": 2, "GetItem": 2, "PutItem": 1}
    grant = refresh(grant["refresh_token"]).json
    assert spent() == {"GetItem": 2, "UpdateItem": 1}
    caller = caller_of(grant["access_token"])
    call(api.handler, "GET", "/auth/me", caller=caller)
    assert spent() == {"GetItem": 1}
    call(api.handler, "PATCH", "/auth/me", {"name": "Countess"}, caller=caller)
    assert spent() == {"UpdateItem": 1}
    call(api.handler, "POST", "/auth/logout", {"refresh_token": grant["refresh_token"]}, caller=caller)
    assert spent() == {"UpdateItem": 1}
    call(api.handler, "GET", "/.well-known/jwks.json")
    assert spent() == {}


def test_the_log_names_no_personal_data(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", log)
    register("key-1")
    grant = log_in().json
    log_in(password="wrong password")
    refresh(grant["refresh_token"])
    refresh(grant["refresh_token"])
    register(email="not an e-mail")
    logged = log.getvalue()
    assert "session revoked" in logged
    for private in (*ADA.values(), "wrong password", "not an e-mail", grant["refresh_token"], grant["access_token"]):
        assert private not in logged
