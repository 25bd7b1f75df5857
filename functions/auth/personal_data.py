"""What a person agreed to, and the archive of what is held about them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

CONTEXTS = frozenset({"auth", "events", "orders", "tickets", "contacts", "notifications"})  # each hands over its part

EXPORT_LIFE = timedelta(days=1)  # then another one is gathered; the bucket's lifecycle deletes what is older than that
LINK_LIFE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Consent:
    """Given to, or withdrawn from, one version of a text. What came before stays on record."""

    purpose: str
    text_version: str
    given: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Export:
    export_id: str
    user_id: str
    requested_at: datetime

    def is_current(self, now: datetime) -> bool:
        return now < self.requested_at + EXPORT_LIFE


@dataclass(frozen=True, slots=True)
class ExportState:
    """`waiting_for`: contexts that have not handed over yet. The link is good until `expires_at`; asking again gives another."""

    export_id: str
    status: Literal["gathering", "ready"]
    requested_at: datetime
    waiting_for: list[str]
    url: str | None = None
    expires_at: datetime | None = None


def missing(parts: Collection[str]) -> list[str]:
    return sorted(CONTEXTS.difference(parts))
