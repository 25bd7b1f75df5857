"""What a client is told, whatever goes wrong: one shape, a stable type, a status, and how to mend it."""

from dataclasses import dataclass
from typing import Annotated

import pytest
from aws_lambda_powertools.event_handler import Response
from botocore.exceptions import ClientError, ReadTimeoutError
from pydantic import Field
from pynamodb.exceptions import PutError

from shared.caller import Caller
from shared.errors import Busy, NotFound
from shared.http import Api, Body, CallerDep, CommandDep, Limit, VisitorDep
from tests.support import CONTEXT, api_event, call

app = Api()
THROTTLED = PutError(cause=ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "PutItem"))
UNANSWERED = PutError(cause=ReadTimeoutError(endpoint_url="https://dynamodb"))
AT_FAULT = PutError(
    cause=ClientError({"Error": {"Code": "InternalServerError"}, "ResponseMetadata": {"HTTPStatusCode": 500}}, "PutItem")
)
REFUSED = PutError(
    cause=ClientError({"Error": {"Code": "ValidationException"}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "PutItem")
)
ADA = Caller("usr_ada", "ada@example.org", "Ada", {"cnf_1": "organizer"})


class Naming(Body):
    name: Annotated[str, Field(min_length=1, max_length=5)]


@dataclass(frozen=True)
class Seen:
    text: str


@app.post("/things", status_code=201)
def post_thing(body: Naming, caller: CallerDep, command: CommandDep) -> Seen:
    return Seen(f"{body.name} by {caller.name}: {command.id('thg')}")


@app.get("/things")
def get_things(limit: Limit = 50) -> Seen:
    return Seen(str(limit))


@app.get("/nothing")
def get_nothing() -> Response[None]:
    return Response(204)


@app.get("/visit")
def get_visit(visitor: VisitorDep) -> Seen:
    return Seen(visitor.name if visitor else "nobody")


@app.get("/fails/<how>")
def get_failure(how: str) -> Seen:
    raise {
        "missing": NotFound("There is no such thing here."),
        "busy": Busy("Somebody else is at it."),
        "throttled": THROTTLED,
        "unanswered": UNANSWERED,
        "at-fault": AT_FAULT,
        "refused": REFUSED,
        "bug": ZeroDivisionError(),
    }[how]


@pytest.mark.parametrize(
    ("method", "url", "body", "caller", "status", "slug"),
    [
        ("GET", "/nowhere", None, ADA, 404, "not-found"),
        ("GET", "/things?limit=0", None, ADA, 422, "invalid"),
        ("GET", "/things?limit=many", None, ADA, 422, "invalid"),
        ("POST", "/things", None, ADA, 422, "invalid"),
        ("POST", "/things", "{no json", ADA, 400, "malformed"),
        ("POST", "/things", b'{"name": "\xff"}', ADA, 400, "malformed"),
        ("POST", "/things", '{"a":' * 20_000, ADA, 400, "malformed"),
        ("POST", "/things", '{"name": ' + "9" * 5_000 + "}", ADA, 400, "malformed"),
        ("POST", "/things", b"\xff\xfe{", ADA, 400, "malformed"),
        ("POST", "/things", [1], ADA, 422, "invalid"),
        ("POST", "/things", [{"name": "ok"}], ADA, 422, "invalid"),
        ("POST", "/things", {"name": ""}, ADA, 422, "invalid"),
        ("POST", "/things", {"name": "too long"}, ADA, 422, "invalid"),
        ("POST", "/things", {"name": "ok", "role": "admin"}, ADA, 422, "invalid"),
        ("POST", "/things", {"name": "ok"}, None, 401, "unauthenticated"),
        ("GET", "/fails/missing", None, ADA, 404, "not-found"),
        ("GET", "/fails/busy", None, ADA, 409, "busy"),
        ("GET", "/fails/throttled", None, ADA, 503, "overloaded"),
        ("GET", "/fails/unanswered", None, ADA, 503, "overloaded"),
        ("GET", "/fails/at-fault", None, ADA, 503, "overloaded"),
        ("GET", "/fails/refused", None, ADA, 500, "fault"),
        ("GET", "/fails/bug", None, ADA, 500, "fault"),
    ],
)
def test_every_failure_is_a_problem_that_says_how_to_mend_it(
    method: str, url: str, body: object, caller: Caller | None, status: int, slug: str
) -> None:
    answer = call(app.entry, method, url, body, caller=caller)
    assert (answer.status, answer.problem()) == (status, slug)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_body_of_another_kind_is_told_so_and_not_echoed(kind: str) -> None:
    answer = call(app.entry, "POST", "/things", '{"name": "pssst"}', caller=ADA, headers={"content-type": kind})
    assert (answer.status, answer.problem()) == (415, "unsupported-media-type")
    assert "pssst" not in answer.body.decode()


@pytest.mark.parametrize("kind", ["APPLICATION/JSON", "Application/json; charset=utf-8", "application/json;charset=UTF-8"])
def test_media_types_have_no_case(kind: str) -> None:
    assert call(app.entry, "POST", "/things", '{"name": "x"}', caller=ADA, headers={"content-type": kind}).status == 201


def test_an_answer_without_a_body_has_an_empty_one_and_not_null() -> None:
    event = api_event("GET", "/nothing")
    assert app.entry(event, CONTEXT)["body"] == ""


def test_a_bug_tells_the_client_an_id_and_nothing_of_the_inside() -> None:
    answer = call(app.entry, "GET", "/fails/bug", headers={"x-correlation-id": "abc-1"})
    assert "abc-1" in answer.json["detail"]
    assert "ZeroDivision" not in answer.body.decode()


def test_contention_says_when_to_try_again() -> None:
    assert call(app.entry, "GET", "/fails/busy").headers["Retry-After"] == "1"


def test_the_correlation_id_of_the_request_comes_back_unless_it_could_break_a_log() -> None:
    assert call(app.entry, "GET", "/things", headers={"x-correlation-id": "abc-1"}).headers["X-Correlation-Id"] == "abc-1"
    assert call(app.entry, "GET", "/things", headers={"x-correlation-id": "a\nb"}).headers["X-Correlation-Id"] != "a\nb"


def test_the_same_key_from_the_same_caller_is_the_same_command() -> None:
    def made(caller: Caller, key: str | None, name: str = "x") -> str:
        headers = {"idempotency-key": key} if key else {}
        return str(call(app.entry, "POST", "/things", {"name": name}, caller=caller, headers=headers).json["text"]).rsplit(" ", 1)[
            1
        ]

    bob = Caller("usr_bob", "bob@example.org", "Bob")
    assert made(ADA, "k1") == made(ADA, "k1")
    assert made(ADA, "k1") != made(ADA, "k2")
    assert made(ADA, "k1") != made(bob, "k1")
    assert made(ADA, None) != made(ADA, None)


def test_a_visitor_may_be_nobody() -> None:
    assert call(app.entry, "GET", "/visit").json == {"text": "nobody"}
    assert call(app.entry, "GET", "/visit", caller=ADA).json == {"text": "Ada"}
