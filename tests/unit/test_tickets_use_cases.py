"""What people and messages do with tickets, over a store in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from functions.tickets.codes import EntryCodes
from functions.tickets.domain import NonceReused, Redemption, Scan, Stale, Ticket, TicketsOfOrder, Verdict
from functions.tickets.entry_code import NotACode
from functions.tickets.use_cases import cancel_tickets, issue_tickets, read_ticket
from functions.tickets.use_cases_door import check_in
from shared.caller import Caller
from shared.errors import Busy, Forbidden, Malformed, NotFound
from shared.ids import derived_id
from shared.messages import (
    Message,
    OrderCancelled,
    OrderPaid,
    OrderRefunded,
    TicketCancelled,
    TicketCheckedIn,
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
    scans: dict[tuple[str, str, str], tuple[Scan, Verdict]] = field(default_factory=dict)
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

    def at_the_door(self, scan: Scan) -> tuple[Ticket | None, tuple[Scan, Verdict] | None]:
        return self.tickets.get(scan.ticket_id), self.scans.get(named(scan))

    def admit(self, scan: Scan, verdict: Verdict, before: Ticket, after: Ticket, message: TicketCheckedIn) -> None:
        if self.tickets[before.id].status != before.status:
            raise Stale
        self.refuse(scan, verdict)
        self.tickets[after.id] = after
        self.messages.append(message)

    def refuse(self, scan: Scan, verdict: Verdict) -> None:
        if self.races_to_lose:
            self.races_to_lose -= 1
            raise Stale
        if named(scan) in self.scans:
            raise Stale
        self.scans[named(scan)] = scan, verdict


def named(scan: Scan) -> tuple[str, str, str]:
    return scan.conference_id, scan.operator_id, scan.nonce


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
    issue_tickets(store, CODES, lambda: NOW, order_paid())
    store.messages.clear()
    return store


def only(tickets: TicketsInMemory) -> Ticket:
    [ticket] = tickets.tickets.values()
    return ticket


def scan(tickets: TicketsInMemory, nonce: str = "n1", *, caller: Caller = DOOR, now: datetime = NOW, **how: object) -> Redemption:
    return check_in(tickets, CODES, lambda: now, caller=caller, code=only(tickets).code, nonce=nonce, **how)  # type: ignore[arg-type]


# issuing


def test_each_line_becomes_a_ticket_whose_code_says_what_it_admits_to() -> None:
    store = TicketsInMemory()
    issue_tickets(store, CODES, lambda: NOW, order_paid(3))
    for number, ticket in enumerate(store.tickets.values(), start=1):
        entry = CODES.verify(ticket.code)
        assert ticket.attendee.name == f"Guest {number}"
        assert (entry.ticket_id, entry.conference_id, entry.ticket_type_id) == (ticket.id, CONFERENCE, TYPE)
        assert (entry.valid_from, entry.valid_until) == (ticket.valid_from, ticket.valid_until)


def test_each_ticket_is_told_of_with_its_number_and_code() -> None:
    store = TicketsInMemory()
    issue_tickets(store, CODES, lambda: NOW, order_paid(3))
    told = [message for message in store.messages if isinstance(message, TicketIssued)]
    assert [(message.number, message.order_tickets) for message in told] == [(1, 3), (2, 3), (3, 3)]
    assert [message.code for message in told] == [ticket.code for ticket in store.tickets.values()]
    assert {message.owner_email for message in told} == {"ada@example.org"}


def test_a_payment_heard_of_twice_issues_once(capsys: pytest.CaptureFixture[str]) -> None:
    store = TicketsInMemory()
    for _ in range(3):
        issue_tickets(store, CODES, lambda: NOW, order_paid(2))
    assert (len(store.tickets), len(store.messages)) == (2, 2)
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
    issue_tickets(store, CODES, lambda: NOW, order_paid())
    cancel_tickets(store, REFUNDED)
    assert not store.tickets
    assert not store.messages


def refunded(*numbers: int) -> OrderRefunded:
    return replace(REFUNDED, numbers=numbers)


def test_a_refund_of_some_tickets_cancels_exactly_those() -> None:
    store = TicketsInMemory()
    issue_tickets(store, CODES, lambda: NOW, order_paid(3))
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
            issue_tickets(store, CODES, lambda: NOW, message)
        else:
            cancel_tickets(store, message)
    assert [ticket.status for ticket in store.tickets.values()] == ["valid", "cancelled", "valid", "cancelled"]
    told = [message.number for message in store.messages if isinstance(message, TicketCancelled)]
    assert sorted(told) == [2, 4]


def test_a_refund_of_the_rest_cancels_what_was_left() -> None:
    store = TicketsInMemory()
    issue_tickets(store, CODES, lambda: NOW, order_paid(3))
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


# the door


def test_a_ticket_enters_once(tickets: TicketsInMemory) -> None:
    first = scan(tickets, "n1", gate="North")
    second = scan(tickets, "n2", now=NOW + timedelta(minutes=1))
    assert first.verdict.reason is None
    assert second.verdict.reason == "already_redeemed"
    assert second.verdict.first_entry is not None
    assert (second.verdict.first_entry.at, second.verdict.first_entry.gate) == (NOW, "North")


def test_the_same_nonce_is_one_scan_for_ever(tickets: TicketsInMemory, capsys: pytest.CaptureFixture[str]) -> None:
    first = scan(tickets, "n1")
    assert scan(tickets, "n1", now=NOW + timedelta(days=30)).verdict == first.verdict
    assert [type(message) for message in tickets.messages] == [TicketCheckedIn]
    assert capsys.readouterr().out.count('"CheckIns":[1.0]') == 1


def test_a_refused_scan_is_kept_and_answered_alike_again(tickets: TicketsInMemory) -> None:
    early = scan(tickets, "n1", scanned_at=NOW - timedelta(hours=1))
    assert early.verdict.reason == "invalid_time"
    assert scan(tickets, "n1").verdict == early.verdict
    assert only(tickets).status == "valid"


def test_a_nonce_cannot_name_two_scans(tickets: TicketsInMemory) -> None:
    scan(tickets, "n1")
    with pytest.raises(NonceReused):
        scan(tickets, "n1", direction="exit")


def test_scanners_that_number_their_scans_alike_do_not_share_an_answer(tickets: TicketsInMemory) -> None:
    assert scan(tickets, "1", caller=DOOR).verdict.reason is None
    assert scan(tickets, "1", caller=HOST).verdict.reason == "already_redeemed"
    assert len(tickets.scans) == 2


def test_an_entry_is_told_with_who_came_in_where_that_is_not_the_owner() -> None:
    store = TicketsInMemory()
    paid = order_paid(2)
    mine = replace(paid.tickets[1], attendee_name=" ada ")
    issue_tickets(store, CODES, lambda: NOW, replace(paid, tickets=[paid.tickets[0], mine]))
    for ticket in store.tickets.values():
        check_in(store, CODES, lambda: NOW, caller=DOOR, code=ticket.code, nonce=ticket.id)
    told = [message for message in store.messages if isinstance(message, TicketCheckedIn)]
    assert [message.attendee_name for message in told] == ["Guest 1", ""]


def test_the_time_zone_of_the_conference_goes_on_with_the_ticket() -> None:
    store = TicketsInMemory()
    issue_tickets(store, CODES, lambda: NOW, order_paid(time_zone="Asia/Jakarta"))
    scan(store)
    told = [message for message in store.messages if isinstance(message, TicketIssued | TicketCheckedIn)]
    assert [message.time_zone for message in told] == ["Asia/Jakarta", "Asia/Jakarta"]


def test_whoever_left_may_come_back(tickets: TicketsInMemory) -> None:
    answers = [scan(tickets, f"n{number}", direction=way) for number, way in enumerate(["entry", "exit", "exit", "entry", "entry"])]
    assert [answer.verdict.reason for answer in answers] == [None, None, "rules", None, "already_redeemed"]
    assert [message.direction for message in tickets.messages if isinstance(message, TicketCheckedIn)] == ["entry", "exit", "entry"]


def test_a_scan_counts_from_when_it_happened(tickets: TicketsInMemory) -> None:
    late = NOW + timedelta(days=3)
    assert scan(tickets, "n1", now=late, scanned_at=NOW).verdict.reason is None
    entry = only(tickets).first_entry
    assert entry is not None
    assert entry.at == NOW


def test_the_loser_of_a_race_is_decided_anew(tickets: TicketsInMemory) -> None:
    tickets.races_to_lose = 2
    assert scan(tickets).verdict.reason is None


def test_a_race_without_end_is_told_as_such(tickets: TicketsInMemory) -> None:
    tickets.races_to_lose = 100
    with pytest.raises(Busy):
        scan(tickets)


def test_a_genuine_code_without_a_ticket_is_refused_and_kept(tickets: TicketsInMemory) -> None:
    code = only(tickets).code
    tickets.tickets.clear()
    answer = check_in(tickets, CODES, lambda: NOW, caller=DOOR, code=code, nonce="n1")
    assert (answer.verdict.reason, answer.ticket) == ("invalid", None)
    assert len(tickets.scans) == 1


def test_a_ticket_of_another_conference_is_refused_and_tells_nothing(tickets: TicketsInMemory) -> None:
    answer = scan(tickets, caller=STRANGER)
    assert (answer.verdict.reason, answer.verdict.detail, answer.ticket) == (
        "invalid",
        "This ticket is for another conference.",
        None,
    )
    assert not tickets.scans


@pytest.mark.parametrize("caller", [ADA, BOB])
def test_the_door_is_for_staff(tickets: TicketsInMemory, caller: Caller) -> None:
    with pytest.raises(Forbidden):
        scan(tickets, caller=caller)


def test_what_is_not_a_code_is_not_a_ticket(tickets: TicketsInMemory) -> None:
    with pytest.raises(NotACode):
        check_in(tickets, CODES, lambda: NOW, caller=DOOR, code="KETEMU:E1:NO", nonce="n1")
