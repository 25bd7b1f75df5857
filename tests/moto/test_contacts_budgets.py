"""What an exchange and a list cost, and what contention does to them."""

from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from bench.meter import Meter
from functions.contacts.api import handler
from tests.moto.contacts import ADA, BOB, WHOLE, code_at, exchange, listed, put_card
from tests.support import Table, call


def test_an_exchange_takes_two_round_trips_and_ten_write_units(table: Table, meter: Meter) -> None:
    visible = {"phone": "confirmed", "links": "everyone", "email": "everyone"}
    put_card(ADA, **WHOLE, visibility=visible)
    put_card(BOB, **(WHOLE | {"name": "Bob"}), visibility=visible)
    code = code_at("cnf_1", ADA, BOB)
    meter.reset()
    assert exchange(BOB, code, "n1", note="x" * 100, conference_id="cnf_1").status == 201
    assert meter.operations == ["BatchGetItem", "TransactWriteItems"]
    assert meter.write_units <= 10


def test_a_code_for_one_use_costs_no_more(table: Table, meter: Meter) -> None:
    put_card(ADA)
    put_card(BOB)
    code = call(handler, "POST", "/contacts/card/screen-code", caller=ADA).json["code"]
    meter.reset()
    assert exchange(BOB, code, "n1").status == 201
    assert meter.operations == ["BatchGetItem", "TransactWriteItems"]
    assert meter.write_units <= 10


def test_a_repeated_exchange_takes_two_round_trips_and_a_new_scan_of_somebody_known_three(table: Table, meter: Meter) -> None:
    ada, bob = put_card(ADA), put_card(BOB)
    exchange(BOB, ada["code"], "n1")
    for who, code, nonce, trips in (
        (BOB, ada["code"], "n1", 2),
        (BOB, ada["code"], "n2", 3),
        (BOB, ada["code"], "n2", 2),
        (ADA, bob["code"], "n1", 3),
        (ADA, bob["code"], "n1", 2),
        (ADA, bob["code"], "n2", 3),
    ):
        meter.reset()
        assert exchange(who, code, nonce).status == 200
        assert len(meter.calls) == trips


def test_a_list_takes_one_round_trip(table: Table, meter: Meter) -> None:
    code = put_card(ADA)["code"]
    put_card(BOB)
    exchange(BOB, code, "n1")
    meter.reset()
    listed(BOB)
    assert meter.operations == ["Query"]


def conflicting(times: int) -> Any:
    """DynamoDB whose first `times` transactions meet another one."""
    really, left = BaseClient._make_api_call, [times]

    def call(self: BaseClient, name: str, request: dict[str, Any]) -> Any:
        if name != "TransactWriteItems" or not left[0]:
            return really(self, name, request)
        left[0] -= 1
        reasons = [{"Code": "TransactionConflict"}, *({"Code": "None"} for _ in request["TransactItems"][1:])]
        error = {"Code": "TransactionCanceledException", "Message": "Transaction cancelled"}
        raise ClientError({"Error": error, "CancellationReasons": reasons}, name)

    return call


def test_a_transaction_that_met_another_is_tried_again(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    code = put_card(ADA)["code"]
    put_card(BOB)
    monkeypatch.setattr(BaseClient, "_make_api_call", conflicting(3))
    assert exchange(BOB, code, "n1").status == 201


def test_contention_without_end_is_no_answer_and_no_harm(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    code = put_card(ADA)["code"]
    put_card(BOB)
    before = table.items()
    with monkeypatch.context() as contention:
        contention.setattr(BaseClient, "_make_api_call", conflicting(99))
        answers = [exchange(BOB, code, "n1"), call(handler, "PUT", "/contacts/card", WHOLE, caller=ADA)]
    assert [(answer.status, answer.problem()) for answer in answers] == [(409, "busy")] * 2
    assert table.items() == before
