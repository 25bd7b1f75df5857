"""Any run of sales, holds, payments, refunds and waiting, held against plain bookkeeping (`orders_model.py`).

Two ticket types share a hall, which is sold out at the start, with people in line. The use cases, the reactions to messages and
what is written to DynamoDB are the real ones; the bank, the clock and the post are the test's: messages come in any order, twice,
or long after. MACHINE_EXAMPLES=500 plays as many runs, other ones each time.
"""

import json
import os
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from moto.backends import get_backend

from functions.orders import worker
from functions.orders.catalogue import SoldOut
from functions.orders.domain import AlreadyPaid
from functions.orders.dynamo import DynamoOrders
from functions.orders.dynamo_sale import DynamoSale
from functions.orders.dynamo_waiting import DynamoWaiting
from functions.orders.lines import Basket, Wanted
from functions.orders.paying import pay_order
from functions.orders.payment import PaymentDeclined, Tender
from functions.orders.returning import cancel_order, refund_order
from functions.orders.use_cases import place_order
from functions.orders.use_cases_waiting import join, leave
from functions.orders.waiting import NotSoldOut, OfferTaken, entry_id
from functions.orders.webhooks import hear
from shared.caller import Caller
from shared.messages import Message, OrderPaid, OrderRefunded, OrderReserved, PaymentPending, PoolChanged, TicketTypeChanged, parse
from tests.moto.orders_model import HALL, POOLS, TYPES, Bank, Bookkeeping, Place, Sold
from tests.moto.stock import ADA, BOB, CONFERENCE, changed
from tests.support import Table

START = datetime(2026, 6, 1, 9, tzinfo=UTC)
PEOPLE = [Caller(f"usr_{name}", f"{name}@example.org", name.title()) for name in ("cy", "di", "ed")]
EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "0"))
STATES = {"reserved": "offered", "expired": "offer_expired", "cancelled": "cancelled"}  # of an offer, by what became of its order

STEPS = 30
pick = st.integers(0, 11)  # one of however many there are


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


class Signed:
    """What a webhook says is from the bank."""

    def stripe_key(self, conference_id: str) -> str:
        return "pk_test"

    def verified(self, conference_id: str, body: bytes, signature: str) -> None:
        pass


class Later:
    """Puts messages back."""

    def __init__(self, post: list[Message]) -> None:
        self.post = post

    def send(self, message: Message, seconds: int) -> None:
        self.post.append(message)


