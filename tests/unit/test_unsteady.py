"""What fails beneath a conference day: as often as it is told to, in the ways it is told to, and no longer than that."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from moto import mock_aws

from localstack.breaking import Call
from localstack.thief import Thief
from localstack.unsteady import Clocks, Outage, Unsteady, Weather

MAIL = Weather(share=1, most=5, ways=("throttled",), operations=frozenset({"SendRawEmail"}))


def calls(number: int, operation: str = "SendRawEmail", function: str = "NotificationsWorker") -> list[Call]:
    return [Call(function, operation, str(each)) for each in range(number)]


def test_no_more_calls_break_than_it_may_break() -> None:
    plan = Unsteady(MAIL, seed=1)
    assert Counter(map(plan, calls(20))) == {"throttled": 5, None: 15}
    assert plan.broken == {"NotificationsWorker: throttled": 5}


def test_only_calls_under_its_weather_break() -> None:
    plan = Unsteady(MAIL, seed=1)
    assert {plan(call) for call in calls(5, operation="Query")} == {None}
    here = Unsteady(Weather(share=1, most=5, functions=frozenset({"Relay"})), seed=1)
    assert {here(call) for call in calls(5)} == {None}
    assert None not in {here(call) for call in calls(5, function="Relay")}


def test_some_calls_break_for_as_long_as_a_client_repeats_them_and_others_once() -> None:
    plan, again = Unsteady(Weather(share=1, most=20, ways=("throttled",)), seed=1), Counter[int]()
    for call in calls(20):
        ways = [plan(call) for _ in range(6)] if plan._left else []
        again[sum(way is not None for way in ways)] += 1
    assert len(again) > 1


def test_a_killed_function_is_killed_once() -> None:
    plan = Unsteady(Weather(share=1, most=1, ways=("killed after",)), seed=1)
    [call] = calls(1)
    assert [plan(call), plan(call)] == ["killed after", None]


def test_nothing_breaks_once_it_is_calm() -> None:
    plan = Unsteady(Weather(share=1, most=50), seed=1)
    first = calls(10)
    assert None not in set(map(plan, first))
    plan.calm()
    assert {plan(call) for call in [*first, *calls(20, function="Relay")]} == {None}


def test_an_outage_is_of_one_function_and_ends() -> None:
    outage, mine, other = Outage("ContactsWorker"), calls(1, "GetItem", "ContactsWorker")[0], calls(1)[0]
    assert outage(mine) is None
    outage.begin()
    assert (outage(mine), outage(other)) == ("unavailable", None)
    outage.end()
    assert outage(mine) is None
    assert outage.met == 1


def test_a_wrong_clock_is_seen_in_the_dates_of_its_functions_calls_and_breaks_nothing() -> None:
    clocks = Clocks({"OrdersApi": -120, "TicketsApi": 120})
    made = [
        Call("OrdersApi", "Query", "", ahead=-118),
        Call("OrdersApi", "Query", "", ahead=0),  # before it had its clock
        Call("TicketsApi", "Query", "", ahead=119),
        Call("ContactsApi", "Query", "", ahead=120),
    ]
    assert {clocks(call) for call in made} == {None}
    assert clocks.seen == {"OrdersApi -120 s": 1, "TicketsApi +120 s": 1}


class Stack:
    """SQS as moto has it, and a worker that notes what it is given."""

    def __init__(self) -> None:
        self.worked: list[Any] = []

    def client(self, service: str) -> Any:
        return boto3.client("sqs") if service == "sqs" else self

    def invoke(self, **request: Any) -> None:
        self.worked.append(request)


@pytest.mark.parametrize(
    ("act", "visible", "there", "worked"), [(Thief._lose, 0, 1, 0), (Thief._work, 0, 1, 1), (Thief._repeat, 1, 2, 0)]
)
def test_no_message_is_lost_by_a_robbery(act: Callable[..., None], visible: int, there: int, worked: int) -> None:
    with mock_aws():
        stack, sqs = Stack(), boto3.client("sqs")
        url = sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="paid")
        thief = Thief(stack, {"Orders": (url, "OrdersWorker")}, most=1)  # type: ignore[arg-type]  # all that it needs of an endpoint
        [message] = sqs.receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"]
        act(thief, url, "OrdersWorker", message)
        about = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        counts = Counter({name: int(value) for name, value in about.items() if name.startswith("ApproximateNumber")})
        assert (counts["ApproximateNumberOfMessages"], counts.total(), len(stack.worked)) == (visible, there, worked)


def test_a_message_is_robbed_once_and_put_back_at_the_second_sight() -> None:
    with mock_aws():
        sqs = boto3.client("sqs")
        url = sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="paid")
        thief = Thief(Stack(), {"Orders": (url, "OrdersWorker")}, most=9)  # type: ignore[arg-type]  # as above
        sqs.receive_message(QueueUrl=url)
        thief._look("Orders")
        assert not thief.done
        assert sqs.receive_message(QueueUrl=url)["Messages"]
