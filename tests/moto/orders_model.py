"""Plain bookkeeping of sales, holds, payments, refunds and waiting: what the platform is held against."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from functions.orders.domain import Order
from functions.orders.payment import Payment, Refund
from shared.caller import Caller

HALL = "pool_hall"
TYPES = ("typ_1", "typ_2")
POOLS = (HALL, *TYPES)
PRICE = 4900
SEATED = ("reserved", "paid", "partially_refunded")


@dataclass
class Sold:
    """An order for tickets of one type."""

    buyer: Caller
    ticket_type_id: str
    good: list[int]  # the numbers of the tickets that have not been given back
    status: str = "reserved"
    paying: bool = False  # the bank has yet to decide
    returned: int = 0
    total: int = field(init=False)

    def __post_init__(self) -> None:
        self.total = PRICE * len(self.good)


@dataclass
class Place:
    entry_id: str
    ticket_type_id: str
    who: Caller
    quantity: int


class Bank:
    """Confirms what it is told to, when it is told to, and never forgets that it did."""

    def __init__(self) -> None:
        self.cleared: set[str] = set()  # orders whose slow payments have arrived
        self.taken: dict[str, int] = {}  # by order
        self.returned: list[tuple[str, str, int]] = []  # each time that it was asked: order, refund, how much

    def of(self, method: str) -> "Bank":
        return self

    def charge(self, order: Order, payment: Payment) -> Payment:
        if payment.token == "declined":
            return replace(payment, status="failed", reason="declined")
        if payment.token == "slow" and order.id not in self.cleared:
            return replace(payment, status="pending", due=payment.at + timedelta(minutes=1))
        self.taken[order.id] = order.total.amount
        return replace(payment, status="confirmed", reference=payment.key(order.id), due=None)

    look_up = void = charge

    def refund(self, order: Order, payment: Payment, refund: Refund) -> None:
        self.returned.append((order.id, refund.id, refund.amount))


class Bookkeeping:
    def __init__(self) -> None:
        self.wanted = dict.fromkeys(POOLS, 0)
        self.revisions: Counter[str] = Counter()
        self.orders: dict[str, Sold] = {}
        self.line: list[Place] = []  # who waits, first come first
        self.offers: dict[str, str] = {}  # the last order that was offered, by entry
        self.kept: set[str] = set()  # pools that are sold to nobody but who waits, as the platform says

    def out(self, pool_id: str) -> int:
        orders = [each for each in self.orders.values() if each.status in SEATED and pool_id in (HALL, each.ticket_type_id)]
        return sum(len(each.good) for each in orders)

    def free(self, pool_id: str) -> int:
        return max(0, self.wanted[pool_id] - self.out(pool_id))

    def fits(self, ticket_type_id: str, quantity: int) -> bool:
        return quantity <= min(self.free(HALL), self.free(ticket_type_id))

    def is_kept(self, ticket_type_id: str) -> bool:
        return bool(self.kept & {HALL, ticket_type_id})

    def owned_by(self, user_id: str, ticket_type_id: str) -> int:
        orders = [each for each in self.orders.values() if each.status in SEATED and each.buyer.user_id == user_id]
        return sum(len(each.good) for each in orders if each.ticket_type_id == ticket_type_id)

    def ids(self, *statuses: str) -> list[str]:
        return [order_id for order_id, each in self.orders.items() if each.status in statuses]

    def change_capacity(self, pool_id: str, revision: int, capacity: int) -> None:
        if revision > self.revisions[pool_id]:
            self.revisions[pool_id], self.wanted[pool_id] = revision, capacity

    def next_in_line(self) -> list[Place]:
        """Whom what is free is for: nobody is passed over but by who needs none of the pools that they wait for."""
        free, kept, served = {each: self.free(each) for each in POOLS}, set[str](), []
        for place in self.line:
            needed = {HALL, place.ticket_type_id}
            if kept & needed:
                continue
            short = {each for each in needed if free[each] < place.quantity}
            kept |= short
            if not short:
                served.append(place)
                free |= {each: free[each] - place.quantity for each in needed}
        return served

    def settle(self, order_id: str) -> None:
        """The bank has taken the money, and the platform is told."""
        order = self.orders[order_id]
        order.paying = False
        fits = self.fits(order.ticket_type_id, len(order.good)) and not self.is_kept(order.ticket_type_id)
        if order.status == "reserved" or (order.status == "expired" and fits):
            order.status = "paid"
        else:
            order.returned = order.total

    def offer(self, place: Place, order_id: str) -> None:
        self.line.remove(place)
        self.offers[place.entry_id] = order_id
        self.orders[order_id] = Sold(place.who, place.ticket_type_id, list(range(1, place.quantity + 1)))

    def give_back(self, order_id: str, numbers: list[int]) -> None:
        order = self.orders[order_id]
        order.returned += PRICE * len(numbers)
        order.good = [each for each in order.good if each not in numbers]
        order.status = "partially_refunded" if order.good else "refunded"

    def check(self, rows: list[dict[str, Any]], bank: Bank) -> None:
        """Whether the table says the same, and everybody's money is where it should be."""
        kept = {row["order_id"]: row for row in rows if row["kind"] == "Order"}
        assert {each: row["status"] for each, row in kept.items()} == {each: sold.status for each, sold in self.orders.items()}
        for order_id, sold in self.orders.items():
            back = [(refund, amount) for order, refund, amount in bank.returned if order == order_id]
            assert len({refund for refund, _ in back}) == len(back), f"{order_id}: a refund was made twice"
            assert int(kept[order_id].get("returned", 0)) == sum(amount for _, amount in back) == sold.returned, order_id
            has_paid = sold.status in ("paid", "partially_refunded", "refunded") or sold.returned
            assert bank.taken.get(order_id, 0) == (sold.total if has_paid else 0), order_id
        free: Counter[str] = Counter()
        for row in rows:
            if row["kind"] == "Shard":
                assert row["free"] >= 0, row
                free[row["pk"].split("#")[1]] += int(row["free"])
            elif row["kind"] == "Count":
                _, ticket_type_id, user_id = row["pk"].split("#")
                assert int(row["tickets"]) == self.owned_by(user_id, ticket_type_id), row
        for row in rows:
            if row["kind"] in ("TicketTypeCopy", "Pool"):
                pool_id = row["sk"].partition("#")[2]
                assert free[pool_id] == self.free(pool_id), pool_id
                assert int(row["capacity"]) == free[pool_id] + self.out(pool_id), pool_id
