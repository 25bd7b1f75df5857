"""Scanners: paired once, bound to one conference, revoked at once."""

import json
from datetime import timedelta
from typing import Any

import pytest

from functions.tickets import api, api_devices, edge
from functions.tickets.pace import Pace
from shared import qr
from shared.clock import now
from tests.moto.tickets import ADA, CONFERENCE, DOOR, HOST, STRANGER, add_device, check_in, issued, keep_secret, pair, paired
from tests.support import Answer, Table, call


@pytest.fixture(autouse=True)
def secret(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_secret(monkeypatch)


def listed() -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = call(api.handler, "GET", f"/tickets/devices?conference_id={CONFERENCE}", caller=HOST).json[
        "items"
    ]
    return items


def revoke(device_id: str) -> Answer:
    return call(api.handler, "DELETE", f"/tickets/devices/{device_id}", caller=HOST)


def test_a_pairing_code_makes_one_scanner_and_is_then_dead(table: Table) -> None:
    pairing = add_device(name="Left lane")
    assert pairing["qrcode_svg"] == qr.svg(pairing["code"]).decode()
    first, second = pair(pairing["code"]), pair(pairing["code"])
    assert (first.status, second.status, second.problem()) == (201, 403, "pairing-refused")
    assert check_in(issued()["code"], caller=None, credential=first.json["credential"]).json["status"] == "ok"
    [device] = listed()
    assert (device["name"], device["paired_at"] is not None, device["revoked_at"]) == ("Left lane", True, None)


def test_a_pairing_code_is_dead_after_ten_minutes(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    code = add_device()["code"]
    monkeypatch.setattr(api_devices, "now", lambda: now() + timedelta(minutes=10))
    assert pair(code).problem() == "pairing-refused"


def test_no_secret_is_kept(table: Table) -> None:
    pairing = add_device()
    credential = pair(pairing["code"]).json["credential"]
    kept = json.dumps(table.items(), default=str)
    for secret in (pairing["code"].rpartition(".")[2], credential.rpartition(".")[2]):
        assert secret not in kept


def test_a_rolled_scanner_works_until_the_new_code_is_taken(table: Table) -> None:
    code = issued()["code"]
    old = paired()
    [device] = listed()
    rolled = call(api.handler, "POST", f"/tickets/devices/{device['id']}/pairing", caller=HOST)
    assert check_in(code, "n1", caller=None, credential=old).json["status"] == "ok"
    new = pair(rolled.json["code"]).json["credential"]
    assert check_in(code, "n2", caller=None, credential=old).problem() == "device-refused"
    assert check_in(code, "n2", caller=None, credential=new).status == 200
    assert [each["id"] for each in listed()] == [device["id"]]


def test_a_revoked_scanner_opens_nothing_and_stays_on_the_list(table: Table) -> None:
    code = issued()["code"]
    credential = paired()
    [device] = listed()
    assert revoke(device["id"]).json["revoked_at"] == revoke(device["id"]).json["revoked_at"]
    answer = check_in(code, caller=None, credential=credential)
    assert (answer.status, answer.problem()) == (401, "device-refused")
    assert [each["revoked_at"] is not None for each in listed()] == [True]
    again = call(api.handler, "POST", f"/tickets/devices/{device['id']}/pairing", caller=HOST)
    assert (again.status, again.problem()) == (409, "device-revoked")


def test_a_scanner_that_asks_too_often_is_told_when_to_come_back(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    code, credential = issued()["code"], paired()
    monkeypatch.setattr(edge, "_DEVICE_PACE", Pace(burst=2, per_second=0.25, clock=lambda: 0.0))
    answers = [check_in(code, f"n{number}", caller=None, credential=credential) for number in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert (answers[2].problem(), answers[2].headers["Retry-After"]) == ("too-many-requests", "4")


@pytest.mark.parametrize("caller", [ADA, DOOR, STRANGER])
def test_scanners_are_an_organisers_affair(table: Table, caller: Any) -> None:
    paired()
    [device] = listed()
    for method, url, body in (
        ("POST", "/tickets/devices", {"conference_id": CONFERENCE, "name": "One"}),
        ("GET", f"/tickets/devices?conference_id={CONFERENCE}", None),
    ):
        assert call(api.handler, method, url, body, caller=caller).problem() == "forbidden"
    for method, url in (("POST", f"/tickets/devices/{device['id']}/pairing"), ("DELETE", f"/tickets/devices/{device['id']}")):
        assert call(api.handler, method, url, caller=caller).problem() == "not-found"


@pytest.mark.parametrize(
    "credential",
    ["", "nonsense", "A" * 26 + "." + "B" * 26, f"{'0' * 26}.{'0' * 26}.{'A' * 32}", f"{'0' * 26}.{'0' * 26}.{'A' * 33}", "é.é.é"],
)
def test_what_is_no_credential_is_refused(table: Table, credential: str) -> None:
    code = issued()["code"]
    before = table.items()
    headers = {"authorization": f"Device {credential}"}
    answer = call(api.handler, "POST", "/tickets/check-in", {"code": code, "nonce": "n1"}, headers=headers)
    assert (answer.status, answer.problem()) == (401, "device-refused")
    assert table.items() == before


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        ({}, 422, "invalid"),
        ({"conference_id": CONFERENCE}, 422, "invalid"),
        ({"conference_id": "a#b", "name": "One"}, 422, "invalid"),
        ({"conference_id": CONFERENCE, "name": ""}, 422, "invalid"),
        ({"conference_id": CONFERENCE, "name": "x" * 51}, 422, "invalid"),
        ({"conference_id": CONFERENCE, "name": "One", "gate_ids": "North"}, 422, "invalid"),
        ({"conference_id": CONFERENCE, "name": "One", "may_force": "perhaps"}, 422, "invalid"),
        ({"conference_id": "cnf_other", "name": "One"}, 403, "forbidden"),
    ],
)
def test_what_is_no_device_is_not_written(table: Table, body: Any, status: int, slug: str) -> None:
    answer = call(api.handler, "POST", "/tickets/devices", body, caller=HOST)
    assert (answer.status, answer.problem()) == (status, slug)
    assert not table.items()


@pytest.mark.parametrize("code", ["KETEMU:D1:", "KETEMU:E1:AAAA", "x", f"KETEMU:D1:{'0' * 26}.{'0' * 26}.{'A' * 32}"])
def test_what_is_no_pairing_code_pairs_nothing(table: Table, code: str) -> None:
    assert pair(code).problem() == "pairing-refused"
    assert not table.items()


def test_a_device_of_another_idempotency_key_is_another(table: Table) -> None:
    body = {"conference_id": CONFERENCE, "name": "One"}
    first, again = (
        call(api.handler, "POST", "/tickets/devices", body, caller=HOST, headers={"idempotency-key": "k"}) for _ in "12"
    )
    assert first.json["device"]["id"] == again.json["device"]["id"]
    assert pair(first.json["code"]).problem() == "pairing-refused"  # the later code replaced it
    assert pair(again.json["code"]).status == 201
    other = {**body, "name": "Two"}
    reused = call(api.handler, "POST", "/tickets/devices", other, caller=HOST, headers={"idempotency-key": "k"})
    assert reused.problem() == "idempotency-key-reused"
