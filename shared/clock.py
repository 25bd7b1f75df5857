"""Instants. Everything is UTC; a conference's local times are derived where they are shown."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def now() -> datetime:
    """The current instant, to the millisecond (what is stored and sent carries no more)."""
    instant = datetime.now(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def iso(instant: datetime) -> str:
    """ISO 8601 in UTC with `Z` and milliseconds: sorts as text in the order of time."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """The inverse of `iso`. Raises ValueError."""
    return datetime.fromisoformat(text)
