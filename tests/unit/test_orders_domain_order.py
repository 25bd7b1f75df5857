"""The rules of one order: what it is when it is placed, and what may still be changed of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from functions.orders.catalogue import Catalogue, TooManyPerPerson, UnknownTicketType
from functions.orders.domain import (
    MAX_CHANGES,
    Change,
    MixedCurrencies,
    NotPaid,
    Order,
    OrderTicket,
    TicketEnded,
    TooManyChanges,
    place,
)
from functions.orders.lines import Attendee, Basket, Wanted
from functions.orders.payment import Payment, Refund
from functions.orders.stock import Pool
from functions.orders.vouchers import UnknownVoucher, Voucher, VoucherExpired
from shared.errors import NotFound
from shared.money import Money
from tests.unit.test_orders_domain import BOB, NOON, REGULAR, catalogue, ordered

GRACE = Attendee("Grace", "grace@example.org")
HOUR = timedelta(hours=1)
PAID = Payment(1, "simulated", "confirmed", NOON, "pay_1")
ORDER = ordered(Wanted("typ_1", 2, (Attendee("Cy", "cy@example.org"),)), Wanted("typ_free", 1))
MAILED = replace(ORDER, status="paid")


# When it is placed


def test_an_order_is_its_buyers_and_names_the_conference_and_the_request() -> None:
    order = ordered(Wanted("typ_1", 2), types=(replace(REGULAR, time_zone="Asia/Jakarta"),))
    assert (order.id, order.fingerprint, order.created_at, order.revision) == ("ord_1", "f", NOON, 1)
    assert (order.buyer_id, order.buyer_name, order.buyer_email) == ("usr_bob", "Bob", "bob@example.org")
    assert (order.conference_id, order.conference_name, order.time_zone) == ("cnf_1", "Ketemu Days", "Asia/Jakarta")
    assert (order.paid_at, order.voucher, order.method) == (None, "", "simulated")
    assert order.history == (Change(NOON, "placed", "usr_bob"),)


SPRING = Voucher(
    id="vou_1",
    conference_id="cnf_1",
    code="SPRING",
    kind="fixed",
    value=400,
    ticket_type_ids=(),
    unlocks_hidden=False,
    max_uses=None,
    max_per_person=None,
    valid_from=None,
    valid_until=None,
    note="",
    fingerprint="f",
    pool=Pool.opened("vou_1", conference_id="cnf_1", revision=1, capacity=0),
)


def placed(*lines: Wanted, within: Catalogue, code: str = "") -> Order:
    return place(Basket("cnf_1", lines, code), within, order_id="ord_1", fingerprint="f", buyer=BOB, now=NOON)


def test_an_order_keeps_the_voucher_that_it_was_placed_with_and_how_the_conference_was_paid() -> None:
    there = replace(catalogue(REGULAR), voucher=SPRING, method="stripe")
    order = placed(Wanted("typ_1", 2), within=there, code="SPRING")
    assert (order.voucher, order.method) == ("SPRING", "stripe")
    assert (order.total, order.discount) == (Money(9000, "EUR"), Money(800, "EUR"))
    assert ordered(Wanted("typ_1", 2)).discount == Money(0, "EUR")


def test_a_voucher_that_there_is_not_is_no_order() -> None:
    with pytest.raises(UnknownVoucher):
        placed(Wanted("typ_1", 1), within=catalogue(REGULAR), code="AUTUMN")


def test_a_voucher_is_good_for_an_order_that_is_placed_before_it_ends() -> None:
    there = replace(catalogue(REGULAR), voucher=replace(SPRING, valid_until=NOON + HOUR))
    assert placed(Wanted("typ_1", 1), within=there, code="SPRING").voucher == "SPRING"
    with pytest.raises(VoucherExpired):
        placed(Wanted("typ_1", 1), within=replace(there, voucher=replace(SPRING, valid_until=NOON)), code="SPRING")


def test_a_hidden_ticket_type_is_sold_to_nobody_who_has_no_voucher_for_it() -> None:
    with pytest.raises(UnknownTicketType, match="GET /orders/availability/cnf_1"):
        placed(Wanted("typ_1", 1), within=catalogue(replace(REGULAR, hidden=True)))


def test_one_order_holds_as_many_as_one_person_may_have_and_no_more() -> None:
    limited = catalogue(replace(REGULAR, max_per_person=2))
    assert placed(Wanted("typ_1", 2), within=limited).lines[0].quantity == 2
    with pytest.raises(TooManyPerPerson, match="Order at most 2") as refused:
        placed(Wanted("typ_1", 3), within=limited)
    assert refused.value.extra == {"subject": "typ_1", "limit": 2, "has": 0}


def test_lines_of_two_currencies_are_two_orders() -> None:
    with pytest.raises(MixedCurrencies, match="EUR and IDR"):
        ordered(Wanted("typ_2", 1), Wanted("typ_1", 1), types=(REGULAR, replace(REGULAR, id="typ_2", price=Money(1, "IDR"))))


def test_an_order_with_one_ticket_that_costs_something_has_to_be_paid() -> None:
    assert (ORDER.status, ORDER.paid_at, ORDER.total) == ("reserved", None, Money(9800, "EUR"))
    assert ordered(Wanted("typ_free", 2)).discount == Money(0, "EUR")


# What it is made of


def test_each_ticket_of_an_order_says_what_it_is_and_for_whom() -> None:
    first, second, third = replace(ORDER, ended={2: "refunded"}).tickets
    assert first == OrderTicket(1, "typ_1", "Regular", Money(4900, "EUR"), Attendee("Cy", "cy@example.org"), "active")
    assert (second.number, second.attendee.name, second.status) == (2, "Bob", "refunded")
    assert (third.number, third.price, third.status) == (3, Money(0, "EUR"), "active")


@pytest.mark.parametrize(
    ("numbers", "lines"),
    [
        ({1}, [("typ_1", 1, ["Cy"])]),
        ({2}, [("typ_1", 1, ["Bob"])]),
        ({3}, [("typ_free", 1, ["Bob"])]),
        ({2, 3}, [("typ_1", 1, ["Bob"]), ("typ_free", 1, ["Bob"])]),
        (set(), []),
        ({0, 4}, []),
    ],
)
def test_a_part_of_an_order_has_the_lines_of_just_its_tickets(numbers: set[int], lines: list[tuple[str, int, list[str]]]) -> None:
    part = ORDER.lines_of(numbers)
    assert [(line.ticket_type_id, line.quantity, [each.name for each in line.attendees]) for line in part] == lines


def test_what_went_back_of_an_order_is_in_its_currency() -> None:
    assert replace(ORDER, returned=4900).refunded == Money(4900, "EUR")


STATUSES = {"reserved", "paid", "partially_refunded", "refunded", "expired", "cancelled"}


def test_an_order_that_was_paid_stays_one_that_was_paid() -> None:
    orders = [replace(ORDER, status=status) for status in STATUSES]  # type: ignore[arg-type]  # as named
    assert {order.status for order in orders if order.is_paid} == {"paid", "partially_refunded", "refunded"}


@pytest.mark.parametrize("status", ["reserved", "paid", "partially_refunded"])
def test_seats_are_held_by_an_order_that_stands(status: str) -> None:
    assert replace(ORDER, status=status, ended={1: "refunded"}).seated == {2, 3}  # type: ignore[arg-type]  # a parameter


def test_only_the_lines_that_draw_from_a_pool_get_its_seats() -> None:
    assert [line.ticket_type_id for line in ORDER.drawing_from("typ_free")] == ["typ_free"]
    assert ORDER.drawing_from("pool_hall") == []


# What is half done


def refund(minutes: int, status: str = "intended") -> Refund:
    return Refund("rfd_1", 4900, (1,), NOON + timedelta(minutes=minutes), "usr_bob", status=status)  # type: ignore[arg-type]


def test_the_oldest_of_what_is_half_done_says_since_when() -> None:
    paid = ORDER.paid(PAID, NOON)
    assert paid.unfinished_since is None
    assert replace(paid, refunds=(refund(2), refund(1), refund(0, "settled"))).unfinished_since == NOON + timedelta(minutes=1)


@pytest.mark.parametrize("status", ["created", "pending"])
def test_a_payment_that_is_open_is_half_done_unless_its_hold_reminds_us(status: str) -> None:
    attempt = replace(PAID, status=status, at=NOON + HOUR)  # type: ignore[type-var]  # a parameter
    assert replace(ORDER, payment=attempt).unfinished_since is None
    assert replace(ORDER, payment=attempt, status="expired").unfinished_since == NOON + HOUR
    assert replace(ORDER, payment=PAID, status="expired").unfinished_since is None
    assert replace(ORDER, payment=attempt, status="expired", refunds=(refund(0),)).unfinished_since == NOON


# What happens to it


def test_a_payment_is_the_buyers_unless_it_was_heard_of_from_elsewhere() -> None:
    paid = ORDER.paid(PAID, NOON + HOUR)
    assert (paid.status, paid.payment, paid.paid_at, paid.revision) == ("paid", PAID, NOON + HOUR, 2)
    assert paid.changes == (Change(NOON + HOUR, "paid", "usr_bob"),)
    assert ORDER.paid(PAID, NOON, by="provider").changes[0].by == "provider"


def test_the_end_of_an_order_says_who_brought_it_about_and_when() -> None:
    expired, cancelled = ORDER.expired(NOON + HOUR), ORDER.cancelled("usr_ada", NOON + HOUR)
    assert (expired.status, expired.changes) == ("expired", (Change(NOON + HOUR, "expired", "expiry"),))
    assert (cancelled.status, cancelled.changes) == ("cancelled", (Change(NOON + HOUR, "cancelled", "usr_ada"),))


def test_another_attendee_is_named_for_one_ticket_alone() -> None:
    named = ORDER.naming(2, GRACE, by="usr_ada", at=NOON + HOUR)
    assert [ticket.attendee.name for ticket in named.tickets] == ["Cy", "Grace", "Bob"]
    assert named.changes == (Change(NOON + HOUR, "attendee", "usr_ada", "ticket 2"),)
    assert [line.quantity for line in named.lines] == [2, 1]
    assert named.naming(2, GRACE, by="usr_ada", at=NOON + HOUR) is named


@pytest.mark.parametrize("number", [0, 4])
def test_a_ticket_that_an_order_has_not_is_not_found(number: int) -> None:
    with pytest.raises(NotFound, match=f"tickets 1 to 3, and no ticket {number}"):
        ORDER.naming(number, GRACE, by="usr_ada", at=NOON)


def test_nobody_is_named_for_a_ticket_that_admits_nobody() -> None:
    with pytest.raises(TicketEnded, match="Ticket 1 of order ord_1"):
        replace(ORDER, ended={1: "refunded"}).naming(1, GRACE, by="usr_ada", at=NOON)
    with pytest.raises(TicketEnded, match="the order is expired"):
        ORDER.expired(NOON).naming(1, GRACE, by="usr_ada", at=NOON)


def test_the_mail_of_an_order_is_sent_again_once_for_each_command() -> None:
    again = MAILED.mailed_again("cmd_1", by="usr_ada", at=NOON + HOUR)
    assert again.changes == (Change(NOON + HOUR, "mail", "usr_ada", "cmd_1"),)
    assert again.mailed_again("cmd_1", by="usr_ada", at=NOON) is again
    assert len(again.mailed_again("cmd_2", by="usr_ada", at=NOON).changes) == 2
    assert again.changed("noted", by="usr_ada", at=NOON, detail="cmd_3").mailed_again("cmd_3", by="x", at=NOON).revision == 4


@pytest.mark.parametrize("status", sorted(STATUSES - {"paid", "partially_refunded"}))
def test_an_order_without_tickets_is_not_mailed_again(status: str) -> None:
    with pytest.raises(NotPaid, match=f"ord_1 is {status}"):
        replace(ORDER, status=status).mailed_again("cmd_1", by="usr_ada", at=NOON)  # type: ignore[arg-type]  # a parameter


def test_an_order_of_which_some_tickets_were_returned_is_mailed_again() -> None:
    assert replace(ORDER, status="partially_refunded").mailed_again("cmd_1", by="usr_ada", at=NOON).revision == 2


def test_an_order_is_changed_by_hand_a_hundred_times_and_no_more() -> None:
    full = replace(MAILED, changes=(Change(NOON, "noted", "usr_ada"),) * (MAX_CHANGES - 1))
    assert len(full.naming(1, GRACE, by="usr_ada", at=NOON).changes) == MAX_CHANGES
    full = full.mailed_again("cmd_1", by="usr_ada", at=NOON)
    with pytest.raises(TooManyChanges, match="changed 100 times"):
        full.naming(1, GRACE, by="usr_ada", at=NOON)
    with pytest.raises(TooManyChanges):
        full.mailed_again("cmd_2", by="usr_ada", at=NOON)
    assert full.mailed_again("cmd_1", by="usr_ada", at=NOON) is full
    assert full.naming(1, full.tickets[0].attendee, by="usr_ada", at=NOON) is full


@pytest.mark.parametrize(
    ("status", "slug", "said"),
    [
        ("expired", "order-expired", "not paid in time"),
        ("cancelled", "order-cancelled", "is cancelled"),
        ("refunded", "order-refunded", "paid and refunded"),
        ("paid", "already-paid", "still to be paid"),
        ("partially_refunded", "already-paid", "is partially_refunded"),
    ],
)
def test_what_needs_a_reserved_order_is_refused_with_what_became_of_it(status: str, slug: str, said: str) -> None:
    refusal = replace(ORDER, status=status).refusal()  # type: ignore[arg-type]  # a parameter
    assert (refusal.slug, said in refusal.detail, "ord_1" in refusal.detail) == (slug, True, True)
