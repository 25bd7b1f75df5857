"""A person at the API, as the demo and the loads play one: lists are read to their end, and waits outlast a busy machine."""

from typing import Any

import httpx
import pytest

from localstack import client
from localstack.client import NeverHappened, Person, Surprise, named, until_decided

LIST = [{"id": number} for number in range(250)]


def person(answer: Any) -> Person:
    return Person("http://api", httpx.Client(transport=httpx.MockTransport(answer)))


def test_a_list_is_read_to_its_end_however_many_pages_it_has() -> None:
    def page(request: httpx.Request) -> httpx.Response:
        start, limit = int(request.url.params.get("cursor", "0=").rstrip("=")), int(request.url.params["limit"])
        end = start + limit
        return httpx.Response(200, json={"items": LIST[start:end], "next_cursor": f"{end}=" if end < len(LIST) else None})

    assert person(page).list_all("/tickets") == LIST


def test_a_role_is_waited_for_on_a_machine_that_takes_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(client.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(client.time, "sleep", lambda _: clock.__setitem__(0, clock[0] + 10))

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/me":
            return httpx.Response(200, json={"roles": {"cnf_1": "staff"} if clock[0] > 300 else {}})
        return httpx.Response(200, json={"access_token": "new", "refresh_token": "new"})

    dora = person(answer)
    dora.tokens = {"access_token": "old", "refresh_token": "old"}
    dora.wait_for_role("cnf_1", "staff")
    assert dora.tokens["access_token"] == "new"


def test_who_stays_for_longer_than_a_token_is_good_has_another_and_keeps_the_last_of_an_ended_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, sent, ended = [0.0], list[str](), list[int]()
    monkeypatch.setattr(client.time, "monotonic", lambda: clock[0])

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(f"{request.url.path} {request.headers.get('authorization', '')}".strip())
        if request.url.path == "/auth/refresh" and ended:
            return httpx.Response(401)
        return httpx.Response(200, json={"access_token": f"a{len(sent)}", "refresh_token": f"r{len(sent)}"})

    ada = person(answer)
    ada.log_in()
    ada.get("/tickets")
    clock[0] += 600
    ada.get("/tickets")
    ended.append(1)
    clock[0] += 600
    ada.get("/tickets")
    first, renewed = "/tickets Bearer a1", "/tickets Bearer a3"
    assert sent == ["/auth/login", first, "/auth/refresh", renewed, "/auth/refresh", renewed]


def test_a_refresh_whose_answer_is_lost_is_not_sent_again() -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.path)
        late = request.url.path == "/auth/refresh"
        return httpx.Response(504) if late else httpx.Response(200, json={"access_token": "new", "refresh_token": "new"})

    ada = person(answer)
    ada.tokens = {"access_token": "old", "refresh_token": "old"}
    ada.refresh()
    assert sent == ["/auth/refresh", "/auth/login"]
    assert ada.tokens["access_token"] == "new"


def test_what_was_deleted_before_an_answer_that_was_lost_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client.time, "sleep", lambda _: None)
    answers = [httpx.Response(504), httpx.Response(404)]
    person(lambda _: answers.pop(0)).call("DELETE", "/contacts/con_1", expect=204)
    assert answers == []
    with pytest.raises(Surprise):
        person(lambda _: httpx.Response(404)).call("DELETE", "/contacts/con_1", expect=204)


@pytest.mark.parametrize("asks", [429, 409, 503])
def test_an_answer_that_says_to_come_back_is_no_decision(asks: int) -> None:
    answers = [httpx.Response(asks, headers={"Retry-After": "0"}), httpx.Response(502, headers={"Retry-After": "0"})]
    heard: list[str] = []
    decided = until_decided(
        lambda: answers.pop(0) if answers else httpx.Response(404), heard=lambda answer, _: heard.append(named(answer))
    )
    assert decided.status_code == 404
    assert heard == [str(asks), "502", "404"]


@pytest.mark.parametrize(("status", "headers"), [(503, {}), (502, {}), (409, {"Retry-After": "0"})])
def test_somebody_whose_request_was_not_decided_sends_the_same_again(
    status: int, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.time, "sleep", lambda _: None)
    keys: list[str] = []

    def busy_once(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["idempotency-key"])
        return httpx.Response(status, headers=headers) if len(keys) == 1 else httpx.Response(201, json={})

    Person("https://api", httpx.Client(transport=httpx.MockTransport(busy_once))).post("/orders", {})
    assert len(keys) == 2
    assert len(set(keys)) == 1


@pytest.mark.parametrize("answer", [httpx.Response(409), httpx.Response(429, headers={"Retry-After": "900"}), httpx.Response(500)])
def test_what_is_decided_or_broken_is_a_surprise_at_once(answer: httpx.Response) -> None:
    http = httpx.Client(transport=httpx.MockTransport(lambda _: answer))
    with pytest.raises(Surprise):
        Person("https://api", http).get("/orders")


def test_nobody_asks_for_ever() -> None:
    with pytest.raises(NeverHappened, match="is 503"):
        until_decided(lambda: httpx.Response(503, headers={"Retry-After": "0"}), seconds=0)


def test_an_answer_is_named_as_its_problem() -> None:
    problem = {"headers": {"Content-Type": "application/problem+json"}, "json": {"type": "urn:ketemu:problem:sold-out"}}
    assert named(httpx.Response(409, **problem)) == "409 sold-out"
    assert named(None) == "no answer"
