"""Neither text nor time tells whether an account exists: the same answers, after the same work, counted."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from bench.meter import Meter
from functions.auth import api, passwords
from tests.support import Answer, Table, call

pytestmark = pytest.mark.usefixtures("signing")

ADA = {"email": "ada@example.org", "password": "correct horse battery", "name": "Ada"}


@dataclass
class Work:
    """What is done, by kind: calls of the database, and passwords that are hashed (50 ms of a processor each)."""

    meter: Meter
    hashed: Counter[str]


@pytest.fixture
def work(table: Table, meter: Meter, monkeypatch: pytest.MonkeyPatch) -> Work:
    assert call(api.handler, "POST", "/auth/register", ADA).status == 201
    hashed: Counter[str] = Counter()

    class Counting:
        def __getattr__(self, name: str) -> Any:  # argon2's own methods, untyped here
            def counted(*arguments: Any) -> Any:
                hashed[f"argon2 {name}"] += name in ("hash", "verify")
                return getattr(hasher, name)(*arguments)

            return counted

    hasher = passwords._HASHER
    monkeypatch.setattr(passwords, "_HASHER", Counting())
    return Work(meter, hashed)


def done(work: Work, path: str, body: dict[str, str]) -> tuple[Answer, dict[str, int]]:
    work.meter.reset()
    work.hashed.clear()
    answer = call(api.handler, "POST", path, body)
    return answer, work.meter.by_operation | {kind: number for kind, number in work.hashed.items() if number}


def told(answer: Answer) -> tuple[int, bytes, dict[str, Any]]:
    return answer.status, answer.body, {name: value for name, value in answer.headers.items() if name != "X-Correlation-Id"}


def test_a_wrong_password_and_no_account_are_the_same_answer_after_the_same_work(work: Work) -> None:
    wrong, work_for_wrong = done(work, "/auth/login", {"email": ADA["email"], "password": "not this one"})
    nobody, work_for_nobody = done(work, "/auth/login", {"email": "nobody@example.org", "password": "not this one"})
    assert told(wrong) == told(nobody)
    assert wrong.problem() == "bad-credentials"
    assert work_for_wrong == work_for_nobody
    assert work_for_wrong["argon2 verify"] == 1


def test_a_forgotten_password_is_the_same_answer_after_the_same_work(work: Work) -> None:
    known, work_for_known = done(work, "/auth/password/forgot", {"email": ADA["email"]})
    assert known.status == 202
    nobody, work_for_nobody = done(work, "/auth/password/forgot", {"email": "nobody@example.org"})
    assert told(known) == told(nobody)
    assert work_for_known == work_for_nobody
    assert not any(kind.startswith("argon2") for kind in work_for_known)


def test_a_refusal_costs_no_hashing_whether_or_not_there_is_an_account(work: Work) -> None:
    for email in (ADA["email"], "nobody@example.org"):
        for _ in range(5):
            assert done(work, "/auth/login", {"email": email, "password": "not this one"})[0].status == 401
    refused = [done(work, "/auth/login", {"email": email, "password": "x"}) for email in (ADA["email"], "nobody@example.org")]
    assert [answer.problem() for answer, _ in refused] == ["too-many-attempts"] * 2
    assert refused[0][1] == refused[1][1]
    assert not any(kind.startswith("argon2") for kind in refused[0][1])
