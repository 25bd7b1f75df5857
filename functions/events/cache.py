"""Rendered agendas in Redis: read by thousands, changed a few times a day, and never needed for a right answer.

One hash per conference holds the release's number, its ETag, its compressed body, and when the table was last asked whether that
is the latest release; beside it is the turn of whoever renders or asks. Redis may be off, down, slow or full: every call is bounded
by the time-outs, fails into a warning, and opens a breaker that leaves Redis alone for a while, or only its writes where it is
full.
"""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from functions.events.agenda import Rendered
from functions.events.render_once import AgendaCache
from shared.telemetry import logger

if TYPE_CHECKING:
    from redis import Redis

_LIFE = 300  # seconds an agenda is kept that nobody reads
_TRUST = 2.0  # seconds until the table is asked again: how long one can be behind that Redis did not take at its release
_TURN = 3000  # milliseconds a turn lasts if whoever has it dies; an agenda of 1,000 sessions renders in a tenth of that
_CONNECT, _ANSWER = 0.1, 0.1  # seconds; in one availability zone Redis answers within 1 ms
_REST = 5.0  # seconds that Redis is left alone after a failure

# Several functions render at once; whoever is late with an older release must not win.
_KEEP_IF_NEWER = """
local held = tonumber(redis.call('HGET', KEYS[1], 'release'))
if held and held > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'release', ARGV[1], 'etag', ARGV[2], 'gzipped', ARGV[3], 'asked_at', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
return 1
"""

# Whoever was so slow that the turn went to another must not end that one's.
_END_OWN_TURN = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


def agenda_cache() -> AgendaCache:
    """The cache at AGENDA_CACHE_URL (redis:// or rediss://); none where that is `off` or not set."""
    return _cache_at(os.environ.get("AGENDA_CACHE_URL") or "off")


@cache
def _cache_at(url: str) -> AgendaCache:
    return NoCache() if url == "off" else RedisCache(url)


class NoCache:
    def get(self, conference_id: str) -> Rendered | None:
        return None

    def keep(self, conference_id: str, rendered: Rendered) -> bool:
        return True

    @contextmanager
    def turn(self, conference_id: str) -> Iterator[bool]:
        yield True


class Breaker:
    """Closed, or open for `_REST` seconds after a failure."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        return self._clock() < self._open_until

    def open(self) -> None:
        self._open_until = self._clock() + _REST


class RedisCache:
    def __init__(
        self, url: str, clock: Callable[[], float] = time.monotonic, shared_clock: Callable[[], float] = time.time
    ) -> None:
        """`shared_clock` is the one on which several functions agree."""
        self._url = url
        self._shared_clock = shared_clock
        self._silent = Breaker(clock)
        self._full = Breaker(clock)
        self._redis: Redis | None = None

    def get(self, conference_id: str) -> Rendered | None:
        """One call to Redis; None where it has nothing, or does not answer."""
        held = self._bounded(lambda redis: redis.hmget(_key(conference_id), ["release", "etag", "gzipped", "asked_at"]))
        if not held or None in held:
            return None
        release, etag, gzipped, asked_at = held
        number = float(release)
        is_due = self._shared_clock() - float(asked_at) >= _TRUST
        return Rendered(int(number), etag.decode(), gzipped, is_due=is_due, reworded=round(number % 1 * 1000))

    def keep(self, conference_id: str, rendered: Rendered) -> bool:
        """Keep it as the latest by now, unless a newer release is held. False where Redis does not answer or is full."""
        arguments = (str(rendered.number), rendered.etag, rendered.gzipped, str(self._shared_clock()), str(_LIFE))
        return self._written(lambda redis: redis.eval(_KEEP_IF_NEWER, 1, _key(conference_id), *arguments)) is not None

    @contextmanager
    def turn(self, conference_id: str) -> Iterator[bool]:
        """Whether the agenda is the caller's to render; it is everybody's where Redis does not say."""
        key, token = f"{_key(conference_id)}:turn", secrets.token_hex(8)
        taken = self._written(lambda redis: bool(redis.set(key, token, nx=True, px=_TURN)))
        try:
            yield taken is not False
        finally:
            if taken:
                self._written(lambda redis: redis.eval(_END_OWN_TURN, 1, key, token))

    def _written(self, call: Callable[["Redis"], Any]) -> Any:
        """As `_bounded`, but Redis that is full goes on to be read."""
        from redis.exceptions import OutOfMemoryError

        if self._full.is_open:
            return None
        try:
            return self._bounded(call)
        except OutOfMemoryError:
            self._full.open()
            logger.warning("agenda cache is full", resting_seconds=_REST)
            return None

    def _bounded(self, call: Callable[["Redis"], Any]) -> Any:  # Redis answers are untyped by nature
        """What `call` answers, or None where Redis failed now or within the last seconds. Raises OutOfMemoryError."""
        from redis.exceptions import OutOfMemoryError, RedisError

        if self._silent.is_open:
            return None
        try:
            return call(self._connected())
        except OutOfMemoryError:
            raise
        except RedisError as failure:
            self._silent.open()
            logger.warning("agenda cache does not answer", reason=type(failure).__name__, resting_seconds=_REST)
            return None

    def _connected(self) -> "Redis":
        if self._redis is None:
            from redis import Redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry

            self._redis = Redis.from_url(
                self._url,
                socket_connect_timeout=_CONNECT,
                socket_timeout=_ANSWER,
                retry=Retry(NoBackoff(), 0),
                lib_name=None,  # no CLIENT SETINFO: it costs a round trip at each connection
                lib_version=None,
            )
        return self._redis


def _key(conference_id: str) -> str:
    return f"ketemu:agenda:3:{conference_id}"  # 3: the shape of the value
