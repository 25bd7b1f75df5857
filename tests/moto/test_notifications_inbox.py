"""The inbox in DynamoDB: its count is always right, and reading it is one round trip."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.notifications.domain import InboxPage, Missed, News, Notification
from functions.notifications.dynamo import DynamoInbox
from shared.errors import Busy, Malformed, NotFound
from tests.support import Table

NINE = datetime(2026, 6, 1, 9, tzinfo=UTC)
USERS = (f"usr_{number}" for number in itertools.count())  # nobody's inbox is another example's

Call = Callable[[str, dict[str, Any]], None]


def notification(number: int, user_id: str = "usr_ada") -> Notification:
    news = News("order-paid", f"News {number}", "Something happened.", {"order_id": f"ord_{number}"})
    return Notification.of(news, message_id=f"msg_{number}", user_id=user_id, occurred_at=NINE + timedelta(minutes=number))


def whole(user_id: str, limit: int = 100) -> InboxPage:
    """All pages in one."""
    page = DynamoInbox().page(user_id, limit=limit, cursor=None)
    items = list(page.items)
    while page.next_cursor:
        page = DynamoInbox().page(user_id, limit=limit, cursor=page.next_cursor)
        items += page.items
    return InboxPage(items, None, page.unread_count)


@pytest.fixture
def calls(table: Table, monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """Functions that see, and may refuse, each call to AWS before it is made."""
    seers: list[Call] = []
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # botocore's one way out

    def seen(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        for see in seers:
            see(operation, parameters)
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", seen)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    return seers


def conflict(operation: str) -> ClientError:
    """What a transaction gets that met another one (no emulator does)."""
    response: Any = {
        "Error": {"Code": "TransactionCanceledException", "Message": "Transaction cancelled"},
        "CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}],
    }
    return ClientError(response, operation)


# What may happen to an inbox, in any order: a message comes (again), one is read (again), everything is read.
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("deliver"), st.integers(0, 5)),
        st.tuples(st.just("read"), st.integers(0, 5)),
        st.tuples(st.just("read all"), st.just(0)),
        st.tuples(st.just("delete"), st.integers(0, 5)),
        st.tuples(st.just("delete read"), st.just(0)),
    ),
    max_size=12,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happenings)
def test_the_unread_count_is_the_number_of_unread_notifications(table: Table, happened: list[tuple[str, int]]) -> None:
    inbox, user, unread, gone = DynamoInbox(), next(USERS), dict[int, bool](), set[int]()
    for what, number in happened:
        if what == "deliver":
            delivered = inbox.deliver(user, notification(number, user))
            assert (delivered is None) is (number in gone)
            if delivered:
                unread.setdefault(number, True)
        elif what == "delete read":
            read = {number for number, is_unread in unread.items() if not is_unread}
            assert inbox.delete_read(user) == len(read)
            gone |= read
            unread = {number: True for number in unread if number not in gone}
        elif what == "delete":
            if number in unread:
                inbox.delete(user, notification(number, user).id)
                gone.add(number)
                del unread[number]
        elif what == "read all":
            inbox.read_all(user)
            unread = dict.fromkeys(unread, False)
        elif number in unread:
            assert inbox.read(user, notification(number, user).id).read
            unread[number] = False
        page = inbox.page(user, limit=100, cursor=None)
        assert page.unread_count == sum(unread.values()) == sum(not item.read for item in page.items)
    found = {item.title: item.read for item in whole(user, limit=2).items}
    assert found == {f"News {number}": not is_unread for number, is_unread in unread.items()}


def test_the_newest_comes_first_whatever_arrived_first(table: Table) -> None:
    for number in (2, 5, 1, 4, 3):
        DynamoInbox().deliver("usr_ada", notification(number))
    assert [item.title for item in whole("usr_ada", limit=2).items] == [f"News {number}" for number in (5, 4, 3, 2, 1)]


def test_what_comes_back_is_what_was_delivered(table: Table) -> None:
    DynamoInbox().deliver("usr_ada", notification(1))
    assert whole("usr_ada").items == [replace(notification(1), number=1)]


def test_what_arrives_after_everything_was_read_is_unread_even_if_it_happened_before(table: Table) -> None:
    inbox = DynamoInbox()
    inbox.deliver("usr_ada", notification(9))
    inbox.read_all("usr_ada")
    inbox.deliver("usr_ada", notification(1))
    assert [(item.title, item.read) for item in whole("usr_ada").items] == [("News 9", True), ("News 1", False)]


def test_everything_being_read_while_a_message_is_delivered_loses_nothing(calls: list[Call]) -> None:
    inbox = DynamoInbox()
    inbox.deliver("usr_ada", notification(1))
    reads = [lambda: inbox.read_all("usr_ada")]

    def interfere(operation: str, parameters: dict[str, Any]) -> None:
        if operation == "TransactWriteItems" and reads:
            reads.pop()()

    calls.append(interfere)
    inbox.deliver("usr_ada", notification(2))
    page = whole("usr_ada")
    assert [(item.title, item.read) for item in page.items] == [("News 2", False), ("News 1", True)]
    assert page.unread_count == 1


def test_everything_being_read_while_one_is_read_counts_it_once(calls: list[Call]) -> None:
    inbox = DynamoInbox()
    inbox.deliver("usr_ada", notification(1))
    reads = [lambda: inbox.read_all("usr_ada")]

    def interfere(operation: str, parameters: dict[str, Any]) -> None:
        if operation == "TransactWriteItems" and reads:
            reads.pop()()

    calls.append(interfere)
    assert inbox.read("usr_ada", notification(1).id).read
    assert whole("usr_ada").unread_count == 0


@pytest.mark.parametrize("act", ["deliver", "read", "read all"])
def test_a_conflict_is_tried_again_and_never_taken_for_an_answer(calls: list[Call], act: str) -> None:
    inbox = DynamoInbox()
    inbox.deliver("usr_ada", notification(1))
    conflicts = iter(range(3))

    def refuse(operation: str, parameters: dict[str, Any]) -> None:
        if operation == "TransactWriteItems" and next(conflicts, None) is not None:
            raise conflict(operation)

    calls.append(refuse)
    if act == "deliver":
        inbox.deliver("usr_ada", notification(2))
    elif act == "read":
        inbox.read("usr_ada", notification(1).id)
    else:
        inbox.read_all("usr_ada")
    assert whole("usr_ada").unread_count == (2 if act == "deliver" else 0)


def test_contention_without_end_is_said_and_leaves_nothing(calls: list[Call], table: Table) -> None:
    def refuse(operation: str, parameters: dict[str, Any]) -> None:
        if operation == "TransactWriteItems":
            raise conflict(operation)

    calls.append(refuse)
    with pytest.raises(Busy):
        DynamoInbox().deliver("usr_ada", notification(1))
    assert table.items() == []


def test_opening_the_inbox_is_one_round_trip_and_a_later_page_two(calls: list[Call]) -> None:
    inbox = DynamoInbox()
    for number in range(5):
        inbox.deliver("usr_ada", notification(number))
    made: list[str] = []
    calls.append(lambda operation, parameters: made.append(operation))
    page = inbox.page("usr_ada", limit=2, cursor=None)
    assert made == ["Query"]
    assert len(page.items) == 2
    made.clear()
    assert inbox.page("usr_ada", limit=2, cursor=page.next_cursor).unread_count == 5
    assert made == ["Query", "GetItem"]


def test_who_was_away_gets_what_arrived_meanwhile_in_its_order(table: Table) -> None:
    inbox = DynamoInbox()
    for number in (5, 3, 9, 1, 4):  # the hours they happened at
        inbox.deliver("usr_ada", notification(number))
    missed = inbox.since("usr_ada", 2, at_most=100)
    assert [item.title for item in missed.items] == ["News 9", "News 1", "News 4"]
    assert [item.number for item in missed.items] == [3, 4, 5]
    assert (missed.latest, missed.complete) == (5, True)
    assert inbox.since("usr_ada", 5, at_most=100) == Missed([], 5, complete=True)
    assert inbox.since("usr_bob", 0, at_most=100) == Missed([], 0, complete=True)


def test_what_cannot_all_be_found_is_said_not_to_be_complete(table: Table) -> None:
    inbox = DynamoInbox()
    for number in range(5):
        inbox.deliver("usr_ada", notification(number))
    assert inbox.since("usr_ada", 0, at_most=3).complete is False
    inbox.delete("usr_ada", notification(4).id)
    missed = inbox.since("usr_ada", 3, at_most=100)
    assert ([item.number for item in missed.items], missed.complete) == ([4], False)
    assert inbox.since("usr_ada", 9, at_most=100).complete is False  # a number of another inbox


def test_what_is_unread_of_some_is_one_round_trip(calls: list[Call]) -> None:
    inbox = DynamoInbox()
    for number in range(3):
        inbox.deliver("usr_ada", notification(number))
    inbox.read_all("usr_ada")
    inbox.deliver("usr_ada", notification(3))
    inbox.deliver("usr_ada", notification(4))
    inbox.read("usr_ada", notification(4).id)
    made: list[str] = []
    calls.append(lambda operation, parameters: made.append(operation))
    assert inbox.unread("usr_ada", [notification(number).id for number in range(6)]) == {notification(3).id}
    assert made == ["BatchGetItem"]


def test_very_much_is_deleted_in_several_transactions(calls: list[Call]) -> None:
    inbox = DynamoInbox()
    for number in range(45):
        inbox.deliver("usr_ada", notification(number))
    inbox.read_all("usr_ada")
    inbox.deliver("usr_ada", notification(60))
    arrivals = [lambda: inbox.deliver("usr_ada", notification(61))]

    def interfere(operation: str, parameters: dict[str, Any]) -> None:
        if operation == "TransactWriteItems" and arrivals:
            arrivals.pop()()

    calls.append(interfere)
    assert inbox.delete_read("usr_ada") == 45
    page = whole("usr_ada")
    assert ([item.title for item in page.items], page.unread_count) == (["News 61", "News 60"], 2)


def test_reading_everything_is_one_write_however_much_there_is(calls: list[Call]) -> None:
    inbox = DynamoInbox()
    for number in range(30):
        inbox.deliver("usr_ada", notification(number))
    made: list[str] = []
    calls.append(lambda operation, parameters: made.append(operation))
    inbox.read_all("usr_ada")
    assert made == ["TransactWriteItems"]
    assert whole("usr_ada").unread_count == 0


def test_an_inbox_is_its_owners_alone(table: Table) -> None:
    inbox = DynamoInbox()
    for number in range(3):
        inbox.deliver("usr_ada", notification(number))
    assert whole("usr_bob") == InboxPage([], None, 0)
    with pytest.raises(NotFound):
        inbox.delete("usr_bob", notification(1).id)
    with pytest.raises(NotFound):
        inbox.read("usr_bob", notification(1).id)
    cursor = inbox.page("usr_ada", limit=1, cursor=None).next_cursor
    with pytest.raises(Malformed):
        inbox.page("usr_bob", limit=1, cursor=cursor)
