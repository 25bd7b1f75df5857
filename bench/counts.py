"""Each operation once, on an in-memory AWS: what it asks of DynamoDB and Redis, what it answers, and what follows from it."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

from aws_lambda_powertools.utilities import parameters
from moto import mock_aws
from redis import Redis

from bench import aws
from bench.operations import CROWD, Operation, World, operations, others
from bench.platform import Platform, joined
from bench.settings import SETTINGS
from bench.tally import Count
from functions.events import cache as agendas
from functions.notifications import ses
from functions.orders.cache import recent_offers
from functions.tickets import secret
from localstack.emulator import valkey
from localstack.ports import HOST, free_port


@contextmanager
def world(crowd: int = CROWD) -> Iterator[World]:
    """A conference on a platform in memory, whose agenda is cached (in a Valkey of its own), and lists of so many."""
    with mock_aws(), cache() as url, patch.dict(os.environ, SETTINGS), fresh(), joined(aws.tables()) as platform:
        jwks = aws.secrets().jwks()
        aws.mail()
        aws.buckets()
        with patch.dict(os.environ, QUEUE_URL=aws.queue(), AGENDA_CACHE_URL=url, JWKS=jwks):
            yield World(platform, crowd=crowd).found()


@contextmanager
def cache() -> Iterator[str]:
    """The URL of a Valkey, and an agenda cache that neither gives up nor asks the table again, however busy the machine is."""
    patient = patch.multiple(agendas, _CONNECT=30.0, _ANSWER=30.0, _TRUST=3600.0)
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, valkey(port, Path(folder)), patient:
        yield f"redis://{HOST}:{port}/0"


@contextmanager
def fresh() -> Iterator[None]:
    """What the functions keep from one invocation to the next is forgotten before and after."""
    for again in (False, True):
        for forget in (
            secret.forget,
            ses._ses.cache_clear,
            parameters.clear_caches,
            agendas._cache_at.cache_clear,
            recent_offers.cache_clear,
        ):
            forget()
        if not again:
            yield


def counts(at: World) -> list[Count]:
    return [count(at.platform, operation) for operation in (*operations(at), *others(at))]


def count(platform: Platform, operation: Operation) -> Count:
    """The second time it is done: the first one may find a cache cold."""
    platform.handle(operation.context, operation.event())
    event = operation.event()
    with platform.counting() as own, redis_calls() as commands:
        platform.handle(operation.context, event, settle=False)
    with platform.counting() as after:
        platform.settle()
    return Count(operation.name, own, after, len(commands))


@contextmanager
def redis_calls() -> Iterator[list[str]]:
    """The commands sent to Redis within the block."""
    commands: list[str] = []
    real = cast("Callable[..., Any]", Redis.execute_command)

    def counted(client: Any, *args: Any, **options: Any) -> Any:
        commands.append(args[0])
        return real(client, *args, **options)

    with patch.object(Redis, "execute_command", counted):
        yield commands
