"""What can go wrong, as RFC 9457 problems: raised anywhere, answered once at the edge (`shared.http`)."""

from typing import Any, ClassVar

JsonObject = dict[str, Any]  # JSON is untyped by nature


class Problem(Exception):
    """A failure that the person who caused it can act on.

    A subclass fixes `status` (HTTP), `slug` (stable: clients match on it, as `urn:ketemu:problem:<slug>`) and `title`.
    `detail` says what is wrong here and how to mend it; `extra` becomes further members of the problem document.
    """

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "bad-request"
    title: ClassVar[str] = "The request cannot be served as it is"

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra

    @property
    def headers(self) -> dict[str, str]:
        """Response headers that belong to the failure, e.g. Retry-After."""
        return {}

    def document(self) -> JsonObject:
        return {
            "type": f"urn:ketemu:problem:{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }


class Malformed(Problem):
    slug, title = "malformed", "The request cannot be read"


class Unauthenticated(Problem):
    status, slug, title = 401, "unauthenticated", "Log in first"


class Forbidden(Problem):
    status, slug, title = 403, "forbidden", "Not yours to do"


class NotFound(Problem):
    status, slug, title = 404, "not-found", "No such thing"


class Conflict(Problem):
    status, slug, title = 409, "conflict", "Not in this state"


class Busy(Problem):
    """Contention that a later try will get past."""

    status, slug, title = 409, "busy", "Somebody else is at it"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "1"}


class Invalid(Problem):
    status, slug, title = 422, "invalid", "The request is not acceptable"


class KeyReused(Problem):
    """An `Idempotency-Key` came back with another body."""

    status, slug, title = 422, "idempotency-key-reused", "This Idempotency-Key was used for another request"

    def __init__(self) -> None:
        super().__init__("The key names an earlier request with a different body. Send a new key with a new request.")