class Selling(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        _kept().items.clear()
        self.clock, self.bank, self.books = Clock(), Bank(), Bookkeeping()
        self.post: list[Message] = []  # on its way
        self.put_back: list[Message] = []  # to come again, and not at once
        self.known: list[Message] = []  # all there ever were
        self.heard: set[str] = set()
        self.links: dict[str, str] = {}
        self.gave_up: set[str] = set()  # entries
        self.states: dict[str, str] = {}
        self.placed = 0
        self.orders, self.waiting = DynamoOrders(), DynamoWaiting()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(worker, "now", self.clock)
        self.patch.setattr(worker, "SqsDelay", lambda: Later(self.put_back))
        self.patch.setattr(worker, "AllProviders", lambda: self.bank)

    def teardown(self) -> None:
        self.patch.undo()

    @initialize(
        hall=st.integers(2, 4),
        people=st.lists(st.tuples(st.sampled_from(TYPES), st.integers(1, 2)), min_size=2, max_size=3),
        first=st.sampled_from(["late", "rush", "paid", "too late"]),
    )
    def sold_out_with_people_in_line(self, hall: int, people: list[tuple[str, int]], first: str) -> None:
        """What takes many steps to come about, comes `first`: then there are enough of it in few runs."""
        for pool_id, capacity in ((HALL, hall), *dict.fromkeys(TYPES, 4).items()):
            self.deliver(self.capacity_message(pool_id, capacity))
        for seat in range(hall):
            self.sell(TYPES[seat % 2], 1)
        for who, (ticket_type_id, quantity) in zip(PEOPLE, people, strict=False):
            self.join_the_line(who, ticket_type_id, quantity)
        if first.endswith("late"):
            self.a_payment_arrives_after_the_hold(0, room=first == "late")
        elif first == "paid":
            self.pay_for("ord_0", "good")
        else:
            self.cancel(0)
            self.sell(TYPES[0], 1)  # before anybody is told of the seat that came back

    # What is written, and the messages in it

    def look(self) -> None:
        """After each step: what the table has is what the books say."""
        rows = _rows(but=self.heard)
        self.collect(rows)
        self.note_offers(rows)
        self.books.kept = {row["pk"].split("#")[1] for row in rows if row["kind"] == "Shard" and "joined" in row}
        self.books.check(rows, self.bank)

    def collect(self, rows: list[dict[str, Any]]) -> None:
        fresh = [row for row in rows if row["kind"] == "Outbox"]
        self.heard.update(row["pk"] for row in fresh)
        # Ids made in one instant sort by chance: a run must be the same when it is repeated.
        new = sorted((parse(row["detail_type"], json.loads(row["detail"])) for row in fresh), key=_what)
        self.known += new
        self.post += [each for each in new if type(each) in worker.handler.reactions]

    def note_offers(self, rows: list[dict[str, Any]]) -> None:
        """Whoever is offered seats was next in line for them."""
        entries = {row["pk"].partition("#")[2]: row for row in rows if row["kind"] == "WaitingEntry"}
        self.states = {entry: row["state"] for entry, row in entries.items()}
        offered = [place for place in self.books.line if self.states[place.entry_id] != "waiting"]
        assert not offered or offered == self.books.next_in_line(), "offered to others than those whose turn it is"
        for place in offered:
            assert self.states[place.entry_id] == "offered"
            self.books.offer(place, entries[place.entry_id]["order_id"])

    def deliver(self, message: Message) -> None:
        worker.handler.reactions[type(message)](message)
        match message:
            case PoolChanged():
                self.books.change_capacity(message.pool_id, message.revision, message.capacity)
            case TicketTypeChanged():
                self.books.change_capacity(message.ticket_type_id, message.revision, message.capacity)
            case OrderReserved() if message.expires_at <= self.clock.at:
                self.ask_the_bank(message.order_id)
                if self.books.orders[message.order_id].status == "reserved":
                    self.books.orders[message.order_id].status = "expired"
            case PaymentPending() if message.check_at <= self.clock.at:
                self.ask_the_bank(message.order_id)
        self.look()

    def ask_the_bank(self, order_id: str) -> None:
        if self.books.orders[order_id].paying and order_id in self.bank.cleared:
            self.books.settle(order_id)

    def is_early(self, message: Message) -> bool:
        due = message.expires_at if isinstance(message, OrderReserved) else getattr(message, "check_at", None)
        return due is not None and due > self.clock.at

    @rule(number=pick, again=st.booleans())
    def a_message_comes(self, number: int, again: bool) -> None:
        known = [each for each in self.known if type(each) in worker.handler.reactions]
        if again and known:
            self.deliver(known[-1 - number % len(known)])
        elif self.post:
            self.deliver(self.post.pop(number % len(self.post)))

    @rule(minutes=st.sampled_from([0, 0, 1, 16, 60 * 25]))
    def time_passes_and_all_messages_come(self, minutes: int) -> None:
        self.clock.at += timedelta(minutes=minutes)
        while due := [each for each in self.post if not self.is_early(each)]:
            for message in due:
                self.post.remove(message)
                self.deliver(message)
        self.post, self.put_back[:] = self.post + self.put_back, []
        assert self.books.next_in_line() == [], "somebody is next in line, and is not served"
        for place in self.books.line:
            assert self.books.is_kept(place.ticket_type_id), "sold around who waits"
        assert self.books.line or not self.books.kept, "kept for nobody"
        for entry, order_id in self.books.offers.items():
            state = "cancelled" if entry in self.gave_up else STATES.get(self.books.orders[order_id].status, "purchased")
            assert self.states[entry] == state, entry
        for kind, statuses in ((OrderPaid, ("paid", "partially_refunded", "refunded")), (OrderRefunded, ())):
            told = [each.order_id for each in self.known if isinstance(each, kind)]
            due_once = self.books.ids(*statuses) if statuses else [order_id for order_id, _, _ in self.bank.returned]
            assert sorted(told) == sorted(due_once), kind.__name__

    # Organisers

    @rule(pool_id=st.sampled_from([HALL, *TYPES]), capacity=st.integers(0, 5))
    def capacity_changes(self, pool_id: str, capacity: int) -> None:
        message = self.capacity_message(pool_id, capacity)
        self.known.append(message)
        self.post.append(message)

    def capacity_message(self, pool_id: str, capacity: int) -> Message:
        revision = len([each for each in self.known if isinstance(each, PoolChanged | TicketTypeChanged)]) + 2
        if pool_id == HALL:
            return PoolChanged(conference_id=CONFERENCE, pool_id=HALL, revision=revision, capacity=capacity)
        times = {"sale_starts_at": START - timedelta(days=9), "sale_ends_at": START + timedelta(days=900)}
        return changed(pool_id, capacity=capacity, revision=revision, pool_id=HALL, max_per_person=99, **times)

    # Buyers

    def use(self, case: Callable[..., Any], **asked: Any) -> Any:
        return case(self.orders, self.bank, self.clock, **asked)

    def one_of(self, number: int, *statuses: str) -> str:
        ids = self.books.ids(*statuses)
        return ids[number % len(ids)]

    @rule(ticket_type_id=st.sampled_from(TYPES), quantity=st.integers(1, 3))
    def sell(self, ticket_type_id: str, quantity: int) -> None:
        order_id, basket = f"ord_{self.placed}", Basket(CONFERENCE, (Wanted(ticket_type_id, quantity),))
        self.placed += 1
        there = self.books.fits(ticket_type_id, quantity) and not self.books.is_kept(ticket_type_id)
        try:
            self.use(place_order, order_id=order_id, fingerprint="", buyer=BOB, basket=basket, payment=None)
        except SoldOut:
            assert not there, "free, and said to be sold out"
        else:
            assert there, "sold, and not there or kept for who waits"
            self.books.orders[order_id] = Sold(BOB, ticket_type_id, list(range(1, quantity + 1)))
        self.look()

    @precondition(lambda self: self.books.ids("reserved"))
    @rule(number=pick, token=st.sampled_from(["good", "good", "slow", "slow", "declined"]))
    def pay(self, number: int, token: str) -> None:
        self.pay_for(self.one_of(number, "reserved"), token)

    def pay_for(self, order_id: str, token: str) -> None:
        order, was_paying = self.books.orders[order_id], self.books.orders[order_id].paying
        try:
            self.use(pay_order, order_id=order_id, buyer=order.buyer, tender=Tender("simulated", token))
        except PaymentDeclined:
            assert token == "declined"  # it opens nothing
        else:
            order.paying = was_paying or token == "slow"
            if order_id in self.bank.taken:
                self.books.settle(order_id)
        self.look()

    @precondition(lambda self: any(each.paying for each in self.books.orders.values()))
    @rule(number=pick, told=st.booleans())
    def a_slow_payment_arrives(self, number: int, told: bool) -> None:
        slow = [order_id for order_id, each in self.books.orders.items() if each.paying]
        self.arrive(slow[number % len(slow)], told=told)

    @precondition(lambda self: self.books.ids("reserved"))
    @rule(number=pick, room=st.booleans())
    def a_payment_arrives_after_the_hold(self, number: int, room: bool) -> None:
        """Where there is room, nobody has to wait, and its seats are still free."""
        order_id = self.one_of(number, "reserved")
        self.pay_for(order_id, "slow")
        for pool_id in POOLS if room else ():
            self.capacity_changes(pool_id, 12)
        self.time_passes_and_all_messages_come(16)
        if self.books.orders[order_id].paying:
            self.arrive(order_id, told=True)

    def arrive(self, order_id: str, *, told: bool) -> None:
        self.bank.cleared.add(order_id)
        if told:
            about = {"metadata": {"conference_id": CONFERENCE, "order_id": order_id}}
            body = json.dumps({"type": "payment_intent.succeeded", "data": {"object": about}}).encode()
            hear(self.orders, self.bank, Signed(), Signed(), self.clock, body=body, signature="")
            self.ask_the_bank(order_id)
        self.look()

    @precondition(lambda self: self.books.ids("reserved"))
    @rule(number=pick)
    def cancel(self, number: int) -> None:
        order_id = self.one_of(number, "reserved")
        self.ask_the_bank(order_id)
        if self.books.orders[order_id].status == "paid":
            with pytest.raises(AlreadyPaid):
                self.use(cancel_order, order_id=order_id, caller=ADA)
        else:
            self.use(cancel_order, order_id=order_id, caller=ADA)
            self.books.orders[order_id].status = "cancelled"
        self.look()

    @precondition(lambda self: self.books.ids("paid", "partially_refunded"))
    @rule(number=pick, whole=st.booleans())
    def refund(self, number: int, whole: bool) -> None:
        order_id = self.one_of(number, "paid", "partially_refunded")
        good = list(self.books.orders[order_id].good)
        which = good if whole else [good[number % len(good)]]
        asked: Any = {
            "refund_id": f"rfd_{len(self.bank.returned)}",
            "fingerprint": "",
            "caller": ADA,
            "numbers": which,
            "amount": None,
        }
        refund_order(self.orders, self.bank, DynamoSale(), self.clock, order_id=order_id, **asked)
        self.books.give_back(order_id, which)
        self.look()

    # The waiting list

    @rule(who=st.sampled_from(PEOPLE), ticket_type_id=st.sampled_from(TYPES), quantity=st.integers(1, 2))
    def join_the_line(self, who: Caller, ticket_type_id: str, quantity: int) -> None:
        if self.states.get(entry_id(ticket_type_id, who.user_id)) in ("waiting", "offered"):
            return
        self.clock.at += timedelta(milliseconds=1)
        asked: Any = {"conference_id": CONFERENCE, "ticket_type_id": ticket_type_id, "quantity": quantity}
        may = self.books.is_kept(ticket_type_id) or not self.books.fits(ticket_type_id, 1)
        try:
            entry = join(self.waiting, self.clock, caller=who, secret="s" * 22, **asked)
        except NotSoldOut:
            assert not may, "neither sold nor waited for"
        else:
            assert may, "waited for, and there"
            self.books.line.append(Place(entry.id, ticket_type_id, who, quantity))
            self.books.offers.pop(entry.id, None)
            self.gave_up.discard(entry.id)
            self.links[entry.id] = entry.token
        self.look()

    @precondition(lambda self: self.links)
    @rule(number=pick)
    def give_up_the_place_or_the_offer(self, number: int) -> None:
        entry = list(self.links)[number % len(self.links)]
        place = next((each for each in self.books.line if each.entry_id == entry), None)
        order_id = self.books.offers.get(entry, "")
        order = self.books.orders.get(order_id)
        if order and self.states[entry] == "offered":
            self.ask_the_bank(order_id)
        state = self.states[entry]
        is_taken = state == "purchased" or (state == "offered" and order is not None and order.status not in STATES)
        asked: Any = {"token": self.links[entry]}
        if is_taken:
            with pytest.raises(OfferTaken):
                leave(self.waiting, self.orders, self.bank, self.clock, **asked)
        else:
            leave(self.waiting, self.orders, self.bank, self.clock, **asked)
            if place:
                self.books.line.remove(place)
            if state in ("waiting", "offered"):
                self.gave_up.add(entry)
            if order and order.status == "reserved":
                order.status = "cancelled"
        self.look()


def _kept() -> Any:  # moto's own, untyped
    return get_backend("dynamodb")["123456789012"]["eu-central-1"].get_table("ketemu")


def _rows(but: Collection[str]) -> list[dict[str, Any]]:
    """What is in the table, read from moto itself: its answer to a Scan costs more time than everything else here together."""
    return [item.to_regular_json() for item in _kept().all_items() if item.attrs["pk"].value not in but]


def _what(message: Message) -> tuple[str, ...]:
    """What tells messages of a kind apart but for their ids, which chance makes."""
    return (
        type(message).__name__,
        *(str(getattr(message, name, "")) for name in ("order_id", "entry_id", "number", "occurred_at")),
    )


def test_whatever_happens_the_books_balance_and_nobody_is_passed_over(table: Table) -> None:
    run_state_machine_as_test(
        Selling,
        settings=settings(
            max_examples=EXAMPLES or 8,
            stateful_step_count=STEPS,
            derandomize=not EXAMPLES,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
