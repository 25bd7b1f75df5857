"""Many readers at once, before a real server that is empty, full, slow or gone: one render where it can be, and right always."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event, Lock, Thread

import pytest
import redis

from functions.events import cache, render_once
from functions.events.agenda import Rendered
from functions.events.cache import NoCache, RedisCache
from functions.events.render_once import Flight, read_through
from tests.unit.test_events_cache import Clock, free_port, valkey

READERS = 200
AGENDA = Rendered.of(1, b'{"release":1}' * 1000)
TURN = "ketemu:agenda:3:cnf_1:turn"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture
def client(server: str) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(server) as connected:
        connected.flushall()
        yield connected
        connected.config_set("maxmemory", "0")


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """200 readers on one machine are slow by themselves: that is not for Redis to be blamed for."""
    monkeypatch.setattr(cache, "_CONNECT", 10)
    monkeypatch.setattr(cache, "_ANSWER", 10)
    monkeypatch.setattr(cache, "_TURN", 30_000)
    monkeypatch.setattr(render_once, "_PAUSES", (0.02,) * 500)


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    heard: list[str] = []
    monkeypatch.setattr(cache.logger, "warning", lambda message, **_: heard.append(message))
    return heard


class Renderer:
    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.renders = 0
        self._lock = Lock()

    def __call__(self) -> Rendered:
        with self._lock:
            self.renders += 1
        time.sleep(self.seconds)
        return AGENDA


def one() -> int:
    """The number of the latest release."""
    return 1


def stampede(read: Callable[[], Rendered]) -> set[Rendered]:
    barrier = Barrier(READERS)

    def reader(_: int) -> Rendered:
        barrier.wait()
        return read()

    with ThreadPoolExecutor(READERS) as readers:
        return set(readers.map(reader, range(READERS)))


def test_a_stampede_within_a_process_renders_once(server: str, client: "redis.Redis", patient: None) -> None:
    render, shelf, flight = Renderer(0.1), RedisCache(server), Flight()
    assert stampede(lambda: read_through(shelf, "cnf_1", render, one, flight)) == {AGENDA}
    assert render.renders == 1


def test_a_stampede_of_as_many_functions_renders_once(server: str, client: "redis.Redis", patient: None) -> None:
    render = Renderer(0.1)
    assert stampede(lambda: read_through(RedisCache(server), "cnf_1", render, one, Flight())) == {AGENDA}
    assert render.renders == 1
    assert not client.exists(TURN)


def test_without_a_cache_those_of_one_process_still_share(patient: None) -> None:
    render, flight = Renderer(0.5), Flight()
    assert stampede(lambda: read_through(NoCache(), "cnf_1", render, one, flight)) == {AGENDA}
    assert render.renders < 5


def test_a_hit_is_one_call_and_a_miss_a_few(server: str, client: "redis.Redis") -> None:
    shelf, render = RedisCache(server), Renderer()

    def calls(read: Callable[[], object]) -> int:
        before = client.info("stats")["total_commands_processed"]
        read()
        return int(client.info("stats")["total_commands_processed"] - before - 1)

    assert calls(lambda: read_through(shelf, "cnf_1", render, one)) <= 10  # two looks, a turn, and two scripts with what they call
    assert calls(lambda: read_through(shelf, "cnf_1", render, one)) == 1
    assert render.renders == 1


def test_another_function_that_renders_is_waited_for(server: str, client: "redis.Redis") -> None:
    render, begun = Renderer(), Event()

    def rendering() -> Rendered:
        begun.set()
        time.sleep(0.1)
        return AGENDA

    other = Thread(target=lambda: read_through(RedisCache(server), "cnf_1", rendering, one, Flight()))
    other.start()
    begun.wait()
    assert read_through(RedisCache(server), "cnf_1", render, one, Flight()) == AGENDA
    other.join()
    assert render.renders == 0


def test_another_function_that_died_holds_nobody_up_for_long(
    server: str, client: "redis.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render_once, "_PAUSES", (0.01, 0.02))
    client.set(TURN, "dead", px=3000)
    shelf, render = RedisCache(server), Renderer()
    assert read_through(shelf, "cnf_1", render, one, Flight()) == AGENDA
    assert render.renders == 1
    assert shelf.get("cnf_1") == AGENDA
    assert client.get(TURN) == b"dead"  # it was not this one's to end


def test_a_turn_that_ended_without_anything_is_the_next_ones(server: str, client: "redis.Redis") -> None:
    render, begun, shelf = Renderer(), Event(), RedisCache(server)

    def broken() -> Rendered:
        begun.set()
        time.sleep(0.1)
        raise LookupError

    with ThreadPoolExecutor(1) as other:
        failing = other.submit(read_through, RedisCache(server), "cnf_1", broken, one, Flight())
        begun.wait()
        with took_at_most(1):
            assert read_through(shelf, "cnf_1", render, one, Flight()) == AGENDA
        assert isinstance(failing.exception(), LookupError)
    assert render.renders == 1


def test_whoever_renders_is_waited_for_as_long_as_a_turn_lasts() -> None:
    assert sum(render_once._PAUSES) * 1000 > cache._TURN


def test_a_turn_ends_by_itself(server: str, client: "redis.Redis") -> None:
    with RedisCache(server).turn("cnf_1") as mine:
        assert mine
        assert 0 < client.pttl(TURN) <= 3000
        with RedisCache(server).turn("cnf_1") as as_well:
            assert not as_well
    assert not client.exists(TURN)


def test_a_render_that_fails_is_told_to_all_who_waited_and_tried_again(server: str, client: "redis.Redis") -> None:
    shelf, flight, begun = RedisCache(server), Flight(), Event()

    def broken() -> Rendered:
        begun.wait()
        raise LookupError

    def reader() -> type[BaseException] | None:
        try:
            read_through(shelf, "cnf_1", broken, one, flight)
        except LookupError:
            return LookupError
        return None

    with ThreadPoolExecutor(3) as readers:
        futures = [readers.submit(reader) for _ in range(3)]
        begun.set()
        assert [future.result() for future in futures] == [LookupError] * 3
    assert read_through(shelf, "cnf_1", Renderer(), one, flight) == AGENDA


def test_a_full_server_is_read_and_not_written_to_until_it_had_a_rest(
    server: str, client: "redis.Redis", warnings: list[str]
) -> None:
    clock, render = Clock(), Renderer()
    shelf = RedisCache(server, clock)
    assert shelf.keep("cnf_held", AGENDA)
    client.config_set("maxmemory", "1")  # byte; and nothing is evicted, as by default
    for _ in range(3):
        assert read_through(shelf, "cnf_1", render, one, Flight()) == AGENDA
        assert read_through(shelf, "cnf_held", render, one, Flight()) == AGENDA
        assert not shelf.keep("cnf_1", AGENDA)
    assert (render.renders, warnings) == (3, ["agenda cache is full"])
    client.config_set("maxmemory", "0")
    clock.time = 5.0
    for _ in range(2):
        assert read_through(shelf, "cnf_1", render, one, Flight()) == AGENDA
    assert render.renders == 4


def test_of_all_readers_one_asks_now_and_then_whether_there_is_a_newer_release(
    server: str, client: "redis.Redis", patient: None
) -> None:
    shared, asked, render = Clock(), Counter[str](), Renderer()

    def latest() -> int:
        asked["table"] += 1
        time.sleep(0.1)  # meanwhile the others read what is held
        return 1

    def read() -> Rendered:
        return read_through(RedisCache(server, shared_clock=shared), "cnf_1", render, latest, Flight())

    RedisCache(server, shared_clock=shared).keep("cnf_1", AGENDA)
    shared.time = 1.9
    assert (stampede(read), asked["table"]) == ({AGENDA}, 0)
    shared.time = 2.0
    assert (stampede(read), asked["table"]) == ({AGENDA}, 1)
    shared.time = 3.9
    assert (stampede(read), asked["table"]) == ({AGENDA}, 1)
    assert render.renders == 0


def test_a_release_that_never_reached_the_cache_is_seen_nevertheless(server: str, client: "redis.Redis") -> None:
    shared, newer = Clock(), Rendered.of(2, b'{"release":2}')
    shelf = RedisCache(server, shared_clock=shared)
    shelf.keep("cnf_1", AGENDA)
    shared.time = 2.0
    assert read_through(shelf, "cnf_1", lambda: newer, lambda: 2, Flight()) == newer
    assert shelf.get("cnf_1") == newer


def test_an_agenda_that_somebody_was_taken_out_of_is_seen_as_a_newer_one(server: str, client: "redis.Redis") -> None:
    shared, reworded = Clock(), Rendered.of(1, b'{"release":1,"reworded":2}', reworded=2)
    shelf = RedisCache(server, shared_clock=shared)
    shelf.keep("cnf_1", AGENDA)
    shared.time = 2.0
    assert read_through(shelf, "cnf_1", lambda: reworded, lambda: 1.002, Flight()) == reworded
    assert shelf.get("cnf_1") == reworded
    shelf.keep("cnf_1", AGENDA)  # who was slow does not bring the old one back
    assert shelf.get("cnf_1") == reworded


def test_a_full_server_that_holds_an_older_release_is_not_believed(server: str, client: "redis.Redis", warnings: list[str]) -> None:
    shared, newer = Clock(), Rendered.of(2, b'{"release":2}')
    shelf = RedisCache(server, shared_clock=shared)
    shelf.keep("cnf_1", AGENDA)
    client.config_set("maxmemory", "1")
    shared.time = 2.0
    for _ in range(3):
        assert read_through(shelf, "cnf_1", lambda: newer, lambda: 2, Flight()) == newer


@contextmanager
def took_at_most(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def test_a_server_that_is_gone_or_slow_costs_a_bounded_time_once(server: str, client: "redis.Redis", warnings: list[str]) -> None:
    gone, clock, render = RedisCache(f"redis://127.0.0.1:{free_port()}/0"), Clock(), Renderer()
    with took_at_most(0.5):
        assert read_through(gone, "cnf_1", render, one, Flight()) == AGENDA
    slow = RedisCache(server, clock)
    slow.keep("cnf_1", AGENDA)
    client.execute_command("CLIENT", "PAUSE", "400", "ALL")  # milliseconds
    with took_at_most(0.35):
        assert read_through(slow, "cnf_1", render, one, Flight()) == AGENDA
    with took_at_most(1):  # a time-out each would be ten
        assert all(read_through(slow, "cnf_1", render, one, Flight()) == AGENDA for _ in range(100))
    client.ping()  # which is answered after the pause
    rendered, clock.time = render.renders, 5.0
    assert read_through(slow, "cnf_1", render, one, Flight()) == AGENDA
    assert render.renders == rendered
    assert len(warnings) == 2


def test_a_server_that_is_stopped_and_started_amid_reads_changes_no_answer(
    tmp_path_factory: pytest.TempPathFactory, warnings: list[str]
) -> None:
    clock, render = Clock(), Renderer()
    with valkey(tmp_path_factory.mktemp("first")) as url:
        shelf = RedisCache(url, clock)
        assert {read_through(shelf, "cnf_1", render, one, Flight()) for _ in range(100)} == {AGENDA}
        assert render.renders == 1
    assert {read_through(shelf, "cnf_1", render, one, Flight()) for _ in range(100)} == {AGENDA}
    with valkey(tmp_path_factory.mktemp("second"), int(url.rpartition(":")[2].split("/")[0])):
        clock.time, before = 5.0, render.renders
        assert {read_through(shelf, "cnf_1", render, one, Flight()) for _ in range(100)} == {AGENDA}
        assert render.renders == before + 1
    assert warnings == ["agenda cache does not answer"]
