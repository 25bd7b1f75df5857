"""The HTTP edge every context shares: one resolver, one table of failures, one line of log a request.

The only `except` of a request is here. Everything a context raises as `shared.errors.Problem` is answered as
`application/problem+json`, and so is what validation, the router or a bug says.
"""

import base64
import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, CORSConfig, Depends, Request, Response
from aws_lambda_powertools.event_handler.depends import DependencyResolutionError
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestUnsupportedContentType, RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Header, Query
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict

from shared import correlation
from shared.caller import Caller
from shared.errors import Invalid, JsonObject, Malformed, NotFound, Problem, Unauthenticated
from shared.ids import derived_id, new_id
from shared.pages import page_of, wants_page
from shared.passing import is_passing
from shared.telemetry import logger
from shared.versions import etag_of

T = TypeVar("T")

PROBLEM_JSON = "application/problem+json"
_CORRELATION_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")  # nothing that could break a log line
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")  # as Stripe: up to 255 visible ASCII characters


class Body(BaseModel):
    """A request body: unknown members are refused (a misspelt name is told, nothing is assigned by accident)."""

    # A model is built when a route first needs it: building all of them would be a tenth of a cold start.
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, defer_build=True)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a collection; pass `next_cursor` back as `cursor` for the next, null at the end."""

    items: list[T]
    next_cursor: str | None


class Api(APIGatewayRestResolver):
    """The resolver of one context, with every failure answered as a problem.

    `pages_below`: paths that links of e-mails lead to. A browser gets a page there, of failures too, and its button posts a form,
    which no route reads.
    """

    def __init__(self, *, pages_below: tuple[str, ...] = ()) -> None:
        self._pages_below = pages_below
        cors = CORSConfig(
            allow_headers=["Idempotency-Key", "If-Match", "If-None-Match", "X-Correlation-Id"],
            expose_headers=["ETag", "Link", "Location", "Retry-After", "X-Correlation-Id"],
            max_age=600,
        )
        super().__init__(enable_validation=True, cors=cors)
        self.exception_handler(Problem)(self._answer)
        self.exception_handler(RequestValidationError)(lambda failure: self._answer(_invalid(failure)))
        self.exception_handler(RequestUnsupportedContentType)(self._answer_unsupported)
        self.exception_handler(DependencyResolutionError)(self._answer_dependency)
        self.exception_handler(Exception)(lambda failure: self._answer(_fault(failure)))
        self.not_found(self._answer_no_route)

    def _answer(self, problem: Problem) -> Response[str]:
        event = self.current_event
        if event.path.startswith(self._pages_below) and wants_page(event.headers.get("accept") or ""):
            return page_of(problem)
        return Response(problem.status, PROBLEM_JSON, json.dumps(problem.document()), headers=dict(problem.headers))

    def _answer_no_route(self, _: NotFoundError) -> Response[str]:
        event = self.current_event
        return self._answer(NotFound(f"There is no {event.http_method} {event.path}: see docs/openapi.json for what there is."))

    def _answer_unsupported(self, _: RequestUnsupportedContentType) -> Response[str]:
        return self._answer(UnsupportedMediaType(_media_type(self.current_event.raw_event)))

    def _answer_dependency(self, failure: DependencyResolutionError) -> Response[str]:
        """Powertools wraps what a dependency raises; unwrap what is meant for the client."""
        cause = failure.__cause__
        return self._answer(cause if isinstance(cause, Problem) else _fault(failure))

    def entry(self, event: JsonObject, context: LambdaContext) -> JsonObject:
        """The Lambda handler: takes up the correlation id, resolves, logs one line."""
        began = time.perf_counter()
        correlation_id = _correlation_id(event)
        correlation.follow(correlation_id)
        logger.set_correlation_id(correlation_id)
        unreadable = None if event["path"].startswith(self._pages_below) else _unreadable(event)
        answer = self.resolve(event, context) if unreadable is None else _plain(unreadable)
        answer["body"] = answer.get("body") or ""  # 204 and 304 have none, which not every gateway takes as null
        answer["multiValueHeaders"]["X-Correlation-Id"] = [correlation_id]
        logger.info(
            "request",
            method=event["httpMethod"],
            route=event.get("resource"),
            status=int(answer["statusCode"]),
            ms=round((time.perf_counter() - began) * 1000, 1),
        )
        return answer


def _unreadable(event: JsonObject) -> Problem | None:
    """What is wrong with a body that cannot be read: not UTF-8, not JSON, nested or numbered without end, or an array.

    Looked at before the resolver, whose validation trips over the first of these and takes an array's first element for the body.
    """
    if not event.get("body"):
        return None
    kind = _media_type(event)
    if kind in _FORMS:
        return UnsupportedMediaType(kind)
    if kind != _JSON:
        return None  # the resolver knows which routes take it
    try:
        body = json.loads(_bytes(event))
    except (ValueError, RecursionError):  # UnicodeDecodeError, JSONDecodeError and binascii.Error are ValueErrors
        return Malformed("The body is not JSON in UTF-8. Send a JSON object with Content-Type: application/json.")
    return None if isinstance(body, dict) else Invalid("The body is JSON, but not an object. Send one JSON object: {…}.")


def _bytes(event: JsonObject) -> bytes:
    """The body as it was sent. Raises ValueError where it is not the base64 that the event says it is."""
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()


_JSON = "application/json"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def _media_type(event: JsonObject) -> str:
    """The body's, in lower case; put back like that into the event, since the resolver compares letter by letter."""
    headers = event.get("headers") or {}
    name = next((name for name in headers if name.lower() == "content-type"), None)
    if name is None:
        return _JSON
    kind = str(headers[name]).partition(";")[0].strip().lower()
    if kind == _JSON:
        headers[name] = _JSON
        (event.get("multiValueHeaders") or {})[name] = [_JSON]
    return kind


