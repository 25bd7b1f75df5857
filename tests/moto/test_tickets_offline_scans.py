"""What was scanned off line, handed in later; what was let in by force; what was taken back."""

from datetime import timedelta
from typing import Any

import pytest

from functions.tickets import api
from shared.clock import iso, now
from shared.messages import TicketCheckedIn
from tests.moto.tickets import ADA, BOB, DOOR, HOST, add_gate, check_in, hand_in, issued, keep_secret, paired
from tests.support import Answer, Table, call

EARLIER = iso(now() - timedelta(minutes=5))


@pytest.fixture(autouse=True)
def secret(aws: None, one_at_a_time: None, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_secret(monkeypatch)


def told(table: Table) -> list[str]:
    return [message.direction for message in table.outbox() if isinstance(message, TicketCheckedIn)]


def annul(nonce: str, **how: Any) -> Answer:
    return call(api.handler, "DELETE", f"/tickets/check-in/{nonce}", **{"caller": DOOR, **how})


def test_a_batch_may_be_repeated_in_another_order_and_changes_nothing_more(table: Table) -> None:
    codes = [issued(order=str(number))["code"] for number in range(3)]
    scans = [{"code": code, "nonce": f"n{number}", "scanned_at": EARLIER} for number, code in enumerate(codes)]
    first = hand_in(scans).json["results"]
    after = table.items()
    again = hand_in(scans[::-1]).json["results"]
    assert (first, [each["status"] for each in first]) == (again[::-1], ["ok", "ok", "ok"])
    assert table.items() == after
    assert len(told(table)) == 3


def test_a_ticket_let_in_twice_while_apart_is_in_and_what_speaks_against_it_is_told(table: Table) -> None:
    code = issued()["code"]
    one, two = paired(name="One"), paired(name="Two")
    scan = {"code": code, "nonce": "1", "scanned_at": EARLIER}
    [first] = hand_in([scan | {"gate": "North"}], caller=None, credential=one).json["results"]
    [second] = hand_in([scan | {"gate": "South"}], caller=None, credential=two).json["results"]
    assert (first["status"], second["status"], second["reason"]) == ("ok", "error", "already_redeemed")
    assert (second["result"]["admitted"], second["result"]["first_entry"]["gate"]) == (True, "North")


def test_what_cannot_be_taken_is_told_in_its_place(table: Table) -> None:
    code = issued()["code"]
    scans = [
        {"code": "KETEMU:E1:NO", "nonce": "n1", "scanned_at": EARLIER},
        {"code": code, "nonce": "n2", "scanned_at": iso(now() + timedelta(hours=1))},
        {"code": code, "nonce": "n3", "scanned_at": EARLIER, "decided": "refused"},
        {"code": code, "nonce": "n4", "scanned_at": EARLIER},
    ]
    results = hand_in(scans).json["results"]
    assert [(each["nonce"], each["status"], each["problem"]) for each in results] == [
        ("n1", "error", "unknown-code"),
        ("n2", "error", "scanned-in-the-future"),
        ("n3", "error", None),
        ("n4", "ok", None),
    ]
    assert told(table) == ["entry"]


@pytest.mark.parametrize(
    "scans",
    [
        None,
        [],
        [{}],
        [{"code": "x", "nonce": "n1"}],
        [{"code": "x", "nonce": "a b", "scanned_at": EARLIER}],
        [{"code": "x", "nonce": "n1", "scanned_at": EARLIER, "decided": "perhaps"}],
        [{"code": "x", "nonce": "n1", "scanned_at": EARLIER, "ticket_id": "tkt_1"}],
        [{"code": "x", "nonce": "n1", "scanned_at": EARLIER}] * 101,
    ],
)
def test_a_batch_that_cannot_be_read_writes_nothing(table: Table, scans: Any) -> None:
    assert (hand_in(scans).status, hand_in(scans).problem()) == (422, "invalid")
    assert not table.items()


def test_a_batch_is_for_the_door(table: Table) -> None:
    scans = [{"code": issued()["code"], "nonce": "n1", "scanned_at": EARLIER}]
    assert hand_in(scans, caller=BOB).problem() == "forbidden"
    assert hand_in(scans, caller=None).problem() == "unauthenticated"
    assert hand_in(scans, caller=None, credential="nonsense").problem() == "device-refused"


def test_force_lets_in_and_the_reason_is_kept(table: Table) -> None:
    code = issued()["code"]
    add_gate("North", ticket_type_ids=["typ_speaker"])
    assert check_in(code, "n1", gate="North").json["reason"] == "product"
    forced = check_in(code, "n2", gate="North", force="brings the cake").json
    assert (forced["status"], forced["admitted"], forced["forced"], forced["reason"]) == ("ok", True, True, "product")
    [kept] = [item["force"] for item in table.items() if item.get("force")]
    assert kept == "brings the cake"


def test_a_person_without_a_code_is_let_in_by_ticket(table: Table) -> None:
    ticket = issued()
    assert check_in(None, ticket_id=ticket["id"]).json["ticket"]["attendee_name"] == "Grace"
    assert check_in(None, "n2", ticket_id="tkt_none").problem() == "not-found"
    assert check_in(None, "n3", ticket_id=ticket["id"], caller=None, credential=paired()).problem() == "forbidden"


def test_an_annulled_entry_is_as_if_it_had_not_been_and_stays_on_record(table: Table) -> None:
    ticket = issued()
    before = call(api.handler, "GET", f"/tickets/{ticket['id']}", caller=ADA).json
    check_in(ticket["code"], "n1", gate="North")
    first, again = annul("n1"), annul("n1")
    assert (first.status, first.json["annulled_at"] is not None) == (200, True)
    assert first.json == again.json
    assert call(api.handler, "GET", f"/tickets/{ticket['id']}", caller=ADA).json == before
    assert check_in(ticket["code"], "n1").json == first.json
    assert check_in(ticket["code"], "n2").json["status"] == "ok"


def test_a_scanner_annuls_its_own_scan_and_no_other(table: Table) -> None:
    code, credential, other = issued()["code"], paired(name="One"), paired(name="Two")
    check_in(code, "n1", caller=None, credential=credential)
    for keeper in ({"caller": DOOR}, {"caller": None, "headers": {"authorization": f"Device {other}"}}):
        assert annul("n1", **keeper).problem() == "not-found"
    assert annul("n1", caller=None, headers={"authorization": f"Device {credential}"}).status == 200


def test_what_was_refused_or_passed_since_is_not_annulled(table: Table) -> None:
    code = issued()["code"]
    check_in(code, "n1")
    check_in(code, "n2", caller=HOST)
    assert annul("n2", caller=HOST).problem() == "nothing-to-annul"
    check_in(code, "n3", type="exit")
    assert annul("n1").problem() == "passed-since"
    assert annul("nobody").problem() == "not-found"
    assert annul("n1", caller=ADA).problem() == "forbidden"
    assert annul("a%20b").status in (404, 422)
