"""The journal on the table: each record once, in one chain, and what is counted along it."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import boto3
import pytest

from functions.tickets import api, worker
from functions.tickets.dynamo_journal import DynamoJournal
from functions.tickets.happenings import happening
from functions.tickets.items_journal import JournalPageItem
from functions.tickets.journal import Entry, Head, Proof, prove
from functions.tickets.journal_keys import is_signed
from functions.tickets.secret import journal_keys
from shared.caller import Caller
from shared.clock import iso, now
from shared.messages import (
    OrderCancelled,
    OrderRefunded,
    TicketTransferOffered,
)
from shared.money import Money
from tests.moto.tickets import (
    ADA,
    BOB,
    CONFERENCE,
    DOOR,
    HOST,
    STRANGER,
    add_gate,
    check_in,
    hand_in,
    issued,
    keep_secret,
    order_paid,
    paired,
    records,
    write_down,
)
from tests.support import Answer, Table, call, deliver

BASE = f"/tickets/conferences/{CONFERENCE}"
EARLIER = now() - timedelta(minutes=30)


@pytest.fixture(autouse=True)
def secret(aws: None, one_at_a_time: None, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_secret(monkeypatch)


def ask(path: str, *, caller: Caller | None = HOST, method: str = "GET", body: Any = None) -> Answer:
    return call(api.handler, method, f"{BASE}/{path}", body, caller=caller)


def entries() -> list[Entry]:
    found: list[Entry] = []
    after: int | None = 0
    while after is not None:
        stretch = ask(f"journal?after={after}").json
        found += [Entry(**each) for each in stretch["items"]]
        after = stretch["next_after"]
    return found


def proof() -> Proof:
    head = ask("journal/head", caller=None).json
    public_key = head["public_key"]
    kept = Head(CONFERENCE, head["seq"], head["hash"])
    assert head["signature"] is None or is_signed(public_key, kept, head["signature"])
    return prove(CONFERENCE, entries(), heads=[kept], is_signed=lambda at, signature: is_signed(public_key, at, signature))


def kinds() -> list[str]:
    return sorted(json.loads(entry.line)["kind"] for entry in entries())


def a_day_at_the_door() -> None:
    """Admitted, refused, forced, annulled, cancelled, let in twice."""
    codes = [issued(order=str(number))["code"] for number in range(4)]
    add_gate("North")
    add_gate("South")
    check_in(codes[0], "n0", gate="North")
    check_in(codes[0], "n1", gate="South")
    check_in(codes[0], "n2", gate="South", force="was outside, seen by Dora")
    check_in(codes[1], "n3", gate="North")
    assert call(api.handler, "DELETE", "/tickets/check-in/n3", caller=DOOR).status == 200
    scan = {"code": codes[2], "scanned_at": iso(EARLIER)}
    one, two = paired(name="One"), paired(name="Two")
    hand_in([scan | {"nonce": "1", "gate": "North"}], caller=None, credential=one)
    hand_in([scan | {"nonce": "1", "gate": "South", "scanned_at": iso(now())}], caller=None, credential=two)
    ended = order_paid(order="3")
    cancelled = OrderCancelled(conference_id=CONFERENCE, order_id=ended.order_id, buyer_id=ADA.user_id, was_paid=True)
    deliver(worker.handler, cancelled)


def test_all_that_happened_is_in_the_chain_and_the_chain_holds(table: Table) -> None:
    assert proof() == Proof(Head.genesis(CONFERENCE), None)
    a_day_at_the_door()
    write_down()
    assert kinds() == ["admitted"] * 4 + ["annulled", "cancelled", "forced"] + ["issued"] * 4 + ["refused"]
    proved = proof()
    assert (proved.fault, proved.head.seq) == (None, 12)


def test_each_way_in_which_a_ticket_changes_is_in_the_chain(table: Table) -> None:
    ticket, other = issued(order="1"), issued(order="2")
    path = f"/tickets/{ticket['id']}"
    call(api.handler, "POST", f"{path}/reissue", caller=ADA, headers={"idempotency-key": "k1"})
    ask(f"tickets/{ticket['id']}/reissue", method="POST")
    call(api.handler, "POST", f"{path}/transfer", {"email": BOB.email}, caller=ADA)
    [token] = [message.token for message in table.outbox() if isinstance(message, TicketTransferOffered)]
    handed = call(api.handler, "POST", f"{path}/transfer/accept", {"token": token}, caller=BOB).json
    check_in(handed["code"], "n1")
    check_in(handed["code"], "n2", force="left by the garden")
    assert ask(f"tickets/{ticket['id']}/cancel", method="POST").status == 200
    deliver(
        worker.handler,
        OrderRefunded(conference_id=CONFERENCE, order_id=other["order_id"], buyer_id=ADA.user_id, amount=Money(4900, "EUR")),
    )
    write_down()

    told = [json.loads(entry.line) for entry in entries()]
    of_ticket, of_other = (sorted(line["kind"] for line in told if line["ticket"] == each["id"]) for each in (ticket, other))
    assert of_ticket == ["admitted", "cancelled", "forced", "issued", "reissued", "reissued", "transferred"]
    assert of_other == ["cancelled", "issued"]
    [transferred] = [line for line in told if line["kind"] == "transferred"]
    assert (transferred["from"], transferred["owner"], transferred["code"]) == (ADA.user_id, BOB.user_id, 4)
    assert (proof().fault, proof().head.seq) == (None, 9)


def test_a_record_that_comes_again_and_in_another_order_is_written_once(table: Table) -> None:
    a_day_at_the_door()
    images = records()
    shuffled = random.Random(1).sample(images, len(images))
    write_down(shuffled[:7])
    write_down(shuffled[3:] + shuffled[3:6])
    after = _all_but_the_feed(table)
    write_down(images)
    assert _all_but_the_feed(table) == after
    assert (len(entries()), proof().fault) == (len(images), None)


def _all_but_the_feed(table: Table) -> list[dict[str, Any]]:
    """What scanners are told comes again with what it is about: that does no harm."""
    return [item for item in table.items() if item["kind"] != "CodeRecord"]


def test_scribes_that_write_at_once_make_one_chain(table: Table) -> None:
    a_day_at_the_door()
    told = [each for image in records() if (each := happening(image))]
    parts = [told[number::4] for number in range(4)] * 2
    with ThreadPoolExecutor(8) as scribes:
        list(scribes.map(lambda part: _persist(lambda: DynamoJournal(journal_keys()).append(CONFERENCE, part)), parts))
    assert (len(entries()), proof().fault) == (len(told), None)


def _persist(act: Any) -> None:
    """As the stream does: what fails comes again."""
    for _ in range(50):
        try:
            return act()
        except Exception:  # noqa: S112, BLE001
            continue
    raise AssertionError("never written")


def test_a_large_batch_is_written_in_pages_and_read_in_stretches(table: Table) -> None:
    codes = [issued(order=str(number), quantity=20)["code"] for number in range(3)]
    for number in range(60):
        check_in(codes[0], f"n{number}")
    write_down()
    assert (len(entries()), proof().fault) == (120, None)


@pytest.mark.parametrize("seq", [1, 5, 12])
def test_an_entry_that_was_altered_is_named(table: Table, seq: int) -> None:
    a_day_at_the_door()
    write_down(records()[:6])
    write_down()
    page = next(each for each in JournalPageItem.query(JournalPageItem.partition(CONFERENCE)) if int(each.sk) >= seq)
    place = seq - (int(page.sk) - len(page.entries) + 1)
    page.entries[place][1] = page.entries[place][1].replace('"at":"2', '"at":"1')
    page.save()
    fault = proof().fault
    assert fault is not None
    assert fault.seq == seq


def test_a_page_that_was_removed_is_named(table: Table) -> None:
    a_day_at_the_door()
    write_down(records()[:6])
    write_down()
    boto3.client("dynamodb").delete_item(
        TableName="ketemu", Key={"pk": {"S": f"JOURNAL#{CONFERENCE}"}, "sk": {"S": JournalPageItem.number(6)}}
    )
    fault = proof().fault
    assert fault is not None
    assert fault.seq == 1


def test_the_journal_names_nobody(table: Table) -> None:
    a_day_at_the_door()
    write_down()
    said = " ".join(entry.line for entry in entries())
    for personal in ("Grace", "grace@", "Ada", "Dora", "outside"):
        assert personal not in said


def test_who_may_read_what(table: Table) -> None:
    for path in ("journal", "stats", "conflicts"):
        assert ask(path, caller=DOOR).status == 200
        for stranger in (ADA, BOB, STRANGER):
            assert ask(path, caller=stranger).problem() == "forbidden"
        assert ask(path, caller=None).problem() == "unauthenticated"
    assert ask("journal/head", caller=None).status == 200
