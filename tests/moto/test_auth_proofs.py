"""What goes by e-mail: each token once, in time, for what it was mailed for, and kept by nobody."""

from datetime import timedelta
from typing import Any

import pytest

from bench.meter import Meter
from functions.auth import api, api_proofs, worker
from functions.auth.passwords import Argon2Passwords
from shared.caller import Caller
from shared.clock import now
from shared.messages import (
    EmailChanged,
    EmailChangeRequested,
    EmailVerificationRequested,
    MembershipChanged,
    PasswordChanged,
    PasswordForgotten,
    PasswordResetRequested,
)
from tests.moto.accounts import ADA, caller_of, log_in, refresh, register
from tests.support import Answer, Table, call, deliver

pytestmark = pytest.mark.usefixtures("signing")

NEW = "countess@example.org"


def confirm(token: str) -> Answer:
    return call(api.handler, "POST", "/auth/email/confirm", {"token": token})


def forgot(email: str = ADA["email"]) -> Answer:
    return call(api.handler, "POST", "/auth/password/forgot", {"email": email})


def reset(token: str) -> Answer:
    return call(api.handler, "POST", "/auth/password/reset", {"token": token, "password": "a new password"})


def ask_change(caller: Caller, email: str = NEW, password: str = ADA["password"]) -> Answer:
    return call(api.handler, "POST", "/auth/email/change", {"email": email, "password": password}, caller=caller)


def mailed(table: Table, kind: type[Any]) -> list[Any]:
    return [message for message in table.outbox() if isinstance(message, kind)]


def token_of(table: Table, kind: type[Any]) -> str:
    return str(mailed(table, kind)[-1].token)


def forgotten(table: Table) -> str:
    """The token that comes of having forgotten the password."""
    assert forgot().status == 202
    assert deliver(worker.handler, mailed(table, PasswordForgotten)[-1]) == []
    return token_of(table, PasswordResetRequested)


