"""What people and messages do with tickets, over a store in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from functions.tickets.codes import EntryCodes
from functions.tickets.domain import Stale, Ticket, TicketsOfOrder
from functions.tickets.use_cases import cancel_tickets, issue_tickets, read_ticket
from shared.caller import Caller
from shared.errors import Malformed, NotFound
from shared.ids import derived_id
from shared.messages import (
    Message,
    OrderCancelled,
    OrderMailDue,
    OrderPaid,
    OrderRefunded,
    TicketCancelled,
    TicketIssued,
    TicketLine,
)
from shared.money import Money

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
CONFERENCE, ELSEWHERE, TYPE, ORDER = derived_id("cnf", "1"), derived_id("cnf", "2"), derived_id("typ", "1"), derived_id("ord", "1")
ADA = Caller("usr_ada", "ada@example.org", "Ada")
BOB = Caller("usr_bob", "bob@example.org", "Bob", {CONFERENCE: "exhibitor"})
DOOR = Caller("usr_door", "door@example.org", "Dora", {CONFERENCE: "staff"})
HOST = Caller("usr_host", "host@example.org", "Hana", {CONFERENCE: "organizer"})
STRANGER = Caller("usr_other", "other@example.org", "Otto", {ELSEWHERE: "staff"})
CODES = EntryCodes(b"root")


@dataclass
class TicketsInMemory:
    """Implements the port as the table does, and can be told to lose some races first."""

    tickets: dict[str, Ticket] = field(default_factory=dict)
    orders: dict[str, TicketsOfOrder] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    races_to_lose: int = 0

    def of_order(self, order_id: str) -> TicketsOfOrder:
        return self.orders.get(order_id, TicketsOfOrder(order_id))

    def issue(self, order: TicketsOfOrder, tickets: Sequence[Ticket], messages: Sequence[Message]) -> None:
        self.save(order)
        self.tickets |= {ticket.id: ticket for ticket in tickets}
        self.messages += messages

    def cancel(self, order: TicketsOfOrder, tickets: Sequence[Ticket], messages: Sequence[Message]) -> None:
        self.save(order)
        self.tickets |= {ticket.id: replace(ticket, status="cancelled") for ticket in tickets}
        self.messages += messages

    def save(self, order: TicketsOfOrder) -> None:
        if self.races_to_lose:
            self.races_to_lose -= 1
            raise Stale
        if self.of_order(order.order_id).revision != order.revision - 1:
            raise Stale
        self.orders[order.order_id] = order

    def some(self, ticket_ids: Sequence[str]) -> list[Ticket]:
        return [self.tickets[each] for each in ticket_ids]

    def get(self, ticket_id: str) -> Ticket | None:
        return self.tickets.get(ticket_id)

    def of_owner(self, owner_id: str, *, limit: int, cursor: str | None) -> tuple[list[Ticket], str | None]:
        raise Malformed("The list is not used here.")


class FirstKey:
    def current(self, conference_id: str) -> int:
        return 1


def order_paid(quantity: int = 1, time_zone: str = "UTC") -> OrderPaid:
    return OrderPaid(
        conference_id=CONFERENCE,
        conference_name="Meet",
        order_id=ORDER,
        buyer_id=ADA.user_id,
        buyer_name=ADA.name,
        buyer_email=ADA.email,
        total=Money(0, "EUR"),
        time_zone=time_zone,
        tickets=[
            TicketLine(TYPE, "Regular", Money(0, "EUR"), f"Guest {n}", f"guest{n}@example.org", NOW, NOW + timedelta(days=2))
            for n in range(1, quantity + 1)
        ],
    )


REFUNDED = OrderRefunded(
    conference_id=CONFERENCE, conference_name="Meet", order_id=ORDER, buyer_id=ADA.user_id, amount=Money(0, "EUR")
)
CANCELLED = OrderCancelled(conference_id=CONFERENCE, conference_name="Meet", order_id=ORDER, buyer_id=ADA.user_id, was_paid=True)


@pytest.fixture
def tickets() -> TicketsInMemory:
    store = TicketsInMemory()
    issue_tickets(store, CODES, FirstKey(), lambda: NOW, order_paid())
    store.messages.clear()
    return store


def only(tickets: TicketsInMemory) -> Ticket:
    [ticket] = tickets.tickets.values()
    return ticket


# issuing


def test_each_line_becomes_a_ticket_whose_code_says_what_it_admits_to() -> None:
    store = TicketsInMemory()
    issue_tickets(store, CODES, FirstKey(), lambda: NOW, order_paid(3))
    for number, ticket in enumerate(store.tickets.values(), start=1):
        entry = CODES.verify(ticket.code)
        assert ticket.attendee.name == f"Guest {number}"
        assert (entry.ticket_id, entry.conference_id, entry.ticket_type_id) == (ticket.id, CONFERENCE, TYPE)
        assert (entry.valid_from, entry.valid_until) == (ticket.valid_from, ticket.valid_until)


def test_each_ticket_is_told_of_with_its_number_and_code() -> None:
    store = TicketsInMemory()
    issue_tickets(store, CODES, FirstKey(), lambda: NOW, order_paid(3))
    told = [message for message in store.messages if isinstance(message, TicketIssued)]
    assert [(message.number, message.order_tickets) for message in told] == [(1, 3), (2, 3), (3, 3)]
    assert [message.code for message in told] == [ticket.code for ticket in store.tickets.values()]
    assert {message.owner_email for message in told} == {"ada@example.org"}


def test_a_payment_heard_of_twice_issues_once(capsys: pytest.CaptureFixture[str]) -> None:
    store = TicketsInMemory()
    for _ in range(3):
        issue_tickets(store, CODES, FirstKey(), lambda: NOW, order_paid(2))
    assert len(store.tickets) == 2
    assert [type(message) for message in store.messages] == [TicketIssued, TicketIssued, OrderMailDue]
    assert capsys.readouterr().out.count('"TicketsIssued":[2.0]') == 1


# ending


@pytest.mark.parametrize("ended", [REFUNDED, CANCELLED])
def test_a_refunded_or_cancelled_order_has_no_tickets_left(tickets: TicketsInMemory, ended: OrderRefunded | OrderCancelled) -> None:
    for _ in range(2):
        cancel_tickets(tickets, ended)
    assert only(tickets).status == "cancelled"
    [told] = tickets.messages
    assert isinstance(told, TicketCancelled)
    assert (told.number, told.conference_name) == (1, "Meet")


def test_a_refund_that_overtakes_the_payment_leaves_nothing_to_issue() -> None:
    store = TicketsInMemory()
    cancel_tickets(store, REFUNDED)
    issue_tickets(store, CODES, FirstKey(), lambda: NOW, order_paid())
    cancel_tickets(store, REFUNDED)
    assert not store.tickets
    assert not store.messages


def refunded(*numbers: int) -> OrderRefunded:
    return replace(REFUNDED, numbers=numbers)


def test_a_refund_of_some_tickets_cancels_exactly_those() -> None:
    store = TicketsInMemory()
    issue_tickets(store, CODES, FirstKey(), lambda: NOW, order_paid(3))
    store.messages.clear()
    for _ in range(2):
        cancel_tickets(store, refunded(2))
    assert [ticket.status for ticket in store.tickets.values()] == ["valid", "cancelled", "valid"]
    assert [message.number for message in store.messages if isinstance(message, TicketCancelled)] == [2]


@pytest.mark.parametrize(
    "heard",
    list(permutations([order_paid(4), refunded(2), refunded(2, 4)]))
    + list(permutations([order_paid(4), refunded(4), refunded(2)])),
)
def test_refunds_of_some_tickets_count_in_any_order_of_messages(heard: Sequence[OrderPaid | OrderRefunded]) -> None:
    store = TicketsInMemory()
    for message in [*heard, *heard]:
        if isinstance(message, OrderPaid):
            issue_tickets(store, CODES, FirstKey(), lambda: NOW, message)
        else:
            cancel_tickets(store, message)
    assert [ticket.status for ticket in store.tickets.values()] == ["valid", "cancelled", "valid", "cancelled"]
    told = [message.number for message in store.messages if isinstance(message, TicketCancelled)]
    assert sorted(told) == [2, 4]


def test_a_refund_of_the_rest_cancels_what_was_left() -> None:
    store = TicketsInMemory()
    issue_tickets(store, CODES, FirstKey(), lambda: NOW, order_paid(3))
    store.messages.clear()
    for message in (refunded(2), REFUNDED, refunded(1), REFUNDED):
        cancel_tickets(store, message)
    assert {ticket.status for ticket in store.tickets.values()} == {"cancelled"}
    assert sorted(message.number for message in store.messages if isinstance(message, TicketCancelled)) == [1, 2, 3]


def test_a_refund_of_numbers_that_the_order_never_had_cancels_nothing(tickets: TicketsInMemory) -> None:
    cancel_tickets(tickets, refunded(0, 7))
    assert only(tickets).status == "valid"
    assert not tickets.messages


def test_a_cancellation_that_loses_a_race_is_decided_anew(tickets: TicketsInMemory) -> None:
    tickets.races_to_lose = 2
    cancel_tickets(tickets, REFUNDED)
    assert only(tickets).status == "cancelled"


# reading


def test_its_owner_may_read_a_ticket(tickets: TicketsInMemory) -> None:
    ticket = only(tickets)
    assert read_ticket(tickets, caller=ADA, ticket_id=ticket.id) == ticket


@pytest.mark.parametrize("caller", [BOB, STRANGER, DOOR, HOST])
def test_to_anybody_else_a_ticket_does_not_exist(tickets: TicketsInMemory, caller: Caller) -> None:
    with pytest.raises(NotFound):
        read_ticket(tickets, caller=caller, ticket_id=only(tickets).id)
