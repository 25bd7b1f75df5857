"""The message edge every context shares: SQS batches of EventBridge events, each message on its own.

A message that fails goes back to the queue alone (partial batch response) and, after five tries, to the dead-letter queue.
"""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from shared import correlation, messages
from shared.errors import JsonObject
from shared.passing import is_passing
from shared.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# What is done about each kind of message; each callable takes the kind it is filed under, and must be safe to repeat.
Reactions = Mapping[type[Any], Callable[[Any], None]]


class Worker:
    """The Lambda handler of a queue: each message goes to the reaction for its kind; one without a reaction fails.

    Powertools' batch processor would do the same, and cost every worker a third of its cold start: it brings asyncio and models of
    Kafka and Kinesis (`make bench PARTS=imports`).
    """

    def __init__(self, reactions: Reactions) -> None:
        self.reactions = reactions

    def __call__(self, event: JsonObject, context: "LambdaContext") -> JsonObject:
        failed = []
        for record in event["Records"]:
            try:
                self._react(record)
            except Exception:  # noqa: BLE001  # logged where it was raised; the queue hears of this one, and the others are done
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}

    def _react(self, record: JsonObject) -> None:
        message = _read(json.loads(record["body"]))
        correlation.follow(message.correlation_id)
        logger.set_correlation_id(message.correlation_id)
        told: dict[str, Any] = {  # log members, of whatever type
            "kind": type(message).__name__,
            "message_id": message.id,
            "queue": record["eventSourceARN"].rpartition(":")[2],
            "attempt": record["attributes"]["ApproximateReceiveCount"],
        }
        try:
            self.reactions[type(message)](message)
        except Exception as failure:
            logger.exception("message failed", passing=is_passing(failure), **told)
            raise
        logger.info("message", **told)


def _read(event: JsonObject) -> messages.Message:
    try:
        return messages.parse(event["detail-type"], event["detail"])
    except Exception as failure:
        # Without its text, which quotes the message and with it a person.
        logger.error("message not understood", kind=event.get("detail-type"), failure=type(failure).__name__)
        raise
