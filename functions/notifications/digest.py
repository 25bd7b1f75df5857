"""News that come close together, as one e-mail."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.notifications.domain import Notification
from functions.notifications.kinds import KINDS, Choices
from functions.notifications.letter import Letter, Link, Mailbox
from shared.nobody import NOBODY

_SHOWN = 50  # news in one e-mail; the others are counted


@dataclass(frozen=True, slots=True)
class Entry:
    """`in_inbox`: whether it is there too, where it may be read meanwhile."""

    news: Notification
    link: Link | None = None
    in_inbox: bool = True


def still_news(
    entries: Sequence[Entry], unread: Collection[str], choices: Choices, taken_back: Mapping[str, datetime]
) -> list[Entry]:
    """Without what was read, deleted or taken back meanwhile, what its person has muted meanwhile, and what was about somebody
    who has been erased meanwhile; as it happened.
    """
    mailed = [entry for entry in entries if KINDS[entry.news.kind].reaches("email", choices) and NOBODY not in entry.news.title]
    wanted = [entry for entry in mailed if not _is_over(entry.news, taken_back)]
    return sorted((entry for entry in wanted if not entry.in_inbox or entry.news.id in unread), key=lambda entry: entry.news.id)


def _is_over(news: Notification, taken_back: Mapping[str, datetime]) -> bool:
    until = taken_back.get(news.subject or "")
    return until is not None and news.created_at <= until


def letter_of(entries: Sequence[Entry], *, key: str, to: Mailbox, at: datetime, opt_out: str) -> Letter:
    """Of one or more; one is told as if it had never waited."""
    first, *others = entries
    if not others:
        return Letter(key, to, first.news.title, at, says={"body": first.news.body}, link=first.link, opt_out=opt_out)
    says = {"entries": entries[:_SHOWN], "more": len(entries[_SHOWN:])}
    return Letter(key, to, f"{first.news.title}, and {len(others)} more", at, template="digest", says=says, opt_out=opt_out)
