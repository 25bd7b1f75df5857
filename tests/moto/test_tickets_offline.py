"""The off-line bundle: every code is in it once, its person opens with it alone, and no change is missed."""

import base64
import gzip
import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag

from functions.tickets import api, worker
from functions.tickets.codes import signed_bytes
from functions.tickets.domain import Entry, Ticket
from functions.tickets.dynamo import DynamoTickets
from functions.tickets.dynamo_feed import DynamoFeed
from functions.tickets.offline import OVERLAP, CodeRecord
from functions.tickets.sealing import Person, secrets_of, unseal
from functions.tickets.use_cases_offline import publish, read_changes, record_of
from shared.caller import Caller
from shared.clock import now
from shared.messages import AttendeeChanged, OrderRefunded
from shared.money import Money
from tests.moto.tickets import (
    ADA,
    BOB,
    CONFERENCE,
    DOOR,
    ELSEWHERE,
    HOST,
    REGULAR,
    STRANGER,
    check_in,
    issued,
    keep_secret,
    order_paid,
    records,
    write_down,
)
from tests.support import CONTEXT, Answer, Table, api_event, call, deliver

OFFLINE = f"/tickets/conferences/{CONFERENCE}/offline"


@pytest.fixture(autouse=True)
def secret(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_secret(monkeypatch)


def offline(cursor: str | None = None, *, caller: Caller | None = DOOR, **query: object) -> Answer:
    asked = "&".join(f"{name}={value}" for name, value in ({"cursor": cursor} if cursor else {} | query).items())
    return call(api.handler, "GET", f"{OFFLINE}?{asked}", caller=caller)


def heard() -> None:
    """Hands what the stream has to the scribe, twice and backwards."""
    for images in (records()[::-1], records()):
        write_down(images)


def paired(*gate_ids: str) -> dict[str, str]:
    """The header of a scanner."""
    body = {"conference_id": CONFERENCE, "name": "Left lane", "gate_ids": list(gate_ids)}
    code = call(api.handler, "POST", "/tickets/devices", body, caller=HOST).json["code"]
    credential = call(api.handler, "POST", "/tickets/devices/pair", {"code": code}).json["credential"]
    return {"authorization": f"Device {credential}"}


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def person(bundle: dict[str, Any], code: str) -> Person | None:
    """As a scanner finds it: by the code alone."""
    mine = secrets_of(signed_bytes(code))
    return next((unseal(mine, raw(each["sealed"])) for each in bundle["records"] if raw(each["lookup"]) == mine.lookup), None)


def is_revoked(bundle: dict[str, Any], code: str) -> bool:
    return base64.urlsafe_b64encode(secrets_of(signed_bytes(code)).lookup).decode().rstrip("=") in bundle["revoked"]


def test_a_ticket_is_in_the_bundle_and_opens_with_its_code(table: Table) -> None:
    code = issued()["code"]
    heard()
    bundle = offline().json
    assert (len(bundle["records"]), bundle["revoked"], bundle["more"]) == (1, [], False)
    assert person(bundle, code) == Person("Grace", "Regular")
    assert [key["kid"] for key in bundle["keys"]] == ["1"]


def test_no_record_opens_with_another_code(table: Table) -> None:
    deliver(worker.handler, order_paid(3))
    heard()
    codes = [secrets_of(signed_bytes(ticket["code"])) for ticket in call(api.handler, "GET", "/tickets", caller=ADA).json["items"]]
    kept = offline().json["records"]
    assert len(kept) == 3
    for record, code in itertools.product(kept, codes):
        if raw(record["lookup"]) == code.lookup:
            assert unseal(code, raw(record["sealed"])).name == "Grace"
        else:
            with pytest.raises(InvalidTag):
                unseal(code, raw(record["sealed"]))


def test_the_bundle_says_nothing_of_a_person_or_ticket_in_the_clear(table: Table) -> None:
    ticket = issued()
    heard()
    answer = offline()
    for told in ("Grace", "grace@example.org", "Ada", ticket["id"], ticket["order_id"], ticket["code"][-60:], ADA.user_id):
        assert told.encode() not in answer.body
    for record in answer.json["records"]:
        assert b"Grace" not in raw(record["sealed"])


def test_who_is_inside_is_known_off_line(table: Table) -> None:
    code = issued()["code"]
    heard()
    check_in(code, "n1", gate="North")
    heard()
    [record] = offline().json["records"]
    assert (record["inside"], record["entered"]["gate"]) == (True, "North")
    assert record["passed_at"] == record["entered"]["at"]
    check_in(code, "n2", type="exit")
    heard()
    [record] = offline().json["records"]
    assert (record["inside"], record["entered"]["gate"]) == (False, "North")
    assert record["passed_at"] > record["entered"]["at"]


def test_who_was_let_in_by_force_is_inside_off_line_too(table: Table) -> None:
    code = issued(opens=now() + timedelta(hours=3))["code"]
    assert check_in(code, "n1").json["cause"] == "too_early"
    check_in(code, "n2", force="speaks first, seen by Dora")
    heard()
    [record] = offline().json["records"]
    assert record["inside"] is True


def test_an_entry_that_was_annulled_is_none_off_line_either(table: Table) -> None:
    code = issued()["code"]
    check_in(code, "n1", gate="North")
    heard()
    assert offline().json["records"][0]["inside"] is True
    assert call(api.handler, "DELETE", "/tickets/check-in/n1", caller=DOOR).status == 200
    write_down()
    [record] = offline().json["records"]
    assert (record["inside"], record["entered"]) == (False, None)


def test_who_was_named_after_the_sale_is_shown_off_line_and_found_at_the_door(table: Table) -> None:
    ticket = issued()
    heard()
    named = AttendeeChanged(
        conference_id=CONFERENCE,
        order_id=ticket["order_id"],
        buyer_id=ADA.user_id,
        number=1,
        attendee_name="Hopper",
        attendee_email="hopper@example.org",
        is_paid=True,
        revision=2,
    )
    assert not deliver(worker.handler, named)
    assert person(offline().json, ticket["code"]) == Person("Hopper", "Regular")
    for name, there in (("hopper", 1), ("grace", 0)):
        found = call(api.handler, "POST", f"/tickets/conferences/{CONFERENCE}/look-up", {"query": name}, caller=DOOR)
        assert len(found.json["items"]) == there


def test_a_new_code_revokes_the_old_one_also_before_any_message_is_heard(table: Table) -> None:
    ticket = issued()
    new = call(api.handler, "POST", f"/tickets/{ticket['id']}/reissue", caller=ADA).json["code"]
    bundle = offline().json
    assert is_revoked(bundle, ticket["code"])
    assert bundle["cancelled"] == []
    heard()
    bundle = offline().json
    assert is_revoked(bundle, ticket["code"])
    assert person(bundle, ticket["code"]) is None
    assert person(bundle, new) == Person("Grace", "Regular")


def test_a_cancelled_ticket_is_revoked_and_its_person_gone(table: Table) -> None:
    ticket = issued()
    heard()
    deliver(
        worker.handler,
        OrderRefunded(conference_id=CONFERENCE, order_id=ticket["order_id"], buyer_id=ADA.user_id, amount=Money(0, "EUR")),
    )
    heard()
    bundle = offline().json
    assert bundle["records"] == []
    assert is_revoked(bundle, ticket["code"])
    assert bundle["cancelled"] == bundle["revoked"]
    [kept] = [item for item in table.items() if item["kind"] == "CodeRecord"]
    assert "sealed" not in kept


def test_what_was_read_of_a_ticket_before_it_was_revoked_does_not_bring_it_back(table: Table) -> None:
    ticket = issued()
    stale = DynamoTickets().get(ticket["id"])
    assert stale is not None
    call(api.handler, "POST", f"/tickets/{ticket['id']}/reissue", caller=ADA)
    DynamoFeed().put(record_of(stale, now))
    assert is_revoked(offline().json, ticket["code"])
    assert offline().json["records"] == []


def test_of_two_who_publish_at_once_the_last_word_is_the_latest_state(table: Table) -> None:
    ticket = issued()
    stale = DynamoTickets().get(ticket["id"])
    assert stale is not None

    class Overtaken(DynamoTickets):
        """Reads the ticket, and only then is it let in, which another publishes."""

        reads = 0

        def some(self, ticket_ids: Sequence[str]) -> list[Ticket]:
            self.reads += 1
            if self.reads == 1:
                check_in(ticket["code"])
                publish(DynamoFeed(), DynamoTickets(), now, *ticket_ids)
                return [stale]
            return super().some(ticket_ids)

    publish(DynamoFeed(), Overtaken(), now, ticket["id"])
    [record] = offline().json["records"]
    assert record["inside"] is True


def test_pages_lead_to_the_end_and_a_cursor_brings_only_what_changed_since(table: Table) -> None:
    at = now() - timedelta(hours=1)
    tickets = [replace(_ticket(), id=f"tkt_{number}", code=_code(number)) for number in range(25)]
    feed = DynamoFeed()
    for number, ticket in enumerate(tickets):
        feed.put(record_of(ticket, lambda number=number: at + timedelta(seconds=number)))  # type: ignore[misc]  # a lambda's default
    lookups, cursor, pages = [], None, 0
    while True:
        bundle = call(api.handler, "GET", f"{OFFLINE}?limit=10" + (f"&cursor={cursor}" if cursor else ""), caller=DOOR).json
        lookups += [record["lookup"] for record in bundle["records"]]
        cursor, pages = bundle["cursor"], pages + 1
        if not bundle["more"]:
            break
    assert (len(lookups), len(set(lookups)), pages) == (25, 25, 3)
    assert offline(cursor).json["records"] == []
    feed.put(record_of(replace(tickets[3], status="checked_in", first_entry=Entry(now(), None)), now))
    [changed] = offline(cursor).json["records"]
    assert changed["lookup"] == lookups[3]


def test_a_paired_scanner_reads_its_own_conference_and_no_other(table: Table) -> None:
    issued()
    heard()
    device = paired()
    assert len(call(api.handler, "GET", OFFLINE, headers=device).json["records"]) == 1
    elsewhere = call(api.handler, "GET", f"/tickets/conferences/{ELSEWHERE}/offline", headers=device)
    assert (elsewhere.status, elsewhere.problem()) == (403, "forbidden")
    forged = {"authorization": device["authorization"][:-1] + ("A" if device["authorization"][-1] != "A" else "B")}
    assert call(api.handler, "GET", OFFLINE, headers=forged).problem() == "device-refused"


def test_the_bundle_has_the_rules_of_the_gates(table: Table) -> None:
    gate = {"name": "North", "ticket_type_ids": [REGULAR], "reentry": "never"}
    gate_id = call(api.handler, "POST", f"/tickets/conferences/{CONFERENCE}/gates", gate, caller=HOST).json["id"]
    bundle = offline().json
    assert {name: bundle["gates"][0][name] for name in gate} == gate
    assert bundle["gate_ids"] == []
    assert call(api.handler, "GET", OFFLINE, headers=paired(gate_id)).json["gate_ids"] == [gate_id]


def test_a_record_tells_the_time_zone_by_whose_days_a_gate_counts(table: Table) -> None:
    assert not deliver(worker.handler, replace(order_paid(), time_zone="Asia/Tokyo"))
    heard()
    assert [record["time_zone"] for record in offline().json["records"]] == ["Asia/Tokyo"]


def test_what_comes_in_late_is_not_missed(table: Table) -> None:
    """A change may become readable up to a minute after its place in the feed was chosen."""
    feed, began = DynamoFeed(), now()
    one, late, other = (replace(_ticket(), id=f"tkt_{number}", code=_code(number)) for number in range(3))

    def put(ticket: Any, at: datetime) -> None:
        feed.put(record_of(ticket, lambda: at))

    def read(cursor: str | None, at: datetime, limit: int = 1000) -> tuple[set[str], str, bool]:
        changes = read_changes(feed, lambda: at, conference_id=CONFERENCE, cursor=cursor, limit=limit)
        return {record.ticket_id for record in changes.records}, changes.cursor.text, changes.more

    put(one, began)
    put(other, began + timedelta(seconds=5))
    page, cursor, more = read(None, began + timedelta(seconds=6), limit=1)
    assert (page, more) == ({"tkt_0"}, True)
    page, cursor, _ = read(cursor, began + timedelta(seconds=7))
    assert page == {"tkt_2"}
    put(late, began - OVERLAP + timedelta(seconds=7))  # the worker took its time
    page, cursor, _ = read(cursor, began + timedelta(seconds=8))
    assert "tkt_1" in page
    page, cursor, _ = read(cursor, began + timedelta(minutes=5))
    page, cursor, _ = read(cursor, began + timedelta(minutes=10))
    assert page == set()


class FeedInMemory:
    """As the table's, which would take a minute to fill."""

    def __init__(self, tickets: int) -> None:
        named = replace(_ticket().attendee, name="Ruaridh Featherstonehaugh-Wijaya")
        made = (replace(_ticket(), id=f"tkt_{number}", code=_code(number), attendee=named) for number in range(tickets))
        self.records = sorted((record_of(ticket, now) for ticket in made), key=lambda record: record.position)

    def put(self, record: CodeRecord) -> None:
        raise NotImplementedError

    def changes(self, conference_id: str, position: str, limit: int) -> tuple[list[CodeRecord], bool]:
        after = [record for record in self.records if record.position > position]
        return after[:limit], len(after) > limit


def test_five_thousand_tickets_are_at_most_a_megabyte_and_a_half(table: Table) -> None:
    feed, sent, cursor, lookups = FeedInMemory(5000), [], "", set()
    api.app.dependency_overrides[DynamoFeed] = lambda: feed
    try:
        while True:
            url = OFFLINE + (f"?cursor={cursor}" if cursor else "")
            answer = api.handler(api_event("GET", url, caller=DOOR, headers={"accept-encoding": "gzip"}), CONTEXT)
            assert answer["multiValueHeaders"]["Content-Encoding"] == ["gzip"]
            sent.append(base64.b64decode(answer["body"]))
            bundle = json.loads(gzip.decompress(sent[-1]))
            lookups |= {record["lookup"] for record in bundle["records"]}
            cursor = bundle["cursor"]
            if not bundle["more"]:
                break
    finally:
        api.app.dependency_overrides.clear()
    assert (len(lookups), len(sent)) == (5000, 5)
    assert sum(map(len, sent)) <= 1_500_000


@pytest.mark.parametrize(
    ("url", "caller", "status", "slug"),
    [
        (OFFLINE, None, 401, "unauthenticated"),
        (OFFLINE, ADA, 403, "forbidden"),
        (OFFLINE, BOB, 403, "forbidden"),
        (OFFLINE, STRANGER, 403, "forbidden"),
        (f"{OFFLINE}?cursor=nonsense", DOOR, 400, "malformed"),
        (f"{OFFLINE}?cursor=", DOOR, 400, "malformed"),
        (f"{OFFLINE}?cursor=WzEsMl0=", DOOR, 400, "malformed"),
        (f"{OFFLINE}?cursor=eyJhIjoxfQ==", DOOR, 400, "malformed"),
        (f"{OFFLINE}?cursor={'x' * 1025}", DOOR, 422, "invalid"),
        (f"{OFFLINE}?limit=0", DOOR, 422, "invalid"),
        (f"{OFFLINE}?limit=2001", HOST, 422, "invalid"),
    ],
)
def test_what_is_refused(table: Table, url: str, caller: Caller | None, status: int, slug: str) -> None:
    answer = call(api.handler, "GET", url, caller=caller)
    assert (answer.status, answer.problem()) == (status, slug)
    assert table.items() == []


def _ticket() -> Any:
    from tests.unit.test_tickets_door import TICKET

    return replace(TICKET, conference_id=CONFERENCE)


def _code(number: int) -> str:
    from functions.tickets.entry_code import EntryCode
    from functions.tickets.secret import entry_codes
    from shared.ids import derived_id

    opens = datetime.fromisoformat("2026-06-01T07:00:00Z")
    ids = (derived_id("tkt", str(number)), CONFERENCE, derived_id("typ", "regular"))
    entry = EntryCode(key_id=1, ticket_id=ids[0], conference_id=ids[1], ticket_type_id=ids[2], valid_from=opens, valid_until=opens)
    return entry_codes().sign(entry)
