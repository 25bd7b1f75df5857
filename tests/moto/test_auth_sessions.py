"""Sessions are seen and ended by their owner, one by one and all; and guessing at the door is slow."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from functions.auth import api
from functions.auth.passwords import Argon2Passwords
from shared.caller import Caller
from shared.clock import now
from tests.moto.accounts import ADA, caller_of, log_in, refresh, register
from tests.support import CONTEXT, Table, api_event, call

pytestmark = pytest.mark.usefixtures("signing")

WRONG = "wrong password"
PHONE = {"user-agent": "Ketemu/1.0 (Android 16)\r\nX: y"}


def sessions(caller: Caller, query: str = "") -> Any:
    return call(api.handler, "GET", f"/auth/sessions{query}", caller=caller).json


@pytest.fixture
def ada(table: Table) -> Caller:
    register()
    return caller_of(log_in().json["access_token"])


def test_sessions_are_listed_newest_first_with_device_and_times(table: Table, ada: Caller) -> None:
    credentials = {"email": ADA["email"], "password": ADA["password"]}
    phone = call(api.handler, "POST", "/auth/login", credentials, headers=PHONE).json
    refresh(phone["refresh_token"])
    newest, oldest = sessions(caller_of(phone["access_token"]))["items"]
    assert (newest["device"], newest["current"]) == ("Ketemu/1.0 (Android 16) X: y", True)
    assert (oldest["id"], oldest["current"], oldest["device"]) == (ada.session_id, False, "unknown")
    assert newest["last_used_at"] > newest["created_at"]
    assert set(newest) == {"id", "device", "created_at", "last_used_at", "expires_at", "current"}


def test_sessions_come_in_pages(table: Table, ada: Caller) -> None:
    for _ in range(2):
        log_in()
    first = sessions(ada, "?limit=2")
    second = sessions(ada, f"?limit=2&cursor={first['next_cursor']}")
    assert len({session["id"] for session in first["items"] + second["items"]}) == 3


def test_one_session_is_ended_and_the_others_go_on(table: Table, ada: Caller) -> None:
    phone, laptop = log_in().json, log_in().json
    lost = caller_of(phone["access_token"]).session_id
    for _ in range(2):
        assert call(api.handler, "DELETE", f"/auth/sessions/{lost}", caller=ada).status == 204
    assert refresh(phone["refresh_token"]).problem() == "session-revoked"
    assert refresh(laptop["refresh_token"]).status == 200
    assert lost not in [session["id"] for session in sessions(ada)["items"]]


def test_nobody_ends_the_session_of_another(table: Table, ada: Caller) -> None:
    register(email="eve@example.org", name="Eve")
    eve = caller_of(log_in(email="eve@example.org").json["access_token"])
    token = log_in().json["refresh_token"]
    assert call(api.handler, "DELETE", f"/auth/sessions/{ada.session_id}", caller=eve).status == 404
    assert call(api.handler, "DELETE", "/auth/sessions", caller=eve).status == 204
    assert refresh(token).status == 200


@pytest.mark.parametrize(("query", "current", "left"), [("", 401, 0), ("?keep_current=true", 200, 1)])
def test_all_sessions_are_ended_or_all_others(table: Table, ada: Caller, query: str, current: int, left: int) -> None:
    here, elsewhere = log_in().json, log_in().json
    caller = caller_of(here["access_token"])
    assert call(api.handler, "DELETE", f"/auth/sessions{query}", caller=caller).status == 204
    assert len(sessions(ada)["items"]) == left
    assert refresh(elsewhere["refresh_token"]).problem() == "session-revoked"
    assert refresh(here["refresh_token"]).status == current


# The door


def try_from(address: str, password: str = WRONG, email: str = ADA["email"]) -> tuple[int, str | None]:
    event = api_event("POST", "/auth/login", {"email": email, "password": password})
    event["requestContext"]["identity"] = {"sourceIp": address, "userAgent": "curl/8"}
    answer = api.handler(event, CONTEXT)
    return answer["statusCode"], answer["multiValueHeaders"].get("Retry-After", [None])[-1]


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were tried, without the work that this is."""
    tried: list[str] = []

    def match(_: Argon2Passwords, password_hash: str | None, password: str) -> bool:
        tried.append(password)
        return password_hash is not None and password == ADA["password"]

    monkeypatch.setattr(Argon2Passwords, "match", match)
    return tried


@pytest.mark.parametrize("email", [ADA["email"], "nobody@example.org"])
def test_guessing_gets_slower_before_any_work_is_done_and_alike_without_an_account(
    table: Table, ada: Caller, hashed: list[str], email: str
) -> None:
    answers = [try_from("203.0.113.9", email=email) for _ in range(7)]
    assert answers == [(401, None)] * 5 + [(429, "2")] * 2
    assert len(hashed) == 5


def test_the_right_password_works_after_the_wait(
    table: Table, ada: Caller, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(6):
        try_from("203.0.113.9")
    assert try_from("203.0.113.9", ADA["password"]) == (429, "2")
    monkeypatch.setattr(api, "now", lambda: now() + timedelta(seconds=2))
    assert try_from("203.0.113.9", ADA["password"])[0] == 200
    assert try_from("203.0.113.9")[0] == 401  # and the tries before are forgotten


def test_an_attacker_elsewhere_does_not_close_the_door_of_where_one_logs_in_from(
    table: Table, ada: Caller, hashed: list[str]
) -> None:
    assert try_from("198.51.100.7", ADA["password"])[0] == 200
    for number in range(25):  # from so many addresses that none of them has to wait by itself
        try_from(f"203.0.113.{number}")
    assert try_from("203.0.113.99")[0] == 429  # a new address waits now, even for its first try
    assert try_from("198.51.100.7", ADA["password"])[0] == 200


def test_a_machine_that_tries_many_accounts_waits_and_others_do_not(table: Table, ada: Caller, hashed: list[str]) -> None:
    try_from("203.0.113.9", ADA["password"])
    for number in range(100):
        assert try_from("203.0.113.9", email=f"guess{number}@example.org")[0] == 401
    assert try_from("203.0.113.9", email="another@example.org")[0] == 429
    assert try_from("203.0.113.9", ADA["password"])[0] == 200  # who logged in from there before still does
    assert try_from("203.0.113.10", email="another@example.org")[0] == 401


def test_of_many_guesses_at_once_few_are_looked_at(table: Table, ada: Caller, hashed: list[str]) -> None:
    for _ in range(5):
        try_from("203.0.113.9")
    hashed.clear()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: try_from("203.0.113.9")[0], range(20)))
    assert answers == [429] * 20
    assert hashed == []


def test_what_is_counted_names_nobody(table: Table, ada: Caller, hashed: list[str]) -> None:
    try_from("203.0.113.9", email="private@example.org")
    counted = repr([item for item in table.items() if item["kind"] == "Tries"])
    assert "private" not in counted
    assert "203.0.113.9" not in counted
