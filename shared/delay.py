"""Messages to come back later, or to be shared out, on the context's own queue."""

import json
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from shared.config import env
from shared.messages import Message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

_FURTHEST = 900  # seconds: the longest delay of an SQS message
_TOGETHER = 10  # messages that one call takes


class NotQueued(RuntimeError):
    """SQS took a call and not every message in it."""


@cache
def _queue() -> "SQSClient":
    import boto3

    return boto3.client("sqs")


class SqsDelay:
    def send(self, message: Message, seconds: int) -> None:
        _queue().send_message(QueueUrl=env("QUEUE_URL"), MessageBody=_event(message), DelaySeconds=min(_FURTHEST, seconds))

    def send_all(self, messages: Sequence[Message]) -> None:
        """At once, for as many runs of the worker as it takes. Raises NotQueued where some were refused: all may be sent again."""
        for start in range(0, len(messages), _TOGETHER):
            entries: list[SendMessageBatchRequestEntryTypeDef] = [
                {"Id": str(number), "MessageBody": _event(message)}
                for number, message in enumerate(messages[start : start + _TOGETHER])
            ]
            refused = _queue().send_message_batch(QueueUrl=env("QUEUE_URL"), Entries=entries).get("Failed", [])
            if refused:
                raise NotQueued(refused[0]["Code"])


def _event(message: Message) -> str:
    """In the form in which the bus delivers it, so that one reaction serves both."""
    return json.dumps({"detail-type": type(message).__name__, "source": message.source, "detail": json.loads(message.to_json())})
