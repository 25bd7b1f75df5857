"""The inbox over HTTP."""

from typing import Any

import pytest

from functions.notifications import api, worker
from shared.caller import Caller
from shared.messages import OrderExpired, UserRegistered
from tests.support import Table, call, deliver

ADA = Caller("usr_ada", "ada@example.org", "Ada")
BOB = Caller("usr_bob", "bob@example.org", "Bob")


pytestmark = pytest.mark.usefixtures("mailing")


def registered(caller: Caller) -> UserRegistered:
    return UserRegistered(user_id=caller.user_id, email=caller.email, name=caller.name)


def expired(number: int) -> OrderExpired:
    return OrderExpired(conference_id="cnf_1", order_id=f"ord_{number}", buyer_id="usr_ada", conference_name="PyCon")


def inbox(caller: Caller = ADA, query: str = "") -> Any:
    answer = call(api.handler, "GET", f"/notifications{query}", caller=caller)
    assert answer.status == 200
    return answer.json


def test_a_new_person_has_an_empty_inbox(table: Table) -> None:
    assert inbox() == {"items": [], "next_cursor": None, "unread_count": 0, "latest": 0}


def test_what_happened_is_in_the_inbox_of_whom_it_concerns(table: Table) -> None:
    deliver(worker.handler, registered(ADA))
    [item] = inbox()["items"]
    assert set(item) == {"id", "kind", "title", "body", "data", "created_at", "read", "number"}
    assert (item["kind"], item["title"], item["data"], item["read"]) == ("welcome", "Welcome to Ketemu, Ada", {}, False)
    assert item["created_at"].endswith("Z")
    assert inbox(BOB)["items"] == []


def test_pages_lead_through_everything_once(table: Table) -> None:
    deliver(worker.handler, *(expired(number) for number in range(7)))
    seen, query = [], "?limit=3"
    while query:
        page = inbox(query=query)
        assert len(page["items"]) <= 3
        assert page["unread_count"] == 7
        seen += [item["id"] for item in page["items"]]
        query = f"?limit=3&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert len(seen) == len(set(seen)) == 7
    assert seen == sorted(seen, reverse=True)


def test_reading_counts_once(table: Table) -> None:
    deliver(worker.handler, expired(1), expired(2))
    first = inbox()["items"][0]
    for _ in range(2):
        answer = call(api.handler, "POST", f"/notifications/{first['id']}/read", caller=ADA)
        assert answer.status == 200
        assert answer.json == {**first, "read": True}
    assert inbox()["unread_count"] == 1
    assert [item["read"] for item in inbox()["items"]] == [True, False]


def test_everything_is_read_at_once(table: Table) -> None:
    deliver(worker.handler, *(expired(number) for number in range(5)), registered(BOB))
    for _ in range(2):
        answer = call(api.handler, "POST", "/notifications/read-all", caller=ADA)
        assert (answer.status, answer.json) == (200, {"unread_count": 0})
    assert inbox()["unread_count"] == 0
    assert all(item["read"] for item in inbox()["items"])
    assert inbox(BOB)["unread_count"] == 1


def test_what_is_deleted_is_gone_for_good(table: Table) -> None:
    messages = [expired(1), expired(2)]
    deliver(worker.handler, *messages)
    gone, stays = inbox()["items"]
    answer = call(api.handler, "DELETE", f"/notifications/{gone['id']}", caller=ADA)
    assert (answer.status, answer.body) == (204, b"")
    assert deliver(worker.handler, *messages) == []  # its message comes again
    assert inbox()["items"] == [stays]
    assert inbox()["unread_count"] == 1
    assert call(api.handler, "DELETE", f"/notifications/{gone['id']}", caller=ADA).status == 404


def test_everything_that_is_read_is_deleted_at_once(table: Table) -> None:
    deliver(worker.handler, *(expired(number) for number in range(3)))
    call(api.handler, "POST", "/notifications/read-all", caller=ADA)
    deliver(worker.handler, expired(3), registered(BOB))
    for deleted in (3, 0):
        assert call(api.handler, "DELETE", "/notifications", caller=ADA).json == {"deleted": deleted}
    assert [item["data"]["order_id"] for item in inbox()["items"]] == ["ord_3"]
    assert inbox()["unread_count"] == 1
    assert len(inbox(BOB)["items"]) == 1
