"""What is offered to one, as one sees it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.tickets import api
from shared.caller import Caller
from shared.clock import now
from tests.moto.test_tickets_transfer import EVA, offer, withdraw
from tests.moto.tickets import BOB, CONFERENCE, HOST, check_in, issued, keep_secret
from tests.support import Table, call


@pytest.fixture(autouse=True)
def secret(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_secret(monkeypatch)


# what is offered to me

OFFERS = "/tickets/transfers"


def offers(caller: Caller = replace(EVA, email_verified=True), query: str = "") -> list[dict[str, Any]]:  # noqa: B008  # frozen
    answer = call(api.handler, "GET", OFFERS + query, caller=caller)
    assert answer.status == 200, answer
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def test_what_is_offered_to_my_address_is_listed_until_it_is_answered(table: Table) -> None:
    one, two, three = (issued(order=str(number)) for number in range(3))
    for number, ticket in enumerate((one, two, three)):
        offer(ticket, EVA.email.upper(), key=f"k{number}")
    [first, *_] = found = offers()
    assert {each["ticket_id"] for each in found} == {one["id"], two["id"], three["id"]}
    assert (first["owner_name"], first["conference_name"], first["ticket_type_name"]) == ("Ada", "Meet in June", "Regular")
    assert "code" not in first
    verified = replace(EVA, email_verified=True)
    call(api.handler, "POST", f"/tickets/{one['id']}/transfer/accept", {}, caller=verified)
    call(api.handler, "POST", f"/tickets/{two['id']}/transfer/decline", {}, caller=verified)
    withdraw(three)
    assert offers() == []


def test_offers_are_listed_page_by_page(table: Table) -> None:
    for number in range(3):
        offer(issued(order=str(number)), key=f"k{number}")
    first = call(api.handler, "GET", f"{OFFERS}?limit=2", caller=replace(EVA, email_verified=True)).json
    assert len(first["items"]) == 2
    assert len(offers(query=f"?limit=2&cursor={first['next_cursor']}")) == 1


def test_a_ticket_that_has_been_used_or_cancelled_is_no_longer_offered(table: Table) -> None:
    used, cancelled = issued(order="1"), issued(order="2")
    offer(used, key="k1")
    offer(cancelled, key="k2")
    check_in(used["code"])
    call(api.handler, "POST", f"/tickets/conferences/{CONFERENCE}/tickets/{cancelled['id']}/cancel", caller=HOST)
    assert offers() == []


def test_an_offer_that_has_expired_is_not_listed(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(issued())
    monkeypatch.setattr("functions.tickets.api_transfer.now", lambda: now() + timedelta(days=15))
    assert offers() == []


@pytest.mark.parametrize(
    ("caller", "query", "status", "slug"),
    [
        (None, "", 401, "unauthenticated"),
        (EVA, "", 403, "email-not-verified"),
        (replace(EVA, email_verified=True), "?cursor=nonsense", 400, "malformed"),
        (replace(EVA, email_verified=True), "?limit=0", 422, "invalid"),
    ],
)
def test_offers_are_for_who_reads_the_mailbox(table: Table, caller: Caller | None, query: str, status: int, slug: str) -> None:
    offer(issued())
    answer = call(api.handler, "GET", OFFERS + query, caller=caller)
    assert (answer.status, answer.problem()) == (status, slug)


def test_nobody_elses_offers_are_listed(table: Table) -> None:
    offer(issued())
    assert offers(replace(BOB, email_verified=True)) == []
