"""Whatever is sent, a client is told what is wrong, and nothing is written."""

from typing import Any

import pytest

from functions.auth import api
from functions.auth.domain import User
from functions.auth.dynamo import DynamoAccounts
from functions.auth.dynamo_sessions import DynamoSessions
from functions.auth.passwords import Argon2Passwords
from functions.auth.use_cases import Session, register
from shared.caller import Caller
from shared.clock import now
from tests.support import Table, call

ADA = {"email": "ada@example.org", "password": "correct horse battery", "name": "Ada"}
NOBODY = Caller("usr_nobody", "nobody@example.org", "Nobody")
KEY = {"idempotency-key": "key-1"}


def without(name: str) -> dict[str, str]:
    return {member: value for member, value in ADA.items() if member != name}


REGISTER, LOGIN, REFRESH, LOGOUT, ME = "/auth/register", "/auth/login", "/auth/refresh", "/auth/logout", "/auth/me"
CHANGE, CONFIRM, FORGOT, RESET = "/auth/email/change", "/auth/email/confirm", "/auth/password/forgot", "/auth/password/reset"
PASSWORD, SESSIONS, CONSENTS = "/auth/password", "/auth/sessions", "/auth/me/consents"
CREDENTIALS = without("name")
NEW = {"email": "countess@example.org", "password": ADA["password"]}
NO_TOKENS = ("nothing of ours", ".", "..", "usr_1.prf_1.x", "\u202e.#.{}", "USER#usr_1.PROOF#.x")

