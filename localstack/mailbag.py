"""A bus that is at its worst: what the relay puts on it goes out twice, at moments of its own choosing, and so in another order."""

import heapq
import json
import threading
import time
from random import Random
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from localstack.breaking import Call
from localstack.endpoint import Endpoint

_SPREAD = 4.0  # seconds at most between a message and the next moment at which it goes out
_AT_ONCE = 10  # entries, as PutEvents takes


class Mailbag:
    """Leaving the `with` block puts what is left."""

    def __init__(self, endpoint: Endpoint, seed: int = 4, spread: float = _SPREAD) -> None:
        self._events, self._spread = endpoint.client("events"), spread
        self._dice = Random(seed)  # noqa: S311  # no secret
        self._due: list[tuple[float, str, dict[str, Any]]] = []
        self._changed = threading.Condition()
        self._open = True
        self._thread = threading.Thread(target=self._deliver, daemon=True)
        self.taken = self.put = 0

    def take(self, call: Call, body: bytes) -> bytes | None:
        """The answer to a PutEvents, whose entries are kept for later; None for any other call."""
        if call.operation != "PutEvents":
            return None
        entries = json.loads(body)["Entries"]
        with self._changed:
            for entry in [*entries, *entries]:
                heapq.heappush(self._due, (time.monotonic() + self._dice.uniform(0, self._spread), uuid4().hex, entry))
            self.taken += len(entries)
            self._changed.notify()
        return json.dumps({"FailedEntryCount": 0, "Entries": [{"EventId": str(uuid4())} for _ in entries]}).encode()

    def _deliver(self) -> None:
        while entries := self._next():
            while not self._is_put(entries):
                time.sleep(0.5)  # between two tries: the emulator may be down for a moment
            self.put += len(entries)

    def _is_put(self, entries: list[dict[str, Any]]) -> bool:
        try:
            self._events.put_events(Entries=entries)
        except (BotoCoreError, ClientError):
            return False
        return True

    def _next(self) -> list[dict[str, Any]]:
        """What is due, once something is; nothing at the end."""
        with self._changed:
            while self._open and not (self._due and self._due[0][0] <= time.monotonic()):
                self._changed.wait(max(0.0, self._due[0][0] - time.monotonic()) if self._due else None)
            return [heapq.heappop(self._due)[2] for _ in range(min(_AT_ONCE, len(self._due))) if self._is_due()]

    def _is_due(self) -> bool:
        return not self._open or self._due[0][0] <= time.monotonic()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._changed:
            self._open = False
            self._changed.notify()
        self._thread.join()
