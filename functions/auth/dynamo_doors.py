"""How often was tried, in DynamoDB. All of it expires by itself."""

from datetime import datetime

from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from functions.auth.items import TriesItem, find, holds
from functions.auth.throttle import ADDRESS_WINDOW, MAILS, NEVER, TRUST, Tries, Visit, window_of
from shared.clock import iso, parse
from shared.table import Item


class DynamoDoors:
    def visit(self, email: str, address: str, now: datetime) -> Visit:
        items = [TriesItem.here(email, address), TriesItem.anywhere(email), TriesItem.address(address, window_of(now))]
        found = {item.sk: item for item in Item.batch_get([(item.pk, item.sk) for item in items], consistent_read=True)}
        here, anywhere, failures = (_tries(found.get(item.sk)) for item in items)
        return Visit(email, address, here, anywhere, failures.number)

    def note(self, before: Visit, after: Visit) -> bool:
        def compose(transaction: TransactWrite) -> None:
            _count(transaction, TriesItem.here(before.email, before.address), before.here, after.here)
            if after.anywhere != before.anywhere:
                _count(transaction, TriesItem.anywhere(before.email), before.anywhere, after.anywhere)

        return holds(compose)

    def failed(self, address: str, now: datetime) -> None:
        item = TriesItem.address(address, window_of(now))
        over = window_of(now) + 2 * ADDRESS_WINDOW
        item.update([TriesItem.number.add(1), TriesItem.kind.set(TriesItem), TriesItem.v.set(1), TriesItem.ttl.set(_seconds(over))])

    def opened(self, visit: Visit, now: datetime) -> None:
        """Forget the tries here, and take back the one that was counted elsewhere."""

        def compose(transaction: TransactWrite) -> None:
            _put(transaction, TriesItem.here(visit.email, visit.address), Tries(trusted_until=now + TRUST), None)
            if not visit.trusted(now):
                anywhere = TriesItem.anywhere(visit.email)
                transaction.update(anywhere, actions=[TriesItem.number.add(-1)], condition=TriesItem.pk.exists())

        holds(compose)

    def mail(self, email: str, now: datetime) -> bool:
        item = TriesItem.mail(email)
        before = _tries(find(item))
        after = before.next(MAILS, now)
        return holds(lambda transaction: _count(transaction, TriesItem.mail(email), before, after))

    def forget(self, email: str) -> None:
        """All that was counted for the address."""
        for item in list(TriesItem.query(TriesItem.mail(email).pk, consistent_read=True)):
            item.delete()


def _tries(item: Item | None) -> Tries:
    if not isinstance(item, TriesItem):
        return Tries()
    times = (parse(text) if text else NEVER for text in (item.open_at, item.fades_at, item.trusted_until))
    return Tries(int(item.number), *times)


def _count(transaction: TransactWrite, item: TriesItem, before: Tries, after: Tries) -> None:
    """Only where nobody else tried since: of many at once, one is let through."""
    unseen = TriesItem.pk.does_not_exist()
    _put(transaction, item, after, unseen if before == Tries() else TriesItem.number == before.number)


def _put(transaction: TransactWrite, item: TriesItem, tries: Tries, condition: Condition | None) -> None:
    item.number, item.open_at, item.fades_at = tries.number, iso(tries.open_at), iso(tries.fades_at)
    item.trusted_until, item.ttl = iso(tries.trusted_until), _seconds(max(tries.fades_at, tries.trusted_until))
    transaction.save(item, condition=condition)


def _seconds(instant: datetime) -> int:
    return int(instant.timestamp())
