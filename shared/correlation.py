"""The correlation id: from the request, through every message it causes, into every log line on the way."""

from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("correlation_id", default="")


def current() -> str:
    return _current.get()


def follow(correlation_id: str) -> None:
    """Take up `correlation_id` for all that follows in this invocation."""
    _current.set(correlation_id)
