"""Paying: once, whoever brings the provider's word and however often, and never for nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.orders.domain import AlreadyCancelled, HoldExpired, Order
from functions.orders.lines import Wanted
from functions.orders.money_back import return_money
from functions.orders.paying import TOO_LATE, check_when_due, conclude, pay_order, resume
from functions.orders.payment import (
    NotRefundable,
    PaidTooLate,
    Payment,
    PaymentDeclined,
    PaymentUnavailable,
    Tender,
    TooManyAttempts,
)
from functions.orders.refunding import RefundPolicy
from functions.orders.returning import cancel_order, refund_order
from functions.orders.simulated import Simulated
from functions.orders.use_cases import expire
from shared.caller import Caller
from shared.errors import NotFound
from shared.messages import OrderExpired, OrderPaid, OrderRefunded, OrderReseated, PaymentPending
from shared.money import Money
from tests.unit.orders import FakeDelay, FakeOrders, Till, at, given_up, run_out
from tests.unit.test_orders_domain import BOB, NOON, REGULAR, ordered

RESERVED = ordered(Wanted("typ_1", 2))
TENDER = Tender("simulated", "tok_ok")


def pay(orders: FakeOrders, till: Till) -> Order:
    return pay_order(orders, till, at(NOON), order_id="ord_1", buyer=BOB, tender=TENDER)


def kinds(orders: FakeOrders) -> list[str]:
    return [type(message).__name__ for message in orders.sent]


def begun(order: Order = RESERVED) -> Order:
    return replace(order, payment=TENDER.attempt(1, NOON), revision=2)


def test_a_payment_is_charged_once_however_often_it_is_asked() -> None:
    orders, till = FakeOrders(RESERVED), Till()
    assert pay(orders, till) == pay(orders, till)
    assert len(till.charges) == 1
    assert kinds(orders) == ["OrderPaid"]


def test_an_order_is_paid_with_one_ticket_line_for_each_seat() -> None:
    orders = FakeOrders(RESERVED)
    pay(orders, Till())
    [paid] = orders.sent
    assert isinstance(paid, OrderPaid)
    assert (paid.total, paid.conference_name) == (Money(9800, "EUR"), "Ketemu Days")
    assert [(line.attendee_email, line.price, line.valid_from) for line in paid.tickets] == [
        ("bob@example.org", Money(4900, "EUR"), REGULAR.valid_from)
    ] * 2


def test_an_attempt_is_on_record_before_the_provider_hears_of_it() -> None:
    class Watching(Till):
        def charge(self, order: Order, payment: object) -> object:  # type: ignore[override]
            assert orders.order.payment
            assert orders.order.payment.status == "created"
            return super().charge(order, order.payment)  # type: ignore[arg-type]

    orders = FakeOrders(RESERVED)
    assert pay(orders, Watching()).status == "paid"


def test_an_order_past_its_time_but_still_held_can_be_paid() -> None:
    orders = FakeOrders(RESERVED)
    late = pay_order(orders, Till(), at(NOON + timedelta(hours=1)), order_id="ord_1", buyer=BOB, tender=TENDER)
    assert late.status == "paid"


def test_another_persons_order_is_not_there_to_be_paid() -> None:
    orders = FakeOrders(replace(RESERVED, buyer_id="usr_eve"))
    with pytest.raises(NotFound):
        pay(orders, Till())


def test_a_declined_payment_can_be_tried_again_with_another() -> None:
    orders, till = FakeOrders(RESERVED), Till()
    till.verdict = "failed"
    with pytest.raises(PaymentDeclined, match="Nothing was charged"):
        pay(orders, till)
    assert orders.order.status == "reserved"
    till.verdict = "confirmed"
    paid = pay(orders, till)
    assert paid.payment
    assert (paid.status, paid.payment.number, len(till.charges)) == ("paid", 2, 2)
    assert [change.what for change in paid.history] == ["placed", "payment_failed", "paid"]


def test_an_order_takes_no_endless_attempts() -> None:
    exhausted = replace(RESERVED, payment=replace(TENDER.attempt(20, NOON), status="failed"))

    class Full(FakeOrders):
        def begin_payment(self, *asked: object) -> Order:
            from functions.orders.paying import NotBegun

            raise NotBegun(self.order)

    with pytest.raises(TooManyAttempts):
        pay(Full(exhausted), Till())


@pytest.mark.parametrize("times", [1, 2, 3])
def test_where_the_answer_is_lost_the_next_request_finds_it_and_charges_nothing_again(times: int) -> None:
    orders, till = FakeOrders(RESERVED), Till()
    till.mute = True
    for _ in range(times):
        with pytest.raises(PaymentUnavailable):
            pay(orders, till)
    till.mute = False
    assert pay(orders, till).status == "paid"
    assert len(till.charges) == 1
    assert kinds(orders) == ["OrderPaid"]


def test_an_attempt_that_never_reached_the_provider_makes_room_for_another() -> None:
    orders, till = FakeOrders(begun()), Till()
    paid = pay(orders, till)
    assert paid.payment
    assert (paid.status, paid.payment.number) == ("paid", 2)


# Whoever brings the word


def test_the_word_of_the_provider_may_come_twice_and_by_several_ways() -> None:
    orders, till = FakeOrders(begun()), Till()
    till.charge(orders.order, orders.order.payment)  # type: ignore[arg-type]
    before = orders.order
    for _ in range(2):
        resume(orders, till, at(NOON), before, by="provider")
        expire(orders, till, at(NOON), before)
    assert orders.order.status == "paid"
    assert kinds(orders) == ["OrderPaid"]


def test_a_late_failure_does_not_undo_a_payment() -> None:
    orders, till = FakeOrders(begun()), Till()
    confirmed = till.charge(orders.order, orders.order.payment)  # type: ignore[arg-type]
    conclude(orders, till, at(NOON), orders.order, confirmed)
    for status in ("failed", "pending"):
        conclude(orders, till, at(NOON), begun(), replace(confirmed, status=status))
    assert orders.order.status == "paid"
    assert kinds(orders) == ["OrderPaid"]


def test_a_hold_that_ends_asks_first_what_became_of_the_payment() -> None:
    orders, till = FakeOrders(begun()), Till()
    till.charge(orders.order, orders.order.payment)  # type: ignore[arg-type]
    assert expire(orders, till, at(NOON), orders.order).status == "paid"


@pytest.mark.parametrize("charged", [True, False])
def test_a_hold_ends_on_time_where_the_provider_is_silent_and_the_attempt_stays_on_record(charged: bool) -> None:
    orders, till = FakeOrders(begun()), Till()
    if charged:
        till.charge(orders.order, orders.order.payment)  # type: ignore[arg-type]
    till.mute = True
    expired = expire(orders, till, at(NOON), orders.order)
    assert expired.status == "expired"
    assert expired.unfinished_since == NOON
    till.mute = False
    after = resume(orders, till, at(NOON), expired)
    assert (after.status, after.unfinished_since) == ("paid" if charged else "expired", None)


# Too late


def test_paid_after_its_hold_ended_an_order_gets_its_seats_back_where_they_are_free() -> None:
    orders, till = FakeOrders(run_out(begun())), Till()
    till.charge(orders.order, orders.order.payment)  # type: ignore[arg-type]
    after = resume(orders, till, at(NOON), orders.order)
    assert after.status == "paid"
    assert [type(message) for message in orders.sent] == [OrderPaid, OrderReseated]
    assert till.refunds == {}


@pytest.mark.parametrize(("ended", "free"), [(run_out, False), (given_up, False), (given_up, True)])
def test_paid_too_late_for_its_seats_an_order_gets_all_of_its_money_back(ended: Callable[[Order], Order], free: bool) -> None:
    orders, till = FakeOrders(ended(begun()), free=free), Till()
    till.charge(orders.order, orders.order.payment)  # type: ignore[arg-type]
    for _ in range(2):
        resume(orders, till, at(NOON), orders.order)
    assert list(till.refunds.values()) == [9800]
    assert orders.order.payment
    assert (orders.order.payment.status, orders.order.returned, orders.order.unfinished_since) == ("refunded", 9800, None)
    [refunded] = orders.sent
    assert isinstance(refunded, OrderRefunded)
    assert (refunded.amount, refunded.reason, refunded.numbers) == (Money(9800, "EUR"), TOO_LATE, ())


@pytest.mark.parametrize("ended", [run_out, given_up])
def test_a_payment_that_is_overtaken_by_the_end_of_the_order_says_that_the_money_comes_back(
    ended: Callable[[Order], Order],
) -> None:
    orders, till = FakeOrders(RESERVED, ended, free=False), Till()
    with pytest.raises(PaidTooLate, match=r"98\.00 EUR"):
        pay(orders, till)
    assert len(till.refunds) == 1


@pytest.mark.parametrize(("ended", "refusal"), [(run_out, HoldExpired), (given_up, AlreadyCancelled)])
def test_an_order_that_has_ended_takes_no_new_payment(ended: Callable[[Order], Order], refusal: type[Exception]) -> None:
    till = Till()
    with pytest.raises(refusal):
        pay(FakeOrders(ended(RESERVED)), till)
    assert till.charges == {}


def test_a_refund_that_gets_no_answer_stays_on_record_and_is_made_once() -> None:
    orders, till = FakeOrders(run_out(begun()), free=False), Till()
    till.charge(orders.order, orders.order.payment)  # type: ignore[arg-type]
    decided = till.look_up(orders.order, orders.order.payment)  # type: ignore[arg-type]
    till.mute = True
    conclude(orders, till, at(NOON), orders.order, decided)
    assert [(refund.status, refund.tries) for refund in orders.order.refunds] == [("intended", 1)]
    assert orders.order.unfinished_since is not None
    unanswered = orders.order
    return_money(orders, till, at(NOON), unanswered, quietly=True)
    assert orders.order == unanswered  # however long that goes on, the order does not grow
    till.mute = False
    for _ in range(2):
        return_money(orders, till, at(NOON), orders.order)
    assert (till.refunds, kinds(orders)) == ({orders.order.refunds[0].id: 9800}, ["OrderRefunded"])


def test_what_the_provider_refused_to_return_is_asked_for_again_by_an_organiser() -> None:
    orders, till = FakeOrders(run_out(begun()), free=False), Till()
    till.charge(orders.order, orders.order.payment)  # type: ignore[arg-type]
    till.refuses = True
    resume(orders, till, at(NOON), orders.order)
    assert [refund.status for refund in orders.order.refunds] == ["refused"]
    till.refuses = False

    def again(caller: Caller) -> Order:
        return refund_order(
            orders,
            till,
            NoReturns(),
            at(NOON),
            order_id="ord_1",
            refund_id="rfd_2",
            fingerprint="f",
            caller=caller,
            numbers=(),
            amount=None,
        )

    with pytest.raises(NotRefundable):
        again(BOB)
    organiser = replace(BOB, user_id="usr_ada", roles={orders.order.conference_id: "organizer"})
    for _ in range(2):
        assert again(organiser).payment.status == "refunded"  # type: ignore[union-attr]
    assert till.refunds == {"rfd_2": 9800}
    assert (orders.order.status, kinds(orders)) == ("expired", ["RefundFailed", "OrderRefunded"])


class NoReturns:
    def refund_policy(self, conference_id: str) -> RefundPolicy:
        return RefundPolicy()

    def keep_refund_policy(self, conference_id: str, policy: RefundPolicy) -> None:
        raise AssertionError("not changed here")


def test_the_attempt_of_an_order_that_has_ended_is_called_off_when_the_provider_answers_again() -> None:
    class Patient(Till):
        def void(self, order: Order, payment: Payment) -> Payment:
            return self._answer(replace(payment, status="failed", reason="called off"))

    orders, till = FakeOrders(begun()), Patient()
    till.charge(orders.order, orders.order.payment)  # type: ignore[arg-type]
    till.verdict, till.mute = "pending", True
    expired = expire(orders, till, at(NOON), orders.order)
    assert expired.unfinished_since == NOON
    till.mute = False
    after = resume(orders, till, at(NOON), expired)
    assert (after.payment.status, after.unfinished_since) == ("failed", None)  # type: ignore[union-attr]


# Giving up what may be paid


def test_an_order_that_turns_out_to_be_paid_is_not_cancelled() -> None:
    orders, till = FakeOrders(begun()), Till()
    till.charge(orders.order, orders.order.payment)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="is paid"):
        cancel_order(orders, till, at(NOON), order_id="ord_1", caller=BOB)
    assert orders.order.status == "paid"


# Pending


def test_a_pending_payment_reminds_us_to_ask_and_is_asked_until_it_is_decided() -> None:
    class Both(Simulated):
        def of(self, method: str) -> "Both":
            return self

    orders, clock = FakeOrders(RESERVED), [NOON]
    till = Both(lambda: clock[0])
    late = Tender("simulated", "tok_late:90")
    pending = pay_order(orders, till, lambda: clock[0], order_id="ord_1", buyer=BOB, tender=late)
    assert pending.payment
    assert (pending.status, pending.payment.status) == ("reserved", "pending")
    [reminder] = orders.sent
    assert isinstance(reminder, PaymentPending)
    assert reminder.check_at == NOON + timedelta(seconds=90)
    delay = FakeDelay()
    check_when_due(orders, till, delay, lambda: clock[0], reminder)
    assert delay.sent == [(reminder, 90)]
    clock[0] = NOON + timedelta(seconds=90)
    for _ in range(2):
        check_when_due(orders, till, delay, lambda: clock[0], reminder)
    assert orders.order.status == "paid"
    assert kinds(orders) == ["PaymentPending", "OrderPaid"]


def test_a_payment_that_stays_pending_is_asked_after_less_and_less_often_and_no_more_once_its_order_has_ended() -> None:
    orders, till, delay = FakeOrders(begun()), Till(), FakeDelay()
    till.verdict = "pending"
    till.charge(orders.order, orders.order.payment)  # type: ignore[arg-type]
    reminder = PaymentPending(conference_id="cnf_1", order_id="ord_1", number=1, check_at=NOON)
    for minutes in (0, 1, 5):
        check_when_due(orders, till, delay, at(NOON + timedelta(minutes=minutes)), reminder)
    assert [seconds for _, seconds in delay.sent] == [5, 60, 300]
    expire(orders, till, at(NOON), orders.order)
    check_when_due(orders, till, delay, at(NOON), reminder)
    assert len(delay.sent) == 3
    assert [type(message) for message in orders.sent if isinstance(message, OrderExpired)] == [OrderExpired]
