"""Clocks that are two minutes off, of functions, scanners and phones: what is taken, what is refused, and that it adds up.

An access token has 30 seconds of leeway (`gateway/authorizer.py`), a scan five minutes ahead (`tickets/scans.py`,
`contacts/domain.py`); everything else is decided by the clock of the function that decides it.
"""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from functions.gateway import authorizer
from shared.caller import Caller
from shared.clock import iso, now, parse
from tests.moto.platform import Platform, platform
from tests.moto.test_journey_faults import LATER, PASSWORD, Conference, guest, quickly, wrong
from tests.support import Answer

__all__ = ["platform", "quickly"]

HOLD = 15 * 60  # seconds
OFF = 120
QUARTER = 15 * 60  # what an access token lives

# By how much the clocks of who issues a token and of who checks it are off, its age, and whether it opens.
TOKENS = [
    (0, 0, 0, True),
    (25, 0, 0, True),  # within the leeway
    (OFF, 0, 0, False),  # it seems not to be issued yet…
    (OFF, 0, 95, True),  # …until the clocks are within the leeway
    (-OFF, 0, 0, True),
    (0, OFF, 0, True),
    (0, -OFF, 0, False),
    (0, 0, QUARTER + 25, True),
    (0, 0, QUARTER + 35, False),
    (0, OFF, QUARTER - OFF + 25, True),
    (0, OFF, QUARTER - OFF + 35, False),  # two minutes too early
    (0, -OFF, QUARTER + OFF - 25, True),  # two minutes too late
]
# By how much the clock of the worker is off, when it is looked at, and what has become of the hold.
HOLDS = [
    (OFF, HOLD - OFF - 10, "reserved"),
    (OFF, HOLD - OFF + 10, "expired"),  # so much too early
    (-OFF, HOLD + OFF - 10, "reserved"),
    (-OFF, HOLD + OFF + 10, "expired"),  # so much too late, and no seat is lost
]
# By how much the clocks of the API and of the worker are off, when it is paid, and whether that is taken: while the hold is there.
PAYMENTS = [
    (OFF, 0, HOLD - OFF + 10, True),
    (-OFF, 0, HOLD - 10, True),
    (0, -OFF, HOLD + OFF - 10, True),
    (0, OFF, HOLD - OFF + 10, False),
]
# By how much the clock of a scanner or a phone is ahead, and whether it is believed.
SCANS = [(-OFF, True), (OFF, True), (290, True), (310, False)]


@pytest.fixture
def there(platform: Platform, quickly: None) -> Conference:
    opened = Conference(platform)
    platform.clock.by += timedelta(seconds=2 * OFF)  # the sale has begun whatever the clock says
    return opened


def test_the_journey_adds_up_where_every_clock_is_off_by_up_to_two_minutes(there: Conference) -> None:
    platform, dice = there.platform, Random(4)
    platform.worse = dice
    functions = ["OrdersApi", "TicketsApi", "ContactsApi", "TicketsJournal", *(f"{name}Worker" for name in platform.queues)]
    for number in range(4):
        platform.skews = {name: dice.randint(-OFF, OFF) for name in functions}
        who = there.person(f"skewed-{number}")
        for ticket in there.buy(who, quantity=2):
            there.enter(ticket)
        there.meet(who)
    platform.work_off(LATER)
    assert wrong(platform) == []


def test_an_access_token_has_half_a_minute_of_leeway(platform: Platform) -> None:
    told = {"email": "ada@example.org", "password": PASSWORD}
    platform.ask(None, "POST", "/auth/register", {**told, "name": "Ada"})
    for issuer, gateway, age, opens in TOKENS:
        platform.skews = {"AuthApi": issuer}
        token = platform.ask(None, "POST", "/auth/login", told).json["access_token"]
        with platform.clock.off_by(gateway + age):
            arn = "arn:aws:execute-api:eu-central-1:000000000000:abc123/v1/GET/auth/me"
            decided = authorizer.handler({"methodArn": arn, "headers": {"Authorization": f"Bearer {token}"}}, None)
        effect = decided["policyDocument"]["Statement"][0]["Effect"]
        assert effect == ("Allow" if opens else "Deny"), (issuer, gateway, age)


