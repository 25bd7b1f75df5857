"""Somebody at the queues who makes of them what SQS says that they may be: messages come twice, late and in another order.

A message that is taken and not deleted is one whose receiver died; one whose worker runs and which stays is one whose deletion got
lost; one that is sent again for later has been overtaken. It takes each but once: after five tries a message is a dead letter.
"""

import json
import threading
from collections import Counter
from contextlib import suppress
from random import Random
from types import TracebackType
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from localstack.endpoint import Endpoint

_AT_ONCE = 2  # messages of one queue in a look
_LATER = 6  # seconds at most by which a repeat comes later


class Thief:
    """`queues`: the URL and the worker of each, by name. Robs within the `with` block, `most` messages of each queue at most."""

    def __init__(self, endpoint: Endpoint, queues: dict[str, tuple[str, str]], most: int, seed: int = 7) -> None:
        self._sqs, self._functions, self._queues = endpoint.client("sqs"), endpoint.client("lambda"), queues
        self._left = dict.fromkeys(queues, most)
        self._dice = Random(seed)  # noqa: S311  # no secret
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._rob, daemon=True)
        self.done: Counter[str] = Counter()

    def calm(self) -> None:
        self._ended.set()

    def _rob(self) -> None:
        while any(self._left.values()) and not self._ended.wait(0.02):  # between two looks; it is after what the workers are after
            for name in [name for name, left in self._left.items() if left]:
                with suppress(BotoCoreError, ClientError):  # the emulator may be down
                    self._look(name)

    def _look(self, name: str) -> None:
        url, worker = self._queues[name]
        got = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=_AT_ONCE, AttributeNames=["All"])
        for message in got.get("Messages", []):
            if message["Attributes"]["ApproximateReceiveCount"] != "1":
                self._put_back(url, message)
                continue
            self._left[name] -= 1
            act = self._dice.choice((self._lose, self._work, self._repeat))
            act(url, worker, message)

    def _put_back(self, url: str, message: Any) -> None:
        self._sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)

    def _lose(self, url: str, worker: str, message: Any) -> None:
        self.done["received and lost"] += 1

    def _work(self, url: str, worker: str, message: Any) -> None:
        """As Lambda does, but for the deletion."""
        attributes = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        record = {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": attributes["QueueArn"],
        }
        self._functions.invoke(FunctionName=worker, Payload=json.dumps({"Records": [record]}))
        self.done["worked off and not deleted"] += 1

    def _repeat(self, url: str, worker: str, message: Any) -> None:
        self._sqs.send_message(QueueUrl=url, MessageBody=message["Body"], DelaySeconds=self._dice.randint(1, _LATER))
        self._put_back(url, message)
        self.done["sent twice, once later"] += 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.calm()
        self._thread.join()