CASES: list[tuple[str, str, Any, Caller | None, dict[str, str], int, str]] = [
    # registering
    ("POST", REGISTER, None, None, {}, 422, "invalid"),
    ("POST", REGISTER, "{no json", None, {}, 400, "malformed"),
    ("POST", REGISTER, [ADA["email"]], None, {}, 422, "invalid"),
    *(("POST", REGISTER, without(name), None, {}, 422, "invalid") for name in ADA),
    *(("POST", REGISTER, {**ADA, name: wrong}, None, {}, 422, "invalid") for name in ADA for wrong in (None, 7, "")),
    ("POST", REGISTER, {**ADA, "roles": {"cnf_1": "organizer"}}, None, {}, 422, "invalid"),
    ("POST", REGISTER, {**ADA, "email": "ada"}, None, {}, 422, "invalid"),
    ("POST", REGISTER, {**ADA, "email": f"ada@{'a.' * 130}org"}, None, {}, 422, "invalid"),
    ("POST", REGISTER, {**ADA, "password": "too short"}, None, {}, 422, "invalid"),
    ("POST", REGISTER, {**ADA, "password": "x" * 129}, None, {}, 422, "invalid"),
    ("POST", REGISTER, '{"email": "eve@example.org", "password": "\\ud800 is no text", "name": "Eve"}', None, {}, 422, "invalid"),
    ("POST", REGISTER, {**ADA, "name": "   "}, None, {}, 422, "invalid"),
    ("POST", REGISTER, {**ADA, "name": "x" * 101}, None, {}, 422, "invalid"),
    ("POST", REGISTER, {**ADA, "name": "Ada\nBcc: eve@example.org"}, None, {}, 422, "invalid"),
    ("POST", REGISTER, ADA, None, {"idempotency-key": "with blanks"}, 400, "malformed"),
    ("POST", REGISTER, ADA, None, {}, 409, "email-taken"),
    ("POST", REGISTER, {**ADA, "password": "another password"}, None, KEY, 409, "email-taken"),
    # logging in
    ("POST", LOGIN, None, None, {}, 422, "invalid"),
    ("POST", LOGIN, "{no json", None, {}, 400, "malformed"),
    ("POST", LOGIN, {"email": ADA["email"]}, None, {}, 422, "invalid"),
    ("POST", LOGIN, {**CREDENTIALS, "email": "ada"}, None, {}, 422, "invalid"),
    ("POST", LOGIN, {**CREDENTIALS, "password": 7}, None, {}, 422, "invalid"),
    ("POST", LOGIN, {**CREDENTIALS, "password": "x" * 129}, None, {}, 422, "invalid"),
    ("POST", LOGIN, ADA, None, {}, 422, "invalid"),
    ("POST", LOGIN, {**CREDENTIALS, "password": "wrong"}, None, {}, 401, "bad-credentials"),
    ("POST", LOGIN, {**CREDENTIALS, "email": "eve@example.org"}, None, {}, 401, "bad-credentials"),
    # refreshing
    ("POST", REFRESH, None, None, {}, 422, "invalid"),
    ("POST", REFRESH, "{no json", None, {}, 400, "malformed"),
    ("POST", REFRESH, {}, None, {}, 422, "invalid"),
    ("POST", REFRESH, {"refresh_token": ""}, None, {}, 422, "invalid"),
    ("POST", REFRESH, {"refresh_token": 7}, None, {}, 422, "invalid"),
    ("POST", REFRESH, {"refresh_token": "x" * 201}, None, {}, 422, "invalid"),
    ("POST", REFRESH, {"refresh_token": "nothing of ours"}, None, {}, 401, "bad-credentials"),
    ("POST", REFRESH, {"refresh_token": "."}, None, {}, 401, "bad-credentials"),
    # logging out
    ("POST", LOGOUT, {"refresh_token": "nothing of ours"}, None, {}, 401, "unauthenticated"),
    ("POST", LOGOUT, {}, NOBODY, {}, 422, "invalid"),
    ("POST", LOGOUT, {"refresh_token": "x" * 201}, NOBODY, {}, 422, "invalid"),
    # the profile
    ("GET", ME, None, None, {}, 401, "unauthenticated"),
    ("GET", ME, None, NOBODY, {}, 404, "not-found"),
    ("PATCH", ME, {"name": "Eve"}, None, {}, 401, "unauthenticated"),
    ("PATCH", ME, {"name": "Eve"}, NOBODY, {}, 404, "not-found"),
    *(("PATCH", ME, {"name": wrong}, NOBODY, {}, 422, "invalid") for wrong in (None, 7, "", "  ", "x" * 101, "a\x00b")),
    ("PATCH", ME, {"name": "Eve", "email": "eve@example.org"}, NOBODY, {}, 422, "invalid"),
    ("PATCH", ME, "{no json", NOBODY, {}, 400, "malformed"),
    ("DELETE", "/auth/login", None, None, {}, 404, "not-found"),
    # what goes by e-mail
    ("POST", "/auth/email/verification", None, None, {}, 401, "unauthenticated"),
    ("POST", "/auth/email/verification", None, NOBODY, {}, 404, "not-found"),
    ("POST", CHANGE, NEW, None, {}, 401, "unauthenticated"),
    ("POST", CHANGE, NEW, NOBODY, {}, 404, "not-found"),
    *(("POST", CHANGE, {**NEW, name: wrong}, NOBODY, {}, 422, "invalid") for name in NEW for wrong in (None, 7, "")),
    ("POST", CONFIRM, None, None, {}, 422, "invalid"),
    ("POST", CONFIRM, "{no json", None, {}, 400, "malformed"),
    *(("POST", CONFIRM, {"token": wrong}, None, {}, 422, "invalid") for wrong in (None, 7, "", "x" * 201)),
    *(("POST", CONFIRM, {"token": text}, None, {}, 410, "link-dead") for text in NO_TOKENS),
    ("POST", CONFIRM, {"token": "a.b.c", "email": "eve@example.org"}, None, {}, 422, "invalid"),
    *(
        ("POST", FORGOT, {"email": wrong}, None, {}, 422, "invalid")
        for wrong in (None, 7, "", "ada", "ada@example.org\nbcc:e@x.org")
    ),
    ("POST", FORGOT, None, None, {}, 422, "invalid"),
    *(("POST", RESET, {"token": text, "password": "correct horse"}, None, {}, 410, "link-dead") for text in NO_TOKENS),
    *(
        ("POST", RESET, {"token": "a.b.c", "password": wrong}, None, {}, 422, "invalid")
        for wrong in (None, 7, "", "too short", "x" * 129)
    ),
    ("PUT", PASSWORD, {"password": "x", "new_password": "correct horse"}, None, {}, 401, "unauthenticated"),
    ("PUT", PASSWORD, {"password": "x", "new_password": "correct horse"}, NOBODY, {}, 404, "not-found"),
    ("PUT", PASSWORD, {"password": "x", "new_password": "too short"}, NOBODY, {}, 422, "invalid"),
    # one's own data
    ("POST", CONSENTS, {"purpose": "terms", "text_version": "1"}, None, {}, 401, "unauthenticated"),
    ("POST", CONSENTS, {"purpose": "terms", "text_version": "1"}, NOBODY, {}, 404, "not-found"),
    *(("POST", CONSENTS, {"purpose": bad, "text_version": "1"}, NOBODY, {}, 422, "invalid") for bad in (None, 7, "", "T", "a b")),
    *(("POST", CONSENTS, {"purpose": "terms", "text_version": bad}, NOBODY, {}, 422, "invalid") for bad in (None, 7, "", "a\nb")),
    ("POST", CONSENTS, {"purpose": "terms", "text_version": "1", "given": "perhaps"}, NOBODY, {}, 422, "invalid"),
    ("GET", CONSENTS, None, None, {}, 401, "unauthenticated"),
    ("GET", f"{CONSENTS}?cursor=x", None, NOBODY, {}, 400, "malformed"),
    ("GET", f"{ME}/export", None, None, {}, 401, "unauthenticated"),
    ("GET", f"{ME}/export", None, NOBODY, {}, 404, "not-found"),
    ("DELETE", ME, None, NOBODY, {}, 422, "invalid"),
    ("DELETE", ME, {"password": "x"}, None, {}, 401, "unauthenticated"),
    ("DELETE", ME, {"password": "x"}, NOBODY, {}, 404, "not-found"),
    ("DELETE", ME, {"password": ""}, NOBODY, {}, 422, "invalid"),
    # sessions
    ("GET", SESSIONS, None, None, {}, 401, "unauthenticated"),
    ("GET", SESSIONS, None, NOBODY, {}, 404, "not-found"),
    ("GET", f"{SESSIONS}?limit=0", None, NOBODY, {}, 422, "invalid"),
    ("DELETE", f"{SESSIONS}/ssn_00000000000000000000000000", None, None, {}, 401, "unauthenticated"),
    ("DELETE", f"{SESSIONS}/ssn_00000000000000000000000000", None, NOBODY, {}, 404, "not-found"),
    ("DELETE", SESSIONS, None, None, {}, 401, "unauthenticated"),
    ("DELETE", SESSIONS, None, NOBODY, {}, 404, "not-found"),
    ("DELETE", f"{SESSIONS}?keep_current=perhaps", None, NOBODY, {}, 422, "invalid"),
]