class UnsupportedMediaType(Problem):
    status, slug, title = 415, "unsupported-media-type", "Not a kind of body that is read here"

    def __init__(self, kind: str) -> None:
        super().__init__(f"The body came as {kind!r}. Send JSON with Content-Type: application/json (curl: --json).")


def _correlation_id(event: JsonObject) -> str:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    offered = headers.get("x-correlation-id", "")
    return offered if _CORRELATION_ID.fullmatch(offered) else str(event["requestContext"]["requestId"])


def _plain(problem: Problem) -> JsonObject:
    """The problem as API Gateway takes it, for what does not reach the resolver."""
    headers = {"Content-Type": [PROBLEM_JSON], "Access-Control-Allow-Origin": ["*"]}
    body = json.dumps(problem.document())
    return {"statusCode": problem.status, "multiValueHeaders": headers, "body": body, "isBase64Encoded": False}


def _invalid(failure: RequestValidationError) -> Problem:
    errors = failure.errors()
    fields = [{"field": ".".join(str(part) for part in error["loc"]), "message": error["msg"]} for error in errors]
    named = "; ".join(f"{field['field']}: {field['message']}" for field in fields[:3])
    return Invalid(f"{named}." if named else "The request is not acceptable.", errors=fields)


class _Fault(Problem):
    status, slug, title = 500, "fault", "Something broke here"


class Overloaded(Problem):
    """The database asks for patience: nothing is wrong with the request."""

    status, slug, title = 503, "overloaded", "Too busy at the moment"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "1"}


def _fault(failure: Exception) -> Problem:
    if is_passing(failure):
        logger.warning("throttled", reason=type(failure).__name__)
        return Overloaded("The platform is at its limit and could not decide. Send the same request again in a second.")
    logger.exception("unhandled", exc_info=failure)
    return _Fault(f"The fault is ours and is logged as {correlation.current()}. Try again; if it stays, report that id.")


def binary(media_type: str, body: bytes, headers: Mapping[str, str]) -> Response[str]:
    """An answer of bytes, in base64 already: Powertools' validation would read bytes as UTF-8."""
    answer = Response(200, media_type, base64.b64encode(body).decode(), headers)
    answer.base64_encoded = True
    return answer


def _caller(request: Request) -> Caller:
    who = request.resolved_event.raw_event["requestContext"].get("authorizer") or {}
    if not who.get("user_id"):
        raise Unauthenticated("Send an access token: Authorization: Bearer … (POST /auth/login gives one).")
    verified, session_id = who.get("email_verified") == "true", who.get("session_id", "")
    return Caller(who["user_id"], who["email"], who["name"], json.loads(who["roles"]), verified, session_id)


def _visitor(request: Request) -> Caller | None:
    try:
        return _caller(request)
    except Unauthenticated:
        return None


@dataclass(frozen=True, slots=True)
class Command:
    """The identity of a command: the same key from the same caller is the same command."""

    key: str | None
    caller_id: str
    route: str
    fingerprint: str  # of the body; another body under the same key is KeyReused

    def id(self, prefix: str) -> str:
        """The id of what this command makes: derived from caller, route and key, or new where there is no key."""
        return derived_id(prefix, self.caller_id, self.route, self.key) if self.key else new_id(prefix)


def _command(request: Request) -> Command:
    event = request.resolved_event
    key = event.headers.get("idempotency-key")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise Malformed("Idempotency-Key must be 1 to 255 visible ASCII characters.")
    who = event.raw_event["requestContext"].get("authorizer") or {}
    # The concrete path, not the template: the same key under another conference is another command.
    route = f"{request.method} {event.path}"
    return Command(key, who.get("user_id", ""), route, hashlib.sha256(_bytes(event.raw_event)).hexdigest()[:32])


def _raw_body(request: Request) -> bytes:
    return _bytes(request.resolved_event.raw_event)


# What a route asks for: `def get_orders(caller: CallerDep, limit: Limit = 50, cursor: Cursor = None)`.
CallerDep = Annotated[Caller, Depends(_caller)]
VisitorDep = Annotated[Caller | None, Depends(_visitor)]  # None where nobody is logged in
CommandDep = Annotated[Command, Depends(_command)]
RawBody = Annotated[bytes, Depends(_raw_body)]  # as it was sent: for what is signed
Limit = Annotated[int, Query(ge=1, le=100, description="Items a page")]
Cursor = Annotated[str | None, Query(max_length=1024, description="`next_cursor` of the page before")]
IfMatch = Annotated[
    str | None, Header(alias="If-Match", max_length=1024, description="The ETag that was read: 412 where it is another by now")
]
Accept = Annotated[str, Header(alias="Accept", max_length=255)]


def versioned(body: T, version: int, status: int = 200) -> Response[T]:
    """An answer with the ETag that `If-Match` takes."""
    return Response(status, "application/json", body, {"ETag": etag_of(version)})


def answers_with(description: str, *media_types: str) -> dict[int, Any]:
    """What a route says with `responses=` where its answer is something else than JSON of its return type."""
    return {200: {"description": description, "content": {each: {} for each in media_types}}}


# What a route says of itself with `security=` where it does not need an access token; template.yaml must agree (a test holds it).
Security = list[dict[str, list[str]]]
PUBLIC: Security = [{}]
VISITORS: Security = [{}, {"access_token": []}]  # for anybody, and more for somebody who is logged in
DOOR: Security = [{"access_token": []}, {"device": []}]  # for a person, or a scanner with a credential that the function checks

Handler = Callable[[JsonObject, Any], JsonObject]  # the Lambda context is untyped by nature