def later(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    monkeypatch.setattr(api_proofs, "now", lambda: now() + by)


@pytest.fixture
def ada(table: Table) -> Caller:
    register()
    return caller_of(log_in().json["access_token"])


# Verification


def test_an_email_is_verified_by_the_token_of_its_mail_and_the_next_access_token_says_so(table: Table, ada: Caller) -> None:
    session = log_in().json
    answer = confirm(token_of(table, EmailVerificationRequested))
    assert (answer.status, answer.json["email_verified"]) == (200, True)
    assert not ada.email_verified
    assert caller_of(refresh(session["refresh_token"]).json["access_token"]).email_verified


def test_a_token_works_once(table: Table, ada: Caller) -> None:
    token = token_of(table, EmailVerificationRequested)
    assert confirm(token).status == 200
    assert confirm(token).problem() == "link-dead"


@pytest.mark.parametrize(("hours", "status"), [(23.9, 200), (24, 410)])
def test_a_verification_is_good_for_a_day(
    table: Table, ada: Caller, monkeypatch: pytest.MonkeyPatch, hours: float, status: int
) -> None:
    later(monkeypatch, timedelta(hours=hours))
    assert confirm(token_of(table, EmailVerificationRequested)).status == status


def test_a_token_opens_only_what_it_was_mailed_for(table: Table, ada: Caller) -> None:
    assert reset(token_of(table, EmailVerificationRequested)).problem() == "link-dead"
    assert confirm(forgotten(table)).problem() == "link-dead"


def test_a_verification_is_mailed_again_but_not_in_the_same_minute(table: Table, ada: Caller) -> None:
    def ask() -> Answer:
        return call(api.handler, "POST", "/auth/email/verification", caller=ada)

    assert (ask().status, len(mailed(table, EmailVerificationRequested))) == (202, 2)
    again = ask()
    assert (again.status, again.problem(), again.headers["Retry-After"]) == (429, "too-many-attempts", "60")
    assert len(mailed(table, EmailVerificationRequested)) == 2
    for message in mailed(table, EmailVerificationRequested):  # the older one is good too
        assert isinstance(message, EmailVerificationRequested)
    assert confirm(token_of(table, EmailVerificationRequested)).status == 200
    assert ask().status == 202
    assert len(mailed(table, EmailVerificationRequested)) == 2  # there is nothing left to verify


def test_no_mailed_token_is_kept_in_the_clear_once_it_was_delivered(table: Table, ada: Caller) -> None:
    tokens = [token_of(table, EmailVerificationRequested), forgotten(table)]
    ask_change(ada)
    tokens.append(token_of(table, EmailChangeRequested))
    kinds = (EmailVerificationRequested, PasswordResetRequested, EmailChangeRequested)
    assert deliver(worker.handler, *[message for kind in kinds for message in mailed(table, kind)]) == []
    kept = repr(table.items())
    for token in tokens:
        assert token not in kept
        assert token.rpartition(".")[2] not in kept
    assert confirm(tokens[0]).status == 200


# A forgotten password


def test_a_new_password_ends_every_session_and_verifies_the_email(table: Table, ada: Caller) -> None:
    sessions = [log_in().json["refresh_token"] for _ in range(2)]
    assert reset(forgotten(table)).status == 204
    for token in sessions:
        assert refresh(token).problem() == "session-revoked"
    assert log_in().status == 401
    grant = log_in(password="a new password").json
    assert caller_of(grant["access_token"]).email_verified
    [told] = mailed(table, PasswordChanged)
    assert (told.user_id, told.email) == (ada.user_id, ADA["email"])


def test_one_reset_ends_all_others(table: Table, ada: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    first = forgotten(table)
    later(monkeypatch, timedelta(minutes=1))
    second = forgotten(table)
    assert first != second
    assert reset(second).status == 204
    assert reset(first).problem() == reset(second).problem() == "link-dead"


@pytest.mark.parametrize(("minutes", "status"), [(29, 204), (30, 410)])
def test_a_reset_is_good_for_half_an_hour(
    table: Table, ada: Caller, monkeypatch: pytest.MonkeyPatch, minutes: int, status: int
) -> None:
    token = forgotten(table)
    later(monkeypatch, timedelta(minutes=minutes, seconds=1))
    assert reset(token).status == status


def test_a_message_that_comes_twice_mails_one_token(table: Table, ada: Caller) -> None:
    forgotten(table)
    deliver(worker.handler, *mailed(table, PasswordForgotten) * 2)
    assert len(mailed(table, PasswordResetRequested)) == 1


def test_asking_for_a_reset_is_the_same_answer_and_the_same_work_with_and_without_an_account(
    table: Table, ada: Caller, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work is counted, not timed: what is read and written where, and the passwords that are hashed."""
    hashed: list[str] = []
    monkeypatch.setattr(Argon2Passwords, "match", lambda *_: hashed.append("match"))
    monkeypatch.setattr(Argon2Passwords, "hash", lambda *_: hashed.append("hash"))

    def asked(email: str) -> tuple[int, bytes, dict[str, int], list[str]]:
        before = {(item["pk"], item["sk"]) for item in table.items()}
        meter.reset()
        answers = [forgot(email), forgot(email)]
        work = meter.by_operation
        written = sorted(item["kind"] for item in table.items() if (item["pk"], item["sk"]) not in before)
        told = [(answer.status, answer.body, answer.headers.get("Retry-After")) for answer in answers]
        assert [status for status, _, _ in told] == [202, 429]
        return told, work, written

    assert asked(ADA["email"]) == asked("eve@example.org")
    assert hashed == []


def test_for_an_unknown_address_nothing_is_mailed(table: Table, ada: Caller) -> None:
    forgot("eve@example.org")
    assert deliver(worker.handler, *mailed(table, PasswordForgotten)) == []
    assert mailed(table, PasswordResetRequested) == []


# Another e-mail


def test_an_account_moves_to_an_email_that_was_proven(table: Table, ada: Caller) -> None:
    session = log_in().json
    assert ask_change(ada).status == 202
    assert call(api.handler, "GET", "/auth/me", caller=ada).json["email"] == ADA["email"]
    answer = confirm(token_of(table, EmailChangeRequested))
    assert (answer.status, answer.json["email"], answer.json["email_verified"]) == (200, NEW, True)
    [told] = mailed(table, EmailChanged)
    assert (told.user_id, told.email, told.old_email) == (ada.user_id, NEW, ADA["email"])
    assert log_in().status == 401
    assert log_in(email=NEW).status == 200
    assert caller_of(refresh(session["refresh_token"]).json["access_token"]).email == NEW
    assert register().status == 201  # the old address is free


def test_what_was_mailed_to_the_old_address_opens_nothing_after_the_change(table: Table, ada: Caller) -> None:
    verification, forgotten_token = token_of(table, EmailVerificationRequested), forgotten(table)
    ask_change(ada)
    assert confirm(token_of(table, EmailChangeRequested)).status == 200
    assert confirm(verification).problem() == "link-dead"
    assert reset(forgotten_token).problem() == "link-dead"


def test_a_change_of_email_takes_the_password(table: Table, ada: Caller) -> None:
    assert ask_change(ada, password="wrong password").problem() == "bad-credentials"
    assert mailed(table, EmailChangeRequested) == []


def test_whether_the_new_email_has_an_account_is_told_to_its_reader_only(table: Table, ada: Caller) -> None:
    register(email=NEW, name="Countess")
    assert ask_change(ada).status == 202
    before = log_in(email=NEW).status
    assert confirm(token_of(table, EmailChangeRequested)).problem() == "email-taken"
    assert (before, log_in(email=NEW).status, log_in().status) == (200, 200, 200)


def test_the_email_one_has_is_no_change(table: Table, ada: Caller) -> None:
    assert ask_change(ada, ADA["email"]).problem() == "email-unchanged"


# Another password


def test_another_password_ends_every_session_but_the_new_one(table: Table, ada: Caller) -> None:
    old = log_in().json["refresh_token"]
    body = {"password": ADA["password"], "new_password": "another password"}
    grant = call(api.handler, "PUT", "/auth/password", body, caller=ada)
    assert (grant.status, grant.headers["Cache-Control"]) == (200, "no-store")
    assert refresh(old).problem() == "session-revoked"
    assert refresh(grant.json["refresh_token"]).status == 200
    assert (log_in().status, log_in(password="another password").status) == (401, 200)
    assert len(mailed(table, PasswordChanged)) == 1


def test_another_password_takes_the_one_before(table: Table, ada: Caller) -> None:
    body = {"password": "wrong password", "new_password": "another password"}
    assert call(api.handler, "PUT", "/auth/password", body, caller=ada).problem() == "bad-credentials"
    assert log_in().status == 200


def test_the_page_that_links_open_is_whole_in_itself(table: Table) -> None:
    page = call(api.handler, "GET", "/auth/link")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert b"/auth/email/confirm" in page.body


# Roles taken


def test_a_role_taken_ends_the_sessions_that_carried_it_at_once(table: Table, ada: Caller) -> None:
    for conference, role, revision in (("cnf_1", "staff", 1), ("cnf_2", "speaker", 1)):
        deliver(worker.handler, MembershipChanged(conference_id=conference, user_id=ada.user_id, role=role, revision=revision))  # type: ignore[arg-type]  # one of Role
    token = log_in().json["refresh_token"]
    removed = MembershipChanged(conference_id="cnf_1", user_id=ada.user_id, role=None, revision=2)
    assert deliver(worker.handler, removed) == []
    assert refresh(token).problem() == "session-revoked"
    grant = log_in().json
    assert caller_of(grant["access_token"]).roles == {"cnf_2": "speaker"}  # what is left, after another log-in
    assert deliver(worker.handler, removed) == []
    assert refresh(grant["refresh_token"]).status == 200  # the same removal, heard again, ends nothing


def test_a_role_gained_ends_nothing(table: Table, ada: Caller) -> None:
    token = log_in().json["refresh_token"]
    deliver(worker.handler, MembershipChanged(conference_id="cnf_1", user_id=ada.user_id, role="staff", revision=1))
    assert caller_of(refresh(token).json["access_token"]).roles == {"cnf_1": "staff"}
