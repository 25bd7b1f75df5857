"""A message that fails goes back alone and is logged; nothing is lost and nobody is quoted."""

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from pynamodb.exceptions import PutError

from shared import correlation
from shared.errors import Busy
from shared.messages import OrderExpired, UserRegistered
from shared.worker import Worker
from tests.support import CONTEXT, deliver, sqs_event

SEEN: list[UserRegistered] = []


BROKEN = {
    "Eve": LookupError("no such thing"),
    "Busy": Busy("Somebody else is at it."),
    "Slow": PutError(cause=ReadTimeoutError(endpoint_url="https://dynamodb")),
    "Mail": ClientError({"Error": {"Code": "ThrottlingException"}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "SendEmail"),
    "Torn": ClientError({"Error": {"Code": "InternalFailure"}, "ResponseMetadata": {"HTTPStatusCode": 500}}, "SendEmail"),
    "Denied": ClientError({"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "SendEmail"),
}


def take(message: UserRegistered) -> None:
    if message.name in BROKEN:
        raise BROKEN[message.name]
    SEEN.append(message)


handler = Worker({UserRegistered: take})


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    SEEN.clear()


def registered(name: str) -> UserRegistered:
    return UserRegistered(user_id="usr_1", email="somebody@example.org", name=name, correlation_id=f"of-{name}")


def test_each_message_reaches_the_reaction_to_its_kind() -> None:
    ada, bob = registered("Ada"), registered("Bob")
    assert deliver(handler, ada, bob) == []
    assert [ada, bob] == SEEN


def test_one_that_fails_goes_back_alone() -> None:
    assert deliver(handler, registered("Ada"), registered("Eve"), registered("Bob")) == ["m-1"]
    assert [message.name for message in SEEN] == ["Ada", "Bob"]


def test_all_that_fail_go_back() -> None:
    assert deliver(handler, registered("Eve"), registered("Eve")) == ["m-0", "m-1"]


def test_one_that_nobody_here_reacts_to_goes_back_rather_than_being_lost() -> None:
    assert deliver(handler, OrderExpired(conference_id="cnf_1", order_id="ord_1", buyer_id="usr_1")) == ["m-0"]


def test_one_that_is_not_what_it_says_goes_back() -> None:
    event = sqs_event(registered("Ada"))
    event["Records"][0]["body"] = event["Records"][0]["body"].replace("UserRegistered", "OrderPaid")
    assert handler(event, CONTEXT) == {"batchItemFailures": [{"itemIdentifier": "m-0"}]}  # type: ignore[arg-type]  # a stand-in


def test_the_correlation_id_is_taken_up() -> None:
    deliver(handler, registered("Ada"))
    assert correlation.current() == "of-Ada"


def test_what_was_reacted_to_is_logged_by_message_and_queue(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        deliver(handler, ada := registered("Ada"))
    [record] = caplog.records
    told = {name: vars(record)[name] for name in ("kind", "message_id", "queue", "attempt")}
    assert told == {"kind": "UserRegistered", "message_id": ada.id, "queue": "queue", "attempt": "1"}


def test_a_failure_is_logged_with_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    deliver(handler, registered("Eve"))
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.exc_info is not None
    assert record.exc_info[0] is LookupError


@pytest.mark.parametrize(
    ("name", "passing"), [("Eve", False), ("Busy", True), ("Slow", True), ("Mail", True), ("Torn", True), ("Denied", False)]
)
def test_whoever_reads_the_log_is_told_whether_a_failure_will_pass(
    name: str, passing: bool, caplog: pytest.LogCaptureFixture
) -> None:
    assert deliver(handler, registered(name)) == ["m-0"]
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert vars(record)["passing"] is passing


def test_what_is_not_understood_is_logged_without_quoting_it(caplog: pytest.LogCaptureFixture) -> None:
    event = sqs_event(registered("Ada"))
    event["Records"][0]["body"] = event["Records"][0]["body"].replace("UserRegistered", "OrderPaid")
    handler(event, CONTEXT)  # type: ignore[arg-type]  # a stand-in for the context
    logged = " ".join(str(vars(record)) for record in caplog.records)
    assert "ValidationError" in logged
    assert "OrderPaid" in logged
    assert "somebody@example.org" not in logged
