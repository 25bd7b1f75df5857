"""Digests, in the context's table.

| pk              | sk       | what                                                              |
|-----------------|----------|-------------------------------------------------------------------|
| PERSON#<id>     | DIGEST   | which digest is open, if any                                      |
| DIGEST#<id>     | <ntf id> | one piece of news in it (expires by ttl)                          |
| GATHERED#<ntf>  | GATHERED | that it is in a digest, so that it gets into no other (as above)  |

Adding is one transaction that finds the digest open, or opens one and says so (the outbox). Closing takes it from the person: what
is being added then fails and opens the next, so that a closed digest is complete.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, TransactWriteError, UpdateError
from pynamodb.transactions import TransactWrite

from functions.notifications.digest import Entry
from functions.notifications.domain import Notification
from functions.notifications.letter import Link
from shared.clock import iso, now, parse
from shared.errors import Busy
from shared.ids import new_id
from shared.messages import DigestOpened
from shared.table import Item, Outbox, failed_conditions, transact

_OPEN = "DIGEST"
_TRIES = 10
_LIFE = timedelta(days=60)  # beyond the bus's archive (30 days) and what queues keep (14, and 14 as dead letters)


class OpenDigest(Item, discriminator="OpenDigest"):
    v = NumberAttribute(default=1)
    digest_id = UnicodeAttribute(null=True)


class EntryItem(Item, discriminator="DigestEntry"):
    v = NumberAttribute(default=1)
    user_id = UnicodeAttribute(null=True)  # whom it is for: none in one of before it was kept
    what = UnicodeAttribute()
    title = UnicodeAttribute()
    body = UnicodeAttribute()
    data = JSONAttribute()
    created_at = UnicodeAttribute()
    link = JSONAttribute(null=True)
    in_inbox = BooleanAttribute()


class GatheredItem(Item, discriminator="Gathered"):
    v = NumberAttribute(default=1)


class DynamoDigests:
    def add(self, user_id: str, entry: Entry, *, due_at: datetime) -> None:
        for _ in range(_TRIES):
            digest_id = self._open(user_id)
            mark = 1 if digest_id else 0  # the place of what says that it was added before
            try:
                transact(_addition(user_id, entry, digest_id, due_at))
            except TransactWriteError as failure:
                failed = failed_conditions(failure)
                if mark in failed:
                    return
                if not failed:
                    raise
            else:
                return
        raise Busy(f"The digest of {user_id} is opened and closed again and again while it is added to.")

    def close(self, user_id: str, digest_id: str) -> None:
        try:
            OpenDigest(_person(user_id), _OPEN).update(
                actions=[OpenDigest.digest_id.remove()], condition=OpenDigest.digest_id == digest_id
            )
        except UpdateError as failure:
            if failure.cause_response_code != "ConditionalCheckFailedException":
                raise  # a failed one says that it is closed

    def entries(self, digest_id: str) -> list[Entry]:
        return [_entry(item) for item in EntryItem.query(_digest(digest_id), consistent_read=True)]

    def _open(self, user_id: str) -> str | None:
        try:
            return OpenDigest.get(_person(user_id), _OPEN, consistent_read=True).digest_id
        except DoesNotExist:
            return None


def _addition(user_id: str, entry: Entry, open_id: str | None, due_at: datetime) -> Callable[[TransactWrite], None]:
    digest_id = open_id or new_id("dig")
    opened = DigestOpened(user_id=user_id, digest_id=digest_id, due_at=due_at)

    def write(transaction: TransactWrite) -> None:
        if open_id:
            is_open = OpenDigest.digest_id == open_id
            transaction.condition_check(OpenDigest, _person(user_id), _OPEN, condition=is_open)
        transaction.save(_mark(entry), condition=GatheredItem.pk.does_not_exist())
        transaction.save(_item(user_id, digest_id, entry))
        if not open_id:
            transaction.save(Outbox.of(opened))
            transaction.update(
                OpenDigest(_person(user_id), _OPEN),
                actions=[OpenDigest.digest_id.set(digest_id), OpenDigest.kind.set(OpenDigest), OpenDigest.v.set(1)],
                condition=OpenDigest.digest_id.does_not_exist(),
            )

    return write


def _mark(entry: Entry) -> GatheredItem:
    return GatheredItem(pk=f"GATHERED#{entry.news.id}", sk="GATHERED", ttl=_end_of_life())


def _item(user_id: str, digest_id: str, entry: Entry) -> EntryItem:
    news, link = entry.news, entry.link
    return EntryItem(
        pk=_digest(digest_id),
        sk=news.id,
        user_id=user_id,
        ttl=_end_of_life(),
        what=news.kind,
        title=news.title,
        body=news.body,
        data=news.data,
        created_at=iso(news.created_at),
        link={"label": link.label, "path": link.path, "open": link.open} if link else None,
        in_inbox=entry.in_inbox,
    )


def _entry(item: EntryItem) -> Entry:
    news = Notification(item.sk, item.what, item.title, item.body, dict(item.data), parse(item.created_at))
    return Entry(news, Link(**item.link) if item.link else None, item.in_inbox)


def _end_of_life() -> int:
    return int((now() + _LIFE).timestamp())


def _person(user_id: str) -> str:
    return f"PERSON#{user_id}"


def _digest(digest_id: str) -> str:
    return f"DIGEST#{digest_id}"
