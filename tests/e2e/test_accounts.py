"""Accounts over HTTP: what is mailed is read back from the emulator, and its links are followed."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import jwt
import pytest

from localstack.client import Person, wait_until
from localstack.stack import RunningStack

Mails = Callable[[str, str], list[str]]


@pytest.fixture
def mails(stack: RunningStack, http: httpx.Client) -> Mails:
    """The bodies of the mails to an address that hold a text."""

    def to(email: str, text: str = "") -> list[str]:
        sent = http.get(f"{stack.endpoint_url}/_ministack/ses/messages").json()["messages"]
        bodies = [mail["BodyText"] for account in sent.values() for mail in account if email in str(mail["To"])]
        return [body for body in bodies if text in body]

    return to


def token_for(mails: Mails, email: str, action: str, number: int = 1) -> str:
    """Of the link in the mail with that number."""
    link = f"/auth/link#{action}="
    body = wait_until(lambda: mails(email, link)[number - 1 : number], f"mail {number} to confirm or reset")[0]
    found = re.search(rf"{re.escape(link)}(\S+)", body)
    assert found
    return found[1]


def test_an_email_is_verified_by_the_link_that_was_mailed(person: Callable[[str], Person], mails: Mails) -> None:
    ada = person("Verified")
    assert ada.get("/auth/me")["email_verified"] is False
    token = token_for(mails, ada.email, "confirm")
    nobody = Person(ada.api_url, ada.http)
    assert nobody.post("/auth/email/confirm", {"token": token}, expect=200)["email_verified"] is True
    nobody.call("POST", "/auth/email/confirm", {"token": token}, expect=410)
    ada.refresh()
    assert jwt.decode(ada.tokens["access_token"], options={"verify_signature": False})["email_verified"] is True
    assert "<form" in ada.http.get(f"{ada.api_url}/auth/link").text


def test_a_forgotten_password_is_replaced_and_every_session_ends(person: Callable[[str], Person], mails: Mails) -> None:
    ada = person("Forgetful")
    nobody = Person(ada.api_url, ada.http)
    answers = [
        nobody.call("POST", "/auth/password/forgot", {"email": email}, expect=202) for email in (ada.email, "no@example.org")
    ]
    assert answers[0].content == answers[1].content
    token = token_for(mails, ada.email, "reset")
    nobody.call("POST", "/auth/password/reset", {"token": token, "password": "a better password"}, expect=204)
    nobody.call("POST", "/auth/password/reset", {"token": token, "password": "a better password"}, expect=410)
    nobody.call("POST", "/auth/refresh", {"refresh_token": ada.tokens["refresh_token"]}, expect=401)
    ada.password = "a better password"
    ada.log_in()
    wait_until(lambda: mails(ada.email, "Your password was changed"), "the notice")
    assert mails("no@example.org", "") == []


def test_an_account_moves_to_another_email_and_the_old_one_is_told(person: Callable[[str], Person], mails: Mails) -> None:
    ada = person("Moving")
    old, new = ada.email, f"new.{ada.email}"
    ada.call("POST", "/auth/email/change", {"email": new, "password": ada.password}, expect=202)
    token = token_for(mails, new, "confirm")
    Person(ada.api_url, ada.http).post("/auth/email/confirm", {"token": token}, expect=200)
    wait_until(lambda: [body for body in mails(old, "Your e-mail address was changed") if new not in body], "the notice")
    ada.email = new
    ada.log_in()
    assert ada.get("/auth/me")["email"] == new


def test_sessions_are_ended_one_by_one(person: Callable[[str], Person]) -> None:
    phone = person("Session")
    laptop = Person(phone.api_url, phone.http, phone.name, phone.email, phone.password)
    laptop.log_in()
    listed = phone.get("/auth/sessions")["items"]
    assert [session["current"] for session in listed] == [False, True]
    phone.call("DELETE", f"/auth/sessions/{listed[0]['id']}", expect=204)
    laptop.call("POST", "/auth/refresh", {"refresh_token": laptop.tokens["refresh_token"]}, expect=401)
    phone.refresh()


def test_guessing_is_slowed_down_and_the_right_password_works_after_the_wait(person: Callable[[str], Person]) -> None:
    victim = person("Guessed")
    victim.log_in()
    stranger = Person(victim.api_url, victim.http)
    guess = {"email": "guessed.nobody@example.org", "password": "not the password"}
    for _ in range(5):
        stranger.call("POST", "/auth/login", guess, expect=401)
    longest = 2  # seconds
    while (refused := victim.http.post(f"{victim.api_url}/auth/login", json=guess)).status_code == 401:
        longest *= 2  # the machine was slower than the wait, which is longer each time
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) <= longest
    wait_until(lambda: victim.http.post(f"{victim.api_url}/auth/login", json=guess).status_code == 401, "the end of the wait")
    victim.log_in()


def test_a_removed_member_refreshes_no_more(person: Callable[[str], Person], on_sale: Any) -> None:
    organizer, staff = person("Chief"), person("Helper")
    opening = "2027-06-01T09:00:00Z"
    body = {"name": "Team", "time_zone": "UTC", "currency": "EUR", "starts_at": opening, "ends_at": "2027-06-02T09:00:00Z"}
    conference_id = organizer.post("/events/conferences", body)["id"]
    members = f"/events/conferences/{conference_id}/members"
    invitation = organizer.post(members, {"email": staff.email, "role": "staff"})
    staff.post("/events/invitations/accept", {"token": invitation["token"]}, expect=200)
    staff.wait_for_role(conference_id, "staff")
    organizer.call("DELETE", f"{members}/{staff.user_id}", expect=204)
    wait_until(lambda: conference_id not in staff.get("/auth/me")["roles"], "the removal")
    staff.call("POST", "/auth/refresh", {"refresh_token": staff.tokens["refresh_token"]}, expect=401)
    staff.log_in()
    assert jwt.decode(staff.tokens["access_token"], options={"verify_signature": False})["roles"] == {}


def test_keys_rotate_while_people_come_in_and_no_valid_token_is_refused(
    stack: RunningStack, person: Callable[[str], Person]
) -> None:
    ada = person("Rotating")
    functions = stack.endpoint.client("lambda")
    rotation = next(
        function["FunctionName"]
        for page in functions.get_paginator("list_functions").paginate()
        for function in page["Functions"]
        if "AuthRotation" in function["FunctionName"]
    )
    before = jwt.get_unverified_header(ada.tokens["access_token"])["kid"]
    kids: set[str] = {before}
    refused: list[int] = []

    def come_in(_: int) -> None:
        answer = ada.http.post(f"{ada.api_url}/auth/login", json={"email": ada.email, "password": ada.password})
        if answer.status_code != 200:  # log-ins at once wait for each other
            return
        token = answer.json()["access_token"]
        kids.add(jwt.get_unverified_header(token)["kid"])
        for bearer in (token, ada.tokens["access_token"]):
            told = ada.http.get(f"{ada.api_url}/auth/me", headers={"Authorization": f"Bearer {bearer}"})
            if told.status_code != 200:
                refused.append(told.status_code)

    def rotate() -> dict[str, Any]:
        answer = functions.invoke(FunctionName=rotation, Payload=b"{}")
        told: dict[str, Any] = json.loads(answer["Payload"].read())
        return told

    def rotated() -> bool:
        return "current" in rotate()  # refused until the next key was published for long enough

    wait_until(rotated, "the next key to be old enough")
    with ThreadPoolExecutor(2) as pool:
        wait_until(lambda: list(pool.map(come_in, range(4))) and len(kids) == 2, "tokens that are signed by the new key")
    assert refused == []

    def published() -> list[Any]:
        keys: list[Any] = ada.http.get(f"{ada.api_url}/.well-known/jwks.json").json()["keys"]
        return keys

    wait_until(lambda: len(published()) == 3, "the key before, this one and the next, by who keeps keys for a minute")
