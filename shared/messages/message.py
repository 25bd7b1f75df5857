"""What every message carries."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

from pydantic import TypeAdapter

from shared import correlation
from shared.clock import now
from shared.ids import new_id


@dataclass(frozen=True, kw_only=True)
class Message:
    """The envelope. `id` is the natural key for doing each effect once."""

    context: ClassVar[str]

    conference_id: str | None = None
    id: str = field(default_factory=lambda: new_id("msg"))
    version: int = 1
    occurred_at: datetime = field(default_factory=now)
    correlation_id: str = field(default_factory=correlation.current)

    @property
    def source(self) -> str:
        return f"ketemu.{self.context}"

    def to_json(self) -> str:
        return adapter(type(self).__name__).dump_json(self).decode()


def kinds(of: type[Message] = Message) -> Iterator[type[Message]]:
    for kind in of.__subclasses__():
        if kind.__subclasses__():
            yield from kinds(kind)  # it only says what several have in common
        else:
            yield kind


@cache
def adapter(detail_type: str) -> TypeAdapter[Any]:
    """What reads and writes a kind of message. Raises KeyError for an unknown one."""
    return TypeAdapter({kind.__name__: kind for kind in kinds()}[detail_type])
