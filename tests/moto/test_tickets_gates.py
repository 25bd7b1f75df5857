"""Gates: set up by an organiser, in force at the next scan, edited together."""

from typing import Any

import pytest

from functions.tickets import api
from shared.caller import Caller
from tests.moto.tickets import ADA, CONFERENCE, DOOR, ELSEWHERE, HOST, REGULAR, add_gate, check_in, issued, keep_secret
from tests.support import Answer, Table, call

GATES = f"/tickets/conferences/{CONFERENCE}/gates"


@pytest.fixture(autouse=True)
def secret(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_secret(monkeypatch)


def ask(
    method: str, url: str = GATES, body: Any = None, *, caller: Caller | None = HOST, if_match: str = "", key: str = ""
) -> Answer:
    headers = {**({"if-match": if_match} if if_match else {}), **({"idempotency-key": key} if key else {})}
    return call(api.handler, method, url, body, caller=caller, headers=headers)


def test_a_gate_is_kept_as_it_was_set_up(table: Table) -> None:
    opening = {"starts_at": "2027-06-01T09:00:00+07:00", "ends_at": "2027-06-01T12:00:00Z"}
    body = {"name": "North", "ticket_type_ids": [REGULAR], "openings": [opening], "reentry": "each_day", "capacity": 300}
    made = ask("POST", body=body)
    assert (made.status, made.headers["ETag"]) == (201, '"1"')
    kept = ask("GET", f"{GATES}/{made.json['id']}").json
    assert kept == made.json
    assert kept | body == kept | {"openings": [opening]}
    assert kept["openings"] == [{"starts_at": "2027-06-01T02:00:00Z", "ends_at": "2027-06-01T12:00:00Z"}]
    assert (kept["inside"], ask("GET").json) == (0, {"items": [kept], "next_cursor": None})


def test_a_rule_is_in_force_at_the_next_scan(table: Table) -> None:
    ticket = issued()
    gate = add_gate("North", ticket_type_ids=["typ_speaker"])
    assert check_in(ticket["code"], "n1", gate="north").json["cause"] == "wrong_ticket_type"
    ask("PATCH", f"{GATES}/{gate['id']}", {"ticket_type_ids": []})
    assert check_in(ticket["code"], "n2", gate=gate["id"]).json["status"] == "ok"
    assert call(api.handler, "GET", f"/tickets/{ticket['id']}", caller=ADA).json["checked_in"]["gate"] == "North"


def test_where_there_are_gates_a_scan_names_one(table: Table) -> None:
    code = issued()["code"]
    gate = add_gate("North")
    assert check_in(code, "n1").json["cause"] == "unknown_gate"
    assert check_in(code, "n2", gate="Nroth").json["cause"] == "unknown_gate"
    assert ask("DELETE", f"{GATES}/{gate['id']}").status == 204
    assert check_in(code, "n3").json["status"] == "ok"


def test_of_two_who_edit_the_second_is_told(table: Table) -> None:
    gate = add_gate("North")
    url, etag = f"{GATES}/{gate['id']}", ask("GET", f"{GATES}/{gate['id']}").headers["ETag"]
    changed = ask("PATCH", url, {"capacity": 5}, if_match=etag)
    assert changed.status == 200
    late = ask("PATCH", url, {"name": "South"}, if_match=etag)
    assert (late.status, late.problem(), late.json["etag"]) == (412, "changed-meanwhile", changed.headers["ETag"])
    assert ask("DELETE", url, if_match=etag).status == 412
    assert ask("PATCH", url, {"capacity": 5}, if_match=etag).status == 200  # it is so already
    assert ask("PATCH", url, {"capacity": None}, if_match=changed.headers["ETag"]).json["capacity"] is None


def test_a_repeated_command_makes_one_gate_and_another_body_under_its_key_none(table: Table) -> None:
    first, again = (ask("POST", body={"name": "North"}, key="k1") for _ in range(2))
    assert first.json == again.json
    assert ask("POST", body={"name": "South"}, key="k1").problem() == "idempotency-key-reused"
    assert len(ask("GET").json["items"]) == 1


def test_the_door_crew_reads_gates_and_an_organiser_changes_them(table: Table) -> None:
    gate = add_gate("North")
    assert ask("GET", caller=DOOR).status == 200
    for method, url, body in (
        ("POST", GATES, {"name": "South"}),
        ("PATCH", f"{GATES}/{gate['id']}", {"name": "South"}),
        ("DELETE", f"{GATES}/{gate['id']}", None),
    ):
        assert ask(method, url, body, caller=DOOR).problem() == "forbidden"
    assert ask("GET", caller=ADA).problem() == "forbidden"


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        ({}, 422, "invalid"),
        ({"name": ""}, 422, "invalid"),
        ({"name": "a\nb"}, 422, "invalid"),
        ({"name": "x" * 51}, 422, "invalid"),
        ({"name": "NORTH"}, 409, "name-taken"),
        ({"name": "South", "capacity": 0}, 422, "invalid"),
        ({"name": "South", "capacity": 10**9}, 422, "invalid"),
        ({"name": "South", "reentry": "sometimes"}, 422, "invalid"),
        ({"name": "South", "ticket_type_ids": [""]}, 422, "invalid"),
        ({"name": "South", "ticket_type_ids": ["t"] * 51}, 422, "invalid"),
        ({"name": "South", "openings": [{"starts_at": "2027-06-01T09:00:00Z"}]}, 422, "invalid"),
        (
            {"name": "South", "openings": [{"starts_at": "2027-06-01T09:00:00Z", "ends_at": "2027-06-01T09:00:00Z"}]},
            422,
            "invalid",
        ),
        ({"name": "South", "colour": "red"}, 422, "invalid"),
        ("{", 400, "malformed"),
    ],
)
def test_what_is_no_gate_is_not_written(table: Table, body: Any, status: int, slug: str) -> None:
    add_gate("North")
    before = table.items()
    answer = ask("POST", body=body)
    assert (answer.status, answer.problem()) == (status, slug)
    assert table.items() == before


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_gate_that_is_not_there_is_not_found(table: Table, method: str) -> None:
    answer = ask(method, f"{GATES}/gat_none", {"name": "South"} if method == "PATCH" else None)
    assert (answer.status, answer.problem()) == (404, "not-found")
    assert ask("GET", f"/tickets/conferences/{ELSEWHERE}/gates").problem() == "forbidden"
