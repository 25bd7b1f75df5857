"""Whatever is sent to the inbox's routes: a problem that says what to do, and nothing written."""

import base64
import json

import pytest

from functions.notifications import api, worker
from shared.caller import Caller
from shared.messages import UserRegistered
from tests.support import Table, call, deliver

ADA = Caller("usr_ada", "ada@example.org", "Ada")
BOB = Caller("usr_bob", "bob@example.org", "Bob")


def cursor(**key: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


BOBS = cursor(pk={"S": "USER#usr_bob"}, sk={"S": "ITEM#ntf_1"})
HALF = cursor(pk={"S": "USER#usr_ada"})


pytestmark = pytest.mark.usefixtures("mailing")


@pytest.mark.parametrize(
    ("method", "url", "caller", "status", "slug"),
    [
        ("GET", "/notifications", None, 401, "unauthenticated"),
        ("GET", "/notifications?limit=0", ADA, 422, "invalid"),
        ("GET", "/notifications?limit=101", ADA, 422, "invalid"),
        ("GET", "/notifications?limit=-1", ADA, 422, "invalid"),
        ("GET", "/notifications?limit=many", ADA, 422, "invalid"),
        ("GET", "/notifications?limit=", ADA, 422, "invalid"),
        ("GET", "/notifications?cursor=", ADA, 400, "malformed"),
        ("GET", "/notifications?cursor=nonsense", ADA, 400, "malformed"),
        ("GET", "/notifications?cursor=%C3%A9", ADA, 400, "malformed"),
        ("GET", f"/notifications?cursor={BOBS}", ADA, 400, "malformed"),
        ("GET", f"/notifications?cursor={HALF}", ADA, 400, "malformed"),
        ("GET", f"/notifications?cursor={'x' * 1025}", ADA, 422, "invalid"),
        ("POST", "/notifications", ADA, 404, "not-found"),
        ("POST", "/notifications/ntf_unknown/read", None, 401, "unauthenticated"),
        ("POST", "/notifications/ntf_unknown/read", ADA, 404, "not-found"),
        ("POST", "/notifications/~HEAD/read", ADA, 404, "not-found"),
        ("POST", "/notifications//read", ADA, 404, "not-found"),
        ("POST", f"/notifications/{'x' * 65}/read", ADA, 422, "invalid"),
        ("POST", f"/notifications/{'x' * 5000}/read", ADA, 422, "invalid"),
        ("POST", "/notifications/read-all", None, 401, "unauthenticated"),
        ("GET", "/notifications/read-all", ADA, 404, "not-found"),
        ("DELETE", "/notifications/ntf_unknown", ADA, 404, "not-found"),
        ("DELETE", "/notifications/ntf_unknown", None, 401, "unauthenticated"),
        ("DELETE", f"/notifications/{'x' * 65}", ADA, 422, "invalid"),
        ("DELETE", "/notifications/~HEAD", ADA, 404, "not-found"),
        ("DELETE", "/notifications", None, 401, "unauthenticated"),
        ("GET", "/notifications/preferences", None, 401, "unauthenticated"),
        ("POST", "/notifications/preferences/email", None, 401, "unauthenticated"),
    ],
)
def test_it_is_a_problem_and_nothing_is_written(
    table: Table, method: str, url: str, caller: Caller | None, status: int, slug: str
) -> None:
    deliver(worker.handler, UserRegistered(user_id="usr_ada", email="ada@example.org", name="Ada"))
    before = table.items()
    answer = call(api.handler, method, url, caller=caller)
    assert (answer.status, answer.problem()) == (status, slug)
    assert table.items() == before


def test_somebody_elses_notification_does_not_exist(table: Table) -> None:
    deliver(worker.handler, UserRegistered(user_id="usr_ada", email="ada@example.org", name="Ada"))
    before = table.items()
    [item] = call(api.handler, "GET", "/notifications", caller=ADA).json["items"]
    answer = call(api.handler, "POST", f"/notifications/{item['id']}/read", caller=BOB)
    assert (answer.status, answer.problem()) == (404, "not-found")
    assert table.items() == before


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (None, 422, "invalid"),
        ("{", 400, "malformed"),
        ([], 422, "invalid"),
        ({}, 422, "invalid"),
        ({"kinds": []}, 422, "invalid"),
        ({"kinds": {"order-expired": True}}, 422, "invalid"),
        ({"kinds": {"order-expired": {"sms": True}}}, 422, "invalid"),
        ({"kinds": {"order-expired": {"email": "perhaps"}}}, 422, "invalid"),
        ({"kinds": {"order-expired": {"email": None}}}, 422, "invalid"),
        ({"kinds": {"unheard-of": {"email": True}}}, 422, "invalid"),
        ({"kinds": {"": {"email": True}}}, 422, "invalid"),
        ({"kinds": {"order-refunded": {"email": False}}}, 422, "not-changeable"),
        ({"kinds": {"welcome": {"inbox": False}}}, 422, "not-changeable"),
        ({"kinds": {f"k{number}": {} for number in range(101)}}, 422, "invalid"),
        ({"kinds": {}, "extra": 1}, 422, "invalid"),
    ],
)
def test_a_choice_that_cannot_be_is_a_problem_and_nothing_is_written(table: Table, body: object, status: int, slug: str) -> None:
    answer = call(api.handler, "PUT", "/notifications/preferences", body, caller=ADA)
    assert (answer.status, answer.problem()) == (status, slug)
    assert table.items() == []
