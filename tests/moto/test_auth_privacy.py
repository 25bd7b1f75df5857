"""Consents are on record, the archive is whole, and leaving takes the password."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from functions.auth import api, archive, worker
from functions.auth.personal_data import CONTEXTS
from shared.caller import Caller
from shared.messages import DataExportRequested, UserErased
from tests.moto.accounts import ADA, caller_of, log_in, refresh, register
from tests.support import Answer, Table, call, deliver

pytestmark = pytest.mark.usefixtures("signing")

CONSENTS, EXPORT, ME = "/auth/me/consents", "/auth/me/export", "/auth/me"


@pytest.fixture
def bucket(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    client = boto3.client("s3")
    client.create_bucket(Bucket="exports", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    monkeypatch.setenv("EXPORTS_BUCKET", "exports")
    archive._s3.cache_clear()
    yield client
    archive._s3.cache_clear()


@pytest.fixture
def ada(table: Table) -> Caller:
    register()
    return caller_of(log_in().json["access_token"])


def agree(caller: Caller, version: str, given: bool = True) -> Answer:
    body = {"purpose": "terms", "text_version": version, "given": given}
    return call(api.handler, "POST", CONSENTS, body, caller=caller)


def leave(caller: Caller, password: str = ADA["password"]) -> Answer:  # a test's
    return call(api.handler, "DELETE", ME, {"password": password}, caller=caller)


def test_consents_are_kept_with_time_and_version_and_a_withdrawal_is_one_more(table: Table, ada: Caller) -> None:
    assert [agree(ada, "2026-01").status, agree(ada, "2026-02").status, agree(ada, "2026-02", given=False).status] == [201] * 3
    page = call(api.handler, "GET", f"{CONSENTS}?limit=2", caller=ada).json
    rest = call(api.handler, "GET", f"{CONSENTS}?limit=2&cursor={page['next_cursor']}", caller=ada).json
    listed = page["items"] + rest["items"]
    assert [(each["text_version"], each["given"]) for each in listed] == [("2026-02", False), ("2026-02", True), ("2026-01", True)]
    assert all(each["at"].endswith("Z") for each in listed)


def test_the_archive_is_there_once_every_context_has_handed_over(table: Table, ada: Caller, bucket: Any) -> None:
    agree(ada, "2026-01")
    first = call(api.handler, "GET", EXPORT, caller=ada)
    assert (first.status, first.json["status"], first.headers["Retry-After"]) == (202, "gathering", "2")
    assert set(first.json["waiting_for"]) == CONTEXTS
    [asked] = [message for message in table.outbox() if isinstance(message, DataExportRequested)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("POWERTOOLS_SERVICE_NAME", "auth")
        assert deliver(worker.handler, asked) == []
    again = call(api.handler, "GET", EXPORT, caller=ada).json
    assert (again["export_id"], "auth" in again["waiting_for"]) == (asked.export_id, False)
    for context in CONTEXTS - {"auth"}:
        bucket.put_object(Bucket="exports", Key=f"exports/{asked.export_id}/{context}.json", Body=b"[]")
    ready = call(api.handler, "GET", EXPORT, caller=ada)
    assert (ready.status, ready.json["status"], ready.headers["Cache-Control"]) == (200, "ready", "no-store")
    assert "X-Amz-Expires=900" in ready.json["url"]
    key = f"exports/{asked.export_id}/personal-data.zip"
    assert key in ready.json["url"]
    whole = zipfile.ZipFile(io.BytesIO(bucket.get_object(Bucket="exports", Key=key)["Body"].read()))
    assert set(whole.namelist()) == {f"{context}.json" for context in CONTEXTS}
    kinds = {item["kind"] for item in json.loads(whole.read("auth.json"))}
    assert {"User", "UserSession", "Consent"} <= kinds
    for secret in ("token_digest", "password_hash", "argon2"):
        assert secret not in whole.read("auth.json").decode()


def test_of_two_who_ask_at_once_one_archive_is_gathered(table: Table, ada: Caller, bucket: Any) -> None:
    for _ in range(3):
        call(api.handler, "GET", EXPORT, caller=ada)
    assert len([message for message in table.outbox() if isinstance(message, DataExportRequested)]) == 1


def test_leaving_ends_the_account_and_every_session_and_leaves_nothing_here(table: Table, ada: Caller, bucket: Any) -> None:
    token = log_in().json["refresh_token"]
    agree(ada, "2026-01")
    call(api.handler, "GET", EXPORT, caller=ada)
    assert leave(ada).status == 204
    assert refresh(token).status == 401
    assert log_in().problem() == "bad-credentials"
    assert call(api.handler, "GET", ME, caller=ada).status == 404
    [told] = [message for message in table.outbox() if isinstance(message, UserErased)]
    assert deliver(worker.handler, told, told) == []
    left = table.items()
    for private in (ADA["email"], ADA["name"], ada.user_id):
        assert private not in repr(left)
    assert {item["kind"] for item in left} <= {"Tries"}
    assert register().status == 201  # the address is free again


def test_leaving_takes_the_password(table: Table, ada: Caller) -> None:
    assert leave(ada, "wrong password").problem() == "bad-credentials"
    assert log_in().status == 200


def test_what_was_gathered_goes_with_the_account(table: Table, ada: Caller, bucket: Any) -> None:
    export_id = call(api.handler, "GET", EXPORT, caller=ada).json["export_id"]
    bucket.put_object(Bucket="exports", Key=f"exports/{export_id}/orders.json", Body=b"[]")
    assert leave(ada).status == 204
    assert bucket.list_objects_v2(Bucket="exports")["KeyCount"] == 0
