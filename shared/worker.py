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
from shared.telemetry import logger

# The messages of each kind are taken one at a time; what an effect does must be safe to repeat.
Reactions = Mapping[type[Any], Callable[[Any], None]]  # each callable takes the message type it is filed under


def worker(reactions: Reactions) -> Callable[[JsonObject, LambdaContext], JsonObject]:
    """The Lambda handler of a queue: each message goes to the reaction for its type; one without a reaction fails."""
    processor = BatchProcessor(event_type=EventType.SQS)

    def react(record: SQSRecord) -> None:
        event = record.json_body
        message = messages.parse(event["detail-type"], event["detail"])
        correlation.follow(message.correlation_id)
        logger.set_correlation_id(message.correlation_id)
        reactions[type(message)](message)
        attempt = record.attributes.approximate_receive_count
        logger.info("message", kind=type(message).__name__, message_id=message.id, attempt=attempt)

    def handler(event: JsonObject, context: LambdaContext) -> JsonObject:
        return dict(process_partial_response(event=event, record_handler=react, processor=processor, context=context))

    return handler
