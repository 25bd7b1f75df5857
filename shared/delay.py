"""Messages to come back later, on the context's own queue."""

import json
from functools import cache
from typing import TYPE_CHECKING

from shared.config import env
from shared.messages import Message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_FURTHEST = 900  # seconds: the longest delay of an SQS message


@cache
def _queue() -> "SQSClient":
    import boto3

    return boto3.client("sqs")


class SqsDelay:
    def send(self, message: Message, seconds: int) -> None:
        # In the form in which the bus delivers it, so that one reaction serves both.
        event = {"detail-type": type(message).__name__, "source": message.source, "detail": json.loads(message.to_json())}
        _queue().send_message(QueueUrl=env("QUEUE_URL"), MessageBody=json.dumps(event), DelaySeconds=min(_FURTHEST, seconds))