def test_a_hold_ends_by_the_clock_of_the_worker(there: Conference) -> None:
    platform = there.platform
    for number, (worker, after, status) in enumerate(HOLDS):
        who = guest(f"holds-{number}")
        held = reserve(there, who)
        platform.skews = {"OrdersWorker": worker}
        let_pass(platform, after)
        assert platform.ask(who, "GET", f"/orders/{held['id']}").json["status"] == status, (worker, after)
    platform.skews = {}
    platform.work_off(LATER)
    assert unmailed(platform) == []


def test_what_is_held_can_be_paid_and_what_is_not_is_not_charged(there: Conference) -> None:
    platform = there.platform
    for number, (api, worker, after, paid) in enumerate(PAYMENTS):
        who = guest(f"pays-{number}")
        held = reserve(there, who)
        platform.skews = {"OrdersApi": api, "OrdersWorker": worker}
        let_pass(platform, after)
        answer = platform.ask(who, "POST", f"/orders/{held['id']}/payments", {"method": "simulated"}, key="pay")
        assert (answer.status < 300) == paid, (api, worker, after, answer)
        platform.skews = {}
        platform.work_off(LATER)
        assert platform.ask(who, "GET", f"/orders/{held['id']}").json["status"] == ("paid" if paid else "expired")
    assert unmailed(platform) == []


def let_pass(platform: Platform, seconds: int) -> None:
    """So much time, with whatever becomes due in it."""
    end = platform.clock.now() + timedelta(seconds=seconds)
    platform.work_off(timedelta(seconds=seconds))
    platform.clock.by += end - platform.clock.now()


def test_a_scan_and_an_exchange_may_be_ahead_by_five_minutes(there: Conference) -> None:
    platform = there.platform
    for number, (off, taken) in enumerate(SCANS):
        who = guest(f"scans-{number}")
        (ticket,) = there.buy(who)
        at = iso(now() + timedelta(seconds=off))
        scanned = scan(there, ticket, scanned_at=at)
        there.card(who)
        met = platform.ask(who, "POST", "/contacts/exchange", {"code": there.bea_code, "nonce": "n1", "scanned_at": at})
        assert (scanned.status == 200, met.status in (200, 201)) == (taken, taken), (off, scanned, met)
    platform.work_off(LATER)
    assert wrong(platform) == []


def test_a_ticket_is_valid_by_the_clock_of_the_door(there: Conference) -> None:
    platform = there.platform
    early, late = there.buy(guest("ada"), quantity=2)
    over = parse(early["valid_until"])
    platform.clock.by += over - platform.clock.now() - timedelta(seconds=60)  # a minute before it is over
    platform.skews = {"TicketsApi": -OFF}
    assert scan(there, early).json["status"] == "ok"
    platform.skews = {"TicketsApi": OFF}
    assert scan(there, late).json["reason"] == "invalid_time"


def test_a_command_that_is_repeated_is_the_same_whatever_the_clock_says(there: Conference) -> None:
    platform, who = there.platform, guest("ada")
    (ticket,) = there.buy(who)
    first = scan(there, ticket).json
    for off in (-OFF, OFF):
        platform.skews = {"OrdersApi": off, "TicketsApi": off}
        assert scan(there, ticket).json == first
        (again,) = there.buy(who)
        assert again["id"] == ticket["id"]
    platform.work_off(LATER)
    assert wrong(platform) == []


def reserve(there: Conference, who: Caller) -> dict[str, Any]:
    lines = [{"ticket_type_id": there.type_id, "quantity": 1}]
    answer = there.platform.ask(who, "POST", "/orders", {"conference_id": there.id, "lines": lines}, key="hold")
    assert answer.json["status"] == "reserved", answer
    held: dict[str, Any] = answer.json
    return held


def scan(there: Conference, ticket: dict[str, Any], **more: str) -> Answer:
    told = {"code": ticket["code"], "nonce": ticket["id"], **more}
    return there.platform.ask(there.door, "POST", "/tickets/check-in", told)


def unmailed(platform: Platform) -> list[str]:
    """What is wrong, but for the mails of orders that were not paid."""
    return [each for each in wrong(platform) if not each.startswith("mailed set()")]
