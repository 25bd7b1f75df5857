"""What messages of tickets change for a conference: how far a capacity can fall, and who hears of cancellations."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.events import worker
from functions.events.dynamo import DynamoConferences
from functions.events.dynamo_stars import DynamoStars
from shared.caller import Caller
from shared.clock import now
from shared.ids import new_id
from shared.messages import Message, TicketCancelled, TicketIssued, TicketTransferred
from tests.moto.events_site import ADA, BOB, STANDARD, TALK, Site, found
from tests.moto.test_events_stars import EVE, moved, release
from tests.support import Table, deliver


@pytest.fixture
def site(table: Table) -> Site:
    made = Site(found().json["id"], table)
    made.publish()
    return made


def ticket(site: Site, number: int, owner: Caller, ticket_type_id: str = "typ_1", **changes: Any) -> TicketIssued:
    return replace(
        TicketIssued(
            conference_id=site.id,
            ticket_id=f"tkt_{number}",
            order_id="ord_1",
            order_tickets=1,
            number=1,
            owner_id=owner.user_id,
            owner_name=owner.name,
            owner_email=owner.email,
            attendee_name=owner.name,
            ticket_type_id=ticket_type_id,
            ticket_type_name="Regular",
            code="KETEMU:E1:X",
            valid_from=now(),
        ),
        **changes,
    )


def handed_on(ticket: TicketIssued, to: Caller, serial: int = 2) -> TicketTransferred:
    return TicketTransferred(
        conference_id=ticket.conference_id,
        ticket_id=ticket.ticket_id,
        order_id=ticket.order_id,
        ticket_type_id=ticket.ticket_type_id,
        ticket_type_name=ticket.ticket_type_name,
        from_id=ticket.owner_id,
        owner_id=to.user_id,
        owner_name=to.name,
        owner_email=to.email,
        code="KETEMU:E2:Y",
        serial=serial,
        valid_from=ticket.valid_from,
    )


def given_back(ticket: TicketIssued, **changes: Any) -> TicketCancelled:
    return replace(
        TicketCancelled(conference_id=ticket.conference_id, ticket_id=ticket.ticket_id, order_id="ord_1", owner_id=ticket.owner_id),
        **changes,
    )


def test_of_a_cancellation_all_hear_who_hold_a_ticket(site: Site) -> None:
    session = site.make("/sessions", TALK)["id"]
    release(site)
    tickets = [ticket(site, 1, ADA), ticket(site, 2, ADA), ticket(site, 3, BOB), ticket(site, 4, EVE, conference_id="cnf_other")]
    assert deliver(worker.handler, *tickets, given_back(tickets[2])) == []
    site.call("DELETE", f"/sessions/{session}")
    deliver(worker.handler, release(site))
    assert set(moved(site)) == {"usr_ada"}


@pytest.mark.parametrize("what", ["ticket type", "pool"])
def test_a_capacity_does_not_fall_below_what_is_sold(site: Site, what: str) -> None:
    pool = site.make("/pools", {"name": "Seats", "capacity": 10})["id"]
    kinds = [site.make("/ticket-types", {**STANDARD, "name": name, "pool_id": pool})["id"] for name in ("Regular", "Student")]
    counted = [kinds[0]] if what == "ticket type" else kinds
    path = f"/ticket-types/{kinds[0]}" if what == "ticket type" else f"/pools/{pool}"
    sold = [ticket(site, number, ADA, counted[number % len(counted)]) for number in range(4)]
    deliver(worker.handler, *sold, *sold, given_back(sold[0]), sold[0])
    before = site.table.items()
    refused = site.call("PATCH", path, {"capacity": 2})
    assert (refused.status, refused.problem(), refused.json["sold"]) == (409, "below-sold", 3)
    assert site.table.items() == before
    assert site.call("PATCH", path, {"capacity": 3}).json["capacity"] == 3
    assert site.call("PATCH", path, {"capacity": 20}).json["capacity"] == 20


def test_of_a_cancellation_hears_whom_the_ticket_was_handed_on_to(site: Site) -> None:
    session = site.make("/sessions", TALK)["id"]
    release(site)
    first = ticket(site, 1, ADA)
    assert deliver(worker.handler, first, handed_on(first, BOB)) == []
    site.call("DELETE", f"/sessions/{session}")
    deliver(worker.handler, release(site))
    assert set(moved(site)) == {"usr_bob"}


@given(st.permutations(["issued", "to Bob", "to Eve", "to Bob", "issued"]))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_ticket_is_its_latest_owner_s_and_stays_sold_in_whatever_order_the_messages_come(site: Site, order: list[str]) -> None:
    issued = ticket(site, 1, ADA, new_id("typ"), ticket_id=new_id("tkt"), conference_id=new_id("cnf"))
    told: dict[str, Message] = {
        "issued": issued,
        "to Bob": handed_on(issued, BOB, serial=2),
        "to Eve": handed_on(issued, EVE, serial=4),  # Bob had a new code made in between
    }
    assert deliver(worker.handler, *(told[each] for each in order)) == []
    assert list(DynamoStars().audience(issued.conference_id)) == [EVE.user_id]
    assert DynamoConferences().sold(issued.ticket_type_id) == 1


@given(st.permutations(["issued", "issued", "handed on", "given back", "given back"]))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_ticket_that_was_given_back_is_not_sold_in_whatever_order_the_messages_come(site: Site, order: list[str]) -> None:
    issued = ticket(site, 1, ADA, new_id("typ"), ticket_id=new_id("tkt"), conference_id=new_id("cnf"))
    told: dict[str, Message] = {"issued": issued, "handed on": handed_on(issued, BOB), "given back": given_back(issued)}
    assert deliver(worker.handler, *(told[each] for each in order)) == []
    assert DynamoConferences().sold(issued.ticket_type_id) == 0
    assert list(DynamoStars().audience(issued.conference_id)) == []
