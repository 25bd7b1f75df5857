"""The message edge every context shares: SQS batches of EventBridge events, each message on its own.

A message that fails goes back to the queue alone (partial batch response) and, after five tries, to the dead-letter queue.
"""

from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import correlation, messages
from shared.errors import JsonObject
from shared.passing import is_passing
from shared.telemetry import logger

# What is done about each kind of message; each callable takes the kind it is filed under, and must be safe to repeat.
Reactions = Mapping[type[Any], Callable[[Any], None]]


class Worker:
    """The Lambda handler of a queue: each message goes to the reaction for its kind; one without a reaction fails."""

    def __init__(self, reactions: Reactions) -> None:
        self.reactions = reactions
        # A batch that failed as a whole is reported message by message too: the exception it would raise quotes the messages.
        self._processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

    def __call__(self, event: JsonObject, context: LambdaContext) -> JsonObject:
        return dict(process_partial_response(event=event, record_handler=self._react, processor=self._processor, context=context))

    def _react(self, record: SQSRecord) -> None:
        message = _read(record.json_body)
        correlation.follow(message.correlation_id)
        logger.set_correlation_id(message.correlation_id)
        told: dict[str, Any] = {  # log members, of whatever type
            "kind": type(message).__name__,
            "message_id": message.id,
            "attempt": record.attributes.approximate_receive_count,
        }
        try:
            self.reactions[type(message)](message)
        except Exception as failure:
            # Powertools notes the failure for SQS and says nothing of its cause.
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
