"""What every piece of news is known and linked by, and what its words depend on."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from functions.notifications import domain
from functions.notifications.domain import TOO_LATE, News, Notification
from shared.ids import id_bytes
from shared.money import Money

JAKARTA = timezone(timedelta(hours=7))
MORNING = datetime(2026, 6, 1, 9, 30, tzinfo=JAKARTA)
EUR = Money(4900, "EUR")
CONFERENCE = {"conference_id": "cnf_1"}
ORDER = {**CONFERENCE, "order_id": "ord_1"}
TICKET = {**CONFERENCE, "ticket_id": "tkt_1"}
WAITING = {**CONFERENCE, "waiting_id": "wtg_1"}

# News, the kind that clients know it by, what they link to, and what somebody has to be told.
NEWS: list[tuple[Callable[[], News], str, dict[str, str], tuple[str, ...]]] = [
    (lambda: domain.welcome("Ada"), "welcome", {}, ("Ada", "contact card")),
    (lambda: domain.role_changed("cnf_1", "PyCon", "staff"), "role-changed", CONFERENCE, ("staff of PyCon", "token refresh")),
    (lambda: domain.role_changed("cnf_1", "PyCon", None), "role-changed", CONFERENCE, ("no longer", "PyCon", "taken back")),
    (lambda: domain.invited("PyCon", "staff", "1 June"), "invited", {}, ("staff of PyCon", "until 1 June", "nothing to do")),
    (lambda: domain.order_paid("ord_1", "cnf_1", "PyCon", EUR, 1), "order-paid", ORDER, ("PyCon", "1 ticket, 49.00 EUR", "It is")),
    (
        lambda: domain.attendee_changed("ord_1", "cnf_1", "PyCon", 2, "Grace"),
        "attendee-changed",
        ORDER,
        ("Ticket 2", "PyCon", "Grace", "ask the organiser"),
    ),
    (lambda: domain.order_expired("ord_1", "cnf_1", "PyCon"), "order-expired", ORDER, ("PyCon", "expired", "Nothing was charged")),
    (
        lambda: domain.order_cancelled("ord_1", "cnf_1", "PyCon", was_paid=False),
        "order-cancelled",
        ORDER,
        ("PyCon", "Nothing was charged"),
    ),
    (
        lambda: domain.order_refunded("ord_1", "cnf_1", "PyCon", EUR, (1,)),
        "order-refunded",
        ORDER,
        ("Refund for PyCon", "on its way back"),
    ),
    (lambda: domain.order_reseated("ord_1", "cnf_1", "PyCon", EUR), "order-reseated", ORDER, ("PyCon", "yours again")),
    (
        lambda: domain.waiting_list_joined("2 × Regular", "PyCon", WAITING),
        "waiting-list-joined",
        WAITING,
        ("2 × Regular at PyCon", "leave by the link"),
    ),
    (
        lambda: domain.waiting_list_offered("2 × Regular", "PyCon", "noon", WAITING),
        "waiting-list-offered",
        WAITING,
        ("2 × Regular at PyCon", "held for you until noon"),
    ),
    (
        lambda: domain.waiting_list_offered("2 × Regular", "PyCon", None, WAITING),
        "waiting-list-offered",
        WAITING,
        ("2 × Regular at PyCon", "They are yours"),
    ),
    (
        lambda: domain.waiting_list_offer_expired("2 × Regular", "PyCon", WAITING),
        "waiting-list-offer-expired",
        WAITING,
        ("2 × Regular at PyCon", "next in line"),
    ),
    (
        lambda: domain.waiting_list_left("2 × Regular", "PyCon", WAITING),
        "waiting-list-left",
        WAITING,
        ("2 × Regular at PyCon", "given up"),
    ),
    (
        lambda: domain.ticket_cancelled("tkt_1", "cnf_1", "ord_1", "PyCon", 2),
        "ticket-cancelled",
        {**ORDER, "ticket_id": "tkt_1"},
        ("PyCon", "Ticket 2"),
    ),
    (
        lambda: domain.ticket_reissued("PyCon", TICKET, by_owner=True),
        "ticket-reissued",
        TICKET,
        ("Your ticket for PyCon has a new code", "You asked for it", "The old code no longer opens the door"),
    ),
    (
        lambda: domain.ticket_reissued("PyCon", TICKET, by_owner=False),
        "ticket-reissued",
        TICKET,
        ("Your ticket for PyCon has a new code", "The organiser made it", "The old code no longer opens the door"),
    ),
    (
        lambda: domain.ticket_received("PyCon", TICKET),
        "ticket-received",
        TICKET,
        ("Your ticket for PyCon", "Whoever had it before cannot get in"),
    ),
    (
        lambda: domain.ticket_scanned("tkt_1", "cnf_1", "PyCon", attendee="", entered=True, gate="North", when="1 June"),
        "checked-in",
        TICKET,
        ("Welcome to PyCon", "gate North on 1 June"),
    ),
    (
        lambda: domain.ticket_scanned("tkt_1", "cnf_1", "PyCon", attendee="", entered=False, gate=None, when="1 June"),
        "checked-out",
        TICKET,
        ("PyCon", "checked out on 1 June"),
    ),
    (
        lambda: domain.double_entry("dbl_1", "tkt_1", "cnf_1", "PyCon", first="at North", second="at South"),
        "double-entry",
        {**CONFERENCE, "ticket_id": "tkt_1", "conflict_id": "dbl_1"},
        ("let in twice at PyCon", "at North and again at South"),
    ),
    (
        lambda: domain.contact_made("xch_1", "Bob"),
        "contact-exchanged",
        {"exchange_id": "xch_1"},
        ("You met Bob", "the other's card"),
    ),
    (
        lambda: domain.contact_awaits("xch_1", "Bob"),
        "contact-awaits",
        {"exchange_id": "xch_1"},
        ("Bob waits", "whether Bob is one"),
    ),
    (
        lambda: domain.contact_confirmed("xch_1", "Bob"),
        "contact-confirmed",
        {"exchange_id": "xch_1"},
        ("Bob shows you more", "more of Bob"),
    ),
    (
        lambda: domain.contact_withdrawn("xch_1", whole=False),
        "contact-withdrawn",
        {"exchange_id": "xch_1"},
        ("took something back", "some of what they had shown"),
    ),
]


@pytest.mark.parametrize(("news", "kind", "data", "told"), NEWS, ids=lambda each: each if isinstance(each, str) else "")
def test_news_is_known_by_its_kind_links_to_what_it_is_of_and_says_it(
    news: Callable[[], News], kind: str, data: dict[str, str], told: tuple[str, ...]
) -> None:
    told_now = news()
    assert (told_now.kind, told_now.data) == (kind, data)
    assert [part for part in told if part not in f"{told_now.title}\n{told_now.body}"] == []


def test_news_in_an_inbox_is_what_happened_when_it_happened() -> None:
    news = domain.order_expired("ord_1", "cnf_1", "PyCon")
    kept = Notification.of(news, message_id="msg_1", user_id="usr_1", occurred_at=MORNING)
    assert (kept.kind, kept.title, kept.body, kept.data) == (news.kind, news.title, news.body, news.data)
    assert (kept.created_at, kept.read) == (MORNING, False)
    assert kept.id.startswith("ntf_")


@pytest.mark.parametrize(
    "naming", [domain.contact_made("xch_1", "Bob"), domain.contact_awaits("xch_1", "Bob"), domain.contact_confirmed("xch_1", "Bob")]
)
def test_what_names_somebody_whom_one_met_can_be_taken_back_with_the_exchange(naming: News) -> None:
    assert Notification.of(naming, message_id="msg_1", user_id="usr_1", occurred_at=MORNING).subject == "xch_1"


@pytest.mark.parametrize("nameless", [domain.contact_withdrawn("xch_1", whole=True), domain.welcome("Ada")])
def test_what_names_nobody_is_not_taken_back(nameless: News) -> None:
    assert Notification.of(nameless, message_id="msg_1", user_id="usr_1", occurred_at=MORNING).subject is None


def test_two_pieces_of_news_that_one_message_tells_are_two_notifications() -> None:
    told = [domain.contact_made("xch_1", "Bob"), domain.contact_awaits("xch_1", "Bob")]
    assert len({Notification.of(each, message_id="msg_1", user_id="usr_1", occurred_at=MORNING).id for each in told}) == 2


def test_the_id_of_a_notification_holds_its_time_to_the_millisecond() -> None:
    at = datetime(2026, 6, 1, 9, 0, 0, 123_000, tzinfo=UTC)
    kept = Notification.of(domain.welcome("Ada"), message_id="msg_1", user_id="usr_1", occurred_at=at)
    assert int.from_bytes(id_bytes(kept.id)[:6], "big") == round(at.timestamp() * 1000)


@pytest.mark.parametrize(
    ("hours", "room", "said"),
    [
        (2, "Hall", "Talk moved to 11:30 in Hall"),
        (2, None, "Talk moved to 11:30"),
        (26, None, "Talk moved to 2 June, 11:30"),
        (0, "Hall", "Talk moved to 09:30 in Hall"),
    ],
)
def test_a_move_says_the_day_only_where_it_is_another(hours: int, room: str | None, said: str) -> None:
    assert domain.session_moved("Talk", MORNING, MORNING + timedelta(hours=hours), room) == said


def test_a_canceled_session_says_when_it_would_have_been() -> None:
    assert domain.session_canceled("Talk", MORNING) == "Talk on 1 June, 09:30, is canceled"


def moved(told: int, more: int) -> News:
    return domain.agenda_moved("cnf_1", "PyCon", 3, [f"Talk {number} moved" for number in range(1, told + 1)], more=more)


def test_one_change_of_the_agenda_is_its_own_headline() -> None:
    news = moved(1, 0)
    assert (news.kind, news.data) == ("agenda-moved", {"conference_id": "cnf_1", "release": "3"})
    assert (news.title, news.body) == ("Talk 1 moved", "So says the new agenda of PyCon.")


@pytest.mark.parametrize(
    ("told", "more", "number", "end"),
    [
        (2, 0, 2, "Talk 1 moved; Talk 2 moved."),
        (1, 1, 2, "Talk 1 moved; and 1 more."),
        (10, 0, 10, "Talk 9 moved; Talk 10 moved."),
        (11, 0, 11, "Talk 10 moved; and 1 more."),
        (11, 4, 15, "Talk 10 moved; and 5 more."),
    ],
)
def test_of_many_changes_ten_are_named_and_the_others_counted(told: int, more: int, number: int, end: str) -> None:
    news = moved(told, more)
    assert news.title == f"{number} sessions at PyCon changed"
    assert news.body.startswith("Talk 1 moved; ")
    assert news.body.endswith(end)
    assert news.body.count("Talk") == min(told, 10)


def test_tickets_given_back_for_nothing_are_counted_and_none_is_charged_for_being_late() -> None:
    free = domain.order_refunded("ord_1", "cnf_1", "PyCon", Money(0, "EUR"), (2, 3), TOO_LATE)
    assert free.title == "2 tickets for PyCon given back"
    assert "no longer open the door" in free.body
    late = domain.order_refunded("ord_1", "cnf_1", "PyCon", EUR, (), TOO_LATE)
    assert "after the reservation had ended" in late.body
    assert "after the reservation" not in domain.order_refunded("ord_1", "cnf_1", "PyCon", EUR, (1,), "asked for").body


def test_a_control_character_does_not_join_two_words() -> None:
    assert domain.one_line("Ada\x00Lovelace\x9f  Byron ") == "Ada Lovelace Byron"


@pytest.mark.parametrize(
    ("gate", "said"),
    [("North", "at gate North on 1 June 2026, 09:30 (Asia/Jakarta)"), (None, "on 1 June 2026, 09:30 (Asia/Jakarta)")],
)
def test_a_passage_is_told_by_gate_and_time(gate: str | None, said: str) -> None:
    assert domain.passage(gate, MORNING, "Asia/Jakarta") == said
