"""What is lost comes back: dead letters by redriving them, read sides from the archive, a table from its backup."""

from datetime import timedelta
from typing import Any

import boto3
import pytest

from functions.tickets import secret
from localstack.dead_letters import Queues
from localstack.replay import SIDES, empty
from localstack.restore import put_back, restore_beside
from tests.contract.template import RESOURCES
from tests.moto.platform import CONTEXTS, Platform, Queued, platform
from tests.moto.test_clock_skew import reserve, unmailed
from tests.moto.test_journey_faults import LATER, SOON, Conference, guest, quickly, wrong

__all__ = ["platform", "quickly"]


@pytest.fixture
def there(platform: Platform, quickly: None) -> Conference:
    return Conference(platform)


def dynamodb() -> Any:
    return boto3.client("dynamodb")


def test_a_dead_letter_that_is_put_back_has_its_effect_once(there: Conference, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = there.platform
    held = reserve(there, guest("ada"))
    with monkeypatch.context() as broken:
        broken.delenv("TICKET_SECRET")  # a deployment that forgot it
        secret.forget()
        paid = platform.ask(guest("ada"), "POST", f"/orders/{held['id']}/payments", {"method": "simulated"}, key="pay")
        assert paid.status < 300
        platform.work_off(LATER)
    assert [each.taken for each in platform.dead["Tickets"]] == [5]
    assert platform.ask(guest("ada"), "GET", "/tickets").json["items"] == []
    for each in redriven("Tickets", platform.dead.pop("Tickets")):
        platform.queues["Tickets"].append(Queued(each, platform.clock.now()))
        platform.queues["Tickets"].append(Queued(each, platform.clock.now()))  # as it may come twice
    platform.work_off(LATER)
    assert len(platform.ask(guest("ada"), "GET", "/tickets").json["items"]) == 1
    assert wrong(platform) == []


def redriven(context: str, dead: list[Queued]) -> list[str]:
    """What `make redrive` puts into the queue of a context, of what lay among its dead letters."""
    sqs = boto3.client("sqs")
    names = (f"{context}Queue", f"{context}DeadLetters")
    queues = Queues.of(sqs, {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in names})
    for each in dead:
        sqs.send_message(QueueUrl=queues.dead[context], MessageBody=each.body)
    assert queues.redrive(context) == len(dead)
    back = sqs.receive_message(QueueUrl=queues.work[context], MaxNumberOfMessages=10)["Messages"]
    return [each["Body"] for each in back]


@pytest.mark.parametrize("name", sorted(SIDES))
def test_a_read_side_is_made_anew_from_the_archive_with_the_same_figures(there: Conference, name: str) -> None:
    platform, side = there.platform, SIDES[name]
    first, second, third = there.buy(guest("ada"), quantity=3)
    there.enter(first)
    there.enter(second)
    annulled = platform.ask(there.door, "DELETE", f"/tickets/check-in/{second['id']}")
    assert annulled.status == 200, annulled
    there.enter(third)
    reserve(there, guest("bob"))
    platform.work_off(LATER)
    before = side.figures(platform.rows(side.context))
    assert before
    assert empty(dynamodb(), f"{side.context}Table", side) >= len(before)
    assert not side.figures(platform.rows(side.context))
    platform.replay(side.queue)
    platform.work_off(LATER)
    assert side.figures(platform.rows(side.context)) == before
    platform.replay()  # every message to everybody, as where a replay cannot be told whom it is for
    platform.work_off(LATER)
    assert side.figures(platform.rows(side.context)) == before
    assert [each for each in unmailed(platform) if "mailed" not in each] == []


def test_every_table_can_be_put_back_to_a_point_in_time() -> None:
    for context in CONTEXTS:
        assert RESOURCES[f"{context}Table"]["Properties"]["PointInTimeRecoverySpecification"] == {
            "PointInTimeRecoveryEnabled": True
        }


@pytest.fixture
def backup(there: Conference) -> str:
    """Of the table of orders, from when one order was paid and another was held."""
    there.buy(guest("ada"))
    reserve(there, guest("bob"))
    return restore_beside(dynamodb(), "OrdersTable")


def test_what_a_table_lost_is_put_back_and_what_went_by_meanwhile_is_mended(there: Conference, backup: str) -> None:
    platform = there.platform
    there.buy(guest("eve"))  # after the backup: it stays
    platform.work_off(SOON)
    lose(there, "ada", "bob")
    platform.work_off(LATER)  # the hold ends, and there is no order that it was of
    assert wrong(platform) != []
    missing = put_back(dynamodb(), backup, "OrdersTable")
    assert put_back(dynamodb(), backup, "OrdersTable") == []
    platform.streams["Relay"]["OrdersTable"] += [item for item in missing if item["kind"]["S"] == "Outbox"]
    platform.work_off(LATER)
    platform.clock.by += timedelta(minutes=2)
    platform.run("OrdersReconciliation", {})
    platform.work_off(LATER)
    states = sorted(order["status"] for order in platform.kept("Orders", "Order"))
    assert states == ["expired", "paid", "paid"]
    assert unmailed(platform) == []


def lose(there: Conference, *names: str) -> None:
    """Their orders, and the messages of these."""
    lost = [guest(name).user_id for name in names]
    for row in there.platform.rows("Orders"):
        if row["kind"] in ("Order", "Outbox") and any(user_id in str(row) for user_id in lost):
            dynamodb().delete_item(TableName="OrdersTable", Key={"pk": {"S": row["pk"]}, "sk": {"S": row["sk"]}})


def test_a_table_can_be_made_exactly_what_it_was(there: Conference, backup: str) -> None:
    before = dynamodb().scan(TableName=backup)["Items"]
    there.buy(guest("eve"))
    lose(there, "ada")
    put_back(dynamodb(), backup, "OrdersTable", exactly=True)
    after = dynamodb().scan(TableName="OrdersTable")["Items"]
    assert sorted(after, key=str) == sorted(before, key=str)
