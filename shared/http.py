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
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Header, Query
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict

from shared import correlation
from shared.caller import Caller
from shared.errors import Invalid, JsonObject, Malformed, NotFound, Problem, Unauthenticated
from shared.ids import derived_id, new_id
from shared.telemetry import logger

T = TypeVar("T")

PROBLEM_JSON = "application/problem+json"
_CORRELATION_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")  # nothing that could break a log line
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")  # as Stripe: up to 255 visible ASCII characters


class Body(BaseModel):
    """A request body: unknown members are refused (a misspelt name is told, nothing is assigned by accident)."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a collection; pass `next_cursor` back as `cursor` for the next, null at the end."""

    items: list[T]
    next_cursor: str | None


class Api(APIGatewayRestResolver):
    """The resolver of one context, with every failure answered as a problem."""

    def __init__(self) -> None:
        cors = CORSConfig(
            allow_headers=["Idempotency-Key", "If-Match", "If-None-Match", "X-Correlation-Id"],
            expose_headers=["ETag", "Location", "Retry-After", "X-Correlation-Id"],
            max_age=600,
        )
        super().__init__(enable_validation=True, cors=cors)
        self.exception_handler(Problem)(_answer)
        self.exception_handler(RequestValidationError)(_answer_invalid)
        self.exception_handler(DependencyResolutionError)(_answer_dependency)
        self.exception_handler(UnicodeDecodeError)(self._answer_undecodable)
        self.exception_handler(Exception)(_answer_fault)
        self.not_found(self._answer_no_route)
        self.use([_refuse_arrays])

    def _answer_no_route(self, _: NotFoundError) -> Response[str]:
        event = self.current_event
        return _answer(NotFound(f"There is no {event.http_method} {event.path}: see docs/openapi.json for what there is."))

    def _answer_undecodable(self, failure: UnicodeDecodeError) -> Response[str]:
        try:
            _text_of_body(self)
        except Malformed as problem:
            return _answer(problem)
        return _answer_fault(failure)

    def entry(self, event: JsonObject, context: LambdaContext) -> JsonObject:
        """The Lambda handler: takes up the correlation id, resolves, logs one line."""
        began = time.perf_counter()
        correlation_id = _correlation_id(event)
        correlation.follow(correlation_id)
        logger.set_correlation_id(correlation_id)
        answer = self.resolve(event, context)
        answer["multiValueHeaders"]["X-Correlation-Id"] = [correlation_id]
        logger.info(
            "request",
            method=event["httpMethod"],
            route=event.get("resource"),
            status=int(answer["statusCode"]),
            ms=round((time.perf_counter() - began) * 1000, 1),
        )
        return answer


def _refuse_arrays(app: APIGatewayRestResolver, following: NextMiddleware) -> Response[Any]:
    """Powertools takes the first element of an array for the body; nobody means that."""
    if _text_of_body(app).lstrip().startswith("["):
        raise Invalid("The body is a JSON array. Send one JSON object.")
    return following(app)


def _text_of_body(app: APIGatewayRestResolver) -> str:
    """Empty for XML in an encoding of its own. Raises Malformed."""
    try:
        return app.current_event.decoded_body or ""
    except UnicodeDecodeError as failure:
        if "xml" in (app.current_event.headers.get("content-type") or ""):
            return ""
        raise Malformed("The body is not text in UTF-8. Was it compressed, or saved in another encoding?") from failure


def _correlation_id(event: JsonObject) -> str:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    offered = headers.get("x-correlation-id", "")
    return offered if _CORRELATION_ID.fullmatch(offered) else str(event["requestContext"]["requestId"])


def _answer(problem: Problem) -> Response[str]:
    return Response(
        status_code=problem.status,
        content_type=PROBLEM_JSON,
        body=json.dumps(problem.document()),
        headers=dict(problem.headers),
    )


def _answer_invalid(failure: RequestValidationError) -> Response[str]:
    errors = failure.errors()
    if any(error["type"] == "json_invalid" for error in errors):
        return _answer(Malformed("The body is not JSON. Send a JSON object with Content-Type: application/json."))
    fields = [{"field": ".".join(str(part) for part in error["loc"]), "message": error["msg"]} for error in errors]
    named = "; ".join(f"{field['field']}: {field['message']}" for field in fields[:3])
    return _answer(Invalid(f"{named}." if named else "The request is not acceptable.", errors=fields))


def _answer_dependency(failure: DependencyResolutionError) -> Response[str]:
    """Powertools wraps what a dependency raises; unwrap what is meant for the client."""
    cause = failure.__cause__
    return _answer(cause) if isinstance(cause, Problem) else _answer_fault(failure)


class _Fault(Problem):
    status, slug, title = 500, "fault", "Something broke here"


def _answer_fault(failure: Exception) -> Response[str]:
    logger.exception("unhandled", exc_info=failure)
    return _answer(_Fault(f"The fault is ours and is logged as {correlation.current()}. Try again; if it stays, report that id."))


def binary(media_type: str, body: bytes, headers: Mapping[str, str]) -> Response[str]:
    """An answer of bytes, in base64 already: Powertools' validation would read bytes as UTF-8."""
    answer = Response(200, media_type, base64.b64encode(body).decode(), headers)
    answer.base64_encoded = True
    return answer


def _caller(request: Request) -> Caller:
    who = request.resolved_event.raw_event["requestContext"].get("authorizer") or {}
    if not who.get("user_id"):
        raise Unauthenticated("Send an access token: Authorization: Bearer … (POST /auth/login gives one).")
    return Caller(who["user_id"], who["email"], who["name"], json.loads(who["roles"]))


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
    body = event.decoded_body or ""
    return Command(key, who.get("user_id", ""), route, hashlib.sha256(body.encode()).hexdigest())


# What a route asks for: `def get_orders(caller: CallerDep, limit: Limit = 50, cursor: Cursor = None)`.
CallerDep = Annotated[Caller, Depends(_caller)]
VisitorDep = Annotated[Caller | None, Depends(_visitor)]  # None where nobody is logged in
CommandDep = Annotated[Command, Depends(_command)]
Limit = Annotated[int, Query(ge=1, le=100, description="Items a page")]
Cursor = Annotated[str | None, Query(max_length=1024, description="`next_cursor` of the page before")]
Accept = Annotated[str, Header(alias="Accept", max_length=255)]

# What a route says of itself with `security=` where it does not need an access token; template.yaml must agree (a test holds it).
Security = list[dict[str, list[str]]]
PUBLIC: Security = [{}]
VISITORS: Security = [{}, {"access_token": []}]  # for anybody, and more for somebody who is logged in

Handler = Callable[[JsonObject, Any], JsonObject]  # the Lambda context is untyped by nature