@pytest.fixture
def ada(table: Table, quick_passwords: None) -> User:
    accounts = DynamoAccounts()
    register(accounts, Argon2Passwords(), now, registration_id="reg_1", **ADA)
    credential = accounts.credential(ADA["email"])
    assert credential
    user = accounts.user(credential.user_id)
    assert user
    return user


@pytest.mark.parametrize(("method", "url", "body", "caller", "headers", "status", "slug"), CASES)
def test_bad_input_is_told_and_changes_nothing(
    table: Table,
    ada: User,
    method: str,
    url: str,
    body: Any,
    caller: Caller | None,
    headers: dict[str, str],
    status: int,
    slug: str,
) -> None:
    before = table.items()
    answer = call(api.handler, method, url, body, caller=caller, headers=headers)
    assert (answer.status, answer.problem()) == (status, slug)
    assert [item for item in table.items() if item["kind"] != "Tries"] == before


def test_a_key_that_comes_back_with_another_body_is_refused(table: Table) -> None:
    assert call(api.handler, "POST", REGISTER, ADA, headers=KEY).status == 201
    before = table.items()
    answer = call(api.handler, "POST", REGISTER, {**ADA, "name": "Someone else"}, headers=KEY)
    assert (answer.status, answer.problem()) == (422, "idempotency-key-reused")
    assert table.items() == before


def test_logging_somebody_else_out_changes_nothing_and_tells_nothing(table: Table, ada: User) -> None:
    session, token = Session.open(ada, "curl/8", now())
    DynamoSessions().start(session)
    before = table.items()
    answers = [
        call(api.handler, "POST", LOGOUT, {"refresh_token": text}, caller=NOBODY) for text in (str(token), "nothing of ours")
    ]
    assert [(answer.status, answer.body) for answer in answers] == [(204, b""), (204, b"")]
    assert table.items() == before


def test_a_refused_password_is_not_said_back(table: Table) -> None:
    answer = call(api.handler, "POST", REGISTER, {**ADA, "password": "tooshort!"})
    assert answer.status == 422
    assert "tooshort!" not in answer.body.decode()
