"""Changing an order that others change too: decided anew for what it has become, until one change gets through."""

from collections.abc import Callable
from typing import Protocol

from functions.orders.domain import Order
from shared.errors import Busy
from shared.messages import Message

_TRIES = 20  # each failure means that somebody else changed the order

# What an order is to become and the messages that tell it; None: it stays as it is.
Step = tuple[Order, *tuple[Message, ...]] | None


class Overtaken(Exception):
    """Somebody else changed the order first; `order` is what it is now."""

    def __init__(self, order: Order) -> None:
        super().__init__(order.id)
        self.order = order


class Ledger(Protocol):
    def find(self, order_id: str) -> Order | None: ...

    def change(self, before: Order, after: Order, *messages: Message) -> Order:
        """Record `after` in place of `before`, with the messages; as it was recorded. All or nothing.

        Seats that `after` no longer holds are released: they go back on sale, except for those that are no longer wanted. Where it
        holds seats that `before` did not, they are taken. Raises Overtaken, SoldOut and VoucherUsedUp (only where they are not
        there), Busy.
        """


def settle(orders: Ledger, order: Order, decide: Callable[[Order], Step]) -> Order:
    """Change the order as `decide` says of it, which is asked anew where somebody else was faster.

    Raises what it raises, SoldOut where the step takes seats, and Busy.
    """
    for _ in range(_TRIES):
        step = decide(order)
        if step is None:
            return order
        after, *messages = step
        try:
            return orders.change(order, after, *messages)
        except Overtaken as faster:
            order = faster.order
    raise Busy(f"Order {order.id} keeps changing. Nothing was done: send the request again.")
