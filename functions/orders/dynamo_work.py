"""The list of what is to be looked after, in the sparse index `gsi2`, and what has been mended of it."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from functions.orders.domain import Order
from functions.orders.items import WORK_KEYS, OrderItem, order_key
from functions.orders.reconciling import Mended, Work
from shared.clock import iso, parse
from shared.table import Item, Outbox, decode_cursor, page

_PAGE = 100  # as many as one BatchGetItem reads
_KEPT = timedelta(days=90)


class MendedItem(Item, discriminator="Mended"):
    v = NumberAttribute(default=1)
    order_id = UnicodeAttribute()
    at = UnicodeAttribute()
    what = UnicodeAttribute()


def _partition(conference_id: str) -> str:
    return f"MENDED#{conference_id}"


class DynamoWorkList:
    def open(self) -> Iterator[tuple[Work, Order | None]]:
        for key in WORK_KEYS:
            start = None
            while True:
                found = Item.gsi2.query(key, limit=_PAGE, page_size=_PAGE, last_evaluated_key=start)
                works = [_work(item) for item in found]
                orders = _orders([work.order_id for work in works])
                yield from ((work, orders.get(work.order_id)) for work in works)
                start = found.last_evaluated_key
                if start is None:
                    break

    def strike_off(self, work: Work) -> None:
        Outbox(work.entry, "OUTBOX").update(actions=[Outbox.gsi2pk.remove(), Outbox.gsi2sk.remove()])

    def report(self, mended: Mended) -> None:
        MendedItem(
            _partition(mended.conference_id),
            f"{iso(mended.at)}#{mended.order_id}",
            order_id=mended.order_id,
            at=iso(mended.at),
            what=mended.what,
            ttl=int((mended.at + _KEPT).timestamp()),
        ).save()

    def reported(self, conference_id: str, limit: int, cursor: str | None) -> tuple[list[Mended], str | None]:
        partition = _partition(conference_id)
        start = decode_cursor(cursor, partition)
        found = Item.query(partition, scan_index_forward=False, limit=limit, page_size=limit, last_evaluated_key=start)
        items, following = page(found)
        return [_mended(conference_id, item) for item in items if isinstance(item, MendedItem)], following


def _work(item: Item) -> Work:
    if isinstance(item, OrderItem):
        return Work(item.order_id, parse(str(item.gsi2sk)), item.pk, of_reservation=False)
    if isinstance(item, Outbox):
        return Work(json.loads(item.detail)["order_id"], parse(str(item.gsi2sk)), item.pk, of_reservation=True)
    raise TypeError(f"{item.pk} is on the list and is a {type(item).__name__}")


def _orders(order_ids: Sequence[str]) -> dict[str, Order]:
    keys = {order_key(each) for each in order_ids}
    items = Item.batch_get(list(keys), consistent_read=True) if keys else ()
    return {item.order_id: item.to_domain() for item in items if isinstance(item, OrderItem)}


def _mended(conference_id: str, item: MendedItem) -> Mended:
    return Mended(conference_id, item.order_id, parse(item.at), item.what)  # type: ignore[arg-type]  # only `report` writes it
