"""A person at the API: nothing but HTTP, as any client would. Used by the seed, the demo and the end-to-end tests."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx

T = TypeVar("T")

Heard = Callable[[httpx.Response | None, float], None]  # each answer, or that there was none, and the seconds it took

PATIENCE = 600  # seconds for what comes through the bus, on a machine with much else to do; a wait ends as soon as it is there

_LATE = {502, 503, 504}  # a function or the database did not answer in time: nothing is decided
_HALF_LIFE = 450  # seconds: an access token is good for 900
_REFRESH = "/auth/refresh"


class Surprise(Exception):
    """The API answered something else than was expected."""

    def __init__(self, call: str, expected: int, answer: httpx.Response) -> None:
        super().__init__(f"{call} answered {answer.status_code} where {expected} was expected: {answer.text[:500]}")
        self.status = answer.status_code


class Unexpected(Exception):
    """An answer came, and does not say what it should."""


class NeverHappened(Exception):
    """A condition was waited for in vain."""


@dataclass(frozen=True)
class Call:
    """One call as it went: what a demo prints."""

    method: str
    path: str
    status: int
    milliseconds: float


@dataclass
class Person:
    """Somebody with an account, or not yet. Keeps the access token, and notes each call in `on_call`."""

    api_url: str
    http: httpx.Client
    name: str = ""
    email: str = ""
    password: str = ""
    user_id: str = ""
    tokens: dict[str, Any] = field(default_factory=dict)
    undaunted: bool = False  # asks again where no answer comes: the other end may be back in a moment
    on_call: Callable[[Call], None] = lambda _: None
    _stale_at: float = field(default=inf, repr=False)
    _refreshing: Any = field(default_factory=Lock, repr=False, compare=False)

    def call(self, method: str, path: str, body: Any = None, *, expect: int = 200, **headers: str) -> httpx.Response:
        """Raises Surprise unless the answer has the status `expect`. Header names are given with `_` for `-`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if path != _REFRESH:  # which asks nobody who they are
            sent |= self.credential()
        if method == "POST":
            sent.setdefault("Idempotency-Key", uuid4().hex)
        began = time.perf_counter()
        url = f"{self.api_url}{path}"

        def send() -> httpx.Response:
            return self.http.request(method, url, json=body, headers=sent)

        try:
            answer = send()
        except httpx.TransportError:
            if not self.undaunted or path == _REFRESH:
                raise
            answer = until_decided(send)
        contended = answer.status_code == 409 and "retry-after" in answer.headers
        late = answer.status_code in _LATE and path != _REFRESH
        if answer.status_code != expect and (contended or late):
            answer = until_decided(send)
            if method == "DELETE" and late and answer.status_code == 404:
                expect = 404  # done before an answer that did not arrive
        self.on_call(Call(method, path, answer.status_code, (time.perf_counter() - began) * 1000))
        if answer.status_code != expect:
            raise Surprise(f"{method} {path}", expect, answer)
        return answer

    def credential(self) -> dict[str, str]:
        """The header that says who asks, with an access token that is good for some minutes; nothing before a log-in."""
        with self._refreshing:
            if "refresh_token" in self.tokens and time.monotonic() > self._stale_at:
                with suppress(Surprise):  # a session that has ended has the rest of its minutes
                    self.refresh()
        return {"Authorization": f"Bearer {self.tokens['access_token']}"} if self.tokens else {}

    def get(self, path: str, **kwargs: Any) -> Any:
        return self.call("GET", path, **kwargs).json()

    def post(self, path: str, body: Any = None, *, expect: int = 201, **kwargs: Any) -> Any:
        return self.call("POST", path, body, expect=expect, **kwargs).json()

    def list_all(self, path: str) -> list[Any]:
        """The items of a list, however many pages it takes."""
        found: list[Any] = []
        cursor = ""
        while True:
            page = self.get(f"{path}?limit=100{cursor}")
            found += page["items"]
            if not page["next_cursor"]:
                return found
            cursor = f"&cursor={quote(page['next_cursor'])}"

    def register(self) -> None:
        """Safe to repeat: the same account with the same password is the same person."""
        body = {"email": self.email, "password": self.password, "name": self.name}
        self.user_id = self.post("/auth/register", body, Idempotency_Key=f"register-{self.email}")["user_id"]

    def log_in(self) -> None:
        self.tokens = {}
        self._has(self.post("/auth/login", {"email": self.email, "password": self.password}, expect=200))

    def refresh(self) -> None:
        """A refresh token is good for one use: where the answer does not arrive, nobody knows whether it was, and they log in."""
        try:
            self._has(self.post(_REFRESH, {"refresh_token": self.tokens["refresh_token"]}, expect=200))
        except (Surprise, httpx.TransportError) as lost:
            if isinstance(lost, Surprise) and lost.status not in _LATE:
                raise
            self.log_in()

    def _has(self, tokens: dict[str, Any]) -> None:
        self.tokens, self._stale_at = tokens, time.monotonic() + _HALF_LIFE

    def wait_for_role(self, conference_id: str, role: str) -> None:
        """Until the token carries the role: it follows a change of membership through the bus, which a busy machine holds up."""
        wait_until(lambda: self.get("/auth/me")["roles"].get(conference_id) == role, f"role {role}")
        self.refresh()


def newcomer(api_url: str, http: httpx.Client, name: str, *, undaunted: bool = False) -> Person:
    """Somebody who has just registered and logged in."""
    email = f"{name.lower()}.{uuid4().hex[:8]}@example.org"
    person = Person(api_url, http, name=name, email=email, password=uuid4().hex, undaunted=undaunted)
    person.register()
    person.log_in()
    return person


def until_decided(
    send: Callable[[], httpx.Response], *, heard: Heard = lambda _, __: None, seconds: float = PATIENCE
) -> httpx.Response:
    """The answer that decides. Where there is none, or it says so, the same request goes out again, as late as the answer asks for.

    `send` must send one that may be repeated. Raises NeverHappened once it has been asked for `seconds` in vain.
    """
    deadline = time.monotonic() + seconds
    while True:
        answer, began = None, time.perf_counter()
        with suppress(httpx.TransportError):
            answer = send()
        heard(answer, time.perf_counter() - began)
        if answer is not None and "retry-after" not in answer.headers and not answer.is_server_error:
            return answer
        if time.monotonic() > deadline:
            raise NeverHappened(f"an answer that decides: the last one after {seconds:.0f} s is {named(answer)}")
        time.sleep(float(answer.headers.get("retry-after", 1)) if answer is not None else 1)  # as the answer asks for


def named(answer: httpx.Response | None) -> str:
    """201, 409 sold-out, or 502 from something that is not ours."""
    if answer is None:
        return "no answer"
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    return f"{answer.status_code} {answer.json()['type'].rpartition(':')[2]}" if is_problem else str(answer.status_code)


def wait_until(condition: Callable[[], T], what: str, *, seconds: float = PATIENCE, every: float = 0.1) -> T:
    """The first truthy value of `condition`, which is asked `every` so many seconds. Raises NeverHappened after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise NeverHappened(f"{what}: not seen within {seconds:.0f} s")
        time.sleep(every)  # between two looks; the condition ends the wait
    return value


def must(condition: object, answer: object) -> None:
    """Raises Unexpected, with the answer, unless the condition holds."""
    if not condition:
        raise Unexpected(f"this is not what was expected: {answer}")
