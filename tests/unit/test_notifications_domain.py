"""What a person is told."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.notifications import domain
from functions.notifications.domain import Notification
from shared.caller import Role
from shared.clock import local_time
from shared.money import Money

NINE = datetime(2026, 6, 1, 9, tzinfo=UTC)


def test_a_paid_order_says_how_many_tickets_and_how_much() -> None:
    news = domain.order_paid("ord_1", "cnf_1", "PyCon", Money(9800, "EUR"), 2)
    assert news.title == "Your order for PyCon is complete"
    assert news.body == "2 tickets, 98.00 EUR. They are on the way to you by e-mail."
    assert news.data == {"conference_id": "cnf_1", "order_id": "ord_1"}


def test_a_free_order_costs_nothing_rather_than_zero() -> None:
    assert domain.order_paid("ord_1", "cnf_1", "PyCon", Money(0, "EUR"), 1).body.startswith("1 ticket, free of charge. It is ")


SCANNED: dict[str, Any] = {
    "ticket_id": "tkt_1",
    "conference_id": "cnf_1",
    "conference": "PyCon",
    "when": "1 June 2026, 16:05 (Asia/Jakarta)",
}


def test_a_scan_says_the_gate_and_the_time() -> None:
    news = domain.ticket_scanned(**SCANNED, attendee="", entered=True, gate="North")
    assert (news.kind, news.title) == ("checked-in", "Welcome to PyCon")
    assert news.body == "Your ticket was checked in at gate North on 1 June 2026, 16:05 (Asia/Jakarta)."
    out = domain.ticket_scanned(**SCANNED, attendee="", entered=False, gate=None)
    assert (out.kind, out.title) == ("checked-out", "See you again at PyCon")
    assert out.body == "Your ticket was checked out on 1 June 2026, 16:05 (Asia/Jakarta)."


def test_a_scan_of_somebody_elses_ticket_says_whose() -> None:
    news = domain.ticket_scanned(**SCANNED, attendee="Grace", entered=True, gate="North")
    assert (news.kind, news.title) == ("checked-in", "Grace is at PyCon")
    assert news.body == "The ticket of Grace was checked in at gate North on 1 June 2026, 16:05 (Asia/Jakarta)."
    assert domain.ticket_scanned(**SCANNED, attendee="Grace", entered=False, gate=None).title == "Grace has left PyCon"


@pytest.mark.parametrize(
    ("instant", "time_zone", "said"),
    [
        (NINE, "Asia/Jakarta", "1 June 2026, 16:00 (Asia/Jakarta)"),
        (NINE, "America/Los_Angeles", "1 June 2026, 02:00 (America/Los_Angeles)"),
        (NINE.replace(month=1), "Europe/Berlin", "1 January 2026, 10:00 (Europe/Berlin)"),
        (NINE.astimezone(timezone(timedelta(hours=7))), "UTC", "1 June 2026, 09:00 (UTC)"),
        (NINE, "Mars/Olympus", "1 June 2026, 09:00 (UTC)"),
        (NINE, "Europe", "1 June 2026, 09:00 (UTC)"),
        (NINE, "../etc/passwd", "1 June 2026, 09:00 (UTC)"),
        (NINE, "", "1 June 2026, 09:00 (UTC)"),
    ],
)
def test_a_time_is_the_conferences_and_says_in_which_zone(instant: datetime, time_zone: str, said: str) -> None:
    assert local_time(instant, time_zone) == said


def test_a_cancelled_ticket_is_named_as_the_mail_numbers_it() -> None:
    news = domain.ticket_cancelled("tkt_1", "cnf_1", "ord_1", "PyCon", 2)
    assert (news.kind, news.title) == ("ticket-cancelled", "Your ticket for PyCon is cancelled")
    assert news.body == "Ticket 2 of your order no longer opens the door."
    assert news.data == {"conference_id": "cnf_1", "order_id": "ord_1", "ticket_id": "tkt_1"}
    assert domain.ticket_cancelled("tkt_1", "cnf_1", "ord_1", "", 0).body == "A ticket of your order no longer opens the door."


def test_a_new_contact_says_who_keeps_what() -> None:
    of_a_person = domain.contact_made("xch_1", "Bob")
    assert (of_a_person.title, "Each of you has what the other's card shows" in of_a_person.body) == ("You met Bob", True)
    of_a_team = domain.contact_made("xch_1", "Bob", "Warung Software")
    assert of_a_team.title == "You met Bob of Warung Software"
    assert "Warung Software keeps what your card shows exhibitors" in of_a_team.body


@pytest.mark.parametrize("whole", [True, False])
def test_who_took_something_back_is_not_named(whole: bool) -> None:  # a parameter
    news = domain.contact_withdrawn("xch_1", whole=whole)
    assert news.data == {"exchange_id": "xch_1"}
    assert ("off your list" in news.body) is whole


@pytest.mark.parametrize(
    ("role", "title"),
    [
        ("organizer", "You are now an organizer of PyCon"),
        ("staff", "You are now staff of PyCon"),
        ("exhibitor", "You are now an exhibitor at PyCon"),
        ("speaker", "You are now a speaker at PyCon"),
        (None, "You are no longer on the team of PyCon"),
    ],
)
def test_a_role_is_given_and_taken_back_by_name(role: Role | None, title: str) -> None:
    assert domain.role_changed("cnf_1", "PyCon", role).title == title


def test_a_cancelled_order_promises_money_only_to_who_paid() -> None:
    assert "Nothing was charged" in domain.order_cancelled("ord_1", "cnf_1", "PyCon", was_paid=False).body
    assert "money is returned" in domain.order_cancelled("ord_1", "cnf_1", "PyCon", was_paid=True).body


def test_a_conference_without_a_name_is_still_a_sentence() -> None:
    assert domain.order_expired("ord_1", "cnf_1", "").title == "Your reservation for the conference has expired"


def test_a_refund_says_the_amount_in_its_currency() -> None:
    assert domain.order_refunded("ord_1", "cnf_1", "PyCon", Money(5000, "JPY")).title == "Refund for PyCon: 5000 JPY"


def notification(message_id: str, user_id: str, occurred_at: datetime) -> Notification:
    return Notification.of(domain.welcome("Ada"), message_id=message_id, user_id=user_id, occurred_at=occurred_at)


def test_one_message_is_one_notification_for_each_person() -> None:
    assert notification("msg_1", "usr_1", NINE) == notification("msg_1", "usr_1", NINE)
    assert len({notification(message, user, NINE).id for message in ("msg_1", "msg_2") for user in ("usr_1", "usr_2")}) == 4


@given(first=st.datetimes(datetime(1970, 1, 2), datetime(9999, 1, 1)), later=st.integers(1, 10**9))
def test_what_happened_later_sorts_later(first: datetime, later: int) -> None:
    early = first.replace(microsecond=first.microsecond // 1000 * 1000, tzinfo=UTC)
    assert notification("msg_1", "usr_1", early).id < notification("msg_2", "usr_1", early + timedelta(milliseconds=later)).id


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    line = domain.one_line(text)
    assert len(line.splitlines()) <= 1
    assert line == domain.one_line(line)


def test_one_line_keeps_what_names_are_written_with() -> None:
    assert domain.one_line("Ada\r\nBcc: eve@example.org") == "Ada Bcc: eve@example.org"
    assert domain.one_line("می‌خواهم 👩‍🚀 Ōé\x00\x7f") == "می‌خواهم 👩‍🚀 Ōé"


def test_a_refund_says_why_and_how_much() -> None:
    eur = Money(4900, "EUR")
    late = domain.order_refunded("ord_1", "cnf_1", "PyCon", eur, (), "paid too late")
    assert (late.title, "no longer free" in late.body) == ("Paid too late for PyCon: 49.00 EUR returned", True)
    free = domain.order_refunded("ord_1", "cnf_1", "PyCon", Money(0, "EUR"), (2,))
    assert (free.title, "No money" in free.body) == ("1 ticket for PyCon given back", True)
    assert "49.00 EUR" in domain.order_reseated("ord_1", "cnf_1", "PyCon", eur).body
