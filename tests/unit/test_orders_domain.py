"""The rules of what is sold and ordered."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.orders.catalogue import Catalogue, NotOnSale, Offer, TicketType, UnknownTicketType
from functions.orders.domain import MixedCurrencies, Order, place
from functions.orders.lines import Attendee, BadQuantity, Basket, DuplicateLine, TooManyAttendees, Wanted
from functions.orders.payment import Payment
from functions.orders.stock import Pool, Stocked, together
from shared.caller import Caller
from shared.errors import Busy
from shared.money import Money

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
BOB = Caller("usr_bob", "bob@example.org", "Bob")
REGULAR = TicketType(
    id="typ_1",
    conference_id="cnf_1",
    conference_name="Ketemu Days",
    revision=1,
    name="Regular",
    price=Money(4900, "EUR"),
    pool=Pool.opened("typ_1", conference_id="cnf_1", revision=1, capacity=100),
    min_per_order=1,
    max_per_order=5,
    sale_starts_at=NOON - timedelta(days=1),
    sale_ends_at=NOON + timedelta(days=1),
    hidden=False,
    valid_from=NOON + timedelta(days=30),
    valid_until=NOON + timedelta(days=31),
    hold_minutes=15,
)
FREE = replace(REGULAR, id="typ_free", price=Money(0, "EUR"), hold_minutes=5)
HALL = Pool.opened("pool_hall", conference_id="cnf_1", revision=1, capacity=50)

# What is on sale


@pytest.mark.parametrize(
    ("now", "available", "status"),
    [
        (REGULAR.sale_starts_at - timedelta(seconds=1), 5, "not_yet"),
        (REGULAR.sale_starts_at, 5, "on_sale"),
        (REGULAR.sale_starts_at, 0, "sold_out"),
        (REGULAR.sale_ends_at, 5, "ended"),
        (REGULAR.sale_ends_at, 0, "ended"),
    ],
)
def test_a_ticket_type_is_on_sale_from_its_start_to_before_its_end(now: datetime, available: int, status: str) -> None:
    assert REGULAR.sale_status(available, now) == status


def test_a_ticket_type_has_as_many_as_the_emptiest_of_its_pools() -> None:
    within = replace(REGULAR, pool_id="pool_hall")
    both = Offer(within, (Stocked.opened(within.pool), Stocked(HALL, (3, 0))))
    assert (both.available, both.status(NOON)) == (3, "on_sale")
    assert Offer(within, (Stocked.opened(within.pool), Stocked(HALL, (0, 0)))).status(NOON) == "sold_out"


def test_a_ticket_type_is_not_on_sale_before_its_pool_is_known() -> None:
    within = replace(REGULAR, pool_id="pool_hall")
    assert Offer(within, (Stocked.opened(within.pool),)).status(NOON) == "not_yet"
    with pytest.raises(Busy):
        place(Basket("cnf_1", (Wanted("typ_1", 1),)), catalogue(within), order_id="ord_1", fingerprint="f", buyer=BOB, now=NOON)


# Orders


def catalogue(*types: TicketType, pools: tuple[Pool, ...] = ()) -> Catalogue:
    own = {each.id: each.pool for each in types}
    return Catalogue({each.id: each for each in types}, {**own, **{each.id: each for each in pools}})


def ordered(*lines: Wanted, types: tuple[TicketType, ...] = (REGULAR, FREE), now: datetime = NOON) -> Order:
    return place(Basket("cnf_1", lines), catalogue(*types), order_id="ord_1", fingerprint="f", buyer=BOB, now=now)


def test_an_order_takes_the_price_and_the_buyer_of_now() -> None:
    order = ordered(Wanted("typ_1", 2, (Attendee("Cy", "cy@example.org"),)))
    assert order.status == "reserved"
    assert order.total == Money(9800, "EUR")
    assert order.lines[0].attendees == (Attendee("Cy", "cy@example.org"), Attendee("Bob", "bob@example.org"))
    assert order.expires_at == NOON + timedelta(minutes=15)


def test_the_seats_of_a_pool_are_dealt_out_to_the_lines_that_draw_from_it() -> None:
    types = (replace(REGULAR, pool_id="pool_hall"), replace(FREE, pool_id="pool_hall"))
    basket = Basket("cnf_1", (Wanted("typ_1", 2), Wanted("typ_free", 3)))
    order = place(basket, catalogue(*types, pools=(HALL,)), order_id="ord_1", fingerprint="f", buyer=BOB, now=NOON)
    seated = order.with_seats({"typ_1": {0: 2}, "typ_free": {1: 3}, "pool_hall": {0: 1, 1: 4}})
    assert [line.seats for line in seated.lines] == [
        {"typ_1": {0: 2}, "pool_hall": {0: 1, 1: 1}},
        {"typ_free": {1: 3}, "pool_hall": {1: 3}},
    ]
    assert seated.seats == {"typ_1": {0: 2}, "typ_free": {1: 3}, "pool_hall": {0: 1, 1: 4}}


def test_an_order_that_costs_nothing_is_paid_at_once_and_never_expires() -> None:
    order = ordered(Wanted("typ_free", 1))
    assert (order.status, order.paid_at, order.expires_at, order.payment) == ("paid", NOON, None, None)


def test_an_order_is_held_as_long_as_the_shortest_of_its_holds() -> None:
    assert ordered(Wanted("typ_1", 1), Wanted("typ_free", 1)).expires_at == NOON + timedelta(minutes=5)


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 5)), min_size=1, max_size=4))
def test_a_total_is_the_sum_of_price_times_quantity(lines: list[tuple[int, int]]) -> None:
    types = tuple(replace(REGULAR, id=f"typ_{n}", price=Money(amount, "EUR")) for n, (amount, _) in enumerate(lines))
    order = ordered(*(Wanted(f"typ_{n}", quantity) for n, (_, quantity) in enumerate(lines)), types=types)
    assert order.total == Money(sum(amount * quantity for amount, quantity in lines), "EUR")
    assert (order.status == "paid") == (order.total.amount == 0)


@pytest.mark.parametrize("now", [REGULAR.sale_starts_at - timedelta(milliseconds=1), REGULAR.sale_ends_at])
def test_nothing_is_sold_outside_its_window(now: datetime) -> None:
    with pytest.raises(NotOnSale) as refused:
        ordered(Wanted("typ_1", 1), now=now)
    assert refused.value.extra["sale_starts_at"] == "2026-05-31T12:00:00.000Z"


@pytest.mark.parametrize("quantity", [1, 6])
def test_a_quantity_keeps_to_the_limits_of_its_type(quantity: int) -> None:
    with pytest.raises(BadQuantity):
        ordered(Wanted("typ_1", quantity), types=(replace(REGULAR, min_per_order=2),))


def test_what_is_not_sold_cannot_be_ordered() -> None:
    with pytest.raises(UnknownTicketType):
        ordered(Wanted("typ_1", 1), Wanted("typ_9", 1))


def test_an_order_has_one_currency() -> None:
    with pytest.raises(MixedCurrencies):
        ordered(Wanted("typ_1", 1), Wanted("typ_2", 1), types=(REGULAR, replace(REGULAR, id="typ_2", price=Money(1, "IDR"))))


def test_a_basket_names_each_type_once_and_holds_at_most_twenty_tickets() -> None:
    with pytest.raises(DuplicateLine):
        Basket("cnf_1", (Wanted("typ_1", 1), Wanted("typ_1", 1)))
    with pytest.raises(BadQuantity):
        Basket("cnf_1", (Wanted("typ_1", 11), Wanted("typ_2", 10)))
    with pytest.raises(TooManyAttendees):
        Basket("cnf_1", (Wanted("typ_1", 1, (Attendee("A", "a@example.org"),) * 2),))


def test_why_an_order_is_refused_follows_from_what_became_of_it() -> None:
    order = ordered(Wanted("typ_1", 1))
    paid = order.paid(Payment(1, "simulated", "confirmed", NOON, "pay_1"), NOON)
    slugs = [
        each.refusal().slug
        for each in (order.expired(NOON), order.cancelled("usr_bob", NOON), paid, replace(paid, status="refunded"))
    ]
    assert slugs == ["order-expired", "order-cancelled", "already-paid", "order-refunded"]


def test_every_change_of_an_order_is_in_its_history_and_raises_its_revision() -> None:
    order = ordered(Wanted("typ_1", 1))
    later = order.changed("noted", by="usr_ada", at=NOON + timedelta(hours=1), detail="by telephone").expired(NOON)
    assert [(change.what, change.by) for change in later.history] == [
        ("placed", "usr_bob"),
        ("noted", "usr_ada"),
        ("expired", "expiry"),
    ]
    assert (order.revision, later.revision) == (1, 3)


def test_tickets_are_numbered_from_one_over_all_lines() -> None:
    order = ordered(Wanted("typ_1", 2), Wanted("typ_free", 1))
    assert [(each.number, each.ticket_type_id, each.status) for each in order.tickets] == [
        (1, "typ_1", "active"),
        (2, "typ_1", "active"),
        (3, "typ_free", "active"),
    ]


def test_an_order_holds_the_seats_of_its_active_tickets_until_it_ends() -> None:
    order = ordered(Wanted("typ_1", 2), Wanted("typ_free", 1))
    assert order.seated == {1, 2, 3}
    assert replace(order, ended={2: "refunded"}).seated == {1, 3}
    assert order.expired(NOON).seated == order.cancelled("usr_bob", NOON).seated == frozenset()


@given(st.sets(st.integers(1, 9)), st.sets(st.integers(1, 9)))
def test_each_ticket_gives_back_its_own_seat_in_whatever_parts_they_end(first: set[int], second: set[int]) -> None:
    order = ordered(Wanted("typ_1", 4), Wanted("typ_free", 5))
    seats = ({0: 1, 3: 3}, {2: 2, 1: 3})
    order = order.with_seats({"typ_1": seats[0], "typ_free": seats[1]})
    parts = [order.lines_of(first), order.lines_of(second - first), order.lines_of(order.seated - first - second)]
    given_back = together(line.seats for part in parts for line in part)
    assert given_back == {"typ_1": seats[0], "typ_free": seats[1]}
    assert sum(line.quantity for part in parts for line in part) == 9
