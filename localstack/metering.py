"""What a load asked of the platform, and how long each answer took: counted where the requests leave, whoever sends them."""

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path

import httpx

from localstack.client import named

_ID = re.compile(r"(?<=/)(?:[a-z]{3}_[0-9A-Za-z]+|[0-9a-f]{32})(?=/|$)")
_STAGE = "/_user_request_"  # before the path, in an emulator's URL
# What belongs to a conference day: being too late, full, seen already, asked to come back.
_PART_OF_IT = {"409 sold-out", "409 busy", "429 too-many-requests"}


@dataclass(frozen=True, slots=True)
class Sample:
    at: float  # seconds since the meter began, when the answer was there
    phase: str
    operation: str  # POST /orders/{id}/payments
    seconds: float
    outcome: str  # 201, 409 sold-out, no answer

    @property
    def is_error(self) -> bool:
        return self.outcome not in _PART_OF_IT and not self.outcome.startswith(("2", "3"))


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one operation; milliseconds."""

    operation: str
    asked: int
    p50: float
    p95: float
    p99: float
    slowest: float


class Meter:
    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock, self._began = clock, clock()
        self.samples: list[Sample] = []
        self.phases: list[tuple[str, float, float]] = []  # with when each began and ended
        self._phase = ""

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        self._phase, began = name, self._now()
        try:
            yield
        finally:
            self.phases.append((name, began, self._now()))
            self._phase = ""

    def note(self, operation: str, seconds: float, outcome: str) -> None:
        self.samples.append(Sample(self._now(), self._phase, operation, seconds, outcome))

    def _now(self) -> float:
        return self._clock() - self._began

    def figures(self) -> list[Figures]:
        """The most asked first."""
        by_operation: dict[str, list[float]] = {}
        for each in self.samples:
            by_operation.setdefault(each.operation, []).append(each.seconds * 1000)
        found = [
            Figures(operation, len(took), *(percentile(took, share) for share in (0.5, 0.95, 0.99, 1)))
            for operation, took in by_operation.items()
        ]
        return sorted(found, key=lambda each: -each.asked)

    def errors(self) -> Counter[tuple[str, str]]:
        """How often which operation ended in which error."""
        return Counter((each.operation, each.outcome) for each in self.samples if each.is_error)

    @contextmanager
    def telling(self, say: Callable[[str], None], every: float = 5.0) -> Iterator[None]:
        """Says how it goes while the block runs."""
        ended = threading.Event()

        def tell() -> None:
            told = len(self.samples)
            while not ended.wait(every):
                fresh = self.samples[told:]
                told += len(fresh)
                if fresh or self._phase:  # afterwards the tables are read, and nobody asks
                    say(f"  {self._phase or 'between'}: {pace(fresh, every)}")

        thread = threading.Thread(target=tell, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def keep(self, file: Path) -> None:
        """For whoever draws it."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"phases": self.phases, "samples": [asdict(each) for each in self.samples]}))


def pace(samples: Sequence[Sample], seconds: float) -> str:
    if not samples:
        return "no answer yet"
    took = [each.seconds * 1000 for each in samples]
    errors = sum(each.is_error for each in samples)
    told = f"{len(samples) / seconds:.1f} answers a second, p50 {percentile(took, 0.5):.0f} ms, p95 {percentile(took, 0.95):.0f} ms"
    return told + (f", errors: {errors}" if errors else "")


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that is at least as large as this share of them."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def operation(method: str, path: str) -> str:
    """POST /orders/{id}/payments: what is asked for, whichever it is asked of."""
    return f"{method} {_ID.sub('{id}', path.rpartition(_STAGE)[2])}"


class Metered(httpx.HTTPTransport):
    """Sends, and notes each answer once all of it is there."""

    def __init__(self, meter: Meter, concurrency: int) -> None:
        super().__init__(limits=httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency))
        self._meter = meter

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        began, outcome = time.perf_counter(), named(None)
        try:
            answer = super().handle_request(request)
            answer.read()
            outcome = named(answer)
            return answer
        finally:
            self._meter.note(operation(request.method, request.url.path), time.perf_counter() - began, outcome)
