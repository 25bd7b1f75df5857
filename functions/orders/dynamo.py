"""Orders in the context's table (`items.py`). What one does to the stock (`dynamo_stock.py`) is in one transaction with it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from random import SystemRandom

from pynamodb.exceptions import TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from functions.orders.catalogue import Catalogue, SoldOut
from functions.orders.domain import Order
from functions.orders.dynamo_stock import (
    PAUSES,
    add_counting,
    add_releases,
    add_taking,
    add_uncounting,
    check_counts,
    pools_of,
    read_pools,
    releases,
    stocked_of,
    types_of,
)
from functions.orders.items import OrderItem, SaleItem, order_key, payment_map, sale_key, work_key
from functions.orders.items_stock import VoucherItem, pool_key
from functions.orders.lines import Basket
from functions.orders.paying import NotBegun
from functions.orders.payment import MAX_ATTEMPTS, Method, Tender
from functions.orders.settling import Overtaken
from functions.orders.stock import Pool, Seats, Shares, Stocked, plan, together
from functions.orders.use_cases import AlreadyPlaced
from functions.orders.vouchers import VoucherUsedUp, voucher_id
from functions.orders.waiting import OthersWait
from shared.clock import iso
from shared.errors import Busy
from shared.messages import Message, OrderReserved
from shared.table import Item, Outbox, decode_cursor, failed_conditions, page, transact

_ROUNDS = 30  # of looking at the stock again: each means that somebody else got the seats, or changed how many are wanted
_ORDER_PUT = 0  # the order's place among the operations of a transaction (puts come before updates)

_dice = SystemRandom()


class DynamoOrders:
    def find(self, order_id: str) -> Order | None:
        try:
            item = Item.get(*order_key(order_id), consistent_read=True)
        except Item.DoesNotExist:
            return None
        return item.to_domain() if isinstance(item, OrderItem) else None

    def of_buyer(self, buyer_id: str, limit: int, cursor: str | None) -> tuple[list[Order], str | None]:
        partition = f"USER#{buyer_id}"
        start = decode_cursor(cursor, partition, "gsi1pk")
        found = Item.gsi1.query(partition, scan_index_forward=False, limit=limit, page_size=limit, last_evaluated_key=start)
        items, following = page(found)
        return [item.to_domain() for item in items if isinstance(item, OrderItem)], following

    def before_order(self, order_id: str, basket: Basket) -> tuple[Order | None, Catalogue]:
        sold = [line.ticket_type_id for line in basket.lines]
        if basket.voucher:
            sold.append(voucher_id(basket.conference_id, basket.voucher))
        keys = [order_key(order_id), sale_key(basket.conference_id), *(pool_key(basket.conference_id, each) for each in sold)]
        items = list(Item.batch_get(keys, consistent_read=True))
        placed = next((item.to_domain() for item in items if isinstance(item, OrderItem)), None)
        types, pools = types_of(items), pools_of(items)
        shared = {each.pool_id for each in types.values() if each.pool_id} - pools.keys()
        voucher = next((item.to_domain() for item in items if isinstance(item, VoucherItem)), None)
        paid_by_stripe = any(item.stripe_key for item in items if isinstance(item, SaleItem))
        method: Method = "stripe" if paid_by_stripe else "simulated"
        return placed, Catalogue(types, pools | read_pools(basket.conference_id, shared) if shared else pools, voucher, method)

    def reserve(self, order: Order, catalogue: Catalogue, message: Message) -> Order:
        # First any shard, unseen: that is right nearly always and spares a round trip. Then only by what was really read.
        choose: Callable[[], Order] = partial(_seated_anywhere, order, catalogue)
        for _ in range(_ROUNDS):
            try:
                return _record_new(choose, message, catalogue.limits)
            except TransactWriteError as failure:
                failed = failed_conditions(failure)
                if not failed:
                    raise
                if _ORDER_PUT in failed:
                    raise AlreadyPlaced(self._on_record(order.id)) from failure
                check_counts(order.buyer_id, order.lines, catalogue.limits)
                choose = partial(_seated_where_free, order)
        raise Busy("Many people are buying the last of these tickets. Try again at once: they are not sold out yet.")

    def begin_payment(self, order_id: str, buyer_id: str, tender: Tender, at: datetime) -> Order:
        # The condition reads the order and the answer is what it is now: on record and known in one round trip.
        item = OrderItem(*order_key(order_id))
        try:
            item.update(
                actions=[
                    OrderItem.payment.set(payment_map(tender.attempt(0, at))),
                    OrderItem.paying.set(True),
                    OrderItem.attempts.set((OrderItem.attempts | 0) + 1),
                    OrderItem.revision.set((OrderItem.revision | 1) + 1),
                ],
                condition=(OrderItem.status == "reserved")
                & (OrderItem.buyer_id == buyer_id)
                & (OrderItem.method.does_not_exist() if tender.method == "simulated" else OrderItem.method == tender.method)
                & OrderItem.paying.does_not_exist()
                & (OrderItem.attempts.does_not_exist() | (OrderItem.attempts < MAX_ATTEMPTS)),
            )
        except UpdateError as failure:
            if failure.cause_response_code != "ConditionalCheckFailedException":
                raise
            raise NotBegun(self.find(order_id)) from failure
        return item.to_domain()

    def change(self, before: Order, after: Order, *messages: Message) -> Order:
        for _ in range(_ROUNDS):
            changed = _seated_where_free(after) if after.seated - before.seated else after
            try:
                _record_change(before, changed, messages)
            except TransactWriteError as failure:
                failed = failed_conditions(failure)
                if not failed:
                    raise
                if _ORDER_PUT in failed:
                    raise Overtaken(self._on_record(after.id)) from failure
            else:
                return changed
        raise Busy("The stock of these tickets keeps changing. Nothing was done: send the request again.")

    def _on_record(self, order_id: str) -> Order:
        order = self.find(order_id)
        if order is None:
            raise LookupError(f"order {order_id} was there and is gone: orders are never deleted")
        return order


# Choosing shards


def _asked(order: Order, pool_id: str) -> int:
    return sum(line.quantity for line in order.drawing_from(pool_id))


def _seated_anywhere(order: Order, catalogue: Catalogue) -> Order:
    pool_ids = order.seats
    return order.with_seats({each: {_dice.randrange(catalogue.pools[each].shards): _asked(order, each)} for each in pool_ids})


def _seated_where_free(order: Order) -> Order:
    """The order with seats that are free now, also in shards that were added since it was begun. Raises SoldOut."""
    pools = read_pools(order.conference_id, order.seats)
    return order.with_seats(
        {each.pool.id: _found(order, each) for each in stocked_of(pools.values(), consistent=True, for_all=True)}
    )


def _found(order: Order, stocked: Stocked[Pool]) -> Shares:
    shares = plan(stocked.free, _asked(order, stocked.pool.id), _dice.sample(range(len(stocked.free)), len(stocked.free)))
    if not shares and stocked.pool.id.startswith("vou_"):
        raise VoucherUsedUp(stocked.available)
    if not shares and stocked.pool.is_awaited:
        raise OthersWait(order.drawing_from(stocked.pool.id), 0)
    if not shares:
        raise SoldOut(order.drawing_from(stocked.pool.id), stocked.available)
    return shares


# Transactions


def _record_new(choose: Callable[[], Order], message: Message, limits: Mapping[str, int]) -> Order:
    """Record the order with the seats that `choose` gives, which is asked anew for each try."""
    seated: Order

    def compose(write: TransactWrite) -> None:
        nonlocal seated
        seated = choose()
        write.save(OrderItem.of(seated), condition=Item.pk.does_not_exist())
        write.save(outgoing(seated, message))
        add_taking(write, seated.seats)
        add_counting(write, seated.buyer_id, seated.lines, limits)

    transact(compose, PAUSES)
    return seated


def outgoing(order: Order, message: Message) -> Outbox:
    """The message of a reservation stays on the list of what is to be looked after: should it be lost, its hold still ends."""
    row = Outbox.of(message)
    if isinstance(message, OrderReserved) and order.expires_at:
        row.gsi2pk, row.gsi2sk = work_key(order.id), iso(order.expires_at)
    return row


def _seats_of(order: Order, numbers: frozenset[int]) -> Seats:
    return together(line.seats for line in order.lines_of(numbers))


def _record_change(before: Order, after: Order, messages: Sequence[Message]) -> None:
    back = releases(before.conference_id, _seats_of(before, before.seated - after.seated))
    taken = _seats_of(after, after.seated - before.seated)

    def compose(write: TransactWrite) -> None:
        write.save(OrderItem.of(after), condition=_as_read(before))
        for message in messages:
            write.save(Outbox.of(message))
        add_releases(write, back)
        add_uncounting(write, before.buyer_id, before.lines_of(before.seated - after.seated))
        add_taking(write, taken)
        add_counting(write, after.buyer_id, after.lines_of(after.seated - before.seated))

    transact(compose, PAUSES)


def _as_read(order: Order) -> Condition:
    condition: Condition = OrderItem.revision == order.revision
    return condition | OrderItem.revision.does_not_exist() if order.revision == 1 else condition
