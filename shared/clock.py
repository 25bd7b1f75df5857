"""Instants. Everything is UTC; a conference's local times are derived where they are shown."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

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


def local_time(instant: datetime, time_zone: str) -> str:
    """E.g. `1 June 2027, 09:00 (Asia/Jakarta)`; in UTC where no such zone is known: what is told must not fail for its clock."""
    zone = _zone(time_zone)
    local = instant.astimezone(zone)
    return f"{local.day} {local:%B %Y, %H:%M} ({zone})"


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # OSError: the name of a folder of the time zone database, e.g. Europe
        return UTC
