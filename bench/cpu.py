"""The CPU time of a warm handler, over that of bare botocore making the same calls of DynamoDB.

Each operation is done once on an in-memory AWS while DynamoDB's answers are recorded. Then the same request is handled again and
again, each call being given the answer recorded for it instead of going out, and so are the same calls by botocore alone. So both
sides serialise, sign and parse the same bytes; the network, which is the same for both, is left out: that makes the ratio stricter.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch
from zlib import crc32

import botocore.endpoint
import botocore.session
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session
from moto.core.botocore_stubber import BotocoreStubber
from redis import Redis

from bench.counts import world
from bench.cpu_time import Cpu
from bench.operations import Event, Operation, operations
from bench.platform import Platform, handler
from tests.support import CONTEXT

RUNS, ROUNDS = 10, 80  # requests in a round; the quickest round counts, as others on the machine can only add to it


@dataclass
class Recording:
    operation: Operation
    event: Event
    requests: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    cached: list[Any] = field(default_factory=list)  # what Redis answered


def cpu() -> list[Cpu]:
    """Of each operation of the budget."""
    with world() as at:
        return [measure(record(at.platform, each)) for each in operations(at)]


def record(platform: Platform, operation: Operation) -> Recording:
    """What is asked and answered in one warm run."""
    platform.handle(operation.context, operation.event())
    made = Recording(operation, operation.event())
    convert, execute = botocore.endpoint.convert_to_response_dict, cast("Callable[..., Any]", Redis.execute_command)

    seen: list[Any] = []  # botocore converts each answer twice

    def kept(response: Any, model: Any) -> Any:
        if model.service_model.service_name == "dynamodb" and not platform.meter.is_looking and response not in seen:
            seen.append(response)
            body = response.content.replace(f'"ketemu-{operation.context}"'.encode(), b'"ketemu"')
            headers = dict(response.headers) | {"x-amz-crc32": str(crc32(body))}  # which botocore checks
            made.answers.append((response.status_code, headers, body))
        return convert(response, model)

    def cached(*args: Any, **options: Any) -> Any:
        made.cached.append(execute(*args, **options))
        return made.cached[-1]

    patched = patch.object(botocore.endpoint, "convert_to_response_dict", kept), patch.object(Redis, "execute_command", cached)
    with platform.counting(), patched[0], patched[1]:
        platform.handle(operation.context, made.event, settle=False)
        made.requests = list(platform.meter.calls)
    platform.settle()
    return made


def measure(made: Recording) -> Cpu:
    """Within the world that it was recorded in, whose secrets and settings the handler has."""
    handle = handler(made.operation.context)
    client = botocore.session.get_session().create_client("dynamodb")
    calls = [(getattr(client, xform_name(operation)), request) for operation, request in made.requests]

    def handled() -> Any:
        return handle(made.event, CONTEXT)

    def bare() -> None:
        for call, request in calls:
            call(**request)

    with replayed(made), silence():
        expected = handled()
        if int(expected.get("statusCode", 200)) >= 400:  # a refusal: of what was granted when it was recorded
            raise AssertionError(made.operation.name, expected)
        ours, theirs = quickest(handled, bare if calls else None)
    return Cpu(made.operation.name, ours * 1000, ours / theirs if theirs else None)


def quickest(run: Callable[[], Any], other: Callable[[], None] | None) -> tuple[float, float]:
    """Seconds of CPU of one run of each; they take turns, so that both see the same machine."""
    least = [float("inf"), float("inf")]
    for _ in range(ROUNDS):
        for which, each in enumerate((run, other)):
            if each:
                began = time.process_time()
                for _ in range(RUNS):
                    each()
                least[which] = min(least[which], (time.process_time() - began) / RUNS)
    return least[0], least[1] if other else 0.0


@contextmanager
def replayed(made: Recording) -> Iterator[None]:
    """Every call is given what was recorded, in its order, over and over."""
    turn = {"database": 0, "cache": 0}

    def following(what: str, recorded: list[Any]) -> Any:
        turn[what] += 1
        return recorded[(turn[what] - 1) % len(recorded)]

    def sent(_: Any, request: Any) -> AWSResponse:
        status, headers, body = following("database", made.answers)
        raw = SimpleNamespace(stream=lambda: iter([body]))
        return AWSResponse(request.url, status, cast("Any", headers), raw)  # Any: its stubs know no plain dict

    def cached(*_: Any, **__: Any) -> Any:
        return following("cache", made.cached)

    aside = patch.object(BotocoreStubber, "__call__", lambda *_, **__: None)  # the in-memory AWS, while it is not asked
    with aside, patch.object(URLLib3Session, "send", sent), patch.object(Redis, "execute_command", cached):
        yield


@contextmanager
def silence() -> Iterator[None]:
    """The handlers' logs are written, to nowhere."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
