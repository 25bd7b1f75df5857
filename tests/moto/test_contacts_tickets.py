"""What a ticket does in contacts: a first card, and who attends."""

from datetime import UTC, datetime, timedelta

from functions.contacts import worker
from functions.contacts.api import handler
from shared.clock import iso, now
from shared.messages import MembershipChanged, TicketCancelled, TicketTransferred
from tests.moto.contacts import ADA, BOB, CYD, WHOLE, exchange, issued, put_card
from tests.support import Table, call, deliver


def test_a_ticket_makes_a_first_card_that_says_the_name_only(table: Table) -> None:
    assert deliver(worker.handler, issued("usr_ada", "Ada", 1), issued("usr_ada", "Ada", 2)) == []
    card = call(handler, "GET", "/contacts/card", caller=ADA).json
    assert (card["name"], card["company"], card["email"], card["links"]) == ("Ada", None, None, [])
    put_card(BOB)
    assert exchange(BOB, card["code"], "n1").json["name"] == "Ada"


def test_a_ticket_never_changes_a_card(table: Table) -> None:
    put_card(ADA, **WHOLE)
    before = call(handler, "GET", "/contacts/card", caller=ADA).json
    assert deliver(worker.handler, issued("usr_ada", "Somebody else")) == []
    assert call(handler, "GET", "/contacts/card", caller=ADA).json == before


def test_a_ticket_without_a_name_makes_no_card(table: Table) -> None:
    assert deliver(worker.handler, issued("usr_ada", " ")) == []
    assert call(handler, "GET", "/contacts/card", caller=ADA).status == 404


def test_a_ticket_told_again_changes_nothing(table: Table) -> None:
    deliver(worker.handler, issued("usr_ada", "Ada"))
    before = table.items()
    assert deliver(worker.handler, issued("usr_ada", "Ada"), issued("usr_ada", "Somebody")) == []
    assert table.items() == before


def test_whoever_a_ticket_was_handed_on_to_attends_and_who_had_it_may_send_scans_of_before(table: Table) -> None:
    before = iso(now() - timedelta(minutes=10))
    handed_on = TicketTransferred(
        conference_id="cnf_1",
        ticket_id="tkt_1",
        order_id="ord_1",
        ticket_type_name="Regular",
        from_id=ADA.user_id,
        owner_id=BOB.user_id,
        owner_name=BOB.name,
        owner_email=BOB.email,
        code="KETEMU:E2:X",
        serial=2,
        valid_from=datetime(2026, 6, 1, tzinfo=UTC),
    )
    assert deliver(worker.handler, handed_on, issued(ADA.user_id, ADA.name)) == []  # in the wrong order
    assert deliver(worker.handler, issued(CYD.user_id, CYD.name, 2)) == []
    codes = [call(handler, "GET", "/contacts/card?conference_id=cnf_1", caller=who).json["code"] for who in (BOB, CYD)]
    own = call(handler, "GET", "/contacts/card?conference_id=cnf_1", caller=ADA)
    assert (own.status, own.problem()) == (422, "not-attending")
    late, early = (exchange(ADA, code, "n1", **at) for code, at in zip(codes, ({}, {"scanned_at": before}), strict=True))
    assert (late.status, late.problem()) == (404, "unknown-code")
    assert (early.status, early.json["conference_id"]) == (201, "cnf_1")


def test_who_gave_a_ticket_back_does_not_attend_whatever_is_heard_of_it_later(table: Table) -> None:
    gone = TicketCancelled(conference_id="cnf_1", ticket_id="tkt_1", order_id="ord_1", owner_id=ADA.user_id)
    assert deliver(worker.handler, gone, issued(ADA.user_id, ADA.name)) == []
    answer = call(handler, "GET", "/contacts/card?conference_id=cnf_1", caller=ADA)
    assert (answer.status, answer.problem()) == (422, "not-attending")


def test_who_has_a_role_attends_until_it_is_taken(table: Table) -> None:
    put_card(ADA)
    given = MembershipChanged(conference_id="cnf_1", user_id=ADA.user_id, role="staff", revision=1)
    taken = MembershipChanged(conference_id="cnf_1", user_id=ADA.user_id, role=None, revision=2)
    for message, status in ((given, 200), (taken, 422), (given, 422)):
        assert deliver(worker.handler, message) == []
        assert call(handler, "GET", "/contacts/card?conference_id=cnf_1", caller=ADA).status == status
