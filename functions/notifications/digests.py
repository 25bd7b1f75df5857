"""Gathering news for a while and sending what is still news as one e-mail."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from functions.notifications.digest import Entry, letter_of, still_news
from functions.notifications.use_cases import Digests, Inbox, Post, opt_out, send_once
from shared.messages import DigestOpened, Message

_AT_ONCE = 99  # ids that an inbox is asked about at a time


class Delay(Protocol):
    def send(self, message: Message, seconds: int) -> None:
        """It comes back after `seconds`, or after some of them if those are more than can be waited at a time."""


def send_digest_when_due(digests: Digests, post: Post, delay: Delay, opened: DigestOpened) -> None:
    """Once, after the digest is closed; what comes later opens another. Nothing is sent where nothing is news any more."""
    left = (opened.due_at - post.clock()).total_seconds()
    if left > 0:
        delay.send(opened, math.ceil(left))
        return
    digests.close(opened.user_id, opened.digest_id)
    person = post.people.get(opened.user_id)
    entries = digests.entries(opened.digest_id)
    unread = _unread(post.inbox, opened.user_id, entries)
    news = still_news(entries, unread, person.choices, _taken_back(post.inbox, opened.user_id, entries))
    to = person.mailbox
    if news and to:
        end = opt_out(post, opened.user_id, person, dict.fromkeys(entry.news.kind for entry in news))
        send_once(post, opened.digest_id, to, lambda: letter_of(news, key=opened.digest_id, to=to, at=opened.due_at, opt_out=end))


def _unread(inbox: Inbox, user_id: str, entries: Sequence[Entry]) -> set[str]:
    ids = [entry.news.id for entry in entries if entry.in_inbox]
    return {each for some in _chunks(ids) for each in inbox.unread(user_id, some)}


def _taken_back(inbox: Inbox, user_id: str, entries: Sequence[Entry]) -> dict[str, datetime]:
    """What is in the inbox was taken back from there."""
    subjects = list({entry.news.subject for entry in entries if entry.news.subject and not entry.in_inbox})
    return {subject: until for some in _chunks(subjects) for subject, until in inbox.taken_back(user_id, some).items()}


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    yield from (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
