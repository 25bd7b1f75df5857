"""What messages of tickets change for a conference: how far a capacity can fall, and who hears of cancellations."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.events import worker
from functions.events.dynamo import DynamoConferences
from shared.caller import Caller
from shared.clock import now
from shared.ids import new_id
from shared.messages import TicketCancelled, TicketIssued
from tests.moto.test_events_api import ADA, BOB, STANDARD, TALK, Site, found
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


@given(st.permutations(["issued", "issued", "given back", "given back"]))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_ticket_that_was_given_back_is_not_sold_in_whatever_order_the_messages_come(site: Site, order: list[str]) -> None:
    issued = ticket(site, 1, ADA, new_id("typ"), ticket_id=new_id("tkt"), occurred_at=now())
    back = given_back(issued, occurred_at=issued.occurred_at)
    assert deliver(worker.handler, *(issued if each == "issued" else back for each in order)) == []
    assert DynamoConferences().sold(issued.ticket_type_id) == 0
